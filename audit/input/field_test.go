package input

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestInjections puts applications to the checks that look for computed texts: the
// fault itself, and right behaviours that look like it.
func TestInjections(t *testing.T) {
	t.Parallel()
	alnum := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, s)
	}
	// of makes a creation whose title the application changes.
	of := func(change func(string) string) func(*hostileApp) {
		return func(a *hostileApp) {
			a.on(`POST /notes {"title":"hello"}`, func(w http.ResponseWriter, r *http.Request) { a.make(w, r, change) })
		}
	}
	for name, tc := range map[string]struct {
		check  string
		change func(*hostileApp)
		failed []string
	}{
		"a text that a database joins": {"input/sql-injection", of(func(s string) string { return strings.ReplaceAll(s, "'||'", "") }), []string{"POST /notes"}},
		"a text that SQL Server joins": {"input/sql-injection", of(func(s string) string { return strings.ReplaceAll(s, "'+'", "") }), []string{"POST /notes"}},
		"a text without its signs":     {"input/sql-injection", of(alnum), nil},
		"a text as it is":              {"input/sql-injection", of(func(s string) string { return s }), nil},
		"a filter that a database joins": {"input/sql-injection", func(a *hostileApp) {
			a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
				want := strings.ReplaceAll(r.URL.Query().Get("title"), "'||'", "")
				a.list(w, func(title string) bool { return strings.Contains(title, want) })
			})
		}, []string{"GET /notes"}},
		"a search that ignores signs": {"input/sql-injection", func(a *hostileApp) {
			a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
				want := alnum(r.URL.Query().Get("title"))
				a.list(w, func(title string) bool { return strings.Contains(alnum(title), want) })
			})
		}, nil},
		"an operator of a document store": {"input/nosql-injection", func(a *hostileApp) {
			a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				a.list(w, func(title string) bool {
					switch {
					case q.Has("title[$ne]"):
						return title != q.Get("title[$ne]")
					case q.Has("title[$eq]"):
						return title == q.Get("title[$eq]")
					}
					return q.Get("title") == "" || title == q.Get("title")
				})
			})
		}, []string{"GET /notes"}},
		"an operator that is ignored": {"input/nosql-injection", func(*hostileApp) {}, nil},
		"a template that is run": {"input/template-injection", of(func(s string) string {
			if in, ok := strings.CutPrefix(s, `{{ "`); ok { // Liquid's prepend
				b, rest, _ := strings.Cut(in, `" | prepend: "`)
				return strings.TrimSuffix(rest, `" }}`) + b
			}
			return s
		}), []string{"POST /notes"}},
		"a text whose braces are taken out": {"input/template-injection", of(alnum), nil},
		"a text whose tags are taken out": {"input/template-injection", of(func(s string) string {
			if i, j := strings.Index(s, "{{"), strings.LastIndex(s, "}}"); i >= 0 && j > i {
				return s[:i] + s[j+2:] + "."
			}
			return s
		}), nil},
		"a name that is a file": {"input/path-traversal", func(a *hostileApp) {
			a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Query().Get("title"), "/etc/passwd") {
					w.Write([]byte("root:x:0:0:root:/root:/bin/bash\n"))
					return
				}
				a.list(w, func(string) bool { return true })
			})
		}, []string{"GET /notes"}},
		"a text about such a file": {"input/path-traversal", func(a *hostileApp) {
			a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
				w.Write([]byte("A line of it looks so: root:x:0:0:root:/root:/bin/bash\n"))
			})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newHostileApp()
			tc.change(a)
			tr := hostileTrial(t, a)
			v := putHostile(t, tc.check, tr)
			v.wants(t, tc.failed...)
			if strings.Contains(v.says, "root:x:0:0") {
				t.Errorf("the report repeats a file of the server:\n%s", v.says)
			}
		})
	}
}

// TestBusyIsNoVerdict: what is busy or broken fails nothing and passes nothing.
func TestBusyIsNoVerdict(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter){
		"unavailable": func(w http.ResponseWriter) { w.WriteHeader(503) },
		"broken":      func(w http.ResponseWriter) { w.WriteHeader(500) },
		"bad gateway with a page": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(502)
			w.Write([]byte("<h1>root:x:0:0:root:/root:/bin/sh</h1>"))
		},
		"dropped": func(w http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newHostileApp()
			tr := hostileTrial(t, a)
			a.front = func(w http.ResponseWriter, r *http.Request) bool { answer(w); return true }
			for _, c := range hostile() {
				if c.Needs&lr.Callback != 0 {
					continue
				}
				tr.Memo = &lr.Memo{}
				tr.Check = c
				var bad atomic.Int32
				tr.Report = func(o lr.Outcome) {
					if o.Verdict == lr.Failed || o.Verdict == lr.Passed {
						bad.Add(1)
						t.Errorf("%s: %s %s: %s", c.ID, o.Verdict, o.Subject, o.Message)
					}
				}
				if err := c.Run(t.Context(), tr); err != nil && !errors.Is(err, lr.ErrLost) {
					t.Errorf("%s: %v", c.ID, err)
				}
			}
		})
	}
}

// TestOpensNothingDangerous: no route that deletes, pays, reaches people, ends a
// session or asks the model is a door.
func TestOpensNothingDangerous(t *testing.T) {
	t.Parallel()
	a := newHostileApp()
	never := []string{`POST /payments {"note":"x"}`, `POST /notes/purge {"before":"x"}`, `POST /chats/{chat_id}/messages {"content":"x"}`, `POST /auth/logout {"x":"y"}`, `PATCH /me {"name":"x"}`, `POST /invitations {"email":"a@b.test"}`, "GET /auth/logout?next"}
	var hits atomic.Int32
	for _, line := range never {
		a.on(line, func(w http.ResponseWriter, r *http.Request) { hits.Add(1); w.WriteHeader(204) })
	}
	tr := hostileTrial(t, a)
	doors, err := doorsOf(t.Context(), tr)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range doors {
		got = append(got, d.String())
	}
	slices.Sort(got)
	want := []string{"GET /me", "GET /notes", "GET /notes/{note_id}", "POST /notes"}
	if !slices.Equal(got, want) {
		t.Errorf("opens %v, want %v", got, want)
	}
	hits.Store(0)
	putHostile(t, "input/sql-injection", tr)
	putHostile(t, "input/command-injection", tr)
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests went to what must not be asked", n)
	}
}

// TestRequestsAreBounded: a large surface costs a bounded number of doors.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	tr := hostileTrial(t, newHostileApp())
	for range 900 {
		tr.Target.Routes = append(tr.Target.Routes, &lr.Route{Method: "GET", Path: "/things", Declared: true, Kind: lr.List, Source: "test"})
	}
	for p, want := range map[lr.Profile]int{lr.Quick: 120, lr.Standard: 200, lr.Deep: 600} {
		tr.Profile, tr.Memo = p, &lr.Memo{}
		doors, err := doorsOf(t.Context(), tr)
		if err != nil || len(doors) != want {
			t.Errorf("%s: %d doors (%v), want %d", p, len(doors), err, want)
		}
	}
}
