package audit

import (
	"fmt"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestSurfaceOf(t *testing.T) {
	target := &lr.Target{
		Routes: []*lr.Route{
			{Method: "POST", Path: "/v1/chat", Kind: lr.ChatKind, Secured: true, Takes: []string{"bearer", "cookie s"}, Declared: true},
			{Method: "GET", Path: "/v1/admin/users", Secured: true, Declared: true},
			{Method: "GET", Path: "/v1/articles/{id}", Secured: true, Declared: true},
			{Method: "GET", Path: "/v1/avatars/{id}", Declared: true},
			{Method: "GET", Path: "/mails"},
		},
		Access:   lr.Access{Public: []string{"GET /v1/avatars/**", "GET /assets/**", "/terms"}, Admin: []string{"/v1/admin/**"}, Shared: []string{"GET /v1/articles/*"}},
		Mailbox:  &lr.Request{Method: "GET", Path: "/mails?to=$user"},
		Provider: &lr.Provider{Traffic: lr.Request{Path: "/p"}, Fail: lr.Request{Method: "PUT", Path: "/p/fault"}, Mend: lr.Request{Method: "DELETE", Path: "/p/fault"}},
	}
	var got []string
	for _, r := range surfaceOf(target) {
		got = append(got, fmt.Sprintf("%s %s public=%t admin=%t shared=%t secured=%t rehearsal=%t declared=%t %v", r.Method, r.Path, r.Public, r.Admin, r.Shared, r.Secured, r.Rehearsal, r.Declared, r.Takes))
	}
	want := []string{
		"GET /assets/** public=true admin=false shared=false secured=false rehearsal=false declared=false []",
		"GET /mails public=true admin=false shared=false secured=false rehearsal=true declared=false []",
		"GET /p public=true admin=false shared=false secured=false rehearsal=true declared=false []",
		"DELETE /p/fault public=true admin=false shared=false secured=false rehearsal=true declared=false []",
		"PUT /p/fault public=true admin=false shared=false secured=false rehearsal=true declared=false []",
		"GET /terms public=true admin=false shared=false secured=false rehearsal=false declared=false []",
		"GET /v1/admin/users public=false admin=true shared=false secured=true rehearsal=false declared=true []",
		"GET /v1/articles/{id} public=false admin=false shared=true secured=true rehearsal=false declared=true []",
		"GET /v1/avatars/{id} public=true admin=false shared=false secured=false rehearsal=false declared=true []",
		"POST /v1/chat public=false admin=false shared=false secured=true rehearsal=false declared=true [bearer cookie s]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// TestSurfaceOfSilence: where a description says nothing of credentials, as a list of
// routes, only what is for strangers by its nature is open.
func TestSurfaceOfSilence(t *testing.T) {
	routes := []*lr.Route{
		{Method: "POST", Path: "/login", Kind: lr.SignIn, Declared: true},
		{Method: "POST", Path: "/users", Kind: lr.SignUp, Declared: true},
		{Method: "GET", Path: "/health", Kind: lr.Health, Declared: true},
		{Method: "POST", Path: "/hooks", Kind: lr.Webhook, Declared: true},
		{Method: "GET", Path: "/notes", Kind: lr.List, Declared: true},
		{Method: "DELETE", Path: "/notes/{id}", Kind: lr.Delete, Declared: true},
		{Method: "GET", Path: "/me", Kind: lr.WhoAmI, Declared: true},
		{Method: "GET", Path: "/seen", Kind: lr.List},
	}
	secured := func() (out []string) {
		for _, r := range surfaceOf(&lr.Target{Routes: routes, Access: lr.Access{Public: []string{"GET /notes"}}}) {
			if r.Secured && !r.Public {
				out = append(out, r.Method+" "+r.Path)
			}
		}
		return out
	}
	if got := secured(); !slices.Equal(got, []string{"GET /me", "DELETE /notes/{id}"}) {
		t.Errorf("secured are %q", got)
	}
	routes[6].Secured = true // and one that says it of some says by silence that the others are open
	if got := secured(); !slices.Equal(got, []string{"GET /me"}) {
		t.Errorf("secured are %q", got)
	}
}
