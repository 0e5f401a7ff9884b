package https

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var edgeOriginExposed = &lr.Check{
	ID:    "https/edge-origin-exposed",
	Title: "No record of the domain tells the address behind the edge",
	Why: "The edge hides the origin, and the domain's own records often tell it again: an SPF record with the server's address, a mail server on the same machine, a forgotten host for direct access. " +
		"Whoever knows it passes every protection of the edge by.",
	Fix: "Send mail from another address than the origin's, or by a service; delete hosts for direct access; put the others behind the edge. An address that was public stays in histories of DNS: " +
		"change it afterwards, and let the origin take web traffic from the edge only.",
	Severity: lr.High,
	Refs:     []lr.Ref{cweExpose},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		origins, err := originAddresses(ctx, t)
		if err != nil {
			return err
		}
		if len(origins) == 0 {
			t.NotApplicable("no address behind an edge is known: name the servers in domain.origins, or give a token in domain.cloudflare")
			return nil
		}
		told := map[netip.Addr][]string{}
		open := tellMail(ctx, t, told)
		all, err := inventory(ctx, t)
		if err != nil {
			return err
		}
		for _, h := range all {
			for _, a := range h.Addrs() {
				told[a.Unmap()] = append(told[a.Unmap()], h.Name+" resolves to "+a.String())
			}
		}
		for _, o := range origins {
			if lines := told[o]; len(lines) > 0 {
				slices.Sort(lines)
				t.Fail(said(slices.Compact(lines)...), o.String(), "the domain's own records tell the origin's address")
				continue
			}
			if open != "" {
				t.Unknown(o.String(), "not all records could be read: %s", open)
				continue
			}
			t.Pass(said("origin "+o.String()), o.String(), "neither SPF, nor mail servers, nor the known names tell it")
		}
		return nil
	},
}

// originAddresses are those that the owner names, and those behind proxied records.
func originAddresses(ctx context.Context, t *lr.Trial) ([]netip.Addr, error) {
	var out []netip.Addr
	add := func(s string) {
		if host, _, err := net.SplitHostPort(s); err == nil {
			s = host
		}
		if a, err := netip.ParseAddr(s); err == nil && !slices.Contains(out, a.Unmap()) {
			out = append(out, a.Unmap())
		}
	}
	d := t.Target.Domain
	for _, o := range d.Origins {
		add(o)
	}
	if d.Cloudflare == nil || d.Cloudflare.Token.IsZero() {
		return out, nil
	}
	v, err := lr.Recall(ctx, t.Memo, "cloudflare/view", func(ctx context.Context) (*account, error) { return readView(ctx, d) })
	if err != nil {
		return out, stops(ctx, err) // the others tell why
	}
	for _, r := range v.Records {
		if r.Proxied && (r.Type == "A" || r.Type == "AAAA") {
			add(r.Content)
		}
	}
	return out, nil
}

// tellMail collects the addresses that SPF and MX records tell; open says what could
// not be read.
func tellMail(ctx context.Context, t *lr.Trial, told map[netip.Addr][]string) (open string) {
	d := t.Target.Domain
	c, err := resolver(ctx, t)
	if err != nil {
		return err.Error()
	}
	answer, err := c.Ask(ctx, d.Name, wire.TypeTXT)
	if reason := settled(answer, err); reason != "" {
		return reason
	}
	for _, rr := range answer.Records {
		txt, ok := rr.(*wire.TXT)
		if !ok {
			continue
		}
		text := ""
		for _, s := range txt.Txt {
			text += s
		}
		if !spf.IsRecord(text) {
			continue
		}
		r, _ := spf.Parse(text)
		for _, term := range r.Terms {
			if term.Prefix.IsValid() && term.Prefix.IsSingleIP() {
				told[term.Prefix.Addr().Unmap()] = append(told[term.Prefix.Addr().Unmap()], "SPF: "+term.Text)
			}
		}
	}
	mx, err := c.Ask(ctx, d.Name, wire.TypeMX)
	if reason := settled(mx, err); reason != "" {
		return reason
	}
	for _, rr := range mx.Records {
		host, ok := rr.(*wire.MX)
		if !ok {
			continue
		}
		for _, kind := range []uint16{wire.TypeA, wire.TypeAAAA} {
			a, err := c.Ask(ctx, plainName(host.Mx), kind)
			if reason := settled(a, err); reason != "" {
				open = reason
				continue
			}
			for _, addr := range a.Addrs() {
				told[addr.Unmap()] = append(told[addr.Unmap()], "MX "+plainName(host.Mx)+" is at "+addr.String())
			}
		}
	}
	return open
}

// plainName is a name of the wire without its final dot.
func plainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
