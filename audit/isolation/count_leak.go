package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var countLeak = &lr.Check{
	ID:       "isolation/count-leak",
	Title:    "Counts and totals are of the caller's tenant only",
	Why:      "A total over all tenants tells a customer how much business another does, and betrays a query without a tenant filter.",
	Fix:      "Filter the counting query by tenant as the listing query is; do not reuse a global counter.",
	Guard:    "",
	Severity: lr.Medium,
	Refs:     []lr.Ref{bola, {Source: "CWE", ID: "200"}, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runCountLeak,
}

// runCountLeak has the victim create objects and looks whether numbers of the
// attacker's view grow by exactly as many, twice with different amounts.
func runCountLeak(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, p := range pairs(t) {
		for _, rt := range t.Target.Routes {
			if rt.Method != "GET" || keyed(oracle.Probe{Route: rt}) || !counts(rt) {
				continue
			}
			res := countedResource(t, rt, p.victim)
			if res == "" {
				continue
			}
			did, err := countAs(ctx, t, rt, res, p)
			if err != nil {
				return err
			}
			asked = asked || did
		}
		break
	}
	if !asked {
		t.NotApplicable("no route counts objects that this run can create")
	}
	return nil
}

func counts(rt *lr.Route) bool {
	return rt.Kind == lr.List || names(rt, "count", "counts", "stats", "statistics", "summary", "total", "totals", "usage", "dashboard")
}

// countedResource is what the route counts: its own collection, or the one whose
// path it continues.
func countedResource(t *lr.Trial, rt *lr.Route, a *lr.Account) string {
	if o := t.Stage.Object(rt.Resource, a); o != nil && o.Made {
		return rt.Resource
	}
	for _, other := range t.Target.Routes {
		if other.Kind == lr.Create && len(other.PathParams()) == 0 && len(rt.Path) > len(other.Path) && rt.Path[:len(other.Path)+1] == other.Path+"/" {
			if o := t.Stage.Object(other.Resource, a); o != nil && o.Made {
				return other.Resource
			}
		}
	}
	return ""
}

func countAs(ctx context.Context, t *lr.Trial, rt *lr.Route, res string, p pair) (asked bool, err error) {
	grown := map[string]int{}
	mine := map[string]int{}
	var seen []*lr.Exchange
	for _, k := range []int{3, 2} {
		before, x, err := numbers(ctx, t, rt, p.attacker)
		if err != nil || before == nil {
			return false, err
		}
		ownBefore, _, err := numbers(ctx, t, rt, p.victim)
		if err != nil || rt.Kind == lr.List && len(before)+len(ownBefore) == 0 {
			return false, err
		}
		for range k {
			if _, err := t.Stage.Fresh(ctx, res, p.victim); err != nil {
				t.Unknown(rt.String(), "create more to count: %v", err)
				return true, ctx.Err()
			}
		}
		after, y, err := numbers(ctx, t, rt, p.attacker)
		if err != nil {
			return false, err
		}
		ownAfter, _, err := numbers(ctx, t, rt, p.victim)
		if err != nil {
			return false, err
		}
		for path, n := range before {
			if after[path]-n == float64(k) {
				grown[path]++
			}
		}
		for path, n := range ownBefore {
			if ownAfter[path]-n == float64(k) {
				mine[path]++
			}
		}
		seen = append(seen, x, y)
	}
	var paths []string
	for path, n := range grown {
		if n == 2 {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	e := lr.Seen(seen...)
	switch {
	case len(paths) > 0:
		e.Records = []string{fmt.Sprintf("%s grew by 3 and then by 2 in %s's view when %s created 3 and then 2", paths[0], p.attacker.Tenant, p.victim.Tenant)}
		t.Fail(e, rt.String(), "%s counts other tenants' objects: it grew in %s's view by what %s created", paths[0], p.attacker.Tenant, p.victim.Tenant)
	case len(mine) > 0:
		t.Pass(e, rt.String(), "the count grew in the owner's view only")
	default:
		// No number grew in the owner's own view either: it counts something else.
		return false, nil
	}
	return true, nil
}

// numbers lists the numbers of a route's reply by their JSON paths, nil when it
// refused. Elements of arrays are left out: their places are not stable.
func numbers(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account) (map[string]float64, *lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, rt, nil, as)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // a request that cannot be built is no broken run
	}
	oracle.PastCaches(t, r)
	r.Note = "count"
	x, err := t.HTTP.Do(ctx, as, r)
	if err != nil || !x.OK() {
		return nil, x, err
	}
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return nil, x, nil
	}
	out := map[string]float64{}
	numbersIn("", v, out)
	return out, x, nil
}

func numbersIn(path string, v any, out map[string]float64) {
	switch v := v.(type) {
	case float64:
		out[path] = v
	case map[string]any:
		for k, e := range v {
			numbersIn(path+"/"+k, e, out)
		}
	}
}
