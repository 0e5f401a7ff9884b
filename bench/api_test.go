package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
)

// caller is one signed-in user of a synthetic application.
type caller struct {
	t     *testing.T
	base  string
	token string
}

func signedIn(t *testing.T, base string, u *user) caller {
	t.Helper()
	c := caller{t: t, base: base}
	status, body := c.do("POST", "/v1/login", `{"email":"`+u.Email+`","password":"`+u.password+`"}`)
	if status != 200 {
		t.Fatalf("sign-in answered %d: %s", status, body)
	}
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil || out.Token == "" {
		t.Fatalf("sign-in gave no token: %v", err)
	}
	c.token = out.Token
	return c
}

func (c caller) do(method, path, body string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	x, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer x.Body.Close()
	b, err := io.ReadAll(x.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return x.StatusCode, string(b)
}

func (c caller) creates(path, title string) string {
	c.t.Helper()
	status, body := c.do("POST", path, `{"title":"`+title+`","tenant":"x","id":"mine"}`)
	var o object
	if err := json.Unmarshal([]byte(body), &o); status != 201 || err != nil || o.Title != title || o.ID == "mine" {
		c.t.Fatalf("creating in %s answered %d: %s", path, status, body)
	}
	return o.ID
}

// TestTenancy holds what the measurements stand on: the synthetic application
// has nothing that an audit should find.
func TestTenancy(t *testing.T) {
	app := newAPI(12)
	s := httptest.NewServer(app.handler)
	t.Cleanup(s.Close)
	acme, mate, globex := signedIn(t, s.URL, app.users[0]), signedIn(t, s.URL, app.users[1]), signedIn(t, s.URL, app.users[2])
	nobody := caller{t: t, base: s.URL}
	outer, inner := app.operations[2].path, app.operations[7].path
	id := acme.creates(outer, "acme's outer")
	within := strings.ReplaceAll(inner, "{parent_id}", id)
	item := within + "/" + acme.creates(within, "acme's inner")
	const secret = "acme's"

	for _, path := range []string{outer, outer + "/" + id, within, item} {
		if status, body := acme.do("GET", path, ""); status != 200 || !strings.Contains(body, secret) {
			t.Errorf("the owner's GET %s answered %d: %s", path, status, body)
		}
		if status, body := mate.do("GET", path, ""); status != 200 || !strings.Contains(body, secret) {
			t.Errorf("a colleague's GET %s answered %d: %s", path, status, body)
		}
		if _, body := globex.do("GET", path, ""); strings.Contains(body, secret) || strings.Contains(body, id) {
			t.Errorf("another tenant's GET %s shows %s", path, body)
		}
		if status, body := nobody.do("GET", path, ""); status != 401 || strings.Contains(body, secret) {
			t.Errorf("an anonymous GET %s answered %d: %s", path, status, body)
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"PATCH", outer + "/" + id, `{"title":"stolen"}`}, {"DELETE", outer + "/" + id, ""},
		{"POST", within, `{"title":"stolen"}`}, {"PATCH", item, `{"title":"stolen"}`}, {"DELETE", item, ""},
	} {
		foreign, said := globex.do(c.method, c.path, c.body)
		missing, also := globex.do(c.method, strings.ReplaceAll(c.path, id, "0000"), c.body)
		if foreign != 404 || missing != 404 || said != also {
			t.Errorf("%s %s: a foreign object is answered %d %s, a missing one %d %s", c.method, c.path, foreign, said, missing, also)
		}
	}
	if _, body := acme.do("GET", item, ""); !strings.Contains(body, "acme's inner") {
		t.Errorf("after all that the owner sees %s", body)
	}
	if status, _ := acme.do("DELETE", item, ""); status != 204 {
		t.Errorf("the owner's DELETE answered %d", status)
	}
	if status, body := acme.do("GET", item, ""); status != 404 || strings.Contains(body, secret) {
		t.Errorf("what was deleted answers %d: %s", status, body)
	}
}

func TestRefusals(t *testing.T) {
	app := newAPI(minRoutes)
	s := httptest.NewServer(app.handler)
	t.Cleanup(s.Close)
	in := signedIn(t, s.URL, app.users[0])
	path := app.operations[2].path
	for name, c := range map[string]struct {
		as           caller
		method, path string
		body         string
		want         int
	}{
		"wrong password":     {caller{t: t, base: s.URL}, "POST", "/v1/login", `{"email":"admin@acme.test","password":"no"}`, 401},
		"unknown user":       {caller{t: t, base: s.URL}, "POST", "/v1/login", `{"email":"x@acme.test","password":"no"}`, 401},
		"no JSON":            {in, "POST", path, `title`, 400},
		"title of no string": {in, "POST", path, `{"title":[]}`, 400},
		"no title":           {in, "POST", path, `{}`, 422},
		"large body":         {in, "POST", path, `{"title":"` + strings.Repeat("x", 70<<10) + `"}`, 413},
		"wrong method":       {in, "PUT", path, `{}`, 405},
		"garbage token":      {caller{t: t, base: s.URL, token: "x"}, "GET", path, "", 401},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := c.as.do(c.method, c.path, c.body)
			if status != c.want {
				t.Errorf("answered %d: %s, want %d", status, body, c.want)
			}
			if strings.Contains(body, "access_token") || strings.Contains(body, `"id"`) {
				t.Errorf("a refusal says too much: %s", body)
			}
		})
	}
}

// TestDescription holds the description to the operations: the audit must see
// as many routes as the measurement is of.
func TestDescription(t *testing.T) {
	for _, n := range []int{minRoutes, 10, 50, 333, maxRoutes} {
		app := newAPI(n)
		var doc struct {
			Paths map[string]map[string]struct {
				Parameters []struct{ Name string }
			}
		}
		if err := json.Unmarshal(app.spec, &doc); err != nil {
			t.Fatal(err)
		}
		got := 0
		for path, methods := range doc.Paths {
			for method, op := range methods {
				got++
				if len(op.Parameters) != strings.Count(path, "{") {
					t.Errorf("%s %s declares %d parameters", method, path, len(op.Parameters))
				}
			}
		}
		if got != n || len(app.operations) != n {
			t.Errorf("%d routes are described and %d served, want %d", got, len(app.operations), n)
		}
	}
}

// TestSyntheticAudit audits a small application as the bench does and finds
// nothing: a finding would be false.
func TestSyntheticAudit(t *testing.T) {
	app := newAPI(20)
	s := httptest.NewServer(app.handler)
	t.Cleanup(s.Close)
	dir := t.TempDir()
	if err := app.settle(dir, s.URL); err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(dir, config.FileName))
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(config.FileName, src, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Coverage.Routes != 20 || rep.Coverage.Conclusive < 18 {
		t.Errorf("of 20 routes the audit saw %d and decided %d", rep.Coverage.Routes, rep.Coverage.Conclusive)
	}
	for _, wrong := range findings(rep) {
		t.Errorf("found in a right application: %s", wrong)
	}
}

func TestNumbers(t *testing.T) {
	for list, ok := range map[string]bool{"10": true, "10, 50,200": true, "": false, "3": false, "x": false, "10,": false, "999999": false, "-4": false} {
		if got, err := numbers(list); (err == nil) != ok {
			t.Errorf("%q gave %v, %v", list, got, err)
		}
	}
}
