package https

import (
	"context"
	"fmt"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var cacheDeception = &lr.Check{
	ID:    "https/cache-deception",
	Title: "A private answer cannot be put into a cache under the name of a file",
	Why: "Edges keep what ends in `.css` or `.js`. Where the application answers `/me/x.css` as it does `/me`, a link is enough: the victim opens it, and the " +
		"attacker reads the victim's data from the cache.",
	Fix: "Let the router refuse what it does not know at the end of an address. At the edge cache by type and not by ending (Cache Deception Armor in " +
		"Cloudflare), and never against `Cache-Control`.",
	Guard:    "response_cache",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refCache, {Source: "CWE", ID: "525"}, {Source: "CWE", ID: "444"}},
	Needs:    lr.Domain | lr.Routes | lr.Credentials,
	Run:      runCacheDeception,
}

func runCacheDeception(ctx context.Context, t *lr.Trial) error {
	seen := map[*gate]int{}
	var mu sync.Mutex
	return eachView(ctx, t, func(ctx context.Context, f *gate, v *view) error {
		who := f.victim.WhoAmI != nil && v.rt.Path == f.victim.WhoAmI.Path
		mu.Lock()
		seen[f]++
		some := seen[f] <= 3
		mu.Unlock()
		if len(v.witness) == 0 || !who && !some {
			return nil
		}
		for _, ending := range []string{"/%s.css", ";%s.js", "%%2f%s.css", "%%3b%s.png", "%%23%s.css"} {
			base, _, _ := strings.Cut(v.path, "?")
			path := base + fmt.Sprintf(ending, t.Stage.Canary(""))
			var owner *lr.Exchange
			for range 2 {
				var err error
				if owner, err = f.ask(ctx, t, f.victim, path, "owner, by a link that looks like a file"); err != nil {
					t.Unknown(v.subject(f), "%v", err)
					return halted(ctx, err)
				}
			}
			if len(oracle.Find(v.witness, owner)) == 0 {
				continue
			}
			x, err := f.ask(ctx, t, nil, path, "nobody, right after")
			if err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
			hits := oracle.Find(v.witness, x)
			if len(hits) == 0 {
				continue
			}
			past, err := f.ask(ctx, t, nil, base+fmt.Sprintf(ending, t.Stage.Canary("")), "nobody, at an address that no cache has met")
			if err != nil || len(oracle.Find(hits, past)) > 0 {
				return halted(ctx, err) // open to anybody: the row auth decides
			}
			t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{owner, past, x}, Witness: hits}, v.subject(f), "the owner's answer at %s was kept and given to nobody in particular", path)
			return nil
		}
		t.Pass(lr.Seen(v.x), v.subject(f), "what looks like a file is not kept with private data in it")
		return nil
	})
}
