package latency

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// measured sorts the load's times into parts.
func (l *load) measured() *lr.Latency {
	m := &lr.Latency{PerSecond: l.rate, N: len(l.shots), Streams: l.t.Assistant.Skills().Streams}
	var decisive, first, last, provider, connect []float64
	for _, s := range l.shots {
		if !answered(s.answer, s.err) {
			m.Errors++
			continue
		}
		x := s.answer.Last()
		before := x.Started.Sub(s.due) // from when it should have left
		f, w := ms(before+x.FirstByte), ms(before+x.Took)
		first, last = append(first, f), append(last, w)
		d := w
		if m.Streams {
			d = f
		}
		if p, ok := providerShare(x.Header.Values("Server-Timing")); ok {
			provider = append(provider, p)
			d = max(d-p, 0)
		}
		if x.Connect > 0 {
			connect = append(connect, ms(x.Connect+x.Handshake))
		}
		decisive = append(decisive, d)
	}
	m.Decisive, m.First, m.Last = quantiles(decisive), quantiles(first), quantiles(last)
	m.Provider, m.Connect = quantiles(provider), quantiles(connect)
	m.Buckets = buckets(decisive)
	return m
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// providerNames are metrics of Server-Timing that mean the model provider.
var providerNames = [...]string{"model", "llm", "provider", "upstream", "inference", "openai", "anthropic", "ai"}

// providerShare reads how long the model provider took, in milliseconds, from
// Server-Timing (W3C Server Timing, section 4): "model;dur=53.2, db;dur=2".
func providerShare(fields []string) (float64, bool) {
	for _, field := range fields {
		for _, metric := range strings.Split(field, ",") {
			name, rest, _ := strings.Cut(metric, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			known := false
			for _, n := range providerNames {
				known = known || n == name
			}
			if !known {
				continue
			}
			for _, p := range strings.Split(rest, ";") {
				k, v, _ := strings.Cut(p, "=")
				if !strings.EqualFold(strings.TrimSpace(k), "dur") {
					continue
				}
				if d, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(v), `"`), 64); err == nil && d >= 0 && d < 600_000 {
					return d, true
				}
			}
		}
	}
	return 0, false
}

// lines tell the parts for the evidence.
func lines(m *lr.Latency) []string {
	out := []string{fmt.Sprintf("%d requests, %s, open loop; %d without an answer", m.N, perSecond(m.PerSecond), m.Errors)}
	for _, p := range []struct {
		name string
		q    lr.Quantiles
	}{{"decisive", m.Decisive}, {"first byte", m.First}, {"last byte", m.Last}, {"model provider (Server-Timing)", m.Provider}, {"connecting", m.Connect}} {
		if p.q.P99 > 0 {
			out = append(out, fmt.Sprintf("%-30s p50 %6.0f ms  p90 %6.0f ms  p95 %6.0f ms  p99 %6.0f ms%s", p.name, p.q.P50, p.q.P90, p.q.P95, p.q.P99, p.q.Interval()))
		}
	}
	return out
}
