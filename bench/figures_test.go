package main

import (
	"math"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for name, c := range map[string]struct {
		in   []int
		want int
	}{
		"none":            {nil, 0},
		"one":             {[]int{7}, 7},
		"odd, unsorted":   {[]int{9, 1, 5}, 5},
		"even: the lower": {[]int{4, 1, 3, 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := median(c.in); got != c.want {
				t.Errorf("median of %v is %d, want %d", c.in, got, c.want)
			}
		})
	}
	in := []int{3, 1, 2}
	median(in)
	if in[0] != 3 {
		t.Error("median sorted the caller's slice")
	}
}

func TestFit(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
	x := []float64{10, 50, 200, 1000}
	for name, c := range map[string]struct {
		y                    func(float64) float64
		base, slope, power   float64
		straight, powerKnown bool
	}{
		"a line through zero": {y: func(x float64) float64 { return 3 * x }, slope: 3, power: 1, straight: true, powerKnown: true},
		"a line with a base":  {y: func(x float64) float64 { return 400 + 20*x }, base: 400, slope: 20, straight: true},
		"a square":            {y: func(x float64) float64 { return x * x }, power: 2, powerKnown: true},
	} {
		t.Run(name, func(t *testing.T) {
			var y []float64
			for _, v := range x {
				y = append(y, c.y(v))
			}
			l := fit(x, y)
			if c.straight && (!near(l.base, c.base) || !near(l.slope, c.slope) || !near(l.r2, 1) || !near(l.off, 0)) {
				t.Errorf("got %+v, want base %v, slope %v, no distance", l, c.base, c.slope)
			}
			if !c.straight && (l.r2 > 0.99 || l.off < 0.05) {
				t.Errorf("a curve passes for a line: %+v", l)
			}
			if c.powerKnown && !near(order(x, y), c.power) {
				t.Errorf("power %v, want %v", order(x, y), c.power)
			}
		})
	}
}

func TestFitOfTooLittle(t *testing.T) {
	for name, c := range map[string][2][]float64{
		"nothing":       {},
		"one point":     {{1}, {1}},
		"one x":         {{2, 2}, {1, 5}},
		"unequal sides": {{1, 2, 3}, {1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fit(c[0], c[1]); got != (line{}) {
				t.Errorf("got %+v, want no line", got)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	const status = "Name:\tlaunchready\nVmPeak:\t  900 kB\nVmHWM:\t   45128 kB\nVmRSS:\t   40000 kB\n"
	for name, c := range map[string]struct {
		text string
		want int64
	}{
		"the high-water mark": {status, 45128 << 10},
		"no such field":       {"Name:\tx\n", 0},
		"another unit":        {"VmHWM:\t 5 MB\n", 0},
		"no number":           {"VmHWM:\t x kB\n", 0},
		"empty":               {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := statusField([]byte(c.text), "VmHWM:"); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestStatCPU(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want time.Duration
	}{
		"plain":                   {"12 (launchready) S 1 12 12 0 -1 4194560 1 0 0 0 154 46 0 0 20 0", 2 * time.Second},
		"a name with a space":     {"12 (launch ready) S 1 12 12 0 -1 4194560 1 0 0 0 100 0 0 0 20 0", time.Second},
		"a name with a bracket":   {"12 (a) b) S 1 12 12 0 -1 4194560 1 0 0 0 50 50 0 0 20 0", time.Second},
		"cut":                     {"12 (x) S 1 12", 0},
		"empty":                   {"", 0},
		"words instead of a time": {"12 (x) S 1 12 12 0 -1 4194560 1 0 0 0 a b 0 0 20 0", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := statCPU([]byte(c.text)); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
