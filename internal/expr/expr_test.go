package expr_test

import (
	"sync"
	"testing"

	"github.com/launchready/launchready/internal/expr"
)

// TestLazy: all who ask get the one expression, also at once.
func TestLazy(t *testing.T) {
	word := expr.Lazy(`^a+$`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if e := word(); e != word() || !e.MatchString("aaa") || e.MatchString("b") {
				t.Errorf("got %v", e)
			}
		})
	}
	all.Wait()
}

// TestLazyIsLate: what is no expression is told by the first use, not before.
func TestLazyIsLate(t *testing.T) {
	broken := expr.Lazy(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a broken expression was taken")
		}
	}()
	broken()
}
