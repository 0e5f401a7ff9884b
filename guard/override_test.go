package guard_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/launchready/launchready/guard"
)

// TestOverride: a POST that names another method, as some frameworks let it, is served
// where that is the same route's, and nowhere else.
func TestOverride(t *testing.T) {
	app := &counted{}
	p := pipeline(t, "http://app.test", guard.Options{Dial: app, Routes: []*guard.Route{
		{Pattern: "/one", Methods: []string{"GET", "POST"}}, {Pattern: "/two", Methods: []string{"POST"}}, {Pattern: "/two", Methods: []string{"DELETE"}, Roles: []string{"admin"}}, {Pattern: "/all"},
	}})
	for name, c := range map[string]struct {
		method, target string
		want           int
	}{
		"another route's":      {"POST", "/two?_method=DELETE", 400},
		"in lower case":        {"POST", "/two?a=b&_method=delete", 400},
		"escaped":              {"POST", "/two?%5Fm%65thod=%44ELETE", 400},
		"another case":         {"POST", "/two?_Method=DELETE", 400},
		"PHP's dot":            {"POST", "/two?.method=DELETE", 400},
		"PHP's blank":          {"POST", "/two?+_method=DELETE", 400},
		"behind a semicolon":   {"POST", "/two?a=b;_method=DELETE", 400},
		"with a bad escape":    {"POST", "/two?a=%zz&_method=DELETE", 400},
		"no route's":           {"POST", "/one?_method=DELETE", 400},
		"the same route's":     {"POST", "/one?_method=GET", 200},
		"of all methods":       {"POST", "/all?_method=DELETE", 200},
		"its own":              {"POST", "/two?_method=post", 200},
		"empty":                {"POST", "/two?_method=", 200},
		"another name":         {"POST", "/two?method=DELETE", 200},
		"of what is no POST":   {"GET", "/one?_method=DELETE", 200},
		"without a parameter":  {"POST", "/two", 200},
		"a value that has one": {"POST", "/two?a=_method%3DDELETE", 200},
	} {
		app.n = 0
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(c.method, c.target, http.NoBody))
		if w.Code != c.want || (app.n == 1) != (c.want == 200) {
			t.Errorf("%s: %d, want %d; asked %d times", name, w.Code, c.want, app.n)
		}
	}
}
