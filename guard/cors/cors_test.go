package cors_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/cors"
)

var routes = []*guard.Route{
	{Pattern: "/public", Public: true}, {Pattern: "/chats", Methods: []string{"GET", "POST"}}, {Pattern: "/chats/{id}", Methods: []string{"GET", "DELETE"}}, {Pattern: "/off", Modes: map[string]guard.Mode{"cors": guard.Off}},
	{Pattern: "/.git/**", Blocked: true},
}

// front is guard with the policy before an application that lets everybody in.
func front(t testing.TB, p cors.Policy, more ...guard.Gate) string {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for k, v := range map[string]string{"Origin": r.Header.Get("Origin"), "Credentials": "true", "Methods": "*", "Headers": "*", "Private-Network": "true"} {
			w.Header().Set("Access-Control-Allow-"+k, v)
		}
		w.Header().Set("Vary", "Accept-Encoding")
		_, _ = io.WriteString(w, "app")
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	if p.Routes, err = guard.NewTable(routes); err != nil {
		t.Fatal(err)
	}
	all := cors.New(p)
	pipe, err := guard.New(guard.Options{Upstream: u, Routes: routes, Gates: append(more, all), Checks: []guard.Check{all}, Taps: []guard.Tap{all}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(pipe)
	t.Cleanup(s.Close)
	return s.URL
}

func ask(t *testing.T, method, address string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

const ours = "https://app.acme.test"

func TestOrigins(t *testing.T) {
	at := front(t, cors.Policy{Origins: []string{ours}, Credentials: true, Expose: []string{"X-Request-Id"}})
	for name, c := range map[string]struct {
		origins []string
		path    string
		want    string
	}{
		"ours":            {[]string{ours}, "/chats", ours},
		"ours, denied":    {[]string{ours}, "/none", ours},
		"none":            {nil, "/chats", ""},
		"null":            {[]string{"null"}, "/chats", ""},
		"prefix":          {[]string{ours + ".evil.test"}, "/chats", ""},
		"suffix":          {[]string{"https://evilapp.acme.test"}, "/chats", ""},
		"dot":             {[]string{"https://appxacme.test"}, "/chats", ""},
		"subdomain":       {[]string{"https://x.app.acme.test"}, "/chats", ""},
		"scheme":          {[]string{"http://app.acme.test"}, "/chats", ""},
		"port":            {[]string{ours + ":8443"}, "/chats", ""},
		"case":            {[]string{"https://APP.acme.test"}, "/chats", ""},
		"slash":           {[]string{ours + "/"}, "/chats", ""},
		"two":             {[]string{ours, "https://evil.test"}, "/chats", ""},
		"list in one":     {[]string{ours + ", https://evil.test"}, "/chats", ""},
		"the application": {[]string{"https://evil.test"}, "/off", "https://evil.test"},
	} {
		t.Run(name, func(t *testing.T) {
			var hs []string
			for _, o := range c.origins {
				hs = append(hs, "Origin", o)
			}
			_, _, h := ask(t, "GET", at+c.path, hs...)
			if got := h.Get("Access-Control-Allow-Origin"); got != c.want {
				t.Fatalf("%q may read, want %q", got, c.want)
			}
			if c.path == "/off" {
				return
			}
			if vary := strings.Join(h["Vary"], ","); !strings.Contains(vary, "Origin") {
				t.Errorf("Vary is %q", vary)
			}
			if (h.Get("Access-Control-Allow-Credentials") == "true") != (c.want != "") || h.Get("Access-Control-Allow-Methods")+h.Get("Access-Control-Allow-Private-Network") != "" {
				t.Errorf("the application's own policy is left: %v", h)
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	at := front(t, cors.Policy{Origins: []string{ours}, Methods: []string{"GET", "POST", "DELETE", "PUT"}, MaxAge: 600e9})
	for name, c := range map[string]struct {
		origin, method, fields, path, grants string
	}{
		"granted":        {ours, "POST", "content-type,authorization", "/chats", "GET, POST"},
		"of the path":    {ours, "DELETE", "", "/chats/7", "GET, DELETE"},
		"not its method": {ours, "PUT", "", "/chats", ""},
		"odd method":     {ours, "LRTEST", "", "/public", ""},
		"odd field":      {ours, "POST", "x-impersonate", "/chats", ""},
		"other origin":   {"https://evil.test", "POST", "", "/chats", ""},
		"null":           {"null", "POST", "", "/chats", ""},
		"no route":       {ours, "POST", "", "/none", ""},
		"blocked":        {ours, "GET", "", "/.git/config", ""},
	} {
		t.Run(name, func(t *testing.T) {
			hs := []string{"Origin", c.origin, "Access-Control-Request-Method", c.method, "Access-Control-Request-Private-Network", "true"}
			if c.fields != "" {
				hs = append(hs, "Access-Control-Request-Headers", c.fields)
			}
			status, body, h := ask(t, "OPTIONS", at+c.path, hs...)
			if status != 204 || body != "" {
				t.Fatalf("%d %q: the application was asked", status, body)
			}
			if got := h.Get("Access-Control-Allow-Methods"); got != c.grants || (h.Get("Access-Control-Allow-Origin") != "") != (c.grants != "") || (h.Get("Access-Control-Max-Age") == "600") != (c.grants != "") {
				t.Errorf("grants %q, want %q: %v", got, c.grants, h)
			}
			if h.Get("Access-Control-Allow-Credentials")+h.Get("Access-Control-Allow-Private-Network") != "" || !strings.Contains(h.Get("Vary"), "Origin") {
				t.Errorf("%v", h)
			}
		})
	}
	if status, _, _ := ask(t, "OPTIONS", at+"/public"); status != 200 {
		t.Errorf("an OPTIONS that is no preflight: %d", status)
	}
}

func TestWildcard(t *testing.T) {
	at := front(t, cors.Policy{Origins: []string{"*"}})
	for path, want := range map[string]string{"/public": "*", "/chats": ""} {
		if _, _, h := ask(t, "GET", at+path, "Origin", "https://any.test"); h.Get("Access-Control-Allow-Origin") != want || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	at = front(t, cors.Policy{Origins: []string{"*"}, Credentials: true})
	if _, _, h := ask(t, "GET", at+"/chats", "Origin", "https://any.test"); h.Get("Access-Control-Allow-Origin") != "https://any.test" {
		t.Errorf("said twice: %v", h)
	}
	if _, _, h := ask(t, "GET", at+"/chats", "Origin", "null"); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("null: %v", h)
	}
}

func TestWebSocketOrigin(t *testing.T) {
	at := front(t, cors.Policy{Origins: []string{ours}})
	for origin, want := range map[string]int{"": 200, ours: 200, at: 200, "https://evil.test": 403, "null": 403, strings.Replace(at, "http:", "https:", 1): 403} {
		hs := []string{"Connection", "Upgrade", "Upgrade", "WebSocket"}
		if origin != "" {
			hs = append(hs, "Origin", origin)
		}
		if status, body, _ := ask(t, "GET", at+"/public", hs...); status != want || (body == "app") != (want == 200) {
			t.Errorf("origin %q: %d", origin, status)
		}
	}
}

func TestHosts(t *testing.T) {
	at := front(t, cors.Policy{}, cors.Hosts{"api.acme.test": true, "api.acme.test:8443": true})
	for host, want := range map[string]int{"api.acme.test": 200, "API.acme.test": 200, "api.acme.test:80": 200, "api.acme.test:8443": 200, "evil.test": 421, "api.acme.test:443": 421, "api.acme.test.evil.test": 421, "127.0.0.1": 421} {
		if status, body, _ := ask(t, "GET", at+"/public", "Host", host); status != want || strings.Contains(body, "evil") {
			t.Errorf("%s: %d %s", host, status, body)
		}
	}
}

func BenchmarkCORS(b *testing.B) {
	table, err := guard.NewTable(routes)
	if err != nil {
		b.Fatal(err)
	}
	p := cors.New(cors.Policy{Origins: []string{ours}, Credentials: true, Routes: table})
	r := httptest.NewRequest("POST", "/chats", http.NoBody)
	r.Header.Set("Origin", ours)
	route, _ := table.Find("POST", "/chats")
	x := &guard.Exchange{Request: r, Path: "/chats", Route: route}
	b.ReportAllocs()
	for b.Loop() {
		res := &http.Response{Header: http.Header{"Content-Type": {"application/json"}}}
		if p.Gate(x) != nil || p.Check(x) != nil || p.Tap(x, res) != nil {
			b.Fatal("denied")
		}
	}
}
