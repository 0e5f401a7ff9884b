package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

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
	Alone:    true, // it counts, and others create
	Run:      runCountLeak,
}

// runCountLeak has the victim create objects and looks whether numbers of the
// attacker's view grow by exactly as many, twice with different amounts.
func runCountLeak(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, p := range pairs(t) {
		for _, rt := range t.Target.Routes {
			if rt.Method != "GET" || keyed(oracle.Probe{Route: rt}) || !counts(rt) || oracle.Public(t, rt, nil) || lr.Match(t.Target.Access.Shared, rt) {
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

// views are the numbers that a route tells at one moment, by who asks.
type views struct {
	attacker, owner map[string]float64
	x               *lr.Exchange // the attacker's
}

func look(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) (v views, err error) {
	if v.attacker, v.x, err = numbers(ctx, t, rt, p.attacker); err != nil {
		return v, err
	}
	v.owner, _, err = numbers(ctx, t, rt, p.victim)
	return v, err
}

func countAs(ctx context.Context, t *lr.Trial, rt *lr.Route, res string, p pair) (asked bool, err error) {
	grown, mine := map[string]int{}, map[string]int{}
	var seen []*lr.Exchange
	rounds := []int{3, 2}
	for i := 0; i < len(rounds); i++ {
		before, err := look(ctx, t, rt, p)
		if err != nil {
			return true, open(ctx, t, rt.String(), err)
		}
		if before.attacker == nil || len(before.attacker)+len(before.owner) == 0 {
			return false, nil
		}
		if i == 0 {
			anyone, x, err := numbers(ctx, t, rt, nil)
			if err != nil {
				return true, open(ctx, t, rt.String(), err)
			}
			if len(anyone) > 0 {
				t.Pass(lr.Seen(x), rt.String(), "anyone is shown the numbers, so they are no matter of tenants")
				return true, nil
			}
		}
		// What grows while nobody creates anything moves by itself.
		still, err := look(ctx, t, rt, p)
		if err != nil {
			return true, open(ctx, t, rt.String(), err)
		}
		for range rounds[i] {
			if _, err := t.Stage.Fresh(ctx, res, p.victim); err != nil {
				return true, open(ctx, t, rt.String(), fmt.Errorf("create more to count: %w", err))
			}
		}
		after, err := look(ctx, t, rt, p)
		if err != nil {
			return true, open(ctx, t, rt.String(), err)
		}
		if len(oracle.Foreign(t, p.victim.Tenant, after.x, "")) > 0 {
			t.Pass(lr.Seen(after.x), rt.String(), "it shows the objects themselves, so what it counts is no finding of its own: isolation/list-leak decides")
			return true, nil
		}
		k := float64(rounds[i])
		tally(before.attacker, still.attacker, after.attacker, k, grown)
		tally(before.owner, still.owner, after.owner, k, mine)
		seen = append(seen, still.x, after.x)
		if i == 1 && len(all(grown, 2)) > 0 {
			// A third amount, before it is called a finding.
			rounds = append(rounds, 4)
		}
	}
	paths := all(grown, 3)
	if len(paths) > 0 {
		anyone, _, err := numbers(ctx, t, rt, nil)
		if err != nil {
			return true, open(ctx, t, rt.String(), err)
		}
		if _, told := anyone[paths[0]]; told {
			t.Pass(lr.Seen(seen...), rt.String(), "anyone may know the number, so it is no matter of tenants")
			return true, nil
		}
	}
	e := lr.Seen(seen...)
	switch {
	case len(paths) > 0:
		e.Records = []string{fmt.Sprintf("%s grew by 3, by 2 and by 4 in %s's view when %s created 3, 2 and 4", paths[0], p.attacker.Tenant, p.victim.Tenant)}
		t.Fail(e, rt.String(), "%s counts other tenants' objects: it grew in %s's view by what %s created", paths[0], p.attacker.Tenant, p.victim.Tenant)
	case len(mine) > 0:
		t.Pass(e, rt.String(), "the count grew in the owner's view only")
	default:
		// No number grew in the owner's own view either: it counts something else.
		return false, nil
	}
	return true, nil
}

// tally notes the numbers that stood still and then grew by k.
func tally(before, still, after map[string]float64, k float64, hits map[string]int) {
	for path, n := range before {
		if still[path] == n && after[path]-n == k {
			hits[path]++
		}
	}
}

func all(hits map[string]int, n int) []string {
	var out []string
	for path, got := range hits {
		if got == n {
			out = append(out, path)
		}
	}
	sort.Strings(out)
	return out
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
	out := map[string]float64{}
	for _, name := range []string{"X-Total-Count", "X-Total", "X-Count", "Total-Count"} {
		if n, err := strconv.ParseFloat(x.Header.Get(name), 64); err == nil {
			out[name] = n
		}
	}
	if _, total, ok := strings.Cut(x.Header.Get("Content-Range"), "/"); ok {
		if n, err := strconv.ParseFloat(total, 64); err == nil {
			out["Content-Range"] = n
		}
	}
	var v any
	if json.Unmarshal(x.Body, &v) == nil {
		numbersIn("", v, out)
	}
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
