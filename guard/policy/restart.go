package policy

import "reflect"

// Waits names what another policy says that counts after a restart only, because it is
// of listeners and connections that are there already.
func (p *Policy) Waits(next *Policy) []string {
	var out []string
	differ := func(name string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			out = append(out, name)
		}
	}
	differ("listen", p.Listen, next.Listen)
	differ("admin", p.Admin, next.Admin)
	differ("model.listen", p.Model.listener(), next.Model.listener())
	differ("tls", p.TLS.listener(), next.TLS.listener())
	differ("origin_lock.client_ca", p.Lock.authority(), next.Lock.authority())
	differ("traces", p.Traces, next.Traces)
	differ("ownership.remember", p.Ownership.remembers(), next.Ownership.remembers())
	a, b := p.Bounds(), next.Bounds()
	differ("operations.access_log", a.Quiet, b.Quiet)
	differ("operations.connections", [2]int{a.Connections, a.PerAddress}, [2]int{b.Connections, b.PerAddress})
	differ("operations.connect", a.Connect, b.Connect)
	differ("operations.upstream_header", a.UpstreamHeader, b.UpstreamHeader)
	differ("operations.linger", a.Linger, b.Linger)
	differ("operations.drain", a.Drain, b.Drain)
	return out
}

func (m *Model) listener() string {
	if m == nil {
		return ""
	}
	return m.Listen
}

// listener is what TLS says of the listeners: the rest is of answers.
func (t *TLS) listener() TLS {
	if t == nil {
		return TLS{}
	}
	return TLS{Certificate: t.Certificate, Key: t.Key, ACME: t.ACME, Plain: t.Plain}
}

func (l *Lock) authority() string {
	if l == nil {
		return ""
	}
	return l.ClientCA
}

func (o *Ownership) remembers() int {
	if o == nil {
		return 0
	}
	return o.Remember
}
