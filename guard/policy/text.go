package policy

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

const (
	fill    = " # FILL IN"
	hidden  = "Server, X-Powered-By, X-AspNet-Version, X-AspNetMvc-Version, X-Runtime, Via, X-Generator"
	scrubIt = "scrub_errors: true"
	// Names that many frameworks read a tenant by. The headers that proxies are known
	// to set are taken away already.
	tenantQueries = "tenant_id, tenant, tenantId, org_id, organization_id, workspace_id, account_id"
	tenantHeaders = "X-Workspace-ID, X-Company-ID"
)

// text writes the draft.
func (d *drafter) text(s Sketch) []byte {
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
	b.WriteString("preflight: true # a browser's OPTIONS carries no credential; the application answers it as before\n")
	if len(d.scrub)+len(d.hide) > 0 {
		b.WriteString("hygiene:\n")
		if len(d.scrub) > 0 {
			b.WriteString("  " + scrubIt + beside(d.scrub) + "\n")
		}
		if len(d.hide) > 0 {
			b.WriteString("  hide_headers: [" + hidden + "]" + beside(d.hide) + "\n")
		}
	}
	if len(d.input) > 0 {
		b.WriteString("input: {max_depth: 32}" + beside(d.input) + "\n")
	}
	if len(d.once) > 0 {
		b.WriteString("idempotency: {keep: 24h}" + beside(d.once) + "\n")
	}
	if len(d.limits) > 0 {
		b.WriteString("limits:\n")
		var names []string
		for n := range d.limits {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			fmt.Fprintf(&b, "  %s: %s\n", n, d.limits[n])
		}
	}
	b.WriteString("routes:\n")
	for _, l := range lines {
		b.WriteString(l)
	}
	return []byte(b.String())
}

// auth writes whose tokens count, with blanks for what is not known.
func (d *drafter) auth(b *strings.Builder, s Sketch) {
	guarded, admin := len(d.presented) > 0, false
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
	tenant := len(d.tenant) > 0 || d.limits["found_organisation_slots"] != ""
	b.WriteString("auth:\n")
	if own := a.Bearer; own != nil {
		b.WriteString("  bearer: # tokens that the application judges itself: findings of how it judges them are not stopped without secret\n  ")
		put("whoami", own.WhoAmI, "a path of the application that says who is signed in")
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
		fmt.Fprintf(b, "tenant: {path: [%s], query: [%s], header: [%s]}%s\n", quoted(d.tenantPath), tenantQueries, tenantHeaders, beside(d.tenant))
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

// needOf is the tail of an operation's line. A path that a finding wants closed
// is closed whatever else is asked of it.
func (d *drafter) needOf(e *entry, s Sketch) string {
	for _, o := range d.of {
		if o.blocked && shapeOf(o.path) == shapeOf(e.path) {
			return ", blocked: true"
		}
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
