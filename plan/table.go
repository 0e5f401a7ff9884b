package plan

// decision is what a check shows to be missing where it fails. Decisions that
// are made on some routes and missing on others are what a red flag rests on.
type decision string

const (
	credential decision = "the caller's identity"
	role       decision = "the caller's role"
	tenant     decision = "the owner of the data"
)

// jobs is what is fixed together. All checks of a job are of one row, so that
// the row's owner owns the item.
var jobs = [...]Job{
	{ID: "auth-gate", Title: "Ask every route for a valid credential, in one place", Package: Application},
	{ID: "auth-tokens", Title: "Verify tokens with one verifier, pinned to its algorithm, key, issuer and audience", Package: Application},
	{ID: "auth-roles", Title: "Decide on the server what a role may do and which fields it may set", Package: Application},
	{ID: "auth-sessions", Title: "End sessions, invitations and reset tokens when they must end", Package: Application},
	{ID: "auth-guessing", Title: "Bound how much one request may try", Package: Limits},
	{ID: "isolation-scope", Title: "Put the tenant of the verified caller into every query", Package: Application},
	{ID: "isolation-shares", Title: "Make shares end, and show what was shared alone", Package: Application},
	{ID: "isolation-traces", Title: "Let errors, ids and cookies tell nothing of other tenants", Package: Application},
	{ID: "isolation-cache", Title: "Keep what is private out of shared caches", Package: Deployment},
	{ID: "secrets", Title: "Replace the secrets that were found, and keep every secret in one place", Package: Secrets},
	{ID: "input", Title: "Validate and bound every input", Package: Limits},
	{ID: "limits", Title: "Set limits by address, user and customer, and a cap on spending", Package: Limits},
	{ID: "hygiene", Title: "Log errors with an id, and answer with the id alone", Package: Monitoring},
	{ID: "hygiene-served", Title: "Serve what is meant to be served, and nothing that was left beside it", Package: Deployment},
	{ID: "cors", Title: "Allow the origins that are yours, by name", Package: Edge, Edge: true},
	{ID: "email", Title: "Publish SPF, DKIM and DMARC for what sends your mail", Package: Mail, Edge: true},
	{ID: "https", Title: "Put TLS, redirects, DNS and the edge right", Package: Edge, Edge: true},
	{ID: "monitoring", Title: "Alert a person within five minutes, and prove it", Package: Monitoring},
	{ID: "model", Title: "List the tools that the model may call, and filter what it is shown", Package: Application},
	{ID: "latency", Title: "Bring the 95th percentile under 500 ms", Package: Deployment},
	{ID: "operations", Title: "Rehearse the roll-back, and name who acts", Package: Deployment},
}

