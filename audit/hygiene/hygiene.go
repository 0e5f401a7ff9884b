// Package hygiene is the row "Error hygiene": production errors expose no stack
// traces or internals.
//
// A file holds one check and is named after it. Most checks read the same
// replies: [collection] provokes errors once a route and run, with requests that
// cannot take effect, and a [reply] is judged by one check alone, the first of
// [families] whose [sign] is in it. The others ask for what should not be served
// at all; [look] wants proof by content and a control that does not look alike.
// What the request itself said is never a witness, but for the echo checks.
package hygiene

import lr "github.com/launchready/launchready"

// application is the subject of what is not a route's.
const application = "application"

var (
	misconfiguration = lr.Ref{Source: "OWASP API", ID: "API8:2023"}
	inventory        = lr.Ref{Source: "OWASP API", ID: "API9:2023"}
	errorText        = lr.Ref{Source: "CWE", ID: "209"}
	asvsErrors       = lr.Ref{Source: "ASVS", ID: "v5.0.0-16.5.1"}
	asvsDebug        = lr.Ref{Source: "ASVS", ID: "v5.0.0-13.4.2"}
	asvsMonitoring   = lr.Ref{Source: "ASVS", ID: "v5.0.0-13.4.5"}
)

// Row lists the checks: what errors say, how they say it, and what is served
// that should not be. The checks of one row share what they provoked.
func Row() lr.Row {
	c := &collection{}
	provoking := []*lr.Check{
		stackTrace(c),
		debugPage(c),
		databaseText(c),
		filePath(c),
		providerError(c),
		verboseValidation(c),
		echoedInput(c),
		echoedSecret(c),

		serverError(c),
		htmlError(c),
		errorContentType(c),
		errorShape(c),
		versionHeader(c),
	}
	for _, check := range provoking { // what spoils a reply must not spoil another check's
		check.Alone = true
	}
	return lr.Row{
		ID:    "hygiene",
		Title: "Error hygiene",
		Pass:  "production errors expose no stack traces or internals",
		Checks: append(provoking,
			graphqlSuggestion(),

			debugEndpoint(),
			metricsEndpoint(),
			sourceMap(),
			backupFile(),
			envFile(),
			gitFolder(),
			directoryListing(),
			sourceError,
		),
	}
}
