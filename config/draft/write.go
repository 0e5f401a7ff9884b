package draft

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// CredentialsFile holds the passwords of users that were signed up for the
// audit, beside the file that refers to it.
const CredentialsFile = ".launchready/credentials"

// YAML is the file.
func (f Facts) YAML() []byte {
	w := &writer{f: f}
	w.line("# yaml-language-server: $schema=%s", f.Schema)
	w.line("# What launchready audits. Every key: docs/configuration.md. Check it with: launchready config validate")
	if len(f.Repository.Frameworks)+len(f.Repository.Auth) > 0 {
		w.line("# Found in this repository: %s.", strings.Join(append(append([]string{}, f.Repository.Frameworks...), f.Repository.Auth...), ", "))
	}
	w.line("version: 1")
	if f.Repository.Product != "" {
		w.line("product: %s", quote(f.Repository.Product))
	}
	w.target()
	w.people()
	w.access()
	w.objects()
	w.rest()
	return []byte(w.b.String())
}

// Credentials is the file that the drafted one refers to, nil when nobody was
// signed up and no file held a secret.
func (f Facts) Credentials() []byte {
	c := f.cast()
	if len(c.secrets) == 0 {
		return nil
	}
	return []byte(c.lines())
}

type writer struct {
	f Facts
	b strings.Builder
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.b, format+"\n", args...)
}

func (w *writer) target() {
	f := w.f
	w.line("")
	w.line("target:")
	switch {
	case f.Target != "":
		w.line("  url: %s", quote(f.Target))
	case f.Repository.Port != "":
		w.line("  url: http://localhost:%s  # guessed: the address of a staging system is better", f.Repository.Port)
	default:
		w.line("  url: http://localhost:8080  # guessed: the address of a staging system is better")
	}
	switch spec := f.spec(); {
	case spec != "":
		w.line("  spec: %s", quote(spec))
	case f.Intake != nil && len(f.Intake.Routes) > 0:
		w.line("  spec:  # the routes that the files show; an OpenAPI document says more")
		for _, rt := range f.Intake.Routes {
			w.line("    - %s", quote(rt))
		}
	default:
		w.line("  # spec: openapi.yaml  # an OpenAPI document, or a list of routes (METHOD /path, one a line)")
	}
	if f.Intake != nil && len(f.Intake.Hosts) > 0 {
		w.line("  hosts: [%s]", quoted(f.Intake.Hosts))
	}
	w.line("  # environment: staging  # production asks before anything is created")
}

// people writes tenants, sign-in, sign-up and identities.
func (w *writer) people() {
	w.line("")
	if c := w.f.cast(); len(c.identities) > 0 {
		w.intakePeople(c, w.whoami())
		return
	}
	w.line("# Two customers of yours that exist for this test: what one may never see of the other.")
	w.line("tenants: {acme: {}, globex: {}}")
	w.line("")
	if w.f.Intake != nil && w.f.Intake.SignIn != nil {
		w.intakeSignIn(cast{})
	} else {
		w.signIn()
		w.line("")
	}
	w.identities(w.whoami())
}

// signIn writes the sign-in and the sign-up of the description, or guesses.
func (w *writer) signIn() {
	in := pick(w.f.Routes, lr.SignIn)
	if in != nil && callOf(in).has("$password") {
		w.line("sign_in:")
		w.call(callOf(in))
		w.line("  # token: /access_token  # where the reply holds the token; found by itself in most applications")
	} else {
		w.line("sign_in:  # guessed: how a user gets a token")
		w.line("  request: POST /auth/login")
		w.line("  json: {email: $user, password: $password}")
	}
	w.signUp()
}

// signUp writes the sign-up of the description.
func (w *writer) signUp() {
	if up := pick(w.f.Routes, lr.SignUp); up != nil && callOf(up).has("$password") {
		w.line("sign_up:  # the audit makes spare users by it")
		w.call(callOf(up))
	}
}

// whoami writes the request that tells who the caller is, or returns a hint.
func (w *writer) whoami() string {
	if w.f.Intake != nil && w.f.Intake.WhoAmI != "" {
		w.line("whoami: %s", quote(w.f.Intake.WhoAmI))
		return ""
	}
	if rt := pick(w.f.Routes, lr.WhoAmI); rt != nil {
		w.line("whoami: GET %s", rt.Path)
		return ""
	}
	return "  # whoami: GET /me"
}

