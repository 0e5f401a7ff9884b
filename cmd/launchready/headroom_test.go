package main

import "testing"

// TestPercent: a small heap is collected as ever, and a large one has less room.
func TestPercent(t *testing.T) {
	for _, c := range []struct {
		base int
		live uint64
		want int
	}{
		{100, 0, 100}, {100, 16 << 20, 100}, {100, 64 << 20, 100}, {100, 128 << 20, 50}, {100, 200 << 20, 30}, {100, 256 << 20, 25}, {100, 4 << 30, 25},
		{400, 64 << 20, 400}, {400, 128 << 20, 200}, {20, 1 << 30, 20}, {0, 1 << 30, 0},
	} {
		if got := percent(c.base, c.live); got != c.want {
			t.Errorf("%d %% of %d MB: %d, want %d", c.base, c.live>>20, got, c.want)
		}
	}
}
