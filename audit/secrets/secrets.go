// Package secrets is the row "Secrets handling": zero secrets in repository,
// history, logs, client bundle, browser storage, CI output or error output.
//
// A file holds one check and is named after it. All of them put what they read to
// one engine and tell by [verdictOf] what is a finding; no value is ever shown.
// What could not be read is unknown, with the reason: a search of half the
// repository proves nothing about the other half.
package secrets

import lr "github.com/launchready/launchready"

// application is the subject of what is not a file or a route.
const application = "application"

var (
	misconfig  = lr.Ref{Source: "OWASP API", ID: "API8:2023"}
	hardCoded  = lr.Ref{Source: "CWE", ID: "798"}
	exposed    = lr.Ref{Source: "CWE", ID: "200"}
	logged     = lr.Ref{Source: "CWE", ID: "532"}
	asvsVault  = lr.Ref{Source: "ASVS", ID: "v5.0.0-13.3.1"}
	asvsLogs   = lr.Ref{Source: "ASVS", ID: "v5.0.0-16.2.5"}
	asvsClient = lr.Ref{Source: "ASVS", ID: "v5.0.0-14.3.3"}
	mvsp       = lr.Ref{Source: "MVSP", ID: "v3-2.8"}
)

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:    "secrets",
		Title: "Secrets handling",
		Pass:  "zero secrets in repository, history, logs, client bundle, browser storage, CI output or error output",
		Checks: []*lr.Check{
			repository,
			history,
			trackedFile,
			manifestLiteral,
			publicVariable,
			bundle,
			image,
			page,
			browserStorage,
			log,
			logCanary,
			answer,
			knownValue,
		},
	}
}
