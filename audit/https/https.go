// Package https is the row "HTTPS, redirects, DNS, edge": TLS everywhere, HTTP
// redirects to HTTPS, every subdomain resolves to something owned, the edge is
// configured, nothing private is cached.
//
// A file holds one check and is named after it. Absence is proved or Unknown: a
// server that fails is never a finding.
package https

import (
	"slices"

	lr "github.com/launchready/launchready"
)

// Row lists the checks, by the group that they belong to.
func Row() lr.Row {
	return lr.Row{
		ID:    "https",
		Title: "HTTPS, redirects, DNS, edge",
		Pass:  "TLS everywhere, HTTP redirects to HTTPS, every subdomain resolves to something owned, the edge is configured, nothing private is cached",
		Checks: slices.Concat(
			names(),
			transport(), redirection(), policy(), paging(), caching(),
			edges(),
		),
	}
}
