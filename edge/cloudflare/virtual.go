package cloudflare

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/edge"
	api "github.com/launchready/launchready/probe/cloudflare"
)

// VirtualAPI is the base address at which a Virtual network tells of the zone. No
// name server knows it (RFC 6761 section 6.4).
const VirtualAPI = "http://planned.invalid/client/v4"

const virtualAddress = "planned.invalid:80"

// Virtual is a network in which the provider's API tells a zone as a plan would
// make it: its records, settings and rules. It reads the real zone behind, and
// nothing that is sent to it changes anything.
type Virtual struct {
	lr.Network
	Driver *Driver
	Plan   *edge.Plan

	once   sync.Once
	conns  chan net.Conn
	closed chan struct{}
	server *http.Server
}

var _ lr.Network = (*Virtual)(nil)

// Dial connects to the planned zone where its API is called.
func (v *Virtual) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address != virtualAddress {
		return v.Network.Dial(ctx, network, address)
	}
	v.once.Do(v.open)
	ours, theirs := net.Pipe()
	select {
	case v.conns <- ours:
		return theirs, nil
	case <-v.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (v *Virtual) open() {
	v.conns, v.closed = make(chan net.Conn), make(chan struct{})
	v.server = &http.Server{Handler: v, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = v.server.Serve(pipes{v}) }() // it ends with Close
}

// Close ends the connections to the planned zone.
func (v *Virtual) Close() error {
	opened := true
	v.once.Do(func() { opened = false })
	if !opened {
		return nil
	}
	return v.server.Close()
}

// pipes are the connections that Dial made, as a listener.
type pipes struct{ v *Virtual }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.v.conns:
		return c, nil
	case <-p.v.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	close(p.v.closed)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// ServeHTTP answers what the API would, had the plan been applied.
func (v *Virtual) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, err := v.read(r.Context(), r)
	answer := map[string]any{"success": err == nil, "errors": []any{}, "result": result, "result_info": map[string]any{"page": 1, "total_pages": 1}}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status, why := http.StatusBadGateway, []api.Message{{Message: err.Error()}}
		var refused *api.Error
		if errors.As(err, &refused) {
			status, why = refused.Status, refused.Errors
		}
		answer["errors"] = why
		w.WriteHeader(status)
	}
	_ = json.NewEncoder(w).Encode(answer) // who asked has gone
}

func (v *Virtual) read(ctx context.Context, r *http.Request) (any, error) {
	path := strings.TrimPrefix(r.URL.Path, "/client/v4")
	if r.Method != http.MethodGet {
		return nil, &api.Error{Status: http.StatusMethodNotAllowed, Method: r.Method, Path: path, Errors: []api.Message{{Message: "a planned zone is only read"}}}
	}
	zone, err := v.Driver.id(ctx)
	if err != nil {
		return nil, err
	}
	switch own := "/zones/" + zone; {
	case path == own+"/dns_records":
		return v.records(ctx, zone)
	case path == own+"/settings":
		return v.settings(ctx, zone)
	case strings.HasPrefix(path, own+"/rulesets/phases/"):
		phase, _, _ := strings.Cut(strings.TrimPrefix(path, own+"/rulesets/phases/"), "/")
		return v.rules(ctx, zone, phase)
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	return v.Driver.Client.Get(ctx, path)
}

// records are those of the zone with the planned in their place.
func (v *Virtual) records(ctx context.Context, zone string) ([]api.Record, error) {
	out, err := v.Driver.Client.Records(ctx, zone)
	if err != nil {
		return nil, err
	}
	for _, c := range v.Plan.Changes() {
		if c.Key.Kind != edge.Records {
			continue
		}
		for _, gone := range c.Removed() {
			if i := slices.IndexFunc(out, func(r api.Record) bool { return edge.RR(r.Name, r.Type) == c.Key && value(r) == gone }); i >= 0 {
				out = slices.Delete(out, i, i+1)
			}
		}
		for _, fresh := range c.Added() {
			r, err := record(c.Key, fresh)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// setting is one as the API lists it.
type setting struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

func (v *Virtual) settings(ctx context.Context, zone string) ([]setting, error) {
	all, err := v.Driver.Client.Settings(ctx, zone)
	if err != nil {
		return nil, err
	}
	for _, c := range v.Plan.Changes() {
		if c.Key.Kind == edge.Setting && len(c.After) == 1 {
			all[c.Key.Name] = json.RawMessage(c.After[0].Data)
		}
	}
	out := make([]setting, 0, len(all))
	for id, value := range all {
		out = append(out, setting{id, value})
	}
	return out, nil
}

// rules are those of a phase, each planned one in its place or behind the others.
func (v *Virtual) rules(ctx context.Context, zone, phase string) (*api.Ruleset, error) {
	set, err := v.Driver.Client.Rules(ctx, zone, phase)
	if err != nil {
		return nil, err
	}
	for _, c := range v.Plan.Changes() {
		if c.Key.Kind != edge.Rule || c.Key.Type != phase {
			continue
		}
		if set == nil {
			set = &api.Ruleset{Name: rulesetName, Phase: phase}
		}
		at := slices.IndexFunc(set.Rules, func(r api.Rule) bool { return ref(r) == c.Key.Name })
		if len(c.After) == 0 {
			if at >= 0 {
				set.Rules = slices.Delete(set.Rules, at, at+1)
			}
			continue
		}
		var r api.Rule
		if err := json.Unmarshal([]byte(c.After[0].Data), &r); err != nil {
			return nil, err
		}
		if at >= 0 {
			r.ID = set.Rules[at].ID
			set.Rules[at] = r
		} else {
			set.Rules = append(set.Rules, r)
		}
	}
	if set == nil {
		return nil, &api.Error{Status: http.StatusNotFound, Method: http.MethodGet, Path: phase}
	}
	return set, nil
}
