package html

import (
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// plot is the histogram of a load's times, with the scorecard's limit in it, and
// the parts that they are made of.
type plot struct {
	Width, Height, Base int
	Desc                string
	Bars                []bar
	Limit               int // where 500 ms is; 0 when no time reached it
	Ticks               []tick
	Parts               []part
}

type bar struct {
	X, Y, W, H   int
	Class, Title string
}

type tick struct {
	X    int
	Text string
}

type part struct {
	Name   string
	Values []string
}

// limitMillis is the scorecard's limit on the 95th percentile.
const limitMillis = 500

func newPlot(l *lr.Latency) plot {
	const barWidth, gap, tall, foot = 14, 2, 64, 14
	p := plot{Height: tall + foot, Base: tall}
	most := 1
	for _, b := range l.Buckets {
		most = max(most, b.N)
	}
	from := 0.0
	for i, b := range l.Buckets {
		x := i * (barWidth + gap)
		h := 0
		if b.N > 0 {
			h = max(b.N*(tall-4)/most, 2)
		}
		class := "within"
		if b.Upto > limitMillis {
			class = "over"
			if p.Limit == 0 && i > 0 {
				p.Limit = x - gap/2
			}
		}
		p.Bars = append(p.Bars, bar{X: x, Y: tall - h, W: barWidth, H: h, Class: class, Title: fmt.Sprintf("%s: %.0f to %.0f ms", report.Count(b.N, "request"), from, b.Upto)})
		if i%4 == 0 {
			p.Ticks = append(p.Ticks, tick{x, millis(b.Upto)})
		}
		from = b.Upto
	}
	p.Width = max(len(l.Buckets)*(barWidth+gap)+24, 120)
	p.Desc = fmt.Sprintf("Times of %s: half within %s, 95 of 100 within %s", report.Count(l.N-l.Errors, "request"), millis(l.Decisive.P50), millis(l.Decisive.P95))
	for _, q := range []struct {
		name string
		q    lr.Quantiles
	}{{"decides", l.Decisive}, {"first byte", l.First}, {"last byte", l.Last}, {"model provider", l.Provider}, {"connecting", l.Connect}} {
		if q.q.P99 > 0 {
			p.Parts = append(p.Parts, part{q.name, []string{millis(q.q.P50), millis(q.q.P90), millis(q.q.P95), millis(q.q.P99)}})
		}
	}
	return p
}

func millis(ms float64) string {
	switch {
	case ms >= 10_000:
		return fmt.Sprintf("%.0f s", ms/1000)
	case ms >= 1000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}
