package intake

import (
	"fmt"
	"strings"
)

// isWFC knows a file of the Web Fuzzing Commons by its keys; EvoMaster's em.yaml
// and em.toml are such files with more in them.
func isWFC(text []byte) bool {
	keys := outline(text)
	return keys["authTemplate"] || keys["auth"] && !keys["paths"] && !keys["item"] && !keys["openapi"] && !keys["subjects"] && !keys["target"]
}

// readWFC reads a WFC authentication file (WebFuzzing/Commons,
// wfc/schemas/auth.yaml), in YAML, JSON or TOML, and what EvoMaster took before
// that schema: extractFromField, httpHeaderName and headerPrefix of a token.
func readWFC(file string, text []byte) (*Intake, error) {
	r := &reading{file: file}
	root := r.tree(text)
	if root == nil {
		return nil, r.err()
	}
	w := &wfc{reading: r, in: &Intake{}}
	r.keys(root, "the file")
	w.configs(root.get("configs"))
	template := root.get("authTemplate")
	r.keys(template, "authTemplate")
	if template.get("name") != nil {
		r.fault(template.get("name"), "authTemplate.name: a template has no name, since names differ")
	}
	if root.shape == mapping && root.get("auth") == nil {
		r.fault(root, "auth is missing: the list of users")
	}
	seen := map[string]bool{}
	for i, n := range r.list(root.get("auth"), "auth") {
		what := fmt.Sprintf("auth[%d]", i)
		if r.keys(n, what) == nil {
			if n.shape == nothing || n.shape == mapping {
				r.fault(n, "%s is empty", what)
			}
			continue
		}
		name := r.need(n, "name", what)
		if seen[name] && name != "" {
			r.fault(n.get("name"), "%s.name: two users have the name %q", what, clip(name))
		}
		seen[name] = true
		w.user(n, template, name, what)
	}
	w.settle()
	w.in.Warnings = r.warnings
	return w.in, r.err()
}

type wfc struct {
	*reading
	in     *Intake
	logins []userLogin
}

// configs are options of the fuzzer; two of them say where the API is.
func (w *wfc) configs(n *node) {
	for _, p := range w.keys(n, "configs") {
		switch p.key {
		case "bbTargetUrl":
			w.in.Target = w.word(p.node, "configs.bbTargetUrl")
		case "bbSwaggerUrl", "overrideOpenAPIUrl":
			s := w.word(p.node, "configs."+p.key)
			w.in.Spec = strings.TrimPrefix(s, "file://")
		default:
			if strings.HasPrefix(p.key, "header") && p.shape == scalar && p.text != "" {
				w.warn("configs.%s is a header for every request: not taken, write it to target.headers", clip(p.key))
			}
		}
	}
}

func (w *wfc) user(n, template *node, name, what string) {
	id := Identity{Name: name}
	if w.flag(n.get("requireMockHandling"), what+".requireMockHandling") {
		w.warn("%s needs mocked replies of another service (requireMockHandling): it may not be able to sign in", clip(name))
	}
	if n.get("createUsers") != nil || template.get("createUsers") != nil {
		w.warn("createUsers is not taken: init --sign-up makes users where the API's description has the request for it")
	}
	w.credentials(&id, w.headers(n, template, what))
	own := n.get("loginEndpointAuth")
	common := template.get("loginEndpointAuth")
	hasLogin := own != nil
	if own == nil && !id.Means() && n.get("createUsers") == nil {
		hasLogin = common != nil
	}
	var l *login
	if hasLogin {
		l = w.login(layered{own, common}, name, what+".loginEndpointAuth")
	}
	if l != nil {
		p := w.person(name, l)
		id.User, id.Tenant = p.User, p.Tenant
		ref, secret := p.References["password"], p.Password
		id.set("password", ref, secret)
		w.logins = append(w.logins, userLogin{name, l})
	} else if !id.Means() {
		if !hasLogin && n.get("createUsers") == nil {
			w.fault(n, "%s says neither fixedHeaders nor loginEndpointAuth: there is no way to be %q", what, clip(name))
		}
		return
	}
	w.in.Identities = append(w.in.Identities, id)
}

// headers are the fixed headers of a user; the template's join where the user has
// none of that name.
func (w *wfc) headers(n, template *node, what string) []field {
	var out []field
	have := map[string]bool{}
	for i, from := range []*node{n.get("fixedHeaders"), template.get("fixedHeaders")} {
		at := what + ".fixedHeaders"
		if i == 1 {
			at = "authTemplate.fixedHeaders"
		}
		for j, h := range w.list(from, at) {
			in := fmt.Sprintf("%s[%d]", at, j)
			w.keys(h, in)
			if h.shape != mapping {
				continue
			}
			f := field{w.need(h, "name", in), ""}
			if v := h.get("value"); v != nil {
				f.value = strings.TrimSpace(w.str(v, in+".value"))
			} else {
				w.fault(h, "%s.value is missing", in)
			}
			if f.name != "" && f.value != "" && !have[strings.ToLower(f.name)] {
				out = append(out, f)
			}
			have[strings.ToLower(f.name)] = true
		}
	}
	return out
}

// settle takes the sign-in that most identities have.
func (w *wfc) settle() {
	w.in.takeSignIn(w.reading, w.logins)
}
