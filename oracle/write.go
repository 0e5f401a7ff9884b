package oracle

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// Attempt is one question: can As change, by Route, what belongs to Victim?
type Attempt struct {
	Route      *lr.Route
	Victim     *lr.Account
	As         *lr.Account // nil: anonymous
	Vary       func(*lr.Request)
	Credential *lr.Credential
	Note       string
}

// Update decides by the owner's read-back whether the attacker's update, or
// other action on one object, took effect. The owner's own update of another
// object comes first: where it changes nothing that can be read back, a refusal
// would prove nothing. Each attempt has a fresh object.
func Update(ctx context.Context, t *lr.Trial, a Attempt) (Judgement, error) {
	control, changed, why, err := ownerChange(ctx, t, a)
	if err != nil || len(changed) == 0 {
		return Judgement{Evidence: lr.Seen(present(control)...)}.unknown("%s", why), err
	}
	j, err := attack(ctx, t, a, changed)
	if err != nil || j.Verdict != lr.Failed {
		return j, err
	}
	again, err := attack(ctx, t, a, changed)
	if err != nil {
		return j, err
	}
	if again.Verdict != lr.Failed {
		j.Confidence = lr.Suspected
		j.Reason += "; a second try on a new object did not show it"
	} else {
		j.Reason += "; seen again on a new object"
	}
	return j, nil
}

// ownerChange sends the plain request as its owner on a fresh object and lists
// the fields that it changed.
func ownerChange(ctx context.Context, t *lr.Trial, a Attempt) (x *lr.Exchange, changed []string, why string, err error) {
	var reason string
	for _, owner := range Tenantmates(t, a.Victim) {
		o, err := t.Stage.Fresh(ctx, a.Route.Resource, a.Victim)
		if err != nil {
			_, err = lost(ctx, "", err)
			return nil, nil, fmt.Sprintf("no fresh object to try on: %v", lr.ErrNotCreatable), err
		}
		before, err := t.Stage.ReadBack(ctx, o)
		if err != nil {
			_, err = lost(ctx, "", err)
			return nil, nil, "the owner cannot read the object back", err
		}
		r, err := t.Stage.Request(ctx, a.Route, o, owner)
		if err != nil {
			_, err = lost(ctx, "", err)
			return nil, nil, "the request could not be built", err
		}
		r.Note = "owner control"
		if x, err = t.HTTP.Do(ctx, owner, r); err != nil {
			_, err = lost(ctx, "", err)
			return nil, nil, "the owner's request got no answer", err
		}
		after, err := t.Stage.ReadBack(ctx, o)
		if err != nil {
			_, err = lost(ctx, "", err)
			return x, nil, "the owner cannot read the object back", err
		}
		if d := Diff(before, after); len(d) > 0 {
			return x, d, "", nil
		}
		if reason == "" || x.OK() {
			reason = fmt.Sprintf("the owner's own request was answered %d and changed nothing that can be read back", x.Status)
		}
		if x.OK() {
			break
		}
	}
	return x, nil, reason, nil
}

