package dmarc

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Record is a DMARC policy record, with defaults where a tag is absent or wrong.
type Record struct {
	Text string
	Tags []mail.Tag

	Policy      Policy // p; NoPolicy where it is absent or wrong
	Subdomains  Policy // sp; NoPolicy where it is absent or wrong
	NonExistent Policy // np; NoPolicy where it is absent or wrong
	DKIM        Mode   // adkim
	SPF         Mode   // aspf
	PSD         PSD
	Testing     bool // t=y
	Percent     int  // pct of RFC 7489, 100 by default
	Failure     []string
	Aggregate   []URI // rua
	Forensic    []URI // ruf

	Problems []Problem
	spoiled  bool // a policy tag has a wrong value (RFC 9989 section 4.10.1)
	second   bool // p follows v at once, as RFC 7489 section 6.4 wants
}

// URI is where reports go.
type URI struct {
	Text  string // as written
	At    int
	Host  string // of a mailto: address; "" for another scheme
	Limit bool   // an obsolete size limit was written behind it
}

// Code names a kind of problem.
type Code string

// The kinds of problem in a record.
const (
	Syntax     Code = "syntax"
	BadValue   Code = "bad-value"
	UnknownTag Code = "unknown-tag"
	Duplicate  Code = "duplicate-tag"
	Removed    Code = "removed-tag" // pct, rf, ri
	MissingP   Code = "missing-p"
	LateP      Code = "late-p" // readers of RFC 7489 want it second
	BadURI     Code = "bad-uri"
	SizeLimit  Code = "size-limit"
	NoReports  Code = "no-rua"
	IdleFO     Code = "fo-without-ruf"
)

// Problem is one thing that is wrong or without effect in a record.
type Problem struct {
	Code   Code
	Tag    string // "" for the whole record
	At     int    // in bytes from the begin of the record
	Text   string
	Clause string
}

// IsRecord reports whether a text is a DMARC record: its first tag is v=DMARC1,
// in that case (RFC 9989 sections 4.7 and 4.8).
func IsRecord(txt string) bool {
	first, _, _ := strings.Cut(txt, ";")
	name, value, ok := strings.Cut(first, "=")
	const white = " \t"
	return ok && strings.EqualFold(strings.TrimRight(name, white), "v") && strings.Trim(value, white) == "DMARC1"
}

// Parse reads a record; ok is false for a text that is none. What is wrong in it
// is told, and by the rule of RFC 9989 section 4.8 replaced by the default.
func Parse(txt string) (r *Record, ok bool) {
	r = &Record{Text: txt, DKIM: Relaxed, SPF: Relaxed, PSD: PSDUnknown, Percent: 100}
	if !IsRecord(txt) {
		return r, false
	}
	tags, errs := mail.ParseTags(txt)
	for _, e := range errs {
		r.tell(Syntax, mail.Tag{At: e.At}, "RFC 9989 section 4.8", "%s", e.Text)
	}
	r.Tags = tags
	seen := map[string]bool{"v": true}
	r.second = len(tags) > 1 && strings.EqualFold(tags[1].Name, "p")
	for _, t := range tags[min(1, len(tags)):] {
		name := strings.ToLower(t.Name)
		if seen[name] {
			r.tell(Duplicate, t, "RFC 6376 section 3.2", "%s is there twice; readers differ in which they take.", t.Name)
			continue
		}
		seen[name] = true
		r.set(name, t)
	}
	r.whole(seen)
	return r, true
}

func (r *Record) tell(c Code, t mail.Tag, clause, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Code: c, Tag: t.Name, At: t.At, Text: fmt.Sprintf(format, args...), Clause: clause})
}

func (r *Record) bad(t mail.Tag, want string) {
	t.At = t.ValueAt
	r.tell(BadValue, t, "RFC 9989 section 4.7", "%s=%s is not %s.", t.Name, clip(t.Value), want)
}

func (r *Record) set(name string, t mail.Tag) {
	value := strings.ToLower(t.Value)
	switch name {
	case "p":
		r.Policy = r.policy(t, value)
	case "sp":
		r.Subdomains = r.policy(t, value)
	case "np":
		r.NonExistent = r.policy(t, value)
	case "adkim":
		r.DKIM = r.mode(t, value)
	case "aspf":
		r.SPF = r.mode(t, value)
	case "t":
		if r.Testing = value == "y"; !r.Testing && value != "n" {
			r.bad(t, "y or n")
		}
	case "psd":
		if value == "y" || value == "n" || value == "u" {
			r.PSD = PSD(value[0])
		} else {
			r.bad(t, "y, n or u")
		}
	case "fo":
		r.Failure = r.failure(t, value)
	case "rua":
		r.Aggregate = r.uris(t)
	case "ruf":
		r.Forensic = r.uris(t)
	case "pct":
		r.removed(t)
		if n, err := strconv.Atoi(value); err == nil && 0 <= n && n <= 100 && len(value) <= 3 {
			r.Percent = n
		} else {
			r.bad(t, "a number from 0 to 100")
		}
	case "rf", "ri":
		r.removed(t)
	default:
		r.tell(UnknownTag, t, "RFC 9989 section 4.7", "%s is no tag of DMARC and is ignored.", clip(t.Name))
	}
}

