// Package cloudflare is a stand-in for Cloudflare's API on loopback: zones with
// records, settings, rules, DNSSEC, in the envelopes, the pages and the refusals of
// the real one. The demo's domain is at it, and the driver of the edge is tried
// against it.
package cloudflare

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Record is a DNS record as the API shows it.
type Record struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Name     string          `json:"name"`
	Content  string          `json:"content"`
	Priority *uint16         `json:"priority,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	TTL      uint32          `json:"ttl"`
	Proxied  bool            `json:"proxied"`
	Comment  string          `json:"comment"`
	Tags     []string        `json:"tags"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// Rule is a rule of a phase.
type Rule map[string]any

// Ruleset are the rules of a phase.
type Ruleset struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Phase string `json:"phase"`
	Rules []Rule `json:"rules"`
}

// Zone is a domain with all that is set for it.
type Zone struct {
	ID        string
	Name      string
	Records   []Record
	Settings  map[string]any
	Rulesets  []*Ruleset
	PageRules []any
	DNSSEC    string // "active", "disabled"
	Paused    bool
}

// Options say what the server holds.
type Options struct {
	Addr  string // loopback; "127.0.0.1:0" where empty
	Token string // may read and write
	Read  string // may read only; "" is no token
	// Expires is when the tokens end, as RFC 3339; "" never.
	Expires string
	Zones   []*Zone
	// Limit refuses every so many requests one with 429; 0 never does.
	Limit int
	// Page is how many records a page holds at the most; 0 is 100.
	Page int
	// Changed is told when records of a zone changed, while the server waits.
	Changed func(*Zone)
	// Hook sees each request before it is answered; false closes the connection
	// without an answer. It may change nothing.
	Hook func(*http.Request) bool
	// After sees each request after it took effect and before it is answered;
	// false closes the connection without an answer.
	After func(*http.Request) bool
}

// Server is a running stand-in.
type Server struct {
	URL string // base of the API: "http://127.0.0.1:41234/client/v4"

	o    Options
	http *http.Server
	done sync.WaitGroup

	mu    sync.Mutex
	asked int
}

// New serves until Close.
func New(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	s := &Server{URL: "http://" + l.Addr().String() + "/client/v4", o: o}
	for _, z := range o.Zones {
		for i := range z.Records {
			z.Records[i].ID = id()
			if z.Records[i].TTL == 0 {
				z.Records[i].TTL = 1
			}
			if z.Records[i].Tags == nil {
				z.Records[i].Tags = []string{}
			}
		}
		for _, set := range z.Rulesets {
			set.fill()
		}
	}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	s.done.Go(func() { _ = s.http.Serve(l) })
	return s, nil
}

// Close stops serving.
func (s *Server) Close() error {
	err := s.http.Close()
	s.done.Wait()
	return err
}

func id() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail (crypto/rand)
	return hex.EncodeToString(b[:])
}

func (r *Ruleset) fill() {
	if r.ID == "" {
		r.ID = id()
	}
	r.Kind = "zone"
	for _, rule := range r.Rules {
		rule.fill()
	}
}

func (r Rule) fill() {
	if r["id"] == nil {
		r["id"] = id()
	}
	if r["ref"] == nil {
		r["ref"] = r["id"]
	}
	if r["enabled"] == nil {
		r["enabled"] = true
	}
	r["version"] = "1"
	if limit, ok := r["ratelimit"].(map[string]any); ok && limit["requests_to_origin"] == nil {
		limit["requests_to_origin"] = false
	}
}

// refusal is an answer that is an error.
type refusal struct {
	status  int
	code    int
	message string
}

func (e *refusal) Error() string { return e.message }

