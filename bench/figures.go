package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"
	"time"
)

// median is the middle value, the lower of two.
func median[T cmp.Ordered](in []T) T {
	var zero T
	if len(in) == 0 {
		return zero
	}
	s := slices.Clone(in)
	slices.Sort(s)
	return s[(len(s)-1)/2]
}

// line is a least-squares fit y = base + slope x.
type line struct {
	base, slope float64
	r2          float64 // share of the variance that the line explains
	off         float64 // largest distance of a point from the line, as a share of the largest y
}

// fit lays a line through the points.
func fit(x, y []float64) line {
	n := float64(len(x))
	if n < 2 || len(x) != len(y) {
		return line{}
	}
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	d := n*sxx - sx*sx
	if d == 0 {
		return line{}
	}
	l := line{slope: (n*sxy - sx*sy) / d}
	l.base = (sy - l.slope*sx) / n
	var rest, all float64
	for i := range x {
		at := l.base + l.slope*x[i]
		rest += (y[i] - at) * (y[i] - at)
		all += (y[i] - sy/n) * (y[i] - sy/n)
		l.off = max(l.off, math.Abs(y[i]-at)/slices.Max(y))
	}
	l.r2 = 1
	if all > 0 {
		l.r2 = 1 - rest/all
	}
	return l
}

// order is the power p of y ~ x^p that fits best: the slope of the logarithms.
func order(x, y []float64) float64 {
	logs := func(in []float64) []float64 {
		out := make([]float64, len(in))
		for i, v := range in {
			out[i] = math.Log(v)
		}
		return out
	}
	return fit(logs(x), logs(y)).slope
}

// table prints rows under heads, in columns.
func table(s *settings, title string, heads []string, rows [][]string) error {
	fmt.Fprintf(s.out, "\n%s\n", title)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{heads}, rows...) {
		for _, cell := range row {
			fmt.Fprintf(w, "%s\t", cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func megabytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(n)/(1<<20))
}
