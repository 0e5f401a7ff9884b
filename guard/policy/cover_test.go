package policy_test

import (
	"fmt"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

func TestCompare(t *testing.T) {
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, `version: 1
listen: 127.0.0.1:0
upstream: http://127.0.0.1:1
auth: {issuer: i, audience: a, jwks: http://127.0.0.1:1, roles_claim: r}
limits:
  u: {per: user, requests: 1}
preflight: true
routes:
  - {path: /healthz, public: true}
  - {path: /v1/me, public: true}
  - {path: /v1/chat, methods: [POST], limits: [u]}
  - {path: "/v1/chats/{id}", modes: {auth: observe}}
  - {path: /v1/ask, methods: [POST]}
  - {path: /metrics, blocked: true}
  - {path: "/old/**"}
unsafe: ["unenforced auth /v1/chats/{id}"]
`))
	if err != nil {
		t.Fatal(err)
	}
	body := &lr.Body{Type: "application/json"}
	gaps, err := p.Compare([]*lr.Route{
		{Method: "GET", Path: "/healthz", Kind: lr.Health},
		{Method: "GET", Path: "/v1/me", Secured: true},
		{Method: "POST", Path: "/v1/chat", Secured: true, Kind: lr.ChatKind, Body: body},
		{Method: "GET", Path: "/v1/chats/{chat_id}", Secured: true},
		{Method: "POST", Path: "/v1/ask", Secured: true, Kind: lr.ChatKind},
		{Method: "GET", Path: "/metrics", Kind: lr.Health},
		{Method: "DELETE", Path: "/v1/ask"},
		{Method: "GET", Path: "/v1/unknown"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range gaps {
		got = append(got, fmt.Sprintf("%d:%d %s %s", g.Line, g.Column, g.Kind, g.Subject))
	}
	want := []string{
		"0:0 uncovered DELETE /v1/ask",
		"0:0 uncovered GET /v1/unknown",
		"10:5 unguarded GET /v1/me",
		"11:5 unvalidated POST /v1/chat",
		"12:5 unguarded GET /v1/chats/{chat_id}",
		"13:5 unlimited POST /v1/ask",
		"15:5 undescribed /old/**",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}
