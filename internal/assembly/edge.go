package assembly

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/edge"
	driver "github.com/launchready/launchready/edge/cloudflare"
	"github.com/launchready/launchready/edge/update"
	"github.com/launchready/launchready/edge/zonefile"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/cloudflare"
)

// Edge is what launchready edge works on: the domain, the way to it, and what the
// configuration wants of it.
type Edge struct {
	Target *lr.Target
	Zones  []string // the domain, and those that are parked

	config *config.Config
	client *probe.Client
	api    *cloudflare.Client // nil without a token
	now    func() time.Time
}

// NewEdge wires the domain of a configuration. It sends nothing.
func NewEdge(c *config.Config, o Options) (*Edge, error) {
	if c.Domain.Name == "" {
		return nil, errors.New("no domain is known: give domain.name")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client, err := probe.New(probeOptions(c, o))
	if err != nil {
		return nil, err
	}
	e := &Edge{config: c, client: client, now: o.Now, Target: &lr.Target{Product: c.Product, Base: c.Target.URL.URL, Environment: c.Target.Environment}}
	if e.Target.Domain, err = domain(c, client, nil); err != nil {
		return nil, err
	}
	d := e.Target.Domain
	e.Zones = append([]string{d.Name}, d.Parked...)
	if d.Cloudflare != nil && !d.Cloudflare.Token.IsZero() {
		e.api = cloudflare.New(d.Cloudflare.API, d.Cloudflare.Token, d.Network)
	}
	return e, nil
}

// Close drops idle connections.
func (e *Edge) Close() {
	if e.api != nil {
		e.api.Close()
	}
	e.client.Close()
}

// Driver is how a zone is read and changed: the zone file, the name server, the
// provider, or by questions alone.
func (e *Edge) Driver(ctx context.Context, zone string) (edge.Driver, error) {
	o, d := e.config.Domain.Edge, e.Target.Domain
	main := zone == d.Name
	switch {
	case o.File != "" && main:
		return &zonefile.Driver{File: e.config.Abs(o.File), Zone: zone}, nil
	case o.Server != "":
		server := o.Server
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
		}
		u := &update.Driver{Zone: zone, Server: server, Dial: plainDial}
		if o.Key != nil {
			u.Key, u.Algorithm, u.Secret = o.Key.Name, o.Key.Algorithm, o.Key.Secret.Secret
		}
		return u, nil
	case e.api != nil:
		z, err := e.api.Zone(ctx, e.zoneID(main), zone)
		if err == nil {
			return &driver.Driver{Client: e.api, ID: z.ID, Zone: zone}, nil
		}
		if main || !errors.Is(err, cloudflare.ErrNoZone) {
			return nil, fmt.Errorf("look the zone %s up: %w", zone, err)
		}
	}
	return edge.Questions{Network: d.Network}, nil
}

// plainDial calls the server that the owner wrote down, wherever it is.
func plainDial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 15 * time.Second}
	return d.DialContext(ctx, network, address)
}

func (e *Edge) zoneID(main bool) string {
	if main {
		return e.Target.Domain.Cloudflare.Zone
	}
	return ""
}

// Applier is how the changes of a plan are made and looked at.
func (e *Edge) Applier(ctx context.Context, zone string, say func(string, ...any)) (*edge.Applier, error) {
	d, err := e.Driver(ctx, zone)
	if err != nil {
		return nil, err
	}
	a := &edge.Applier{Driver: d, Say: say}
	if _, file := d.(*zonefile.Driver); !file {
		a.Servers = edge.NameServers{Network: e.Target.Domain.Network, Zone: zone}
	}
	return a, nil
}

// Plan reads a zone and compares it with what is wanted. failed are the checks that
// a report says failed; nil wants everything.
func (e *Edge) Plan(ctx context.Context, zone string, failed []string) (*edge.Plan, *edge.State, error) {
	d, err := e.Driver(ctx, zone)
	if err != nil {
		return nil, nil, err
	}
	in := e.intent(ctx, zone, failed)
	_, cloud := d.(*driver.Driver)
	if !cloud && in.Edge != nil && e.api == nil && !e.behindCloudflare(ctx, zone) {
		in.Edge = nil
	}
	s, err := d.Read(ctx, in.ReadKeys())
	if err != nil {
		return nil, nil, fmt.Errorf("read %s from %s: %w", zone, d.Name(), err)
	}
	draft := in.Wants(ctx, s, e.Target.Domain.Network)
	p := edge.NewPlan(zone, d.Name(), e.now(), s, draft.Wants)
	p.Files, p.Notes = draft.Files, draft.Notes
	if f, file := d.(*zonefile.Driver); file && len(p.Items) > 0 {
		p.Notes = append(p.Notes, "Raise the serial of the SOA record in "+f.Name()+" before it is loaded.")
	}
	return p, s, nil
}

// Planned is the target as its provider would tell of it, had the plan been applied,
// and the network that shows it; close ends it. What the provider does not keep is as
// n shows it.
func (e *Edge) Planned(ctx context.Context, p *edge.Plan, target *lr.Target, n lr.Network) (_ *lr.Target, _ lr.Network, end func(), _ error) {
	d, err := e.Driver(ctx, p.Zone)
	if err != nil {
		return nil, nil, nil, err
	}
	cloud, ok := d.(*driver.Driver)
	if !ok || p.Zone != e.Target.Domain.Name {
		return target, n, func() {}, nil
	}
	v := &driver.Virtual{Network: n, Driver: cloud, Plan: p}
	seen, access, account := *target, *target.Domain, *target.Domain.Cloudflare
	account.API = driver.VirtualAPI
	access.Cloudflare, seen.Domain = &account, &access
	return &seen, v, func() { _ = v.Close() }, nil // only its own pipes end
}

// Provided reports that the provider tells what it is set to.
func (e *Edge) Provided() bool { return e.api != nil }

// Virtual reports that no server has a zone as its driver reads it.
func (e *Edge) Virtual(zone string) bool {
	return e.config.Domain.Edge.File != "" && zone == e.Target.Domain.Name
}

func (e *Edge) behindCloudflare(ctx context.Context, zone string) bool {
	a, err := mail.Ask(ctx, edge.Resolver{Network: e.Target.Domain.Network}, zone, mail.NS)
	return err == nil && slices.ContainsFunc(a.Records, func(r mail.Record) bool {
		return strings.HasSuffix(strings.ToLower(r.Host), ".ns.cloudflare.com")
	})
}

// intent is what the configuration wants of a zone.
func (e *Edge) intent(ctx context.Context, zone string, failed []string) edge.Intent {
	d, o := e.Target.Domain, e.config.Domain.Edge
	if zone != d.Name {
		return edge.Intent{Zone: zone, Parked: true, Failed: failed}
	}
	in := edge.Intent{
		Zone: zone, Hosts: d.Hosts, Canonical: d.Canonical, Senders: d.Senders, Keys: o.DKIM, Policy: o.DMARC, Reports: o.Reports,
		Heard: len(d.Reports) > 0, STS: o.MTASTS, STSHost: o.STSHost, Issuers: o.Issuers, Failed: failed,
		Edge: &edge.Provider{API: o.Uncached, WAF: o.WAF, Preload: o.Preload},
	}
	for _, l := range o.Limits {
		in.Edge.Limits = append(in.Edge.Limits, edge.Limit(l))
	}
	if len(o.Issuers) > 0 {
		in.Current = edge.Authorities(ctx, d.Network, d.Hosts)
	}
	return in
}
