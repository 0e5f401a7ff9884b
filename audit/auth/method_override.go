package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var methodOverride = &lr.Check{
	ID:    "auth/method-override",
	Title: "A header cannot turn a read into a write",
	Why: "Frameworks offer `X-HTTP-Method-Override` for old clients. Where access is decided for the method on the wire and the handler is chosen for the one in the header, " +
		"whoever may read may delete.",
	Fix:      "Switch method override off. Where a client needs it, apply it before routing and access decisions, and for POST only. Drop the header at the edge.",
	Guard:    "strip_headers",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API5:2023"}, {Source: "CWE", ID: "650"}, {Source: "ASVS", ID: "v5.0.0-4.1.4"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runMethodOverride,
}

// overrideHeaders are the names that frameworks read the method from.
var overrideHeaders = []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}

func override(base, wanted string) func(*lr.Request) {
	return func(r *lr.Request) {
		r.Method = base
		for _, h := range overrideHeaders {
			r.SetHeader(h, wanted)
		}
	}
}

func runMethodOverride(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account whose data could be changed")
		return nil
	}
	if err := overriddenReads(ctx, t, victims[0]); err != nil {
		return err
	}
	var routes []*lr.Route
	taken := map[string]bool{}
	for _, rt := range writes(t, victims[0]) {
		// One deletion and one update a group are enough: routers override for all.
		if rt.Kind == lr.Create || rt.Kind == lr.Action {
			continue
		}
		if k := rt.Method + " " + group(rt.Path); !taken[k] && len(routes) < 6 {
			taken[k] = true
			routes = append(routes, rt)
		}
	}
	var y tally
	err := oracle.Each(ctx, byResource(routes), func(ctx context.Context, rts []*lr.Route) error {
		for _, rt := range rts {
			if err := overridden(ctx, t, &y, rt, victims[0]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "A method in a header changes what the caller may not change")
	return nil
}

// overridden tries a write as somebody who may not write: the first caller whose
// plain request changes nothing.
func overridden(ctx context.Context, t *lr.Trial, y *tally, rt *lr.Route, victim *lr.Account) error {
	var plain oracle.Judgement
	for _, as := range append(weaker(t, victim), nil) {
		var err error
		plain, err = change(ctx, t, oracle.Attempt{Route: rt, Victim: victim, As: as, Note: "plain request"})
		if err != nil {
			return err
		}
		if plain.Verdict == lr.Unknown {
			break
		}
		if plain.Verdict == lr.Failed {
			continue // who may write plainly proves nothing here
		}
		for _, base := range []string{"GET", "POST"} {
			j, err := change(ctx, t, oracle.Attempt{Route: rt, Victim: victim, As: as, Vary: override(base, rt.Method), Note: base + " with " + rt.Method + " in a header"})
			if err != nil {
				return err
			}
			y.add(rt.String(), base+" with "+rt.Method+" in a header, as "+caller(as), broken(j))
		}
		return nil
	}
	if plain.Verdict == lr.Unknown {
		y.add(rt.String(), "", plain)
	} else {
		y.open(rt.String(), "everybody may change it, so there is nobody to try the header as")
	}
	return nil
}

// weaker lists the accounts of the tenant that may not be allowed to write: at
// most two beside the victim that do not administer, and the victim itself, which
// may not change what administrators make.
func weaker(t *lr.Trial, victim *lr.Account) []*lr.Account {
	var out []*lr.Account
	for _, a := range t.Target.Accounts {
		if a.Tenant == victim.Tenant && a != victim && !a.Spare && !a.Privileged() && len(out) < 2 {
			out = append(out, a)
		}
	}
	return append(out, victim)
}

func caller(a *lr.Account) string {
	switch {
	case a == nil:
		return "nobody"
	case a.Role != "":
		return a.Role
	}
	return "another account"
}

// overriddenReads asks guarded reads as nobody, with a method that guards let
// through and the read in the header.
func overriddenReads(ctx context.Context, t *lr.Trial, victim *lr.Account) error {
	probes, err := guarded(ctx, t, victim, fewHeads)
	if err != nil {
		return err
	}
	var y tally
	err = oracle.Each(ctx, probes, func(ctx context.Context, p oracle.Probe) error {
		for _, base := range []string{"OPTIONS", "HEAD", "POST"} {
			q := p
			q.As, q.Vary, q.Note = nil, override(base, p.Route.Method), base+" with "+p.Route.Method+" in a header"
			j, err := oracle.Read(ctx, t, q)
			if err != nil {
				return err
			}
			y.add(p.Route.String(), q.Note, nothingShown(broken(j)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "A method in a header opens a route without a credential")
	return nil
}
