package audit

import (
	"context"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Kept is something that a drill left in the target, to look for it later.
type Kept struct {
	run    *run
	object *lr.Object
}

// Keep signs in and creates objects as an audit would, and picks one that its
// owner can read back. Close removes them.
func Keep(ctx context.Context, o Options) (*Kept, error) {
	o.Rows, o.Only = nil, nil
	r, err := begin(ctx, o)
	if err != nil {
		return nil, err
	}
	k := &Kept{run: r}
	for _, o := range r.stage.Objects() { // in the order of their names
		if !o.Made || len(o.Canaries) == 0 {
			continue
		}
		k.object = o
		if k.Look(ctx) == nil {
			return k, nil
		}
	}
	_, err = k.Close(ctx)
	return nil, errors.Join(&SetupError{errors.New("no object could be created and read back by its owner")}, err)
}

// Look reads the object back, and holds it to what was written into it.
func (k *Kept) Look(ctx context.Context) error {
	state, err := k.run.stage.ReadBack(ctx, k.object)
	switch {
	case err != nil:
		return fmt.Errorf("read %s back: %w", k.object.Resource, err)
	case state == nil || !state.Exists:
		return fmt.Errorf("%s is gone", k.object.Resource)
	case len(oracle.Find(k.object.Canaries, state.Exchange)) == 0:
		return fmt.Errorf("%s is there without what was written into it", k.object.Resource)
	}
	return nil
}

// Close removes what was created, and returns what could not be removed.
func (k *Kept) Close(ctx context.Context) ([]string, error) {
	k.run.teardown(ctx)
	return k.run.orphans, ctx.Err()
}
