// Package cors is the row "CORS policy": the origins whose pages may read the
// API from a browser are explicit and minimal.
//
// A browser decides by the reply's fields what a script may read; [permits] and
// [clears] are its rules. What is in the reply decides what a fault is worth:
// data of the customer that comes with the cookies a browser sends by itself can
// be read by any page that the policy lets in, and where a Chromium is at hand a
// script on such a page reads it. An API that takes nothing but a bearer token
// has nothing that another page could use, and its faults are small.
//
// A file holds one check and is named after it. The other files hold what they
// share: [class] chooses the routes that are asked, [learn] finds the origins
// that are allowed, [session] is what a browser sends, [attack] asks as a page of
// a hostile origin, and [hit] weighs what was let in.
package cors

import lr "github.com/launchready/launchready"

// Clauses that most checks of the row answer to.
var (
	misconfigured = lr.Ref{Source: "OWASP API", ID: "API8:2023"}
	permissive    = lr.Ref{Source: "CWE", ID: "942"}
	unvalidated   = lr.Ref{Source: "CWE", ID: "346"}
	asvsOrigin    = lr.Ref{Source: "ASVS", ID: "v5.0.0-3.4.2"}
	rfcOrigin     = lr.Ref{Source: "RFC", ID: "6454 section 4"}
	corsCheck     = lr.Ref{Source: "Fetch", ID: "CORS check"}
	corsPreflight = lr.Ref{Source: "Fetch", ID: "CORS-preflight fetch"}
)

// Row lists the checks: first whom the policy lets in, then what it grants, then
// caches and sockets.
func Row() lr.Row {
	return lr.Row{
		ID:    "cors",
		Title: "CORS policy",
		Pass:  "allowed origins are explicit and minimal",
		Checks: []*lr.Check{
			reflectedOrigin,
			nullOrigin,
			prefixOrigin,
			suffixOrigin,
			subdomainOrigin,
			schemeOrigin,
			portOrigin,
			wildcardCredentials,

			preflightMethods,
			preflightHeaders,
			privateNetwork,

			varyOrigin,
			websocketOrigin,
			sourceOrigin,
		},
	}
}
