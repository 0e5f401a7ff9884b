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
