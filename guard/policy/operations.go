package policy

import (
	"time"

	"github.com/launchready/launchready/guard"
)

// Operations bound connections and times, and say what is logged. What is missing
// has a default that fits most applications.
type Operations struct {
	AccessLog      string `yaml:"access_log,omitempty"`         // all (default) or refused
	Connections    int    `yaml:"connections,omitempty"`        // open at one time; default 10,000
	PerAddress     int    `yaml:"connections_per_ip,omitempty"` // of one address that is no trusted proxy; default 512
	Connect        string `yaml:"connect,omitempty"`            // to the upstream; default 5s
	UpstreamHeader string `yaml:"upstream_header,omitempty"`    // until its answer begins; default 5m
	Silence        string `yaml:"upstream_silence,omitempty"`   // between two pieces of its answer; default 5m
	Body           string `yaml:"body,omitempty"`               // between two pieces of a request's body or for a caller to take one; default 30s
	WholeBody      string `yaml:"whole_body,omitempty"`         // a request's whole body; default 10m
	Linger         string `yaml:"linger,omitempty"`             // serving on after /readyz says that it ends; default 0s
	Drain          string `yaml:"drain,omitempty"`              // then, for what is under way; default 30s
}

// Bounds are what the section operations says, or its defaults.
type Bounds struct {
	Quiet                   bool // only refusals are logged
	Connections, PerAddress int  // open at one time
	Connect, UpstreamHeader time.Duration
	Linger, Drain           time.Duration
	Pace                    guard.Pace
}

// Bounds of a policy that Parse gave.
func (p *Policy) Bounds() Bounds {
	b, _ := p.Operations.bounds()
	return b
}

// bounds gives the values, and the names of those that are no time.
func (o *Operations) bounds() (Bounds, []string) {
	if o == nil {
		o = &Operations{}
	}
	b := Bounds{Quiet: o.AccessLog == "refused", Connections: 10_000, PerAddress: 512}
	if o.Connections > 0 {
		b.Connections = o.Connections
	}
	if o.PerAddress > 0 {
		b.PerAddress = o.PerAddress
	}
	var bad []string
	for _, t := range []struct {
		name, text string
		usual      time.Duration
		to         *time.Duration
	}{
		{"connect", o.Connect, 5 * time.Second, &b.Connect},
		{"upstream_header", o.UpstreamHeader, 5 * time.Minute, &b.UpstreamHeader},
		{"upstream_silence", o.Silence, 5 * time.Minute, &b.Pace.Silence},
		{"body", o.Body, 30 * time.Second, &b.Pace.Body},
		{"whole_body", o.WholeBody, 10 * time.Minute, &b.Pace.Whole},
		{"linger", o.Linger, 0, &b.Linger},
		{"drain", o.Drain, 30 * time.Second, &b.Drain},
	} {
		*t.to = t.usual
		if t.text == "" {
			continue
		}
		d, err := time.ParseDuration(t.text)
		if err != nil || d < 0 || d == 0 && t.usual > 0 {
			bad = append(bad, t.name)
			continue
		}
		*t.to = d
	}
	return b, bad
}

func (j *judge) operations(p *Policy) {
	o := p.Operations
	if o == nil {
		return
	}
	if o.AccessLog != "" && o.AccessLog != "all" && o.AccessLog != "refused" {
		j.fail("operations.access_log", "access_log is %q: one of all, refused", o.AccessLog)
	}
	if o.Connections < 0 || o.PerAddress < 0 {
		j.fail("operations", "a bound is below 0")
	}
	_, bad := o.bounds()
	for _, name := range bad {
		j.fail("operations."+name, "operations.%s is no time above 0, as 30s", name)
	}
}
