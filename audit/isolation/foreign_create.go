package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var foreignCreate = &lr.Check{
	ID:       "isolation/foreign-create",
	Title:    "Nobody creates inside another tenant",
	Why:      "Writing into another customer's conversation or collection puts words into their chatbot's mouth, and is how injected documents reach a foreign model.",
	Fix:      "Check the tenant of the parent before a child is created, and take the child's tenant from the parent, never from the body.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Effect:   lr.Writes,
	Run:      runForeignCreate,
}

// into is an attempt to create inside what belongs to the victim, and the object
// of the victim that it is aimed at.
type into struct {
	attempt oracle.Attempt
	parent  *lr.Object
	what    string
	// otherwise holds further ways to try where the first is refused for its form.
	otherwise []naming
}

func runForeignCreate(ctx context.Context, t *lr.Trial) error {
	var list []into
	ps := pairs(t)
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.Create && rt.Kind != lr.Upload && rt.Kind != lr.ChatKind || !rt.Declared || dangerous(rt) || lr.Match(t.Target.Access.Shared, rt) {
			continue
		}
		switch names := rt.PathParams(); {
		case len(ps) == 0:
		case tenantKeyed(rt):
			list = append(list, tenantInto(ctx, t, rt, ps)...)
		case len(names) > 0:
			p, o := pairFor(t, ps, rt.Keys[names[len(names)-1]].Resource)
			if o == nil {
				t.Unknown(rt.String(), "no object of a tenant to create into")
				continue
			}
			list = append(list, into{attempt: attempt(rt, p), parent: o, what: "below the object of"})
		default:
			list = append(list, tenantInto(ctx, t, rt, ps)...)
		}
		list = append(list, referring(t, rt, ps)...)
	}
	if len(list) == 0 {
		t.NotApplicable("nothing is created")
		return nil
	}
	return oracle.Each(ctx, list, func(ctx context.Context, i into) error {
		if open, err := oracle.OpenToAnyone(ctx, t, i.parent); err != nil || open {
			if open {
				t.Pass(lr.Evidence{Records: []string{"anyone reads the parent"}}, i.attempt.Route.String(), "the parent is open to anyone, so others may add to it on purpose")
			}
			return err
		}
		j, err := oracle.CreateInto(ctx, t, i.attempt, i.parent)
		for _, n := range i.otherwise {
			if err != nil || j.Verdict == lr.Failed || !attackMalformed(j) {
				break
			}
			i.attempt.Vary, i.attempt.Note = n.put, "the victim's tenant in "+n.where
			var k oracle.Judgement
			if k, err = oracle.CreateInto(ctx, t, i.attempt, i.parent); k.Verdict == lr.Failed {
				j = k
			}
		}
		if err != nil {
			return err
		}
		oracle.Report(t, i.attempt.Route.String(), j.Message("%s creates %s %s", i.attempt.As.Name, i.what, i.attempt.Victim.Tenant))
		return nil
	})
}

func attempt(rt *lr.Route, p pair) oracle.Attempt {
	return oracle.Attempt{Route: rt, Victim: p.victim, As: p.attacker, Note: "another tenant's " + role(p.attacker)}
}

// attackMalformed reports whether the attack, the first exchange of the
// evidence, was refused for its form.
func attackMalformed(j oracle.Judgement) bool {
	j.Evidence.Exchanges = j.Evidence.Exchanges[:min(1, len(j.Evidence.Exchanges))]
	return j.Verdict == lr.Passed && malformed(j)
}

// tenantInto names the victim's tenant in a creation: in the path where the
// route has it there, and else wherever an application may look for it.
func tenantInto(ctx context.Context, t *lr.Trial, rt *lr.Route, ps []pair) []into {
	for _, p := range ps {
		if p.victim.TenantID == "" || t.Stage.Object(rt.Resource, p.victim) == nil || oracle.Lister(t.Target, rt) == nil {
			continue
		}
		a := attempt(rt, p)
		if tenantKeyed(rt) {
			a.Vary = atVictim(ctx, t, oracle.Probe{Route: rt, Victim: p.victim})
			return []into{{attempt: a, what: "by path in the tenant of"}}
		}
		ways := namings(rt, p.victim)
		a.Vary = ways[0].put
		return []into{{attempt: a, what: "in the named tenant of", otherwise: ways[1:]}}
	}
	return nil
}

// referring names the victim's object in a member of the body or the query: a
// creation with chat_id is one into that chat.
func referring(t *lr.Trial, rt *lr.Route, ps []pair) []into {
	var out []into
	for _, name := range oracle.Beside(rt) {
		p, o := pairFor(t, ps, rt.Keys[name].Resource)
		if o == nil || o.Resource == rt.Resource || !o.Made {
			continue
		}
		a := attempt(rt, p)
		a.Aim = func(r *lr.Request) { nameInBody(r, []string{name}, "", o.ID) }
		out = append(out, into{attempt: a, parent: o, what: "by " + name + " into the object of"})
	}
	return out
}
