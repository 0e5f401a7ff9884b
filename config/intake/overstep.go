package intake

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// isOverstep knows an authorization matrix by its keys.
func isOverstep(text []byte) bool {
	keys := outline(text)
	return keys["subjects"] && (keys["resources"] || keys["policy"] || keys["roles"])
}

// readOverstep reads the matrix of overstep 1.x: identities and tenants from its
// subjects, the sign-in from its providers, routes and objects from its resources
// and fixtures, and what of its policy says one thing only.
func readOverstep(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	root := r.tree(text)
	if root == nil {
		return nil, r.err()
	}
	m := &matrix{reading: r, in: &Intake{}, root: root, subjects: map[string]*subject{}, left: map[string][]string{}}
	r.keys(root, "the file")
	for _, old := range []string{"base_url", "servers"} {
		if n := root.get(old); n != nil {
			r.fault(n, "%s at the top is the layout before overstep 1.0: it belongs into modules", old)
		}
	}
	m.modules(root.get("modules"))
	m.order(root.get("roles"))
	m.people(root.get("subjects"))
	m.in.tenants()
	m.resources(root.get("resources"))
	m.policy(root.get("policy"))
	if n := len(r.list(root.get("teardown"), "teardown")); n > 0 {
		r.warn("teardown (%d steps) is not needed: the audit removes what it made", n)
	}
	for _, what := range sortedNames(m.left) {
		r.warn("%s: %s", what, sentence(m.left[what]))
	}
	m.in.Warnings = r.warnings
	return m.in, r.err()
}

type matrix struct {
	*reading
	in       *Intake
	root     *node
	roles    []string // from least to most privileged
	subjects map[string]*subject
	byOrder  []*subject
	routes   []*resource
	left     map[string][]string // what is not taken => where
}

// subject is an identity with what the matrix says beside it.
type subject struct {
	name, role string
	attributes *node
	identity   int // in Intake.Identities, -1 for one without a credential
}

func (m *matrix) leave(what, where string) { m.left[what] = append(m.left[what], clip(where)) }