// efforts is the table. Its hours are judgement, not measurement: nobody has read
// the code that is audited. That is why a range stands around every one of them.
var efforts = [...]Effort{
	{"auth/no-credential", "auth-gate", 3, 0.5, 6, credential},
	{"auth/no-credential-write", "auth-gate", 3, 0.5, 6, credential},
	{"auth/empty-credential", "auth-gate", 2, 0.5, 4, credential},
	{"auth/garbage-credential", "auth-gate", 2, 0.5, 4, credential},
	{"auth/undeclared-route", "auth-gate", 2, 0.5, 6, ""},
	{"auth/path-normalisation", "auth-gate", 2, 0.5, 4, ""},
	{"auth/method-override", "auth-gate", 1, 0.25, 2, ""},
	{"auth/token-in-query", "auth-gate", 1, 0.25, 2, ""},
	{"auth/graphql-credential", "auth-gate", 3, 0.5, 6, credential},
	{"auth/graphql-introspection", "auth-gate", 0.5, 0.25, 0.5, ""},
	{"auth/stream-credential", "auth-gate", 3, 0.5, 5, credential},
	{"auth/websocket-credential", "auth-gate", 3, 0.5, 5, credential},
	{"auth/alg-none", "auth-tokens", 2, 0.25, 4, ""},
	{"auth/alg-confusion", "auth-tokens", 3, 0.25, 4, ""},
	{"auth/token-signature", "auth-tokens", 3, 0.25, 6, ""},
	{"auth/token-key-header", "auth-tokens", 3, 0.25, 4, ""},
	{"auth/weak-token-secret", "auth-tokens", 2, 0.25, 3, ""},
	{"auth/expired-token", "auth-tokens", 2, 0.25, 3, ""},
	{"auth/token-audience", "auth-tokens", 2, 0.25, 3, ""},
	{"auth/function-level", "auth-roles", 3, 0.5, 8, role},
	{"auth/function-level-write", "auth-roles", 3, 0.5, 8, role},
	{"auth/api-key-scope", "auth-roles", 4, 0.5, 8, role},
	{"auth/mass-assignment", "auth-roles", 3, 0.75, 8, ""},
	{"auth/token-after-logout", "auth-sessions", 4, 0.5, 6, ""},
	{"auth/refresh-reuse", "auth-sessions", 4, 0.5, 4, ""},
	{"auth/session-fixation", "auth-sessions", 2, 0.5, 2, ""},
	{"auth/disabled-user-token", "auth-sessions", 4, 0.5, 6, ""},
	{"auth/password-reset", "auth-sessions", 4, 0.5, 4, ""},
	{"auth/invitation-token", "auth-sessions", 3, 0.5, 3, ""},
	{"auth/user-enumeration", "auth-sessions", 2, 0.5, 3, ""},
	{"auth/graphql-batching", "auth-guessing", 2, 0.5, 3, ""},
	{"auth/*", "auth-gate", 3, 0.5, 6, ""},

	{"isolation/foreign-read", "isolation-scope", 4, 0.75, 16, tenant},
	{"isolation/foreign-update", "isolation-scope", 4, 0.75, 12, tenant},
	{"isolation/foreign-delete", "isolation-scope", 3, 0.75, 8, tenant},
	{"isolation/foreign-create", "isolation-scope", 3, 0.75, 8, tenant},
	{"isolation/nested-parent", "isolation-scope", 3, 0.75, 8, tenant},
	{"isolation/tenant-swap", "isolation-scope", 3, 0.5, 8, tenant},
	{"isolation/list-leak", "isolation-scope", 3, 0.75, 12, tenant},
	{"isolation/search-leak", "isolation-scope", 4, 0.75, 8, tenant},
	{"isolation/count-leak", "isolation-scope", 2, 0.5, 6, ""},
	{"isolation/export-leak", "isolation-scope", 4, 0.75, 6, tenant},
	{"isolation/file-download", "isolation-scope", 4, 0.75, 8, tenant},
	{"isolation/stream-leak", "isolation-scope", 3, 0.75, 6, tenant},
	{"isolation/websocket-leak", "isolation-scope", 4, 0.75, 6, tenant},
	{"isolation/graphql-object", "isolation-scope", 4, 0.75, 12, tenant},
	{"isolation/existence-oracle", "isolation-scope", 1, 0.25, 3, ""},
	{"isolation/share-link", "isolation-shares", 4, 0.75, 6, ""},
	{"isolation/error-text", "isolation-traces", 1.5, 0.25, 3, ""},
	{"isolation/predictable-id", "isolation-traces", 4, 0.5, 8, ""},
	{"isolation/cookie-scope", "isolation-traces", 1, 0.25, 1, ""},
	{"isolation/shared-cache", "isolation-cache", 3, 0.5, 6, ""},
	{"isolation/*", "isolation-scope", 4, 0.75, 12, ""},

	{"secrets/*", "secrets", 3, 0.5, 6, ""},
	{"input/*", "input", 2, 0.5, 8, ""},
	{"limits/*", "limits", 3, 0.5, 6, ""},
	{"hygiene/server-error", "hygiene", 2, 0.5, 6, ""},
	{"hygiene/error-shape", "hygiene", 2, 0.25, 4, ""},
	{"hygiene/debug-endpoint", "hygiene-served", 1, 0.25, 2, ""},
	{"hygiene/metrics-endpoint", "hygiene-served", 0.5, 0.25, 1, ""},
	{"hygiene/directory-listing", "hygiene-served", 0.5, 0.25, 1, ""},
	{"hygiene/source-map", "hygiene-served", 0.5, 0.25, 1, ""},
	{"hygiene/backup-file", "hygiene-served", 1, 0.25, 2, ""},
	{"hygiene/env-file", "hygiene-served", 4, 1, 8, ""}, // every value in it is replaced
	{"hygiene/git-folder", "hygiene-served", 3, 0.5, 6, ""},
	{"hygiene/*", "hygiene", 1, 0.25, 4, ""},
	{"cors/websocket-origin", "cors", 2, 0.5, 3, ""},
	{"cors/*", "cors", 1, 0.25, 2, ""},
	{"email/*", "email", 1, 0.5, 2, ""},
	{"https/*", "https", 1.5, 0.5, 4, ""},
	{"monitoring/*", "monitoring", 3, 1, 6, ""},
	{"model/*", "model", 6, 1, 16, ""},
	{"latency/*", "latency", 8, 2, 16, ""},
	{"operations/*", "operations", 2, 0.5, 4, ""},
}
