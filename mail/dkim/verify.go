package dkim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/launchready/launchready/mail"
)

// Result is the result for one signature (RFC 8601 section 2.7.1).
type Result string

// The results. Policy is a signature that verifies, or would, but that a careful
// verifier does not count: its body is signed in part only.
const (
	Pass      Result = "pass"
	Fail      Result = "fail"
	Policy    Result = "policy"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Verification is the verdict on one signature.
type Verification struct {
	*Signature
	Result Result
	Why    string
	Key    *Selector // nil where it was not asked for
}

// Report is the verdict on a message.
type Report struct {
	Signatures []*Verification // in the order of the message; the newest is first
	From       []string        // the domains of the From field, for DMARC
	Froms      int             // how many From fields there are; one is right
	More       int             // signatures past the bound, not looked at
	Converted  bool            // lines ended in LF alone and were read as CR LF
}

// Passed are the domains whose signatures pass.
func (r *Report) Passed() []string {
	var out []string
	for _, v := range r.Signatures {
		if v.Result == Pass {
			out = append(out, v.Domain)
		}
	}
	return out
}

// Bounds of what is read of a message.
const (
	mostMessage    = 32 << 20
	mostHeader     = 256 << 10
	mostLines      = 5000 // of the header; folded lines are joined one by one
	mostSignatures = 10
	mostFields     = 500 // named in h; each is looked for in the header
)

// ErrMessage is input that is no message.
var ErrMessage = errors.New("not a message")

// Verify reads a message and decides on its signatures (RFC 6376 section 6.1).
// Now is the time of verification, zero for the time of the call; an expired
// signature is not verified. An error means that there was no message to read.
func Verify(ctx context.Context, r mail.Resolver, message io.Reader, now time.Time) (*Report, error) {
	if now.IsZero() {
		now = time.Now()
	}
	b, err := io.ReadAll(io.LimitReader(message, mostMessage+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the message: %w", err)
	case len(b) > mostMessage:
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrMessage, mostMessage)
	}
	out := &Report{}
	if !bytes.Contains(b, []byte("\r\n")) {
		out.Converted = true
		b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	}
	header, err := fields(b)
	if err != nil {
		return nil, err
	}
	v := verifier{r: mail.NewMemo(r), now: now, message: b, header: header}
	for _, f := range header {
		switch strings.ToLower(f.name) {
		case "from":
			out.Froms++
			out.From = append(out.From, domains(f.value)...)
		case "dkim-signature":
			if len(out.Signatures) == mostSignatures {
				out.More++
				continue
			}
			out.Signatures = append(out.Signatures, v.judge(ctx, f.value))
		}
	}
	v.check(out.Signatures)
	return out, nil
}

// field is one field of the header.
type field struct{ name, value string }

func fields(b []byte) ([]field, error) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if bytes.HasPrefix(b, []byte("\r\n")) {
		end = 0
	}
	if end < 0 {
		return nil, fmt.Errorf("%w: no empty line ends its header", ErrMessage)
	}
	if end > mostHeader {
		return nil, fmt.Errorf("%w: its header is longer than %d bytes", ErrMessage, mostHeader)
	}
	lines := strings.Split(string(b[:end]), "\r\n")
	if len(lines) > mostLines {
		return nil, fmt.Errorf("%w: its header has more than %d lines", ErrMessage, mostLines)
	}
	var out []field
	for i := 0; i < len(lines); {
		n := i + 1
		for n < len(lines) && lines[n] != "" && (lines[n][0] == ' ' || lines[n][0] == '\t') {
			n++
		}
		name, value, _ := strings.Cut(strings.Join(lines[i:n], "\r\n"), ":")
		out = append(out, field{strings.TrimSpace(name), value})
		i = n
	}
	return out, nil
}

// domains are those of the addresses in a From field.
func domains(value string) []string {
	addresses, err := netmail.ParseAddressList(strings.ReplaceAll(value, "\r\n", ""))
	if err != nil {
		return nil
	}
	var out []string
	for _, a := range addresses {
		out = append(out, a.Address[strings.LastIndexByte(a.Address, '@')+1:])
	}
	return out
}

type verifier struct {
	r       mail.Resolver
	now     time.Time
	message []byte
	header  []field
}

