package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/stage"
)

// Cleanup removes what an earlier run left in the target, by the ledger, and
// returns what it could not remove, one line each.
func Cleanup(ctx context.Context, o Options, earlier string) (orphans []string, err error) {
	if o.Ledger == nil {
		return nil, &SetupError{errors.New("there is no ledger to clean up by")}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := alive(ctx, o.Client); err != nil {
		return nil, &SetupError{err}
	}
	if o.Preflight != nil {
		if err := o.Preflight(ctx); err != nil {
			return nil, &SetupError{err}
		}
	}
	target := *o.Target
	target.Accounts = o.Cast.Accounts()
	s := stage.New(stage.Options{
		Target: &target, HTTP: o.Client, Mint: oracle.NewMint(o.Run, nil), Ledger: o.Ledger, Run: earlier, Declared: o.Declared, Log: o.Log,
	})
	orphans, err = s.Teardown(ctx, earlier)
	if err != nil {
		return orphans, fmt.Errorf("clean up after run %s: %w", earlier, err)
	}
	return orphans, nil
}
