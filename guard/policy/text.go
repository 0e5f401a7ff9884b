package policy

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/net/http/httpguts"

	"github.com/launchready/launchready/guard/input"
)

const (
	fill    = " # FILL IN"
	hidden  = "Server, X-Powered-By, X-AspNet-Version, X-AspNetMvc-Version, X-Runtime, Via, X-Generator"
	scrubIt = "scrub_errors: true"
	// Names that many frameworks read a tenant by. The headers that proxies are known
	// to set are taken away already.
	tenantQueries = "tenant_id, tenant, tenantId, org_id, organization_id, workspace_id, account_id"
	tenantHeaders = "X-Workspace-ID, X-Company-ID"
	tenantBodies  = "tenant, tenant_id, tenantId, org_id, organization_id, workspace_id, account_id"
)

// text writes the draft; filled has something in the place of each blank.
func (d *drafter) text(s Sketch, filled bool) []byte {
	var b strings.Builder
	comment := func(lead string, lines []string) {
		if len(lines) == 0 {
			return
		}
		b.WriteString("# " + lead + "\n")
		for _, l := range lines {
			b.WriteString("#   " + l + "\n")
		}
	}
	b.WriteString("# Drafted by launchready guard init from a report. What no route names is denied: add what the audit did not see,\n" +
		"# as pages and their assets. To pass it on as before: - {path: \"/**\", public: true} and unsafe: [\"public everything /**\"].\n")
	comment("Stopped for the whole application:", d.always)
	comment("Not stopped by this policy:", d.open)
	comment("Left out:", d.gap)
	fmt.Fprintf(&b, "version: 1\nlisten: %q\nupstream: %q\n", s.Listen, s.Upstream)
	lines := d.lines(s)
	d.auth(&b, s)
	d.crossing(&b, filled)
	d.hygiene(&b)
	d.bodies(&b, s, filled)
	if len(d.once) > 0 {
		b.WriteString("idempotency: {keep: 24h}" + beside(d.once) + "\n")
	}
	if len(d.limits) > 0 {
		b.WriteString("limits:\n")
		for _, n := range slices.Sorted(maps.Keys(d.limits)) {
			fmt.Fprintf(&b, "  %s: %s\n", n, d.limits[n])
		}
	}
	d.objects(&b, s)
	d.listener(&b)
	b.WriteString("routes:\n")
	for _, l := range lines {
		b.WriteString(l)
	}
	return []byte(b.String())
}

// crossing writes which pages of other origins read answers. Without it their
// questions go to the application as before.
func (d *drafter) crossing(b *strings.Builder, filled bool) {
	if len(d.cors) == 0 {
		b.WriteString("preflight: true # a browser's OPTIONS carries no credential; the application answers it as before\n")
		return
	}
	b.WriteString("cors:" + beside(d.cors) + "\n")
	switch origins := d.origins(); {
	case len(origins) > 0:
		fmt.Fprintf(b, "  origins: [%s] # that the audit saw answered as your own: take out what is none of yours\n", quoted(origins))
	case filled:
		b.WriteString("  origins: []\n")
	default:
		b.WriteString("  origins: [\"\"]" + fill + ": the origins of your front ends, as https://app.acme.test; [] for none\n")
	}
	var used []string
	for _, e := range d.of {
		used = adding(used, e.method)
	}
	slices.Sort(used)
	fields := append([]string{"Authorization", "Content-Type", "X-Requested-With"}, d.headers...)
	if len(d.once) > 0 {
		fields = append(fields, "Idempotency-Key")
	}
	fmt.Fprintf(b, "  credentials: %t\n  methods: [%s]\n  headers: [%s]\n", d.front == nil || d.front.Credentials, strings.Join(used, ", "), quoted(fields))
	if d.front != nil && len(d.front.Expose) > 0 {
		fmt.Fprintf(b, "  expose: [%s]\n", quoted(fieldNames(d.front.Expose)))
	}
}

