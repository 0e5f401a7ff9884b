package main

import (
	"fmt"
	"time"
)

// pace tells from how long checks took how long the rest will take.
type pace struct {
	since time.Time // when the step under way began
	asked time.Time // when the first check began
}

// step begins the next step, and returns how long the one before took.
func (c *pace) step(now time.Time, phase string) time.Duration {
	var took time.Duration
	if !c.since.IsZero() {
		took = now.Sub(c.since)
	}
	c.since = now
	if phase == "check" && c.asked.IsZero() {
		c.asked = now
	}
	return took
}

// Less is known before so many checks are done and so much time has passed than
// would make a number worth telling.
const (
	enoughChecks = 3
	enoughTime   = 2 * time.Second
)

// left is an estimate of the time that the rest takes, 0 when it is not known:
// each row's open checks at the mean of its done ones, and at the mean of all
// where none is done.
func (c *pace) left(now time.Time, rows []*rowProgress) time.Duration {
	done, open := 0, 0
	var took time.Duration
	for _, r := range rows {
		done, open, took = done+r.done, open+r.total-r.done, took+r.took
	}
	if done < enoughChecks || open == 0 || c.asked.IsZero() || now.Sub(c.asked) < enoughTime {
		return 0
	}
	all := took / time.Duration(done)
	var left time.Duration
	for _, r := range rows {
		mean := all
		if r.done > 0 {
			mean = r.took / time.Duration(r.done)
		}
		left += mean * time.Duration(r.total-r.done)
		if r.current != "" { // a part of that has passed
			left -= min(mean, now.Sub(c.since))
		}
	}
	return max(left, 0)
}

// words tells a time as roughly as it is known; nothing when it is not.
func words(left time.Duration) string {
	const step = 5 * time.Second
	switch rounded := (left + step - 1) / step * step; {
	case left < time.Second:
		return ""
	case rounded < time.Minute:
		return fmt.Sprintf("about %d s left", int(rounded.Seconds()))
	default:
		return fmt.Sprintf("about %d min left", int((left + time.Minute - 1).Minutes()))
	}
}
