package oracle

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	var sum atomic.Int64
	err := Each(t.Context(), []int64{1, 2, 3, 4}, func(_ context.Context, n int64) error { sum.Add(n); return nil })
	if err != nil || sum.Load() != 10 {
		t.Errorf("got %d, %v; want every item once", sum.Load(), err)
	}
	boom := errors.New("boom")
	err = Each(t.Context(), []int{1, 2, 3}, func(_ context.Context, n int) error {
		if n == 2 {
			return boom
		}
		return nil
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v, want the item's error", err)
	}
}

func TestEachSurvivesAPanic(t *testing.T) {
	err := Each(t.Context(), []int{1}, func(context.Context, int) error {
		var none []string
		_ = none[len(none)]
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "the check itself broke") {
		t.Errorf("got %v, want the panic as an error", err)
	}
}

func TestEachStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	asked := 0
	err := Each(ctx, []int{1, 2, 3}, func(context.Context, int) error { asked++; return nil })
	if !errors.Is(err, context.Canceled) || asked != 0 {
		t.Errorf("got %v after %d items, want none asked", err, asked)
	}
}
