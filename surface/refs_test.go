package surface_test

import (
	"context"
	"errors"
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

	"github.com/launchready/launchready/surface"
)

// checkSplit looks at what testdata/split says, wherever it was read from.
func checkSplit(t *testing.T, s *surface.Surface) {
	t.Helper()
	if len(s.Warnings) != 0 {
		t.Errorf("got warnings %q, want none", s.Warnings)
	}
	want := []string{"POST /api/chats", "GET /api/chats/{chat_id}", "GET /api/users"}
	if !slices.Equal(names(s.Routes), want) {
		t.Fatalf("got %v, want %v", names(s.Routes), want)
	}
	body := s.Routes[0].Body.Schema
	if title := body.Properties["title"]; title == nil || title.MaxLength != 80 || !body.Requires("title") {
		t.Errorf("got title %+v of %+v", title, body)
	}
	owner := body.Properties["owner"]
	if owner == nil || owner.Properties["name"].Type != "string" {
		t.Fatalf("got owner %+v", owner)
	}
	if cut := owner.Properties["first_chat"]; cut == nil || len(cut.Properties) != 0 {
		t.Errorf("the schema was not cut where it meets itself: %+v", cut)
	}
	if p := s.Routes[1].Params; len(p) != 1 || p[0].Schema.Format != "uuid" || !p[0].Required {
		t.Errorf("got parameters %+v", p)
	}
}

