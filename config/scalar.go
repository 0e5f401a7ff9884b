package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Named is a mapping whose order counts.
type Named[T any] []Entry[T]

// Entry is one named value of a mapping.
type Entry[T any] struct {
	Name  string
	Value T
}

// Get returns the value of that name, or nil.
func (n Named[T]) Get(name string) *T {
	for i := range n {
		if n[i].Name == name {
			return &n[i].Value
		}
	}
	return nil
}

// Names lists the names in order.
func (n Named[T]) Names() []string {
	out := make([]string, len(n))
	for i := range n {
		out[i] = n[i].Name
	}
	return out
}

func (n *Named[T]) add(name string) any {
	*n = append(*n, Entry[T]{Name: name})
	return &(*n)[len(*n)-1].Value
}

func (n Named[T]) each(f func(name string, v any)) {
	for i := range n {
		f(n[i].Name, &n[i].Value)
	}
}

func (Named[T]) element() any { return *new(T) }

// URL is an absolute http or https address.
type URL struct{ *url.URL }

// UnmarshalText reads an address; a missing scheme is named, not guessed.
func (u *URL) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	p, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case p.Scheme == "" || !strings.Contains(s, "://"):
		return errors.New("not a URL: it must start with https:// or http://")
	case p.Scheme != "http" && p.Scheme != "https":
		return fmt.Errorf("a URL with scheme %s cannot be audited: want https or http", strconv.Quote(p.Scheme))
	case p.Hostname() == "":
		return errors.New("not a URL: it has no host")
	case p.User != nil:
		return errors.New("a user name or password in a URL ends up in logs: send it by target.headers with a reference")
	case p.RawQuery != "" || p.Fragment != "":
		return errors.New("a base URL has no query and no fragment")
	}
	if port := p.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return errors.New("not a URL: the port is not between 1 and 65535")
		}
	}
	u.URL = p
	return nil
}

// String is the address, "" when there is none.
func (u URL) String() string {
	if u.URL == nil {
		return ""
	}
	return u.URL.String()
}

// Rate is a number of requests a second; 0 means no limit.
type Rate float64

var rateForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*/\s*(s|sec|second|m|min|minute|h|hour)$`)

// UnmarshalText reads "50/s", "600/m", "0" or "none".
func (r *Rate) UnmarshalText(b []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(b)))
	if s == "0" || s == "none" {
		*r = 0
		return nil
	}
	m := rateForm.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("%s is not a rate: write 50/s, 600/m, or 0 for no limit", strconv.Quote(s))
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n <= 0 || n > 1e6 {
		return fmt.Errorf("%s is not a rate: write 0 alone for no limit, or at most 1000000/s", strconv.Quote(s))
	}
	switch m[2][0] {
	case 'm':
		n /= 60
	case 'h':
		n /= 3600
	}
	*r = Rate(n)
	return nil
}

// String is the form that UnmarshalText reads.
func (r Rate) String() string {
	switch n := float64(r); {
	case n == 0:
		return "0"
	case n < 1:
		return strconv.FormatFloat(n*60, 'f', -1, 64) + "/m"
	default:
		return strconv.FormatFloat(n, 'f', -1, 64) + "/s"
	}
}

// Date is a day.
type Date struct{ time.Time }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return fmt.Errorf("%s is not a day: write YYYY-MM-DD", strconv.Quote(string(b)))
	}
	d.Time = t
	return nil
}

// String is the form that UnmarshalText reads.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// RequestLine is a method and where it goes.
type RequestLine struct{ Method, Path string }

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"}

// UnmarshalText reads "POST /auth/login"; the method may be missing, for GET.
func (r *RequestLine) UnmarshalText(b []byte) error {
	method, path, ok := strings.Cut(strings.TrimSpace(string(b)), " ")
	if !ok {
		method, path = "GET", method
	}
	method, path = strings.ToUpper(method), strings.TrimSpace(path)
	if !known(method, methods) {
		return fmt.Errorf("%s is not an HTTP method: write METHOD /path", strconv.Quote(method))
	}
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "https://") && !strings.HasPrefix(path, "http://") {
		return fmt.Errorf("%s is not a path: it must start with /", strconv.Quote(path))
	}
	if strings.ContainsAny(path, " \t\r\n") {
		return errors.New("a path has no spaces: write METHOD /path")
	}
	r.Method, r.Path = method, path
	return nil
}

// IsZero reports whether there is no request.
func (r RequestLine) IsZero() bool { return r == RequestLine{} }

// String is the form that UnmarshalText reads.
func (r RequestLine) String() string { return strings.TrimSpace(r.Method + " " + r.Path) }

// Pattern covers routes: "METHOD /path" or "/path".
type Pattern string

// UnmarshalText checks the form and keeps the text.
func (p *Pattern) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	method, path, ok := strings.Cut(s, " ")
	if !ok {
		method, path = "", s
	}
	if method != "" && !known(strings.ToUpper(method), methods) {
		return fmt.Errorf("%s is not an HTTP method: a pattern is METHOD /path or /path", strconv.Quote(method))
	}
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%s is not a pattern: write METHOD /path or /path", strconv.Quote(s))
	}
	*p = Pattern(s)
	return nil
}

// Place is where a reply holds a value: a JSON pointer (RFC 6901), header:NAME,
// cookie:NAME, or cookie for all that are set.
type Place string

// UnmarshalText checks the form and keeps the text.
func (p *Place) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	kind, name, ok := strings.Cut(s, ":")
	named := ok && headerName.MatchString(strings.TrimSpace(name)) && known(strings.ToLower(kind), []string{"header", "cookie"})
	if !strings.HasPrefix(s, "/") && !named && s != "cookie" {
		return fmt.Errorf("%s is no place in a reply: write a JSON pointer (/access_token), header:NAME, cookie:NAME, or cookie for all of them", strconv.Quote(s))
	}
	*p = Place(s)
	return nil
}

// Send is how a token travels: "Name: text {token}".
type Send string

// UnmarshalText checks the form and keeps the text.
func (p *Send) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	name, value, ok := strings.Cut(s, ":")
	if !ok || strings.TrimSpace(name) == "" || strings.TrimSpace(value) == "" {
		return errors.New(`not a way to send a token: write "Authorization: Bearer {token}", "Cookie: NAME={token}" or "query: NAME={token}"`)
	}
	if !strings.Contains(value, "{token}") {
		return errors.New("it has no {token} in it, so the token would not be sent")
	}
	if !headerName.MatchString(name) {
		return fmt.Errorf("%s is no name of a header field", strconv.Quote(name))
	}
	*p = Send(s)
	return nil
}

// Parts splits it into the field's name and the value around {token}.
func (p Send) Parts() (name, value string) {
	name, value, _ = strings.Cut(string(p), ":")
	return strings.TrimSpace(name), strings.TrimSpace(value)
}

// RFC 9110, 5.1 and 5.6.2: a field name is a token.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func known(s string, in []string) bool {
	for _, c := range in {
		if c == s {
			return true
		}
	}
	return false
}
