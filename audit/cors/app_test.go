package cors

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

// frontEnd is the origin that the application's page names.
const frontEnd = "https://app.acme-desk.com"

// policy sets the fields of the protocol as a framework does. It reports
// whether it answered the request itself, as preflights are.
type policy func(w http.ResponseWriter, r *http.Request) (answered bool)

// app is a small application with two tenants, notes, invoices and a socket.
type app struct {
	policy policy
	cookie string // attributes of the session cookie; "" signs in with a token only
	// open says which origins the socket takes; nil takes none but the own.
	open    func(r *http.Request) bool
	silent  bool // the socket shows nothing
	caching string
	busy    bool
	page    string

	mu    sync.Mutex
	notes map[string][]string // by tenant
	asked []string
}

const travelling = "Path=/; HttpOnly; Secure; SameSite=None"

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Origin"))
	a.mu.Unlock()
	if a.policy != nil && a.policy(w, r) {
		return
	}
	if a.busy && r.Header.Get("Origin") != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if a.caching != "" {
		w.Header().Set("Cache-Control", a.caching)
	}
	switch r.URL.Path {
	case "/":
		page := a.page
		if page == "" {
			page = `<link rel="canonical" href="` + frontEnd + `/">`
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
		return
	case "/api/status":
		reply(w, 200, map[string]any{"up": true})
		return
	case "/login":
		var in struct{ Email string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		token := strings.TrimSuffix(in.Email, ".test")
		if a.cookie != "" {
			w.Header().Add("Set-Cookie", "sid="+token+"; "+a.cookie)
		}
		reply(w, 200, map[string]any{"token": token})
		return
	}
	who := a.caller(r)
	_, tenant, ok := strings.Cut(who, "@")
	if r.URL.Path == "/ws" {
		a.socket(w, r, tenant)
		return
	}
	if !ok {
		reply(w, 401, map[string]any{"error": "sign in"})
		return
	}
	switch name := r.Method + " " + r.URL.Path; {
	case name == "GET /api/me":
		reply(w, 200, map[string]any{"id": userID(who), "email": who + ".test"})
	case name == "GET /api/notes":
		reply(w, 200, map[string]any{"data": a.of(tenant)})
	case name == "POST /api/notes":
		var in struct{ Title string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		a.mu.Lock()
		a.notes[tenant] = append(a.notes[tenant], in.Title)
		n := len(a.notes[tenant])
		a.mu.Unlock()
		reply(w, 201, map[string]any{"id": fmt.Sprintf("note_%s_%08d", tenant, n), "title": in.Title})
	case name == "GET /billing/invoices":
		reply(w, 200, map[string]any{"data": []string{"invoice of " + tenant + " 7f3a99c1e2"}})
	default:
		reply(w, 404, map[string]any{"error": "not found"})
	}
}

func (a *app) of(tenant string) []map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []map[string]any{}
	for i, n := range a.notes[tenant] {
		out = append(out, map[string]any{"id": fmt.Sprintf("note_%s_%08d", tenant, i+1), "title": n})
	}
	return out
}

func (a *app) caller(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	if c, err := r.Cookie("sid"); err == nil && a.cookie != "" {
		return c.Value
	}
	return ""
}

// socket shows the tenant's notes to whoever subscribes.
func (a *app) socket(w http.ResponseWriter, r *http.Request, tenant string) {
	o := &websocket.AcceptOptions{InsecureSkipVerify: a.open != nil && a.open(r)}
	conn, err := websocket.Accept(w, r, o)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	_, _, err = conn.Read(r.Context())
	if err == nil && tenant != "" && !a.silent {
		b, _ := json.Marshal(a.of(tenant))
		_ = conn.Write(r.Context(), websocket.MessageText, b)
	}
	for err == nil {
		_, _, err = conn.Read(r.Context())
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func userID(who string) string { return "usr_" + strings.ReplaceAll(who, "@", "_") }

// cast signs in at POST /login.
type cast struct{ lr.Cast }

func (cast) Password(*lr.Account) lr.Secret { return lr.NewSecret("pw") }

func (cast) SignInRequest(_ context.Context, _ *lr.Account, user string, _ lr.Secret) (*lr.Request, error) {
	b, err := json.Marshal(map[string]any{"email": user})
	r := &lr.Request{Method: "POST", Path: "/login", Body: b}
	r.SetHeader("Content-Type", "application/json")
	return r, err
}

// trial is a target with the application, and what checks reported of it.
type trial struct {
	*lr.Trial
	app  *app
	base string
	mu   sync.Mutex
	out  []lr.Outcome
}

func newTrial(t *testing.T, a *app) *trial {
	t.Helper()
	a.notes = map[string][]string{}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	sf, err := surface.RouteList([]byte("GET /api/me\nGET /api/notes\nPOST /api/notes {\"title\":\"hello\"}\nGET /billing/invoices\nGET /api/status\nWS /ws\n"), surface.Source{Location: "routes.txt"})
	if err != nil {
		t.Fatal(err)
	}
	surface.Link(sf.Routes)
	target := &lr.Target{Base: base, Routes: sf.Routes, Access: lr.Access{Public: []string{"GET /api/status"}}, Mutate: true}
	for _, id := range []string{"member@acme", "member@globex"} {
		_, tenant, _ := strings.Cut(id, "@")
		acc := &lr.Account{Identity: lr.Identity{Name: tenant, Tenant: tenant, Role: "member", User: id + ".test"}, UserID: userID(id),
			Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + id)}, Token: lr.NewSecret(id)}}
		for _, rt := range target.Routes {
			if rt.Kind == lr.WhoAmI {
				acc.WhoAmI = rt
			}
		}
		target.Accounts = append(target.Accounts, acc)
	}
	client, err := probe.New(probe.Options{Base: base, Retries: -1, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	st := stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("unit", nil), Run: "unit"})
	if err := st.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr := &trial{app: a, base: s.URL}
	tr.Trial = &lr.Trial{Target: target, HTTP: client, Cast: cast{}, Stage: st, Now: time.Now, Memo: &lr.Memo{}, Report: func(o lr.Outcome) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.out = append(tr.out, o)
	}}
	return tr
}

