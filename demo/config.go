package demo

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/launchready/launchready/demo/repository"
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
{{- with .Authority}}
  ca_file: {{.}}
{{- end}}
{{- with .Pins}}
  resolve:
{{- range .}}
    "{{.Service}}": {{.At}}
{{- end}}
{{- end}}
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
{{if .Folder -}}
source: {repository: {{.Tree}}, bundles: [{{.Bundle}}], images: [{{.Image}}], logs: [{{.Log}}, {{.CILog}}]}
{{else -}}
source: {repository: none}
{{end -}}
{{if .Folder -}}
secrets:
{{- range .Secrets}}
  {{.Name}}: {kept: vault, readers: [{{.Reader}}], rotated: {{.Rotated}}, pasted: {{.Pasted}}{{if .Reference}}, value: "file:{{$.File}}#{{.Reference}}"{{end}}}
{{- end}}
deploy: {release: sh harbor/deploy/release.sh 1.4.1, rollback: sh harbor/deploy/release.sh 1.4.0, health: GET {{if .Unhealthy}}/v1/health/ready{{else}}/healthz{{end}}}
{{end -}}
{{with .Database -}}
database:
  url: "file:{{$.File}}#DATABASE_URL"
  role: {{.App}}
  tenant: "SELECT set_config('app.tenant_id', $1, {{if $.Pooled}}false{{else}}true{{end}})"
  shared: [articles]
{{end -}}
owners:
  default: backend@harbor.test
  backup: cto@harbor.test
  minutes: 15
  incidents: {outage: oncall@harbor.test, leak: backend@harbor.test, key-exposed: oncall@harbor.test{{if not .Unowned}}, abuse: oncall@harbor.test{{end}}}
{{with .Domain -}}
domain:
  name: {{.Name}}
  hosts: [{{range $i, $h := .Hosts}}{{if $i}}, {{end}}{{$h}}{{end}}]
  mail:
    from: [{{range $i, $h := .Mail.From}}{{if $i}}, {{end}}{{$h}}{{end}}]
    senders: [{{range $i, $h := .Mail.Senders}}{{if $i}}, {{end}}{{$h}}{{end}}]
    selectors: [{{range $i, $h := .Mail.Selectors}}{{if $i}}, {{end}}{{$h}}{{end}}]
{{- with .Mail.Sample}}
    sample: {{.}}
{{- end}}
  parked: [{{range $i, $h := .Parked}}{{if $i}}, {{end}}{{$h}}{{end}}]
  origins: ["{{.Origin}}"]
  cloudflare: {token: "file:{{$.File}}#CLOUDFLARE_TOKEN", api: "{{.API}}"}
  edge: {reports: postmaster@harbor.test, issuers: [letsencrypt.org], uncached: [/v1/]}
  resolver: {{.Resolver}}
  ports: { {{- range $i, $p := .Ports}}{{if $i}}, {{end}}{{$p.Port}}: {{$p.To}}{{end -}} }
{{end -}}
chat: {price: {input_per_mtok: 0.05, output_per_mtok: 0.20, context_tokens: 8192, output_tokens: 1024}}
latency: {rate: 20/s}
budget: {rate: 0, requests: 30000}
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

// keptSecret is a line of the secrets map.
type keptSecret struct {
	Name, Reader, Rotated, Reference string
	Pasted                           bool
}

// secretsMap is what Harbor's makers know of their secrets.
func (s *Server) secretsMap() []keptSecret {
	day := func(ago int) string { return s.now().AddDate(0, 0, -ago).Format(time.DateOnly) }
	billing := keptSecret{Name: "STRIPE_SECRET_KEY", Reader: "harbor", Rotated: day(120)}
	if s.flaws.Has("operations/secret-age") {
		billing.Rotated = day(700)
	}
	return []keptSecret{
		{Name: "OPENAI_API_KEY", Reader: "harbor", Rotated: day(40), Reference: "OPENAI_API_KEY"},
		{Name: "SESSION_SECRET", Reader: "harbor", Rotated: day(40), Reference: "SESSION_SECRET"},
		{Name: "CRM_WEBHOOK_SECRET", Reader: "harbor", Rotated: day(75), Reference: "CRM_SECRET", Pasted: s.flaws.Has("operations/secret-pasted")},
		billing,
		{Name: "DATABASE_URL", Reader: "harbor", Rotated: day(200)},
		{Name: "MAIL_URL", Reader: "harbor", Rotated: day(200)},
	}
}

// Config is the launchready.yaml of this server. Its secrets are references to
// [SecretsFile], which [Server.Secrets] fills and which belongs in the same folder.
func (s *Server) Config() []byte {
	var b bytes.Buffer
	err := configTemplate.Execute(&b, map[string]any{
		"URL": s.URL, "File": SecretsFile, "Identities": configIdentities(),
		"Secrets": s.secretsMap(), "Unhealthy": s.flaws.Has("operations/health-endpoint"), "Unowned": s.flaws.Has("operations/incident-owner"), "Folder": s.estate.dir, "Tree": repository.Tree, "Bundle": repository.Bundle, "Image": repository.Image, "Log": repository.Log, "CILog": repository.CILog,
		"Domain": s.domainConfig(), "Pins": s.pins(), "Authority": s.domain.caFile,
		"Database": s.mirror, "Pooled": s.flaws.Has("isolation/db-pooled-setting"),
	})
	if err != nil {
		panic(fmt.Sprintf("write configuration: %v", err)) // the template is constant and tested
	}
	return b.Bytes()
}

// Secrets is the content of [SecretsFile]: write it with mode 0600.
func (s *Server) Secrets() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "DEV_TOKEN=%s\nCRM_SECRET=%s\n", s.devToken, s.crmKey)
	if s.domain.names != nil {
		fmt.Fprintf(&b, "CLOUDFLARE_TOKEN=%s\n", s.derived("edge-token"))
	}
	if s.estate.dir != "" {
		env := s.environment()
		fmt.Fprintf(&b, "OPENAI_API_KEY=%s\nSESSION_SECRET=%s\n", env["OPENAI_API_KEY"], env["SESSION_SECRET"])
	}
	if s.mirror != nil {
		fmt.Fprintf(&b, "DATABASE_URL=%s\n", s.mirror.URL)
	}
	for _, id := range configIdentities() {
		fmt.Fprintf(&b, "%s=%s\n", id.Variable, s.Password(id.Email))
		if id.Expired != "" {
			token, err := s.tokens.sign(s.expired[id.Email])
			if err != nil {
				panic(fmt.Sprintf("sign a token: %v", err)) // the key and the claims are Harbor's own
			}
			fmt.Fprintf(&b, "%s=%s\n", id.Expired, token)
		}
	}
	return b.Bytes()
}
