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
	n := 0
	for _, c := range contests() {
		for _, id := range flawsOf(c.rows) {
			n++
			f := faultOf(id)
			if len(f.kinds) == 0 || len(f.routes) == 0 {
				t.Errorf("%s: no line, no kinds or no routes", id)
			}
			for _, route := range f.routes {
				if below, ok := strings.CutSuffix(route, "/**"); ok {
					served := slices.ContainsFunc(known, func(r string) bool { return strings.HasPrefix(r[strings.Index(r, " ")+1:], below) })
					if c.name == "cors" && !served {
						t.Errorf("%s: the demo has nothing below %s", id, below)
					}
				} else if !strings.HasSuffix(route, "*") && !slices.Contains(known, route) {
					t.Errorf("%s: the demo has no %s", id, route)
				}
			}
		}
	}
	if lines := len(faults) + len(hygieneFaults) + len(corsFaults) + len(inputFaults); n < 85 || lines != n {
		t.Errorf("%d lines for %d flaws", lines, n)
	}
	for _, u := range undecided {
		if !slices.Contains(known, u.route) {
			t.Errorf("the demo has no %s", u.route)
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
			s := contests()[0].judge([]claim{c.claim, c.claim}, flaws, public)
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
	for _, in := range contests() {
		for _, id := range flawsOf(in.rows) {
			for _, route := range faultOf(id).routes {
				subject, everywhere := strings.CutSuffix(route, "/**")
				switch {
				case everywhere:
					subject = "GET " + subject
				case strings.HasSuffix(route, "*") && in.name == "hygiene" && route != "*":
					subject = strings.TrimSuffix(route, "*") + "/v1/auth/login" // public, and no less a fault
				case strings.HasSuffix(route, "*"):
					subject = "application"
				}
				subject = strings.TrimSuffix(strings.TrimSuffix(subject, " introspection"), " batching")
				if s := in.judge([]claim{ownClaim(id, subject)}, []string{id}, []string{"POST /v1/auth/login"}); len(s.found) != 1 || len(s.wrong) != 0 {
					t.Errorf("%s at %s: found %v, wrong %v", id, subject, s.found, s.wrong)
				}
			}
		}
	}
	in := contests()[0]
	if s := in.judge([]claim{ownClaim("isolation/foreign-read", "GET /v1/articles/{article_id}")}, flawsOf(in.rows), nil); len(s.wrong) != 1 {
		t.Error("a false finding of ours is not counted")
	}
}

// TestOtherRows: what is wrong and what falls for a trap in the rows hygiene and
// cors, and what counts neither way.
func TestOtherRows(t *testing.T) {
	for name, c := range map[string]struct {
		contest string
		claim   claim
		found   string
		trap    string
		aside   bool
	}{
		"a file where the page answers for everything": {"hygiene", claim{leftOver, "GET /backup.zip"}, "", "catch-all", false},
		"a file that is there":                         {"hygiene", claim{leftOver, "GET /.git/HEAD"}, "hygiene/git-folder", "", false},
		"a trace in general words":                     {"hygiene", claim{inner, "GET /v1/files/{file_id}/content"}, "hygiene/file-path", "", false},
		"a report that breaks by design":               {"hygiene", claim{serverFault, "GET /v1/reports/{report_id}"}, "", "", true},
		"the wildcard on public keys":                  {"cors", claim{wildcardOrigin, "GET /.well-known/jwks.json"}, "", "public-wildcard", false},
		"a route of the area":                          {"cors", claim{subdomainOrigin, "GET /v1/billing/invoices/{invoice_id}"}, "cors/subdomain-origin", "", false},
		"another area by the beginning of its name":    {"cors", claim{subdomainOrigin, "GET /v1/billings"}, "", "", false},
		"any origin lets a narrower one in":            {"cors", claim{nullOrigin, "GET /v1/exports/{export_id}"}, "cors/reflected-origin", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := contestOf(c.contest)
			if err != nil {
				t.Fatal(err)
			}
			s := in.judge([]claim{c.claim}, flawsOf(in.rows), nil)
			if got := strings.Join(s.found, " "); got != c.found {
				t.Errorf("found %q, want %q", got, c.found)
			}
			if got := strings.Join(s.traps, " "); got != c.trap {
				t.Errorf("traps %q, want %q", got, c.trap)
			}
			if wrong := len(s.wrong) == 1; wrong != (c.found == "" && !c.aside) {
				t.Errorf("wrong: %v", s.wrong)
			}
		})
	}
	if _, err := contestOf("nonsense"); err == nil || !strings.Contains(err.Error(), "authorization, hygiene, cors") {
		t.Errorf("a comparison that is none: %v", err)
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
