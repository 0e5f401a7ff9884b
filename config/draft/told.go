package draft

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config/intake"
)

// FromFiles are the facts that other tools' files tell.
func FromFiles(in *intake.Intake) Facts {
	return Facts{Target: strings.TrimRight(in.Target, "/"), Spec: in.Spec, Repository: Repository{Product: in.Product}, Told: in}
}

// Secrets are the values behind the references that the drafted file makes to
// what Told holds, by name. They are in the file of Credentials, too.
func (f Facts) Secrets() map[string]lr.Secret {
	if f.Told == nil {
		return nil
	}
	w := &writer{f: f, secrets: map[string]lr.Secret{}}
	w.told()
	return w.secrets
}

// refer keeps a secret and gives the reference to it.
func (w *writer) refer(name string, value lr.Secret) string {
	base := envWord(name)
	for n := 2; ; n++ {
		old, taken := w.secrets[base]
		if !taken || old == value {
			break
		}
		base = fmt.Sprintf("%s_%d", envWord(name), n)
	}
	if w.secrets == nil {
		w.secrets = map[string]lr.Secret{}
	}
	w.secrets[base] = value
	if w.f.Refer != nil {
		return w.f.Refer(base)
	}
	return "file:" + CredentialsFile + "#" + base
}

// told writes tenants, sign-in, identities, access and objects as files tell them.
func (w *writer) told() {
	in := w.f.Told
	tenants := w.tenantsTold()
	w.line("")
	if len(tenants) < 2 {
		w.line("# One customer is not enough to see what customers may never see of each other: add a second.")
	}
	parts := make([]string, len(tenants))
	for i, t := range tenants {
		parts[i] = quote(t) + ": {}"
	}
	w.line("tenants: {%s}", strings.Join(parts, ", "))
	if s := in.SignIn; s != nil {
		w.line("")
		w.line("sign_in:")
		w.toldSignIn(s)
	}
	w.line("")
	if in.WhoAmI != "" {
		w.line("whoami: %s", quoteText(in.WhoAmI))
	}
	w.line("identities:")
	for i := range in.Identities {
		w.toldIdentity(&in.Identities[i])
	}
	w.line("")
	w.line("# What is reachable on purpose; everything else must need a credential and stay in its tenant.")
	w.line("access:")
	w.line("  public: %s", list(in.Public))
	w.line("  admin: %s", list(in.Admin))
	w.line("  shared: %s", list(in.Shared))
	w.toldObjects(in.Objects)
}

// unknownTenant is where users stand whose tenant no file tells. One tenant for
// all of them: to take two users of one customer for strangers would turn what
// they share into findings.
const unknownTenant = "recorded"

