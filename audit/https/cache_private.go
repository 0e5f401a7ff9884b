package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var cachePrivate = &lr.Check{
	ID:    "https/cache-private",
	Title: "Answers to a signed-in user are not kept by caches of many",
	Why: "A cache that may keep an answer sooner or later gives it to somebody else. `public` and `s-maxage` allow it outright; no word at all leaves it to the " +
		"settings of every cache on the way.",
	Fix:      "Send `Cache-Control: private, no-store` from one middleware on every answer to a credential, and let the edge bypass its cache for the API's paths.",
	Guard:    "response_cache",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 3.5"}, {Source: "CWE", ID: "525"}},
	Needs:    lr.Domain | lr.Routes | lr.Credentials,
	Run:      runCachePrivate,
}

func runCachePrivate(ctx context.Context, t *lr.Trial) error {
	return eachView(ctx, t, func(_ context.Context, f *gate, v *view) error {
		if len(v.witness) == 0 {
			return nil // nothing in it is anybody's
		}
		d := directives(v.x)
		_, public := d["public"]
		age, shared := d["s-maxage"]
		safe := false
		for _, word := range []string{"private", "no-store", "no-cache"} {
			_, has := d[word]
			safe = safe || has
		}
		e := lr.Seen(v.x)
		say := func(severity lr.Severity, what string) {
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: v.subject(f), Message: what, Evidence: e, Severity: severity})
		}
		switch {
		case public && !safe:
			say(lr.High, "shows private data and says Cache-Control: public")
		case shared && age != "0" && !safe:
			say(lr.High, "shows private data and says s-maxage="+age)
		case !safe && d["max-age"] != "0":
			say(0, "shows private data and does not say private or no-store")
		default:
			t.Pass(e, v.subject(f), "is private")
		}
		return nil
	})
}
