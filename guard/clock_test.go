package guard_test

import (
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
)

// TestClock: the machine's clock may be set; the time goes on evenly, and takes over
// what has stood for ten minutes.
func TestClock(t *testing.T) {
	begin := time.Date(2026, 11, 27, 23, 0, 0, 0, time.UTC)
	type step struct {
		goes time.Duration // evenly, before
		set  time.Duration // the machine's clock is set by
		want time.Duration // since the beginning
	}
	for name, steps := range map[string][]step{
		"evenly":            {{0, 0, 0}, {time.Hour, 0, time.Hour}, {24 * time.Hour, 0, 25 * time.Hour}},
		"in small steps":    {{time.Minute, time.Second, 61 * time.Second}, {time.Minute, -2 * time.Second, 119 * time.Second}},
		"forward":           {{time.Second, 2 * time.Hour, time.Second}, {9 * time.Minute, 0, 9*time.Minute + time.Second}, {2 * time.Minute, 0, 2*time.Hour + 11*time.Minute + time.Second}},
		"back":              {{time.Second, -2 * time.Hour, time.Second}, {9 * time.Minute, 0, 9*time.Minute + time.Second}, {2 * time.Minute, 0, -2*time.Hour + 11*time.Minute + time.Second}},
		"forward and back":  {{time.Second, 2 * time.Hour, time.Second}, {9 * time.Minute, -2 * time.Hour, 9*time.Minute + time.Second}, {time.Hour, 0, time.Hour + 9*time.Minute + time.Second}},
		"again and again":   {{time.Second, time.Hour, time.Second}, {9 * time.Minute, time.Hour, 9*time.Minute + time.Second}, {9 * time.Minute, -4 * time.Hour, 18*time.Minute + time.Second}, {9 * time.Minute, 0, 27*time.Minute + time.Second}},
		"asked after hours": {{5 * time.Hour, time.Hour, 5 * time.Hour}, {5 * time.Hour, 0, 11 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			var even time.Duration
			wall := begin
			c := &guard.Clock{Wall: func() time.Time { return wall }, Even: func() time.Duration { return even }}
			if got := c.Now(); !got.Equal(begin) {
				t.Fatalf("at first %v", got)
			}
			for i, s := range steps {
				even += s.goes
				wall = wall.Add(s.goes + s.set)
				if got := c.Now(); !got.Equal(begin.Add(s.want)) {
					t.Errorf("step %d: %v, want %v", i, got, begin.Add(s.want))
				}
			}
		})
	}
	var c guard.Clock
	before := time.Now().Add(-time.Millisecond).Round(0)
	if a, b := c.Now(), c.Now(); a.Before(before) || b.Before(a) {
		t.Errorf("%v and %v, after %v", a, b, before)
	}
}