func (w *writer) tenantsTold() []string {
	var out []string
	for _, id := range w.f.Told.Identities {
		t := id.Tenant
		if t == "" {
			t = unknownTenant
		}
		if !contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (w *writer) toldSignIn(s *intake.SignIn) {
	if s.Basic {
		w.line("  basic: true")
		return
	}
	w.line("  request: %s", quoteText(s.Request))
	if o := s.OAuth2; o != nil {
		w.line("  oauth2: %s", w.flow(map[string]any{"grant": o.Grant, "client_id": o.ClientID, "client_secret": o.ClientSecret, "client": o.Client, "scope": o.Scope, "audience": o.Audience}, true))
	}
	if len(s.JSON) > 0 {
		w.line("  json: %s", w.flow(s.JSON, false))
	}
	for key, m := range map[string]map[string]string{"form": s.Form, "headers": s.Headers} {
		if len(m) == 0 {
			continue
		}
		tree := map[string]any{}
		for k, v := range m {
			tree[k] = v
		}
		w.line("  %s: %s", key, w.flow(tree, false))
	}
	if s.Token != "" {
		w.line("  token: %s", quoteText(s.Token))
	}
	if s.Send != "" {
		w.line("  send: %s", quoteText(s.Send))
	}
}

var secretMark = regexp.MustCompile(`\$\{secret:([^}]*)\}`)

// flow writes a value in the flow style of YAML, of which JSON is a part.
func (w *writer) flow(v map[string]any, sparse bool) string {
	parts := []string{}
	for _, k := range sorted(v) {
		if s, text := v[k].(string); sparse && text && s == "" {
			continue
		}
		parts = append(parts, quoteText(k)+": "+w.flowValue(v[k]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (w *writer) flowValue(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return w.flow(v, false)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = w.flowValue(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return quoteText(w.marked(v))
	}
	b, err := json.Marshal(v)
	if err != nil { // nothing of a decoded document
		return "null"
	}
	return string(b)
}

// marked replaces the marks of the intake's own secrets by references.
func (w *writer) marked(s string) string {
	return secretMark.ReplaceAllStringFunc(s, func(m string) string {
		name := secretMark.FindStringSubmatch(m)[1]
		ref := w.refer(name, w.f.Told.Secrets[name])
		if strings.HasPrefix(ref, "file:") && s != m {
			ref = "${" + ref + "}"
		}
		return ref
	})
}

// toldIdentity writes one user, with the credentials by reference.
func (w *writer) toldIdentity(id *intake.Identity) {
	tenant := id.Tenant
	if tenant == "" {
		tenant = unknownTenant
	}
	parts := []string{"tenant: " + quote(tenant)}
	add := func(key, value string) { parts = append(parts, key+": "+value) }
	if id.Role != "" {
		add("role", quoteText(id.Role))
	}
	if id.User != "" {
		add("user", quoteText(w.marked(id.User)))
	}
	for _, c := range []struct {
		key   string
		value lr.Secret
	}{{"password", id.Password}, {"token", id.Token}, {"cookie", id.Cookie}} {
		switch ref := id.References[c.key]; {
		case ref != "":
			add(c.key, quoteText(ref))
		case !c.value.IsZero():
			add(c.key, quoteText(w.refer(id.Name+"_"+c.key, c.value)))
		}
	}
	if id.Send != "" {
		add("send", quoteText(id.Send))
	}
	headers := map[string]any{}
	for _, name := range sorted(id.Headers) {
		v := id.Headers[name]
		headers[name] = v.Reveal()
		if secretHeader(name, v.Reveal()) {
			headers[name] = w.refer(id.Name+"_"+name, v)
		}
	}
	for field, ref := range id.References {
		if name, ok := strings.CutPrefix(field, "headers."); ok {
			headers[name] = ref
		}
	}
	if len(headers) > 0 {
		add("headers", w.flow(headers, false))
	}
	from := ""
	if id.TenantFrom != "" {
		from = "  # tenant: " + strings.Join(strings.Fields(id.TenantFrom), " ")
	}
	w.line("  %s: {%s}%s", quote(id.Name), strings.Join(parts, ", "), from)
}

var secretly = regexp.MustCompile(`(?i)auth|token|key|secret|session|cookie|csrf|xsrf|passw|credential|signature`)

// secretHeader reports a header field whose value is not to be written down:
// by its name, or because it is long and says nothing.
func secretHeader(name, value string) bool {
	return secretly.MatchString(name) || strings.ContainsAny(value, "$\r\n") || len(value) >= 16 && !strings.Contains(value, " ") && strings.ContainsAny(value, "0123456789") || len(value) > 64
}

func (w *writer) toldObjects(all []intake.Object) {
	if len(all) == 0 {
		return
	}
	w.line("")
	w.line("objects:")
	for _, o := range all {
		m := map[string]any{"create": o.Create, "id": o.ID, "read": o.Read}
		if len(o.Body) > 0 {
			m["body"] = o.Body
		}
		if len(o.IDs) > 0 {
			ids := map[string]any{}
			for t, id := range o.IDs {
				ids[t] = id
			}
			m["ids"] = ids
		}
		w.line("  %s: %s", quote(o.Name), w.flow(m, true))
	}
}

// quoteText writes a text of any kind as a double-quoted one where it must be.
func quoteText(s string) string {
	if q := quote(s); q == s {
		return s
	}
	b, err := json.Marshal(s) // YAML reads what JSON writes
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	return string(b)
}

func list(items []string) string {
	parts := make([]string, len(items))
	for i, s := range items {
		parts[i] = quoteText(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
