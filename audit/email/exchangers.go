package email

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/probe/smtp"
)

// exchanger is a host of an MX record.
type exchanger struct {
	name       string
	preference uint16
	a, aaaa    mail.Answer
	err        error // that its addresses could not be asked
}

// literal reports an address in the place of a name.
func (x *exchanger) literal() bool {
	_, err := netip.ParseAddr(x.name)
	return err == nil
}

func (x *exchanger) addresses() []netip.Addr {
	var out []netip.Addr
	for _, a := range []mail.Answer{x.a, x.aaaa} {
		for _, r := range a.Records {
			out = append(out, r.Addr)
		}
	}
	return out
}

// alias is the name that a CNAME leads to, "" without one.
func (x *exchanger) alias() string {
	for _, a := range []mail.Answer{x.a, x.aaaa} {
		if len(a.Chain) > 0 {
			return a.Chain[0]
		}
	}
	return ""
}

// reception is how the domain takes mail.
type reception struct {
	name   string
	answer mail.Answer
	hosts  []*exchanger // without the null MX
	null   bool         // RFC 7505: it takes none
	err    error        // that it could not be asked
}

// mostExchangers bounds the hosts that are looked at.
const mostExchangers = 20

func exchangers(ctx context.Context, t *lr.Trial, name string) (*reception, error) {
	return lr.Recall(ctx, t.Memo, "email/mx/"+name, func(ctx context.Context) (*reception, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		x := &reception{name: name}
		if x.answer, x.err = mail.Ask(ctx, r, name, mail.MX); x.err != nil {
			if err := spent(x.err); err != nil {
				return nil, err
			}
			return x, ctx.Err()
		}
		for _, rec := range x.answer.Records {
			if rec.Host == "" {
				x.null = true
				continue
			}
			if len(x.hosts) < mostExchangers {
				x.hosts = append(x.hosts, &exchanger{name: rec.Host, preference: rec.Preference})
			}
		}
		each(len(x.hosts), func(i int) {
			h := x.hosts[i]
			if h.literal() {
				return
			}
			if h.a, h.err = mail.Ask(ctx, r, h.name, mail.A); h.err == nil {
				h.aaaa, h.err = mail.Ask(ctx, r, h.name, mail.AAAA)
			}
		})
		return x, ctx.Err()
	})
}

// shown are the MX records as evidence.
func (x *reception) shown() lr.Evidence {
	var out []string
	for _, r := range x.answer.Records {
		out = append(out, fmt.Sprintf("%s. MX %d %s.", x.name, r.Preference, r.Host))
	}
	if len(out) == 0 {
		out = append(out, x.name+". MX: none")
	}
	return facts(out...)
}

// hostCheck asks something of each MX host.
func hostCheck(ctx context.Context, t *lr.Trial, ask func(ctx context.Context, r mail.Resolver, x *reception, h *exchanger) error) error {
	r, err := resolver(ctx, t)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, name := range names(t) {
		x, err := exchangers(ctx, t, name)
		if err != nil {
			return err
		}
		switch {
		case x.err != nil:
			t.Unknown("MX of "+name, "the MX records could not be asked: %v", x.err)
		case len(x.hosts) == 0:
			t.NotApplicable("%s has no host that takes mail", name)
		}
		for _, h := range x.hosts {
			if seen[h.name] {
				continue
			}
			seen[h.name] = true
			if err := ask(ctx, r, x, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// servers looks at each MX host as another mail server does, once.
func servers(ctx context.Context, t *lr.Trial) ([]*smtp.Server, error) {
	return lr.Recall(ctx, t.Memo, "email/smtp", func(ctx context.Context) ([]*smtp.Server, error) {
		x, err := exchangers(ctx, t, t.Target.Domain.Name)
		if err != nil {
			return nil, err
		}
		n := t.Target.Domain.Network
		look := smtp.Look{Dialer: n, Roots: n.Roots(), Now: t.Now}
		var hosts []*exchanger
		for _, h := range x.hosts {
			if !h.literal() && h.err == nil && len(h.addresses()) > 0 {
				hosts = append(hosts, h)
			}
		}
		out := make([]*smtp.Server, len(hosts))
		var mu sync.Mutex
		each(len(hosts), func(i int) {
			s := look.At(ctx, hosts[i].name)
			mu.Lock()
			defer mu.Unlock()
			out[i] = s
		})
		for _, s := range out {
			if err := spent(s.Err); err != nil {
				return nil, err
			}
		}
		return out, ctx.Err()
	})
}

// serverCheck asks something of each mail server that could be reached.
func serverCheck(ctx context.Context, t *lr.Trial, ask func(s *smtp.Server)) error {
	x, err := exchangers(ctx, t, t.Target.Domain.Name)
	if err != nil {
		return err
	}
	all, err := servers(ctx, t)
	if err != nil {
		return err
	}
	switch {
	case x.err != nil:
		t.Unknown("MX of "+t.Target.Domain.Name, "the MX records could not be asked: %v", x.err)
	case len(x.hosts) == 0:
		t.NotApplicable("the domain has no host that takes mail")
	case len(all) == 0:
		t.Unknown("MX of "+t.Target.Domain.Name, "no MX host has an address")
	}
	for _, s := range all {
		ask(s)
	}
	return nil
}

// talked is what was said with a server, as evidence.
func talked(s *smtp.Server) lr.Evidence {
	e := facts(s.Host + ":25 " + s.Banner.String())
	if s.Hello.Code != 0 {
		e.Records = append(e.Records, "EHLO: "+s.Hello.String())
	}
	if s.StartTLS.Code != 0 {
		e.Records = append(e.Records, "STARTTLS: "+s.StartTLS.String())
	}
	return e
}

// unreached says why nothing is proved of a server.
func unreached(t *lr.Trial, s *smtp.Server) {
	t.Unknown(s.Host, "it could not be asked (%s): %v; many networks let nobody call port 25, so try from another one", s.At, s.Err)
}
