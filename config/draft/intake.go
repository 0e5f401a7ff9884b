package draft

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config/intake"
	"github.com/launchready/launchready/surface"
)

// FromIntake puts what other tools' files tell into the facts. What is known
// already, from the running application or by a flag, stays.
func FromIntake(in *intake.Intake, f *Facts) {
	f.Intake = in
	if f.Target == "" {
		f.Target = in.Target
	}
	if f.Spec == "" {
		f.Spec = in.Spec
	}
	if f.Repository.Product == "" && intake.Safe(in.Product) {
		f.Repository.Product = in.Product
	}
	if len(f.Routes) > 0 || len(in.Routes) == 0 || f.spec() != "" {
		return
	}
	if s, err := surface.RouteList([]byte(strings.Join(in.Routes, "\n")), surface.Source{}); err == nil {
		f.Routes = s.Routes
	}
}

// spec is where the description is, "" when nobody told.
func (f Facts) spec() string {
	if f.Spec != "" {
		return f.Spec
	}
	return f.Repository.Spec
}

// drafted is an identity as the file has it.
type drafted struct {
	*intake.Identity
	key, tenant string
	secrets     map[string]string // field => name in the credentials file
}

// cast is everybody that the intake knows, with names that are fit for keys.
type cast struct {
	identities []drafted
	tenants    []string
	guessed    bool // nothing told of tenants, so all are one
	taken      map[string]bool
	secrets    map[string]lr.Secret // by name in the credentials file
}

// onlyTenant is where everybody belongs when nothing tells of tenants: one tenant
// accuses nobody, two wrong ones would.
const onlyTenant = "tenant_a"

func (f Facts) cast() cast {
	c := cast{taken: map[string]bool{}, secrets: map[string]lr.Secret{}}
	for _, a := range f.Accounts {
		c.tenant(a.Tenant)
		c.taken[a.Tenant+"_owner"] = true
		c.secrets[envWord(a.Tenant)+"_PASSWORD"] = a.Password
	}
	if f.Intake == nil {
		return c
	}
	for _, name := range sorted(f.Intake.Secrets) {
		c.secrets[name] = f.Intake.Secrets[name]
	}
	known := false
	for i := range f.Intake.Identities {
		known = known || f.Intake.Identities[i].Tenant != ""
	}
	for i := range f.Intake.Identities {
		id := &f.Intake.Identities[i]
		if !id.Means() {
			continue
		}
		d := drafted{Identity: id, key: c.unique(fit(id.Name, "user")), tenant: fit(id.Tenant, ""), secrets: map[string]string{}}
		if !known {
			d.tenant, c.guessed = onlyTenant, true
		}
		if d.tenant != "" {
			c.tenant(d.tenant)
		}
		for field, secret := range secretsOf(id) {
			name := envWord(d.key) + "_" + envWord(strings.TrimPrefix(field, "headers."))
			for base, n := name, 2; ; n++ {
				if _, taken := c.secrets[name]; !taken {
					break
				}
				name = fmt.Sprintf("%s_%d", base, n)
			}
			c.secrets[name], d.secrets[field] = secret, name
		}
		c.identities = append(c.identities, d)
	}
	return c
}

// secretsOf are the secrets of an identity that a file held, by field. A header
// that only names the tenant is none.
func secretsOf(id *intake.Identity) map[string]lr.Secret {
	out := map[string]lr.Secret{}
	for field, s := range map[string]lr.Secret{"password": id.Password, "token": id.Token, "cookie": id.Cookie} {
		if !s.IsZero() && id.References[field] == "" {
			out[field] = s
		}
	}
	for name, s := range id.Headers {
		if !s.IsZero() && id.References["headers."+name] == "" && s.Reveal() != id.Tenant {
			out["headers."+name] = s
		}
	}
	return out
}

func (c *cast) tenant(name string) {
	if !contains(c.tenants, name) {
		c.tenants = append(c.tenants, name)
	}
}

func (c *cast) unique(name string) string {
	for base, n := name, 2; c.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	c.taken[name] = true
	return name
}

// fit makes a key of a name.
func fit(name, otherwise string) string {
	s := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, name), "_-")
	if len(s) > 60 {
		s = strings.Trim(s[:60], "_-")
	}
	if s == "" && name != "" && otherwise == "" {
		return "tenant"
	}
	if s == "" {
		return otherwise
	}
	return s
}

func (f Facts) credential(name string) string {
	if f.Refer != nil {
		return f.Refer(name)
	}
	return "file:" + CredentialsFile + "#" + name
}

// Secrets are the values behind the references of the file, by name.
func (f Facts) Secrets() map[string]lr.Secret { return f.cast().secrets }

// lines of the credentials file. A value in quotes keeps its spaces.
func (c cast) lines() string {
	var b strings.Builder
	for _, name := range sorted(c.secrets) {
		v := c.secrets[name].Reveal()
		if strings.ContainsAny(v, "\r\n") {
			continue // no header and no form can carry it; the reader has warned
		}
		if v != strings.Trim(v, " \t\"'") {
			v = `"` + v + `"`
		}
		fmt.Fprintf(&b, "%s=%s\n", name, v)
	}
	return b.String()
}

