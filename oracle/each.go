package oracle

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Each runs f over the items, at most eight at once, and stops at the first
// error, which ends the check.
func Each[T any](ctx context.Context, items []T, f func(context.Context, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, item := range items {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, item)
		})
	}
	return g.Wait()
}
