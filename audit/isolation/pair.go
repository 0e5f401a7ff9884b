package isolation

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Clauses that most checks of the row answer to.
var (
	bola      = lr.Ref{Source: "OWASP API", ID: "API1:2023"}
	cwe639    = lr.Ref{Source: "CWE", ID: "639"}
	asvsItem  = lr.Ref{Source: "ASVS", ID: "v5.0.0-8.2.2"}
	asvsCross = lr.Ref{Source: "ASVS", ID: "v5.0.0-8.4.1"}
)

// asking is a probe with the name of the subject it decides.
type asking struct {
	probe   oracle.Probe
	subject string
}

// foreignReads lists, for each route that want takes, a probe by an ordinary and
// by a privileged account of another tenant. Each route is asked about the first
// tenant that has an object for it; open says which routes have none.
func foreignReads(t *lr.Trial, want func(oracle.Probe) bool) (list []asking, open map[string]bool) {
	asked := map[*lr.Route]bool{}
	open = map[string]bool{}
	// One route may be asked in two ways: with a key beside the path and without.
	victimOf := map[*lr.Route]*lr.Account{}
	for _, victim := range oracle.Victims(t.Target) {
		probes, missing := oracle.Reads(t, victim)
		for _, rt := range missing {
			if !asked[rt] && want(oracle.Probe{Route: rt, Victim: victim}) && rt.Declared {
				open[rt.String()] = true
			}
		}
		for _, p := range probes {
			if asked[p.Route] && victimOf[p.Route] != victim || !p.Route.Declared || !want(p) || oracle.Public(t, p.Route, p.Object) {
				continue
			}
			asked[p.Route], victimOf[p.Route] = true, victim
			delete(open, p.Route.String())
			for _, as := range oracle.Attackers(t.Target, victim) {
				p := p
				p.As, p.Note = as, "another tenant's "+role(as)
				list = append(list, asking{p, p.Route.String()})
			}
		}
	}
	for rt := range asked {
		delete(open, rt.String())
	}
	return list, open
}

func role(a *lr.Account) string {
	if a.Role == "" {
		return "user"
	}
	return a.Role
}

// ask runs the probes and reports each. What a cache gave away is left to the
// check of shared caches.
func ask(ctx context.Context, t *lr.Trial, list []asking, open map[string]bool) error {
	for rt := range open {
		t.Unknown(rt, "no object of a tenant to ask about: describe one under objects")
	}
	if len(list) == 0 && len(open) == 0 {
		t.NotApplicable("no such route")
		return nil
	}
	return oracle.Each(ctx, list, func(ctx context.Context, a asking) error {
		j, err := oracle.Read(ctx, t, a.probe)
		if err != nil {
			return err
		}
		if j.Verdict == lr.Unknown && !keyed(a.probe) && len(oracle.Beside(a.probe.Route)) > 0 {
			// It wants a key after all, and is asked with one too.
			return nil
		}
		if j.Cached {
			j.Verdict, j.Reason = lr.Passed, "only a cache gave the data away: isolation/shared-cache decides"
		}
		oracle.Report(t, a.subject, j.Message("%s asks for %s's data", a.probe.As.Name, a.probe.Victim.Tenant))
		return nil
	})
}

// keyed reports whether a probe addresses one object by its key.
func keyed(p oracle.Probe) bool { return p.Keyed() }

// pair is a victim with an attacker from another tenant. The attacker is the
// other tenant's privileged account where there is one: it passes checks of role
// that would hide a missing check of tenant.
type pair struct{ victim, attacker *lr.Account }

func pairs(t *lr.Trial) []pair {
	var out []pair
	for _, v := range oracle.Victims(t.Target) {
		if as := oracle.Attackers(t.Target, v); len(as) > 0 {
			out = append(out, pair{v, as[len(as)-1]})
		}
	}
	return out
}

// pairFor finds the first pair whose victim has an object of the resource.
func pairFor(t *lr.Trial, ps []pair, resource string) (pair, *lr.Object) {
	for _, p := range ps {
		if o := t.Stage.Object(resource, p.victim); o != nil {
			return p, o
		}
	}
	return pair{}, nil
}

// names reports whether one of the path's words is among the wanted.
func names(rt *lr.Route, words ...string) bool {
	for _, seg := range strings.FieldsFunc(strings.ToLower(rt.Path), func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '.' }) {
		for _, w := range words {
			if seg == w {
				return true
			}
		}
	}
	return false
}

// open reports a subject that could not be asked, unless the error ends the check.
func open(ctx context.Context, t *lr.Trial, subject string, err error) error {
	if oracle.Fatal(ctx, err) {
		return err
	}
	t.Unknown(subject, "%v", err)
	return nil
}
