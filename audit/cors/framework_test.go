package cors

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The policies below are those of frameworks as people configure them, field
// for field as the frameworks send them.

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// express is the npm package cors: origin decides the field's value, "" none.
func express(origin func(string) string, credentials bool) policy {
	return func(w http.ResponseWriter, r *http.Request) bool {
		h := w.Header()
		v := origin(r.Header.Get("Origin"))
		if v != "" {
			h.Set("Access-Control-Allow-Origin", v)
		}
		if v != "*" {
			h.Add("Vary", "Origin")
		}
		if credentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")
			if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
				h.Add("Vary", "Access-Control-Request-Headers")
				h.Set("Access-Control-Allow-Headers", asked)
			}
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}
}

// spring is CorsConfiguration: an origin that is not allowed is refused with 403.
func spring(allowed func(string) bool) policy {
	return func(w http.ResponseWriter, r *http.Request) bool {
		h, page := w.Header(), r.Header.Get("Origin")
		h["Vary"] = []string{"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}
		if page == "" || page == "http://"+r.Host {
			return false
		}
		if !allowed(page) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("Invalid CORS request"))
			return true
		}
		h.Set("Access-Control-Allow-Origin", page)
		h.Set("Access-Control-Allow-Credentials", "true")
		if isPreflight(r) {
			if !slices.Contains([]string{"GET", "HEAD", "POST"}, r.Header.Get("Access-Control-Request-Method")) {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
			h.Set("Access-Control-Allow-Methods", "GET,HEAD,POST")
			w.WriteHeader(http.StatusOK)
			return true
		}
		return false
	}
}

// django is django-cors-headers with a list of patterns, matched as Python's
// re.match does: from the beginning, to wherever the pattern ends.
func django(patterns ...string) policy {
	var res []*regexp.Regexp
	for _, p := range patterns {
		res = append(res, regexp.MustCompile(`^(?:`+p+`)`))
	}
	return func(w http.ResponseWriter, r *http.Request) bool {
		h, page := w.Header(), r.Header.Get("Origin")
		h.Add("Vary", "origin")
		if page != "" && slices.ContainsFunc(res, func(re *regexp.Regexp) bool { return re.MatchString(page) }) {
			h.Set("Access-Control-Allow-Origin", page)
			h.Set("Access-Control-Allow-Credentials", "true")
			if isPreflight(r) {
				h.Set("Access-Control-Allow-Headers", "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with")
				h.Set("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT")
				h.Set("Access-Control-Max-Age", "86400")
			}
		}
		if isPreflight(r) {
			h.Set("Content-Length", "0")
			w.WriteHeader(http.StatusOK)
			return true
		}
		return false
	}
}

// gin is gin-contrib/cors with AllowAllOrigins.
func gin(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Origin") == "" {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Origin,Content-Length,Content-Type")
		h.Set("Access-Control-Max-Age", "43200")
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	return false
}

