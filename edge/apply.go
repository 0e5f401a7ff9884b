package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Applier makes the changes of plans.
type Applier struct {
	Driver  Driver
	Servers Servers // nil where nobody answers questions about the zone
	// Pause waits between two looks at the servers; nil is time.Sleep's better self.
	Pause func(context.Context, time.Duration) error
	// Patience is how long servers may take to have a change; 0 is two minutes.
	Patience time.Duration
	Say      func(format string, args ...any) // tells what is being done; nil is deaf
}

// place says how far a change has come.
type place int

const (
	before place = iota
	middle
	after
	elsewhere
)

// at says how far a set has come on the way of a change.
func (c Change) at(live []Value) place {
	if Equal(live, c.Before) {
		return before
	}
	if Equal(live, c.After) {
		return after
	}
	if m, ok := c.middle(); ok && Equal(live, m) {
		return middle
	}
	return elsewhere
}

// check reads the sets of changes and says how far each has come. A set that is
// where the plan knows no state is ErrConcurrent, and nothing must be changed.
func (a *Applier) check(ctx context.Context, changes []Change) ([]place, error) {
	keys := make([]Key, len(changes))
	for i, c := range changes {
		keys[i] = c.Key
	}
	s, err := a.Driver.Read(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.Driver.Name(), err)
	}
	places := make([]place, len(changes))
	var errs []error
	for i, c := range changes {
		if places[i] = c.at(s.Sets[c.Key]); places[i] == elsewhere {
			errs = append(errs, concurrent(c.Key))
		}
	}
	return places, errors.Join(errs...)
}

// Apply makes changes from wherever they are on their way: a run that was killed
// is finished by the same call. What is new is created first; when every server
// has it, what is old is deleted.
func (a *Applier) Apply(ctx context.Context, changes []Change) error {
	places, err := a.check(ctx, changes)
	if err != nil {
		return err
	}
	var create, remove, seen, gone []Change
	for i, c := range changes {
		first, last := c.steps()
		if first != nil {
			seen = append(seen, *first)
			if places[i] == before {
				create = append(create, *first)
			}
		}
		if last != nil {
			gone = append(gone, *last)
			if places[i] != after {
				remove = append(remove, *last)
			}
		}
	}
	if err := a.step(ctx, "create", create, seen); err != nil {
		return err
	}
	return a.step(ctx, "delete", remove, gone)
}

// steps parts a change into what comes before every server has it and what after.
func (c Change) steps() (first, last *Change) {
	if m, ok := c.middle(); ok {
		return &Change{c.Key, c.Before, m}, &Change{c.Key, m, c.After}
	}
	if len(c.Added()) == 0 {
		return nil, &Change{c.Key, c.Before, c.After}
	}
	return &Change{c.Key, c.Before, c.After}, nil
}

// verb is what a change does, in a word.
func (c Change) verb() string {
	switch {
	case len(c.Before) == 0:
		return "create"
	case len(c.Added()) == 0:
		return "delete"
	case c.Key.Kind == Records && len(c.Removed()) == 0:
		return "add to"
	}
	return "change"
}

// step makes those changes that are left to make and waits until every server
// shows all of the step: what an earlier run made may not have reached them.
func (a *Applier) step(ctx context.Context, verb string, changes, seen []Change) error {
	if len(changes) > 0 {
		for _, c := range changes {
			a.say("%s %s", c.verb(), c.Key)
		}
		if err := a.Driver.Apply(ctx, changes); err != nil {
			return fmt.Errorf("%s at %s: %w", verb, a.Driver.Name(), err)
		}
	}
	keys := make([]Key, len(seen))
	for i, c := range seen {
		keys[i] = c.Key
	}
	if len(keys) == 0 {
		return nil
	}
	s, err := a.Driver.Read(ctx, keys)
	if err != nil {
		return fmt.Errorf("read back from %s: %w", a.Driver.Name(), err)
	}
	var want []Change
	for _, c := range seen {
		live := s.Sets[c.Key]
		made := slices.ContainsFunc(changes, func(m Change) bool { return m.Key == c.Key })
		if made && !Equal(live, c.After) {
			return fmt.Errorf("%s: read back, it is not as it was written; nothing was deleted for it", c.Key)
		}
		want = append(want, Change{Key: c.Key, After: live})
	}
	return a.verify(ctx, want)
}

func (a *Applier) say(format string, args ...any) {
	if a.Say != nil {
		a.Say(format, args...)
	}
}

// rebase moves a change to what a set holds now, where the difference is what the
// change does not touch: somebody added a record of their own beside ours.
func (c Change) rebase(live []Value) (Change, error) {
	switch c.at(live) {
	case before, middle, after:
		return c, nil
	case elsewhere:
	}
	added, removed := c.Added(), c.Removed()
	hasOld := len(Minus(removed, live)) == 0
	hasNew := len(Minus(added, live)) == 0
	rest := Minus(Minus(live, added), removed)
	base := Minus(c.Before, removed)
	if c.Key.Kind != Records || len(Minus(base, rest)) > 0 {
		return c, concurrent(c.Key) // what we carried through is gone or changed
	}
	switch {
	case hasNew && (len(removed) == 0 || !hasOld), hasOld && (len(added) == 0 || !hasNew), hasOld && hasNew:
		return Change{c.Key, append(slices.Clone(rest), removed...), append(slices.Clone(rest), added...)}, nil
	}
	return c, concurrent(c.Key)
}