// intakePeople writes tenants, sign-in and identities of the intake.
func (w *writer) intakePeople(c cast, who string) {
	switch {
	case c.guessed:
		w.line("# guessed: the files do not say who belongs to which customer. Isolation is tested between")
		w.line("# two: name the second here, and give its users their tenant below.")
	case len(c.tenants) > 1:
		w.line("# Customers of yours: what one may never see of the other.")
	default:
		w.line("# A second customer with a user of its own makes isolation testable.")
	}
	parts := make([]string, len(c.tenants))
	for i, t := range c.tenants {
		parts[i] = quote(t) + ": {}"
	}
	w.line("tenants: {%s}", strings.Join(parts, ", "))
	w.line("")
	w.intakeSignIn(c)
	w.line("identities:%s", who)
	for _, a := range w.f.Accounts {
		w.account(a)
	}
	for _, d := range c.identities {
		w.identity(d)
	}
}

func (w *writer) identity(d drafted) {
	var parts []string
	add := func(key, value string) { parts = append(parts, key+": "+value) }
	if d.tenant != "" {
		add("tenant", quote(d.tenant))
	}
	if d.Role != "" && intake.Safe(d.Role) {
		add("role", quote(strings.ToLower(d.Role)))
	}
	if d.User != "" && intake.Safe(envReference.ReplaceAllString(d.User, "")) {
		add("user", quote(d.User))
	}
	for _, field := range []string{"password", "token", "cookie"} {
		switch {
		case d.References[field] != "":
			add(field, quote(d.References[field]))
		case d.secrets[field] != "":
			add(field, quote(w.f.credential(d.secrets[field])))
		}
	}
	if d.Send != "" {
		add("send", quote(d.Send))
	}
	var headers []string
	for _, name := range sorted(d.Headers) {
		value := d.Headers[name].Reveal() // the tenant's name, unless it is in secrets
		if s := d.secrets["headers."+name]; s != "" {
			value = w.f.credential(s)
		}
		headers = append(headers, quote(name)+": "+quote(value))
	}
	for _, field := range sorted(d.References) {
		if name, ok := strings.CutPrefix(field, "headers."); ok {
			headers = append(headers, quote(name)+": "+quote(d.References[field]))
		}
	}
	if len(headers) > 0 {
		add("headers", "{"+strings.Join(headers, ", ")+"}")
	}
	note := ""
	if d.TenantFrom != "" && d.tenant != "" {
		note = "  # tenant by " + d.TenantFrom
	}
	if d.tenant == "" {
		w.line("  # Nothing says to which tenant it belongs; add tenant: and take the # away:")
		w.line("  # %s: {%s}", d.key, strings.Join(parts, ", "))
		return
	}
	w.line("  %s: {%s}%s", d.key, strings.Join(parts, ", "), note)
}

var (
	envReference    = regexp.MustCompile(`\$\{env:[A-Za-z_][A-Za-z0-9_]*\}`)
	secretReference = regexp.MustCompile(`\$\{secret:([A-Za-z0-9_]+)\}`)
)

// located writes the secrets of a text as references to the credentials file.
func located(s string) string {
	return secretReference.ReplaceAllString(s, "$${file:"+CredentialsFile+"#$1}")
}

// intakeSignIn writes the sign-in of the files, that of the description where they
// have none, and a guess where somebody needs one.
func (w *writer) intakeSignIn(c cast) {
	s := w.f.Intake.SignIn
	password := len(w.f.Accounts) > 0
	for _, d := range c.identities {
		password = password || !d.Password.IsZero() || d.References["password"] != ""
	}
	if s == nil {
		if in := pick(w.f.Routes, lr.SignIn); in != nil && callOf(in).has("$password") || password {
			w.signIn()
			w.line("")
		}
		return
	}
	defer w.line("")
	defer w.signUp()
	w.line("sign_in:")
	if s.Basic {
		w.line("  basic: true  # user and password go with every request")
		return
	}
	w.line("  request: %s", quote(s.Request))
	if o := s.OAuth2; o != nil {
		parts := []string{"grant: " + quote(o.Grant)}
		for _, p := range []struct{ key, value string }{{"client_id", o.ClientID}, {"client_secret", located(o.ClientSecret)}, {"client", o.Client}, {"scope", o.Scope}, {"audience", o.Audience}} {
			if p.value != "" {
				parts = append(parts, p.key+": "+quote(p.value))
			}
		}
		w.line("  oauth2: {%s}", strings.Join(parts, ", "))
	}
	if s.JSON != nil {
		w.line("  json: %s", flow(s.JSON))
	}
	w.texts("form", s.Form)
	w.texts("headers", s.Headers)
	if s.Token != "" {
		w.line("  token: %s", quote(s.Token))
	}
	if s.Send != "" {
		w.line("  send: %s", quote(s.Send))
	}
}

