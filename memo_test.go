package launchready_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestMemoAsksOnce has many ask at once, and one ask anew after an end.
func TestMemoAsksOnce(t *testing.T) {
	var m lr.Memo
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			v, err := lr.Recall(t.Context(), &m, "key", func(context.Context) (string, error) {
				n.Add(1)
				return "answer", nil
			})
			if v != "answer" || err != nil {
				t.Errorf("got %q, %v", v, err)
			}
		})
	}
	wg.Wait()
	if n.Load() != 1 {
		t.Errorf("asked %d times, want once", n.Load())
	}
	if v, err := lr.Recall(t.Context(), &m, "other", func(context.Context) (string, error) { return "else", nil }); v != "else" || err != nil {
		t.Errorf("another key got %q, %v", v, err)
	}
}

func TestMemoOfErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		again bool
	}{
		"an answer that could not be had is remembered": {errors.New("refused"), false},
		"a spent budget is none":                        {fmt.Errorf("%w: 10 requests", lr.ErrBudget), true},
		"a lost target is none":                         {lr.ErrLost, true},
	} {
		t.Run(name, func(t *testing.T) {
			var m lr.Memo
			n := 0
			ask := func() error {
				_, err := lr.Recall(t.Context(), &m, "key", func(context.Context) (int, error) {
					n++
					return 0, c.err
				})
				return err
			}
			if err := ask(); !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if err := ask(); !errors.Is(err, c.err) || (n == 2) != c.again {
				t.Errorf("got %v after %d questions, asked again is to be %v", err, n, c.again)
			}
		})
	}
}

// TestMemoOfAnEndedContext does not keep what an interrupt cut short.
func TestMemoOfAnEndedContext(t *testing.T) {
	var m lr.Memo
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := lr.Recall(ctx, &m, "key", func(context.Context) (int, error) {
		cancel()
		return 0, context.Canceled
	}); err == nil {
		t.Fatal("got no error")
	}
	if v, err := lr.Recall(t.Context(), &m, "key", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
}

func TestNoMemoKeepsNothing(t *testing.T) {
	n := 0
	for range 2 {
		if _, err := lr.Recall(t.Context(), nil, "key", func(context.Context) (int, error) { n++; return n, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n != 2 {
		t.Errorf("asked %d times, want twice", n)
	}
}

// TestRecalled gives what was made, of its type, and nothing else.
func TestRecalled(t *testing.T) {
	var m lr.Memo
	if _, ok := lr.Recalled[string](nil, "key"); ok {
		t.Error("a nil memo has something")
	}
	if _, ok := lr.Recalled[string](&m, "key"); ok {
		t.Error("an empty memo has something")
	}
	for key, err := range map[string]error{"made": nil, "failed": errors.New("no")} {
		_, _ = lr.Recall(t.Context(), &m, key, func(context.Context) (string, error) { return "v", err })
	}
	if v, ok := lr.Recalled[string](&m, "made"); v != "v" || !ok {
		t.Errorf("got %q, %t", v, ok)
	}
	if _, ok := lr.Recalled[int](&m, "made"); ok {
		t.Error("it is of another type")
	}
	if _, ok := lr.Recalled[string](&m, "failed"); ok {
		t.Error("an error is no answer")
	}
}