func (w *writer) identities(who string) {
	w.line("identities:%s", who)
	if len(w.f.Accounts) > 0 {
		for _, a := range w.f.Accounts {
			w.account(a)
		}
		w.line("  # A plain member beside the owner makes role checks possible:")
		w.line("  # acme_member: {user: member@acme.test, password: \"${env:ACME_MEMBER_PASSWORD}\"}")
		return
	}
	w.line("  acme_admin:    {user: admin@acme.test, password: \"${env:ACME_ADMIN_PASSWORD}\"}")
	w.line("  acme_member:   {user: member@acme.test, password: \"${env:ACME_MEMBER_PASSWORD}\"}")
	w.line("  globex_member: {user: member@globex.test, password: \"${env:GLOBEX_MEMBER_PASSWORD}\"}")
	w.line("  # A user that the audit may sign out, disable or delete:")
	w.line("  # acme_spare:  {user: spare@acme.test, password: \"${env:ACME_SPARE_PASSWORD}\", spare: true}")
}

func (w *writer) account(a Account) {
	w.line("  %s_owner: {user: %s, password: %s}", a.Tenant, quote(a.User), quote(w.f.credential(envWord(a.Tenant)+"_PASSWORD")))
}

func (w *writer) call(c Call) {
	w.line("  request: %s", c.Request)
	if len(c.Fields) == 0 {
		return
	}
	parts := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		parts[i] = quote(f.Name) + ": " + f.Value
	}
	body := "json"
	if c.Form {
		body = "form"
	}
	w.line("  %s: {%s}", body, strings.Join(parts, ", "))
}

// access states as public what a description itself leaves open.
func (w *writer) access() {
	var public, admin []string
	for _, rt := range w.f.Routes {
		switch {
		case rt.Kind == lr.Health && !rt.Secured:
			public = append(public, quote(rt.String()))
		case strings.Contains(rt.Path, "/admin/"):
			if p := rt.Path[:strings.Index(rt.Path, "/admin/")] + "/admin/**"; !contains(admin, quote(p)) {
				admin = append(admin, quote(p))
			}
		}
	}
	var shared []string
	if in := w.f.Intake; in != nil {
		public, admin, shared = rules(public, in.Public), rules(admin, in.Admin), rules(nil, in.Shared)
	}
	w.line("")
	w.line("# What is reachable on purpose; everything else must need a credential and stay in its tenant.")
	w.line("access:")
	w.line("  public: [%s]", strings.Join(public, ", "))
	w.line("  admin: [%s]", strings.Join(admin, ", "))
	w.line("  shared: [%s]  # the same for every tenant: \"GET /articles/{id}\"", strings.Join(shared, ", "))
}

func (w *writer) rest() {
	r := w.f.Repository
	w.line("")
	switch host := hostOf(w.f.Target); {
	case r.Domain != "":
		w.line("domain: {name: %s}  # from %s", quote(r.Domain), r.DomainFrom)
	case host != "":
		w.line("# domain: {name: %s}", quote(host))
	default:
		w.line("# domain: {name: example.com}")
	}
	// In a git work tree it goes without saying; files alone are no repository.
	if len(r.Frameworks)+len(r.Env) > 0 || r.Spec != "" {
		w.line("source: {repository: .}  # and what is shipped and logged: bundles: [web/dist], images: [image.tar], logs: [server.log], sessions: [session.har]")
	}
	if name := secretIn(r.Env); name != "" {
		w.line("# secrets: {%s: {kept: the vault, readers: [the server], rotated: 2026-01-31, value: \"${env:%s}\"}}  # looked for in all that is shipped and answered", name, name)
	}
	for _, name := range r.Env {
		if strings.Contains(strings.ToUpper(name), "DATABASE_URL") {
			w.line("# database: {url: \"${env:%s}\"}  # of a staging database", name)
			break
		}
	}
	w.line("# owners: {default: security@example.com}")
	w.line("budget: {requests: 20000, rate: 50/s, minutes: 15}")
	w.line("fail_on: high")
}

// secretIn is a variable that the secrets map should have.
func secretIn(names []string) string {
	for _, name := range names {
		up := strings.ToUpper(name)
		if !envForm.MatchString(name) || strings.Contains(up, "PUBLIC") || strings.Contains(up, "DATABASE_URL") {
			continue
		}
		if strings.Contains(up, "SECRET") || strings.Contains(up, "API_KEY") || strings.HasSuffix(up, "_TOKEN") {
			return name
		}
	}
	return ""
}

var envForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil || !hostForm.MatchString(u.Hostname()) {
		return ""
	}
	return u.Hostname()
}

// envWord is a name as environment variables are written.
func envWord(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(s))
}

// quote writes a text so that YAML reads it back as that text.
func quote(s string) string {
	plain := s != ""
	for i, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '/' && i > 0, c == '.' && i > 0:
		case c >= '0' && c <= '9' && i > 0, c == '-' && i > 0:
		default:
			plain = false
		}
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	return fmt.Sprintf("%q", s)
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quote(s)
	}
	return strings.Join(out, ", ")
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
