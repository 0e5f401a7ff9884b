package policy

import (
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
)

// Sketch is what a draft needs beside a report.
type Sketch struct {
	Listen, Upstream string
	Auth             *Auth  // nil: no stanza can ask for a credential
	AdminRole        string // the role that routes for administrators want; "": none is known
}

// Directives are those that Draft applies; the others it lists in comments.
func Directives() []string {
	return []string{"authenticate", "block_paths", "canonical_path", "hide_headers", "limits", "roles", "scrub_errors", "strip_headers"}
}

// stanza is what the findings ask of one operation.
type stanza struct {
	method, path               string
	auth, admin, limit, blocks bool
	why                        []string
}

// Draft writes a policy that passes everything on as before, but for what the
// report found and this build can stop. What it cannot stop stands in comments.
func Draft(r *lr.Report, s Sketch) ([]byte, error) {
	d := &drafter{s: s, of: map[string]*stanza{}}
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.Guard != "" && f.Confidence == lr.Confirmed {
					d.take(c.ID, f)
				}
			}
		}
	}
	text := d.text()
	if _, err := Parse("the draft", text); err != nil {
		return nil, fmt.Errorf("draft a policy: %w", err)
	}
	return text, nil
}

type drafter struct {
	s                  Sketch
	of                 map[string]*stanza
	order              []string
	scrub, hide, limit bool
	presented          bool
	always, open       []string
}

func (d *drafter) take(check string, f lr.Finding) {
	line := oneLine(check + " " + f.Subject)
	method, path, ok := strings.Cut(f.Subject, " ")
	path, _, _ = strings.Cut(path, " ")
	ok = ok && slices.Contains(methods, method) && strings.HasPrefix(path, "/")
	if ok { // a path that no route can say is an operation all the same
		_, err := guard.NewTable([]*guard.Route{{Pattern: path}})
		ok = err == nil
	}
	not := func(why string) { d.open = append(d.open, line+" ("+f.Guard+"): "+why) }
	at := func() *stanza {
		key := method + " " + path
		if d.of[key] == nil {
			d.of[key] = &stanza{method: method, path: path}
			d.order = append(d.order, key)
		}
		d.of[key].why = append(d.of[key].why, line)
		return d.of[key]
	}
	switch f.Guard {
	case "scrub_errors":
		d.scrub = true
		d.always = append(d.always, line+": scrub_errors")
	case "hide_headers":
		d.hide = true
		d.always = append(d.always, line+": hide_headers")
	case "canonical_path", "strip_headers":
		d.always = append(d.always, line+": "+f.Guard+" is always on")
	case "block_paths":
		if !ok {
			not("the finding names no operation that a route can say")
			return
		}
		at().blocks = true
	case "authenticate":
		switch {
		case d.s.Auth == nil:
			not("say --issuer, --audience and --jwks")
		case f.Subject == "application":
			d.presented = true
			d.always = append(d.always, line+": verify_presented")
		case !ok:
			not("the finding names no operation that a route can say")
		default:
			at().auth = true
		}
	case "roles":
		switch {
		case !ok:
			not("the finding names no operation that a route can say")
		case d.s.Auth == nil || d.s.Auth.RolesClaim == "" || d.s.AdminRole == "":
			not("say --issuer, --audience, --jwks, --roles-claim and --admin-role")
		default:
			at().admin = true
		}
	case "limits":
		if !ok {
			not("the finding names no operation that a route can say")
			return
		}
		d.limit = true
		at().limit = true
	default:
		not("not in this build")
	}
}

func (d *drafter) text() []byte {
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
	b.WriteString("# Drafted by launchready guard init from a report. What no stanza names is passed on as before.\n")
	comment("Stopped for the whole application:", d.always)
	comment("Not stopped by this policy:", d.open)
	fmt.Fprintf(&b, "version: 1\nlisten: %q\nupstream: %q\n", d.s.Listen, d.s.Upstream)
	if a := d.s.Auth; a != nil {
		fmt.Fprintf(&b, "auth: {issuer: %q, audience: %q, jwks: %q, tenant_claim: %q, roles_claim: %q, verify_presented: %t}\n", a.Issuer, a.Audience, a.JWKS, a.TenantClaim, a.RolesClaim, d.presented)
	}
	if d.scrub || d.hide {
		fmt.Fprintf(&b, "hygiene: {scrub_errors: %t, hide_headers: [%s]}\n", d.scrub, map[bool]string{true: "Server, X-Powered-By, X-AspNet-Version, X-AspNetMvc-Version, X-Runtime, Via, X-Generator"}[d.hide])
	}
	if d.limit {
		b.WriteString("limits:\n  found: {per: ip, requests: 30, window: 1m, burst: 10}\n")
	}
	b.WriteString("routes:\n")
	listed := map[string]bool{}
	for _, key := range d.order {
		s := d.of[key]
		fmt.Fprintf(&b, "  # %s\n", strings.Join(s.why, ", "))
		if d.blocked(s.path) { // whatever else is asked of it, and by any method
			if !listed[s.path] {
				listed[s.path] = true
				fmt.Fprintf(&b, "  - {path: %q, blocked: true}\n", s.path)
			}
			continue
		}
		fmt.Fprintf(&b, "  - {path: %q, methods: [%s], public: %t", s.path, s.method, !s.auth && !s.admin)
		if s.admin {
			fmt.Fprintf(&b, ", admin: true, roles: [%q]", d.s.AdminRole)
		}
		if s.limit {
			b.WriteString(", limits: [found]")
		}
		b.WriteString("}\n")
		if !listed[s.path] {
			listed[s.path] = true
			fmt.Fprintf(&b, "  - {path: %q, public: true} # its other methods\n", s.path)
		}
	}
	b.WriteString("  - {path: \"/**\", public: true}\nunsafe: [\"public everything /**\"]\n")
	return []byte(b.String())
}

// blocked reports whether a finding wants the path closed.
func (d *drafter) blocked(path string) bool {
	for _, s := range d.of {
		if s.path == path && s.blocks {
			return true
		}
	}
	return false
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
