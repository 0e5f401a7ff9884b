package oracle

import (
	"math"

	lr "github.com/launchready/launchready"
)

// Rate is what n tries with some hits say of the true rate: none seen in ten is
// no proof of none, and the bound says how much it leaves open.
func Rate(hits, n int) lr.Rate {
	return lr.Rate{Hits: hits, N: n, Upper95: Upper95(hits, n)}
}

// Upper95 is the one-sided 95 % upper bound of a rate (Clopper and Pearson, 1934):
// the largest rate under which so few hits still come up one time in twenty. It is
// 1 where nothing was tried.
func Upper95(hits, n int) float64 {
	if n <= 0 || hits >= n {
		return 1
	}
	hits = max(hits, 0)
	low, high := float64(hits)/float64(n), 1.0
	for range 60 {
		mid := (low + high) / 2
		if AtMost(hits, n, mid) > 0.05 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// AtMost is the chance of at most k hits in n tries at the rate p.
func AtMost(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		return 0
	}
	sum := 0.0
	for i := 0; i <= k; i++ {
		sum += math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// Wilson is the two-sided 95 % interval of a rate (Wilson, 1927).
func Wilson(hits, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(hits)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, centre-half), min(1, centre+half)
}

// Fisher is the one-sided p-value of Fisher's exact test: how likely the first
// arm is to show at least so many hits more if both had one rate.
func Fisher(hits, n, controlHits, controlN int) float64 {
	if n <= 0 || controlN <= 0 {
		return 1
	}
	all, total := hits+controlHits, n+controlN
	p := 0.0
	for k := hits; k <= min(n, all); k++ {
		if all-k > controlN {
			continue
		}
		p += math.Exp(logChoose(n, k) + logChoose(controlN, all-k) - logChoose(total, all))
	}
	return min(p, 1)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
