package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var pathNormalisation = &lr.Check{
	ID:    "auth/path-normalisation",
	Title: "Other spellings of an address are guarded like the plain one",
	Why: "Where one part of the system decides by the address as it came (`//v1/billing`) and another routes by the cleaned one (`/v1/billing`), " +
		"a slash more opens what was closed.",
	Fix: "Decide about access after routing, on the matched route and not on the text of the address. In front, refuse addresses that are not in their canonical form, " +
		"and drop `X-Original-URL` and `X-Rewrite-URL` at the edge.",
	Guard:    "canonical_path",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API8:2023"}, {Source: "CWE", ID: "647"}, {Source: "CWE", ID: "287"}, {Source: "ASVS", ID: "v5.0.0-4.1.3"}, {Source: "RFC", ID: "3986 section 6.2"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runPathNormalisation,
}

// spelling is another way to write a request's address.
type spelling struct {
	name string
	vary func(*lr.Request)
}

func runPathNormalisation(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account to ask as")
		return nil
	}
	probes, err := guarded(ctx, t, victims[0], 24)
	if err != nil {
		return err
	}
	if len(probes) == 0 {
		t.Unknown(application, noGuard)
		return nil
	}
	type question struct {
		p oracle.Probe
		s spelling
	}
	var questions []question
	for _, p := range probes {
		for _, s := range spellings {
			questions = append(questions, question{p, s})
		}
	}
	var y tally
	err = oracle.Each(ctx, questions, func(ctx context.Context, q question) error {
		p := q.p
		p.As, p.Vary, p.Note = nil, q.s.vary, "address with "+q.s.name
		j, err := oracle.Read(ctx, t, p)
		if err == nil {
			y.add(p.Route.String(), q.s.name, nothingShown(broken(j)))
		}
		return err
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "Another spelling of the address opens it without a credential")
	return nil
}

// broken settles an odd request that the target answers with an error of its
// own: 5xx without the owner's data is no way in.
func broken(j oracle.Judgement) oracle.Judgement {
	if x := last(j.Evidence.Exchanges); x != nil && x.Status != 503 {
		return settled(j)
	}
	return j
}

var spellings = []spelling{
	{"two slashes in front", onPath(func(p string) string { return "/" + p })},
	{"a slash doubled inside", onPath(func(p string) string { return nth(p, 2, "//") })},
	{"a dot segment", onPath(func(p string) string { return "/." + p })},
	{"a dot segment inside", onPath(func(p string) string { return nth(p, 2, "/./") })},
	{"a segment up", onPath(func(p string) string { return "/launchready/.." + p })},
	{"an encoded dot segment", onPath(func(p string) string { return "/%2e" + p })},
	{"an encoded slash", onPath(func(p string) string { return nth(p, 2, "%2f") })},
	{"an encoded letter", onPath(encodeLetter)},
	{"a path parameter", onPath(func(p string) string { return nth(p, 2, ";launchready=1/") })},
	{"capital letters", onPath(strings.ToUpper)},
	{"a slash at the end", onPath(func(p string) string { return p + "/" })},
	{"an encoded space at the end", onPath(func(p string) string { return p + "%20" })},
	{".json at the end", onPath(func(p string) string { return p + ".json" })},
	{"a backslash", onPath(func(p string) string { return nth(p, 2, "\\") })},
	{"X-Original-URL and X-Rewrite-URL", func(r *lr.Request) {
		r.SetHeader("X-Original-URL", r.Path)
		r.SetHeader("X-Rewrite-URL", r.Path)
		r.Path = "/"
	}},
	{"headers of a proxy on this host", func(r *lr.Request) {
		for _, h := range []string{"X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Originating-IP"} {
			r.SetHeader(h, "127.0.0.1")
		}
		r.SetHeader("X-Forwarded-Host", "localhost")
	}},
}

// onPath changes the path and leaves the query.
func onPath(change func(string) string) func(*lr.Request) {
	return func(r *lr.Request) {
		p, q, ok := strings.Cut(r.Path, "?")
		p = change(p)
		if ok {
			p += "?" + q
		}
		r.Path = p
	}
}

// nth puts instead in the place of the n-th slash, or of the last there is.
func nth(p string, n int, instead string) string {
	at := -1
	for i := 0; i < len(p); i++ {
		if p[i] == '/' {
			at = i
			if n--; n == 0 {
				break
			}
		}
	}
	if at < 0 {
		return p
	}
	return p[:at] + instead + p[at+1:]
}

// encodeLetter percent-encodes the first letter of the last fixed-looking
// segment: %62illing. RFC 3986, 6.2.2.2 makes both spellings one address.
func encodeLetter(p string) string {
	i := strings.IndexByte(p[1:], '/')
	start := 1
	if i >= 0 && i+2 < len(p) {
		start = i + 2
	}
	if start >= len(p) {
		return p
	}
	return p[:start] + fmt.Sprintf("%%%02x", p[start]) + p[start+1:]
}
