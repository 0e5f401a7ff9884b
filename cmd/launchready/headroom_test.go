package main

import "testing"

// TestPercent: a small heap may grow by 32 MB, one in between doubles, and a large one has
// less room.
func TestPercent(t *testing.T) {
	for _, c := range []struct {
		base int
		live uint64
		want int
	}{
		{100, 0, 3200}, {100, 4 << 20, 800}, {100, 5 << 20, 600}, {100, 16 << 20, 200}, {100, 31 << 20, 100}, {100, 32 << 20, 100}, {100, 64 << 20, 100}, {100, 128 << 20, 50}, {100, 200 << 20, 30}, {100, 256 << 20, 25}, {100, 4 << 30, 25},
		{400, 64 << 20, 400}, {400, 128 << 20, 200}, {20, 1 << 30, 20}, {0, 1 << 30, 0},
		{20, 4 << 20, 150}, {20, 30 << 20, 20}, {400, 4 << 20, 3200}, {0, 4 << 20, 0},
	} {
		if got := percent(c.base, c.live); got != c.want {
			t.Errorf("%d %% of %d MB: %d, want %d", c.base, c.live>>20, got, c.want)
		}
	}
}

// TestRepose: memory is given back once after requests, when there are none any more.
func TestRepose(t *testing.T) {
	r := repose{seen: 5 << 20, given: 5 << 20}
	for i, look := range []struct {
		made uint64 // since the last look
		due  bool
	}{
		{100 << 10, false}, // nothing was asked yet
		{20 << 20, false},  // requests
		{20 << 20, false},
		{200 << 10, true},
		{200 << 10, false}, // probes
		{900 << 10, false},
		{9 << 20, false}, // a burst
		{0, true},
		{0, false},
		{2 << 20, false}, // few: there is nothing to give
		{0, false},
	} {
		if got := r.due(r.seen + look.made); got != look.due {
			t.Errorf("look %d: %v, want %v", i, got, look.due)
		}
	}
}
