package limits

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var routeSpelling = &lr.Check{
	ID:    "limits/route-spelling",
	Title: "Another spelling of the address does not pass a limit",
	Why: "A limiter that counts by the address as it came has a new counter for `/v1/chat/`, for `//v1/chat` and for `/v1/chat?x=1`, while the router takes them all for the same route. " +
		"The number of spellings has no end, so there is no limit.",
	Fix:      "Count by the route that was matched, or by the user alone, after the address has been normalised. Refuse addresses that are not in their normal form.",
	Guard:    "canonical_path",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "436"}, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runRouteSpelling,
}

// spellings are other ways to write an address, most of which some router takes
// for the same.
var spellings = []struct {
	name string
	of   func(path string) string
}{
	{"a slash at the end", func(p string) string { return p + "/" }},
	{"a doubled slash", func(p string) string { return "/" + p }},
	{"a dot segment", func(p string) string { return "/." + p }},
	{"an unused query", nil},
	{"a path parameter", func(p string) string { return p + ";x=1" }},
	{"an encoded letter", encodedLetter},
	{"capital letters", func(p string) string { return strings.ToUpper(p[:len(p)/2]) + p[len(p)/2:] }},
}

// encodedLetter writes the last letter by its number, which means the same (RFC
// 3986, 6.2.2.2).
func encodedLetter(p string) string {
	const hex = "0123456789ABCDEF"
	for i := len(p) - 1; i > 0; i-- {
		if c := p[i]; c >= 'a' && c <= 'z' && p[i-1] != '%' && (i < 2 || p[i-2] != '%') {
			return p[:i] + "%" + string(hex[c>>4]) + string(hex[c&15]) + p[i+1:]
		}
	}
	return p
}

func runRouteSpelling(ctx context.Context, t *lr.Trial) error {
	s, err := exhaust(ctx, t)
	if err != nil {
		return undecided(ctx, t, t.Assistant.Skills().Subject, err)
	}
	subject := s.at.Skills().Subject
	var past []string
	var e lr.Evidence
	for _, sp := range spellings {
		n := 0
		plain, with, err := s.against(ctx, func(r *lr.Request) {
			n++
			path, query, has := strings.Cut(r.Path, "?")
			switch {
			case sp.of != nil:
				path = sp.of(path)
			case has:
				query += "&lr=" + strings.Repeat("x", n)
			default:
				query, has = "lr="+strings.Repeat("x", n), true
			}
			if r.Path = path; has {
				r.Path += "?" + query
			}
		})
		if err != nil {
			return err
		}
		if passes(plain, with) {
			past = append(past, sp.name)
			e = lr.Evidence{Exchanges: []*lr.Exchange{s.refusal, with.last}, Records: []string{"as before: " + plain.String(), "with " + sp.name + ": " + with.String()}}
		}
	}
	if len(past) > 0 {
		t.Fail(e, subject, "a user at the limit passes it with another spelling of the address: %s", strings.Join(past, ", "))
		return nil
	}
	t.Pass(lr.Seen(s.refusal), subject, "a user at the limit stays there with %d other spellings of the address", len(spellings))
	return nil
}
