package stage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

type item = map[string]any

// shelf is an application that keeps items by collection and tenant. The token
// names the caller: "member@acme".
type shelf struct {
	mux  *http.ServeMux
	srv  *httptest.Server
	spec item

	mu    sync.Mutex
	n     int
	items map[string][]item // collection => items; "tenant" says whose
	seen  []string          // "METHOD /path body" in order
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{mux: http.NewServeMux(), items: map[string][]item{}, spec: item{}}
	s.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI()+" "+string(b))
		s.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(b)))
		s.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.srv.Close)
	return s
}

func whose(r *http.Request) (role, tenant string) {
	role, tenant, _ = strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "@")
	return role, tenant
}

// on serves a route for those who are signed in and describes it. body is the
// schema of its JSON body, or a whole requestBody; nil has none.
func (s *shelf) on(pattern string, body item, h func(w http.ResponseWriter, r *http.Request, tenant string)) {
	method, path, _ := strings.Cut(pattern, " ")
	op := item{"responses": item{"200": item{"description": "ok"}}}
	for _, seg := range strings.Split(path, "/") {
		if strings.HasPrefix(seg, "{") {
			params, _ := op["parameters"].([]any)
			op["parameters"] = append(params, item{"name": strings.Trim(seg, "{}"), "in": "path", "required": true, "schema": item{"type": "string"}})
		}
	}
	switch {
	case body["content"] != nil:
		op["requestBody"] = body
	case body != nil:
		op["requestBody"] = item{"content": item{"application/json": item{"schema": body}}}
	}
	at, _ := s.spec[path].(item)
	if at == nil {
		at = item{}
		s.spec[path] = at
	}
	at[strings.ToLower(method)] = op
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		_, tenant := whose(r)
		if tenant == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h(w, r, tenant)
	})
}

// param describes a query parameter of a route.
func (s *shelf) param(path, method, name string, required bool) {
	op := s.spec[path].(item)[method].(item)
	params, _ := op["parameters"].([]any)
	op["parameters"] = append(params, item{"name": name, "in": "query", "required": required, "schema": item{"type": "string"}})
}

func object(required []string, fields ...string) item {
	props := item{}
	for _, f := range fields {
		props[f] = item{"type": "string"}
	}
	return item{"type": "object", "properties": props, "required": required}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who went away misses it
}

func bodyOf(r *http.Request) item {
	v := item{}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return v
	}
	switch media, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media {
	case "application/json":
		_ = json.Unmarshal(b, &v) // nonsense is an empty body
	case "application/x-www-form-urlencoded":
		form, _ := url.ParseQuery(string(b))
		for k := range form {
			v[k] = form.Get(k)
		}
	case "multipart/form-data":
		if params["boundary"] != "" {
			v["raw"] = string(b)
		}
	}
	return v
}

func (s *shelf) add(coll, tenant string, v item) item {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	v = maps.Clone(v)
	v["tenant"], v["n"] = tenant, s.n
	s.items[coll] = append(s.items[coll], v)
	return v
}

func (s *shelf) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("it_%08x%02d", uint32(s.n+1)*2654435761, s.n)
}

// next is a small number, as databases give them.
func (s *shelf) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n + 1
}

func (s *shelf) list(coll, tenant string) []item {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []item{}
	for _, v := range s.items[coll] {
		if v["tenant"] == tenant {
			out = append(out, v)
		}
	}
	return out
}

func (s *shelf) find(coll, tenant, field, value string) item {
	for _, v := range s.list(coll, tenant) {
		if fmt.Sprint(v[field]) == value {
			return v
		}
	}
	return nil
}

func (s *shelf) drop(coll string, v item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[coll] = slices.DeleteFunc(s.items[coll], func(o item) bool { return o["n"] == v["n"] })
}

func (s *shelf) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, vs := range s.items {
		n += len(vs)
	}
	return n
}

