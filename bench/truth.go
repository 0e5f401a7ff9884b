package main

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/demo"
)

// kind says whom a tool claims to have seen where they must not be, or how a
// fault shows. It is what the reports of different tools are translated to.
type kind string

// Kinds. The first four are those that authorization testers tell apart.
const (
	anonymous   kind = "anonymous" // nobody is served
	otherTenant kind = "object"    // another tenant's data is read or changed
	lowerRole   kind = "function"  // a lower role is served
	extraField  kind = "property"  // a field is read or set that the caller may not

	emptyToken   kind = "empty-token"
	badToken     kind = "malformed-token" // any credential that is none
	expiredToken kind = "expired-token"
	unknownKey   kind = "unknown-key"
	algNone      kind = "alg-none"
	algConfusion kind = "alg-confusion"
	weakSecret   kind = "weak-secret"
	keyHeader    kind = "key-header"
	audience     kind = "audience"
	queryToken   kind = "token-in-query"
	override     kind = "method-override"
	pathTrick    kind = "path-trick"
	undeclared   kind = "undeclared"
	guessable    kind = "guessable-id"
	existence    kind = "existence"
	stale        kind = "stale" // a token, link or invitation outlives its end
	refreshReuse kind = "refresh-reuse"
	enumeration  kind = "enumeration"
	fixation     kind = "fixation"
	cookie       kind = "cookie"
	keyScope     kind = "key-scope"
	graphQL      kind = "graphql"
)

// fault is the ground truth of one flaw of the demo: the kinds by which a tool
// may name it, and the routes where it is. "*" is any route: the fault is in what
// all of them stand behind; "/v1/exports/**" is the path and all below it. It follows from the demo's code, where the flaw is
// consulted, and not from what any tool reports.
type fault struct {
	kinds  []kind
	routes []string
}

func at(k kind, routes ...string) fault { return fault{[]kind{k}, routes} }

// open is a route that serves nobody in particular: who is tried with a bad token
// or as somebody of a lower role is served as well.
func open(routes ...string) fault {
	return fault{[]kind{anonymous, badToken, lowerRole}, routes}
}

// faultOf is the line of a flaw.
func faultOf(id string) fault {
	for _, of := range []map[string]fault{faults, hygieneFaults, corsFaults, inputFaults} {
		if f, ok := of[id]; ok {
			return f
		}
	}
	return fault{}
}

// faults has a line for each flaw of the rows auth and isolation.
var faults = map[string]fault{
	"auth/no-credential":         open("GET /v1/billing/invoices", "GET /v1/billing/invoices/{invoice_id}"),
	"auth/no-credential-write":   open("POST /v1/chats/{chat_id}/archive"),
	"auth/empty-credential":      {[]kind{emptyToken, badToken}, []string{"GET *"}},
	"auth/garbage-credential":    at(badToken, "GET /v1/usage"),
	"auth/expired-token":         at(expiredToken, "*"),
	"auth/token-signature":       at(unknownKey, "*"),
	"auth/alg-none":              at(algNone, "*"),
	"auth/alg-confusion":         at(algConfusion, "*"),
	"auth/weak-token-secret":     at(weakSecret, "*"),
	"auth/token-key-header":      at(keyHeader, "*"),
	"auth/token-audience":        at(audience, "*"),
	"auth/token-after-logout":    at(stale, "POST /v1/auth/logout"),
	"auth/disabled-user-token":   at(stale, "POST /v1/admin/users/{user_id}/disable", "DELETE /v1/members/{member_id}"),
	"auth/refresh-reuse":         at(refreshReuse, "*"),
	"auth/token-in-query":        at(queryToken, "*"),
	"auth/method-override":       at(override, "*"),
	"auth/path-normalisation":    at(pathTrick, "*"),
	"auth/undeclared-route":      {[]kind{undeclared, anonymous}, []string{"GET /v1/debug/users"}},
	"auth/function-level":        at(lowerRole, "GET /v1/admin/users"),
	"auth/function-level-write":  at(lowerRole, "DELETE /v1/invitations/{invitation_id}"),
	"auth/mass-assignment":       at(extraField, "PATCH /v1/me"),
	"auth/password-reset":        at(stale, "POST /v1/auth/password/reset"),
	"auth/invitation-token":      at(stale, "POST /v1/invitations/accept"),
	"auth/user-enumeration":      at(enumeration, "POST /v1/auth/login"),
	"auth/session-fixation":      at(fixation, "*"),
	"auth/api-key-scope":         at(keyScope, "*"),
	"auth/websocket-credential":  open("GET /v1/ws"),
	"auth/stream-credential":     open("GET /v1/chats/{chat_id}/messages/{message_id}/stream"),
	"auth/graphql-credential":    open("POST /graphql"),
	"auth/graphql-introspection": at(graphQL, "POST /graphql introspection"),
	"auth/graphql-batching":      at(graphQL, "POST /graphql batching"),
	"isolation/foreign-read":     at(otherTenant, "GET /v1/chats/{chat_id}"),
	"isolation/list-leak":        at(otherTenant, "GET /v1/members"),
	"isolation/search-leak":      at(otherTenant, "GET /v1/search", "POST /v1/search"),
	"isolation/export-leak":      at(otherTenant, "POST /v1/exports", "GET /v1/exports/{export_id}/download"),
	"isolation/count-leak":       at(otherTenant, "GET /v1/chats/count"),
	"isolation/foreign-update":   at(otherTenant, "PUT /v1/collections/{slug}/documents/{document_id}"),
	"isolation/foreign-delete":   at(otherTenant, "DELETE /v1/files/{file_id}"),
	"isolation/foreign-create":   at(otherTenant, "POST /v1/chats/{chat_id}/messages"),
	"isolation/nested-parent":    at(otherTenant, "GET /v1/chats/{chat_id}/messages/{message_id}"),
	"isolation/tenant-swap":      at(otherTenant, "GET /v1/tenant", "GET /v1/usage"),
	"isolation/share-link":       at(stale, "GET /v1/shared/{share_token}", "POST /v1/chats/{chat_id}/share", "DELETE /v1/chats/{chat_id}/share"),
	"isolation/file-download":    at(otherTenant, "GET /v1/download/{file_id}", "POST /v1/files/{file_id}/link"),
	"isolation/stream-leak":      at(otherTenant, "GET /v1/chats/{chat_id}/stream"),
	"isolation/websocket-leak":   at(otherTenant, "GET /v1/ws"),
	"isolation/shared-cache":     at(otherTenant, "GET /v1/dashboard"),
	"isolation/cookie-scope":     at(cookie, "*"),
	"isolation/existence-oracle": at(existence, "GET /v1/files/{file_id}"),
	"isolation/predictable-id":   at(guessable, "POST /v1/chats"),
	"isolation/graphql-object":   at(otherTenant, "POST /graphql"),
	"isolation/error-text":       at(otherTenant, "POST /v1/webhook-endpoints"),
}