func TestReferencesOnDisk(t *testing.T) {
	s, err := surface.Load(t.Context(), surface.Source{Location: "testdata/split/openapi.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	checkSplit(t, s)
	abs, _ := filepath.Abs("testdata/split/openapi.yaml")
	if s, err = surface.Load(t.Context(), surface.Source{Location: abs}); err != nil {
		t.Fatal(err)
	}
	checkSplit(t, s)
}

func fetcher(t *testing.T) func(context.Context, string) ([]byte, error) {
	return func(ctx context.Context, url string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("status %d", res.StatusCode)
		}
		return io.ReadAll(res.Body)
	}
}

func TestReferencesOverHTTP(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	files := http.FileServer(http.Dir("testdata/split"))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	defer srv.Close()
	s, err := surface.Load(t.Context(), surface.Source{Location: srv.URL + "/openapi.yaml", Fetch: fetcher(t)})
	if err != nil {
		t.Fatal(err)
	}
	checkSplit(t, s)
	for _, f := range []string{"/openapi.yaml", "/paths/chats.yaml", "/schemas/chat.json", "/schemas/user.yaml"} {
		if asked[f] != 1 {
			t.Errorf("%s was fetched %d times, want once", f, asked[f])
		}
	}
}

// A description from the network reaches neither this machine's files nor
// hosts outside the scope.
func TestReferencesStayInScope(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.yaml")
	if err := os.WriteFile(secret, []byte("type: object\nproperties: {stolen: {type: string}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was fetched from outside the scope", r.URL)
	}))
	defer outside.Close()
	allowed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"type":"object","properties":{"fine":{"type":"string"}}}`)
	}))
	defer allowed.Close()
	spec := func(ref string) string {
		return fmt.Sprintf(`{"openapi":"3.0.0","info":{"title":"x"},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":%q}}}},"responses":{}}}}}`, ref)
	}
	ref := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/spec.json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, spec(ref))
	}))
	defer srv.Close()
	host, _ := url.Parse(allowed.URL)
	for name, tc := range map[string]struct {
		ref      string
		property string
		warn     string
	}{
		"file":          {"file://" + secret, "", "may not refer"},
		"absolute path": {secret, "", "cannot be resolved"},
		"other host":    {outside.URL + "/x.json", "", "outside the target's scope"},
		"metadata host": {"http://169.254.169.254/latest/meta-data", "", "outside the target's scope"},
		"allowed host":  {allowed.URL + "/x.json", "fine", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ref = tc.ref
			s, err := surface.Load(t.Context(), surface.Source{Location: srv.URL + "/spec.json", Fetch: fetcher(t), Hosts: []string{host.Host}})
			if err != nil {
				t.Fatal(err)
			}
			schema := s.Routes[0].Body.Schema
			if _, stolen := schema.Properties["stolen"]; stolen {
				t.Error("a local file was read")
			}
			if tc.property != "" && schema.Properties[tc.property] == nil {
				t.Errorf("got %+v, want property %s", schema, tc.property)
			}
			if tc.warn != "" && !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, tc.warn) }) {
				t.Errorf("got warnings %q, want one with %q", s.Warnings, tc.warn)
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, tc := range map[string]struct {
		src  surface.Source
		want string
	}{
		"missing":           {surface.Source{Location: filepath.Join(dir, "none.yaml")}, "no such file"},
		"directory":         {surface.Source{Location: dir}, "not a regular file"},
		"device":            {surface.Source{Location: "/dev/zero"}, "not a regular file"},
		"URL without Fetch": {surface.Source{Location: "https://api.acme.test/openapi.json"}, "no way to fetch"},
		"too large":         {surface.Source{Location: write("big.yaml", "openapi: 3.0.0\n"+strings.Repeat("# x\n", 1000)), MaxBytes: 100}, "larger than 100 bytes"},
		"broken JSON":       {surface.Source{Location: write("bad.json", "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {]\n}")}, "bad.json:3:13: "},
		"broken YAML":       {surface.Source{Location: write("bad.yaml", "openapi: 3.0.0\npaths:\n  /a:\n    get: [\n  b: c\n")}, "bad.yaml:"},
		"tab in YAML":       {surface.Source{Location: write("tab.yaml", "openapi: 3.0.0\ninfo:\n\ttitle: x\n")}, "tab.yaml:3:2: "},
		"cut JSON":          {surface.Source{Location: write("cut.json", "{\"openapi\": \"3.0.0\", \"paths\": {\"/a\"")}, "cut.json:1:"},
		"empty":             {surface.Source{Location: write("empty", "  \n")}, "this is empty"},
		"web page":          {surface.Source{Location: write("page", "<!doctype html><html>")}, "this is a web page"},
		"prose":             {surface.Source{Location: write("prose", "hello world\nthis is text\n")}, "neither an OpenAPI"},
		"HAR":               {surface.Source{Location: write("har", `{"log":{"entries":[]}}`)}, "HAR recording"},
		"Postman":           {surface.Source{Location: write("pm", `{"info":{"name":"x"},"item":[]}`)}, "Postman"},
		"list in JSON":      {surface.Source{Location: write("list", `[1,2]`)}, "a list, not"},
		"no paths":          {surface.Source{Location: write("nopaths", `{"openapi":"3.0.0","info":{"title":"x"}}`)}, "no paths"},
		"empty paths":       {surface.Source{Location: write("nops", `{"openapi":"3.0.0","paths":{"/x":{}}}`)}, "names no operation"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := surface.Load(t.Context(), tc.src)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v; want an error with %q", s, err, tc.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := surface.Load(ctx, surface.Source{Location: "testdata/split/openapi.yaml"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if _, err := surface.Load(t.Context(), surface.Source{Location: write("n", `{"openapi":"3.0.0","paths":{}}`)}); !errors.Is(err, surface.ErrNoRoutes) {
		t.Errorf("no routes: got %v", err)
	}
}

func TestBase(t *testing.T) {
	spec := func(server string) []byte {
		return fmt.Appendf(nil, `{"openapi":"3.0.0","info":{"title":"x"},"servers":[%s],"paths":{"/chats":{"get":{"responses":{}}}}}`, server)
	}
	for name, tc := range map[string]struct{ server, base, want string }{
		"no server":                {``, "https://a.test", "/chats"},
		"root server":              {`{"url":"https://a.test/"}`, "https://a.test", "/chats"},
		"server path":              {`{"url":"https://a.test/api/v1/"}`, "https://a.test", "/api/v1/chats"},
		"base holds it":            {`{"url":"https://a.test/api/v1"}`, "https://a.test/api/v1", "/chats"},
		"base ends with it":        {`{"url":"/v1"}`, "https://a.test/proxy/v1/", "/chats"},
		"base holds its beginning": {`{"url":"/api/v1"}`, "https://a.test/api", "/v1/chats"},
		"no base":                  {`{"url":"/api"}`, "", "/api/chats"},
		"variable":                 {`{"url":"https://{h}/{p}","variables":{"h":{"default":"x"},"p":{"default":"v3"}}}`, "https://a.test", "/v3/chats"},
		"variable, no default":     {`{"url":"{base}/v3"}`, "https://a.test", "/chats"},
		"own host wins":            {`{"url":"https://prod.test/p"},{"url":"https://a.test/s"}`, "https://a.test", "/s/chats"},
		"first otherwise":          {`{"url":"https://prod.test/p"},{"url":"https://b.test/s"}`, "https://a.test", "/p/chats"},
		"string for an object":     {`"/str"`, "https://a.test", "/str/chats"},
	} {
		t.Run(name, func(t *testing.T) {
			src := surface.Source{}
			if tc.base != "" {
				src.Base, _ = url.Parse(tc.base)
			}
			s, err := surface.OpenAPI(t.Context(), spec(tc.server), src)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Routes[0].Path; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	rel, err := surface.OpenAPI(t.Context(), spec(`{"url":"./v2"}`), surface.Source{Location: "https://a.test/docs/openapi.json"})
	if err != nil || rel.Routes[0].Path != "/docs/v2/chats" {
		t.Errorf("relative to the description: got %v, %v", rel, err)
	}
	own := `{"openapi":"3.0.0","info":{"title":"x"},"servers":[{"url":"/a"}],"paths":{"/x":{"servers":[{"url":"/b"}],"get":{"responses":{}},"post":{"servers":[{"url":"/c"}],"responses":{}}},"/a/v1/y":{"get":{"responses":{}}}}}`
	s, err := surface.OpenAPI(t.Context(), []byte(own), surface.Source{})
	if err != nil || !slices.Equal(names(s.Routes), []string{"GET /a/a/v1/y", "GET /b/x", "POST /c/x"}) {
		t.Errorf("servers of path and operation: got %v, %v", names(s.Routes), err)
	}
}
