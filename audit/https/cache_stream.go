package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var cacheStream = &lr.Check{
	ID:       "https/cache-stream",
	Title:    "Streams are not kept by caches",
	Why:      "A stream of answers or events that a cache keeps or holds back comes late, in one piece, or to somebody else.",
	Fix:      "Send `Cache-Control: no-store` and `X-Accel-Buffering: no` with `text/event-stream`, and let the edge bypass its cache for these paths.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 3.5"}, {Source: "CWE", ID: "524"}},
	Needs:    lr.Domain | lr.Routes | lr.Credentials,
	Run:      runCacheStream,
}

func runCacheStream(ctx context.Context, t *lr.Trial) error {
	all, err := gates(ctx, t)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		t.Unknown("application", noFront)
		return nil
	}
	asked := false
	for _, f := range all {
		for _, rt := range t.Target.Routes {
			if rt.Kind != lr.Stream || rt.Method != "GET" {
				continue
			}
			r, err := t.Stage.Request(ctx, rt, t.Stage.Object(rt.Resource, f.victim), f.victim)
			if err != nil {
				continue
			}
			v := &view{rt: rt, path: r.Path}
			x, _, err := f.anew(ctx, t, f.victim, r.Path, "the begin of a stream")
			if err != nil {
				if err := halted(ctx, err); err != nil {
					return err
				}
				asked = true
				t.Unknown(v.subject(f), "%v", err)
				continue
			}
			if !x.OK() || !streams(x) {
				continue
			}
			asked = true
			d := directives(x)
			_, never := d["no-store"]
			_, again := d["no-cache"]
			if never || again {
				t.Pass(lr.Seen(x), v.subject(f), "is not kept")
			} else {
				t.Fail(lr.Seen(x), v.subject(f), "streams and does not say no-store or no-cache")
			}
		}
	}
	if !asked {
		t.NotApplicable("no route streams by GET")
	}
	return nil
}
