package export

import (
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestGone: what is asserted holds of a clean reply and not of the evidence, and
// where the report does not show the sign there is no test.
func TestGone(t *testing.T) {
	const origin = "GET /v1/me HTTP/1.1\nOrigin: https://evil.test"
	reply := func(fields, body string) string { return "HTTP/1.1 400 Bad Request\n" + fields + "\n\n" + body }
	for name, c := range map[string]struct {
		check, request, response string
		witness                  []string
		want, why                string
	}{
		"a text":                 {"hygiene/database-text", "", reply("", "SQL logic error near"), []string{"SQL logic error"}, `body not contains "SQL logic error"`, ""},
		"a number that changes":  {"hygiene/stack-trace", "", reply("", "goroutine 7 [running]:"), []string{"goroutine 7 [running]:"}, `body not matches "goroutine\\s+[0-9]+\\s+\\[running\\]:"`, ""},
		"a quote within JSON":    {"hygiene/provider-error", "", reply("", `{"e":"no \"x\" here"}`), []string{`no "x" here`}, `body not matches "no\\s+\\\\?\"x\\\\?\"\\s+here"`, ""},
		"what the request said":  {"hygiene/provider-error", "", reply("", "model abc is unknown"), []string{"model … is unknown"}, `body not matches "model\\s+.*\\s+is\\s+unknown"`, ""},
		"in a header field":      {"hygiene/debug-page", "", reply("X-Debug: panic at main", ""), []string{"X-Debug: panic at main"}, `header "X-Debug" not matches "panic\\s+at\\s+main"`, ""},
		"several":                {"hygiene/file-path", "", reply("", "/srv/a and /srv/b"), []string{"/srv/a", "/srv/b"}, "body not contains \"/srv/a\"\nbody not contains \"/srv/b\"", ""},
		"masked":                 {"hygiene/file-path", "", reply("", "x"), []string{"/srv/[secret]"}, "", unshown},
		"withheld":               {"hygiene/backup-file", "", reply("", "-- MySQL dump [the rest is withheld: it may hold customers' data]"), nil, `body not contains "-- MySQL dump"`, ""},
		"nothing is shown":       {"hygiene/backup-file", "", reply("", "[withheld: settings may hold secrets]"), nil, "", unshown},
		"an environment file":    {"hygiene/env-file", "", reply("", "A_KEY=[value withheld]"), []string{"A_KEY="}, `body not matches "(?m)^(export )?[A-Z][A-Z0-9_]+ ?="`, ""},
		"a version":              {"hygiene/version-header", "", reply("Server: nginx/1.2", ""), []string{"Server: nginx/1.2"}, `header "Server" not matches "[A-Za-z][A-Za-z0-9_.+-]*[/ ]v?[0-9]|^v?[0-9]+\\.[0-9]"`, ""},
		"no type":                {"hygiene/error-content-type", "", reply("Vary: x", "{}"), []string{"Content-Type: "}, `header "Content-Type" exists`, ""},
		"a type that is wrong":   {"hygiene/error-content-type", "", reply("Content-Type: text/html", "{}"), nil, `header "Content-Type" not matches "^text/html$"`, ""},
		"no JSON":                {"hygiene/error-content-type", "", reply("Content-Type: application/json", "oh"), nil, `jsonpath "$" exists`, ""},
		"a server error":         {"hygiene/server-error", "", reply("", ""), nil, "status < 500", ""},
		"an origin":              {"cors/reflected-origin", origin, reply("Access-Control-Allow-Origin: https://evil.test", ""), nil, `header "Access-Control-Allow-Origin" not matches "^https://evil\\.test$"`, ""},
		"an origin not shown":    {"cors/reflected-origin", origin, reply("", ""), nil, "", unshown},
		"no origin sent":         {"cors/reflected-origin", "GET / HTTP/1.1", reply("", ""), nil, "", unshown},
		"a wildcard":             {"cors/wildcard-credentials", origin, reply("Access-Control-Allow-Origin: *", ""), nil, `header "Access-Control-Allow-Origin" not matches "^\\*$"`, ""},
		"methods":                {"cors/preflight-methods", origin, reply("Access-Control-Allow-Methods: GET, TRACE", ""), nil, `header "Access-Control-Allow-Methods" not matches "(^|[ ,])(TRACE)([ ,]|$)"`, ""},
		"methods that are right": {"cors/preflight-methods", origin, reply("Access-Control-Allow-Methods: GET", ""), nil, "", unshown},
		"caches":                 {"cors/vary-origin", origin, reply("", ""), nil, `header "Vary" matches "(?i)(^|[ ,])origin([ ,]|$)|^\\*$"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := &regression{check: lr.CheckReport{ID: c.check}}
			got, why := g.gone(lr.EvidenceItem{Request: c.request, Response: c.response, Witness: c.witness})
			if text := strings.Join(got, "\n"); text != c.want || why != c.why {
				t.Errorf("got\n%s\n%q, want\n%s\n%q", text, why, c.want, c.why)
			}
		})
	}
}

// TestAlone: what one request cannot show, or a file not hold, has its true reason.
func TestAlone(t *testing.T) {
	item := func(as, request string) lr.EvidenceItem {
		return lr.EvidenceItem{As: as, Status: 400, Request: request, Response: "HTTP/1.1 400 Bad Request\n\nSQL logic error", Witness: []string{"SQL logic error"}}
	}
	for name, c := range map[string]struct {
		check    string
		evidence []lr.EvidenceItem
		why      string
		has      string
	}{
		"no request":       {"hygiene/database-text", nil, "its evidence is no request that can be sent again", ""},
		"a WebSocket":      {"cors/websocket-origin", []lr.EvidenceItem{item("a", "GET / HTTP/1.1")}, overSocket, ""},
		"a masked address": {"hygiene/database-text", []lr.EvidenceItem{item("a", "GET /x?key=[secret] HTTP/1.1")}, "its request is cut or masked in the report", ""},
		"a masked body":    {"hygiene/database-text", []lr.EvidenceItem{item("a", "POST / HTTP/1.1\n\n[secret]")}, "its request is cut or masked in the report", ""},
		"a masked key":     {"hygiene/database-text", []lr.EvidenceItem{item("", "GET / HTTP/1.1\nX-Key: [secret]")}, "its request is cut or masked in the report", ""},
		"a masked token":   {"hygiene/database-text", []lr.EvidenceItem{item("", "GET / HTTP/1.1\nAuthorization: Bearer [secret]")}, "its request is cut or masked in the report", ""},
		"a user of then":   {"hygiene/database-text", []lr.EvidenceItem{item("A user", "GET / HTTP/1.1")}, goneUser, ""},
		"bad UTF-8":        {"hygiene/database-text", []lr.EvidenceItem{item("", "POST / HTTP/1.1\n\n\xff")}, "its body is no text that a Hurl file can hold", ""},
		"a variable":       {"hygiene/database-text", []lr.EvidenceItem{item("", "POST / HTTP/1.1\n\n{{x}}")}, "its body is no text that a Hurl file can hold", ""},
		"nobody":           {"hygiene/database-text", []lr.EvidenceItem{item("anonymous", "GET /api/x?y=%27 HTTP/1.1\nOrigin: https://o.test")}, "", "GET {{base_url}}/x?y=%27\nOrigin: https://o.test\n"},
		"a customer":       {"hygiene/database-text", []lr.EvidenceItem{item("a", "GET /x HTTP/1.1")}, "", "{{base_url}}/me\nAuthorization: Bearer {{token_a}}\n"},
		"the last one":     {"hygiene/database-text", []lr.EvidenceItem{item("", "GET /first HTTP/1.1"), item("", "GET /last HTTP/1.1")}, "", "/last\n"},
		"a made-up one":    {"hygiene/database-text", []lr.EvidenceItem{item("", `POST /x HTTP/1.1`+"\n\n"+`{"name":"n","password":"[secret]"}`)}, "", "variable: made_up=lrx{{newUuid}}\n```\n" + `{"name":"n","password":"{{made_up}}"}`},
		"as the others":    {"hygiene/database-text", []lr.EvidenceItem{item("", `POST /x HTTP/1.1`+"\n\n"+`{"name":{"lr":[1]},"password":"[secret]"}`)}, "", `{"name":{"lr":[1]},"password":{"lr":[1]}}`},
		"somebody's own":   {"hygiene/database-text", []lr.EvidenceItem{item("", `POST /x HTTP/1.1`+"\n\n"+`{"name":"a@x.test","password":"[secret]"}`)}, "", `"password":"{{password_a}}"`},
	} {
		t.Run(name, func(t *testing.T) {
			g := &regression{r: &recipe{}, check: lr.CheckReport{ID: c.check}, finding: lr.Finding{ID: "lr-1", Evidence: c.evidence}, made: map[string]bool{},
				o: Options{People: []Party{{Name: "a", User: "a@x.test"}}, Base: &url.URL{Scheme: "https", Host: "x.test", Path: "/api/"}, WhoAmI: map[string]*lr.Route{"a": {Method: "GET", Path: "/me"}}}}
			text, why := g.write()
			if why != c.why || !strings.Contains(string(text), c.has) || strings.Contains(string(text), "/first") {
				t.Errorf("got %q\n%s", why, text)
			}
		})
	}
}
