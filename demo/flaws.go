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
	{ID: "isolation/shared-cache", What: "The key of the response cache lacks the tenant."},
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
