// Package operations is the row "Operations": no forgotten environment variable;
// roll-back rehearsed; every incident has an owner who can act within 15 minutes.
//
// A file holds one check and is named after it. What only the owner knows is
// taken from the configuration and said to be so; what can be tried out is.
package operations

import lr "github.com/launchready/launchready"

// application is the subject of what is not a thing with a name.
const application = "application"

var (
	mvspIncident = lr.Ref{Source: "MVSP", ID: "v3-1.5"}
	mvspLogging  = lr.Ref{Source: "MVSP", ID: "v3-2.7"}
	asvsLogging  = lr.Ref{Source: "ASVS", ID: "v5.0.0-16.3.1"}
	asvsSecrets  = lr.Ref{Source: "ASVS", ID: "v5.0.0-13.3.4"}
	misconfig    = lr.Ref{Source: "OWASP API", ID: "API8:2023"}
	top10Logging = lr.Ref{Source: "OWASP", ID: "A09:2021"}
)

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:    "operations",
		Title: "Operations",
		Pass:  "no forgotten environment variable; roll-back rehearsed; every incident has an owner who can act within 15 minutes",
		Checks: []*lr.Check{
			incidentOwner,
			rollbackRehearsed,
			healthEndpoint,
			securityEvent,
			secretAge,
			secretPasted,
			debugMode,
			containerUser,
			pinnedVersion,
			gracefulStop,
			migrationStep,
			undeclaredVariable,
			undeclaredIntegration,
			productionVariable,
			placeholderValue,
			secretsMap,
		},
	}
}