// item serves GET, PATCH and DELETE of one item by the field.
func (s *shelf) item(path, coll, field string) {
	key := path[strings.LastIndex(path, "{")+1 : len(path)-1]
	one := func(h func(http.ResponseWriter, *http.Request, item)) func(http.ResponseWriter, *http.Request, string) {
		return func(w http.ResponseWriter, r *http.Request, tenant string) {
			if v := s.find(coll, tenant, field, r.PathValue(key)); v != nil {
				h(w, r, v)
				return
			}
			answer(w, 404, item{"error": "not found"})
		}
	}
	s.on("GET "+path, nil, one(func(w http.ResponseWriter, _ *http.Request, v item) { answer(w, 200, v) }))
	s.on("DELETE "+path, nil, one(func(w http.ResponseWriter, _ *http.Request, v item) {
		s.drop(coll, v)
		w.WriteHeader(204)
	}))
}

// asked lists the requests that begin with a prefix.
func (s *shelf) asked(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.seen {
		if strings.HasPrefix(l, prefix) {
			out = append(out, l)
		}
	}
	return out
}

// world is a stage on a shelf.
type world struct {
	*stage.Stage
	target *lr.Target
	client *probe.Client
	ledger *notebook
	acme   *lr.Account
	globex *lr.Account
}

func account(role, tenant string) *lr.Account {
	return &lr.Account{
		Identity: lr.Identity{Name: tenant + "_" + role, Tenant: tenant, Role: role, User: role + "@" + tenant + ".test"},
		TenantID: "ten_" + tenant + "_77ab", UserID: "usr_" + role + "_" + tenant + "_31cd",
		Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + role + "@" + tenant)}},
	}
}

func (s *shelf) stage(t *testing.T, change ...func(*stage.Options)) *world {
	t.Helper()
	base, err := url.Parse(s.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(item{"openapi": "3.0.3", "info": item{"title": "Shelf", "version": "1"}, "paths": s.spec})
	if err != nil {
		t.Fatal(err)
	}
	sur, err := surface.OpenAPI(t.Context(), text, surface.Source{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ledger: &notebook{}, acme: account("member", "acme"), globex: account("member", "globex")}
	w.client, err = probe.New(probe.Options{Base: base, Timeout: 5 * time.Second, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	w.target = &lr.Target{Base: base, Routes: sur.Routes, Accounts: []*lr.Account{account("admin", "acme"), w.acme, account("admin", "globex"), w.globex}}
	o := stage.Options{Target: w.target, HTTP: w.client, Mint: oracle.NewMint("r1", nil), Ledger: w.ledger, Run: "r1"}
	for _, c := range change {
		c(&o)
	}
	w.Stage = stage.New(o)
	return w
}

// seeded is the stage with its objects on it.
func (s *shelf) seeded(t *testing.T, change ...func(*stage.Options)) *world {
	t.Helper()
	w := s.stage(t, change...)
	if err := w.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// notebook is a ledger in memory that tells its entries.
type notebook struct {
	mu      sync.Mutex
	entries []stage.Entry
	fail    error // Intend fails with it
}

func (n *notebook) Intend(_ context.Context, e stage.Entry) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return 0, n.fail
	}
	e.ID = int64(len(n.entries) + 1)
	n.entries = append(n.entries, e)
	return e.ID, nil
}

func (n *notebook) Created(_ context.Context, id int64, path string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries[id-1].State, n.entries[id-1].DeletePath = stage.Created, path
	return nil
}

func (n *notebook) Settle(_ context.Context, id int64, st stage.State, why string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries[id-1].State, n.entries[id-1].Reason = st, why
	return nil
}

func (n *notebook) Open(_ context.Context, run string) ([]stage.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []stage.Entry
	for _, e := range n.entries {
		if e.Run == run && e.State != stage.Removed {
			out = append(out, e)
		}
	}
	return out, nil
}

func (n *notebook) all() []stage.Entry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.entries)
}
