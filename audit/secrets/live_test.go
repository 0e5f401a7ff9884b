package secrets

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// served answers paths with texts; the ending says the media type.
func served(texts map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := texts[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
			return
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
		case strings.HasSuffix(r.URL.Path, ".map"):
			w.Header().Set("Content-Type", "application/json")
		default:
			w.Header().Set("Content-Type", "text/html")
		}
		fmt.Fprint(w, text)
	})
}

func TestPage(t *testing.T) {
	for _, tc := range []struct {
		name  string
		texts map[string]string
		want  []string
	}{
		{"clean", map[string]string{"/": `<script src="/app.js"></script>`, "/app.js": `const k="` + publicKey() + `"`}, []string{"passed GET /: 2 files"}},
		{"in the page's state", map[string]string{"/": `<script id="__NEXT_DATA__" type="application/json">{"key":"` + stripeKey() + `"}</script>`}, []string{"failed /index.html"}},
		{"in a script", map[string]string{"/": `<script src=app.js></script>`, "/app.js": `const k="` + stripeKey() + `"`}, []string{"failed /app.js"}},
		{"in what a script imports", map[string]string{"/": `<script src="/a.js"></script>`, "/a.js": `import("./b.js")`, "/b.js": `const k="` + stripeKey() + `"`}, []string{"failed /b.js"}},
		{"in the text of a source map", map[string]string{"/": `<script src="/a.js"></script>`, "/a.js": "1\n//# sourceMappingURL=a.js.map", "/a.js.map": `{"version":3,"sources":["x"],"mappings":"","sourcesContent":["const k = \"` + stripeKey() + `\""]}`}, []string{"failed /a.js.map"}},
		{"of another host", map[string]string{"/": `<script src="https://cdn.example.net/app.js"></script>`}, []string{"passed GET /: 1 files"}},
		{"a page that loads itself", map[string]string{"/": `<a href="/">x</a><a href="/b">y</a>`, "/b": `<a href="/">x</a>`}, []string{"passed GET /"}},
		{"none", nil, []string{"skipped"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			put(t, page, served(tc.texts), lr.Target{}).holds(t, tc.want)
		})
	}
}

// TestPageIsUnread holds that a script which was not answered is no pass.
func TestPageIsUnread(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app.js" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<script src="/app.js"></script>`)
	})
	if got, err := try(t, page, h, lr.Target{}); err == nil || len(got.lines) > 0 {
		t.Errorf("got %v, %q: want an error and no outcome", err, got.lines)
	}
}

func TestAnswer(t *testing.T) {
	said := func(kind lr.Kind, method, body string) *lr.Exchange {
		return &lr.Exchange{Method: method, URL: "http://acme.test/v1/x", Status: 200, Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}},
			Route: &lr.Route{Method: method, Path: "/v1/x", Kind: kind}}
	}
	key := `{"billing": {"secret_key": "` + stripeKey() + `"}}`
	for _, tc := range []struct {
		name    string
		answers []*lr.Exchange
		want    []string
	}{
		{"nothing", []*lr.Exchange{said(lr.Read, "GET", `{"id": "x"}`)}, []string{"passed application"}},
		{"a key", []*lr.Exchange{said(lr.Read, "GET", key), said(lr.Read, "GET", `{"id": "x"}`)}, []string{"failed GET /v1/x (secret_key)"}},
		{"a key on the day it is made", []*lr.Exchange{said(lr.Create, "POST", key), said(lr.Read, "GET", `{}`)}, []string{"passed application"}},
		{"what the model says is the model's row", []*lr.Exchange{said(lr.ChatKind, "POST", key), said(lr.Read, "GET", `{}`)}, []string{"passed application"}},
		{"a random value is no provider's key", []*lr.Exchange{said(lr.Read, "GET", `{"next_token": "Zx81kQpLm29vBt7uYwE4rTnC6aHd0GfJ"}`)}, []string{"passed application"}},
		{"no answer", nil, []string{"unknown application: no answer was seen"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			put(t, answer, nil, lr.Target{}, tc.answers...).holds(t, tc.want)
		})
	}
}

