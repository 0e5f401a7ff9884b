package oracle_test

import (
	"math"
	"testing"

	"github.com/launchready/launchready/oracle"
)

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

// TestUpper95: no hit in n tries leaves 1 - 0.05^(1/n).
func TestUpper95(t *testing.T) {
	for _, n := range []int{1, 5, 10, 20, 59, 299} {
		want := 1 - math.Pow(0.05, 1/float64(n))
		if got := oracle.Upper95(0, n); !near(got, want, 1e-9) {
			t.Errorf("0 of %d: %.6f, want %.6f", n, got, want)
		}
	}
	for _, c := range []struct {
		hits, n int
		want    float64
	}{
		{0, 0, 1}, {5, 5, 1}, {7, 5, 1}, {-1, 10, 0.2589}, {1, 10, 0.3942}, {3, 10, 0.6066}, {50, 1000, 0.0629},
	} {
		if got := oracle.Upper95(c.hits, c.n); !near(got, c.want, 5e-4) {
			t.Errorf("%d of %d: %.4f, want %.4f", c.hits, c.n, got, c.want)
		}
	}
	for n := 1; n < 60; n++ {
		for hits := 1; hits <= n; hits++ {
			if oracle.Upper95(hits, n) < oracle.Upper95(hits-1, n) {
				t.Fatalf("the bound of %d of %d is below that of %d", hits, n, hits-1)
			}
		}
	}
	if r := oracle.Rate(0, 10); r.Hits != 0 || r.N != 10 || !near(r.Upper95, 0.2589, 5e-4) {
		t.Errorf("rate %+v", r)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{{3, 10, 0.1078, 0.6032}, {0, 10, 0, 0.2775}, {10, 10, 0.7225, 1}, {0, 0, 0, 1}} {
		if low, high := oracle.Wilson(c.hits, c.n); !near(low, c.low, 5e-4) || !near(high, c.high, 5e-4) {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.hits, c.n, low, high, c.low, c.high)
		}
	}
}

func TestFisher(t *testing.T) {
	for _, c := range []struct {
		a, n, b, m int
		want       float64
	}{{5, 5, 0, 5, 0.0040}, {4, 8, 0, 8, 0.0385}, {5, 10, 0, 10, 0.0163}, {3, 5, 0, 5, 0.0833}, {3, 10, 0, 10, 0.1053}, {0, 10, 0, 10, 1}, {0, 10, 5, 10, 1}, {1, 0, 0, 10, 1}} {
		if got := oracle.Fisher(c.a, c.n, c.b, c.m); !near(got, c.want, 5e-4) {
			t.Errorf("%d/%d against %d/%d: %.4f, want %.4f", c.a, c.n, c.b, c.m, got, c.want)
		}
	}
}
