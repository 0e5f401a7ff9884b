package record

import "github.com/prometheus/client_golang/prometheus"

// Spend counts what guard reserves, what that came to and what is refused for it, by
// where and in which unit. Who spends is in no label: a caller would make series.
type Spend struct{ reserved, settled, refused *prometheus.CounterVec }

// Spend makes its counters among the others.
func (m *Metrics) Spend() *Spend {
	by := []string{"at", "unit"}
	s := &Spend{
		reserved: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_spend_reserved_total", Help: "The worst case of requests to a model, charged before they are sent; what is drawn on the front's counts at the model as well."}, by),
		settled:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_spend_settled_total", Help: "What reservations came to."}, by),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_spend_refused_total", Help: "Requests that were refused and streams that were ended, by the budget that did not allow it."}, append(by, "budget")),
	}
	for _, at := range []string{"front", "model"} {
		for _, unit := range []string{"dollars", "tokens"} {
			if at == "front" && unit == "tokens" { // which counts money only
				continue
			}
			s.reserved.WithLabelValues(at, unit)
			s.settled.WithLabelValues(at, unit)
		}
	}
	m.reg.MustRegister(s.reserved, s.settled, s.refused)
	return s
}

// Reserved counts an amount.
func (s *Spend) Reserved(at, unit string, amount float64) {
	s.reserved.WithLabelValues(at, unit).Add(max(amount, 0))
}

// Settled counts an amount.
func (s *Spend) Settled(at, unit string, amount float64) {
	s.settled.WithLabelValues(at, unit).Add(max(amount, 0))
}

// Refused counts a request.
func (s *Spend) Refused(at, unit, budget string) {
	s.refused.WithLabelValues(at, unit, budget).Inc()
}
