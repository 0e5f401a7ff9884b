package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/surface"
)

// desk is a small application with two tenants that does everything right. Its
// hooks make it misbehave.
type desk struct {
	*httptest.Server
	mux    *http.ServeMux
	routes []string
	// before sees each request with its number, and may answer it.
	before func(w http.ResponseWriter, r *http.Request, n int) bool
	life   int // requests that a token lasts; 0: for ever

	mu     sync.Mutex
	served int
	issued int
	tokens map[string]*session
	notes  []*note
	users  map[string]*user
}

type session struct {
	user *user
	used int
}

type user struct{ id, email, tenant, role string }

type note struct {
	ID     string `json:"id"`
	Tenant string `json:"tenant_id"`
	Title  string `json:"title"`
	Text   string `json:"text"`
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{mux: http.NewServeMux(), tokens: map[string]*session{}, users: map[string]*user{}}
	d.mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	for i, email := range []string{"member@acme.test", "admin@acme.test", "member@globex.test", "admin@globex.test"} {
		role, domain, _ := strings.Cut(email, "@")
		tenant := strings.TrimSuffix(domain, ".test")
		d.users[email] = &user{fmt.Sprintf("usr_%s_81f%d", tenant, i), email, "ten_" + tenant + "_5c02", role}
	}
	d.handle("POST /login", d.login)
	d.handle("GET /me", d.signedIn(func(w http.ResponseWriter, _ *http.Request, u *user) {
		say(w, 200, map[string]any{"id": u.id, "email": u.email, "tenant_id": u.tenant, "role": u.role})
	}))
	d.handle("GET /notes", d.signedIn(func(w http.ResponseWriter, _ *http.Request, u *user) {
		say(w, 200, map[string]any{"data": d.of(u.tenant)})
	}))
	d.handle("POST /notes", d.signedIn(func(w http.ResponseWriter, r *http.Request, u *user) { say(w, 201, d.add(u.tenant, r)) }))
	d.handle("GET /notes/{id}", d.mine(func(w http.ResponseWriter, _ *http.Request, n *note) { say(w, 200, n) }))
	d.handle("PATCH /notes/{id}", d.mine(func(w http.ResponseWriter, r *http.Request, n *note) {
		d.change(n, r)
		say(w, 200, n)
	}))
	d.handle("DELETE /notes/{id}", d.mine(func(w http.ResponseWriter, _ *http.Request, n *note) {
		d.remove(n)
		w.WriteHeader(http.StatusNoContent)
	}))
	d.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.served++
		n := d.served
		d.mu.Unlock()
		if d.before != nil && d.before(w, r, n) {
			return
		}
		d.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

// handle serves a route and puts it on the list of routes.
func (d *desk) handle(pattern string, h http.HandlerFunc) {
	d.routes = append(d.routes, pattern)
	d.mux.HandleFunc(pattern, h)
}

// instead serves a route in another way than the desk does.
func (d *desk) instead(pattern string, h http.HandlerFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	one := http.NewServeMux()
	one.HandleFunc(pattern, h)
	next := d.before
	d.before = func(w http.ResponseWriter, r *http.Request, n int) bool {
		if next != nil && next(w, r, n) {
			return true
		}
		if _, found := one.Handler(r); r.Method != method || found != pattern {
			return false
		}
		one.ServeHTTP(w, r)
		return true
	}
	if !slices.Contains(d.routes, pattern) {
		d.routes = append(d.routes, method+" "+path)
	}
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who went away misses it
}

func refuse(w http.ResponseWriter, status int) {
	say(w, status, map[string]any{"error": http.StatusText(status)})
}

func (d *desk) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	_ = json.NewDecoder(r.Body).Decode(&in) // nonsense signs nobody in
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.users[in.Email]
	if u == nil || in.Password != "pw of "+in.Email {
		refuse(w, http.StatusUnauthorized)
		return
	}
	d.issued++
	token := fmt.Sprintf("tok-%d-of-%s", d.issued, u.id)
	d.tokens[token] = &session{user: u}
	say(w, 200, map[string]any{"access_token": token})
}

// caller is who the request's token names, as long as it lasts.
func (d *desk) caller(r *http.Request) *user {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.tokens[token]
	if !ok || s == nil {
		return nil
	}
	if s.used++; d.life > 0 && s.used > d.life {
		delete(d.tokens, token)
		return nil
	}
	return s.user
}

func (d *desk) signedIn(h func(http.ResponseWriter, *http.Request, *user)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if u := d.caller(r); u != nil {
			h(w, r, u)
			return
		}
		refuse(w, http.StatusUnauthorized)
	}
}

func (d *desk) mine(h func(http.ResponseWriter, *http.Request, *note)) http.HandlerFunc {
	return d.signedIn(func(w http.ResponseWriter, r *http.Request, u *user) {
		if n := d.note(r.PathValue("id")); n != nil && n.Tenant == u.tenant {
			h(w, r, n)
			return
		}
		refuse(w, http.StatusNotFound)
	})
}