// sentence lists names, and counts where they are many.
func sentence(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

func (m *matrix) modules(n *node) {
	for _, p := range m.keys(n, "modules") {
		switch p.key {
		case "rest":
			m.keys(p.node, "modules.rest")
			base := m.word(p.get("base_url"), "modules.rest.base_url")
			if text, refs := m.written(base); refs > 0 {
				m.warn("modules.rest.base_url is %s: name the address with --target", text)
			} else {
				m.in.Target = strings.TrimRight(base, "/")
			}
			if p.get("access") != nil {
				m.leave("not taken, since the audit decides by what a reply holds", "modules.rest.access")
			}
		case "mcp":
			m.leave("not taken, since it is no HTTP API of the application", "modules.mcp")
		}
	}
}

func (m *matrix) order(n *node) {
	for i, x := range m.list(n, "roles") {
		m.roles = append(m.roles, m.word(x, fmt.Sprintf("roles[%d]", i)))
	}
	if len(m.roles) == 0 {
		m.roles = []string{"anonymous", "user", "admin"} // overstep's own default
	}
}

func (m *matrix) people(n *node) {
	if n == nil {
		m.fault(m.root, "subjects is missing: the list of identities")
	}
	attribute := m.tenantAttribute(n)
	var logins []userLogin
	for i, x := range m.list(n, "subjects") {
		what := fmt.Sprintf("subjects[%d]", i)
		if m.keys(x, what) == nil {
			m.fault(x, "%s is empty", what)
			continue
		}
		name := m.need(x, "name", what)
		if _, twice := m.subjects[name]; twice {
			m.fault(x.get("name"), "%s.name: two subjects have the name %q", what, clip(name))
			continue
		}
		s := &subject{name: name, role: "user", attributes: x.get("attributes"), identity: -1}
		if v := x.get("role"); v != nil {
			s.role = m.word(v, what+".role")
		}
		m.keys(s.attributes, what+".attributes")
		m.subjects[name] = s
		m.byOrder = append(m.byOrder, s)
		id := Identity{Name: name, Role: s.role, Tenant: m.word(s.attributes.get(attribute), what+".attributes."+attribute)}
		if a := s.attributes; a != nil {
			for _, p := range a.pairs {
				if v := p.word(); userField(p.key) && strings.Contains(v, "@") {
					id.User = v
				}
			}
		}
		m.credential(&id, x, what)
		l := m.signIn(&id, x.get("auth"), what+".auth")
		if l != nil {
			logins = append(logins, userLogin{name, l})
		}
		if x.get("token_audience") != nil {
			m.leave("token_audience is of MCP and not taken", name)
		}
		if x.get("marker") != nil {
			m.leave("marker is not taken, since the audit writes its own", name)
		}
		if !id.Means() {
			if !m.anonymous(s.role) && x.get("auth") == nil {
				m.warn("%s has no credential: left out", clip(name))
			}
			continue
		}
		m.in.Identities = append(m.in.Identities, id)
	}
	m.in.takeSignIn(m.reading, logins)
	for i := range m.in.Identities {
		m.subjects[m.in.Identities[i].Name].identity = i
	}
}

var placeholder = regexp.MustCompile(`^PASTE_[A-Z0-9_]*TOKEN$`)

// credential reads a token and headers.
func (m *matrix) credential(id *Identity, x *node, what string) {
	if token := m.str(x.get("token"), what+".token"); token != "" {
		if placeholder.MatchString(token) {
			token = "${" + envWord(id.Name) + "_TOKEN}"
			m.warn("the token of %s was never filled in: it is now the variable %s_TOKEN", clip(id.Name), envWord(id.Name))
		}
		ref, secret := m.secret(strings.TrimSpace(token), "the token of "+clip(id.Name))
		if ref != "" && !strings.HasPrefix(ref, "${") {
			m.warn("the token of %s has text before its reference: put the whole into one variable; left out", clip(id.Name))
			ref = ""
		}
		id.set("token", ref, secret)
	}
	var fields []field
	for _, p := range m.keys(x.get("headers"), what+".headers") {
		if v := m.word(p.node, what+".headers."+clip(p.key)); v != "" {
			fields = append(fields, field{p.key, v})
		}
	}
	m.credentials(id, fields)
}

var sameAttribute = regexp.MustCompile(`\b(?:subject|target)\.(\w+)\s*==\s*(?:subject|target)\.(\w+)`)

// tenantAttribute is the attribute that keeps tenants apart: the one that
// conditions of the policy compare, else one with such a name.
func (m *matrix) tenantAttribute(subjects *node) string {
	for _, p := range m.root.get("policy").all() {
		for _, rule := range p.get("allow").each() {
			for _, c := range sameAttribute.FindAllStringSubmatch(rule.get("condition").word(), -1) {
				if c[1] == c[2] && tenantField(c[1]) {
					return c[1]
				}
			}
		}
	}
	for _, s := range subjects.each() {
		for _, p := range s.get("attributes").all() {
			if tenantField(p.key) {
				return p.key
			}
		}
	}
	return "tenant"
}

func (n *node) all() []pair {
	if n == nil {
		return nil
	}
	return n.pairs
}

func (n *node) each() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// anonymous reports a role that stands for nobody.
func (m *matrix) anonymous(role string) bool {
	return among(fold(role), "anonymous", "anon", "guest", "public", "unauthenticated", "none", "noauth", "nobody")
}

// rank is a role's place in the order, -1 for one that it does not know.
func (m *matrix) rank(role string) int {
	for i, r := range m.roles {
		if r == role {
			return i
		}
	}
	return -1
}

// policy reads what says one thing only: a route for the highest role alone, one
// for everybody, an object that every role may read whoever owns it.
func (m *matrix) policy(n *node) {
	for _, p := range m.keys(n, "policy") {
		what := "policy." + clip(p.key)
		m.keys(p.node, what)
		var rt *resource
		for _, x := range m.routes {
			if x.name == p.key {
				rt = x
			}
		}
		anyone, roles, unclear := false, map[string]bool{}, false
		for i, rule := range m.list(p.get("allow"), what+".allow") {
			at := fmt.Sprintf("%s.allow[%d]", what, i)
			m.keys(rule, at)
			role := m.need(rule, "role", at)
			scope := m.one(rule.get("scope"), at+".scope", "own", "any")
			if m.word(rule.get("condition"), at+".condition") != "" {
				m.leave("a condition of the policy is not taken: it is what the audit finds out", p.key)
				unclear = true
				continue
			}
			if scope == "own" {
				unclear = true
			}
			if m.anonymous(role) && scope != "own" {
				anyone = true
			}
			roles[role] = roles[role] || scope != "own"
		}
		if rt == nil || len(roles) == 0 {
			continue
		}
		m.access(rt, anyone, roles, unclear)
	}
}

func (m *matrix) access(rt *resource, anyone bool, roles map[string]bool, unclear bool) {
	top, lower, all := true, false, true
	for _, s := range m.byOrder {
		switch {
		case m.anonymous(s.role):
		case !roles[s.role]:
			all = false
			lower = true
		}
	}
	for role := range roles {
		top = top && m.rank(role) == len(m.roles)-1
	}
	line := rt.method + " " + rt.path
	switch {
	case anyone:
		m.in.Public = append(m.in.Public, line)
	case top && lower && !unclear && len(m.roles) > 1:
		m.in.Admin = append(m.in.Admin, line)
	case rt.object && rt.method == "GET" && all && !unclear:
		m.in.Shared = append(m.in.Shared, line)
	}
	sort.Strings(m.in.Public)
	sort.Strings(m.in.Admin)
	sort.Strings(m.in.Shared)
}
