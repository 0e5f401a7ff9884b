package auth

import (
	"context"
	"errors"

	lr "github.com/launchready/launchready"
)

// ended returns the error when the check cannot go on: the run is over, the
// budget is spent, the target is gone. Any other error only leaves its subject
// unknown.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.Is(err, lr.ErrBudget), errors.Is(err, lr.ErrLost), errors.Is(err, lr.ErrScope):
		return err
	}
	return nil
}

// unasked reports an error as the reason why a subject is unknown, or returns it
// when it ends the check.
func unasked(ctx context.Context, t *lr.Trial, subject, what string, err error) error {
	if err := ended(ctx, err); err != nil {
		return err
	}
	t.Unknown(subject, "%s: %v", what, err)
	return nil
}
