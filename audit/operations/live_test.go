package operations

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/stage"
)

// crew is a cast that signs in by one request.
type crew struct {
	lr.Cast
	err error
}

func (c crew) SignInRequest(_ context.Context, _ *lr.Account, user string, password lr.Secret) (*lr.Request, error) {
	body := fmt.Sprintf(`{"email": %q, "password": %q}`, user, password.Reveal())
	return &lr.Request{Method: "POST", Path: "/login", Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}, c.err
}

// put asks a check of a live server and returns a line for each outcome.
func put(t *testing.T, c *lr.Check, h http.Handler, target lr.Target, cast lr.Cast) []string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base, Retries: 0})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	target.Base = base
	var mu sync.Mutex
	var out []string
	trial := &lr.Trial{
		Check: c, Target: &target, HTTP: client, Cast: cast, Now: time.Now,
		Stage: stage.New(stage.Options{Target: &target, HTTP: client, Mint: oracle.NewMint("run", nil), Run: "run"}),
		Report: func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, o.Verdict.String()+" "+o.Subject+": "+o.Message)
		},
	}
	if err := c.Run(t.Context(), trial); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestHealthEndpoint(t *testing.T) {
	answers := func(by map[string]int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, ok := by[r.URL.Path]
			if !ok {
				status = by["*"]
			}
			w.WriteHeader(status)
			fmt.Fprint(w, "answer")
		})
	}
	named := lr.Target{Deploy: lr.Deployment{Health: &lr.Request{Method: "GET", Path: "/alive"}}}
	for _, tc := range []struct {
		name   string
		by     map[string]int
		target lr.Target
		want   string
	}{
		{"named and well", map[string]int{"/alive": 200, "*": 404}, named, "passed GET /alive"},
		{"named and broken", map[string]int{"/alive": 500, "*": 404}, named, "failed GET /alive: deploy.health answers 500"},
		{"named and busy", map[string]int{"/alive": 429, "*": 404}, named, "unknown GET /alive"},
		{"named, and a proxy finds it down", map[string]int{"/alive": 502, "*": 404}, named, "unknown GET /alive: the target was busy or down: it answers 502"},
		{"named and not there", map[string]int{"/alive": 404, "*": 404}, named, "failed GET /alive: deploy.health answers 404"},
		{"found", map[string]int{"/readyz": 204, "*": 404}, lr.Target{}, "passed GET /readyz"},
		{"found and not well", map[string]int{"/health": 503, "*": 404}, lr.Target{}, "unknown GET /health"},
		{"none", map[string]int{"*": 404}, lr.Target{}, "failed application: none of"},
		{"a page for every path is none", map[string]int{"*": 200}, lr.Target{}, "failed application: none of"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			holds(t, put(t, healthEndpoint, answers(tc.by), tc.target, nil), []string{tc.want})
		})
	}
}

func TestSecurityEvent(t *testing.T) {
	c := *securityEvent
	c.Run = func(ctx context.Context, t *lr.Trial) error { return runSecurityEvent(ctx, t, 250*time.Millisecond) }
	soon := &c
	type line = func(r *http.Request, body string) string
	access := func(r *http.Request, _ string) string { return r.Method + " " + r.URL.Path + " 401 3ms\n" }
	for _, tc := range []struct {
		name string
		log  line
		code int
		want string
	}{
		{"an event of its own", func(r *http.Request, _ string) string {
			if r.URL.Path == "/login" {
				return `{"level":"warn","msg":"sign-in failed"}` + "\n"
			}
			return ""
		}, 401, "passed POST /login: a failed sign-in left a line in app.log"},
		{"an access log with path and status", access, 401, "passed POST /login"},
		{"the path alone is no event", func(r *http.Request, _ string) string { return r.Method + " " + r.URL.Path + "\n" }, 401, "failed POST /login: the logs grew"},
		{"other requests only", func(r *http.Request, _ string) string {
			if r.URL.Path == "/login" {
				return ""
			}
			return r.URL.Path + " 404 sign-in failed\n" // of the control, which names the same words
		}, 401, "failed POST /login"},
		{"nothing at all", func(*http.Request, string) string { return "" }, 401, "unknown POST /login: no log grew"},
		{"a line that never ends", func(r *http.Request, _ string) string { return r.URL.Path + " 401" }, 401, "unknown POST /login: no log grew"},
		{"a busy target", access, 429, "unknown POST /login: a sign-in with a wrong password was answered 429"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "app.log")
			if err := os.WriteFile(file, []byte("sign-in failed, long ago\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Fprint(f, tc.log(r, ""))
				if err := f.Close(); err != nil {
					t.Error(err)
				}
				if r.URL.Path == "/login" {
					w.WriteHeader(tc.code)
					return
				}
				w.WriteHeader(404)
			})
			target := lr.Target{Material: lr.Material{Logs: []string{file}}, SignIn: &lr.Route{Method: "POST", Path: "/login"},
				Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a", User: "a@acme.test"}}}}
			holds(t, put(t, soon, h, target, crew{}), []string{tc.want})
		})
	}
	none := lr.Target{Material: lr.Material{Logs: []string{"/nowhere/app.log"}}, Accounts: []*lr.Account{{Identity: lr.Identity{User: "a@acme.test"}}}}
	holds(t, put(t, soon, http.NotFoundHandler(), none, crew{}), []string{"unknown sign-in: no log can be read: app.log does not exist"})
	holds(t, put(t, soon, http.NotFoundHandler(), none, crew{err: lr.ErrNoSignIn}), []string{"skipped"})
}
