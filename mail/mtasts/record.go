// Package mtasts reads MTA-STS (RFC 8461): the record that announces a policy,
// the policy that says which hosts take mail and that they do it under TLS, and
// the fetch between the two, within bounds.
package mtasts

import (
	"context"
	"fmt"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Problem is one thing that is wrong with a record or a policy.
type Problem struct {
	At     int // in bytes from the begin of the text
	Line   int // of a policy, from 1; 0 for a record
	Text   string
	Clause string
}

func (p Problem) Error() string { return p.Text + " (" + p.Clause + ")" }

// Record is a parsed TXT record (section 3.1).
type Record struct {
	Text     string
	ID       string // changes with the policy
	Problems []Problem
}

// Valid reports that senders can use the record.
func (r *Record) Valid() bool { return len(r.Problems) == 0 && r.ID != "" }

// IsRecord reports whether senders look at a text at all: it begins with
// "v=STSv1;", in that case.
func IsRecord(txt string) bool { return strings.HasPrefix(txt, "v=STSv1;") }

// ParseRecord reads a record by the grammar of section 3.1.
func ParseRecord(txt string) *Record {
	r := &Record{Text: txt}
	bad := func(at int, format string, args ...any) {
		r.Problems = append(r.Problems, Problem{At: at, Text: fmt.Sprintf(format, args...), Clause: "RFC 8461 section 3.1"})
	}
	if !IsRecord(txt) {
		bad(0, "The record does not begin with v=STSv1;")
		return r
	}
	seen := false
	for at := len("v=STSv1;"); at < len(txt); {
		end := len(txt)
		if i := strings.IndexByte(txt[at:], ';'); i >= 0 {
			end = at + i
		}
		part := strings.Trim(txt[at:end], " \t")
		begin := at + strings.Index(txt[at:end], part)
		last := end >= len(txt)-1 && strings.Trim(txt[end:], "; \t") == ""
		at = end + 1
		name, value, ok := strings.Cut(part, "=")
		switch {
		case len(r.Problems) >= mostProblems:
			return r
		case part == "" && last:
		case part == "":
			bad(begin, "Nothing stands between two semicolons.")
		case !ok || !extension(name) || !plain(value):
			bad(begin, "%q is no field; fields are name=value without spaces or further equals signs.", clip(part))
		case name != "id":
		case seen:
			bad(begin, "id is there twice.")
		case len(value) > 32 || !alphanumeric(value):
			bad(begin, "id is not 1 to 32 letters and digits.")
		default:
			r.ID, seen = value, true
		}
	}
	if r.ID == "" && len(r.Problems) == 0 {
		bad(0, "The record has no id.")
	}
	return r
}

const mostProblems = 100

func extension(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !alphanumeric(s[i:i+1]) && (i == 0 || c != '_' && c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7E || c == '=' || c == ';' {
			return false
		}
	}
	return s != ""
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
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

// Announcement is the answer for a domain.
type Announcement = mail.Published[Record]

// Ask looks up the record of a domain (section 3.1).
func Ask(ctx context.Context, r mail.Resolver, domain string) *Announcement {
	return mail.Publication(ctx, r, "_mta-sts."+domain, IsRecord, ParseRecord)
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
