package edge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Intent is what the owner wants of one zone: what the configuration declares and
// what a report found.
type Intent struct {
	Zone      string
	Parked    bool     // it sends no mail and serves nothing
	Hosts     []string // names that the product uses
	Canonical string   // of them, the one that pages are read at

	Senders []string          // "google", "include:spf.mailer.test", "ip4:192.0.2.1"
	Keys    map[string]string // DKIM: selector to key record, or to the name that a CNAME leads to
	Policy  string            // DMARC in the end: "none", "quarantine", "reject"; "" is reject
	Reports string            // address that takes reports of DMARC and TLS
	Heard   bool              // aggregate reports were read
	STS     string            // MTA-STS: "testing" or "enforce"; "" plans none
	STSHost string            // where the policy's host leads to, a name; "" leaves it as it is

	Issuers []string // CAA: authorities that may issue
	Current []string // authorities that issued what is served now, as CAA names them; "?…" for one that is not known

	Edge *Provider // nil where the zone is not at an edge whose settings are known

	// Failed are checks that a report says failed; nil where there is no report, and
	// everything is wanted.
	Failed []string
}

// Provider is what is wanted of Cloudflare, in front of the zone.
type Provider struct {
	API     []string // path prefixes that must not be cached: "/v1/"
	Limits  []Limit
	WAF     bool // the managed rules; not every plan has them
	Preload bool // the owner wants to be in the browsers' HSTS list
}

// Limit is a rate limit of the edge, by address.
type Limit struct {
	Path     string
	Requests int
	Seconds  int
}

// Draft is what was worked out for one zone.
type Draft struct {
	Wants []Want
	Files []File
	Notes []string
}

// maker collects a draft.
type maker struct {
	Intent
	state   *State
	network lr.Network
	draft   *Draft
}

// Wants works out what should stand, from what stands. It asks the network about
// other domains only: what an include costs, whether a destination of reports agreed.
func (in Intent) Wants(ctx context.Context, s *State, n lr.Network) *Draft {
	m := &maker{Intent: in, state: s, network: n, draft: &Draft{}}
	if in.Parked {
		m.parked()
		return m.draft
	}
	m.spf(ctx)
	m.dkim()
	m.dmarc(ctx)
	m.tlsrpt()
	m.sts()
	m.caa()
	m.web()
	if in.Edge != nil {
		m.edge()
	}
	return m.draft
}

// ReadKeys are what Wants looks at, for drivers that read by key.
func (in Intent) ReadKeys() []Key {
	z := in.Zone
	keys := []Key{RR(z, "SOA"), RR(z, "NS"), RR(z, "MX"), RR(z, "TXT"), RR(z, "CAA"), RR("_dmarc."+z, "TXT")}
	if in.Parked {
		return append(keys, RR("*._domainkey."+z, "TXT"))
	}
	keys = append(keys, RR("_mta-sts."+z, "TXT"), RR("_smtp._tls."+z, "TXT"))
	for selector := range in.Keys {
		name := selector + "._domainkey." + z
		keys = append(keys, RR(name, "TXT"), RR(name, "CNAME"))
	}
	for _, h := range append([]string{z, "www." + z, "mta-sts." + z}, in.Hosts...) {
		for _, t := range []string{"A", "AAAA", "CNAME"} {
			if k := RR(h, t); !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	if in.Edge != nil {
		keys = append(keys, in.edgeKeys()...)
	}
	return keys
}

// wanted says whether a topic is to be planned, and which checks asked for it.
func (m *maker) wanted(topics ...string) ([]string, bool) {
	if m.Failed == nil {
		return nil, true
	}
	var out []string
	for _, id := range m.Failed {
		_, name, _ := strings.Cut(id, "/")
		if slices.ContainsFunc(topics, func(t string) bool { return strings.Contains(name, t) }) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, len(out) > 0
}

func (m *maker) want(w Want) { m.draft.Wants = append(m.draft.Wants, w) }

func (m *maker) note(format string, args ...any) {
	m.draft.Notes = append(m.draft.Notes, fmt.Sprintf(format, args...))
}

// texts are those of a set that a standard claims.
func (m *maker) texts(name string, own func(string) bool) []string {
	var out []string
	for _, v := range m.state.Sets[RR(name, "TXT")] {
		if t := Text(v.Data); own(t) {
			out = append(out, t)
		}
	}
	return out
}

// ownText owns the TXT records that a standard claims.
func ownText(is func(string) bool) func(Value) bool {
	return func(v Value) bool { return is(Text(v.Data)) }
}

func txt(text string) []Value { return []Value{{Data: Quote(text)}} }

// here reports an address or an alias at a name.
func (m *maker) here(name string) bool {
	for _, t := range []string{"A", "AAAA", "CNAME"} {
		if len(m.state.Sets[RR(name, t)]) > 0 {
			return true
		}
	}
	return false
}

// lookups is a network in which a text stands at a name, to judge it before it is
// proposed.
func (m *maker) with(w Want) *Overlay {
	o := &Overlay{Network: m.network, Zone: m.Zone, Sets: map[Key][]Value{}, Changed: map[Key]bool{w.Key: true}}
	for k, vs := range m.state.Sets {
		o.Sets[k] = vs
		if k.Kind == Records && m.state.Complete && !proxied(vs) {
			o.Changed[k] = true // what was read is as it stands
		}
	}
	o.Sets[w.Key] = w.into(m.state.Sets[w.Key])
	return o
}
