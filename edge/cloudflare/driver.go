// Package cloudflare changes a zone at Cloudflare: records in one transaction,
// settings one by one, single rules by their reference. Other rules and records,
// tags and comments of others are not touched.
package cloudflare

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
	api "github.com/launchready/launchready/probe/cloudflare"
)

// Driver is one zone.
type Driver struct {
	Client *api.Client
	ID     string // of the zone; "" looks it up
	Zone   string
}

var _ edge.Driver = (*Driver)(nil)

// rulesetName is that of rulesets that we make, by which we know them again.
const rulesetName = "Launch Ready"

// Name is the zone's.
func (d *Driver) Name() string { return "Cloudflare zone " + d.Zone }

func (d *Driver) id(ctx context.Context) (string, error) {
	if d.ID != "" {
		return d.ID, nil
	}
	z, err := d.Client.Zone(ctx, "", d.Zone)
	if err != nil {
		return "", err
	}
	d.ID = z.ID
	return d.ID, nil
}

// Read tells all records, and those settings and phases that keys name. Rules of
// others are told under their id, to be looked at.
func (d *Driver) Read(ctx context.Context, keys []edge.Key) (*edge.State, error) {
	zone, err := d.id(ctx)
	if err != nil {
		return nil, err
	}
	s := &edge.State{Sets: map[edge.Key][]edge.Value{}, Complete: true}
	records, err := d.Client.Records(ctx, zone)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		k := edge.RR(r.Name, r.Type)
		s.Sets[k] = append(s.Sets[k], value(r))
	}
	if slices.ContainsFunc(keys, func(k edge.Key) bool { return k.Kind == edge.Setting }) {
		settings, err := d.Client.Settings(ctx, zone)
		if err != nil {
			return nil, err
		}
		for id, v := range settings {
			s.Sets[edge.Key{Kind: edge.Setting, Name: id}] = []edge.Value{{Data: edge.JSON(string(v))}}
		}
	}
	phases := map[string]bool{}
	for _, k := range keys {
		if k.Kind != edge.Rule || phases[k.Type] {
			continue
		}
		phases[k.Type] = true
		set, err := d.Client.Rules(ctx, zone, k.Type)
		if err != nil {
			return nil, err
		}
		if set == nil {
			continue
		}
		for _, r := range set.Rules {
			k := edge.Key{Kind: edge.Rule, Name: ref(r), Type: k.Type}
			s.Sets[k] = []edge.Value{{Data: ruleData(r)}}
		}
	}
	return s, nil
}

// ref names a rule: by our reference, or by the id that it has.
func ref(r api.Rule) string {
	if r.Ref != "" && r.Ref != r.ID {
		return r.Ref
	}
	return "#" + r.ID
}

// ruleData is a rule as it is compared: without what the API adds.
func ruleData(r api.Rule) string {
	r.ID = ""
	if len(r.Limit) > 0 {
		var m map[string]any
		if json.Unmarshal(r.Limit, &m) == nil {
			if m["requests_to_origin"] == false {
				delete(m, "requests_to_origin")
			}
			if b, err := json.Marshal(m); err == nil {
				r.Limit = b
			}
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return edge.JSON(string(b))
}

// extra is what else the provider keeps with a record.
type extra struct {
	Tags     []string        `json:"tags,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

func value(r api.Record) edge.Value {
	v := edge.Value{TTL: r.TTL, Proxied: r.Proxied, Comment: r.Comment}
	content := r.Content
	switch r.Type {
	case "TXT", "SPF":
		if !strings.HasPrefix(content, `"`) {
			content = edge.Quote(content)
		}
	case "MX", "URI":
		if r.Priority != nil {
			content = fmt.Sprintf("%d %s", *r.Priority, fqdn(content))
		}
	case "SRV":
		if r.Priority != nil && len(strings.Fields(content)) == 3 {
			content = fmt.Sprintf("%d %s", *r.Priority, content)
		}
	case "CNAME", "NS", "PTR":
		content = fqdn(content)
	}
	v.Data = edge.Data(r.Type, content)
	e := extra{Tags: r.Tags, Settings: r.Settings}
	if string(e.Settings) == "{}" || string(e.Settings) == "null" {
		e.Settings = nil
	}
	if len(e.Tags) > 0 || len(e.Settings) > 0 {
		if b, err := json.Marshal(e); err == nil {
			v.Extra = edge.JSON(string(b))
		}
	}
	return v
}

func fqdn(s string) string {
	if s == "." {
		return s
	}
	return dns.Fqdn(s)
}

// record is a value as the API takes it.
func record(k edge.Key, v edge.Value) (api.Record, error) {
	r := api.Record{Type: k.Type, Name: k.Name, TTL: v.TTL, Proxied: v.Proxied, Comment: v.Comment}
	rr, err := edge.Parse(k.Name, k.Type, v.TTL, v.Data)
	if err != nil {
		return r, err
	}
	if v.Extra != "" {
		var e extra
		if err := json.Unmarshal([]byte(v.Extra), &e); err != nil {
			return r, fmt.Errorf("%s: read what the provider keeps with it: %w", k, err)
		}
		r.Tags, r.Settings = e.Tags, e.Settings
	}
	data := func(m map[string]any) {
		r.Data, err = json.Marshal(m)
	}
	switch rr := rr.(type) {
	case *dns.A:
		r.Content = rr.A.String()
	case *dns.AAAA:
		r.Content = rr.AAAA.String()
	case *dns.CNAME:
		r.Content = plain(rr.Target)
	case *dns.NS:
		r.Content = plain(rr.Ns)
	case *dns.MX:
		r.Content, r.Priority = plain(rr.Mx), &rr.Preference
	case *dns.TXT:
		r.Content = v.Data
	case *dns.CAA:
		data(map[string]any{"flags": rr.Flag, "tag": rr.Tag, "value": rr.Value})
	case *dns.SRV:
		data(map[string]any{"priority": rr.Priority, "weight": rr.Weight, "port": rr.Port, "target": plain(rr.Target)})
	default:
		return r, fmt.Errorf("%s: records of this type are changed by hand", k)
	}
	return r, err
}

func plain(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}
