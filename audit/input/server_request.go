package input

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func serverRequest() *lr.Check {
	return &lr.Check{
		ID:       "input/server-request",
		Title:    "No input makes the server fetch an address of its own network",
		Why:      "A field that takes an address is a window into the network behind the application: metadata services that hand out keys, databases, consoles that trust whoever is inside.",
		Fix:      "Resolve the name once, refuse loopback, private, link-local and metadata addresses in every spelling, connect to the address that was judged, and judge each redirect again. Send such requests from a network that reaches nothing inside.",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "918"}, {Source: "ASVS", ID: "v5.0.0-1.3.6"}, {Source: "OWASP API", ID: "API7:2023"}},
		Needs:    lr.Routes | lr.Credentials | lr.Callback,
		Beside:   true, // it waits for what comes to the listener
		Run: func(ctx context.Context, t *lr.Trial) error {
			if !inside(t.Listener.Bait(lr.Page{}).URL) {
				t.Unknown(application, "the listener has a public address, and a request to that is what such a field is for")
				return nil
			}
			doors := urlDoors(ctx, t)
			if len(doors) == 0 {
				t.NotApplicable("no route takes an address")
				return nil
			}
			return askAll(ctx, t, doors, func(ctx context.Context, d *door, n *tries) (*hit, error) { return fetches(ctx, t, d, n) })
		},
	}
}

// inside reports whether an address is one that a server must not fetch.
func inside(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast())
}

// urlDoors lists the routes with a place that takes an address: where the run
// takes away what they make, or where they act on its own objects.
func urlDoors(ctx context.Context, t *lr.Trial) []*door {
	var out []*door
	for _, rt := range t.Target.Routes {
		if !rt.Declared || risky(rt) || asksModel(t, rt) || len(out) == 40 {
			continue
		}
		d := &door{route: rt, as: oracle.Caller(t, rt)}
		d.object = objectOf(t, rt, d.as)
		switch rt.Kind {
		case lr.Create:
			if !removable(t, rt) {
				continue
			}
		case lr.Action, lr.Upload, lr.Search, lr.OtherKind, lr.Read, lr.Download, lr.List:
			if !rt.Safe() && (!t.Target.Mutate || len(rt.PathParams()) > 0 && (d.object == nil || !d.object.Made)) {
				continue
			}
		default:
			continue
		}
		if d.places = urlPlaces(rt); len(d.places) == 0 {
			continue
		}
		var err error
		if d.base, err = t.Stage.Request(ctx, rt, d.object, d.as); err == nil {
			out = append(out, d)
		}
	}
	return out
}

func urlPlaces(rt *lr.Route) []place {
	var out []place
	for _, p := range rt.Params {
		if p.In == lr.InQuery && (urlName(p.Name) || p.Schema != nil && (p.Schema.Format == "uri" || p.Schema.Format == "url")) {
			out = append(out, place{name: p.Name, in: lr.InQuery})
		}
	}
	if rt.Body == nil || rt.Body.Schema == nil || rt.Safe() {
		return out
	}
	for name, s := range rt.Body.Schema.Properties {
		if s.Type == "string" && !s.ReadOnly && len(s.Enum) == 0 && !oracle.SecretField(name) && (s.Format == "uri" || s.Format == "url" || urlName(name)) {
			out = append(out, place{name: name, body: true})
		}
	}
	return out
}

// urlName reports a name whose value is usually an address.
func urlName(name string) bool {
	n := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
	for _, w := range []string{"url", "uri", "webhook", "callback", "endpoint", "href", "link", "website", "feed", "sitemap"} {
		if strings.HasSuffix(n, w) {
			return true
		}
	}
	return false
}

// fetches hands out addresses of the listener, in the spellings that a filter
// forgets, and looks which of them is fetched.
func fetches(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	type sent struct {
		bait  lr.Bait
		x     *lr.Exchange
		place place
	}
	var all []sent
	for _, p := range d.places {
		b := t.Listener.Bait(lr.Page{Type: "text/plain", Body: []byte("lr")})
		spelled := spellings(b.URL)
		for _, address := range spelled {
			r := d.base.Clone()
			if p.body && !json.Valid(r.Body) {
				continue
			}
			d.set(r, p, address)
			x, err := n.send(ctx, t, d, r, "an address of the server's own network")
			if err != nil {
				return nil, err
			}
			all = append(all, sent{b, x, p})
			if len(t.Listener.Hits(b.Nonce)) > 0 {
				break
			}
		}
	}
	wait, cancel := context.WithTimeout(ctx, 300*time.Millisecond) // all of them together: some fetch behind the answer
	defer cancel()
	for _, s := range all {
		if hits := t.Listener.Wait(wait, s.bait.Nonce); len(hits) > 0 {
			return &hit{xs: []*lr.Exchange{s.x}, records: []string{"callback: " + hits[0].Line + " from " + hits[0].From + ", " + hits[0].Agent},
				say: fmt.Sprintf("%s makes the server fetch an address of its own network", s.place)}, nil
		}
	}
	return nil, nil
}

// spellings are names of the same address: as it is, by name, as one number, and
// as IPv4 within IPv6.
func spellings(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return []string{raw}
	}
	out := []string{raw}
	ip := net.ParseIP(u.Hostname()).To4()
	if ip == nil {
		return out
	}
	n := uint32(ip[0])<<24 | uint32(ip[1])<<16 | uint32(ip[2])<<8 | uint32(ip[3])
	hosts := []string{strconv.FormatUint(uint64(n), 10), fmt.Sprintf("[::ffff:%x:%x]", n>>16, n&0xffff)}
	if ip.IsLoopback() {
		hosts = append([]string{"localhost"}, hosts...)
	}
	for _, h := range hosts {
		v := *u
		v.Host = h + ":" + u.Port()
		out = append(out, v.String())
	}
	return out
}
