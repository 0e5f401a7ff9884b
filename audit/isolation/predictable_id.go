package isolation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
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
	first, other := t.Stage.Object(rt.Resource, p.victim), t.Stage.Object(rt.Resource, p.attacker)
	if !countable(first.ID, other.ID) {
		t.Pass(lr.Evidence{Exchanges: created(first), Records: []string{"ids " + first.ID + ", " + other.ID}}, rt.String(), "ids do not count")
		return nil
	}
	e := lr.Evidence{}
	var lasts, nexts []string
	// The victim creates twice as often, so that counters of each tenant's own
	// drift apart and their agreement is no accident.
	for range 2 {
		var made []*lr.Object
		for _, who := range []*lr.Account{p.victim, p.victim, p.attacker} {
			o, err := t.Stage.Fresh(ctx, rt.Resource, who)
			if err != nil {
				return open(ctx, t, rt.String(), fmt.Errorf("create another: %w", err))
			}
			made = append(made, o)
		}
		last, next := made[1], made[2]
		lasts, nexts = append(lasts, last.ID), append(nexts, next.ID)
		e.Exchanges = append(e.Exchanges, append(created(last), created(next)...)...)
		e.Records = append(e.Records, fmt.Sprintf("%s got %s; the next, of %s, was %s", p.victim.Tenant, last.ID, p.attacker.Tenant, next.ID))
	}
	for _, base := range bases {
		gap1, ok1 := step(lasts[0], nexts[0], base)
		gap2, ok2 := step(lasts[1], nexts[1], base)
		// One counter for all has passed the victim's two in between; a counter of
		// the tenant's own has moved by one.
		own, ok3 := step(nexts[0], nexts[1], base)
		if ok1 && ok2 && ok3 && near(gap1) && near(gap2) && own >= 3 {
			t.Fail(e, rt.String(), "the id that one tenant gets tells the next tenant's")
			return nil
		}
	}
	t.Pass(e, rt.String(), "the id of one tenant does not tell another's")
	return nil
}

func near(gap int64) bool { return gap >= 1 && gap <= 3 }

func created(o *lr.Object) []*lr.Exchange {
	if o.Created == nil {
		return nil
	}
	return []*lr.Exchange{o.Created}
}

// bases are those in which ids are counted.
var bases = []int{10, 16, 36}

// step is the distance between two ids that are alike but for a number of the
// base at the end.
func step(a, b string, base int) (int64, bool) {
	a, b = strings.ToLower(a), strings.ToLower(b)
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	// The number begins at the first digit that differs, or before it.
	n, m := a[same:], b[same:]
	if len(n) != len(m) {
		for same > 0 && digit(a[same-1], base) {
			same--
		}
		n, m = a[same:], b[same:]
	}
	if n == "" && m == "" {
		return 0, true
	}
	if len(n) > 11 || len(m) > 11 {
		return 0, false
	}
	x, err1 := strconv.ParseInt(n, base, 64)
	y, err2 := strconv.ParseInt(m, base, 64)
	return y - x, err1 == nil && err2 == nil
}

func digit(c byte, base int) bool {
	_, err := strconv.ParseInt(string(c), base, 64)
	return err == nil
}

// countable reports whether two ids differ by so little that they may be counted.
func countable(a, b string) bool {
	for _, base := range bases {
		if gap, ok := step(a, b, base); ok && gap > -10000 && gap < 10000 {
			return true
		}
	}
	return false
}
