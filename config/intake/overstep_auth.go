package intake

import (
	"fmt"
	"strings"
)

// signIn reads how a subject gets its token from a provider.
func (m *matrix) signIn(id *Identity, auth *node, what string) *login {
	if auth == nil {
		return nil
	}
	m.keys(auth, what)
	name := m.need(auth, "provider", what)
	p, at := m.provider(name)
	if p == nil {
		if name != "" {
			m.fault(auth.get("provider"), "%s: there is no provider %q in auth.providers", what, clip(name))
		}
		return nil
	}
	vars := map[string]string{}
	for _, v := range m.keys(auth.get("vars"), what+".vars") {
		vars[v.key] = m.str(v.node, what+".vars."+clip(v.key))
	}
	if p.get("discover_from") != nil {
		m.leave("a provider that is found through an MCP server (discover_from) is not taken", name)
		return nil
	}
	if p.get("resource") != nil || p.get("issuer") != nil {
		m.leave("resource and issuer of a provider are not taken", name)
	}
	l := m.provided(p, vars, at)
	if l == nil {
		return nil
	}
	l.in.Token = pointerOf(m.word(p.get("token_path"), at+".token_path"))
	header, format := m.word(p.get("token_header"), at+".token_header"), m.word(p.get("token_format"), at+".token_format")
	if header == "" {
		header = "Authorization"
	}
	if format == "" {
		format = "Bearer {token}"
	}
	if !headerName.MatchString(header) || strings.Count(format, "{token}") != 1 || !Safe(format) {
		m.fault(p, "%s: token_header and token_format do not say how the token is sent", at)
		return nil
	}
	l.in.Send = send(header, format)
	person := m.person(id.Name, l)
	if person.User != "" {
		id.User = person.User
	}
	if id.Tenant == "" {
		id.Tenant = person.Tenant
	}
	if id.Tenant != person.Tenant && person.Tenant != "" {
		m.warn("%s signs in with another tenant than its attribute says: the attribute counts", clip(id.Name))
	}
	id.set("password", person.References["password"], person.Password)
	return l
}

func (m *matrix) provider(name string) (*node, string) {
	auth := m.root.get("auth")
	m.keys(auth, "auth")
	for i, p := range m.list(auth.get("providers"), "auth.providers") {
		if p.get("name").word() == name && name != "" {
			return p, fmt.Sprintf("auth.providers[%d]", i)
		}
	}
	return nil, ""
}

// provided is the request of a provider with a subject's values in it.
func (m *matrix) provided(p *node, vars map[string]string, at string) *login {
	fill := func(n *node, what string) string {
		s := m.str(n, what)
		for k, v := range vars {
			s = strings.ReplaceAll(s, "{{"+k+"}}", v)
		}
		return s
	}
	base := m.word(p.get("base_url"), at+".base_url")
	switch kind := m.one(p.get("type"), at+".type", "http", "oauth2_password", "oauth2_client_credentials"); kind {
	case "oauth2_password", "oauth2_client_credentials":
		tokenURL := m.need(p, "token_url", at)
		if tokenURL == "" {
			return nil
		}
		l := &login{in: SignIn{Request: "POST " + joined(base, tokenURL), OAuth2: &OAuth2{Grant: strings.TrimPrefix(kind, "oauth2_"), Client: "body",
			Scope: fill(p.get("scope"), at+".scope")}}}
		id, secret := fill(p.get("client_id"), at+".client_id"), fill(p.get("client_secret"), at+".client_secret")
		if l.in.OAuth2.Grant == "client_credentials" {
			l.user, l.pass = id, secret
			return l
		}
		l.in.OAuth2.ClientID, _ = m.written(id)
		if secret != "" {
			l.in.OAuth2.ClientSecret = m.keep(m.in, "client_secret", secret)
		}
		l.user, l.pass = fill(p.get("username"), at+".username"), fill(p.get("password"), at+".password")
		return l
	}
	req := p.get("request")
	if req == nil {
		m.fault(p, "%s: request is missing", at)
		return nil
	}
	method, path := m.request(req, at+".request")
	if path == "" {
		return nil
	}
	body, _ := req.get("body").plain().(map[string]any)
	form := false
	if len(body) == 0 {
		body, form = map[string]any{}, true
		for _, f := range m.keys(req.get("form"), at+".request.form") {
			body[f.key] = m.str(f.node, at+".request.form."+clip(f.key))
		}
	}
	put := func(_, value string) any {
		for k, v := range vars {
			value = strings.ReplaceAll(value, "{{"+k+"}}", v)
		}
		return value
	}
	body, _ = replaced("", body, put, 0).(map[string]any)
	filled, l := m.filled(m.in, body)
	if l == nil {
		m.leave("a provider whose request has no field that is called like a password is not taken", p.get("name").word())
		return nil
	}
	l.put(filled, form)
	l.in.Request = method + " " + joined(base, path)
	for _, h := range m.keys(req.get("headers"), at+".request.headers") {
		if l.in.Headers == nil {
			l.in.Headers = map[string]string{}
		}
		if !strings.EqualFold(h.key, "Content-Type") && headerName.MatchString(h.key) {
			l.in.Headers[h.key] = m.keep(m.in, h.key, fill(h.node, at+".request.headers."+clip(h.key)))
		}
	}
	if len(req.get("query").all()) > 0 {
		m.leave("the query of a provider's request is not taken", p.get("name").word())
	}
	return l
}

func joined(base, path string) string {
	if base == "" || strings.Contains(path, "://") {
		if !strings.Contains(path, "://") && !strings.HasPrefix(path, "/") {
			return "/" + path
		}
		return path
	}
	return strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path, "/")
}

// pointerOf is a dotted path as a JSON pointer; "" is found by itself.
func pointerOf(path string) string {
	if path == "" {
		return "/access_token" // overstep's own default
	}
	return "/" + strings.Join(wordRun.FindAllString(path, -1), "/")
}
