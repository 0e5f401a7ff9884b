package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var existenceOracle = &lr.Check{
	ID:       "isolation/existence-oracle",
	Title:    "A foreign object looks like a missing one",
	Why:      "If 403 means that an id exists and 404 that it does not, a tester confirms guesses about other customers, and learns which ids to attack elsewhere.",
	Fix:      "Load objects by id and tenant in one query; what is not found is not found, whoever owns it.",
	Guard:    "ownership",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "CWE", ID: "204"}, bola, asvsItem},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runExistenceOracle,
}

func runExistenceOracle(ctx context.Context, t *lr.Trial) error {
	list, _ := foreignReads(t, func(p oracle.Probe) bool {
		return keyed(p) && p.Object != nil && p.Object.ID != "" && p.Route.Kind != lr.Stream
	})
	var once []asking
	seen := map[string]bool{}
	for _, a := range list {
		if !seen[a.subject] {
			seen[a.subject] = true
			once = append(once, a)
		}
	}
	if len(once) == 0 {
		t.NotApplicable("no route shows an object by its key")
		return nil
	}
	return oracle.Each(ctx, once, func(ctx context.Context, a asking) error {
		differ := 0
		var e lr.Evidence
		for range 2 {
			foreign, err := t.Send(ctx, a.probe.As, a.probe.Route, a.probe.Object, "foreign object")
			if err != nil {
				return open(ctx, t, a.subject, err)
			}
			missing, err := t.Send(ctx, a.probe.As, a.probe.Route, oracle.MissingFor(a.probe.Route, a.probe.Object), "missing object")
			if err != nil {
				return open(ctx, t, a.subject, err)
			}
			// An answer that gives the object away is the other checks' finding.
			if foreign.OK() && !oracle.Empty(foreign) && !oracle.SameShape(foreign, missing) || busy(foreign) || busy(missing) {
				return nil
			}
			if foreign.Status != missing.Status && (missing.Status == 400 || missing.Status == 422) {
				t.Unknown(a.subject, "the id that should name nothing was refused for its form with %d", missing.Status)
				return nil
			}
			if foreign.Status != missing.Status || !oracle.SameShape(foreign, missing) {
				differ++
			}
			e = lr.Seen(foreign, missing)
		}
		if differ == 2 {
			t.Fail(e, a.subject, "answers %d for a foreign object and %d for a missing one", e.Exchanges[0].Status, e.Exchanges[1].Status)
		} else {
			t.Pass(e, a.subject, "answers a foreign object as a missing one")
		}
		return nil
	})
}

func busy(x *lr.Exchange) bool {
	return x.Status == 429 || x.Status == 502 || x.Status == 503 || x.Status == 504
}
