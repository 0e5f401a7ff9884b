package record

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/launchready/launchready/guard"
)

// Metrics counts exchanges for Prometheus. Labels are words of the policy, so that
// no caller makes a new series.
type Metrics struct {
	reg      *prometheus.Registry
	requests *prometheus.CounterVec
	denied   *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	upstream *prometheus.HistogramVec
	busy     prometheus.Gauge
	aborted  prometheus.Counter
	reloads  *prometheus.CounterVec
	loaded   prometheus.Gauge
	current  prometheus.Gauge

	mu    sync.RWMutex
	known map[labels]*series // which need no look at their labels any more
}

// labels are those of a request that is over.
type labels struct {
	route, method string
	status        int
	asked         bool // the upstream, and it answered
}

// series are what it is counted in.
type series struct {
	requests prometheus.Counter
	seconds  prometheus.Observer
	upstream prometheus.Observer // nil where it was not asked
}

// of finds them. There are as many as Prometheus itself holds.
func (m *Metrics) of(l labels) *series {
	m.mu.RLock()
	s := m.known[l]
	m.mu.RUnlock()
	if s != nil {
		return s
	}
	s = &series{requests: m.requests.WithLabelValues(l.route, l.method, strconv.Itoa(l.status)), seconds: m.seconds.WithLabelValues(l.route)}
	if l.asked {
		s.upstream = m.upstream.WithLabelValues(l.route)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[l] = s
	return s
}

// NewMetrics makes counters of their own registry.
func NewMetrics() *Metrics {
	buckets := []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120}
	m := &Metrics{
		known:    map[labels]*series{},
		reg:      prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_requests_total", Help: "Requests that are over, by route of the policy and status."}, []string{"route", "method", "status"}),
		denied:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_denied_total", Help: "Requests that a protection refused."}, []string{"route", "protection"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "guard_request_seconds", Help: "From the request's header to the answer's end.",
			Buckets: buckets}, []string{"route"}),
		upstream: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "guard_upstream_seconds", Help: "Until the upstream's answer begins, of requests that it was asked.", Buckets: buckets}, []string{"route"}),
		busy:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "guard_requests_in_flight", Help: "Requests that are under way."}),
		aborted:  prometheus.NewCounter(prometheus.CounterOpts{Name: "guard_aborted_total", Help: "Answers that broke off."}),
		reloads:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "guard_reloads_total", Help: "Policies that were read again, by whether they were taken."}, []string{"result"}),
		loaded:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "guard_policy_loaded_seconds", Help: "When the policy that is served was read, in Unix time."}),
		current:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "guard_policy_current", Help: "1 while the policy that was read last is the one that is served; 0: it has a mistake."}),
	}
	m.loaded.SetToCurrentTime()
	m.current.Set(1)
	m.reg.MustRegister(m.requests, m.denied, m.seconds, m.upstream, m.busy, m.aborted, m.reloads, m.loaded, m.current, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, r := range []string{"taken", "kept"} {
		m.reloads.WithLabelValues(r)
	}
	return m
}

// Begin counts a request in.
func (m *Metrics) Begin() { m.busy.Inc() }

// End counts it out.
func (m *Metrics) End(x *guard.Exchange, o guard.Outcome) {
	m.busy.Dec()
	route := "none"
	if x.Route != nil {
		route = x.Route.Pattern
	}
	s := m.of(labels{route, method(x.Request.Method), o.Status, o.Upstream > 0})
	s.requests.Inc()
	s.seconds.Observe(o.Took.Seconds())
	if s.upstream != nil {
		s.upstream.Observe(o.Upstream.Seconds())
	}
	if o.Denied != "" {
		m.denied.WithLabelValues(route, o.Denied).Inc()
	}
	if o.Aborted {
		m.aborted.Inc()
	}
}

// Reloaded counts a policy that was read again.
func (m *Metrics) Reloaded(taken bool) {
	if taken {
		m.reloads.WithLabelValues("taken").Inc()
		m.loaded.SetToCurrentTime()
		m.current.Set(1)
		return
	}
	m.reloads.WithLabelValues("kept").Inc()
	m.current.Set(0)
}

// Build tells which program this is.
func (m *Metrics) Build(version, revision, golang string) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "guard_build_info", Help: "1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go": golang}}, func() float64 { return 1 }))
}

// Waiting is how a queue does. Tenants are counted and not named: a caller would make
// series.
type Waiting struct {
	Depth, Tenants          int // now
	Admitted, Crowded, Late int // since the beginning
	Waited                  time.Duration
}

// Queue shows how requests wait for a slot.
func (m *Metrics) Queue(now func() Waiting) { m.reg.MustRegister(waits{now}) }

// waits asks once for all of a scrape.
type waits struct{ now func() Waiting }

// Describe says nothing: the series are those of Collect.
func (waits) Describe(chan<- *prometheus.Desc) {}

// Collect shows them.
func (q waits) Collect(to chan<- prometheus.Metric) {
	w := q.now()
	show := func(name, help string, kind prometheus.ValueType, v float64, labels ...string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
	}
	show("guard_queue_depth", "Requests that wait for a slot.", prometheus.GaugeValue, float64(w.Depth))
	show("guard_queue_tenants", "Tenants whose requests wait for a slot.", prometheus.GaugeValue, float64(w.Tenants))
	show("guard_queue_waited_seconds_total", "What those that were let in waited, all together.", prometheus.CounterValue, w.Waited.Seconds())
	const ended = "Requests that left the queue, by how: admitted, crowded (it was full), late (they waited too long, or went)."
	show("guard_queue_ended_total", ended, prometheus.CounterValue, float64(w.Admitted), "result", "admitted")
	show("guard_queue_ended_total", ended, prometheus.CounterValue, float64(w.Crowded), "result", "crowded")
	show("guard_queue_ended_total", ended, prometheus.CounterValue, float64(w.Late), "result", "late")
}

// Gauge shows a value that somebody else keeps.
func (m *Metrics) Gauge(name, help string, f func() float64) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
}

// Counter shows a count that somebody else keeps.
func (m *Metrics) Counter(name, help string, f func() float64) {
	m.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, f))
}

// Handler answers a scrape.
func (m *Metrics) Handler() http.Handler { return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{}) }
