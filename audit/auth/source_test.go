package auth_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"log/slog"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/stage"
)

// guards is the source of a middleware that refuses, and of one that cannot be read.
const guards = `import express from "express"
import { requireLogin } from "@acme/auth"
function requireUser(req, res, next) {
  if (!req.headers.authorization) return res.status(401).json({})
  next()
}
const app = express()
`

// asksSource puts a check that reads the source to a repository with one file and to
// a server, and returns what it said and what the server was asked.
func asksSource(t *testing.T, id, file string, mutate bool, h http.Handler, change ...func(*lr.Trial)) (said, asked []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.js"), []byte(guards+file), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		asked = append(asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(b)))
		if r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" {
			t.Error("a stranger brought a credential")
		}
		mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := probeOf(t, base)
	target := &lr.Target{Base: base, Mutate: mutate, Material: lr.Material{Repository: dir}}
	trial := &lr.Trial{Target: target, HTTP: c, Memo: &lr.Memo{}, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(trial)
	}
	trial.Stage = stage.New(stage.Options{Target: target, HTTP: c, Mint: oracle.NewMint("test", nil), Run: "test"})
	for _, k := range auth.Row().Checks {
		if k.ID == id {
			trial.Check = k
		}
	}
	trial.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		v := o.Verdict.String()
		if o.Verdict == lr.Failed && o.Confidence == lr.Suspected {
			v = "suspected"
		}
		said = append(said, fmt.Sprintf("%s %s: %s", v, o.Subject, o.Message))
	}
	if err := trial.Check.Run(t.Context(), trial); err != nil {
		t.Fatal(err)
	}
	slices.Sort(said)
	return said, asked
}

