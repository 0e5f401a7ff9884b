package https

import (
	"bytes"
	"context"

	lr "github.com/launchready/launchready"
)

var cacheErrors = &lr.Check{
	ID:       "https/cache-errors",
	Title:    "Refusals are not kept by caches",
	Why:      "A cache that keeps a 401, a 429 or a 500 gives it to users who are signed in and would have been served: one bad request is an outage for all.",
	Fix:      "Send `Cache-Control: no-store` with every error, and let the edge keep none but 404, for seconds.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 3"}, {Source: "CWE", ID: "524"}},
	Needs:    lr.Domain | lr.Routes | lr.Credentials,
	Run:      runCacheErrors,
}

func runCacheErrors(ctx context.Context, t *lr.Trial) error {
	all, err := gates(ctx, t)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		t.Unknown("application", noFront)
		return nil
	}
	for _, f := range all {
		path := bust(t, f.victim.WhoAmI.Path)
		x, err := f.ask(ctx, t, nil, path, "nobody")
		if err != nil {
			t.Unknown(f.subject, "%v", err)
			if err := halted(ctx, err); err != nil {
				return err
			}
			continue
		}
		owner, err := f.ask(ctx, t, f.victim, path, "a user, at the same address right after")
		if err != nil {
			t.Unknown(f.subject, "%v", err)
			if err := halted(ctx, err); err != nil {
				return err
			}
			continue
		}
		age, kept := shareable(x, false)
		switch {
		case x.Status < 400 || busy(x):
			t.Unknown(f.subject, "nobody was not refused: %d", x.Status)
		case owner.Status == x.Status && bytes.Equal(owner.Body, x.Body):
			t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: f.subject, Message: "a refusal of nobody was kept and given to a user who is signed in", Evidence: lr.Seen(x, owner), Severity: lr.High})
		case kept && age > 60:
			t.Fail(lr.Seen(x), f.subject, "a refusal, %d, may be kept for %d seconds", x.Status, age)
		default:
			t.Pass(lr.Seen(x, owner), f.subject, "refusals are not kept")
		}
	}
	return nil
}
