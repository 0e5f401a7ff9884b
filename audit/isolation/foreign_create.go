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

func runForeignCreate(ctx context.Context, t *lr.Trial) error {
	type into struct {
		attempt oracle.Attempt
		parent  *lr.Object
	}
	var list []into
	ps := pairs(t)
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.Create && rt.Kind != lr.Upload && rt.Kind != lr.ChatKind || !rt.Declared || len(rt.PathParams()) == 0 || tenantKeyed(rt) || dangerous(rt) {
			continue
		}
		names := rt.PathParams()
		key := rt.Keys[names[len(names)-1]]
		p, o := pairFor(t, ps, key.Resource)
		if o == nil {
			t.Unknown(rt.String(), "no object of a tenant to create into")
			continue
		}
		list = append(list, into{oracle.Attempt{Route: rt, Victim: p.victim, As: p.attacker, Note: "another tenant's " + role(p.attacker)}, o})
	}
	if len(list) == 0 {
		t.NotApplicable("no route creates below another object")
		return nil
	}
	return oracle.Each(ctx, list, func(ctx context.Context, i into) error {
		j, err := oracle.CreateInto(ctx, t, i.attempt, i.parent)
		if err != nil {
			return err
		}
		oracle.Report(t, i.attempt.Route.String(), j.Message("%s creates below %s's object", i.attempt.As.Name, i.attempt.Victim.Tenant))
		return nil
	})
}