func fieldNames(all []string) (out []string) {
	for _, n := range all {
		if httpguts.ValidHeaderFieldName(n) && n != "*" {
			out = append(out, n)
		}
	}
	return out
}

// hygiene writes what answers are cleaned of.
func (d *drafter) hygiene(b *strings.Builder) {
	if len(d.scrub)+len(d.hide)+len(d.noStore) == 0 {
		return
	}
	b.WriteString("hygiene:\n")
	if len(d.scrub) > 0 {
		b.WriteString("  " + scrubIt + beside(d.scrub) + "\n")
	}
	if len(d.hide) > 0 {
		b.WriteString("  hide_headers: [" + hidden + "]" + beside(d.hide) + "\n")
	}
	if len(d.noStore) > 0 {
		b.WriteString("  no_store: true" + beside(d.noStore) + "\n")
	}
	if len(d.fresh) > 0 {
		b.WriteString("  ask_fresh: true # caches behind guard are asked past, for callers who signed in\n")
	}
}

// bodies writes what requests may hold.
func (d *drafter) bodies(b *strings.Builder, s Sketch, filled bool) {
	described := len(d.described) > 0 && d.spec != ""
	switch {
	case len(d.uploads)+len(d.controls)+len(d.climbing)+len(d.graph) == 0 && !described:
		if len(d.input) > 0 {
			b.WriteString("input: {max_depth: 32}" + beside(d.input) + "\n")
		}
	default:
		b.WriteString("input:" + beside(slices.Concat(d.input, d.described)) + "\n  max_depth: 32\n")
		if len(d.controls) > 0 {
			b.WriteString("  controls: refuse" + beside(d.controls) + "\n")
		}
		if len(d.climbing) > 0 {
			b.WriteString("  climbing: refuse" + beside(d.climbing) + "\n")
		}
		if len(d.graph) > 0 {
			var paths []string
			for _, e := range d.graph {
				paths = adding(paths, d.line(e, s))
			}
			b.WriteString("  graphql: {paths: [" + quoted(paths) + "], operations: 10, aliases: 20, depth: 16, fields: 1000}\n")
		}
		if described {
			b.WriteString(d.openapi(filled) + "\n")
		}
	}
	if len(d.uploads) > 0 {
		size := ""
		for _, x := range d.routes {
			if x.MaxFile > 0 && x.MaxFile <= 100<<20 {
				size = fmt.Sprintf("max_size: %d, max_files: %d, ", x.MaxFile, max(1, min(10, 200<<20/x.MaxFile)))
			}
		}
		b.WriteString("uploads: {" + size + "kinds: [" + strings.Join(input.DefaultKinds(), ", ") + "]}" + beside(d.uploads) + "\n")
	}
}

// objects writes whose objects are asked for.
func (d *drafter) objects(b *strings.Builder, s Sketch) {
	lines, unsafe := d.rules(s)
	if len(lines) == 0 {
		return
	}
	b.WriteString("# What was there before guard is nobody's until a list that is marked proven shows it to its owner, or until it is\n" +
		"# imported: launchready guard own import owners.csv, with the columns kind, id and tenant. Kinds: " + strings.Join(slices.Sorted(maps.Keys(d.kinds)), ", ") + "\n")
	b.WriteString("ownership:" + beside(slices.Concat(d.objectsFound, d.talk)) + "\n  store: owners.db\n  routes:\n")
	for _, l := range lines {
		b.WriteString(l)
	}
	if len(unsafe) > 0 {
		b.WriteString("unsafe: # lists that the audit asked as another tenant, and that showed it nothing: they teach whose their items are\n")
		for _, u := range unsafe {
			fmt.Fprintf(b, "  - %q\n", u)
		}
	}
}

