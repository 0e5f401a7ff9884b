package policy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

// mistaken is a policy with one mistake, on the line that ends with # HERE. Sections
// that a case does not write are those of a policy that is right.
type mistaken struct{ name, text string }

const (
	rightAuth   = "auth: {issuer: \"https://id.test\", audience: api, jwks: \"https://id.test/keys\", tenant_claim: tid, roles_claim: role}\n"
	rightRoutes = "routes:\n  - {path: /healthz, public: true}\n  - {path: \"/v1/chats/{id}\"}\n"
	rightModel  = `model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "https://api.openai.com", key: "${env:SET}"}}
  keys: [{name: app, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, tenant: acme}]
  models: [small]
  max_tokens: 100
`
)

// everywhere is every section, by what may be wrong in it.
var everywhere = []mistaken{
	// The file.
	{"version: value", "version: 2 # HERE\n"},
	{"listen: value", "listen: here # HERE\n"},
	{"listen: type", "listen: [a] # HERE\n"},
	{"admin: value", "admin: here # HERE\n"},
	{"admin: contradiction", "admin: 127.0.0.1:0 # HERE\n"},
	{"upstream: value", "upstream: ftp://x # HERE\n"},
	{"trusted_proxies: value", "trusted_proxies:\n  - 10.0.0.0/8\n  - 0.0.0.0/0 # HERE\n"},
	{"trusted_proxies: type", "trusted_proxies: {a: b} # HERE\n"},
	{"unknown section", "auths: {} # HERE\n"},
	{"unsafe: nothing needs it", "unsafe: [\"public everything /**\"] # HERE\n"},
	{"unsafe: type", "unsafe: {a: b} # HERE\n"},
	{"modes: unknown", "modes:\n  isolation: observe\n  speed: off # HERE\n"},
	{"modes: value", "modes:\n  isolation: sometimes # HERE\n"},
	{"lockdown: type", "lockdown: perhaps # HERE\n"},
	{"preflight: type", "preflight: [] # HERE\n"},

	// auth
	{"auth: unknown key", "auth:\n  issuers: x # HERE\n"},
	{"auth: type", "auth: [x] # HERE\n"},
	{"auth: nothing verified", "auth:\n  tenant_claim: tid # HERE\n"},
	{"auth: no audience", "auth:\n  issuer: https://id.test # HERE\n  jwks: https://id.test/keys\n"},
	{"auth: contradiction", "auth:\n  issuer: https://id.test\n  audience: api\n  jwks: https://id.test/keys\n  discover: true # HERE\n"},
	{"auth.jwks: value", "auth:\n  issuer: https://id.test\n  audience: api\n  jwks: keys # HERE\n"},
	{"auth.issuer: value", "auth:\n  issuer: us # HERE\n  audience: api\n  discover: true\n"},
	{"auth.issuer: blank", "auth:\n  issuer: \"\" # HERE\n  api_keys: {keys: [{sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: x}]}\n"},
	{"auth.algorithms: value", "auth:\n  issuer: https://id.test\n  audience: api\n  jwks: https://id.test/keys\n  algorithms:\n    - RS256\n    - HS256 # HERE\n"},
	{"auth.verify_presented: type", "auth:\n  jwks: https://id.test/keys\n  verify_presented: maybe # HERE\n"},
	{"auth.introspection: value", "auth:\n  issuer: https://id.test\n  audience: api\n  introspection:\n    url: there # HERE\n"},
	{"auth.introspection: secret in the file", "auth:\n  issuer: https://id.test\n  audience: api\n  introspection:\n    client_secret: hunter2-hunter2 # HERE\n"},
	{"auth.introspection: cache", "auth:\n  issuer: https://id.test\n  audience: api\n  introspection:\n    cache: 1h # HERE\n"},
	{"auth.introspection: variable", "auth:\n  issuer: https://id.test\n  audience: api\n  introspection:\n    client_id: us\n    client_secret: ${env:MISSING} # HERE\n"},
	{"auth.api_keys: none", "auth:\n  api_keys: {header: X-Key} # HERE\n"},
	{"auth.api_keys: header", "auth:\n  api_keys:\n    header: Authorization # HERE\n    file: keys.yaml\n"},
	{"auth.api_keys: key", "auth:\n  api_keys:\n    keys:\n      - {sha256: short, subject: x} # HERE\n"},
	{"auth.api_keys: unknown key", "auth:\n  api_keys:\n    keys:\n      - {sha256: short, subjects: x} # HERE\n"},
	{"auth.api_keys: expires", "auth:\n  api_keys:\n    keys:\n      - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: x, expires: soon} # HERE\n"},
	{"auth.api_keys: twice", "auth:\n  api_keys:\n    keys:\n      - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: x}\n      - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: y} # HERE\n"},
	{"auth.api_keys: a mistake in the file", "auth:\n  api_keys:\n    file: api.json # HERE\n"},
	{"auth.api_keys: file", "auth:\n  api_keys:\n    file: missing.yaml # HERE\n"},
	{"auth.api_keys: twice with the file", "auth:\n  api_keys:\n    keys:\n      - {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: x}\n    file: keys.yaml # HERE\n"},
	{"auth.session: incomplete", "auth:\n  session: {cookie: sid, whoami: /me} # HERE\n"},
	{"auth.session: unknown key", "auth:\n  session:\n    cookie: sid\n    whoamI: /me # HERE\n"},
	{"auth.session: whoami", "auth:\n  session:\n    cookie: sid\n    whoami: me # HERE\n    subject: id\n"},
	{"auth.session: method", "auth:\n  session:\n    cookie: sid\n    whoami: /me\n    method: PUT # HERE\n    subject: id\n"},
	{"auth.session: member", "auth:\n  session:\n    cookie: sid\n    whoami: /me\n    subject: $.id # HERE\n"},
	{"auth.session: origin", "auth:\n  session:\n    cookie: sid\n    whoami: /me\n    subject: id\n    origins:\n      - app # HERE\n"},
	{"auth.session: header", "auth:\n  session:\n    cookie: sid\n    whoami: /me\n    subject: id\n    headers:\n      Cookie: x # HERE\n"},
	{"auth.session: variable", "auth:\n  session:\n    cookie: sid\n    whoami: /me\n    subject: id\n    headers:\n      X-Token: ${env:MISSING} # HERE\n"},
	{"auth.bearer: incomplete", "auth:\n  bearer: {whoami: /me} # HERE\n"},
	{"auth.bearer: type", "auth:\n  bearer: yes # HERE\n"},
	{"auth.bearer: scheme", "auth:\n  bearer:\n    whoami: /me\n    subject: id\n    scheme: two words # HERE\n"},
	{"auth.bearer: header", "auth:\n  bearer:\n    whoami: /me\n    subject: id\n    header: Cookie # HERE\n"},
	{"auth.bearer: algorithms without secret", "auth:\n  bearer:\n    whoami: /me\n    subject: id\n    algorithms: [HS256] # HERE\n"},
	{"auth.bearer: contradiction", "auth:\n  issuer: https://id.test\n  audience: api\n  jwks: https://id.test/keys\n  bearer: {whoami: /me, subject: id} # HERE\n"},
	{"auth.bearer: variable", "auth:\n  bearer:\n    subject: id\n    secret: ${env:MISSING} # HERE\n"},
	{"auth.bearer: short secret", "auth:\n  bearer:\n    subject: id\n    secret: ${env:SHORT} # HERE\n"},
	{"auth.bearer: header's variable", "auth:\n  bearer:\n    whoami: /me\n    subject: id\n    headers:\n      X-Token: ${env:MISSING} # HERE\n"},
	{"auth.assertion: incomplete", "auth:\n  api_keys: {file: keys.yaml}\n  assertion: {secret: \"${env:SET}\"} # HERE\n"},
	{"auth.assertion: variable", "auth:\n  api_keys: {file: keys.yaml}\n  assertion:\n    audience: app\n    secret: ${env:MISSING} # HERE\n"},
	{"auth.assertion: short secret", "auth:\n  api_keys: {file: keys.yaml}\n  assertion:\n    audience: app\n    secret: ${env:SHORT} # HERE\n"},
	{"auth.assertion: key", "auth:\n  api_keys: {file: keys.yaml}\n  assertion:\n    audience: app\n    key: ${env:SET} # HERE\n"},
	{"auth.assertion: file", "auth:\n  api_keys: {file: keys.yaml}\n  assertion:\n    audience: app\n    key: file:missing.pem # HERE\n"},
	{"own: empty", "own: {} # HERE\n"},
	{"own: unknown key", "own:\n  header: [X] # HERE\n"},

	// What is bound to callers.
	{"tenant: no claim", "auth: {api_keys: {file: keys.yaml}, session: {cookie: s, whoami: /me, subject: id}}\ntenant:\n  path: [a]\n  bodies: [x] # HERE\n"},
	{"tenant: auth has none", "auth: {issuer: \"https://id.test\", audience: api, jwks: \"https://id.test/keys\"}\ntenant: {path: [a]} # HERE\n"},
	{"tenant.body_of: reference", "tenant:\n  body: [t]\n  body_of:\n    - /v1/nowhere # HERE\n"},
	{"tenant.body_of: without body", "tenant:\n  body_of: [/healthz] # HERE\n"},
	{"limits: unknown key", "limits:\n  chat: {per: user, request: 1} # HERE\n"},
	{"limits: per", "limits:\n  chat: {per: nobody, requests: 1} # HERE\n"},
	{"limits: a name with a dot", "limits:\n  other: {per: user, requests: 1}\n  chat.v1: {per: user, requests: -1} # HERE\n"},
	{"limits: window", "limits:\n  chat:\n    per: user\n    requests: 1\n    window: soon # HERE\n"},
	{"limits: type", "limits:\n  chat:\n    per: user\n    requests: many # HERE\n"},
	{"limits: contradiction", "limits:\n  chat: {per: user, requests: 1, kilobytes: 1} # HERE\n"},
	{"limits: a name with a quote", "limits:\n  other: {per: user, requests: 1}\n  chat's [1]: {per: user, requests: -1} # HERE\n"},
	{"auth_failures: value", "auth_failures: {requests: 1, concurrent: 2} # HERE\n"},
	{"queue: depth", "queue: {depth: 0} # HERE\nlimits: {a: {per: user, concurrent: 1}}\n"},
	{"queue: wait", "limits: {a: {per: user, concurrent: 1}}\nqueue:\n  depth: 1\n  wait: long # HERE\n"},
	{"queue: nobody waits", "queue: {depth: 1} # HERE\n"},
	{"idempotency: keep", "idempotency:\n  keep: long # HERE\n"},
	{"idempotency: max_answer", "idempotency:\n  max_answer: -1 # HERE\n"},
	{"kill: reference", "kill:\n  routes:\n    - /v1/nowhere # HERE\n"},
	{"kill: value", "kill:\n  tools: [\" a\"] # HERE\n"},
	{"kill: type", "kill:\n  all: never # HERE\n"},
	{"retry: attempts", "retry: {attempts: 1} # HERE\n"},
	{"retry: backoff", "retry:\n  attempts: 2\n  backoff: long # HERE\n"},
	{"spend: no ledger", "spend: {prices: {m: {input: 1, output: 1}}, max_tokens: 1, total_day: 1} # HERE\nroutes: [{path: /c, chat: true, limits: [a]}]\nlimits: {a: {per: user, requests: 1}}\n"},
	{"spend: price", "state: {ledger: memory}\nspend:\n  max_tokens: 1\n  total_day: 1\n  prices:\n    good: {input: 1, output: 1}\n    gpt-4.1: {input: -1, output: 1} # HERE\nroutes: [{path: /c, chat: true, limits: [a]}]\nlimits: {a: {per: user, requests: 1}}\n"},
	{"spend: amount", "state: {ledger: memory}\nspend:\n  prices: {m: {input: 1, output: 1}}\n  max_tokens: 1\n  total_day: -1 # HERE\nroutes: [{path: /c, chat: true, limits: [a]}]\nlimits: {a: {per: user, requests: 1}}\n"},

	// Stores.
	{"state: unknown key", "state:\n  counter: memory # HERE\n"},
	{"state.counters: password in the file", "state:\n  counters: redis://u:hunter2-hunter2@h/0 # HERE\n"},
	{"state.counters: variable", "state:\n  counters: ${env:MISSING} # HERE\n"},
	{"state.counters: what the variable holds", "state:\n  counters: ${env:SET} # HERE\n"},
	{"state.lease: value", "state:\n  lease: 1ms # HERE\n"},
	{"state.patience: value", "state:\n  patience: long # HERE\n"},
	{"state.ledger: value", "state:\n  ledger: \"sqlite:\" # HERE\n"},
	{"state.ledger: variable", "state:\n  ledger: ${env:MISSING} # HERE\nidempotency: {}\n"},
	{"state.ledger: what the variable holds", "state:\n  ledger: ${env:SET} # HERE\nidempotency: {}\n"},

	// What requests and answers may be.
	{"input: bound", "input: {max_body: -1} # HERE\n"},
	{"input: type", "input:\n  max_body: much # HERE\n"},
	{"input.controls: value", "input:\n  controls: allow # HERE\n"},
	{"input.openapi: no file", "input:\n  openapi: {unlisted: pass} # HERE\n"},
	{"input.openapi: missing file", "input:\n  openapi:\n    file: missing.json # HERE\n"},
	{"input.openapi: unlisted", "input:\n  openapi:\n    file: api.json\n    unlisted: perhaps # HERE\n"},
	{"input.graphql: reference", "input:\n  graphql:\n    paths:\n      - /graphql # HERE\n"},
	{"input.graphql: bound", "input:\n  graphql: {paths: [/healthz], depth: -1} # HERE\n"},
	{"uploads: without input", "uploads: {} # HERE\n"},
	{"uploads: kind", "input: {}\nuploads:\n  kinds:\n    - png\n    - exe # HERE\n"},
	{"uploads: svg", "input: {}\nuploads:\n  kinds: [svg] # HERE\n"},
	{"uploads: bound", "input: {}\nuploads: {max_size: 1000000000} # HERE\n"},
	{"hygiene: unknown key", "hygiene:\n  hide: [Server] # HERE\n"},
	{"hygiene: type", "hygiene:\n  scrub_errors: 7 # HERE\n"},
	{"cookies: value", "cookies:\n  same_site: Never # HERE\n"},
	{"cors: origin", "cors:\n  origins:\n    - https://app.test\n    - app.test # HERE\n"},
	{"cors: blank", "cors:\n  origins: [\"\"] # HERE\n"},
	{"cors: method", "cors:\n  origins: []\n  methods: [FETCH] # HERE\n"},
	{"cors: header", "cors:\n  headers: [\"a b\"] # HERE\n"},
	{"cors: max_age", "cors:\n  max_age: long # HERE\n"},
	{"cors: everybody", "cors:\n  credentials: true\n  origins: [\"*\"] # HERE\n"},
	{"hosts: value", "hosts:\n  - API.test # HERE\n"},

	// Routes and what they refer to.
	{"routes: none", "routes: [] # HERE\n"},
	{"routes: type", "routes: {a: b} # HERE\n"},
	{"routes: unknown key", "routes:\n  - {path: /a, public: true}\n  - {path: /b, publik: true} # HERE\n"},
	{"routes: method", "routes:\n  - {path: /a, public: true}\n  - {path: /b, public: true, methods: [FETCH]} # HERE\n"},
	{"routes: mode", "routes:\n  - {path: /a, public: true}\n  - {path: /b, public: true, modes: {auth: never}} # HERE\n"},
	{"routes: limit", "routes:\n  - {path: /a, public: true}\n  - {path: /b, public: true, limits: [none]} # HERE\n"},
	{"routes: contradiction", "routes:\n  - {path: /a, public: true}\n  - {path: /b, public: true, roles: [x]} # HERE\n"},
	{"routes: own", "routes:\n  - {path: /a, public: true}\n  - {path: /b, own_credentials: true} # HERE\n"},
	{"routes: blank role", "routes:\n  - {path: /a, public: true}\n  - {path: /b, roles: [\"\"]} # HERE\n"},
	{"routes: path", "routes:\n  - {path: /a, public: true}\n  - {path: b, public: true} # HERE\n"},
	{"routes: twice", "routes:\n  - {path: /a, public: true}\n  - {path: /b, public: true}\n  - {path: /a, public: true} # HERE\n"},
	{"routes: unsafe", "routes:\n  - {path: /a, public: true}\n  - {path: \"/**\", public: true} # HERE\n"},
	{"webhooks: reference", "webhooks:\n  - {path: /nowhere, scheme: github, secrets: [\"${env:SET}\"]} # HERE\n"},
	{"webhooks: scheme", "webhooks:\n  - path: /healthz\n    scheme: paypal # HERE\n    secrets: [\"${env:SET}\"]\n"},
	{"webhooks: window", "webhooks:\n  - path: /healthz\n    scheme: github\n    secrets: [\"${env:SET}\"]\n    window: long # HERE\n"},
	{"webhooks: secret in the file", "webhooks:\n  - path: /healthz\n    scheme: github\n    secrets:\n      - hunter2-hunter2 # HERE\n"},
	{"webhooks: variable", "webhooks:\n  - path: /healthz\n    scheme: github\n    secrets:\n      - ${env:SET}\n      - ${env:MISSING} # HERE\n"},
	{"webhooks: what the variable holds", "webhooks:\n  - path: /healthz\n    scheme: standard\n    secrets:\n      - ${env:WHSEC} # HERE\n"},

	// The way in.
	{"tls: half", "tls: {certificate: c.pem} # HERE\n"},
	{"tls: contradiction", "hosts: [a.test]\ntls:\n  certificate: c.pem\n  key: k.pem\n  acme: {folder: f} # HERE\n"},
	{"tls: missing file", "tls:\n  certificate: missing.pem # HERE\n  key: missing.pem\n"},
	{"tls: redirect without hosts", "tls: {redirect: true} # HERE\n"},
	{"tls.plain: value", "hosts: [a.test]\ntls:\n  acme: {folder: f}\n  plain: here # HERE\n"},
	{"tls.hsts: value", "tls:\n  hsts:\n    max_age: long # HERE\n"},
	{"tls.hsts: preload", "tls:\n  hsts:\n    max_age: 1h\n    preload: true # HERE\n"},
	{"tls.acme: no folder", "hosts: [a.test]\ntls:\n  acme: {email: a@a.test} # HERE\n"},
	{"tls.acme: name", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    names:\n      - a.test\n      - A.test # HERE\n"},
	{"tls.acme: directory", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    directory: there # HERE\n"},
	{"tls.acme: roots", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    roots: missing.pem # HERE\n"},
	{"tls.acme.dns: provider", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    dns:\n      provider: route53 # HERE\n"},
	{"tls.acme.dns: variable", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    dns:\n      provider: cloudflare\n      token: ${env:MISSING} # HERE\n"},
	{"tls.acme.dns: contradiction", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    dns: {provider: cloudflare, token: \"${env:SET}\", key: k} # HERE\n"},
	{"tls.acme.dns: secret", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    dns:\n      provider: rfc2136\n      server: 127.0.0.1:53\n      key: k\n      secret: ${env:MISSING} # HERE\n"},
	{"tls.acme.dns: what the variable holds", "hosts: [a.test]\ntls:\n  acme:\n    folder: f\n    dns:\n      provider: rfc2136\n      server: 127.0.0.1:53\n      key: k\n      secret: ${env:SHORT} # HERE\n"},
	{"origin_lock: incomplete", "origin_lock: {header: X-Lock} # HERE\n"},
	{"origin_lock: header", "origin_lock:\n  header: Authorization # HERE\n  secrets: [\"${env:SET}\"]\n"},
	{"origin_lock: variable", "origin_lock:\n  header: X-Lock\n  secrets:\n    - ${env:SET}\n    - ${env:MISSING} # HERE\n"},
	{"origin_lock: short secret", "origin_lock:\n  header: X-Lock\n  secrets:\n    - ${env:SHORT} # HERE\n"},
	{"origin_lock: client_ca", "hosts: [a.test]\ntls: {acme: {folder: f}}\norigin_lock:\n  client_ca: missing.pem # HERE\n"},
	{"cloudflare_networks: value", "trusted_proxies: [cloudflare]\norigin_lock: {header: X-Lock, secrets: [\"${env:SET}\"]}\ncloudflare_networks:\n  - here # HERE\n"},
	{"cloudflare_networks: not meant", "cloudflare_networks: [104.16.0.0/13] # HERE\n"},
	{"operations: time", "operations:\n  drain: never # HERE\n"},
	{"operations: access_log", "operations:\n  access_log: some # HERE\n"},
	{"operations: type", "operations:\n  connections: lots # HERE\n"},
	{"traces: endpoint", "traces:\n  endpoint: there # HERE\n"},
	{"traces: sample", "traces:\n  endpoint: http://127.0.0.1:4318/v1/traces\n  sample: 2 # HERE\n"},
	{"traces: secret in the file", "traces:\n  endpoint: http://127.0.0.1:4318/v1/traces\n  headers:\n    X-Team: ${env:SET}\n    X-Token: hunter2-hunter2 # HERE\n"},
	{"traces: variable", "traces:\n  endpoint: http://127.0.0.1:4318/v1/traces\n  headers:\n    X-Team: ${env:SET}\n    X-Token: ${env:MISSING} # HERE\n"},

	// Objects.
	{"ownership: no store", "ownership: {routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]} # HERE\n"},
	{"ownership: unknown key", "ownership:\n  store: o.db\n  routes:\n    - {path: \"/v1/chats/{id}\", id: {path: {id: chat}}} # HERE\n"},
	{"ownership: reference", "ownership:\n  store: o.db\n  routes:\n    - {path: \"/v1/files/{id}\", ids: {path: {id: chat}}} # HERE\n"},
	{"ownership: parameter", "ownership:\n  store: o.db\n  routes:\n    - {path: \"/v1/chats/{id}\", ids: {path: {chat: chat}}} # HERE\n"},
	{"ownership: path of JSON", "ownership:\n  store: o.db\n  routes:\n    - path: /v1/chats/{id}\n      tenant:\n        - $.a[ # HERE\n"},
	{"ownership: unknown", "ownership:\n  store: o.db\n  unknown: guess # HERE\n  routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]\n"},
	{"ownership: variable", "ownership:\n  store: ${env:MISSING} # HERE\n  routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]\n"},
	{"ownership: what the variable holds", "ownership:\n  store: ${env:SET} # HERE\n  routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]\n"},
	{"ownership.resolver: url", "ownership:\n  store: o.db\n  resolver:\n    url: http://127.0.0.1/ # HERE\n    tenant: $.t\n  routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]\n"},
	{"ownership.resolver: time", "ownership:\n  store: o.db\n  resolver:\n    url: http://127.0.0.1/{id}\n    tenant: $.t\n    keep: long # HERE\n  routes: [{path: \"/v1/chats/{id}\", ids: {path: {id: chat}}}]\n"},
	{"ownership: proven", "ownership:\n  store: o.db\n  routes:\n    - {path: \"/v1/chats/{id}\", ids: {path: {id: chat}}, proven: true} # HERE\n"},

	// The model.
	{"model: unknown key", rightModel + "  tokens: 1 # HERE\n"},
	{"model: provenance", rightModel + "  provenance: maybe # HERE\n"},
	{"model: tool", rightModel + "  tools:\n    - {name: a}\n    - {name: a} # HERE\n"},
	{"model: tool's schema", rightModel + "  tools:\n    - {name: a}\n    - {name: b, schema: {type: 7}} # HERE\n"},
	{"model: tool's condition", rightModel + "  tools:\n    - {name: a}\n    - {name: b, when: \"1 +\"} # HERE\n"},
	{"model: redact", rightModel + "  redact:\n    prompts: [names] # HERE\n"},
	{"model: host", rightModel + "  links:\n    - docs.test\n    - Docs.test # HERE\n"},
	{"model: canary's variable", rightModel + "  canaries:\n    - name: a\n      value: ${env:MISSING} # HERE\n"},
	{"model: context's variable", rightModel + "  context:\n    key: ${env:MISSING} # HERE\n"},
	{"model: context's secret in the file", rightModel + "  context:\n    key: hunter2-hunter2 # HERE\n"},
	{"model: breaker", rightModel + "  breaker: {failures: 0} # HERE\n"},
	{"model: budget", rightModel + "  spend: {key_day: 1} # HERE\nstate: {ledger: memory}\n"},
	{"model: ledger's variable", rightModel + "  spend: {key_day: 1, prices: {small: {input: 1, output: 1}}}\nstate:\n  ledger: ${env:MISSING} # HERE\n"},
}

// whole policy of a mistake, and the lines on which it may be told.
func (m mistaken) policy() (text string, lines map[string]bool) {
	has := func(section string) bool {
		return strings.HasPrefix(m.text, section) || strings.Contains(m.text, "\n"+section)
	}
	text = m.text
	for _, s := range []struct{ section, right string }{
		{"version:", "version: 1\n"}, {"listen:", "listen: 127.0.0.1:0\n"}, {"upstream:", "upstream: http://127.0.0.1:1\n"},
		{"auth:", rightAuth}, {"routes:", rightRoutes},
	} {
		if !has(s.section) {
			text += s.right
		}
	}
	lines = map[string]bool{}
	for i, l := range strings.Split(text, "\n") {
		if strings.HasSuffix(l, "# HERE") {
			lines[fmt.Sprint(i+1)] = true
		}
	}
	return text, lines
}

var standsAt = regexp.MustCompile(`^guard\.yaml:([0-9]+):[0-9]+: .`)

// TestEveryMistakeHasItsPlace: a mistake in any section is told with line and column,
// when it is read or when what it refers to is; and nothing secret is told.
func TestEveryMistakeHasItsPlace(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"keys.yaml": "- {sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, subject: svc, tenant: acme, roles: [x]}\n",
		"api.json":  `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{}}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"SET": "it-is-set-and-longer-than-thirty-two-bytes", "SHORT": "too-short", "WHSEC": "whsec_no-base64"}[name]
		return v, ok
	}
	for _, m := range append(everywhere, mistaken{name: "none"}, mistaken{name: "none, with a model", text: rightModel}) {
		t.Run(m.name, func(t *testing.T) {
			text, lines := m.policy()
			err := read(t, folder, text, env)
			if len(lines) == 0 {
				if err != nil {
					t.Errorf("a policy without a mistake: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatalf("nothing is told of\n%s", text)
			}
			for _, l := range strings.Split(err.Error(), "\n") {
				at := standsAt.FindStringSubmatch(l)
				if at == nil || !lines[at[1]] {
					t.Errorf("%s\nis not told of line %v of\n%s", l, lines, text)
				}
			}
			for _, secret := range []string{"hunter2", "it-is-set", "too-short", "no-base64"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is told: %v", err)
				}
			}
		})
	}
}

// read does what launchready guard check does.
func read(t *testing.T, folder, text string, env func(string) (string, bool)) error {
	t.Helper()
	p, err := policy.Parse("guard.yaml", []byte(text))
	if err != nil {
		return err
	}
	s := &policy.State{Folder: folder, Env: env}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	_, built := p.Build(s)
	_, model := p.BuildModel(s, env)
	return errors.Join(built, model, p.Refers(s))
}
