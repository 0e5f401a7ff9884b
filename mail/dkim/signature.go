package dkim

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/launchready/launchready/mail"
)

// The kinds of problem of a signature. Those marked fatal leave it worthless.
const (
	MissingTag   Code = "missing-tag"      // fatal
	BadTag       Code = "bad-tag"          // fatal
	OldAlgorithm Code = "rsa-sha1"         // fatal: must not be verified
	BodyLength   Code = "body-length"      // l: what follows the signed part is anybody's
	FromUnsigned Code = "from-unsigned"    // fatal
	NotOversign  Code = "not-oversigned"   // a second From field can be added
	Expired      Code = "expired"          // fatal
	TimesCrossed Code = "expires-too-soon" // fatal: x is not after t
	Future       Code = "in-the-future"
	OtherDomain  Code = "identity-outside" // fatal: i is not in d
	NotExact     Code = "identity-below"   // fatal: i is below d, which the key forbids (t=s)
	Query        Code = "query-method"     // fatal
	Unprotected  Code = "unsigned-fields"  // fields that a reader sees are not signed
	Fragile      Code = "simple-form"      // c=simple breaks on the smallest change
	NoSuchKey    Code = "no-key"           // fatal
	WrongKind    Code = "key-kind"         // fatal: a and the key do not fit
)

// Signature is a parsed DKIM-Signature field (RFC 6376 section 3.5).
type Signature struct {
	Value     string // of the field, as it stands in the message
	Tags      []mail.Tag
	Domain    string // d
	Selector  string // s
	Identity  string // i, "@" and d where it is absent
	Algorithm string // a
	Header    string // c of the header: "simple" or "relaxed"
	Body      string // c of the body
	Fields    []string
	Signed    time.Time // t, zero where absent
	Expires   time.Time // x, zero where absent
	Length    bool      // l is there
	Problems  []Problem
}

// Fatal is the first problem that leaves the signature worthless, nil where there
// is none.
func (s *Signature) Fatal() *Problem {
	for i := range s.Problems {
		if s.Problems[i].Fatal {
			return &s.Problems[i]
		}
	}
	return nil
}

// Has reports a kind of problem.
func (s *Signature) Has(c Code) bool {
	return slices.ContainsFunc(s.Problems, func(p Problem) bool { return p.Code == c })
}

func (s *Signature) tell(c Code, fatal bool, t mail.Tag, section, format string, args ...any) {
	s.Problems = append(s.Problems, Problem{Code: c, Fatal: fatal, Tag: t.Name, At: t.At, Text: fmt.Sprintf(format, args...), Clause: section})
}

// parseSignature reads the value of a DKIM-Signature field and judges what can be
// judged without the message and the key.
func parseSignature(value string, now time.Time) *Signature {
	s := &Signature{Value: value, Header: "simple", Body: "simple"}
	tags, errs := mail.ParseTags(value)
	for _, e := range errs {
		s.tell(Syntax, true, mail.Tag{At: e.At}, "RFC 6376 section 3.2", "%s", e.Text)
	}
	s.Tags = tags
	seen := map[string]mail.Tag{}
	for _, t := range tags {
		if _, ok := seen[t.Name]; ok {
			s.tell(Duplicate, true, t, "RFC 6376 section 3.2", "%s is there twice, which makes the whole signature invalid.", t.Name)
			continue
		}
		seen[t.Name] = t
		s.set(t)
	}
	for _, name := range []string{"v", "a", "b", "bh", "d", "h", "s"} {
		if _, ok := seen[name]; !ok {
			s.tell(MissingTag, true, mail.Tag{Name: name}, "RFC 6376 section 3.5", "The tag %s is missing.", name)
		}
	}
	s.identity(seen)
	s.times(seen, now)
	return s
}

