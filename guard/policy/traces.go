package policy

import (
	"maps"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpguts"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/record"
)

// Traces sends spans to a collector of OpenTelemetry.
type Traces struct {
	Endpoint string            `yaml:"endpoint"`          // of OTLP over HTTP, whole
	Sample   *float64          `yaml:"sample,omitempty"`  // of the exchanges, 0 to 1; default 1
	Service  string            `yaml:"service,omitempty"` // default launchready-guard
	Headers  map[string]string `yaml:"headers,omitempty"` // references
}

func (j *judge) traces(p *Policy) {
	t := p.Traces
	if t == nil {
		return
	}
	u, err := url.Parse(t.Endpoint)
	switch {
	case err != nil || !address(t.Endpoint):
		j.fail("traces.endpoint", "endpoint is no address, as http://127.0.0.1:4318/v1/traces")
	case u.Path == "" || u.Path == "/":
		j.fail("traces.endpoint", "endpoint is the whole address of OTLP over HTTP, most often with the path /v1/traces")
	case len(t.Headers) > 0 && u.Scheme != "https" && !loopback(u.Hostname()):
		j.fail("traces.endpoint", "endpoint gets secrets in headers: it must be https")
	}
	if t.Sample != nil && (*t.Sample < 0 || *t.Sample > 1) {
		j.fail("traces.sample", "sample is a share, 0 to 1")
	}
	for name, ref := range t.Headers {
		if !httpguts.ValidHeaderFieldName(name) {
			j.fail("traces.headers."+key(name), "%q is no name of a header", name)
			continue
		}
		j.reference("traces.headers."+key(name), ref, false)
	}
}

// Follow makes what sends traces, or nil where the policy has none.
func (p *Policy) Follow(s *State, version string) (*record.Traces, error) {
	t := p.Traces
	if t == nil {
		return nil, nil
	}
	o := record.TraceOptions{Endpoint: t.Endpoint, Sample: 1, Service: t.Service, Version: version, Log: s.Log}
	if t.Sample != nil {
		o.Sample = *t.Sample
	}
	var err error
	if o.Headers, err = p.collector(s); err != nil {
		return nil, err
	}
	return record.NewTraces(o)
}

// collector is what the collector of traces is told beside them.
func (p *Policy) collector(s *State) (map[string]lr.Secret, error) {
	out := map[string]lr.Secret{}
	if p.Traces == nil {
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(p.Traces.Headers)) {
		v, err := s.secret(p.Traces.Headers[name])
		if err != nil {
			return nil, p.wrong("traces.headers."+key(name), err)
		}
		out[name] = lr.NewSecret(string(v))
	}
	return out, nil
}