// nginx is add_header with $http_origin, inside an if where a pattern is given.
func nginx(pattern string, fields ...string) policy {
	re := regexp.MustCompile("(?i)" + pattern)
	return func(w http.ResponseWriter, r *http.Request) bool {
		page := r.Header.Get("Origin")
		if page != "" && re.MatchString(page) {
			w.Header().Set("Access-Control-Allow-Origin", page)
			for _, f := range fields {
				name, v, _ := strings.Cut(f, ": ")
				w.Header().Set(name, v)
			}
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}
}

func in(list ...string) func(string) string {
	return func(page string) string {
		if slices.Contains(list, page) {
			return page
		}
		return ""
	}
}

// findings are what is not passed.
type findings map[string]string

// TestFrameworks puts the whole row to each policy, with a session cookie that
// travels to other sites, and with a token alone.
func TestFrameworks(t *testing.T) {
	creds := "Access-Control-Allow-Credentials: true"
	for _, c := range []struct {
		name    string
		policy  policy
		cookie  findings // what is found where a cookie signs in
		token   findings // and where a token does
		caching string
	}{
		{name: "none", policy: nil},
		{name: "express cors()", policy: express(func(string) string { return "*" }, false),
			cookie: findings{"wildcard-credentials": "its own", "preflight-headers": "its own"},
			token:  findings{"wildcard-credentials": "its own", "preflight-headers": "its own"}},
		{name: "express origin: true, credentials", policy: express(func(o string) string { return o }, true),
			cookie: findings{"reflected-origin": "high", "preflight-headers": "its own"},
			token:  findings{"reflected-origin": "low", "preflight-headers": "its own"}},
		{name: "express with a list", policy: express(in(frontEnd), true),
			cookie: findings{"preflight-headers": "its own"}, token: findings{"preflight-headers": "its own"}},
		{name: "express with a pattern without its dot", policy: express(func(o string) string {
			if strings.HasSuffix(o, "acme-desk.com") {
				return o
			}
			return ""
		}, true),
			cookie: findings{"suffix-origin": "high", "preflight-headers": "its own"},
			token:  findings{"suffix-origin": "low", "preflight-headers": "its own"}},
		{name: "express wildcard, credentials", policy: express(func(string) string { return "*" }, true),
			cookie: findings{"wildcard-credentials": "its own", "preflight-headers": "its own"},
			token:  findings{"wildcard-credentials": "its own", "preflight-headers": "its own"}},
		{name: "spring allowedOriginPatterns(*)", policy: spring(func(string) bool { return true }),
			cookie: findings{"reflected-origin": "high"}, token: findings{"reflected-origin": "low"}},
		{name: "spring allowedOriginPatterns(https://*.acme-desk.com)", policy: spring(regexp.MustCompile(`^https://.*\.acme-desk\.com$`).MatchString),
			cookie: findings{"subdomain-origin": "medium"}, token: findings{"subdomain-origin": "low"}},
		{name: "spring allowedOrigins", policy: spring(func(o string) bool { return o == frontEnd })},
		{name: "django, anchored", policy: django(`https://app\.acme-desk\.com$`)},
		{name: "django, not anchored", policy: django(`https://app\.acme-desk\.com`),
			cookie: findings{"prefix-origin": "high"}, token: findings{"prefix-origin": "low"}},
		{name: "django, dots not escaped", policy: django(`^https://app.acme-desk\.com$`),
			cookie: findings{"suffix-origin": "high"}, token: findings{"suffix-origin": "low"}},
		{name: "django, any scheme", policy: django(`^https?://app\.acme-desk\.com$`),
			cookie: findings{"scheme-origin": "medium"}, token: findings{"scheme-origin": "low"}},
		{name: "django, any port", policy: django(`^https://app\.acme-desk\.com(:\d+)?$`),
			cookie: findings{"port-origin": "medium"}, token: findings{"port-origin": "low"}},
		{name: "django, null", policy: django(`^null$`, `^https://app\.acme-desk\.com$`),
			cookie: findings{"null-origin": "high"}, token: findings{"null-origin": "low"}},
		{name: "gin AllowAllOrigins", policy: gin,
			cookie: findings{"wildcard-credentials": "its own"}, token: findings{"wildcard-credentials": "its own"}},
		{name: "nginx $http_origin", policy: nginx(``, creds), caching: "public, max-age=60",
			cookie: findings{"reflected-origin": "high", "vary-origin": "its own"}, token: findings{"reflected-origin": "low", "vary-origin": "its own"}},
		{name: "nginx $http_origin, private, no-store", policy: nginx(``, creds), caching: "private, no-store",
			cookie: findings{"reflected-origin": "high"}, token: findings{"reflected-origin": "low"}},
		{name: "nginx if ($http_origin ~* acme-desk.com)", policy: nginx(`acme-desk.com`, creds),
			cookie: findings{"prefix-origin": "high", "suffix-origin": "high"}, token: findings{"prefix-origin": "low", "suffix-origin": "low"}},
		{name: "nginx without credentials", policy: nginx(``),
			cookie: findings{"reflected-origin": "low"}, token: findings{"reflected-origin": "low"}},
		{name: "nginx, every method and field", policy: nginx(`^https://app\.acme-desk\.com$`, creds, "Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *"),
			cookie: findings{"preflight-methods": "its own", "preflight-headers": "its own"}, token: findings{"preflight-methods": "its own", "preflight-headers": "its own"}},
	} {
		for _, as := range []struct {
			name, cookie string
			want         findings
		}{{"cookie", travelling, c.cookie}, {"token", "", c.token}} {
			t.Run(c.name+", "+as.name, func(t *testing.T) {
				t.Parallel()
				newTrial(t, &app{policy: c.policy, cookie: as.cookie, caching: c.caching}).holds(t, as.want)
			})
		}
	}
}
