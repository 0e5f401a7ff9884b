package intake

import (
	"fmt"
	"strings"
)

func isHadrianAuth(text []byte) bool {
	keys := outline(text)
	return keys["method"] && keys["roles"]
}

func isHadrianRoles(text []byte) bool {
	keys := outline(text)
	return keys["roles"] && (keys["objects"] || keys["endpoints"]) && !keys["subjects"]
}

// readHadrianAuth reads Hadrian's auth.yaml: one method, and a credential for each
// role. Roles are users there: user1 and user2 differ in their data alone.
func readHadrianAuth(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	root := r.tree(text)
	if root == nil {
		return nil, r.err()
	}
	in := &Intake{}
	h := &hadrian{reading: r, in: in}
	r.keys(root, "the file")
	h.method = r.one(root.get("method"), "method", "bearer", "basic", "api_key", "cookie")
	h.method = strings.ToLower(h.method)
	location := strings.ToLower(r.one(root.get("location"), "location", "header", "query"))
	key := r.word(root.get("key_name"), "key_name")
	h.cookie = r.word(root.get("cookie_name"), "cookie_name")
	if h.cookie == "" {
		h.cookie = "session" // Hadrian's own default
	}
	switch {
	case h.method == "api_key" && key == "":
		r.fault(root, "key_name is missing: the header or query parameter of the API key")
	case h.method == "api_key" && !headerName.MatchString(key):
		r.fault(root.get("key_name"), "key_name is no name of a header")
	case h.method == "cookie" && !headerName.MatchString(h.cookie):
		r.fault(root.get("cookie_name"), "cookie_name is no name of a cookie")
	case h.method == "api_key" && location == "query":
		h.send = "query: " + key + "={token}"
	case h.method == "api_key":
		h.send = send(key, "{token}")
	}
	for _, p := range r.keys(root.get("roles"), "roles") {
		h.role(p)
	}
	if len(root.get("roles").all()) == 0 && r.err() == nil {
		r.fault(root, "roles is empty: there is nobody to be")
	}
	if h.method == "basic" && len(in.Identities) > 0 {
		in.SignIn = &SignIn{Basic: true}
	}
	in.Warnings = r.warnings
	return in, r.err()
}

type hadrian struct {
	*reading
	in                   *Intake
	method, send, cookie string
}

func (h *hadrian) role(p pair) {
	what := "roles." + clip(p.key)
	if p.shape == nothing {
		h.warn("%s sends no credential: left out, the audit asks as nobody by itself", clip(p.key))
		return
	}
	h.keys(p.node, what)
	if p.shape != mapping {
		return
	}
	if strings.ContainsAny(p.key, "\r\n\x00") || strings.TrimSpace(p.key) == "" {
		h.fault(p.at, "a role's name is empty or holds a line break")
		return
	}
	id := Identity{Name: p.key}
	if h.flag(p.get("no_auth"), what+".no_auth") {
		h.warn("%s sends no credential: left out, the audit asks as nobody by itself", clip(p.key))
		return
	}
	get := func(key string) string { return h.str(p.get(key), what+"."+key) }
	whose := "the credential of " + clip(p.key)
	switch h.method {
	case "bearer", "api_key":
		key := map[string]string{"bearer": "token", "api_key": "api_key"}[h.method]
		ref, secret := h.secret(strings.TrimSpace(get(key)), whose)
		if ref != "" && !strings.HasPrefix(ref, "${") {
			h.warn("%s has text before its reference: put the whole into one variable; left out", whose)
			ref = ""
		}
		id.Send = h.send
		id.set("token", ref, secret)
	case "basic":
		h.basic(&id, get, whose)
	case "cookie":
		v := strings.TrimSpace(get("cookie"))
		if v == "" {
			break
		}
		if text, refs := h.written(v); refs == 1 && strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}") {
			id.set("cookie", h.cookie+"="+text, Identity{}.Cookie)
			break
		}
		ref, secret := h.secret(h.cookie+"="+v, whose)
		id.set("cookie", ref, secret)
	}
	if !id.Means() {
		h.warn("%s sends no credential, or an empty one: left out, the audit tries those by itself", clip(p.key))
		return
	}
	h.in.Identities = append(h.in.Identities, id)
}

// basic reads user and password, or both in one.
func (h *hadrian) basic(id *Identity, get func(string) string, whose string) {
	user, password := get("username"), get("password")
	if both := get("credentials"); both != "" {
		if _, refs := h.written(both); refs > 0 {
			h.warn("%s is user and password in one reference: use username and password; left out", whose)
			return
		}
		user, password, _ = strings.Cut(both, ":")
	}
	text, _ := h.written(strings.TrimSpace(user))
	if text == "" || strings.ContainsAny(text, "\r\n") || strings.Contains(strings.ReplaceAll(text, "${env:", ""), "${") {
		return
	}
	id.User = text
	ref, secret := h.secret(password, whose)
	if ref != "" && !strings.HasPrefix(ref, "${") {
		ref = ""
	}
	id.set("password", ref, secret)
}

// readHadrianRoles reads Hadrian's roles.yaml, which belongs to an auth.yaml: who
// the roles are. Its endpoints are paths without methods, and its permissions say
// nothing of tenants.
func readHadrianRoles(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	root := r.tree(text)
	if root == nil {
		return nil, r.err()
	}
	in := &Intake{}
	r.keys(root, "the file")
	top, level := -1, 0.0
	levels := map[string]bool{}
	for i, n := range r.list(root.get("roles"), "roles") {
		what := fmt.Sprintf("roles[%d]", i)
		if r.keys(n, what) == nil {
			r.fault(n, "%s is empty", what)
			continue
		}
		id := Identity{Name: r.need(n, "name", what), User: r.word(n.get("username"), what+".username")}
		if strings.Contains(id.User, "${") {
			id.User, _ = r.written(id.User)
		}
		for j, p := range r.list(n.get("permissions"), what+".permissions") {
			at := fmt.Sprintf("%s.permissions[%d]", what, j)
			if s := r.word(p, at); s != "" && strings.Count(s, ":") != 2 {
				r.fault(p, "%s must be action:object:scope", at)
			}
		}
		if v := r.word(n.get("level"), what+".level"); v != "" {
			var x float64
			if _, err := fmt.Sscan(v, &x); err != nil {
				r.fault(n.get("level"), "%s.level must be a number", what)
			}
			levels[v] = true
			if top < 0 || x > level {
				top, level = len(in.Identities), x
			}
		}
		in.Identities = append(in.Identities, id)
	}
	if top >= 0 && len(levels) > 1 {
		in.Identities[top].Role = "admin" // the highest level is what administers
	}
	if n := len(r.list(root.get("endpoints"), "endpoints")); n > 0 {
		r.warn("endpoints (%d) are paths without methods: not taken, the API's description has both", n)
	}
	r.warn("permissions are not taken, since they name no tenants: what only privileged roles may do goes to access.admin")
	in.Warnings = r.warnings
	return in, r.err()
}