func (r *Record) removed(t mail.Tag) {
	r.tell(Removed, t, "RFC 9989 appendix C.5.2", "RFC 9989 has no tag %s any more; only older readers look at it.", t.Name)
}

func (r *Record) policy(t mail.Tag, value string) Policy {
	switch p := Policy(value); p {
	case None, Quarantine, Reject:
		return p
	}
	r.spoiled = true
	r.bad(t, "none, quarantine or reject")
	return NoPolicy
}

func (r *Record) mode(t mail.Tag, value string) Mode {
	if value == "r" || value == "s" {
		return Mode(value[0])
	}
	r.bad(t, "r or s")
	return Relaxed
}

func (r *Record) failure(t mail.Tag, value string) []string {
	seen := map[string]bool{}
	var out []string
	for v := range strings.SplitSeq(value, ":") {
		v = strings.TrimSpace(v)
		if seen[v] || v != "0" && v != "1" && v != "d" && v != "s" || v == "0" && seen["1"] || v == "1" && seen["0"] {
			r.bad(t, "0 or 1, and d and s, each once, with colons")
			return nil
		}
		seen[v] = true
		out = append(out, v)
	}
	return out
}

// mostURIs bounds the addresses of one tag; receivers stop earlier.
const mostURIs = 100

// uris reads a list of addresses. One that cannot be read is told and left out.
func (r *Record) uris(t mail.Tag) []URI {
	var out []URI
	at := t.ValueAt
	for part := range strings.SplitSeq(t.Value, ",") {
		here := mail.Tag{Name: t.Name, At: at + len(part) - len(strings.TrimLeft(part, " \t"))}
		at += len(part) + 1
		text := strings.TrimSpace(part)
		if len(out) == mostURIs {
			r.tell(BadURI, here, "RFC 9989 section 4.6", "More than %d addresses.", mostURIs)
			break
		}
		u := URI{Text: text, At: here.At}
		if i := strings.LastIndexByte(text, '!'); i >= 0 && sizeLimit(text[i+1:]) {
			u.Limit, text = true, text[:i]
			r.tell(SizeLimit, here, "RFC 9989 section 4.8", "The size limit behind %s is obsolete and ignored.", clip(text))
		}
		parsed, err := url.Parse(text)
		switch {
		case text == "" || err != nil || parsed.Scheme == "" || strings.ContainsAny(text, "! \t"):
			r.tell(BadURI, here, "RFC 9989 section 4.8", "%q is no URI; an address is written mailto:name@example.com.", clip(text))
			continue
		case strings.EqualFold(parsed.Scheme, "mailto"):
			address, err := url.PathUnescape(parsed.Opaque)
			at := strings.LastIndexByte(address, '@')
			if err != nil || at < 1 {
				r.tell(BadURI, here, "RFC 9989 section 4.8", "%q holds no address.", clip(text))
				continue
			}
			if u.Host, err = mail.Domain(address[at+1:]); err != nil {
				r.tell(BadURI, here, "RFC 9989 section 4.8", "%q holds no domain that can take mail.", clip(text))
				continue
			}
		}
		out = append(out, u)
	}
	return out
}

func sizeLimit(s string) bool {
	s = strings.TrimRight(strings.ToLower(s), "kmgt")
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

func (r *Record) whole(seen map[string]bool) {
	switch {
	case !seen["p"]:
		r.tell(MissingP, mail.Tag{}, "RFC 9989 section 4.7", "The record has no p: it is read as p=none where it names an address for reports, and ignored otherwise.")
	case !r.second:
		r.tell(LateP, mail.Tag{Name: "p"}, "RFC 7489 section 6.4", "p does not follow v at once: older readers may ignore the record.")
	}
	if len(r.Aggregate) == 0 {
		r.tell(NoReports, mail.Tag{}, "RFC 9989 section 4.7", "No address takes aggregate reports (rua), so nobody sees what fails.")
	}
	if seen["fo"] && !seen["ruf"] {
		r.tell(IdleFO, mail.Tag{Name: "fo"}, "RFC 9989 section 4.7", "fo is ignored without ruf.")
	}
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
