package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var cacheCookie = &lr.Check{
	ID:       "https/cache-cookie",
	Title:    "No answer that caches may keep sets a cookie",
	Why:      "The cache gives the cookie to all who come after: they share a session, or a visitor's id.",
	Fix:      "Set cookies on answers that say `Cache-Control: private, no-store`, or strip `Set-Cookie` at the edge from what it keeps.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 7.3"}, {Source: "CWE", ID: "524"}},
	Needs:    lr.Domain,
	Run:      runCacheCookie,
}

func runCacheCookie(ctx context.Context, t *lr.Trial) error {
	all, err := places(ctx, t)
	if err != nil {
		return err
	}
	asked := false
	for _, p := range all {
		for _, x := range p.page.hops {
			asked = true
			age, kept := shareable(x, false)
			if len(x.Header.Values("Set-Cookie")) > 0 && kept {
				t.Fail(lr.Seen(x), p.host, "sets a cookie on an answer that caches may keep for %d seconds", age)
			} else {
				t.Pass(lr.Seen(x), p.host, "sets no cookie on what caches may keep")
			}
		}
	}
	if !asked {
		t.NotApplicable("no name of the domain answers by TLS")
	}
	return nil
}
