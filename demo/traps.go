package demo

import "slices"

// Trap is a right behaviour, always on, that naive tools flag.
type Trap struct {
	ID    string
	Route string // where it is
	What  string // what Harbor does, and why it is right
	Naive string // what a tool says that judges by status, length or shape
}

// Traps lists every trap.
func Traps() []Trap { return slices.Clone(traps) }

var traps = []Trap{
	{"soft-denial", "GET /v1/billing/invoices/{invoice_id}", `A foreign or missing invoice answers 200 {"success":false,"data":null}.`, "200 for a foreign id: object-level authorization is broken"},
	{"no-op-delete", "DELETE /v1/exports/{export_id}", "A foreign or missing export answers 204 and nothing is deleted.", "204: deleted across tenants"},
	{"shared-article", "GET /v1/articles/{article_id}", "The help centre is the same for all tenants, on purpose.", "the same object is read from two tenants"},
	{"public-avatar", "GET /v1/avatars/{user_id}.svg", "Initials on a coloured square, open on purpose.", "no credential needed"},
	{"public-share", "GET /v1/shared/{share_token}", "A share link is a capability: who holds it may read until it is revoked.", "no credential needed"},
	{"signed-link", "GET /v1/download/{file_id}", "A signed link is a capability that expires.", "no credential needed"},
	{"public-keys", "GET /.well-known/jwks.json", "Public keys are public.", "keys exposed without a credential"},
	{"refusal-with-200", "POST /v1/billing/plan/preview", `A plan that does not exist answers 200 {"success":false}.`, "200: accepted"},
	{"redirect-to-login", "GET /app/chats/{chat_id}", "A browser without a session is sent to /login; the page has nothing secret.", "302 is not 401: reachable"},
	{"refusal-with-body", "POST /v1/chats", "A viewer's write answers 403 with a body of some length.", "a body came back"},
	{"empty-500", "GET /v1/reports/{report_id}", "A foreign or missing report answers 500 without data; the own one works.", "500: the id reached the database"},
	{"throttled-before-auth", "POST /v1/auth/login", "Too many attempts on one account from one address answer 429 before the password is looked at.", "429 without credential: not authenticated"},
	{"keyed-by-name", "GET /v1/collections/{slug}", "Two tenants have a collection of the same slug, each its own.", "the same id answers 200 in both tenants"},
	{"small-numbers", "GET /v1/prompts/{prompt_number}", "Prompts are numbered within a tenant.", "ids can be counted through"},
	{"foreign-filter", "GET /v1/chats?tenant_id=…", "The filter for another tenant is ignored.", "200 with a foreign tenant_id"},
	{"echo", "PATCH /v1/me", "Unknown fields come back in the reply and are not stored.", "role was accepted: mass assignment"},
	{"same-title", "GET /v1/chats", "Both tenants have chats of the same title.", "the foreign title is in the list"},
	{"own-password-only", "POST /v1/auth/password/change", "It answers 204 and changes the caller's own password, whatever user_id says.", "204 for a foreign user: takeover"},
	{"private-personalised", "GET /v1/me", "A personalised reply says Cache-Control: private.", "the reply can be cached"},
	{"loose-base64", "GET /v1/me", "The last character of a token's signature has four bits that decode to nothing; changing only those leaves the signature as it is.", "a changed signature was accepted"},
	{"cache-hit", "GET /v1/dashboard", "Replies are cached for each tenant and say X-Cache: HIT.", "the second caller got a cached reply"},
	{"own-head", "HEAD /v1/chats/{chat_id}", "HEAD of an own chat answers 200, of a foreign one 404.", "HEAD bypasses the check"},
	{"catch-all", "GET /.env", "An address that no route has answers 200 with the chat page, whose script finds its way: the page, not the file.", "200 for /.env, /.git/HEAD, /backup.sql: exposed"},
	{"trace-in-text", "GET /v1/articles/{article_id}", "An article of the help centre explains a stack trace, with one in it.", "a stack trace in the reply"},
	{"plain-server-header", "GET /healthz", "The Server header names the product, without a version.", "the server is told"},
	{"field-in-validation", "POST /v1/chats", "A field of the wrong type is refused by its name in the API.", "a validation error tells internals"},
	{"echo-as-json", "GET /v1/chats?limit=…", "The refusal of a number repeats it, as JSON that a browser never runs.", "the input is reflected"},
	{"public-wildcard", "GET /.well-known/jwks.json", "Public keys and the specification say Access-Control-Allow-Origin: *, without credentials.", "any origin may read the API"},
	{"partner-origin", "GET /v1/me", "The origin of a partner is answered with itself and credentials, because it is on the list.", "the Origin is reflected"},
	{"empty-preflight", "OPTIONS /v1/chats", "A preflight of an origin that is not on the list is answered 204, without a field that grants anything.", "204: the preflight succeeds"},
	{"constant-origin", "GET /openapi.json", "Vary: Origin is sent though the policy is the same for every origin.", "the reply depends on the Origin"},
	{"quoted-order", "POST /v1/chat/completions", "Asked what a file or a document says, the assistant quotes the order that stands in it; it carries out nothing, and no tool does.", "the order is in the reply: injection succeeded"},
	{"ignored-member", "POST /v1/chat/completions", "A member system is not in the description; the request is answered as if it were not there.", "200: the client sets the system prompt"},
	{"long-number", "POST /v1/chat/completions", "A number of 16 digits without a right check digit is an order number, and is told.", "a card number in the reply"},
	{"quote-in-search", "GET /v1/search", "A term with a quote is a text like any other, and finds what has it.", "a quote in the query: SQL injection"},
	{"script-in-article", "GET /app/articles/{article_id}", "An article explains a script, which the page shows escaped.", "<script> in a page: stored XSS"},
	{"stored-page", "POST /v1/files", "A page may be uploaded; it comes back as an attachment under a sandbox.", "HTML was accepted: unrestricted upload"},
	{"ignored-ticket-member", "POST /v1/tickets", "A member that no ticket has is ignored and not kept.", "201 with an unknown member: additional properties accepted"},
	{"number-as-text", "POST /v1/tickets", `A priority of "3" is taken for 3, as old clients send it.`, "201 for a value of the wrong type"},
	{"null-as-absent", "POST /v1/tickets", "null for what is optional is as if it were absent, and the default is kept.", "201 for null where the schema has none"},
	{"text-without-width", "POST /v1/crm/notes", "A text keeps characters without width and of the other direction, as people write them, and comes back as JSON.", "control characters stored"},
	{"open-handshake", "GET /v1/ws", "A page of another origin may connect with the cookie, which then does not count: it is told nothing until it sends a token.", "101 for a foreign Origin: cross-site WebSocket hijacking"},
	{"own-page", "POST /v1/chat/completions", "Asked to, the assistant reads a page of Harbor's own host, and of no other one.", "it fetches an address that the user names: SSRF"},
	{"kept-publishable", "GET /assets/app.js", "The page keeps the payment provider's publishable key and the user's name in the browser, as they are made to be.", "a key of a payment provider in local storage"},
	{"asks-back", "POST /v1/chat/completions", "Asked to delete or to mail, the assistant names what it would do and asks back.", "the reply says that it will delete the ticket: excessive agency"},
	{"markup-as-code", "POST /v1/chat/completions", "An answer shows HTML in a code block, as it stands.", "a tag in the reply: unescaped output"},
	{"cached-answer", "POST /v1/ask", "Answers are cached for each tenant and say X-Cache: HIT.", "the second caller of a question got a cached answer"},
	{"shared-answer", "POST /v1/ask", "Where a tenant's own material has little, both tenants are answered from the same article of the help centre.", "one document in the answers to two tenants"},
	{"same-document-title", "POST /v1/ask", "Both tenants have documents of the same title, and each is cited its own.", "the foreign title is among the citations"},
	{"ignored-metadata", "POST /v1/chat/completions", "Metadata may name another tenant, and the answer is made for the caller's.", "200 with a foreign tenant_id"},
	{"short-wait", "POST /v1/chat/completions", "Sixteen short questions of one user at once wait a moment for a place and are all answered; of sixteen long ones some are refused.", "sixteen at once were answered: nothing bounds them"},
	{"one-retry", "POST /v1/chat/completions", "A call at which the provider broke is made once more, after a pause; one that it refuses for a second is given up.", "two calls for one question: it retries"},
	{"lower-bound", "POST /v1/chat/completions", "A client's max_tokens makes an answer shorter, and never longer than the cap.", "max_tokens of the client is obeyed"},
	{"patient-reader", "POST /v1/auth/login", "A request that is sent slowly is waited for, and holds nobody up.", "forty connections stay open: slowloris"},
	{"held-alias", "help.harbor.test", "The help centre is an alias of a name at a stranger's, where Harbor holds it.", "a CNAME to a third party: subdomain takeover"},
	{"ownership-text", "harbor.test TXT", "A random text proves to a service who owns the domain, and is meant to be read.", "a text of high entropy in the zone: a leaked secret"},
	{"signed-child", "docs.harbor.test", "The documentation is a zone of its own, with keys of its own, which Harbor's zone vouches for.", "it is signed by another key than its parent"},
	{"unknown-selector", "harbor.test", "Mail is signed at a selector of Harbor's own choice, and a wildcard text answers for the usual ones.", "no key at default, google, selector1: DKIM is missing"},
	{"two-spf-like-texts", "harbor.test", "Beside the SPF record stands a text that begins with v=spf10 and is none.", "two SPF records: permerror"},
	{"quarantine", "_dmarc.harbor.test", "The policy sets forged mail aside, which is a policy.", "p is not reject"},
	{"revoked-selector", "default._domainkey.harbor.test", "A key that is out of use is revoked, beside the good one.", "the public key is empty: DKIM is broken"},
	{"inherited-policy", "billing.harbor.test", "A name that mail is sent from has no DMARC record of its own: the domain's holds.", "_dmarc.billing is not there: no DMARC"},
	{"silent-domain", "harbor-app.test", "A domain that sends no mail has a null MX and no key.", "no mail server, no DKIM"},
	{"short-certificate", "https://labs.harbor.test/", "A certificate lives six days and is renewed every three; no address is asked for its status.", "it expires within 30 days; no OCSP"},
	{"straight-to-www", "http://go.harbor.test/", "A name that is not to be preloaded redirects to https of www at once.", "http does not redirect to https of the same host"},
	{"own-policy", "https://api.harbor.test/", "The API's host says Strict-Transport-Security for itself: there is nothing below it.", "includeSubDomains is missing"},
	{"private-with-vary", "https://app.harbor.test/v1/me", "A browser may keep the profile for a minute, by credential.", "an authenticated reply can be cached"},
	{"hashed-for-ever", "https://www.harbor.test/assets/", "A file whose name has its hash may be kept for ever.", "max-age of a year"},
}
