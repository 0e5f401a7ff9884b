package main

// Kinds of the row hygiene.
const (
	stackTrace   kind = "stack-trace"
	debugPage    kind = "debug-page"
	databaseText kind = "database-text"
	inner        kind = "inner-text" // an error tells of the inside, without saying of what
	reflected    kind = "reflected-input"
	secretEcho   kind = "reflected-secret"
	serverFault  kind = "server-error"
	mediaType    kind = "media-type" // an error of a type that the description does not name
	errorShape   kind = "error-shape"
	shownVersion kind = "version"
	suggestion   kind = "suggestion"
	leftOver     kind = "left-over" // something is served that should not be
	listing      kind = "listing"
)

// tells is an error that shows the inside, which tools say in general words or in
// those of what it is.
func tells(k kind, routes ...string) fault { return fault{[]kind{k, inner}, routes} }

// hygieneFaults has a line for each flaw of the row hygiene. A left-over is where
// it is served, and below.
var hygieneFaults = map[string]fault{
	"hygiene/stack-trace":        tells(stackTrace, "POST *", "PUT *", "PATCH *"),
	"hygiene/debug-page":         at(debugPage, "*"),
	"hygiene/database-text":      tells(databaseText, "GET /v1/chats"),
	"hygiene/file-path":          tells("file-path", "GET /v1/files/{file_id}/content"),
	"hygiene/provider-error":     tells("provider-error", "POST /v1/chat/completions"),
	"hygiene/verbose-validation": tells("verbose-validation", "POST *", "PUT *", "PATCH *"),
	"hygiene/echoed-input":       at(reflected, "GET /app/chats/{chat_id}"),
	"hygiene/echoed-secret":      at(secretEcho, "*"),
	"hygiene/server-error":       at(serverFault, "GET /v1/chats", "GET /v1/files"),
	"hygiene/html-error":         at(mediaType, "GET /v1/shared/{share_token}"),
	"hygiene/error-content-type": at(mediaType, "GET /v1/avatars/{user_id}"),
	"hygiene/error-shape":        at(errorShape, "*"),
	"hygiene/version-header":     at(shownVersion, "*"),
	"hygiene/graphql-suggestion": at(suggestion, "POST /graphql"),
	"hygiene/debug-endpoint":     at(leftOver, "/debug/pprof/**"),
	"hygiene/metrics-endpoint":   at(leftOver, "/metrics/**"),
	"hygiene/source-map":         at(leftOver, "/assets/app.js.map/**"),
	"hygiene/backup-file":        at(leftOver, "/backup.sql/**"),
	"hygiene/env-file":           at(leftOver, "/.env/**"),
	"hygiene/git-folder":         at(leftOver, "/.git/**"),
	"hygiene/directory-listing":  {[]kind{listing, leftOver}, []string{"/assets/**"}},
}

var hygieneTraps = []string{"catch-all", "trace-in-text", "plain-server-header", "field-in-validation", "echo-as-json"}

// undecided are claims that are right as they are said and tell of no flaw: they
// count neither way. A report that does not exist answers 500 by design of the
// demo, and a page that answers an error with a page has not said so. The others
// are of what succeeds: a stream, a file of its own type, unknown fields that come
// back. They are not what the description says, and no errors.
var undecided = []claim{
	{serverFault, "GET /v1/reports/{report_id}"},
	{mediaType, "GET /app/chats/{chat_id}"},
	{mediaType, "GET /v1/download/{file_id}"},
	{mediaType, "GET /v1/files/{file_id}/content"},
	{mediaType, "POST /v1/chat/completions"},
	{errorShape, "PATCH /v1/me"},
	{errorShape, "GET /v1/chats/{chat_id}/stream"},
	{errorShape, "POST /v1/chats/{chat_id}/stream"},
	{errorShape, "GET /v1/chats/{chat_id}/messages/{message_id}/stream"},
}
