package edge

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Run applies plans and takes them back, with a journal.
type Run struct {
	File  string // of the journal
	Apply func(*Plan) (*Applier, error)
	Now   func() time.Time
}

// Do applies plans, or finishes the apply that the journal says was interrupted.
// It returns the plans that it applied. The journal is on the disk before the
// first change; every set is looked at before the first change too.
func (r *Run) Do(ctx context.Context, plans []*Plan) ([]*Plan, error) {
	j, err := ReadJournal(r.File)
	if err != nil {
		return nil, err
	}
	next := &Journal{Begun: r.Now().UTC().Truncate(time.Second), State: Applying, Plans: plans}
	switch {
	case j.Unfinished() && j.State == Applying && (plans == nil || j.ID() == next.ID()):
		next = j
	case j.Unfinished():
		return nil, ErrUnfinished
	}
	appliers := make([]*Applier, len(next.Plans))
	for i, p := range next.Plans {
		if appliers[i], err = r.Apply(p); err != nil {
			return nil, err
		}
		if _, err := appliers[i].check(ctx, p.Changes()); err != nil {
			return nil, err
		}
	}
	if next != j {
		if err := Keep(r.File, j); err != nil {
			return nil, err
		}
		if err := next.Write(r.File); err != nil {
			return nil, err
		}
	}
	for i, p := range next.Plans {
		if err := appliers[i].Apply(ctx, p.Changes()); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Zone, err)
		}
	}
	next.State = Applied
	return next.Plans, next.Write(r.File)
}

// Back takes the last apply back, finished or not. Records that others added
// since are carried through.
func (r *Run) Back(ctx context.Context) ([]*Plan, error) {
	j, err := ReadJournal(r.File)
	switch {
	case err != nil:
		return nil, err
	case j == nil:
		return nil, fmt.Errorf("there is nothing to take back: %s does not exist", r.File)
	case j.State == RolledBack:
		return nil, fmt.Errorf("there is nothing to take back: the apply of %s was rolled back", j.Begun.Format(time.RFC3339))
	}
	plans := slices.Clone(j.Plans)
	slices.Reverse(plans)
	back := make([][]Change, len(plans))
	appliers := make([]*Applier, len(plans))
	for i, p := range plans {
		if appliers[i], err = r.Apply(p); err != nil {
			return nil, err
		}
		s, err := appliers[i].Driver.Read(ctx, p.Keys())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", appliers[i].Driver.Name(), err)
		}
		for _, c := range p.Changes() {
			c, err := c.Back().rebase(s.Sets[c.Key])
			if err != nil {
				return nil, err
			}
			back[i] = append(back[i], c)
		}
		slices.Reverse(back[i])
	}
	j.State = RollingBack
	if err := j.Write(r.File); err != nil {
		return nil, err
	}
	for i, p := range plans {
		if err := appliers[i].Apply(ctx, back[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Zone, err)
		}
	}
	j.State = RolledBack
	return plans, j.Write(r.File)
}