func (d *desk) note(id string) *note {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range d.notes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

func (d *desk) of(tenant string) []note {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := []note{}
	for _, n := range d.notes {
		if n.Tenant == tenant {
			out = append(out, *n)
		}
	}
	return out
}

func (d *desk) add(tenant string, r *http.Request) note {
	var in struct{ Title, Text string }
	_ = json.NewDecoder(r.Body).Decode(&in) // an empty note is a note
	d.mu.Lock()
	defer d.mu.Unlock()
	d.issued++
	n := &note{fmt.Sprintf("note_%08x%04x", uint32(d.issued)*2654435761, d.issued), tenant, in.Title, in.Text}
	d.notes = append(d.notes, n)
	return *n
}

func (d *desk) change(n *note, r *http.Request) {
	var in struct{ Title, Text *string }
	_ = json.NewDecoder(r.Body).Decode(&in) // nothing is changed by nonsense
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.Title != nil {
		n.Title = *in.Title
	}
	if in.Text != nil {
		n.Text = *in.Text
	}
}

func (d *desk) remove(n *note) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = slices.DeleteFunc(d.notes, func(m *note) bool { return m == n })
}

func (d *desk) requests() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.served
}

// setup is what an audit of the desk is made of.
type setup struct {
	probe  probe.Options
	signin signin.Options
	audit  audit.Options
}

// audit wires an audit of the desk, started if it is not, with waiting left out.
func (d *desk) audit(t *testing.T, change ...func(*setup)) audit.Options {
	t.Helper()
	if d.URL == "" {
		d.Start()
	}
	base, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{
		probe: probe.Options{Base: base, Timeout: 2 * time.Second, Stall: 300 * time.Millisecond, StreamFor: 100 * time.Millisecond, Run: "r1",
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
		signin: signin.Options{WhoAmI: "GET /me", Method: &signin.Method{
			Call: signin.Call{Request: "POST /login", JSON: map[string]any{"email": "$user", "password": "$password"}}, Token: "/access_token"}},
		audit: audit.Options{Run: "r1", Tool: "test", Rows: audit.Scorecard(), Seed: 1,
			Evidence: func(e lr.Evidence) []lr.EvidenceItem { return report.Items(e, "record", redact.New()) }},
	}
	for _, name := range []string{"acme_member", "acme_admin", "globex_member", "globex_admin"} {
		tenant, role, _ := strings.Cut(name, "_")
		email := role + "@" + tenant + ".test"
		s.signin.Identities = append(s.signin.Identities, signin.Identity{
			Identity: lr.Identity{Name: name, Tenant: tenant, Role: role, User: email}, Password: lr.NewSecret("pw of " + email)})
	}
	sur, err := surface.RouteList([]byte(strings.Join(d.routes, "\n")), surface.Source{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	s.audit.Target = &lr.Target{Product: "Desk", Base: base, Routes: sur.Routes, Mutate: true,
		Duty:   lr.Duty{Backup: "cto", Incidents: map[string]string{"outage": "oncall", "leak": "oncall", "abuse": "oncall", "key-exposed": "oncall"}, Within: 15 * time.Minute},
		Deploy: lr.Deployment{Health: &lr.Request{Method: "GET", Path: "/healthz"}},
	}
	for _, c := range change {
		c(s)
	}
	client, err := probe.New(s.probe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s.signin.HTTP = client
	cast, err := signin.New(s.signin)
	if err != nil {
		t.Fatal(err)
	}
	client.Use(cast)
	s.audit.Client, s.audit.Cast = client, cast
	s.audit.Preflight = func(ctx context.Context) error {
		var fatal []error
		for _, p := range cast.Preflight(ctx) {
			if p.Fatal {
				fatal = append(fatal, errors.New(p.String()))
			}
		}
		return errors.Join(fatal...)
	}
	return s.audit
}

// run audits and wants a report.
func run(t *testing.T, o audit.Options) *lr.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rep, err := audit.Run(ctx, o)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return rep
}

func check(t *testing.T, rep *lr.Report, id string) lr.CheckReport {
	t.Helper()
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if c.ID == id {
				return c
			}
		}
	}
	t.Fatalf("the report has no check %s", id)
	return lr.CheckReport{}
}

// verdicts maps the report's checks to their verdicts.
func verdicts(rep *lr.Report) map[string]lr.Verdict {
	out := map[string]lr.Verdict{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			out[c.ID] = c.Verdict
		}
	}
	return out
}

// noFindings fails the test for each finding, suspected ones too.
func noFindings(t *testing.T, rep *lr.Report) {
	t.Helper()
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				t.Errorf("%s: a %s finding at %s: %s", c.ID, f.Confidence, f.Subject, f.Message)
			}
		}
	}
}