// judge decides what can be decided without the cryptography. A Result of "" is
// left to check.
func (v *verifier) judge(ctx context.Context, value string) *Verification {
	s := &Verification{Signature: parseSignature(value, v.now)}
	v.coverage(s)
	if p := s.Fatal(); p != nil {
		s.Result, s.Why = PermError, p.Text
		return s
	}
	s.Key = Ask(ctx, v.r, s.Domain, s.Selector)
	kind, _, _ := strings.Cut(s.Algorithm, "-")
	switch {
	case s.Key.State == Unknown:
		s.Result, s.Why = TempError, "The key could not be asked for: "+s.Key.Err.Error()
	case s.Key.State != Found:
		s.tell(NoSuchKey, true, mail.Tag{Name: "s"}, "RFC 6376 section 6.1.2", "There is no key at %s (%s).", s.Key.Name, s.Key.State)
	case !s.Key.Key.Usable():
		for _, p := range s.Key.Key.Problems {
			if p.Fatal {
				s.Result, s.Why = PermError, "The key at "+s.Key.Name+" cannot be used: "+p.Text
				break
			}
		}
	case s.Key.Key.Kind != kind:
		s.tell(WrongKind, true, mail.Tag{Name: "a"}, "RFC 6376 section 6.1.2", "The signature says %s, but the key is of kind %s.", s.Algorithm, s.Key.Key.Kind)
	case s.Key.Key.Flag("s") && !strings.EqualFold(s.Identity[strings.LastIndexByte(s.Identity, '@')+1:], s.Domain):
		s.tell(NotExact, true, mail.Tag{Name: "i"}, "RFC 6376 section 3.6.1", "The key forbids (t=s) that i=%s is below %s.", clip(s.Identity), s.Domain)
	}
	if p := s.Fatal(); p != nil && s.Result == "" {
		s.Result, s.Why = PermError, p.Text
	}
	return s
}

// coverage tells what the signature leaves open in this message: fields that a
// reader sees or a client acts on, and From fields yet to come.
func (v *verifier) coverage(s *Verification) {
	if len(s.Fields) == 0 {
		return
	}
	there := map[string]int{}
	for _, f := range v.header {
		there[strings.ToLower(f.name)]++
	}
	var open []string
	for _, name := range [...]string{"to", "cc", "subject", "date", "reply-to", "content-type", "mime-version", "list-unsubscribe", "list-unsubscribe-post"} {
		if there[name] > s.count(name) {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		s.tell(Unprotected, false, mail.Tag{Name: "h"}, "RFC 6376 section 5.4.1", "Not signed: %s.", strings.Join(open, ", "))
	}
	if n := s.count("from"); n > 0 && n <= there["from"] {
		s.tell(NotOversign, false, mail.Tag{Name: "h"}, "RFC 6376 section 8.15", "h names From only as often as it is there: another From field can be added without breaking the signature.")
	}
}

// check lets the library verify those that are still open.
func (v *verifier) check(signatures []*Verification) {
	waiting := false
	for _, s := range signatures {
		waiting = waiting || s.Result == ""
	}
	if !waiting {
		return
	}
	keys := map[string]string{}
	for _, s := range signatures {
		if s.Result == "" && len(s.Fields) <= mostFields {
			keys[strings.ToLower(Name(s.Selector, s.Domain))] = strings.Map(func(r rune) rune {
				if r == '\t' || r == '\r' || r == '\n' { // the library knows spaces only
					return ' '
				}
				return r
			}, s.Key.Key.Text)
		}
	}
	for _, s := range signatures {
		if len(s.Fields) > mostFields {
			delete(keys, strings.ToLower(Name(s.Selector, s.Domain))) // not even beside a sound one
		}
	}
	verdicts, err := msgauth.VerifyWithOptions(bytes.NewReader(v.message), &msgauth.VerifyOptions{
		MaxVerifications: mostSignatures,
		LookupTXT: func(name string) ([]string, error) {
			if key, ok := keys[strings.ToLower(name)]; ok {
				return []string{key}, nil
			}
			return nil, nil
		},
	})
	for i, s := range signatures {
		switch {
		case s.Result != "":
		case i >= len(verdicts):
			s.Result, s.Why = PermError, "The message could not be read"
			if err != nil {
				s.Why += ": " + err.Error()
			}
		default:
			s.settle(verdicts[i].Err)
		}
	}
}

// settle turns the library's verdict into ours.
func (s *Verification) settle(err error) {
	switch {
	case s.Length:
		s.Result, s.Why = Policy, "Only the begin of the body is signed (l=), so the signature says nothing about the rest."
	case err == nil:
		s.Result, s.Why = Pass, "The signature of "+s.Domain+" verifies."
	case msgauth.IsTempFail(err):
		s.Result, s.Why = TempError, err.Error()
	case msgauth.IsPermFail(err):
		s.Result, s.Why = PermError, err.Error()
	default:
		s.Result, s.Why = Fail, err.Error()
	}
}
