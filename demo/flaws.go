package demo

import (
	"fmt"
	"slices"
	"strings"
)

// Flaw is a fault that can be switched on.
type Flaw struct {
	ID    string   // the check that must catch it
	What  string   // what is wrong, in a sentence
	Trips []string // other checks that it must trip as well
	May   []string // other checks that it may trip, depending on who asked what before
}

// Flaws lists every flaw, in the order of the catalogue.
func Flaws() []Flaw { return slices.Clone(flaws) }

var flaws = []Flaw{
	{ID: "auth/no-credential", What: "Invoices are mounted outside the group that authenticates."},
	{ID: "auth/no-credential-write", What: "Archiving a chat is mounted outside the group that authenticates."},
	{ID: "auth/empty-credential", What: "An empty bearer token counts as a call from inside and reads as the first tenant's owner."},
	{ID: "auth/garbage-credential", What: "Reading usage goes on after a token that cannot be parsed."},
	{ID: "auth/expired-token", What: "The verifier does not look at exp."},
	{ID: "auth/token-signature", What: "A token that names an unknown key is let through, as one of a key that was rotated out."},
	{ID: "auth/alg-none", What: "The verifier honours alg none."},
	{ID: "auth/alg-confusion", What: "The verifier uses the public key as the secret of HS256."},
	{ID: "auth/weak-token-secret", What: "Tokens are signed with HS256 and the word secret."},
	{ID: "auth/token-key-header", What: "The verifier takes the key that the token brings in jwk or jku."},
	{ID: "auth/token-audience", What: "The verifier does not look at aud, so a refresh token is an access token."},
	{ID: "auth/token-after-logout", What: "Signing out leaves the session alive."},
	{ID: "auth/disabled-user-token", What: "The verifier does not look at the user's status."},
	{ID: "auth/refresh-reuse", What: "A refresh token is not consumed."},
	{ID: "auth/token-in-query", What: "The token is also read from the query string."},
	{ID: "auth/method-override", What: "X-HTTP-Method-Override is honoured after the role was decided."},
	{ID: "auth/path-normalisation", What: "Members are guarded by the address as it came, and routed by the cleaned one."},
	{ID: "auth/undeclared-route", What: "A debug route that lists users was left in."},
	{ID: "auth/function-level", What: "The list of users for administrators does not ask for the role."},
	{ID: "auth/function-level-write", What: "Taking an invitation back does not ask for the role."},
	{ID: "auth/mass-assignment", What: "The profile update binds role."},
	{ID: "auth/password-reset", What: "A reset token works more than once."},
	{ID: "auth/invitation-token", What: "An invitation can be accepted more than once, and resets the password of who accepted it."},
	{ID: "auth/user-enumeration", What: "Signing in tells an unknown address from a wrong password."},
	{ID: "auth/session-fixation", What: "Signing in keeps the session id that the client brought."},
	{ID: "auth/api-key-scope", What: "The scopes of an API key are not looked at."},
	{ID: "auth/websocket-credential", What: "The WebSocket is open to anyone."},
	{ID: "auth/stream-credential", What: "The event stream of a message is mounted outside the group that authenticates."},
	{ID: "auth/graphql-credential", What: "GraphQL lists chats for anyone."},
	{ID: "auth/graphql-introspection", What: "GraphQL shows its schema to anyone."},
	{ID: "auth/graphql-batching", What: "GraphQL runs any number of operations in one request."},
	{ID: "isolation/foreign-read", What: "A chat is read by id alone."},
	{ID: "isolation/list-leak", What: "The list of members has no tenant filter."},
	{ID: "isolation/search-leak", What: "Search has no tenant filter."},
	{ID: "isolation/export-leak", What: "An export selects the chats of all tenants."},
	{ID: "isolation/count-leak", What: "Chats are counted over all tenants."},
	{ID: "isolation/foreign-update", What: "A document is replaced by id alone."},
	{ID: "isolation/foreign-delete", What: "A file is deleted by id alone."},
	{ID: "isolation/foreign-create", What: "A message is added to a chat of any tenant."},
	{ID: "isolation/nested-parent", What: "A message is read by id once the chat in the path is the caller's."},
	{ID: "isolation/tenant-swap", What: "The tenant is taken from X-Tenant-ID or tenant_id when the caller sends one."},
	{ID: "isolation/share-link", What: "A share link works after it was revoked."},
	{ID: "isolation/file-download", What: "The signature of a download link does not cover the file."},
	{ID: "isolation/stream-leak", What: "The event stream replays a chat of any tenant."},
	{ID: "isolation/websocket-leak", What: "The WebSocket subscribes to a chat of any tenant."},
	{ID: "isolation/shared-cache", What: "The key of the response cache lacks the tenant.", May: []string{"isolation/list-leak"}},
	{ID: "isolation/cookie-scope", What: "The session cookie is set for the domain that all tenants' hosts share."},
	{ID: "isolation/existence-oracle", What: "A foreign file answers 403 and a missing one 404."},
	{ID: "isolation/predictable-id", What: "Chats are numbered."},
	{ID: "isolation/error-text", What: "The error for a duplicate webhook address quotes the other tenant's endpoint."},
	{ID: "isolation/graphql-object", What: "The GraphQL query for a chat reads by id alone."},
	{ID: "hygiene/stack-trace", What: "A refusal of an unreadable body carries the stack, for the developers of the front end."},
	{ID: "hygiene/debug-page", What: "An unknown address of the API answers with the framework's page for developers."},
	{ID: "hygiene/database-text", What: "A filter of the list of chats is judged by the database, and its complaint is the answer."},
	{ID: "hygiene/file-path", What: "What the operating system says of a missing file is the answer."},
	{ID: "hygiene/provider-error", What: "The completions for OpenAI clients pass the provider's refusal on."},
	{ID: "hygiene/verbose-validation", What: "A field of the wrong type is refused in the words of the JSON decoder."},
	{ID: "hygiene/echoed-input", What: "The page of a conversation that does not exist repeats its id unescaped."},
	{ID: "hygiene/echoed-secret", What: "The refusal of a token quotes it."},
	{ID: "hygiene/server-error", What: "The cursor of a list is taken apart without looking, and what is no cursor panics."},
	{ID: "hygiene/html-error", What: "A share link that is not valid answers with a page, whoever asks."},
	{ID: "hygiene/error-content-type", What: "The refusal of an avatar keeps the media type of the picture."},
	{ID: "hygiene/error-shape", What: "The refusal of a method has a shape of its own."},
	{ID: "hygiene/version-header", What: "The Server header tells the version of the product and of Go."},
	{ID: "hygiene/graphql-suggestion", What: "GraphQL is open to anyone, who must sign in for data only, and suggests names of fields."},
	{ID: "hygiene/debug-endpoint", What: "The profiler was left mounted."},
	{ID: "hygiene/metrics-endpoint", What: "The metrics do not ask for the operators' token."},
	{ID: "hygiene/source-map", What: "The build leaves the source map beside the script."},
	{ID: "hygiene/backup-file", What: "A dump of the database lies where the page's files lie."},
	{ID: "hygiene/env-file", What: "The deployment copies its .env into the folder that is served."},
	{ID: "hygiene/git-folder", What: "The folder that is served is a checkout."},
	{ID: "hygiene/directory-listing", What: "The folder of the page's files lists them."},
	{ID: "cors/reflected-origin", What: "Exports answer any origin with itself."},
	{ID: "cors/null-origin", What: "The list of origins for reports has null in it."},
	{ID: "cors/prefix-origin", What: "The origin of a search is compared by how it begins."},
	{ID: "cors/suffix-origin", What: "The origin for collections is compared by how it ends, without the dot."},
	{ID: "cors/subdomain-origin", What: "Billing lets every subdomain in."},
	{ID: "cors/scheme-origin", What: "The origin for members is compared by its host alone."},
	{ID: "cors/port-origin", What: "The origin for prompts is compared without its port."},
	{ID: "cors/wildcard-credentials", What: "Usage allows * together with credentials."},
	{ID: "cors/preflight-methods", What: "The preflight of webhook endpoints grants every method."},
	{ID: "cors/preflight-headers", What: "The preflight of API keys grants the header fields that are asked for."},
	{ID: "cors/private-network", What: "The preflight of invitations lets any page into the network."},
	{ID: "cors/vary-origin", What: "Articles depend on the origin and do not say so to caches."},
	{ID: "cors/websocket-origin", What: "The WebSocket takes the cookie from a page of any origin."},
	{ID: "limits/output-length", What: "The model may write as much as it likes."},
	{ID: "limits/idempotency-key", What: "The Idempotency-Key is documented and not looked at."},
	{ID: "limits/chat-burst", What: "The completions for OpenAI clients are not counted.", Trips: []string{"limits/organisation", "limits/other-endpoint"}},
	{ID: "limits/organisation", What: "Questions are counted by user and not by customer."},
	{ID: "limits/retry-after", What: "A refusal does not say how long to wait."},
	{ID: "limits/forwarded-header", What: "The counter's key holds the address that X-Forwarded-For names."},
	{ID: "limits/route-spelling", What: "The counter's key holds the address as it came."},
	{ID: "limits/other-endpoint", What: "Questions to the knowledge base alone are not counted."},
	{ID: "limits/neighbour", What: "A refused question is served first once there is room, and other customers wait a second for that."},
	{ID: "limits/reset-flood", What: "Reset mails are not counted."},
	{ID: "limits/login-guessing", What: "Wrong passwords of an account are not counted."},
	{ID: "limits/login-spraying", What: "Failed sign-ins are not counted by address."},
	{ID: "latency/p95", What: "The day's statistics are summed up every three seconds under the lock that each question takes."},
	{ID: "model/direct-injection", What: "What the user pasted is not set apart from what the user says."},
	{ID: "model/role-tag", What: "A pasted transcript becomes the turns that it shows, the system's too."},
	{ID: "model/encoded-instruction", What: "Attachments of a pasted mail are decoded after the mail was set apart."},
	{ID: "model/smuggled-unicode", What: "Characters that show nothing are passed on to the model."},
	{ID: "model/turn-by-turn", What: "Only the last message is set apart: what was pasted earlier is sent again as it came."},
	{ID: "model/client-role", What: "The completions for OpenAI clients take messages of the system and the developer."},
	{ID: "model/client-parameters", What: "The completions take instructions from a member that the playground once sent."},
	{ID: "model/file-text", What: "The text of an uploaded file is quoted unmarked."},
	{ID: "model/hidden-html", What: "Of an uploaded page also comments and hidden elements are read."},
	{ID: "model/pdf-layer", What: "Of an uploaded PDF also the text that is not painted is read."},
	{ID: "model/office-comment", What: "Of an uploaded office file also comments and hidden cells are read."},
	{ID: "model/file-name", What: "The name of a file is quoted unmarked."},
	{ID: "model/fetched-page", What: "Any page that a message ends with is fetched and quoted unmarked."},
	{ID: "model/stored-document", What: "Documents of the knowledge base are quoted unmarked."},
	{ID: "model/stored-memory", What: "The name that a user chose is quoted unmarked."},
	{ID: "model/tool-output", What: "What the tool for saved prompts returns is quoted unmarked."},
	{ID: "model/prompt-leak", What: "Nothing forbids the assistant to recite its instructions."},
	{ID: "model/prompt-leak-encoded", What: "Nothing forbids the assistant to translate or encode its instructions."},
	{ID: "model/tool-schema", What: "The instructions list the functions and their arguments."},
	{ID: "model/secret-in-reply", What: "The instructions hold the key of another system."},
	{ID: "model/personal-data", What: "Card and account numbers reach the model."},
	{ID: "model/fetch-on-request", What: "An address that the user names is fetched without a look at the list of hosts.", Trips: []string{"model/tool-ssrf"}},
	{ID: "model/tool-ssrf", What: "The address of a page is compared with Harbor's own by how it begins."},
	{ID: "model/exfiltration-by-fetch", What: "A runbook may fetch, as a step of the procedure."},
	{ID: "model/mail-by-injection", What: "A runbook may send mail, as a step of the procedure."},
	{ID: "model/write-by-injection", What: "A runbook may open tickets, as a step of the procedure."},
	{ID: "model/admin-tool", What: "The tools do not look at the role."},
	{ID: "model/tool-tenant", What: "The tool that reads tickets takes the customer from the model."},
	{ID: "model/unconfirmed-action", What: "What cannot be undone is done at once."},
	{ID: "model/tool-loop", What: "A turn may use a hundred tools."},
	{ID: "model/image-exfiltration", What: "The filter of answers lets images of any host through."},
	{ID: "model/reference-exfiltration", What: "The filter of answers knows no image by reference."},
	{ID: "model/active-markup", What: "A link in an answer may lead to a script."},
	{ID: "model/streaming-parity", What: "The stream of a conversation is not filtered, only the answer that is kept."},
	{ID: "input/sql-injection", What: "The filter of the list of documents is joined into the statement."},
	{ID: "input/nosql-injection", What: "The filter of the list of events is read as an operator of the event store."},
	{ID: "input/command-injection", What: "The width of an export is a word of a shell's command line."},
	{ID: "input/template-injection", What: "A saved prompt is read as a template of Go."},
	{ID: "input/path-traversal", What: "The version of the terms is a name in a folder."},
	{ID: "input/header-injection", What: "The mail of an invitation is joined from lines."},
	{ID: "input/xml-entity", What: "The import of a feed resolves external entities."},
	{ID: "input/regex-denial", What: "A search closes gaps one by one, from the beginning each time."},
	{ID: "input/active-markup", What: "The heading of a conversation's page is taken for HTML."},
	{ID: "input/server-request", What: "The import of a page does not ask whether the host is a connected one."},
	{ID: "input/export-formula", What: "The table of a conversation has texts as they are."},
	{ID: "input/upload-type", What: "A program is told by what it claims to be."},
	{ID: "input/upload-script", What: "The preview shows whatever calls itself a picture."},
	{ID: "input/upload-bomb", What: "An archive is unpacked without a bound."},
	{ID: "input/upload-path", What: "A copy of each upload is stored under the name that it came with."},
	{ID: "input/upload-size", What: "The limit of a file's size was lifted and stands in the specification only."},
	{ID: "input/upload-empty", What: "The first byte of a file is looked at before its length."},
	{ID: "input/upload-extension", What: "The first extension of a name is judged, not the last."},
	{ID: "input/upload-inline", What: "Files that are texts are shown, not saved."},
	{ID: "input/webhook-signature", What: "An event without a signature is taken."},
	{ID: "input/webhook-body", What: "A signature that was right once is right for every body."},
	{ID: "input/webhook-replay", What: "An event that comes twice is kept twice."},
	{ID: "input/webhook-timestamp", What: "The time of a webhook's signature is not compared with the clock."},
	{ID: "isolation/model-retrieval", What: "A document that a question names is looked up in the index of all tenants."},
	{ID: "isolation/model-retrieval-paraphrase", What: "Where the tenant's own material has little, all tenants' are searched instead of the help centre."},
	{ID: "isolation/model-conversation", What: "The knowledge base keeps a conversation of any tenant in mind."},
	{ID: "isolation/model-file", What: "The knowledge base answers from a file by its id alone."},
	{ID: "isolation/model-tenant-parameter", What: "Completions take the tenant from the request's metadata."},
	{ID: "isolation/exact-cache", What: "The key of cached answers lacks the user and the tenant."},
	{ID: "isolation/semantic-cache", What: "Answers to questions of the same words are cached for everyone.", Trips: []string{"isolation/exact-cache"}},
	{ID: "isolation/model-citations", What: "Citations list what the index of all tenants found."},
	{ID: "isolation/model-injected-query", What: "What a document says to see also is looked up in the index of all tenants."},
	{ID: "isolation/after-delete", What: "What was deleted stays in the index until the night."},
	{ID: "isolation/stream-cross-talk", What: "Tokens of all streams wait in one buffer."},
	{ID: "limits/client-max-tokens", What: "The cap of an answer gives way to what a client asks for."},
	{ID: "limits/concurrent-runs", What: "Answers under way are not counted by user."},
	{ID: "limits/concurrent-organisation", What: "Answers under way are counted by user and not by customer."},
	{ID: "limits/token-cap", What: "Questions are counted, and what they hold is not."},
	{ID: "limits/socket-messages", What: "Messages of a WebSocket are not counted."},
	{ID: "limits/abandoned-stream", What: "An answer is written to its end when the reader has gone."},
	{ID: "limits/page-size", What: "The list of tickets has as many on a page as are asked for."},
	{ID: "limits/slow-request", What: "Thirty-two requests are served at one time, and one that is sent slowly is one of them."},
	{ID: "limits/retry-storm", What: "A call that the provider refused is made again at once, a dozen times."},
}

// flawSet holds the flaws that are on. It is consulted once for each flaw, at
// the line that has the fault.
type flawSet map[string]bool

// Has reports whether the flaw is on.
func (f flawSet) Has(id string) bool { return f[id] }

func newFlawSet(ids []string) (flawSet, error) {
	on := flawSet{}
	for _, id := range ids {
		if id == "all" {
			for _, f := range flaws {
				on[f.ID] = true
			}
			continue
		}
		if !slices.ContainsFunc(flaws, func(f Flaw) bool { return f.ID == id }) {
			return nil, fmt.Errorf("unknown flaw %q: want all or one of %s", id, strings.Join(flawIDs(), ", "))
		}
		on[id] = true
	}
	return on, nil
}

func flawIDs() []string {
	ids := make([]string, len(flaws))
	for i, f := range flaws {
		ids[i] = f.ID
	}
	return ids
}