func TestKnownValue(t *testing.T) {
	const value = "Zx81kQpLm29vBt7uYwE4rTnC6aHd0GfJ"
	dir := tree(t, map[string]string{"dist/app.js": `c={s:"` + base64.StdEncoding.EncodeToString([]byte("key="+value)) + `"}`, "clean/app.js": "1"})
	target := func(folder string) lr.Target {
		return lr.Target{Secrets: []lr.KeptSecret{{Name: "SESSION_SECRET", Value: lr.NewSecret(value)}, {Name: "NOT_TOLD"}}, Material: lr.Material{Bundles: []string{filepath.Join(dir, folder)}}}
	}
	put(t, knownValue, nil, target("dist")).holds(t, []string{"failed app.js (SESSION_SECRET): the value of SESSION_SECRET stands there, in base64 form"}, value)
	put(t, knownValue, nil, target("clean")).holds(t, []string{"passed application: the values of 1 secrets"}, value)
	put(t, knownValue, nil, target("none")).holds(t, []string{"passed application", "unknown none: none does not exist"}, value)
	live := &lr.Exchange{Method: "GET", URL: "http://acme.test/debug", Status: 500, Body: []byte("env: SESSION_SECRET=" + value)}
	put(t, knownValue, nil, target("clean"), live).holds(t, []string{"failed GET /debug (SESSION_SECRET)"}, value)
	short := lr.Target{Secrets: []lr.KeptSecret{{Name: "PIN", Value: lr.NewSecret("1234")}}}
	if got := put(t, knownValue, nil, short); !strings.HasPrefix(got.lines[len(got.lines)-1], "unknown PIN") {
		t.Errorf("a value of four digits: got %q", got.lines)
	}
	put(t, knownValue, nil, lr.Target{}).holds(t, []string{"skipped"})
}

func TestLogCanary(t *testing.T) {
	c := *logCanary
	c.Run = func(ctx context.Context, t *lr.Trial) error { return runLogCanary(ctx, t, 250*time.Millisecond) }
	for _, tc := range []struct {
		name string
		log  func(r *http.Request, body string) string
		want []string
	}{
		{"right", func(r *http.Request, _ string) string { return r.Method + " " + r.URL.Path + " 401\n" },
			[]string{"passed Authorization header", "passed e-mail address of the sign-in", "passed password of the sign-in", "passed query parameter"}},
		{"headers", func(r *http.Request, _ string) string { return fmt.Sprintln(r.URL.Path, r.Header) },
			[]string{"failed Authorization header", "passed e-mail address of the sign-in", "passed password of the sign-in", "passed query parameter"}},
		{"bodies", func(r *http.Request, body string) string { return r.URL.Path + " " + body + "\n" },
			[]string{"failed e-mail address of the sign-in", "failed password of the sign-in", "passed Authorization header", "passed query parameter"}},
		{"queries", func(r *http.Request, _ string) string { return r.URL.String() + "\n" },
			[]string{"failed query parameter", "passed Authorization header", "passed e-mail address of the sign-in", "passed password of the sign-in"}},
		{"bodies of webhooks", func(r *http.Request, body string) string {
			if r.URL.Path != "/hooks/crm" {
				body = ""
			}
			return r.URL.Path + " " + base64.StdEncoding.EncodeToString([]byte(body)) + " " + body + "\n"
		},
			[]string{"failed e-mail address in the payload of POST /hooks/crm", "failed payload of POST /hooks/crm", "passed Authorization header", "passed e-mail address of the sign-in", "passed password of the sign-in", "passed query parameter"}},
		{"not the live log", func(*http.Request, string) string { return "" },
			[]string{"unknown Authorization header: no log grew", "unknown e-mail address", "unknown password", "unknown query parameter"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "app.log")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0o600)
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Fprint(f, tc.log(r, string(body)))
				_ = f.Close()
				w.WriteHeader(401)
			})
			target := lr.Target{Material: lr.Material{Logs: []string{file}}, Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a", User: "a@acme.test"}}}}
			if strings.Contains(tc.name, "webhook") {
				target.Webhooks = []lr.Hook{{Name: "crm", Request: lr.Request{Method: "POST", Path: "/hooks/crm"}}}
			}
			got := put(t, &c, h, target)
			got.holds(t, tc.want)
			if strings.Contains(got.evidence, "lrlog") {
				t.Errorf("the evidence holds what was sent: %s", got.evidence)
			}
		})
	}
}
