package input

import (
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

// hostileApp is a small API of notes and files that does everything right. A test
// replaces what it wants to be wrong.
type hostileApp struct {
	mux     *http.ServeMux
	routes  map[string]string
	handles map[string]http.HandlerFunc
	shape   func(*lr.Route)
	// front stands before everything; it reports whether it answered.
	front func(w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	n     int
	notes map[string]map[string]any
}

const bearer = "tok-member-22ab"

func newHostileApp() *hostileApp {
	a := &hostileApp{mux: http.NewServeMux(), routes: map[string]string{}, handles: map[string]http.HandlerFunc{}, notes: map[string]map[string]any{}}
	a.on("GET /me", func(w http.ResponseWriter, _ *http.Request) {
		a.say(w, 200, map[string]any{"id": "usr_member", "tenant_id": "ten_acme"})
	})
	a.on(`POST /notes {"title":"hello"}`, func(w http.ResponseWriter, r *http.Request) {
		a.make(w, r, func(title string) string { return title })
	})
	a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
		a.list(w, func(title string) bool {
			want := r.URL.Query().Get("title")
			return want == "" || strings.Contains(title, want)
		})
	})
	a.on("GET /notes/{note_id}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if v := a.notes[r.PathValue("note_id")]; v != nil {
			a.say(w, 200, v)
			return
		}
		a.say(w, 404, map[string]any{"title": "no such note"})
	})
	a.on("DELETE /notes/{note_id}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.notes, r.PathValue("note_id"))
		w.WriteHeader(204)
	})
	return a
}

// make stores a note whose title is what the application makes of the sent one.
func (a *hostileApp) make(w http.ResponseWriter, r *http.Request, of func(string) string) {
	var in struct{ Title string }
	if r.Header.Get("Content-Type") != "application/json" {
		a.say(w, 415, map[string]any{"title": "the body must be JSON"})
		return
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.Title == "" {
		a.say(w, 400, map[string]any{"title": "the body is not what it should be"})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	id := fmt.Sprintf("note_%08x", a.n*7919)
	a.notes[id] = map[string]any{"id": id, "title": of(in.Title)}
	a.say(w, 201, a.notes[id])
}

func (a *hostileApp) list(w http.ResponseWriter, shown func(title string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []any{}
	for _, id := range slices.Sorted(maps.Keys(a.notes)) {
		if shown(a.notes[id]["title"].(string)) {
			out = append(out, a.notes[id])
		}
	}
	a.say(w, 200, map[string]any{"data": out})
}

func (a *hostileApp) say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// on serves a route to who is signed in; a later call replaces an earlier one.
func (a *hostileApp) on(line string, h http.HandlerFunc) {
	method, rest, _ := strings.Cut(line, " ")
	path, _, _ := strings.Cut(rest, " ")
	path, _, _ = strings.Cut(path, "?")
	name := method + " " + path
	if a.handles[name] == nil {
		a.mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) { a.handles[name](w, r) })
	}
	a.routes[name] = line
	a.handles[name] = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+bearer && !strings.HasPrefix(path, "/hooks") {
			a.say(w, 401, map[string]any{"title": "sign in first"})
			return
		}
		h(w, r)
	}
}

func (a *hostileApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.front != nil && a.front(w, r) {
		return
	}
	defer func() {
		if recover() != nil {
			a.say(w, 500, map[string]any{"title": "something went wrong"})
		}
	}()
	a.mux.ServeHTTP(w, r)
}

// hostileTrial puts the application to a check, with a real client and a real stage.
func hostileTrial(t *testing.T, a *hostileApp) *lr.Trial {
	t.Helper()
	return trialAt(t, a, httptest.NewServer(a))
}

// trialAt is hostileTrial with a server that is set up already.
func trialAt(t *testing.T, a *hostileApp, s *httptest.Server) *lr.Trial {
	t.Helper()
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	sf, err := surface.RouteList([]byte(strings.Join(slices.Sorted(maps.Values(a.routes)), "\n")), surface.Source{Location: "routes.txt"})
	if err != nil {
		t.Fatal(err)
	}
	target := &lr.Target{Product: "Notes", Base: base, Routes: sf.Routes, Mutate: true}
	for _, rt := range target.Routes {
		if a.shape != nil {
			a.shape(rt)
		}
	}
	surface.Link(target.Routes)
	target.Accounts = []*lr.Account{{Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"}, TenantID: "ten_acme", UserID: "usr_member",
		Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + bearer)}, Token: lr.NewSecret(bearer)}}}
	client, err := probe.New(probe.Options{Base: base, Retries: -1, StreamFor: 200 * time.Millisecond, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	st := stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("unit", nil), Run: "unit"})
	if err := st.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &lr.Trial{Target: target, HTTP: client, Stage: st, Now: time.Now, Memo: &lr.Memo{}, Seed: 1}
}

// came is what a check came to: the subjects of each verdict.
type came struct {
	failed, suspected, passed, open, skipped []string
	says                                     string
}

func putHostile(t *testing.T, id string, tr *lr.Trial) came {
	t.Helper()
	var mu sync.Mutex
	var v came
	tr.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		v.says += fmt.Sprintln(o.Verdict, o.Confidence, o.Subject, o.Message, o.Evidence.Witness, o.Evidence.Records)
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			v.failed = append(v.failed, o.Subject)
		case o.Verdict == lr.Failed:
			v.suspected = append(v.suspected, o.Subject)
		case o.Verdict == lr.Passed:
			v.passed = append(v.passed, o.Subject)
		case o.Verdict == lr.Unknown:
			v.open = append(v.open, o.Subject)
		default:
			v.skipped = append(v.skipped, o.Message)
		}
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
		return v
	}
	t.Fatalf("no check %s", id)
	return v
}

// wants holds what came against the subjects that must have failed.
func (v came) wants(t *testing.T, failed ...string) {
	t.Helper()
	slices.Sort(v.failed)
	slices.Sort(failed)
	if !slices.Equal(v.failed, failed) || len(v.suspected) > 0 {
		t.Errorf("failed %v, suspected %v, want failed %v:\n%s", v.failed, v.suspected, failed, v.says)
	}
	if len(failed) == 0 && len(v.passed) == 0 {
		t.Errorf("nothing passed:\n%s", v.says)
	}
}