// ask runs one check and returns what it reported.
func (tr *trial) ask(t *testing.T, c *lr.Check) []lr.Outcome {
	t.Helper()
	tr.out = nil
	tr.Check = c
	if err := c.Run(t.Context(), tr.Trial); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	for _, o := range tr.out {
		if o.Verdict == lr.Failed && len(o.Evidence.Exchanges) == 0 {
			t.Errorf("%s: a finding without an exchange: %s", c.ID, o.Message)
		}
		if strings.Contains(o.Message, "Bearer") || strings.Contains(o.Message, "member@acme") {
			t.Errorf("%s: a message with a credential: %s", c.ID, o.Message)
		}
	}
	return tr.out
}

// worst is what a check came to: the severest finding, or else the verdict.
func worst(os []lr.Outcome) string {
	rank := func(o lr.Outcome) int {
		switch o.Verdict {
		case lr.Failed:
			return 100*(1+int(o.Confidence)) + int(o.Severity)
		case lr.Unknown:
			return 50
		case lr.Passed:
			return 10
		}
		return 0
	}
	if len(os) == 0 {
		return "nothing"
	}
	o := slices.MaxFunc(os, func(a, b lr.Outcome) int { return rank(a) - rank(b) })
	switch {
	case o.Verdict == lr.Failed && o.Confidence == lr.Suspected:
		return "suspected"
	case o.Verdict == lr.Failed && o.Severity == 0:
		return "its own"
	case o.Verdict == lr.Failed:
		return o.Severity.String()
	}
	return o.Verdict.String()
}

func lines(os []lr.Outcome) string {
	var b strings.Builder
	for _, o := range os {
		fmt.Fprintf(&b, "\n  %s %s %s %s: %s", o.Verdict, o.Confidence, o.Severity, o.Subject, o.Message)
	}
	return b.String()
}

// holds runs every check of the row and compares what is not passed.
func (tr *trial) holds(t *testing.T, want map[string]string) {
	t.Helper()
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		name := strings.TrimPrefix(c.ID, "cors/")
		w := want[name]
		if w == "" {
			w = "passed"
		}
		os := tr.ask(t, c)
		if got := worst(os); got != w {
			t.Errorf("%s: got %s, want %s%s", name, got, w, lines(os))
		}
	}
}
