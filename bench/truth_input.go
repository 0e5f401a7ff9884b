package main

// Kinds of the row input. What a tool says that a wrong body was taken is told
// apart by what was wrong with it, where the tool tells.
const (
	wrongType     kind = "wrong-type"
	outOfBounds   kind = "out-of-bounds"
	notAllowed    kind = "not-allowed" // none of the values of an enumeration
	notThere      kind = "not-there"   // what is required is absent
	extraMember   kind = "extra-member"
	wrongFormat   kind = "wrong-format"
	wrongBody     kind = "wrong-body"     // a wrong body was taken, and it is not told what was wrong with it
	unreadableOut kind = "unreadable-out" // an answer is no JSON
)

// inputTraps are right behaviours that look like a missing validation, or like
// what hostile text does.
var inputTraps = []string{"quote-in-search", "script-in-article", "stored-page", "ignored-ticket-member", "number-as-text", "null-as-absent", "text-without-width"}

// inputFaults has a line for each flaw of the row input. A fault that shows by an
// effect only has its own kind, which is the check's name in our own reports.
// Schemathesis says at most once for a route that a wrong body was taken, and its
// report for programs does not say what was wrong; for people it does. What it
// says there of the tickets is that the title is missing, and of the webhook that
// the signature is: a claim of a wrong body names those.
var inputFaults = map[string]fault{
	"input/schema-type":       {[]kind{wrongType, unreadableOut}, []string{"POST /v1/tickets"}},
	"input/schema-bounds":     at(outOfBounds, "POST /v1/tickets"),
	"input/schema-enum":       at(notAllowed, "POST /v1/tickets"),
	"input/schema-required":   {[]kind{notThere, wrongBody}, []string{"POST /v1/tickets"}},
	"input/schema-extra":      at(extraMember, "POST /v1/tickets"),
	"input/schema-format":     at(wrongFormat, "POST /v1/tickets"),
	"input/duplicate-keys":    at("duplicate-keys", "POST /v1/tickets"),
	"input/malformed-json":    at("malformed-json", "POST /v1/crm/notes"),
	"input/content-type":      at("content-type", "POST /v1/prompts"),
	"input/body-size":         at("body-size", "POST /v1/tickets"),
	"input/streamed-size":     at("streamed-size", "*"),
	"input/header-size":       at("header-size", "*"),
	"input/deep-json":         at("deep-json", "POST /v1/chats", "PATCH /v1/chats/{chat_id}"),
	"input/huge-number":       at("huge-number", "POST /v1/tickets"),
	"input/control-text":      {[]kind{"control-text", unreadableOut}, []string{"POST /v1/crm/notes", "GET /v1/crm/notes"}},
	"input/fuzz":              {[]kind{"fuzz", serverFault}, []string{"POST /v1/collections"}},
	"input/sql-injection":     {[]kind{"sql-injection", serverFault}, []string{"GET /v1/collections/{slug}/documents"}},
	"input/nosql-injection":   {[]kind{"nosql-injection", serverFault}, []string{"GET /v1/crm-events"}},
	"input/command-injection": {[]kind{"command-injection", serverFault}, []string{"GET /v1/chats/{chat_id}/export"}},
	"input/template-injection": {[]kind{"template-injection", serverFault}, []string{"POST /v1/prompts", "GET /v1/prompts/{prompt_number}",
		"PUT /v1/prompts/{prompt_number}"}},
	"input/path-traversal":    {[]kind{"path-traversal", serverFault}, []string{"GET /v1/terms"}},
	"input/header-injection":  {[]kind{"header-injection", serverFault}, []string{"POST /v1/invitations"}},
	"input/xml-entity":        {[]kind{"xml-entity", serverFault}, []string{"POST /v1/collections/{slug}/feed/import"}},
	"input/regex-denial":      at("regex-denial", "GET /v1/search", "POST /v1/search"),
	"input/active-markup":     at("active-markup", "POST /v1/chats", "GET /app/chats/{chat_id}", "PATCH /v1/chats/{chat_id}"),
	"input/server-request":    {[]kind{"server-request", serverFault}, []string{"POST /v1/collections/{slug}/import"}},
	"input/export-formula":    at("export-formula", "GET /v1/chats/{chat_id}/export"),
	"input/upload-type":       at("upload-type", "POST /v1/files"),
	"input/upload-script":     at("upload-script", "POST /v1/files", "GET /v1/files/{file_id}/preview"),
	"input/upload-bomb":       at("upload-bomb", "POST /v1/files"),
	"input/upload-path":       at("upload-path", "POST /v1/files"),
	"input/upload-size":       {[]kind{"upload-size", outOfBounds}, []string{"POST /v1/files"}},
	"input/upload-empty":      {[]kind{"upload-empty", serverFault}, []string{"POST /v1/files"}},
	"input/upload-extension":  at("upload-extension", "POST /v1/files"),
	"input/upload-inline":     at("upload-inline", "POST /v1/files", "GET /v1/files/{file_id}/content"),
	"input/webhook-signature": {[]kind{"webhook-signature", wrongBody}, []string{"POST /v1/webhooks/crm"}},
	"input/webhook-body":      at("webhook-body", "POST /v1/webhooks/crm"),
	"input/webhook-replay":    at("webhook-replay", "POST /v1/webhooks/crm"),
	"input/webhook-timestamp": at("webhook-timestamp", "POST /v1/webhooks/crm"),
}