func (w *writer) texts(key string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	parts := make([]string, 0, len(m))
	for _, k := range sorted(m) {
		parts = append(parts, quote(k)+": "+quote(located(m[k])))
	}
	w.line("  %s: {%s}", key, strings.Join(parts, ", "))
}

// flow writes a tree on one line.
func flow(v any) string {
	switch v := v.(type) {
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range sorted(v) {
			parts = append(parts, quote(k)+": "+flow(v[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = flow(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		if v == "$user" || v == "$password" || v == "$tenant" {
			return v
		}
		return quote(located(v))
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// objects writes what the files know of existing objects.
func (w *writer) objects() {
	if w.f.Intake == nil || len(w.f.Intake.Objects) == 0 {
		return
	}
	c := w.f.cast()
	var lines []string
	for _, o := range w.f.Intake.Objects {
		var parts, ids []string
		for _, t := range sorted(o.IDs) {
			if key := fit(t, ""); contains(c.tenants, key) && intake.Safe(o.IDs[t]) {
				ids = append(ids, quote(key)+": "+fmt.Sprintf("%q", o.IDs[t]))
			}
		}
		if o.Create != "" && intake.Safe(o.Create) {
			parts = append(parts, "create: "+quote(o.Create))
			if o.Body != nil {
				parts = append(parts, "body: "+flow(o.Body))
			}
			if o.ID != "" {
				parts = append(parts, "id: "+quote(o.ID))
			}
		}
		if o.Read != "" && intake.Safe(o.Read) {
			parts = append(parts, "read: "+quote(o.Read))
		}
		if len(ids) > 0 {
			parts = append(parts, "ids: {"+strings.Join(ids, ", ")+"}")
		}
		if len(ids) > 0 || o.Create != "" {
			lines = append(lines, fmt.Sprintf("  %s: {%s}", fit(o.Name, "object"), strings.Join(parts, ", ")))
		}
	}
	if len(lines) == 0 {
		return
	}
	w.line("")
	w.line("# Objects that exist; more are made where the API's description says how.")
	w.line("objects:")
	for _, l := range lines {
		w.line("%s", l)
	}
}

// rules joins patterns of the intake to those that were found.
func rules(have, more []string) []string {
	for _, p := range more {
		_, path, ok := strings.Cut(p, " ")
		if !ok {
			path = p
		}
		if q := quote(p); strings.HasPrefix(path, "/") && intake.Safe(p) && !contains(have, q) {
			have = append(have, q)
		}
	}
	return have
}

// Variables are the environment variables that the file refers to.
func (f Facts) Variables() []string {
	seen := map[string]bool{}
	text := string(f.YAML())
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, m := range envReference.FindAllString(line, -1) {
			seen[strings.TrimSuffix(strings.TrimPrefix(m, "${env:"), "}")] = true
		}
	}
	return sorted(seen)
}

// Missing says what a full audit needs beside what is known.
func (f Facts) Missing() []string {
	var out []string
	c := f.cast()
	if f.Target == "" {
		out = append(out, "the address of the running application: target.url is a guess")
	}
	switch {
	case f.spec() != "":
	case f.Intake != nil && len(f.Intake.Routes) > 0:
		out = append(out, fmt.Sprintf("the API's description: only the %d routes that the files show are known; with --target the application is asked for it", len(f.Intake.Routes)))
	default:
		out = append(out, "the API's description (target.spec); with --target the application is asked for it")
	}
	var open, fading, weak []string
	perTenant := map[string]int{}
	high, low := map[string]bool{}, map[string]bool{}
	for _, a := range f.Accounts {
		perTenant[a.Tenant]++
		high[a.Tenant] = true
	}
	for _, d := range c.identities {
		switch {
		case d.tenant == "" || c.guessed:
			open = append(open, d.key)
		case d.TenantFrom != "":
			weak = append(weak, d.key)
		}
		if d.Password.IsZero() && d.References["password"] == "" {
			fading = append(fading, d.key)
		}
		if d.tenant != "" {
			perTenant[d.tenant]++
			if lr.PrivilegedRole(d.Role) {
				high[d.tenant] = true
			} else {
				low[d.tenant] = true
			}
		}
	}
	if len(open) > 0 {
		out = append(out, "the tenant of "+listed(open)+": the files do not say it")
	}
	if len(perTenant) < 2 {
		out = append(out, "a user of a second tenant: without one, tenant isolation cannot be tested")
	}
	pair := false
	for t := range high {
		pair = pair || low[t]
	}
	if !pair {
		out = append(out, "an administrator and a plain member in one tenant: checks of roles need both")
	}
	if len(fading) > 0 {
		out = append(out, "a password and a sign-in for "+listed(fading)+", or a fresh token before each run: tokens and cookies die")
	}
	if len(weak) > 0 {
		out = append(out, "a look at the tenant of "+listed(weak)+": it was inferred")
	}
	return out
}

func listed(names []string) string {
	sort.Strings(names)
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:4], ", "), len(names)-4)
	}
	return strings.Join(names, ", ")
}
