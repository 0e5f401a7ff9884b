package latency

import (
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for _, c := range []struct {
		name   string
		in     []float64
		share  float64
		want   float64
		lo, hi float64
	}{
		{"none", nil, 0.95, 0, 0, 0},
		{"one", []float64{7}, 0.95, 7, 0, 0},
		{"hundred", hundred, 0.95, 95, 90, 99},
		{"the half", hundred, 0.5, 50, 40, 61},
		{"ten bound nothing above", hundred[:10], 0.95, 10, 7, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := quantile(c.in, c.share); got != c.want {
				t.Errorf("quantile: got %v, want %v", got, c.want)
			}
			lo, hi := bounds(c.in, c.share)
			if math.Abs(lo-c.lo) > 1 || math.Abs(hi-c.hi) > 1 {
				t.Errorf("bounds: got %v to %v, want about %v to %v", lo, hi, c.lo, c.hi)
			}
			if hi > 0 && (lo > c.want || hi < c.want) {
				t.Errorf("%v is outside %v to %v", c.want, lo, hi)
			}
		})
	}
}

func TestBuckets(t *testing.T) {
	for _, in := range [][]float64{nil, {0}, {0.2, 3, 3, 9000}, {1e12}, {math.MaxFloat64}} {
		n, last := 0, 0.0
		for _, b := range buckets(in) {
			n += b.N
			if b.Upto <= last {
				t.Errorf("%v: bounds do not rise: %v after %v", in, b.Upto, last)
			}
			last = b.Upto
		}
		if n != len(in) {
			t.Errorf("%v: %d of %d times are in a bucket", in, n, len(in))
		}
	}
}

func TestProviderShare(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		want   float64
		ok     bool
	}{
		{"none", nil, 0, false},
		{"another metric", []string{"db;dur=53"}, 0, false},
		{"first of two", []string{"model;dur=53.2, db;dur=2"}, 53.2, true},
		{"second field", []string{"db;dur=2", "LLM ; desc=\"a\" ; dur=\"12\""}, 12, true},
		{"without a time", []string{"model"}, 0, false},
		{"nonsense", []string{"model;dur=soon", ";;,,==", "model;dur=-4", "model;dur=NaN", "model;dur=1e99"}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := providerShare(c.fields); got != c.want || ok != c.ok {
				t.Errorf("got %v %v, want %v %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func FuzzProviderShare(f *testing.F) {
	f.Add("model;dur=53.2, db;dur=2")
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := providerShare([]string{s}); ok && !(d >= 0 && d < 600_000) {
			t.Errorf("%q: %v", s, d)
		}
	})
}
