package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo"
)

// TestTruthIsWhole: each flaw of the compared rows has its line, no line is of a
// flaw that is gone, and each route is one of the demo.
func TestTruthIsWhole(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	known := append(specified(t, s), "GET /v1/debug/users", "POST /graphql introspection", "POST /graphql batching")
	on := flawsOf()
	if len(on) < 50 {
		t.Fatalf("only %d flaws", len(on))
	}
	for _, id := range on {
		f, ok := faults[id]
		if !ok {
			t.Errorf("no line for %s", id)
			continue
		}
		if len(f.kinds) == 0 || len(f.routes) == 0 {
			t.Errorf("%s: no kinds or no routes", id)
		}
		for _, route := range f.routes {
			if !strings.HasSuffix(route, "*") && !slices.Contains(known, route) {
				t.Errorf("%s: the demo has no %s", id, route)
			}
		}
	}
	for id := range faults {
		if !slices.Contains(on, id) {
			t.Errorf("%s is no flaw", id)
		}
	}
}

// specified asks the demo for its description, as the stand does.
func specified(t *testing.T, s *demo.Server) []string {
	t.Helper()
	p := &person{ctx: t.Context(), base: s.URL, client: httpClient()}
	spec := p.do("", "GET", "/openapi.json", nil)
	if p.err != nil {
		t.Fatal(p.err)
	}
	return operationsIn(spec)
}

func TestJudge(t *testing.T) {
	flaws := []string{"auth/no-credential", "auth/alg-none", "auth/empty-credential", "isolation/foreign-read", "auth/graphql-batching"}
	public := []string{"GET /healthz"}
	for name, c := range map[string]struct {
		claim claim
		found string
		trap  string
	}{
		"a flaw by its kind and route":            {claim{otherTenant, "GET /v1/chats/{chat_id}"}, "isolation/foreign-read", ""},
		"HEAD of it is the same":                  {claim{otherTenant, "HEAD /v1/chats/{chat_id}"}, "isolation/foreign-read", ""},
		"an open route serves a low role as well": {claim{lowerRole, "GET /v1/billing/invoices"}, "auth/no-credential", ""},
		"a fault of all routes, told once":        {claim{algNone, "*"}, "auth/alg-none", ""},
		"a fault of all routes, told of one":      {claim{algNone, "GET /v1/me"}, "auth/alg-none", ""},
		"a fault of all readings":                 {claim{badToken, "GET /v1/me"}, "auth/empty-credential", ""},
		"is none of a writing":                    {claim{badToken, "POST /v1/search"}, "", ""},
		"nor of a public route":                   {claim{badToken, "GET /healthz"}, "", ""},
		"the right route by the wrong kind":       {claim{anonymous, "GET /v1/chats/{chat_id}"}, "", ""},
		"a flaw that is off":                      {claim{otherTenant, "GET /v1/members"}, "", ""},
		"a trap":                                  {claim{otherTenant, "DELETE /v1/exports/{export_id}"}, "", "no-op-delete"},
		"a trap with a query in its address":      {claim{otherTenant, "GET /v1/chats"}, "", "foreign-filter same-title"},
		"GraphQL by what was asked":               {claim{graphQL, "POST /graphql batching"}, "auth/graphql-batching", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := judge([]claim{c.claim, c.claim}, flaws, public)
			if got := strings.Join(s.found, " "); got != c.found {
				t.Errorf("found %q, want %q", got, c.found)
			}
			if got := strings.Join(s.traps, " "); got != c.trap {
				t.Errorf("traps %q, want %q", got, c.trap)
			}
			if wrong := len(s.wrong); (wrong == 1) != (c.found == "") || wrong > 1 {
				t.Errorf("%d wrong claims", wrong)
			}
		})
	}
}

// TestOwnClaims: what the audit says of each flaw is judged right, so that the
// translation costs us nothing and gives us nothing.
func TestOwnClaims(t *testing.T) {
	for _, id := range flawsOf() {
		for _, route := range faults[id].routes {
			subject := route
			if strings.HasSuffix(route, "*") {
				subject = "application"
			}
			subject = strings.TrimSuffix(strings.TrimSuffix(subject, " introspection"), " batching")
			if s := judge([]claim{ownClaim(id, subject)}, []string{id}, nil); len(s.found) != 1 || len(s.wrong) != 0 {
				t.Errorf("%s at %s: found %v, wrong %v", id, subject, s.found, s.wrong)
			}
		}
	}
	if s := judge([]claim{ownClaim("isolation/foreign-read", "GET /v1/articles/{article_id}")}, flawsOf(), nil); len(s.wrong) != 1 {
		t.Error("a false finding of ours is not counted")
	}
}

func TestPublicIn(t *testing.T) {
	spec := []byte(`{"paths": {"/a": {"get": {"security": []}, "post": {}}, "/b": {"get": {"security": [{"bearer": []}]}}}}`)
	if got := publicIn(spec); !slices.Equal(got, []string{"GET /a"}) {
		t.Errorf("public: %v", got)
	}
	if got := operationsIn(spec); !slices.Equal(got, []string{"GET /a", "GET /b", "POST /a"}) {
		t.Errorf("operations: %v", got)
	}
}