// claim is one finding of a tool, in the words of the truth.
type claim struct {
	kind  kind
	route string // "GET /v1/chats/{chat_id}", or "*" when it is of the whole application
}

// names reports whether the claim tells of the fault. A fault that is in all
// routes is in none that is public by design: there a bad token opens nothing.
func (f fault) names(c claim, public []string) bool {
	route := c.route
	if rest, head := strings.CutPrefix(route, "HEAD "); head {
		route = "GET " + rest
	}
	method, _, _ := strings.Cut(route, " ")
	return slices.Contains(f.kinds, c.kind) && slices.ContainsFunc(f.routes, func(of string) bool {
		switch of {
		case "*", method + " *":
			return !slices.Contains(public, route)
		case "GET *":
			return c.route == "*"
		}
		if below, ok := strings.CutSuffix(of, "/**"); ok {
			_, path, _ := strings.Cut(route, " ")
			return path == below || strings.HasPrefix(path, below+"/")
		}
		return of == route
	})
}

// score is what a tool's claims are worth.
type score struct {
	found []string // flaws
	wrong []claim  // claims that tell of no flaw
	traps []string // right behaviours that a wrong claim is about
}

// trap is a right behaviour of the demo, as a comparison sees it.
type trap struct{ demo.Trap }

// traps lists those that the comparison's rows may fall for. What no other
// comparison names is one of authorization.
func (c contest) traps() []trap {
	of := map[string]string{}
	for name, ids := range map[string][]string{"hygiene": hygieneTraps, "cors": corsTraps, "input": inputTraps} {
		for _, id := range ids {
			of[id] = name
		}
	}
	var out []trap
	for _, t := range demo.Traps() {
		if name := of[t.ID]; name == c.name || name == "" && c.name == "authorization" {
			out = append(out, trap{t})
		}
	}
	return out
}

// about reports whether a wrong claim is one that the trap was laid for.
func (t trap) about(c claim) bool {
	switch t.ID { // wherever the claim is made
	case "catch-all":
		return c.kind == leftOver
	case "plain-server-header":
		return c.kind == shownVersion
	}
	route, _, _ := strings.Cut(t.Route, "?")
	return route == c.route
}

// judge holds claims against the flaws that are on. A claim that is made twice
// counts once. public are the routes that need no credential by their description.
func (c contest) judge(claims []claim, flaws, public []string) score {
	traps := c.traps()
	if c.name != "authorization" {
		public = nil // an error that shows the inside shows it to anybody
	}
	var s score
	seen := map[claim]bool{}
	for _, c := range claims {
		if seen[c] || slices.Contains(undecided, c) {
			continue
		}
		seen[c] = true
		right := false
		for _, id := range flaws {
			if !faultOf(id).names(c, public) {
				continue
			}
			right = true
			if !slices.Contains(s.found, id) {
				s.found = append(s.found, id)
			}
		}
		if right {
			continue
		}
		s.wrong = append(s.wrong, c)
		for _, trap := range traps {
			if trap.about(c) && !slices.Contains(s.traps, trap.ID) {
				s.traps = append(s.traps, trap.ID)
			}
		}
	}
	slices.Sort(s.found)
	slices.Sort(s.traps)
	return s
}