// listener writes what is known of the section in front of the model provider.
func (d *drafter) listener(b *strings.Builder) {
	if m := d.s.Model; m != nil {
		d.bounded(b, m)
		return
	}
	if len(d.model) == 0 {
		return
	}
	breaker := ""
	if d.breaks {
		breaker = "#   breaker: {failures: 3}\n"
	}
	b.WriteString("# In front of the model provider: fill in, take the marks away, and give the application this address and its key.\n" +
		"# model:" + beside(d.model) + "\n" +
		"#   listen: 127.0.0.1:8081\n" +
		"#   providers: {openai: {url: \"https://api.openai.com\", key: \"${env:OPENAI_API_KEY}\"}} # or anthropic\n" +
		"#   keys: [{name: app, sha256: \"\", tenant: \"\"}] # openssl rand -hex 32 | tee virtual.key | tr -d '\\n' | sha256sum\n" +
		"#   models: [] # that may be asked\n" +
		"#   tools: [] # that the model may be offered\n" +
		"#   max_tokens: 1024\n" + breaker)
}

// bounded writes the section that whoever runs the application gave, with what bounds
// the model where it does not say so itself.
func (d *drafter) bounded(b *strings.Builder, m *Model) {
	text, err := yaml.MarshalWithOptions(struct {
		Model *Model `yaml:"model"`
	}{m.drafted(d.breaks)}, yaml.IndentSequence(true))
	if err != nil { // Draft reads what it wrote, and tells
		text = []byte("model: " + err.Error())
	}
	b.WriteString("# In front of the model provider: have the application ask its model there." + strings.TrimPrefix(beside(d.model), " #") + "\n")
	b.Write(text)
	if m.Spend != nil {
		b.WriteString("state: {ledger: \"sqlite:guard.db\"} # where what the model costs is written down, of one process: ${env:NAME} of a Postgres for several\n")
	}
}

// auth writes whose tokens count, with blanks for what is not known.
func (d *drafter) auth(b *strings.Builder, s Sketch) {
	guarded, admin := len(d.presented) > 0, false
	body := ""
	if len(d.tenantBody) > 0 {
		body = fmt.Sprintf(", body: [%s], body_of: [%s]", tenantBodies, quoted(d.tenantBody))
	}
	for _, e := range d.of {
		guarded = guarded || !e.public && !e.blocked
		admin = admin || e.admin
	}
	if !guarded {
		return
	}
	a := Auth{}
	if s.Auth != nil {
		a = *s.Auth
	}
	put := func(key, value, what string) {
		note := ""
		if value == "" {
			note = fill + ": " + what
		}
		fmt.Fprintf(b, "  %s: %q%s\n", key, value, note)
	}
	tenant := len(d.tenant)+len(d.kinds)+len(d.talk) > 0
	for _, says := range d.limits {
		tenant = tenant || strings.HasPrefix(says, perOrganisation)
	}
	b.WriteString("auth:\n")
	if own := a.Bearer; own != nil {
		b.WriteString("  bearer: # tokens that the application judges itself: findings of how it judges them are not stopped without secret\n  ")
		put("whoami", own.WhoAmI, "a path of the application that says who is signed in")
		if by := cmp.Or(own.Method, d.askedBy(own.WhoAmI)); by != "" && by != http.MethodGet {
			b.WriteString("  ")
			put("method", by, "")
		}
		b.WriteString("  ")
		put("subject", own.Subject, "the member of its answer that names the user, as user.id")
		if own.Tenant != "" || tenant {
			b.WriteString("  ")
			put("tenant", own.Tenant, "the member that names the tenant")
		}
		if own.Roles != "" || admin {
			b.WriteString("  ")
			put("roles", own.Roles, "the member that names the roles, or is true for administrators")
		}
	} else {
		put("issuer", a.Issuer, "who issues the tokens, their claim iss")
		put("audience", a.Audience, "whom the tokens are for, their claim aud")
		put("jwks", a.JWKS, "where the keys are that sign them")
		if a.TenantClaim != "" || tenant {
			put("tenant_claim", a.TenantClaim, "the claim that names the tenant")
		}
		if admin || a.RolesClaim != "" {
			put("roles_claim", a.RolesClaim, "the claim that names the roles")
		}
	}
	if len(d.presented) > 0 {
		b.WriteString("  verify_presented: true" + beside(d.presented) + "\n")
	}
	if len(d.tenant) > 0 {
		fmt.Fprintf(b, "tenant: {path: [%s], query: [%s], header: [%s]%s}%s\n", quoted(d.tenantPath), tenantQueries, tenantHeaders, body, beside(d.tenant))
	}
	if len(d.headers)+len(d.cookies) > 0 {
		fmt.Fprintf(b, "own: {headers: [%s], cookies: [%s]} # credentials that the application judges itself\n", quoted(d.headers), quoted(d.cookies))
	}
}

