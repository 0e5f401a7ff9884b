package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// row is one object of the application under test, tenant included.
type row map[string]any

// handler answers as the tenant of the caller, "" for nobody.
type handler func(w http.ResponseWriter, r *http.Request, tenant string)

// app is a small application with two tenants. It keeps rows by collection and
// lists its own routes.
type app struct {
	mux    *http.ServeMux
	routes map[string]string // route => its line in the list
	access lr.Access

	mu   sync.Mutex
	n    int
	rows map[string][]row
	// shape changes the routes as a specification would: parameters, schemas.
	shape func(*lr.Route)
	// nextID makes ids; nil: random-looking ones.
	nextID  func(n int, tenant string) string
	handles map[string]handler
	served  int
	bot     *bot     // nil: nobody to talk to
	people  []string // who has an account; nil: a member and an administrator of each tenant
}

func newApp() *app {
	a := &app{mux: http.NewServeMux(), routes: map[string]string{}, rows: map[string][]row{}, handles: map[string]handler{}}
	a.on("GET /me", func(w http.ResponseWriter, r *http.Request, tenant string) {
		if tenant == "" {
			reply(w, 401, row{"error": "sign in"})
			return
		}
		reply(w, 200, row{"id": userID(caller(r)), "tenant_id": tenantID(tenant), "email": caller(r) + ".test"})
	})
	return a
}

// on serves a route. A JSON value after the path is the example of its body; the
// query after the path names parameters. A later call replaces an earlier one.
func (a *app) on(line string, h handler) {
	method, rest, _ := strings.Cut(line, " ")
	path, _, _ := strings.Cut(rest, " ")
	path, _, _ = strings.Cut(path, "?")
	name := method + " " + path
	pattern := strings.Replace(name, "WS ", "GET ", 1)
	if path == "/" {
		pattern += "{$}"
	}
	if _, had := a.handles[name]; !had {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.handles[name](w, r, tenantOf(r)) })
		a.routes[name] = line
	} else if strings.ContainsAny(strings.TrimPrefix(rest, path), "?{") {
		a.routes[name] = line
	}
	a.handles[name] = h
}

func caller(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// tenantOf reads the tenant out of the token "member@acme".
func tenantOf(r *http.Request) string {
	_, tenant, _ := strings.Cut(caller(r), "@")
	return tenant
}

func tenantID(tenant string) string {
	return map[string]string{"acme": "ten_4f6a1c88", "globex": "ten_90b7e2d3"}[tenant]
}

func tenantByID(id string) string {
	for _, t := range []string{"acme", "globex"} {
		if id != "" && id == tenantID(t) {
			return t
		}
	}
	return ""
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v) // a client that went away is no matter here
	}
}

func body(r *http.Request) row {
	var v row
	if json.NewDecoder(r.Body).Decode(&v) != nil || v == nil {
		return row{}
	}
	return v
}

// add keeps a new row for the tenant and returns it.
func (a *app) add(coll, tenant string, v row) row {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	v = maps.Clone(v)
	v["tenant"] = tenant
	v["id"] = fmt.Sprintf("n%08x%08x", uint32(a.n)*2654435761, uint32(a.n+7919)*2246822519)
	if a.nextID != nil {
		v["id"] = a.nextID(a.n, tenant)
	}
	a.rows[coll] = append(a.rows[coll], v)
	return maps.Clone(v)
}

// find returns the row of the id, of the tenant alone unless it is "*".
func (a *app) find(coll, id, tenant string) row {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.rows[coll] {
		if v["id"] == id && (tenant == "*" || v["tenant"] == tenant) {
			return maps.Clone(v)
		}
	}
	return nil
}

// list returns the rows that keep takes.
func (a *app) list(coll string, keep func(row) bool) []row {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []row{}
	for _, v := range a.rows[coll] {
		if keep == nil || keep(v) {
			out = append(out, maps.Clone(v))
		}
	}
	return out
}

func of(tenant string) func(row) bool { return func(v row) bool { return v["tenant"] == tenant } }

// change sets fields of a row; drop removes one.
func (a *app) change(coll, id string, set row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.rows[coll] {
		if v["id"] == id {
			maps.Copy(v, set)
		}
	}
}

func (a *app) drop(coll, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows[coll] = slices.DeleteFunc(a.rows[coll], func(v row) bool { return v["id"] == id })
}

// private refuses anonymous callers.
func private(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, tenant string) {
		if tenant == "" {
			reply(w, 401, row{"error": "sign in"})
			return
		}
		h(w, r, tenant)
	}
}

