package isolation

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var predictableID = &lr.Check{
	ID:       "isolation/predictable-id",
	Title:    "Ids of tenants' objects cannot be guessed",
	Why:      "Consecutive ids turn one missing check into a download of everything, and tell a customer how much the others use the product.",
	Fix:      "Give objects random ids of at least 64 bits (UUIDv4, ULID with a random part, nanoid), or number them per tenant and load them by tenant and number.",
	Guard:    "",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "CWE", ID: "340"}, bola},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runPredictableID,
}

var trailingNumber = regexp.MustCompile(`^(.*?)(\d{1,18})$`)

// runPredictableID predicts, from an id that one tenant was given, the next id
// that another tenant gets, and is right twice before it says so. Numbers that
// each tenant counts for itself do not let it be right.
func runPredictableID(ctx context.Context, t *lr.Trial) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	asked := 0
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		a, b := t.Stage.Object(rt.Resource, ps[0].victim), t.Stage.Object(rt.Resource, ps[0].attacker)
		if rt.Kind != lr.Create && rt.Kind != lr.Upload || seen[rt.Resource] || a == nil || b == nil || !a.Made || !b.Made {
			continue
		}
		seen[rt.Resource] = true
		asked++
		if err := predict(ctx, t, rt, ps[0]); err != nil {
			return err
		}
	}
	if asked == 0 {
		t.NotApplicable("no object can be created in two tenants")
	}
	return nil
}

func predict(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	first := t.Stage.Object(rt.Resource, p.victim)
	if !trailingNumber.MatchString(first.ID) || oracle.Telling(first.ID) && !counter(first.ID, t.Stage.Object(rt.Resource, p.attacker).ID) {
		t.Pass(lr.Evidence{Exchanges: created(first), Records: []string{"id " + first.ID}}, rt.String(), "ids do not count")
		return nil
	}
	right := 0
	e := lr.Evidence{}
	// The victim creates twice as often, so that counters of each tenant's own
	// drift apart and their agreement is no accident.
	for range 2 {
		var last *lr.Object
		for range 2 {
			o, err := t.Stage.Fresh(ctx, rt.Resource, p.victim)
			if err != nil {
				t.Unknown(rt.String(), "create another: %v", err)
				return ctx.Err()
			}
			last = o
		}
		next, err := t.Stage.Fresh(ctx, rt.Resource, p.attacker)
		if err != nil {
			t.Unknown(rt.String(), "create another: %v", err)
			return ctx.Err()
		}
		e.Exchanges = append(e.Exchanges, append(created(last), created(next)...)...)
		e.Records = append(e.Records, fmt.Sprintf("%s got %s; the next, of %s, was %s", p.victim.Tenant, last.ID, p.attacker.Tenant, next.ID))
		if gap, ok := step(last.ID, next.ID); ok && gap >= 1 && gap <= 3 {
			right++
		}
	}
	if right == 2 {
		t.Fail(e, rt.String(), "the id that one tenant gets tells the next tenant's")
		return nil
	}
	t.Pass(e, rt.String(), "the id of one tenant does not tell another's")
	return nil
}

func created(o *lr.Object) []*lr.Exchange {
	if o.Created == nil {
		return nil
	}
	return []*lr.Exchange{o.Created}
}

// step is the distance between two ids that differ only in a number at the end.
func step(a, b string) (int64, bool) {
	x, y := trailingNumber.FindStringSubmatch(a), trailingNumber.FindStringSubmatch(b)
	if x == nil || y == nil || !strings.EqualFold(x[1], y[1]) {
		return 0, false
	}
	n, err1 := strconv.ParseInt(x[2], 10, 64)
	m, err2 := strconv.ParseInt(y[2], 10, 64)
	return m - n, err1 == nil && err2 == nil
}

// counter reports whether two ids differ by so little that they may be counted.
func counter(a, b string) bool {
	gap, ok := step(a, b)
	return ok && gap > -10000 && gap < 10000
}
