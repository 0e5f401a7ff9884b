package https

import (
	"context"
	"encoding/json"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

var edgeCacheRules = &lr.Check{
	ID:    "https/edge-cache-rules",
	Title: "No rule of the edge caches what belongs to one customer",
	Why: "\"Cache everything\" over the whole site or the API keeps one customer's answer at the edge and hands it to the next who asks for the same address, whatever the origin says. " +
		"It is the one mistake at an edge that leaks data by itself.",
	Fix:      "Bind rules that cache to paths of static files. Add a rule that bypasses the cache for the API and behind the sign-in (`domain.edge.uncached` and `launchready edge plan`), and let the origin send Cache-Control: no-store there.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{cweCache, {Source: "RFC", ID: "9111"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, phaseCache)
		if v == nil {
			return err
		}
		name := t.Target.Domain.Name
		asked := 0
		for _, r := range v.enabled(phaseCache) {
			if !caches(r) {
				continue
			}
			asked++
			if everything(r.Expression) {
				t.Fail(said(ruled(phaseCache, r), string(r.Parameters)), subjectOf(r.Description, r.ID), "it caches answers of every path, those of one customer included")
			} else {
				t.Pass(said(ruled(phaseCache, r)), subjectOf(r.Description, r.ID), "it is bound to some paths")
			}
		}
		for _, p := range v.Pages {
			for _, a := range p.Actions {
				var level string
				if a.ID != "cache_level" || json.Unmarshal(a.Value, &level) != nil || level != "cache_everything" || len(p.Targets) == 0 {
					continue
				}
				asked++
				at := p.Targets[0].Constraint.Value
				if strings.HasSuffix(at, "/*") && strings.Count(strings.TrimPrefix(strings.TrimPrefix(at, "https://"), "http://"), "/") == 1 {
					t.Fail(said("page rule "+at+": cache_level cache_everything"), "page rule "+at, "it caches answers of every path, those of one customer included")
				} else {
					t.Pass(said("page rule "+at+": cache_level cache_everything"), "page rule "+at, "it is bound to some paths")
				}
			}
		}
		if why := v.Lacks["pages"]; why != nil {
			t.Unknown("page rules", "%v", why)
		}
		if asked == 0 {
			t.Pass(said("no rule that is on caches more than static files"), name, "the edge caches by its defaults: static files alone")
		}
		return nil
	},
}

// caches reports a rule that makes answers eligible for the cache.
func caches(r cloudflare.Rule) bool {
	var p struct {
		Cache *bool `json:"cache"`
	}
	return r.Action == "set_cache_settings" && json.Unmarshal(r.Parameters, &p) == nil && p.Cache != nil && *p.Cache
}

// everything reports an expression that no path, extension or media type bounds.
func everything(expression string) bool {
	e := strings.ToLower(expression)
	return !strings.Contains(e, "http.request.uri") && !strings.Contains(e, "http.request.full_uri") && !strings.Contains(e, "http.response")
}