func missing(w http.ResponseWriter) { reply(w, 404, row{"error": "not found"}) }

// crud serves a collection that does everything right.
func (a *app) crud(coll string) {
	a.on(`POST /`+coll+` {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		reply(w, 201, a.add(coll, tenant, row{"title": body(r)["title"]}))
	}))
	a.on("GET /"+coll, private(func(w http.ResponseWriter, _ *http.Request, tenant string) {
		reply(w, 200, row{"data": a.list(coll, of(tenant))})
	}))
	a.on("GET /"+coll+"/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if v := a.find(coll, r.PathValue("id"), tenant); v != nil {
			reply(w, 200, v)
			return
		}
		missing(w)
	}))
	a.on(`PATCH /`+coll+`/{id} {"title":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		v := a.find(coll, r.PathValue("id"), tenant)
		if v == nil {
			missing(w)
			return
		}
		a.change(coll, r.PathValue("id"), row{"title": body(r)["title"]})
		reply(w, 200, a.find(coll, r.PathValue("id"), tenant))
	}))
	a.on("DELETE /"+coll+"/{id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find(coll, r.PathValue("id"), tenant) == nil {
			missing(w)
			return
		}
		a.drop(coll, r.PathValue("id"))
		w.WriteHeader(204)
	}))
}

// below serves messages below chats, and does everything right.
func (a *app) below() {
	a.crud("chats")
	of := func(r *http.Request, tenant string) func(row) bool {
		return func(v row) bool { return v["tenant"] == tenant && v["chat_id"] == r.PathValue("chat_id") }
	}
	a.on(`POST /chats/{chat_id}/messages {"content":"hello"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("chats", r.PathValue("chat_id"), tenant) == nil {
			missing(w)
			return
		}
		reply(w, 201, a.add("messages", tenant, row{"content": body(r)["content"], "chat_id": r.PathValue("chat_id")}))
	}))
	a.on("GET /chats/{chat_id}/messages", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		if a.find("chats", r.PathValue("chat_id"), tenant) == nil {
			missing(w)
			return
		}
		reply(w, 200, row{"data": a.list("messages", of(r, tenant))})
	}))
	a.on("GET /chats/{chat_id}/messages/{message_id}", private(func(w http.ResponseWriter, r *http.Request, tenant string) {
		v := a.find("messages", r.PathValue("message_id"), tenant)
		if v == nil || v["chat_id"] != r.PathValue("chat_id") {
			missing(w)
			return
		}
		reply(w, 200, v)
	}))
}

// cast signs in at POST /login, and makes nobody.
type cast struct{ lr.Cast }

func (cast) Spare(context.Context, string, string) (*lr.Account, error) { return nil, lr.ErrNoSpare }

func (cast) Session(context.Context, *lr.Account) (*lr.Account, error) { return nil, lr.ErrNoSignIn }

func (cast) Password(*lr.Account) lr.Secret { return lr.NewSecret("pw") }

func (cast) SignInRequest(_ context.Context, a *lr.Account, user string, password lr.Secret) (*lr.Request, error) {
	b, err := json.Marshal(row{"email": user, "password": password.Reveal()})
	r := &lr.Request{Method: "POST", Path: "/login", Body: b}
	r.SetHeader("Content-Type", "application/json")
	return r, err
}

// trial puts the check to the application with a real client and stage.
func trial(t *testing.T, c *lr.Check, a *app) ([]lr.Outcome, *lr.Trial) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.served++
		a.mu.Unlock()
		a.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Sorted(maps.Values(a.routes))
	sf, err := surface.RouteList([]byte(strings.Join(lines, "\n")), surface.Source{Location: "routes.txt"})
	if err != nil {
		t.Fatal(err)
	}
	target := &lr.Target{Base: base, Routes: sf.Routes, Access: a.access, Mutate: true}
	for _, rt := range target.Routes {
		if a.shape != nil {
			a.shape(rt)
		}
		if rt.Path == "/login" {
			target.SignIn = rt
		}
	}
	surface.Link(target.Routes)
	people := a.people
	if people == nil {
		people = []string{"member@acme", "admin@acme", "member@globex", "admin@globex"}
	}
	for _, id := range people {
		target.Accounts = append(target.Accounts, account(id, target.Routes))
	}
	client, err := probe.New(probe.Options{Base: base, Retries: -1, StreamFor: 200 * time.Millisecond, Timeout: 5 * time.Second, MaxWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	st := stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("unit", nil), Run: "unit"})
	if err := st.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var out []lr.Outcome
	tr := &lr.Trial{Check: c, Target: target, HTTP: client, Cast: cast{}, Stage: st, Now: time.Now, Report: func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, o)
	}}
	if c.Needs&lr.Chat != 0 {
		tr.Assistant, tr.Memo, tr.Seed = a.meet(t, client, target.Routes), &lr.Memo{}, 1
		ingested(t.Context(), tr.Memo)
	}
	if err := c.Run(t.Context(), tr); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return out, tr
}

func account(id string, routes []*lr.Route) *lr.Account {
	role, tenant, _ := strings.Cut(id, "@")
	a := &lr.Account{Identity: lr.Identity{Name: tenant + "_" + role, Tenant: tenant, Role: role, User: id + ".test"},
		TenantID: tenantID(tenant), UserID: userID(id),
		Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + id)}, Token: lr.NewSecret(id)}}
	for _, rt := range routes {
		if rt.Kind == lr.WhoAmI {
			a.WhoAmI = rt
		}
	}
	return a
}

// want is what a check must report; whatever else it reports is a fault.
type want struct {
	fails    []string // subjects with a confirmed finding
	suspects []string // subjects with a suspected one and no confirmed one
	open     []string // subjects left open
	passes   []string // subjects that must be among the passed
	skipped  bool     // the question does not arise
}

type testCase struct {
	name  string
	build func(*app)
	want  want
}

// cases runs a table, each case in an application of its own.
func cases(t *testing.T, c *lr.Check, table []testCase) {
	t.Helper()
	for _, tc := range table {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			tc.build(a)
			out, _ := trial(t, c, a)
			hold(t, tc.want, out)
		})
	}
}

func hold(t *testing.T, w want, out []lr.Outcome) {
	t.Helper()
	best := map[string]string{}
	rank := map[string]int{"passed": 1, "open": 2, "suspected": 3, "failed": 4}
	skipped := false
	var lines []string
	for _, o := range out {
		kind := "passed"
		switch {
		case o.Verdict == lr.Skipped:
			skipped = true
			continue
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			kind = "failed"
			if len(o.Evidence.Exchanges) == 0 {
				t.Errorf("%s: a finding without an exchange", o.Subject)
			}
		case o.Verdict == lr.Failed:
			kind = "suspected"
		case o.Verdict == lr.Unknown:
			kind = "open"
		}
		if rank[kind] > rank[best[o.Subject]] {
			best[o.Subject] = kind
		}
		if strings.Contains(o.Message, "Bearer") {
			t.Errorf("%s: a message with a credential: %s", o.Subject, o.Message)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", kind, o.Subject, o.Message))
	}
	of := func(kind string) []string {
		got := []string{}
		for s, k := range best {
			if k == kind {
				got = append(got, s)
			}
		}
		slices.Sort(got)
		return got
	}
	for _, c := range []struct {
		kind string
		want []string
	}{{"failed", w.fails}, {"suspected", w.suspects}, {"open", w.open}} {
		slices.Sort(c.want)
		if got := of(c.kind); !slices.Equal(got, append([]string{}, c.want...)) {
			t.Errorf("%s: got %v, want %v", c.kind, got, c.want)
		}
	}
	for _, s := range w.passes {
		if best[s] != "passed" {
			t.Errorf("%s is %q, want passed", s, best[s])
		}
	}
	if skipped != w.skipped {
		t.Errorf("skipped is %v, want %v", skipped, w.skipped)
	}
	if t.Failed() {
		t.Log(strings.Join(lines, "\n"))
	}
}

func userID(id string) string { return "usr_" + strings.ReplaceAll(id, "@", "_") }

// parse reads a JSON object, nil when it is none.
func parse(b []byte) row {
	var v row
	if json.Unmarshal(b, &v) != nil {
		return row{}
	}
	return v
}

// gone is a client whose target has stopped answering.
type gone struct{ lr.Client }

func (*gone) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}

func (*gone) Dial(context.Context, *lr.Account, *lr.Request, ...string) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}

// unstaged is a stage whose target has stopped answering: it only builds.
type unstaged struct{ lr.Stage }

func (unstaged) Fresh(context.Context, string, *lr.Account) (*lr.Object, error) {
	return nil, lr.ErrLost
}

func (unstaged) ReadBack(context.Context, *lr.Object) (*lr.State, error) { return nil, lr.ErrLost }

func (unstaged) Control(context.Context, *lr.Route, *lr.Object, *lr.Account) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}
