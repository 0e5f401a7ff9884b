package oracle

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"

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
	// Aim points the request at the victim's object, the owner's control as well
	// as the attack: by a member of the body that names it.
	Aim func(*lr.Request)
	// Place changes how the attack addresses the fresh object: below another parent.
	Place func(*lr.Object) *lr.Object
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
		after, err := settled(ctx, t, o, x, func(s *lr.State) bool { return len(Diff(before, s)) > 0 })
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
	addressed := o
	if a.Place != nil {
		addressed = a.Place(o)
	}
	r, err := t.Stage.Request(ctx, a.Route, addressed, a.As)
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
	if x.Status == 201 {
		// A PUT may have created an object of the attacker's own.
		t.Stage.Adopt(ctx, a.Route, a.As, x)
	}
	after, err := settled(ctx, t, o, x, func(s *lr.State) bool { return !s.Exists || len(minus(Diff(before, s), restless)) > 0 })
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

// patience is how often, and how long after each other, the effect of a change
// that the target only accepted (RFC 9110, section 15.3.3) is looked for.
const (
	patience = 10
	pause    = 150 * time.Millisecond
)

// settled reads the object back after a change. Where the target answered 202,
// the effect comes later: it reads again until done says so or patience ends.
func settled(ctx context.Context, t *lr.Trial, o *lr.Object, x *lr.Exchange, done func(*lr.State) bool) (*lr.State, error) {
	st, err := t.Stage.ReadBack(ctx, o)
	for range patience {
		if x.Status != 202 || err != nil || done(st) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		st, err = t.Stage.ReadBack(ctx, o)
	}
	return st, err
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
		after, err := settled(ctx, t, o, control, func(s *lr.State) bool { return !s.Exists })
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