// attack sends the attacker's request at a fresh object of the victim.
func attack(ctx context.Context, t *lr.Trial, a Attempt, changed []string) (Judgement, error) {
	o, err := t.Stage.Fresh(ctx, a.Route.Resource, a.Victim)
	if err != nil {
		return lost(ctx, "making a fresh object", err)
	}
	// Two readings tell the fields that change by themselves.
	first, err := t.Stage.ReadBack(ctx, o)
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	before, err := t.Stage.ReadBack(ctx, o)
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	restless := Diff(first, before)
	r, err := t.Stage.Request(ctx, a.Route, o, a.As)
	if err != nil {
		return lost(ctx, "building the request", err)
	}
	r.Note, r.Credential = a.Note, a.Credential
	if a.Vary != nil {
		a.Vary(r)
	}
	x, err := t.HTTP.Do(ctx, a.As, r)
	if err != nil {
		return lost(ctx, "the attacker's request", err)
	}
	after, err := t.Stage.ReadBack(ctx, o)
	if err == nil && !after.Exists {
		// Once more: a read can fail for a moment, a deletion does not.
		after, err = t.Stage.ReadBack(ctx, o)
	}
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	j := Judgement{Confidence: lr.Confirmed, Evidence: lr.Seen(present(before.Exchange, x, after.Exchange)...)}
	// A PUT repeats what the owner wrote: only what is new is the attacker's.
	planted := Canaries(string(r.Body))
	planted = minus(planted, Find(planted, before.Exchange))
	planted = Find(planted, after.Exchange)
	moved := minus(Diff(before, after), restless)
	switch {
	case before.Exists && !after.Exists:
		j.Verdict, j.Reason = lr.Failed, fmt.Sprintf("answered %d; the owner no longer finds the object", x.Status)
	case len(planted) > 0:
		j.Verdict, j.Hits, j.Evidence.Witness = lr.Failed, planted, planted
		j.Reason = fmt.Sprintf("answered %d; the owner reads back what the attacker wrote", x.Status)
	case overlap(moved, changed):
		j.Verdict, j.Reason = lr.Failed, fmt.Sprintf("answered %d; the owner reads back a changed %s", x.Status, strings.Join(moved, ", "))
	case x.Status == 429 || x.Status >= 500 && x.Status != 501:
		return j.unknown("answered %s: the target was busy or broken, not refusing", status(x)), nil
	default:
		j.Verdict, j.Reason = lr.Passed, fmt.Sprintf("answered %d and changed nothing", x.Status)
	}
	return j, nil
}

func minus(a, b []string) []string {
	var out []string
	for _, x := range a {
		if !overlap([]string{x}, b) {
			out = append(out, x)
		}
	}
	return out
}

func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// Delete decides by the owner's read-back, twice, whether the attacker's
// deletion took effect.
func Delete(ctx context.Context, t *lr.Trial, a Attempt) (Judgement, error) {
	var control *lr.Exchange
	gone := false
	for _, owner := range Tenantmates(t, a.Victim) {
		o, err := t.Stage.Fresh(ctx, a.Route.Resource, a.Victim)
		if err != nil {
			return lost(ctx, "making a fresh object", err)
		}
		before, err := t.Stage.ReadBack(ctx, o)
		if err != nil {
			return lost(ctx, "the owner's read-back", err)
		}
		if !before.Exists {
			return Judgement{Evidence: lr.Seen(before.Exchange)}.unknown("the owner cannot read the object back"), nil
		}
		if control, err = t.Send(ctx, owner, a.Route, o, "owner control"); err != nil {
			return lost(ctx, "the owner's request", err)
		}
		after, err := t.Stage.ReadBack(ctx, o)
		if err != nil {
			return lost(ctx, "the owner's read-back", err)
		}
		if gone = !after.Exists; gone || control.OK() {
			break
		}
	}
	if !gone {
		return Judgement{Evidence: lr.Seen(present(control)...)}.unknown(
			"the owner's own deletion was answered %s and the object is still there, so a refusal to others would prove nothing", status(control)), nil
	}
	return attack(ctx, t, a, []string{"\x00gone"})
}

