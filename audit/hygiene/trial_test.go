package hygiene

import (
	"encoding/json"
	"fmt"
	"io"
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

// app is a small API that refuses rightly, with a page at its root. A test
// replaces what it wants to be wrong.
type app struct {
	mux    *http.ServeMux
	routes map[string]string
	access lr.Access
	shape  func(*lr.Route)

	mu      sync.Mutex
	n       int
	rows    map[string]map[string]any
	handles map[string]http.HandlerFunc
	// nowhere answers what no route has.
	nowhere http.HandlerFunc
	// front stands before everything; it reports whether it answered.
	front  func(w http.ResponseWriter, r *http.Request) bool
	served []string
}

const token = "tok-member-71c0"

func newApp() *app {
	a := &app{mux: http.NewServeMux(), routes: map[string]string{}, rows: map[string]map[string]any{}, handles: map[string]http.HandlerFunc{}}
	a.nowhere = func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "no such address") }
	a.on("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		show(w, 200, `<script src="/app.js"></script><link href="/static/app.css">`)
	})
	a.on("GET /app.js", plain("text/javascript", "let a = 1\n//# sourceMappingURL=app.js.map\n"))
	a.on("GET /me", private(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"id": "usr_member", "tenant_id": "ten_acme"})
	}))
	a.on(`POST /notes {"title":"hello","size":1}`, private(func(w http.ResponseWriter, r *http.Request) {
		v, ok := readNote(w, r)
		if !ok {
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.n++
		v["id"] = fmt.Sprintf("note_%08x", a.n*7919)
		a.rows[v["id"].(string)] = v
		answer(w, 201, v)
	}))
	a.on("GET /notes?limit&cursor", private(func(w http.ResponseWriter, r *http.Request) {
		if strings.Trim(r.URL.Query().Get("limit"), "0123456789") != "" {
			refuse(w, 422, "limit must be a number")
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		answer(w, 200, map[string]any{"data": slices.Collect(maps.Values(a.rows))})
	}))
	a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if v := a.rows[r.PathValue("note_id")]; v != nil {
			answer(w, 200, v)
			return
		}
		refuse(w, 404, "no such note")
	}))
	a.on("DELETE /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.rows, r.PathValue("note_id"))
		w.WriteHeader(204)
	}))
	a.on(`POST /login {"email":"a@b.test","password":"secret"}`, func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Email, Password string }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			refuse(w, 400, "the body is not what it should be")
			return
		}
		refuse(w, 401, "e-mail or password is wrong")
	})
	return a
}

func readNote(w http.ResponseWriter, r *http.Request) (map[string]any, bool) {
	var in struct {
		Title string
		Size  int
	}
	if r.Header.Get("Content-Type") != "application/json" {
		refuse(w, 415, "the body must be JSON")
		return nil, false
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, 400, "the body is not what it should be")
		return nil, false
	}
	return map[string]any{"title": in.Title, "size": in.Size}, true
}

// on serves a route; a later call replaces an earlier one. A JSON value after the
// path is the example of its body, the query names parameters.
func (a *app) on(line string, h http.HandlerFunc) {
	method, rest, _ := strings.Cut(line, " ")
	path, _, _ := strings.Cut(rest, " ")
	path, _, _ = strings.Cut(path, "?")
	name := method + " " + path
	if a.handles[name] == nil {
		a.mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) { a.handles[name](w, r) })
		if !strings.HasSuffix(path, "{$}") && !strings.Contains(path, ".") {
			a.routes[name] = line
		}
	}
	a.handles[name] = h
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.served = append(a.served, r.Method+" "+r.URL.Path)
	a.mu.Unlock()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if a.front != nil && a.front(w, r) {
		return
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.nowhere(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}

func show(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, "<!doctype html><html><head><title>App</title></head><body>"+body+"</body></html>")
}

func plain(media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		io.WriteString(w, body)
	}
}

func private(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, 401, "sign in first")
			return
		}
		h(w, r)
	}
}

// trial puts a check to the application, with a real client and a real stage.
func trial(t *testing.T, a *app) *lr.Trial {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	sf, err := surface.RouteList([]byte(strings.Join(slices.Sorted(maps.Values(a.routes)), "\n")), surface.Source{Location: "routes.txt"})
	if err != nil {
		t.Fatal(err)
	}
	target := &lr.Target{Product: "Notes", Base: base, Routes: sf.Routes, Access: a.access, Mutate: true}
	for _, rt := range target.Routes {
		if a.shape != nil {
			a.shape(rt)
		}
	}
	surface.Link(target.Routes)
	target.Accounts = []*lr.Account{{Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"}, TenantID: "ten_acme", UserID: "usr_member",
		Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + token)}, Token: lr.NewSecret(token)}}}
	client, err := probe.New(probe.Options{Base: base, Retries: -1, StreamFor: 200 * time.Millisecond, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	st := stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("unit", nil), Run: "unit"})
	if err := st.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &lr.Trial{Target: target, HTTP: client, Stage: st, Now: time.Now}
}

// put runs one check of a fresh row.
func put(t *testing.T, id string, tr *lr.Trial) []lr.Outcome {
	t.Helper()
	var mu sync.Mutex
	var out []lr.Outcome
	tr.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, o)
	}
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if c.ID != id {
			continue
		}
		tr.Check = c
		if err := c.Run(t.Context(), tr); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		return out
	}
	t.Fatalf("the row has no check %s", id)
	return nil
}

// told is what a check came to: subjects that failed, sorted, and whether
// anything passed, stayed open or does not apply.
type told struct {
	failed, suspected     []string
	passed, open, skipped int
	outcomes              []lr.Outcome
}

func tally(out []lr.Outcome) told {
	v := told{outcomes: out}
	for _, o := range out {
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			v.failed = append(v.failed, o.Subject)
		case o.Verdict == lr.Failed:
			v.suspected = append(v.suspected, o.Subject)
		case o.Verdict == lr.Passed:
			v.passed++
		case o.Verdict == lr.Unknown:
			v.open++
		default:
			v.skipped++
		}
	}
	slices.Sort(v.failed)
	slices.Sort(v.suspected)
	v.failed, v.suspected = slices.Compact(v.failed), slices.Compact(v.suspected)
	return v
}

// shown is all that a report could show of the outcomes: messages and evidence.
func (v told) shown() string {
	var b strings.Builder
	for _, o := range v.outcomes {
		fmt.Fprintln(&b, o.Verdict, o.Severity, o.Subject, o.Message, o.Evidence.Witness, o.Evidence.Records)
		for _, x := range o.Evidence.Exchanges {
			fmt.Fprintln(&b, x.Method, x.URL, x.Status, x.Header, string(x.Body))
		}
	}
	return b.String()
}
