// Package auth is the row "Auth on all API routes": no request without a valid
// credential, or with one that is expired, forged, revoked or too weak a role,
// reads or changes customer data.
//
// A file holds one check and is named after it. The other files hold what
// checks share: [reads] and [guarded] choose what to ask, [forgery] and [jwt]
// make credentials that must be refused, [tally] folds a fault of the whole
// application into one finding. What is accepted is decided by what comes back,
// never by a status: see package oracle.
package auth

import lr "github.com/launchready/launchready"

// Row lists the checks: first those that need nothing but the API, then tokens,
// sessions, roles, the ways into an account, and the other doors.
func Row() lr.Row {
	return lr.Row{
		ID:    "auth",
		Title: "Auth on all API routes",
		Pass:  "no unauthenticated or badly authenticated request reads or changes customer data",
		Checks: []*lr.Check{
			noCredential,
			noCredentialWrite,
			emptyCredential,
			garbageCredential,
			pathNormalisation,
			methodOverride,
			undeclaredRoute,

			tokenSignature,
			algNone,
			algConfusion,
			weakTokenSecret,
			tokenKeyHeader,
			tokenAudience,
			expiredToken,
			tokenInQuery,

			tokenAfterLogout,
			disabledUserToken,
			refreshReuse,
			sessionFixation,

			functionLevel,
			functionLevelWrite,
			massAssignment,
			apiKeyScope,

			passwordReset,
			invitationToken,
			userEnumeration,

			websocketCredential,
			streamCredential,
			graphqlCredential,
			graphqlIntrospection,
			graphqlBatching,
			sourceGuard,
			sourceInventory,
			handlerDecides,
		},
	}
}
