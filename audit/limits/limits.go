// Package limits is the row "Rate limiting and cost": per-IP, per-user and
// per-organisation limits, spend caps, concurrency caps and idempotency hold.
//
// A file holds one check and is named after it. A burst is bounded in number and
// leaves at once, without the run's pace; what counts is how many of it the
// application took, never how long it thought. Bursts go out as users that the
// run made, where it can make some, so that nobody's account is locked. A check
// that asks how a limit can be passed by first needs one that holds: where none
// showed it is unknown, and chat-burst says so.
package limits

import lr "github.com/launchready/launchready"

var (
	consumption = lr.Ref{Source: "OWASP API", ID: "API4:2023"}
	unbounded   = lr.Ref{Source: "OWASP LLM", ID: "LLM10:2025"}
	unbounded26 = lr.Ref{Source: "OWASP LLM", ID: "LLM06:2026"}
	brokenAuth  = lr.Ref{Source: "OWASP API", ID: "API2:2023"}
	cwe770      = lr.Ref{Source: "CWE", ID: "770"}
	cwe307      = lr.Ref{Source: "CWE", ID: "307"}
)

// Row lists the checks. Those that may close the door of the sign-in come last.
func Row() lr.Row {
	return lr.Row{
		ID:    "limits",
		Title: "Rate limiting and cost",
		Pass:  "per-IP, per-user and per-organisation limits, spend caps, concurrency caps, idempotency hold",
		Checks: []*lr.Check{
			outputLength,
			clientMaxTokens,
			idempotencyKey,
			retryStorm,
			abandonedStream,
			concurrentRuns,
			concurrentOrganisation,
			chatBurst,
			organisation,
			tokenCap,
			retryAfter,
			forwardedHeader,
			routeSpelling,
			otherEndpoint,
			neighbour,
			socketMessages,
			pageSize,
			slowRequest,
			resetFlood,
			loginGuessing,
			loginSpraying,
		},
	}
}
