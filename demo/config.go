package demo

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
)

// SecretsFile is the name of the file beside launchready.yaml that the
// configuration's references point at.
const SecretsFile = "harbor.secrets"

// The specification and the conventions of the API tell the rest.
var configTemplate = template.Must(template.New("launchready.yaml").Parse(`version: 1
product: Harbor
target:
  url: {{.URL}}
  spec: {{.URL}}/openapi.json
  environment: staging
tenants: {acme: {}, globex: {}}
sign_in:
  request: POST /v1/auth/login
  json: {email: $user, password: $password}
  token: /access_token
  refresh_token: /refresh_token
  send: "Authorization: Bearer {token}"
refresh:
  request: POST /v1/auth/refresh
  json: {refresh_token: $refresh}
sign_out: {request: POST /v1/auth/logout}
sign_up:
  request: POST /v1/auth/signup
  json: {company: $tenant, name: $name, email: $user, password: $password}
mailbox:
  request: GET /dev/outbox?to=$user
  header: "X-Dev-Token: ${file:{{.File}}#DEV_TOKEN}"
provider:
  traffic: GET /dev/provider
  tokens: /tokens
  fail: PUT /dev/provider/fault
  json: {status: $status, calls: $calls}
  mend: DELETE /dev/provider/fault
  header: "X-Dev-Token: ${file:{{.File}}#DEV_TOKEN}"
webhooks:
  crm: {request: POST /v1/webhooks/crm, secret: "file:{{.File}}#CRM_SECRET", header: X-Harbor-Signature, scheme: stripe, json: {id: $id, tenant: acme, type: contact.updated}, read: GET /v1/crm-events, tenant: acme}
whoami: GET /v1/me
identities:
{{- range .Identities}}
  {{.Name}}: {tenant: {{.Tenant}}, role: {{.Role}}, user: {{.Email}}, password: "file:{{$.File}}#{{.Variable}}"{{if .Expired}}, expired_token: "file:{{$.File}}#{{.Expired}}"{{end}}}
{{- end}}
access:
  public: [GET /, GET /docs, GET /healthz, GET /openapi.json, GET /.well-known/jwks.json, "GET /v1/avatars/**", "GET /v1/shared/**", "GET /v1/download/**"]
  admin: [/v1/admin/**]
  shared: ["GET /v1/articles/**", "GET /app/articles/**", GET /v1/terms, GET /v1/models, GET /v1/admin/flags]
owners:
  default: backend@harbor.test
  incidents: {outage: oncall@harbor.test, leak: backend@harbor.test, abuse: oncall@harbor.test, key-exposed: oncall@harbor.test}
chat: {price: {input_per_mtok: 0.05, output_per_mtok: 0.20, context_tokens: 8192, output_tokens: 1024}}
budget: {rate: 0}
`))

type configIdentity struct{ Name, Tenant, Role, Email, Variable, Expired string }

func configIdentities() []configIdentity {
	var out []configIdentity
	for _, name := range []string{"acme_admin", "acme_member", "acme_viewer", "globex_admin", "globex_member"} {
		tenant, role, _ := strings.Cut(name, "_")
		id := configIdentity{Name: name, Tenant: tenant, Role: role, Email: email(role, tenant), Variable: strings.ToUpper(name) + "_PASSWORD"}
		if role == "member" {
			id.Expired = strings.ToUpper(name) + "_EXPIRED_TOKEN"
		}
		out = append(out, id)
	}
	return out
}

// Config is the launchready.yaml of this server. Its secrets are references to
// [SecretsFile], which [Server.Secrets] fills and which belongs in the same folder.
func (s *Server) Config() []byte {
	var b bytes.Buffer
	err := configTemplate.Execute(&b, map[string]any{"URL": s.URL, "File": SecretsFile, "Identities": configIdentities()})
	if err != nil {
		panic(fmt.Sprintf("write configuration: %v", err)) // the template is constant and tested
	}
	return b.Bytes()
}

// Secrets is the content of [SecretsFile]: write it with mode 0600.
func (s *Server) Secrets() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "DEV_TOKEN=%s\nCRM_SECRET=%s\n", s.devToken, s.crmKey)
	for _, id := range configIdentities() {
		fmt.Fprintf(&b, "%s=%s\n", id.Variable, s.Password(id.Email))
		if id.Expired != "" {
			fmt.Fprintf(&b, "%s=%s\n", id.Expired, s.expired[id.Email])
		}
	}
	return b.Bytes()
}
