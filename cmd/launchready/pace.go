package main

import (
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
)

// pace tells how long the rest of a run will take: by what each check took in
// the last runs against this target, and how this run goes beside them; without
// such runs by this one alone, once half of it is done. Checks differ a
// hundredfold, and the first of a row does the work for the others: a mean of a
// few tells nothing.
type pace struct {
	ids   []string                 // what will be asked
	costs map[string]time.Duration // what it took before, where that is known
	took  map[string]time.Duration // what is done: its share of the run's time, as rows run abreast
	since time.Time                // when the step under way began
	asked time.Time                // when the first check began
	at    string                   // the check that began last
}

// step begins the next step.
func (c *pace) step(now time.Time, e audit.Event) {
	switch e.Phase {
	case "check":
		c.at = e.Check
		if c.asked.IsZero() {
			c.asked = now
		}
	case "checked":
		if c.took == nil {
			c.took = map[string]time.Duration{}
		}
		c.took[e.Check], c.at = now.Sub(c.since), ""
	}
	c.since = now
}

// enoughTime is how long a run must go before it tells anything by itself.
const enoughTime = 2 * time.Second

// left is an estimate of the time that the rest takes, 0 when it is not known.
func (c *pace) left(now time.Time) time.Duration {
	var was, is, known, did time.Duration // costs of what is done, and what it took; both for all
	costed, told, open := 0, 0, 0
	for _, id := range c.ids {
		cost, ok := c.costs[id]
		if ok && cost > 0 {
			known, costed = known+cost, costed+1
		}
		took, done := c.took[id]
		switch {
		case !done:
			open++
			if ok {
				told++
			}
		case ok:
			was, is = was+cost, is+took
		}
		did += took
	}
	done := len(c.ids) - open
	past := costed > 0 && 2*told >= open
	switch {
	case open == 0 || c.asked.IsZero():
		return 0
	case !past && (2*done < len(c.ids) || now.Sub(c.asked) < enoughTime):
		return 0
	}
	scale, mean := 1.0, time.Duration(0)
	if costed > 0 {
		// A tenth of the whole stands for the past, so that the first check, which
		// a cold start makes slow, does not decide for all.
		prior := known / 10
		scale, mean = float64(is+prior)/float64(was+prior), known/time.Duration(costed)
	} else {
		mean = did / time.Duration(done)
	}
	var left time.Duration
	for _, id := range c.ids {
		if _, done := c.took[id]; done {
			continue
		}
		cost, ok := c.costs[id]
		if !ok {
			cost = mean
		}
		cost = time.Duration(float64(cost) * scale)
		if id == c.at { // a part of that has passed
			cost = max(cost-now.Sub(c.since), 0)
		}
		left += cost
	}
	return left
}

// mostRead bounds how many kept reports are read for an estimate.
const mostRead = 3

// costs are what checks took in the last runs against the target; nothing for
// what will not be asked. What cannot be read is not missed: it is an estimate.
func (p *program) costs(cfg *config.Config, mutate bool, rows []lr.Row) map[string]time.Duration {
	out := map[string]time.Duration{}
	for _, r := range rows {
		for _, c := range r.Checks {
			if c.Effect > lr.Reads && !mutate {
				out[c.ID] = 0
			}
		}
	}
	files, err := keptFiles(cfg.Dir)
	if err != nil {
		return out
	}
	for _, f := range files[:min(len(files), mostRead)] {
		rep, err := p.readReport(f)
		if err != nil || ofTarget(rep, cfg) != nil {
			continue
		}
		for _, r := range rep.Rows {
			for _, c := range r.Checks {
				if _, newer := out[c.ID]; !newer && c.Seconds > 0 {
					out[c.ID] = time.Duration(c.Seconds * float64(time.Second))
				}
			}
		}
	}
	return out
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
