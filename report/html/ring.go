package html

import (
	"fmt"
	"math"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// ring is the scorecard at a glance: one arc a row. The verdicts differ by
// thickness and dashes as well as by colour.
type ring struct {
	Arcs   []arc
	Big    string // passed rows
	Small  string // "of 13 passed"
	Desc   string // the same in words
	Legend []legend
}

type arc struct {
	Class, D, Title string
}

type legend struct {
	Verdict lr.Verdict
	N       int
}

const radius = 52.0

func newRing(r *lr.Report) ring {
	n := map[lr.Verdict]int{}
	out := ring{}
	total := len(r.Rows)
	gap := 0.09 // radians
	if total <= 1 {
		gap = 0.001
	}
	for i, row := range r.Rows {
		n[row.Verdict]++
		from := 2*math.Pi*float64(i)/float64(total) + gap/2
		to := 2*math.Pi*float64(i+1)/float64(total) - gap/2
		out.Arcs = append(out.Arcs, arc{
			Class: class(row.Verdict), D: sweep(from, to),
			Title: report.Line(row.Title) + ": " + row.Verdict.String(),
		})
	}
	out.Big = fmt.Sprint(n[lr.Passed])
	out.Small = fmt.Sprintf("of %d passed", total)
	for _, v := range []lr.Verdict{lr.Failed, lr.Unknown, lr.Passed, lr.Skipped} {
		out.Legend = append(out.Legend, legend{v, n[v]})
	}
	out.Desc = fmt.Sprintf("%s passed, %d failed, %d unknown, %d skipped. The table of the scorecard below says the same.",
		report.Count(n[lr.Passed], "row"), n[lr.Failed], n[lr.Unknown], n[lr.Skipped])
	return out
}

// sweep is an SVG path along the circle, clockwise from the top.
func sweep(from, to float64) string {
	x := func(a float64) float64 { return radius * math.Sin(a) }
	y := func(a float64) float64 { return -radius * math.Cos(a) }
	large := 0
	if to-from > math.Pi {
		large = 1
	}
	return fmt.Sprintf("M%.2f %.2fA%g %g 0 %d 1 %.2f %.2f", x(from), y(from), radius, radius, large, x(to), y(to))
}
