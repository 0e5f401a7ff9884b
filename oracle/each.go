package oracle

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// Each runs f over the items, at most eight at once, and stops at the first
// error, which ends the check.
func Each[T any](ctx context.Context, items []T, f func(context.Context, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, item := range items {
		g.Go(func() (err error) {
			// A reply that nobody thought of must cost one check, not the run.
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("the check itself broke (%v); please report it with this:\n%s", p, debug.Stack())
				}
			}()
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, item)
		})
	}
	return g.Wait()
}
