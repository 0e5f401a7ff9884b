// Package tlsrpt reads SMTP TLS reporting (RFC 8460): the record that says where
// reports go, and the reports.
package tlsrpt

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Problem is one thing that is wrong with a record.
type Problem struct {
	At     int // in bytes from the begin of the record
	Text   string
	Clause string
}

// URI is where reports go.
type URI struct {
	Text string // as written
	At   int
	Host string // of the address or of the server
	Mail bool   // mailto:, otherwise https:
}

// Record is a parsed TXT record (section 3).
type Record struct {
	Text     string
	Reports  []URI // rua
	Problems []Problem
}

// Valid reports that senders can use the record.
func (r *Record) Valid() bool { return len(r.Problems) == 0 && len(r.Reports) > 0 }

// IsRecord reports whether senders look at a text at all: it begins with
// "v=TLSRPTv1;", in that case.
func IsRecord(txt string) bool { return strings.HasPrefix(txt, "v=TLSRPTv1;") }

// mostURIs and mostProblems bound what is kept of one record.
const (
	mostURIs     = 100
	mostProblems = 100
)

// ParseRecord reads a record by the grammar of section 3.
func ParseRecord(txt string) *Record {
	r := &Record{Text: txt}
	if !IsRecord(txt) {
		r.bad(0, "The record does not begin with v=TLSRPTv1;")
		return r
	}
	seen := false
	for at := len("v=TLSRPTv1;"); at < len(txt) && len(r.Problems) < mostProblems; {
		end := len(txt)
		if i := strings.IndexByte(txt[at:], ';'); i >= 0 {
			end = at + i
		}
		part := strings.Trim(txt[at:end], " \t")
		begin := at + strings.Index(txt[at:end], part)
		last := end >= len(txt)-1 || strings.Trim(txt[end:], "; \t") == ""
		at = end + 1
		name, value, ok := strings.Cut(part, "=")
		switch {
		case part == "" && last:
		case part == "":
			r.bad(begin, "Nothing stands between two semicolons.")
		case !ok || !fieldName(name) || value == "":
			r.bad(begin, "%q is no field; fields are name=value.", clip(part))
		case name != "rua":
		case seen:
			r.bad(begin, "rua is there twice.")
		default:
			seen = true
			r.uris(begin+len("rua="), value)
		}
	}
	if !seen && len(r.Problems) == 0 {
		r.bad(0, "The record has no rua, so no report has anywhere to go.")
	}
	return r
}

func (r *Record) bad(at int, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{At: at, Text: fmt.Sprintf(format, args...), Clause: "RFC 8460 section 3"})
}

func (r *Record) uris(at int, value string) {
	for part := range strings.SplitSeq(value, ",") {
		text := strings.Trim(part, " \t")
		begin := at + strings.Index(part, text)
		at += len(part) + 1
		if len(r.Reports) == mostURIs || len(r.Problems) == mostProblems {
			r.bad(begin, "More than %d addresses.", mostURIs)
			return
		}
		u := URI{Text: text, At: begin}
		parsed, err := url.Parse(text)
		switch {
		case text == "" || err != nil || strings.ContainsAny(text, "! \t"):
			r.bad(begin, "%q is no URI; write mailto:name@example.com or https://.", clip(text))
			continue
		case strings.EqualFold(parsed.Scheme, "mailto"):
			address, err := url.PathUnescape(parsed.Opaque)
			i := strings.LastIndexByte(address, '@')
			if err != nil || i < 1 {
				r.bad(begin, "%q holds no address.", clip(text))
				continue
			}
			u.Mail, u.Host = true, address[i+1:]
		case strings.EqualFold(parsed.Scheme, "https"):
			u.Host = parsed.Hostname()
		default:
			r.bad(begin, "%q is neither mailto: nor https:.", clip(text))
			continue
		}
		if u.Host, err = mail.Domain(u.Host); err != nil {
			r.bad(begin, "%q holds no domain.", clip(text))
			continue
		}
		r.Reports = append(r.Reports, u)
	}
}

func fieldName(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && (i == 0 || c != '_' && c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// State is what stands at the name.
type State = mail.State

// The states; see [mail.State].
const (
	Unknown  = mail.Unknown
	Found    = mail.Found
	Absent   = mail.Absent
	Multiple = mail.Multiple
)

// Answer is what a domain publishes.
type Answer = mail.Published[Record]

// Ask looks up the record of a domain (section 3).
func Ask(ctx context.Context, r mail.Resolver, domain string) *Answer {
	return mail.Publication(ctx, r, "_smtp._tls."+domain, IsRecord, ParseRecord)
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
