package policy_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/policy"
)

// lenient is an application that reads everything in the way that suits a caller most:
// it decodes paths twice, resolves and cuts them, ignores case and extensions, and believes headers
// and parameters that name another method, address or user.
type lenient struct{ method, path, who string }

func (l *lenient) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	l.method, l.path = r.Method, r.URL.EscapedPath()
	for k, vs := range r.Header {
		v := strings.Join(vs, ",")
		switch k = strings.ReplaceAll(strings.ToLower(k), "_", "-"); k {
		case "x-http-method-override", "x-http-method", "x-method-override", "x-original-method":
			l.method = v
		case "x-original-url", "x-rewrite-url", "x-original-uri", "x-forwarded-uri", "x-forwarded-path":
			l.path = v
		case "script-name":
			_, l.path, _ = strings.Cut(l.path, v)
		case "path-info":
			l.path = v
		case "x-user-id", "remote-user", "x-guard-assertion", "x-remote-user", "x-auth-request-user", "x-forwarded-user", "x-tenant-id":
			if v != "" {
				l.who = k + ": " + v
			}
		}
	}
	for range 2 {
		if p, err := url.PathUnescape(l.path); err == nil {
			l.path = p
		}
	}
	l.path = strings.ToLower(strings.NewReplacer("\\", "/", "\x00", "").Replace(l.path))
	var out []string
	for s := range strings.SplitSeq(l.path, "/") {
		s, _, _ = strings.Cut(s, ";")
		if s = strings.TrimRight(s, ". \t"); s != "" || strings.Contains(l.path, "..") {
			out = append(out, s)
		}
	}
	if strings.Contains(l.path, "/..") {
		l.path = path.Clean(l.path)
	} else {
		l.path = "/" + strings.Join(out, "/")
	}
	l.path = strings.TrimSuffix(l.path, "/")
	if i := strings.LastIndexByte(l.path, '.'); i > strings.LastIndexByte(l.path, '/')+1 { // the form of an answer
		l.path = l.path[:i]
	}
	if v := r.URL.Query().Get("_method"); v != "" && l.method == "POST" {
		l.method = v
	}
	l.method = strings.ToUpper(strings.TrimSpace(l.method))
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// TestSpellings: however method, path and headers are spelt, what a lenient application
// takes for a route is served under the policy of that route, or not at all; and no
// caller says who it is.
func TestSpellings(t *testing.T) {
	key, hash := auth.NewKey()
	const text = `version: 1
listen: 127.0.0.1:0
upstream: http://app.test
auth: {api_keys: {keys: [{sha256: %s, subject: ann, tenant: acme, roles: [member]}]}}
routes:
  - {path: "/**", public: true}
  - {path: "/v1/**"}
  - {path: "/v1/admin/**", roles: [admin]}
  - {path: /v1/chats, methods: [GET, POST]}
  - {path: /v1/chats, methods: [DELETE], roles: [admin]}
  - {path: "/.git/**", blocked: true}
unsafe: ["public everything /**"]
`
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, text, hash))
	if err != nil {
		t.Fatal(err)
	}
	app := &lenient{}
	pipe, err := p.Build(&policy.State{Transport: app})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	letter := func(c byte) string {
		switch r.IntN(14) {
		case 0:
			return fmt.Sprintf("%%%02x", c)
		case 1:
			return fmt.Sprintf("%%25%02X", c)
		case 2:
			return strings.ToUpper(string(c))
		case 3:
			return fmt.Sprintf("%%%02X", strings.ToUpper(string(c))[0])
		}
		return string(c)
	}
	slash := func() string {
		if r.IntN(3) > 0 {
			return "/"
		}
		return pick("//", "/./", "/x/../", "%2f", "%2F", "\\", "%5c", "/;/", "/%2e/", "/x/%2e%2e/", "/.;/", "%252f", "/%00/", "/%20/", "/..;/", ";a=b/", "./", "%09/")
	}
	spell := func(words ...string) string {
		var b strings.Builder
		for _, w := range words {
			b.WriteString(slash())
			for i := range len(w) {
				b.WriteString(letter(w[i]))
			}
		}
		b.WriteString(pick("", "", "", "/", ".", "%20", ";x", "%00", "?a=/v1/admin", "#", "/.", "%2e", "%3b", "/%2e%2e/users", ".json", "?_method=DELETE", "?a&%5Fmethod=delete"))
		return b.String()
	}
	served, refused := 0, 0
	for range 12_000 {
		words := [][]string{{"v1", "admin", "users"}, {"v1", "chats"}, {".git", "config"}, {"v1", "me"}, {"docs"}}[r.IntN(5)]
		method := pick("GET", "GET", "DELETE", "POST", "POST", "get", "Delete", "HEAD", "OPTIONS", "TRACE", "X", "PUT")
		target := spell(words...)
		if r.IntN(12) == 0 {
			target = pick("http://other.test", "http://app.test:1", "//app.test") + target
		}
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: app.test\r\n", method, target)
		signed := r.IntN(2) == 0
		if signed {
			head += pick("X-API-Key", "x-api-key", "X-Api-KEY") + ": " + key + "\r\n"
		}
		for range r.IntN(3) {
			name := pick("X-HTTP-Method-Override", "X-Http-Method", "X-Original-URL", "X-Rewrite-Url", "X-User-Id", "Remote-User", "X-Guard-Assertion", "X-Forwarded-User", "X-Auth-Request-User", "X-Original-Method", "X-Tenant-ID", "X-Forwarded-Uri", "Script-Name", "Path-Info")
			if r.IntN(2) == 0 {
				name = strings.ReplaceAll(name, "-", pick("_", "-", "_"))
			}
			if r.IntN(2) == 0 {
				name = pick(strings.ToLower(name), strings.ToUpper(name))
			}
			head += name + ":" + pick("", " ", "\t") + pick("DELETE", "/v1/admin/users", "root") + "\r\n"
		}
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n")))
		if err != nil {
			continue // the server refuses it before guard
		}
		req.RemoteAddr = "192.0.2.1:1"
		*app = lenient{}
		w := httptest.NewRecorder()
		pipe.ServeHTTP(w, req)
		if app.method == "" {
			if refused++; w.Code == 200 {
				t.Fatalf("%q: 200, and the application was not asked", head)
			}
			continue
		}
		served++
		at := app.path + "/"
		bad := ""
		switch {
		case app.who != "":
			bad = "the application believes " + app.who
		case strings.HasPrefix(at, "/.git/"):
			bad = "a blocked path is served"
		case strings.HasPrefix(at, "/v1/admin/"):
			bad = "the administrators' path is served to a member"
		case strings.HasPrefix(at, "/v1/") && !signed:
			bad = "a private path is served to nobody"
		case at == "/v1/chats/" && app.method != "GET" && app.method != "HEAD" && app.method != "POST":
			bad = "a method that is no member's is served"
		}
		if bad != "" {
			t.Errorf("%s: %q became %s %s", bad, head, app.method, app.path)
		}
	}
	if served < 200 || refused < 2000 {
		t.Errorf("%d served and %d refused: the spellings prove nothing", served, refused)
	}
}
