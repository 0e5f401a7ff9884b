package latency

import (
	"math"
	"sort"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// quantiles of times in milliseconds, exact: a load has hundreds of requests, and
// a histogram that rounds them would save nothing.
func quantiles(in []float64) lr.Quantiles {
	if len(in) == 0 {
		return lr.Quantiles{}
	}
	s := append([]float64(nil), in...)
	sort.Float64s(s)
	q := lr.Quantiles{P50: quantile(s, 0.5), P90: quantile(s, 0.9), P95: quantile(s, 0.95), P99: quantile(s, 0.99)}
	q.Low95, q.High95 = bounds(s, 0.95)
	return q
}

// quantile is the smallest value that the share of the sorted sample does not
// exceed (nearest rank); 0 of an empty one.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// bounds is the two-sided 95 % interval of a quantile, from the order of the
// sample alone: the number of values below the true quantile is binomial (Hahn
// and Meeker, Statistical Intervals, 5.2). high is 0 where the sample is too small
// to have one.
func bounds(sorted []float64, share float64) (low, high float64) {
	n := len(sorted)
	l := -1
	for k := 0; k < n && oracle.AtMost(k, n, share) <= 0.025; k++ {
		l = k
	}
	if l >= 0 {
		low = sorted[l]
	}
	for k := range n {
		if oracle.AtMost(k, n, share) >= 0.975 {
			return low, sorted[k]
		}
	}
	return low, 0
}

// buckets counts times for a plot: each bound is a quarter above the last but
// one, so that 10 ms and 10 s both have room.
func buckets(in []float64) []lr.Bucket {
	if len(in) == 0 {
		return nil
	}
	s := append([]float64(nil), in...)
	sort.Float64s(s)
	var out []lr.Bucket
	i := 0
	for bound := 1.0; i < len(s) && len(out) < 60; bound *= 1.4 {
		b := lr.Bucket{Upto: math.Round(bound*10) / 10}
		for i < len(s) && (s[i] <= bound || len(out) == 59) {
			b.N++
			i++
		}
		if b.N > 0 || len(out) > 0 {
			out = append(out, b)
		}
	}
	return out
}