// answers serves one status and body for each "METHOD /path", a pattern of
// http.ServeMux, and 404 for all else.
func answers(table map[string]string) http.Handler {
	mux := http.NewServeMux()
	for pattern, reply := range table {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			var status int
			var body string
			if _, err := fmt.Sscan(reply, &status, &body); err != nil && status == 0 {
				panic(err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	return mux
}

func TestSourceGuard(t *testing.T) {
	public := func(t *lr.Trial) { t.Target.Access.Public = []string{"GET /open"} }
	described := func(t *lr.Trial) {
		t.Target.Routes = []*lr.Route{{Method: "GET", Path: "/open", Declared: true}}
	}
	for name, tc := range map[string]struct {
		file   string
		mutate bool
		server map[string]string
		change []func(*lr.Trial)
		want   []string // a verdict, a subject and a part of what is said
		asked  []string // parts of what must be asked; "!" before: of what must not
	}{
		"guarded": {file: `app.get("/open", requireUser, (q, r) => r.json({}))`, want: []string{"passed source: 1 routes"}, asked: []string{"!GET"}},
		"a read that nothing guards": {file: `app.get("/open", (q, r) => r.json({}))`, server: map[string]string{"GET /open": `200 {"tenants":2}`},
			want: []string{"failed GET /open: nothing in the source guards it; no description names it, and it answers a stranger with 200"}},
		"public on purpose":      {file: `app.get("/open", (q, r) => r.json({}))`, change: []func(*lr.Trial){public}, want: []string{"passed source"}, asked: []string{"!GET"}},
		"described":              {file: `app.get("/open", (q, r) => r.json({}))`, change: []func(*lr.Trial){described}, want: []string{"passed source"}, asked: []string{"!GET"}},
		"a proxy in front of it": {file: `app.get("/open", (q, r) => r.json({}))`, server: map[string]string{"GET /open": "401"}, want: []string{"passed source"}},
		"not deployed":           {file: `app.get("/open", (q, r) => r.json({}))`, want: []string{"passed source"}},
		"a page for everything": {file: `app.get("/open", (q, r) => r.json({}))`, server: map[string]string{"GET /": `200 {"a":1}`},
			want: []string{"suspected GET /open"}},
		"that it is alive": {file: `app.get("/health", (q, r) => r.json({}))`, server: map[string]string{"GET /health": `200 {"status":"ok"}`},
			want: []string{"suspected GET /health"}},
		"not understood, refused": {file: `app.get("/open", requireLogin, (q, r) => r.json({}))`, server: map[string]string{"GET /open": "401"}, want: []string{"passed source"}},
		"not understood, answered": {file: `app.get("/open", requireLogin, (q, r) => r.json({}))`, server: map[string]string{"GET /open": `200 {"a":1}`},
			want: []string{"unknown GET /open: the source does not tell whether something guards it"}},
		"busy": {file: `app.get("/open", (q, r) => r.json({}))`, server: map[string]string{"GET /open": "503"}, want: []string{"unknown GET /open: nothing in the source guards it; the target is busy"}},

		"a write, without consent": {file: `app.post("/things", (q, r) => r.json({}))`, want: []string{"suspected POST /things: nothing in the source guards it; it changes things"}, asked: []string{"!POST"}},
		"writes that are not understood, without consent": {file: "app.post(\"/things\", requireLogin, (q, r) => r.json({}))\napp.put(\"/things/:id\", requireLogin, (q, r) => r.json({}))",
			want: []string{"unknown source: 2 routes that no description names"}, asked: []string{"!POST", "!PUT"}},
		"a write that is refused": {file: `app.post("/things", requireLogin, (q, r) => r.json({}))`, mutate: true, server: map[string]string{"POST /things": "401"},
			want: []string{"passed source"}, asked: []string{`POST /things {"launchready":`}},
		"a write that looks at the body first": {file: `app.post("/things", (q, r) => r.json({}))`, mutate: true, server: map[string]string{"POST /things": "400"},
			want: []string{"suspected POST /things: nothing in the source guards it; it judges the body of a stranger (400)"}},
		"the same, not understood": {file: `app.post("/things", requireLogin, (q, r) => r.json({}))`, mutate: true, server: map[string]string{"POST /things": "422"}, want: []string{"unknown POST /things"}},
		"a write that is carried out": {file: `app.post("/things", (q, r) => r.json({}))`, mutate: true, server: map[string]string{"POST /things": `201 {"id":1}`},
			want: []string{"failed POST /things: nothing in the source guards it; no description names it, and it answers a stranger with 201"}},
		"a change of nothing": {file: `app.patch("/things/:id", (q, r) => r.json({}))`, mutate: true, server: map[string]string{"PATCH /things/{id}": "404"},
			want: []string{"suspected PATCH /things/{id}: nothing in the source guards it; it answers a stranger with 404"}, asked: []string{"PATCH /things/lr1"}},
		"a deletion of nothing": {file: `app.delete("/things/:id", requireLogin, (q, r) => r.json({}))`, mutate: true, server: map[string]string{"DELETE /things/{id}": "403"},
			want: []string{"passed source"}, asked: []string{"DELETE /things/lr1"}},
		"a deletion of everything": {file: `app.delete("/things", (q, r) => r.json({}))`, mutate: true, want: []string{"suspected DELETE /things: nothing in the source guards it; it is never asked"}, asked: []string{"!DELETE"}},
		"what acts at once":        {file: `app.post("/cache/purge", (q, r) => r.json({}))`, mutate: true, want: []string{"suspected POST /cache/purge"}, asked: []string{"!POST"}},
		"what acts by GET":         {file: `app.get("/things/send", requireLogin, (q, r) => r.json({}))`, want: []string{"unknown GET /things/send"}, asked: []string{"!GET"}},
	} {
		t.Run(name, func(t *testing.T) {
			said, asked := asksSource(t, "auth/source-guard", tc.file, tc.mutate, answers(tc.server), tc.change...)
			if len(said) != len(tc.want) {
				t.Fatalf("%q", said)
			}
			for i, w := range tc.want {
				if !strings.HasPrefix(said[i], w) {
					t.Errorf("said %q, want %q", said[i], w)
				}
			}
			for _, a := range tc.asked {
				a, not := strings.CutPrefix(a, "!")
				if slices.ContainsFunc(asked, func(s string) bool { return strings.HasPrefix(s, a) }) == not {
					t.Errorf("asked %q", asked)
				}
			}
		})
	}
}

// TestSourceGuardAsksABound: a repository of any size is asked so many times.
func TestSourceGuardAsksABound(t *testing.T) {
	var b strings.Builder
	for i := range 230 {
		fmt.Fprintf(&b, "app.get(\"/r%d\", requireLogin, (q, r) => r.json({}))\n", i)
	}
	b.WriteString("app.get(\"/last\", (q, r) => r.json({}))\n")
	said, asked := asksSource(t, "auth/source-guard", b.String(), false, answers(map[string]string{"GET /last": `200 {"a":1}`}))
	if len(asked) != 400 || len(said) != 2 || !strings.HasPrefix(said[0], "failed GET /last") || !strings.HasPrefix(said[1], "unknown source: 31 more routes") {
		t.Errorf("asked %d times, said %q", len(asked), said)
	}
}

func TestSourceInventory(t *testing.T) {
	routes := func(paths ...string) func(*lr.Trial) {
		return func(t *lr.Trial) {
			for _, p := range paths {
				t.Target.Routes = append(t.Target.Routes, &lr.Route{Method: "GET", Path: p, Declared: true})
			}
		}
	}
	const one = `app.get("/one", requireUser, (q, r) => r.json({}))`
	for name, tc := range map[string]struct {
		file   string
		server map[string]string
		change func(*lr.Trial)
		want   []string
	}{
		"both the same":            {one, nil, routes("/one"), []string{"passed source"}},
		"only in the source":       {one, nil, routes(), []string{"failed GET /one: the source has it, and the description does not name it"}},
		"only in the description":  {one, nil, routes("/one", "/two"), []string{"failed GET /two: the description names it, and neither the source nor the target has it"}},
		"the target has it":        {one, map[string]string{"GET /two": "401"}, routes("/one", "/two"), []string{"passed source"}},
		"a key that names nothing": {one, nil, routes("/one", "/two/{id}"), []string{"passed source"}},
		"a path that is not known": {one + "\napp.get(prefix() + \"/x\", (q, r) => r.json({}))", nil, routes("/one", "/two"), []string{"passed source"}},
	} {
		t.Run(name, func(t *testing.T) {
			said, _ := asksSource(t, "auth/source-inventory", tc.file, false, answers(tc.server), tc.change)
			if len(said) != len(tc.want) {
				t.Fatalf("%q", said)
			}
			for i, w := range tc.want {
				if !strings.HasPrefix(said[i], w) {
					t.Errorf("said %q, want %q", said[i], w)
				}
			}
		})
	}
}
