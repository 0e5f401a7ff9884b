package main

// Kinds of the row cors: what is let in, and what is granted.
const (
	anyOrigin       kind = "any-origin"
	nullOrigin      kind = "null-origin"
	prefixOrigin    kind = "prefix-origin"
	suffixOrigin    kind = "suffix-origin"
	subdomainOrigin kind = "subdomain-origin"
	schemeOrigin    kind = "scheme-origin"
	portOrigin      kind = "port-origin"
	dotOrigin       kind = "dot-origin" // a dot of the pattern stands for any character
	wildcardOrigin  kind = "wildcard"
	grantsMethods   kind = "preflight-methods"
	grantsHeaders   kind = "preflight-headers"
	grantsNetwork   kind = "private-network"
	varyOrigin      kind = "vary-origin"
	socketOrigin    kind = "websocket-origin"
)

// corsFaults has a line for each flaw of the row cors. The demo sets its policy
// for an area of the API, so every route of the area has the fault. A policy that
// is wide lets in what a narrower one would, and may be named by either.
var corsFaults = map[string]fault{
	"cors/reflected-origin":     {[]kind{anyOrigin, nullOrigin, prefixOrigin, suffixOrigin, subdomainOrigin, schemeOrigin, portOrigin, dotOrigin}, []string{"/v1/exports/**"}},
	"cors/null-origin":          at(nullOrigin, "/v1/reports/**"),
	"cors/prefix-origin":        {[]kind{prefixOrigin, portOrigin}, []string{"/v1/search/**"}},
	"cors/suffix-origin":        {[]kind{suffixOrigin, subdomainOrigin, schemeOrigin}, []string{"/v1/collections/**"}},
	"cors/subdomain-origin":     {[]kind{subdomainOrigin, suffixOrigin}, []string{"/v1/billing/**"}},
	"cors/scheme-origin":        at(schemeOrigin, "/v1/members/**"),
	"cors/port-origin":          at(portOrigin, "/v1/prompts/**"),
	"cors/wildcard-credentials": at(wildcardOrigin, "/v1/usage/**"),
	"cors/preflight-methods":    at(grantsMethods, "/v1/webhook-endpoints/**"),
	"cors/preflight-headers":    at(grantsHeaders, "/v1/api-keys/**"),
	"cors/private-network":      at(grantsNetwork, "/v1/invitations/**"),
	"cors/vary-origin":          at(varyOrigin, "/v1/articles/**"),
	"cors/websocket-origin":     at(socketOrigin, "GET /v1/ws"),
}

var corsTraps = []string{"public-wildcard", "partner-origin", "empty-preflight", "constant-origin", "open-handshake"}