func (s *Signature) set(t mail.Tag) {
	bad := func(want string) {
		s.tell(BadTag, true, t, "RFC 6376 section 3.5", "%s=%s is not %s.", t.Name, clip(t.Value), want)
	}
	switch t.Name {
	case "v":
		if t.Value != "1" {
			bad("1")
		}
	case "a":
		switch s.Algorithm = t.Value; s.Algorithm {
		case "rsa-sha256", "ed25519-sha256":
		case "rsa-sha1":
			s.tell(OldAlgorithm, true, t, "RFC 8301 section 3.1", "The signature uses SHA-1, which must not be used.")
		default:
			bad("an algorithm that is known")
		}
	case "b", "bh":
		if b, err := base64.StdEncoding.DecodeString(strip(t.Value)); err != nil || len(b) == 0 {
			bad("base64")
		}
	case "c":
		header, body, _ := strings.Cut(strip(t.Value), "/")
		if body == "" {
			body = "simple"
		}
		if s.Header, s.Body = header, body; !form(header) || !form(body) {
			bad("simple or relaxed")
		}
	case "d":
		var err error
		if s.Domain, err = mail.Domain(strip(t.Value)); err != nil {
			bad("a domain")
		}
	case "s":
		s.Selector = strip(t.Value)
		if _, err := mail.Domain(s.Selector); err != nil {
			bad("a selector")
		}
	case "h":
		if s.Fields = list(t.Value); len(s.Fields) > mostFields {
			s.tell(BadTag, true, t, "RFC 6376 section 3.5", "h names more than %d fields.", mostFields)
		}
	case "i":
		s.Identity = strip(t.Value)
	case "l":
		s.Length = true
		if _, err := strconv.ParseUint(strip(t.Value), 10, 64); err != nil {
			bad("a number")
		}
		s.tell(BodyLength, false, t, "RFC 6376 section 8.2", "l= signs only the begin of the body; anybody can write behind it.")
	case "q":
		if !slices.Contains(list(t.Value), "dns/txt") {
			s.tell(Query, true, t, "RFC 6376 section 3.5", "q=%s names no method that is known.", clip(t.Value))
		}
	}
}

func form(s string) bool { return s == "simple" || s == "relaxed" }

// identity checks i against d (section 3.5) and that From is signed (5.4).
func (s *Signature) identity(seen map[string]mail.Tag) {
	if s.Identity == "" {
		s.Identity = "@" + s.Domain
	}
	at := strings.LastIndexByte(s.Identity, '@')
	host := strings.ToLower(s.Identity[at+1:])
	if at < 0 || host != s.Domain && !strings.HasSuffix(host, "."+s.Domain) {
		s.tell(OtherDomain, true, seen["i"], "RFC 6376 section 3.5", "i=%s is not in the domain %s.", clip(s.Identity), s.Domain)
	}
	if h, ok := seen["h"]; ok && s.count("from") == 0 {
		s.tell(FromUnsigned, true, h, "RFC 6376 section 5.4", "The From field is not signed.")
	}
	if s.Header == "simple" {
		s.tell(Fragile, false, seen["c"], "RFC 6376 section 3.4.1", "The header is signed in its simple form, which a relay breaks by folding a line anew.")
	}
}

// times checks t and x (section 3.5).
func (s *Signature) times(seen map[string]mail.Tag, now time.Time) {
	read := func(name string) (time.Time, bool) {
		t, ok := seen[name]
		if !ok {
			return time.Time{}, false
		}
		v := strip(t.Value)
		n, err := strconv.ParseUint(v, 10, 62)
		if err != nil || len(v) > 12 { // the grammar stops at twelve digits
			s.tell(BadTag, true, t, "RFC 6376 section 3.5", "%s=%s is not a time in seconds.", name, clip(v))
			return time.Time{}, false
		}
		return time.Unix(int64(n), 0).UTC(), true //nolint:gosec // below 10^12
	}
	signed, dated := read("t")
	expires, ends := read("x")
	s.Signed, s.Expires = signed, expires
	if ends && !now.Before(expires) {
		s.tell(Expired, true, seen["x"], "RFC 6376 section 3.5", "The signature expired at %s.", expires.Format(time.RFC3339))
	}
	if ends && dated && !expires.After(signed) {
		s.tell(TimesCrossed, true, seen["x"], "RFC 6376 section 3.5", "The signature expires before it was made.")
	}
	if dated && signed.After(now.Add(time.Hour)) {
		s.tell(Future, false, seen["t"], "RFC 6376 section 3.5", "The signature is dated %s, which is in the future.", signed.Format(time.RFC3339))
	}
}

// count is how often a field is named in h.
func (s *Signature) count(field string) int {
	n := 0
	for _, f := range s.Fields {
		if strings.EqualFold(f, field) {
			n++
		}
	}
	return n
}
