package surface_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// TestBeside: a word that the description names is a route of its own, whatever
// template fits it as well.
func TestBeside(t *testing.T) {
	list := `GET /users/v1/{username}
GET /users/v1/_debug
DELETE /users/v1/_debug
GET /users/v1/me/
GET /badges/{id}
GET /badges/{id}.svg
GET /badges/logo.svg
GET /badges/logo.png
GET /{org}/chats/{id}
GET /acme/chats/{id}
GET /acme/chats/latest
GET /health
`
	s, err := surface.RouteList([]byte(list), surface.Source{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"GET /users/v1/_debug":   {"/users/v1/{username}"},
		"GET /users/v1/me/":      {"/users/v1/{username}"},
		"GET /badges/{id}.svg":   {"/badges/{id}"},
		"GET /badges/logo.svg":   {"/badges/{id}", "/badges/{id}.svg"},
		"GET /badges/logo.png":   {"/badges/{id}"},
		"GET /acme/chats/{id}":   {"/{org}/chats/{id}"},
		"GET /acme/chats/latest": {"/acme/chats/{id}", "/{org}/chats/{id}"},
	}
	for _, rt := range s.Routes {
		slices.Sort(rt.Beside)
		if !slices.Equal(rt.Beside, want[rt.String()]) {
			t.Errorf("%s stands beside %q, want %q", rt, rt.Beside, want[rt.String()])
		}
	}
	covered := func(pattern string) (out []string) {
		for _, rt := range s.Routes {
			if lr.Match([]string{pattern}, rt) {
				out = append(out, rt.String())
			}
		}
		return out
	}
	for pattern, want := range map[string]string{
		"GET /users/v1/{name}":   "GET /users/v1/{username}",
		"GET /users/v1/*":        "GET /users/v1/{username} GET /users/v1/_debug GET /users/v1/me/",
		"GET /users/v1/_debug":   "GET /users/v1/_debug",
		"/badges/{badge}.svg":    "GET /badges/{id}.svg",
		"/badges/{badge}":        "GET /badges/{id}",
		"/acme/chats/{chat_id}":  "GET /acme/chats/{id}",
		"/{tenant}/chats/latest": "GET /acme/chats/latest", // no template of the description: it means what it fits
	} {
		if got := strings.Join(covered(pattern), " "); got != want {
			t.Errorf("%q covers %q, want %q", pattern, got, want)
		}
	}
}

// TestBesideOfWhatWasSeen: a recording tells words from keys by guessing, so a
// pattern covers both.
func TestBesideOfWhatWasSeen(t *testing.T) {
	routes := []*lr.Route{
		{Method: "GET", Path: "/articles/{id}", Declared: true, Shown: true},
		{Method: "GET", Path: "/articles/hello-world", Declared: true, Shown: true},
		{Method: "GET", Path: "/articles/guessed"},
	}
	surface.Link(routes)
	for _, rt := range routes {
		if len(rt.Beside) > 0 || !lr.Match([]string{"GET /articles/{slug}"}, rt) {
			t.Errorf("%s stands beside %q", rt, rt.Beside)
		}
	}
}

// TestBesideIsBounded: a description in which everything fits everything.
func TestBesideIsBounded(t *testing.T) {
	var routes []*lr.Route
	for i := range 1 << 11 {
		var b strings.Builder
		for bit := range 11 {
			if i>>bit&1 == 1 {
				fmt.Fprintf(&b, "/{p%d}", bit)
			} else {
				b.WriteString("/x")
			}
		}
		routes = append(routes, &lr.Route{Method: "GET", Path: b.String(), Declared: true})
	}
	surface.Link(routes)
	if n := len(routes[0].Beside); n == 0 || n > 20 {
		t.Errorf("the narrowest route stands beside %d", n)
	}
}