func refuse(status, code int, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// info tells the page of a listing.
type info struct {
	Page       int `json:"page"`
	PerPage    int `json:"per_page"`
	Count      int `json:"count"`
	TotalCount int `json:"total_count"`
	TotalPages int `json:"total_pages"`
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.Hook != nil && !s.o.Hook(r) {
		panic(http.ErrAbortHandler)
	}
	s.asked++
	if s.o.Limit > 0 && s.asked%s.o.Limit == 0 {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, nil, nil, refuse(429, 971, "Please wait and consider throttling your request speed"))
		return
	}
	result, page, err := s.route(r)
	if s.o.After != nil && !s.o.After(r) {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusOK
	if err != nil {
		status = http.StatusInternalServerError
		var e *refusal
		if errors.As(err, &e) {
			status = e.status
		}
	}
	answer(w, status, result, page, err)
}

func answer(w http.ResponseWriter, status int, result any, page *info, err error) {
	type message struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	out := map[string]any{"success": err == nil, "errors": []message{}, "messages": []message{}, "result": result}
	if err != nil {
		m := message{1000, err.Error()}
		var e *refusal
		if errors.As(err, &e) {
			m.Code = e.code
		}
		out["errors"] = []message{m}
	}
	if page != nil {
		out["result_info"] = page
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// route finds what a path names.
func (s *Server) route(r *http.Request) (any, *info, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	writes := r.Method != http.MethodGet
	switch {
	case token == "" || token != s.o.Token && token != s.o.Read:
		return nil, nil, refuse(http.StatusForbidden, 9109, "Invalid access token")
	case writes && token != s.o.Token:
		return nil, nil, refuse(http.StatusForbidden, 10000, "Authentication error")
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/client/v4/")
	part := strings.Split(path, "/")
	switch {
	case !ok:
	case path == "user/tokens/verify":
		out := map[string]any{"id": "ed17574386854bf78a67040be0a770b0", "status": "active"}
		if s.o.Expires != "" {
			out["expires_on"] = s.o.Expires
		}
		return out, nil, nil
	case path == "zones":
		out := []any{}
		for _, z := range s.o.Zones {
			if name := r.URL.Query().Get("name"); name == "" || name == z.Name {
				out = append(out, z.shown())
			}
		}
		return out, &info{1, 20, len(out), len(out), 1}, nil
	case part[0] == "zones" && len(part) >= 2:
		for _, z := range s.o.Zones {
			if z.ID == part[1] {
				return s.zone(r, z, part[2:])
			}
		}
		return nil, nil, refuse(http.StatusNotFound, 1001, "Invalid zone identifier")
	}
	return nil, nil, refuse(http.StatusNotFound, 7003, "Could not route to %s, perhaps your object identifier is invalid?", r.URL.Path)
}

func (z *Zone) shown() any {
	return map[string]any{"id": z.ID, "name": z.Name, "status": "active", "paused": z.Paused, "name_servers": []string{"ada.ns.cloudflare.test", "bob.ns.cloudflare.test"}}
}

func (s *Server) zone(r *http.Request, z *Zone, part []string) (any, *info, error) {
	if len(part) == 0 {
		return z.shown(), nil, nil
	}
	switch part[0] {
	case "dns_records":
		return s.records(r, z, part[1:])
	case "settings":
		return settings(r, z, part[1:])
	case "rulesets":
		return rulesets(r, z, part[1:])
	case "pagerules":
		if z.PageRules == nil {
			return []any{}, nil, nil
		}
		return z.PageRules, nil, nil
	case "dnssec":
		return map[string]any{"status": z.DNSSEC}, nil, nil
	}
	return nil, nil, refuse(http.StatusNotFound, 7003, "Could not route to %s", r.URL.Path)
}

func settings(r *http.Request, z *Zone, part []string) (any, *info, error) {
	shown := func(id string) any {
		return map[string]any{"id": id, "value": z.Settings[id], "editable": true, "modified_on": nil}
	}
	if len(part) == 0 {
		out := []any{}
		for id := range z.Settings {
			out = append(out, shown(id))
		}
		return out, nil, nil
	}
	if _, known := z.Settings[part[0]]; !known {
		return nil, nil, refuse(http.StatusBadRequest, 1003, "Undefined zone setting: %s", part[0])
	}
	if r.Method == http.MethodPatch {
		var in struct {
			Value any `json:"value"`
		}
		if err := read(r, &in); err != nil {
			return nil, nil, err
		}
		z.Settings[part[0]] = in.Value
	}
	return shown(part[0]), nil, nil
}

func read(r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(into); err != nil {
		return refuse(http.StatusBadRequest, 9207, "Request body is invalid.")
	}
	return nil
}

func number(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}
