package export

import (
	"encoding/json"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// person is who a caller's name stands for.
func (g *regression) person(name string) Party {
	for _, p := range g.o.People {
		if p.Name == name || variableOf(p.Name) == name {
			return p
		}
	}
	return Party{Name: name}
}

// user is the variable that has a person's login name.
func (g *regression) user(p Party) string {
	name := "user_" + variableOf(p.Name)
	g.given(variable{name: name, value: p.User, says: "the login name of " + p.Name})
	return "{{" + name + "}}"
}

// password is the variable that has a person's password.
func (g *regression) password(p Party) string {
	name := "password_" + variableOf(p.Name)
	g.given(variable{name: name, says: "the password of " + p.Name, secret: true})
	return "{{" + name + "}}"
}

// named is the person whose login name stands in a body.
func (g *regression) named(body string) (Party, bool) {
	for _, p := range g.o.People {
		if p.User != "" && strings.Contains(body, `"`+p.User+`"`) {
			return p, true
		}
	}
	return Party{}, false
}

// chief is a person of the tenant who may make users and what gives access.
func (g *regression) chief(tenant string) (Party, bool) {
	var of []Party
	for _, p := range g.o.People {
		if p.Tenant == tenant && variableName(variableOf(p.Name)) {
			of = append(of, p)
		}
	}
	for _, role := range []string{"owner", "admin", "administrator"} {
		for _, p := range of {
			if strings.EqualFold(p.Role, role) {
				return p, true
			}
		}
	}
	if len(of) > 0 {
		return of[0], true
	}
	return Party{}, false
}

// signIn has a person sign in: the file knows the caller by a name of its own, and
// token_NAME holds its token.
func (g *regression) signIn(as string, p Party, captures []string) string {
	if p.User == "" {
		return noSignIn
	}
	return g.enter(as, p.Name, g.user(p), g.password(p), captures)
}

// enter signs in with a user name and a password, which may be variables.
func (g *regression) enter(as, name, user, password string, captures []string) string {
	c, why := g.entry(user, password, nil)
	if why != "" {
		return why
	}
	response := append([]string{"[Captures]", g.token("token_" + as)}, captures...)
	g.h.request(name+" signs in, to a session of this test's own. Else nothing that follows tells.", "", c, nil, append(response, "[Asserts]", "status < 300"))
	g.own("token_" + as)
	g.h.forget = true
	return ""
}

// entry is the sign-in request. more are further fields of it.
func (g *regression) entry(user, password string, more map[string]any) (*call, string) {
	in := g.o.SignIn
	if in == nil {
		return nil, noSignIn
	}
	body, media := signInBody(in)
	body = strings.NewReplacer("{{quoted_user}}", user, "{{quoted_password}}", password).Replace(body)
	if len(more) > 0 && in.JSON != nil {
		if body = set(body, more); body == "" {
			return nil, noSignIn
		}
	}
	c := &call{method: in.Method, path: in.Path, media: media, body: body}
	for _, k := range sorted(in.Header) {
		c.header = append(c.header, k+": "+hurlValue(in.Header[k]))
	}
	return c, ""
}

// token takes the token out of a sign-in's reply.
func (g *regression) token(into string) string {
	switch place, name, _ := strings.Cut(g.o.SignIn.Token, ":"); {
	case place == "header":
		return into + ": header " + hurlText(name)
	case place == "cookie" && name != "":
		return into + ": cookie " + hurlText(name)
	}
	return captured(into, g.tokenField())
}

// tokenField is the field of JSON that has the token, as a pattern.
func (g *regression) tokenField() string {
	if in := g.o.SignIn; in != nil && strings.HasPrefix(in.Token, "/") {
		return in.Token[strings.LastIndexByte(in.Token, '/')+1:]
	}
	return "(?:access_token|accessToken|token|id_token|jwt)"
}

// refused asserts that a reply holds no token.
func (g *regression) refused() []string {
	return []string{"[Asserts]", "status < 500", "status != 429", "body not matches " + hurlText(`"`+g.tokenField()+`"\s*:\s*"`)}
}

const refreshField = "refresh_?[tT]oken"

// guest makes a user of the tenant who may be signed out, disabled or deleted,
// and signs it in.
func (g *regression) guest(tenant, role string) string {
	if why := g.newcomer(tenant, role); why != "" {
		return why
	}
	return g.enter("guest", "The user", "{{guest_user}}", "{{guest_password}}", nil)
}

// newcomer makes a user of the tenant. The file knows it as guest: guest_user,
// guest_password and guest_id are its own.
func (g *regression) newcomer(tenant, role string) string {
	chief, ok := g.chief(tenant)
	if !ok || g.o.SignIn == nil {
		return noNewUser
	}
	as := variableOf(chief.Name)
	b := newBuilder(g.o)
	for _, rt := range g.o.Routes {
		login, secret := userFields(rt)
		if rt.Method != "POST" || rt.Kind == lr.SignUp || rt.Kind == lr.SignIn || rt.Kind == lr.Invite || rt.Kind == lr.Password || login == "" || secret == "" || len(rt.PathParams()) > 0 {
			continue
		}
		c, err := b.call(rt, nil)
		if err != nil {
			continue
		}
		made := object(c.body)
		user := "lrx{{newUuid}}"
		if s, ok := made[login].(string); ok && strings.Contains(s, "@") {
			user += s[strings.IndexByte(s, '@'):]
		}
		fields := map[string]any{login: "{{guest_user}}", secret: "{{guest_password}}"}
		if _, has := made["role"]; has && role != "" {
			fields["role"] = role
		}
		if c.body = set(c.body, fields); c.body == "" {
			continue
		}
		response := []string{captured("guest_id", "id")}
		g.h.request(as+" makes a user for this test: "+c.label(), as, c,
			[]string{newest("guest_user", user), newest("guest_password", "Aa1!{{newUuid}}"), makeCanary("canary")},
			append(append([]string{"[Captures]"}, response...), "[Asserts]", "status < 300"))
		g.own("guest_user", "guest_password", "guest_id", "canary")
		if t := g.r.of(rt.Resource); t != nil && t.remove != nil && t.parent == nil {
			g.tidy = append(g.tidy, func() {
				g.h.request(as+" removes the user.", as, t.remove.with(t.variable(), "guest_id"), nil, nil)
			})
		}
		return ""
	}
	return noNewUser
}

// listsUsers reports whether what leaked are users that the run made.
func listsUsers(leaked lr.EvidenceItem) bool {
	for _, w := range leaked.Witness {
		switch field := strings.Map(letters, strings.ToLower(fieldNamed(responseBody(leaked), w))); field {
		case "email", "emailaddress", "username", "login", "user":
			return true
		}
	}
	return false
}

// userFields are the fields for the login and the password of a route that makes users.
func userFields(rt *lr.Route) (login, password string) {
	if rt.Body == nil || rt.Body.Schema == nil {
		return "", ""
	}
	for _, n := range sortedKeys(rt.Body.Schema.Properties) {
		switch plain := strings.Map(letters, strings.ToLower(n)); {
		case slices.Contains([]string{"token", "code", "invitationtoken", "invitetoken", "resettoken"}, plain):
			return "", "" // it takes an invitation
		case plain == "password":
			password = n
		case plain == "email", login == "" && slices.Contains([]string{"username", "login", "emailaddress"}, plain):
			login = n
		}
	}
	return login, password
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// set puts fields into a JSON object; "" where the text is none.
func set(body string, fields map[string]any) string {
	m := object(body)
	if m == nil {
		return ""
	}
	for k, v := range fields {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return unescaped(b)
}

// captured is one line of a section of captures: the first text or number of the
// name. The name is a pattern.
func captured(variable, field string) string {
	return strings.TrimPrefix(capture(variable, field), "[Captures]\n")
}

// alive has the caller ask who it is: a token that is stale is refused whatever
// it asks, which would look like a fix.
func (g *regression) alive(who string) {
	if who == "" || g.made["token_"+who] {
		return
	}
	if c := g.whoami(who); c != nil {
		g.h.request(who+" is still signed in: else its token is stale, and the test tells nothing.", who, c, nil, []string{"[Asserts]", "status == 200"})
	}
}

// whoami asks who the caller is, or for a list where no route tells.
func (g *regression) whoami(who string) *call {
	rt := g.o.WhoAmI[g.person(who).Name]
	for _, r := range g.o.Routes {
		if rt == nil && r.Kind == lr.WhoAmI && r.Method == "GET" && len(r.PathParams()) == 0 {
			rt = r
		}
	}
	if rt != nil && len(rt.PathParams()) == 0 && rt.Method == "GET" {
		return &call{route: rt, method: rt.Method, path: rt.Path}
	}
	for _, t := range g.r.things {
		if t.list != nil && !strings.Contains(t.list.path, "{{") {
			return t.list
		}
	}
	return nil
}