// lines are the routes: operations of one path that need the same, on one line.
func (d *drafter) lines(s Sketch) []string {
	var out []string
	done := map[string]bool{}
	for _, key := range d.order {
		e := d.of[key]
		need := d.needOf(e, s)
		shape := shapeOf(e.path)
		if done[shape+need] {
			continue
		}
		done[shape+need] = true
		var ms, why []string
		for _, k := range d.order {
			if o := d.of[k]; shapeOf(o.path) == shape && d.needOf(o, s) == need {
				ms = append(ms, o.method)
				for _, w := range o.why {
					why = adding(why, w)
				}
			}
		}
		if e.admin && s.AdminRole == "" && !strings.Contains(need, "blocked") {
			why = append([]string{"FILL IN: the role of administrators"}, why...)
		}
		at := ""
		if need != ", blocked: true" { // what is closed is closed to every method
			at = ", methods: [" + strings.Join(ms, ", ") + "]"
		}
		out = append(out, fmt.Sprintf("  - {path: %q%s%s}%s\n", e.path, at, need, beside(why)))
	}
	return out
}

// line is the path by which an operation's line names it.
func (d *drafter) line(e *entry, s Sketch) string {
	need, shape := d.needOf(e, s), shapeOf(e.path)
	for _, key := range d.order {
		if o := d.of[key]; shapeOf(o.path) == shape && d.needOf(o, s) == need {
			return o.path
		}
	}
	return e.path
}

func (d *drafter) closed(e *entry) bool {
	for _, o := range d.of {
		if o.blocked && shapeOf(o.path) == shapeOf(e.path) {
			return true
		}
	}
	return false
}

// needOf is the tail of an operation's line. A path that a finding wants closed
// is closed whatever else is asked of it.
func (d *drafter) needOf(e *entry, s Sketch) string {
	if d.closed(e) {
		return ", blocked: true"
	}
	out := ""
	switch {
	case e.public:
		out = ", public: true"
	case e.own:
		out = ", own_credentials: true"
	}
	if e.essential && e.public {
		out += ", essential: true"
	}
	if e.admin {
		out += fmt.Sprintf(", admin: true, roles: [%q]", s.AdminRole)
	}
	if len(e.limits) > 0 {
		limits := slices.Clone(e.limits)
		slices.Sort(limits)
		out += ", limits: [" + strings.Join(limits, ", ") + "]"
	}
	return out
}

// beside is the comment of a line. Findings of one check are told by the first of
// them and how many there are more.
func beside(why []string) string {
	var order []string
	first, more := map[string]string{}, map[string]int{}
	for _, w := range why {
		id, check, ok := strings.Cut(w, " ")
		if !ok || !strings.HasPrefix(id, "lr-") {
			check = w
		}
		if _, told := first[check]; told {
			more[check]++
			continue
		}
		first[check] = w
		order = append(order, check)
	}
	out := ""
	for i, check := range order {
		lead := "; "
		if i == 0 {
			lead = " # "
		}
		out += lead + first[check]
		if n := more[check]; n > 0 {
			out += fmt.Sprintf(" and %d more", n)
		}
	}
	return out
}

func quoted(all []string) string {
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}
