package assembly

import (
	"fmt"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/signin"
)

// signUpCall is the sign-up that the described routes offer, for configurations
// that name none: the template of a body with a login and a password. nil where
// no route takes both.
func signUpCall(routes []*lr.Route) *signin.Call {
	for _, rt := range routes {
		if rt.Kind != lr.SignUp || !rt.Declared || rt.Method != http.MethodPost || len(rt.PathParams()) > 0 || rt.Body == nil || rt.Body.Schema == nil {
			continue
		}
		t := template(rt.Body.Schema, 0)
		if !t.login || !t.password {
			continue
		}
		if strings.Contains(rt.Body.Type, "x-www-form-urlencoded") {
			form := map[string]string{}
			for k, v := range t.fields {
				form[k] = fmt.Sprint(v)
			}
			return &signin.Call{Request: rt.String(), Form: form}
		}
		return &signin.Call{Request: rt.String(), JSON: t.fields}
	}
	return nil
}

// registration is the template of a sign-up's body, and what it names.
type registration struct {
	fields          map[string]any
	login, password bool
}

// template fills what a schema says of a user: login, address and password
// whether it calls them required or not, since many specifications call nothing
// so, and whatever else it requires.
func template(sc *lr.Schema, depth int) registration {
	out := registration{fields: map[string]any{}}
	for name, p := range sc.Properties {
		if p.ReadOnly {
			continue
		}
		if len(p.Properties) > 0 {
			if in := template(p, depth+1); depth < 3 && (sc.Requires(name) || in.login || in.password) {
				out.fields[name] = in.fields
				out.login, out.password = out.login || in.login, out.password || in.password
			}
			continue
		}
		v, means := personal(name)
		switch {
		case means == "login", means == "password", means != "" && (sc.Requires(name) || len(sc.Required) == 0):
			out.fields[name] = v
		case sc.Requires(name):
			out.fields[name] = someValue(p)
		}
		out.login, out.password = out.login || means == "login", out.password || means == "password"
	}
	return out
}

// personal is the template of a field that names a person, and what it means.
func personal(name string) (template, means string) {
	n := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(n, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("password"), n == "passwd", n == "pwd", n == "pass":
		return "$password", "password"
	case strings.HasSuffix(n, "email"), n == "mail", n == "emailaddress":
		return "$email", "login"
	case n == "username", n == "login", n == "loginname", n == "user", n == "handle", n == "nickname":
		return "$login", "login"
	case has("phone", "mobile"):
		return "$phone", "phone"
	case has("company", "organization", "organisation", "workspace", "tenant", "team"):
		return "$name", "company"
	case strings.HasSuffix(n, "name"):
		return "Launch Ready", "name"
	}
	return "", ""
}

// someValue is some value that a required field of another meaning takes.
func someValue(p *lr.Schema) any {
	for _, v := range []any{p.Const, p.Default, p.Example} {
		switch v := v.(type) {
		case nil:
		case string:
			return strings.ReplaceAll(v, "$", "$$") // a template's dollar sign
		default:
			return v
		}
	}
	if len(p.Enum) > 0 {
		if s, ok := p.Enum[0].(string); ok {
			return strings.ReplaceAll(s, "$", "$$")
		}
		return p.Enum[0]
	}
	switch p.Type {
	case "boolean":
		return true // that the terms were read
	case "integer", "number":
		if p.Minimum != nil {
			return *p.Minimum
		}
		return 1
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	return "$login"
}