// CreateInto decides whether the attacker can create an object inside what
// belongs to the victim: under the victim's parent, or with the victim's tenant
// named by Vary. The victim's own view of the collection is the judge.
func CreateInto(ctx context.Context, t *lr.Trial, a Attempt, parent *lr.Object) (Judgement, error) {
	list := Lister(t.Target, a.Route)
	if list == nil {
		return Judgement{}.unknown("no route lists the collection, so nothing can be read back"), nil
	}
	see := func(canaries []string) ([]string, *lr.Exchange, error) {
		for _, m := range Tenantmates(t, a.Victim) {
			x, err := t.Send(ctx, m, list, parent, "owner's read-back")
			if err != nil {
				return nil, nil, err
			}
			if x.OK() {
				return Find(canaries, x), x, nil
			}
		}
		return nil, nil, nil
	}
	send := func(as *lr.Account, vary bool, note string) (*lr.Exchange, []string, error) {
		r, err := t.Stage.Request(ctx, a.Route, parent, as)
		if err != nil {
			return nil, nil, err
		}
		r.Note = note
		if vary {
			r.Credential = a.Credential
			if a.Vary != nil {
				a.Vary(r)
			}
		}
		x, err := t.HTTP.Do(ctx, as, r)
		if err == nil && x.OK() {
			t.Stage.Adopt(ctx, a.Route, as, x)
		}
		planted := Canaries(string(r.Body))
		if len(planted) == 0 && err == nil && x.OK() {
			// A creation that takes no text is recognised by what it answers.
			planted = Without(Harvest(x), RequestText(r))
		}
		return x, planted, err
	}
	worked := false
	var x *lr.Exchange
	for _, owner := range Tenantmates(t, a.Victim) {
		var planted []string
		var err error
		if x, planted, err = send(owner, false, "owner control"); err != nil {
			return lost(ctx, "the owner's request", err)
		}
		seen, _, err := see(planted)
		if err != nil {
			return lost(ctx, "the owner's read-back", err)
		}
		if worked = len(seen) > 0; worked || x.OK() {
			break
		}
	}
	if !worked {
		return Judgement{Evidence: lr.Seen(present(x)...)}.unknown("the owner's own creation was answered %s and did not show in %s", status(x), list), nil
	}
	x, planted, err := send(a.As, true, a.Note)
	if err != nil {
		return lost(ctx, "the attacker's request", err)
	}
	seen, after, err := see(planted)
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	j := Judgement{Verdict: lr.Passed, Confidence: lr.Confirmed, Evidence: lr.Seen(present(x, after)...)}
	j.Reason = fmt.Sprintf("answered %d and created nothing that the owner sees", x.Status)
	if len(seen) > 0 {
		j.Verdict, j.Hits, j.Evidence.Witness = lr.Failed, seen, seen
		j.Reason = fmt.Sprintf("answered %d; the owner sees what the attacker created in %s", x.Status, list)
	}
	return j, nil
}

// Lister returns the route that shows what a creation made: the list of its
// resource, or a GET of its own path; nil when there is none.
func Lister(t *lr.Target, create *lr.Route) *lr.Route {
	var same *lr.Route
	for _, rt := range t.Routes {
		if rt.Method != "GET" {
			continue
		}
		if rt.Kind == lr.List && rt.Resource == create.Resource {
			return rt
		}
		if rt.Path == create.Path && rt.Kind != lr.Stream && rt.Kind != lr.WebSocket {
			same = rt
		}
	}
	return same
}

// Diff lists the fields, as dotted paths, whose values differ between two
// states of one object. An object that is gone differs in the field "\x00gone".
func Diff(before, after *lr.State) []string {
	if before == nil || after == nil {
		return nil
	}
	if before.Exists != after.Exists {
		return []string{"\x00gone"}
	}
	var out []string
	diffValue("", any(before.Body), any(after.Body), &out)
	sort.Strings(out)
	return out
}

func diffValue(path string, a, b any, out *[]string) {
	am, ok1 := a.(map[string]any)
	bm, ok2 := b.(map[string]any)
	if !ok1 || !ok2 {
		if !reflect.DeepEqual(a, b) {
			*out = append(*out, strings.TrimPrefix(path, "."))
		}
		return
	}
	keys := map[string]bool{}
	for k := range am {
		keys[k] = true
	}
	for k := range bm {
		keys[k] = true
	}
	for k := range keys {
		diffValue(path+"."+k, am[k], bm[k], out)
	}
}
