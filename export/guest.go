package export

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// tenantOf is the tenant of a user of the run, who is gone: that of who else was
// there, or the one whose name stands in the texts that it made.
func (g *regression) tenantOf(seen []lr.EvidenceItem) string {
	for _, e := range seen {
		if p := g.person(e.As); p.Tenant != "" {
			return p.Tenant
		}
	}
	for _, p := range g.o.People {
		for _, e := range seen {
			if strings.Contains(e.Request+e.Response, "lr1-"+g.rep.Run+"-"+p.Tenant+"-") {
				return p.Tenant
			}
		}
	}
	return g.o.A.Tenant
}

// disabled: the token of a user who was taken out is worth nothing.
func (g *regression) disabled(seen []lr.EvidenceItem) string {
	if len(seen) != 3 {
		return unclear
	}
	me, ok := g.from(seen[0])
	out, too := g.from(seen[1])
	who, fine := g.caller(seen[1])
	if !ok || !too || !fine || out.secret() {
		return unsent
	}
	rt, values := g.route(&out)
	if rt == nil || len(values) != 1 {
		return unsent
	}
	if why := g.guest(g.tenantOf(seen), "member"); why != "" {
		return why
	}
	for _, v := range values {
		out.bare = strings.Replace(out.bare, "/"+v, "/{{guest_id}}", 1)
		out.body = strings.ReplaceAll(out.body, `"`+v+`"`, `"{{guest_id}}"`)
	}
	g.again("The user's token is good.", "guest", me, nil, []string{"[Asserts]", "status == 200", `body contains "{{guest_id}}"`})
	g.again(nobody(who)+" takes the user out: "+rt.String(), who, out, nil, []string{"[Asserts]", "status < 300"})
	g.again("The token from before is nobody's now.", "guest", me, nil, []string{"[Asserts]", "status < 500", "status != 429", `body not contains "{{guest_id}}"`})
	return ""
}

// promoted: who changes the own record gets no more power by it.
func (g *regression) promoted(seen []lr.EvidenceItem) string {
	if len(seen) != 3 {
		return unclear
	}
	me, ok := g.from(seen[0])
	write, too := g.from(seen[1])
	again, read := g.from(seen[2])
	before := object(responseBody(seen[0]))
	role, _ := before["role"].(string)
	if !ok || !too || !read || write.secret() {
		return unsent
	}
	fields := changes(before, object(responseBody(seen[2])))
	if len(fields) == 0 {
		for _, w := range seen[2].Witness { // "role admin"
			if name, _, ok := strings.Cut(w, " "); ok && variableName(name) {
				fields = append(fields, "$['"+name+"']")
			}
		}
	}
	if len(fields) == 0 || me.bare != again.bare {
		return unclear
	}
	if g.person(seen[0].As).User != "" {
		return "it changes a user of yours, and not one that the test could make"
	}
	if why := g.guest(g.tenantOf(seen), role); why != "" {
		return why
	}
	write.body, _ = uncanary(write.body, "canary")
	control, after := g.kept(fields)
	g.again("The new user is asked who it is.", "guest", me, nil, control)
	g.again("It changes its own record, with fields that give power.", "guest", write, nil, []string{"[Asserts]", "status < 500", "status != 429"})
	g.again("It is who it was.", "guest", again, nil, after)
	return ""
}

// kept takes fields of a reply, and asserts of a later one that they are the same.
func (g *regression) kept(fields []string) (control, after []string) {
	control, after = []string{"[Captures]"}, []string{"[Asserts]", "status == 200"}
	for _, f := range fields {
		name := "before_" + variableOf(strings.NewReplacer("$['", "", "']['", "_", "']", "").Replace(f))
		g.own(name)
		control = append(control, name+": jsonpath "+hurlText(f))
		after = append(after, "jsonpath "+hurlText(f)+" == {{"+name+"}}")
	}
	return append(control, "[Asserts]", "status == 200"), after
}

// mail takes a token out of the newest mail to the guest.
func (g *regression) mail(into string) string {
	m := g.o.Mailbox
	if m == nil {
		return "the token goes by mail, and the configuration names no mailbox"
	}
	c := &call{method: m.Method, path: strings.ReplaceAll(m.Path, "{user}", "{{guest_user}}")}
	for _, h := range m.Headers {
		v := "mailbox_" + variableOf(h)
		g.given(variable{name: v, says: "the header field " + h + " that the mailbox asks for", secret: true})
		c.header = append(c.header, h+": {{"+v+"}}")
	}
	g.h.request("The mail has arrived.", "", c, []string{"retry: 6", "retry-interval: 500ms"},
		[]string{"[Captures]", into + `: regex /(?:token|code|key|reset|invite|invitation|join)["']?\s*(?:=|:|\/)\s*["']?([A-Za-z0-9._~-]{12,})/`, "[Asserts]", "status < 300"})
	g.own(into)
	return ""
}

// twice uses a token that works once two times. The first use is the control:
// where the token is stale or the request wrong, it is red.
func (g *regression) twice(seen []lr.EvidenceItem, login string) string {
	first, ok := g.from(seen[0])
	second, too := g.from(seen[1])
	if !ok || !too {
		return unsent
	}
	for i, p := range []*parsed{&first, &second} {
		password := []string{"{{password_first}}", "{{password_second}}"}[i]
		p.body, _ = uncanary(p.body, "canary")
		body, fine := fill(p.body, func(field string) string {
			if strings.Contains(strings.ToLower(field), "password") {
				return password
			}
			return "{{one_time}}"
		})
		if !fine || !strings.Contains(body, "{{one_time}}") || !strings.Contains(body, password) {
			return unsent
		}
		p.body = body
	}
	g.again("The token works once. Else its second refusal would tell nothing.", "", first,
		[]string{newest("password_first", "Lr9!{{newUuid}}"), newest("password_second", "Lr9!{{newUuid}}"), makeCanary("canary")}, []string{"[Asserts]", "status < 300"})
	g.own("password_first", "password_second", "canary")
	c, why := g.entry(login, "{{password_first}}", nil)
	if why != "" {
		return why
	}
	g.h.forget = true
	g.h.request("The first password signs in.", "", c, nil, []string{"[Captures]", g.token("token_first"), "[Asserts]", "status < 300"})
	g.again("The same token again, with another password.", "", second, nil, []string{"[Asserts]", "status < 500", "status != 429"})
	if c, why = g.entry(login, "{{password_second}}", nil); why != "" {
		return why
	}
	g.h.request("The other password does not sign in.", "", c, nil, g.refused())
	return ""
}

// reset: a reset token works once, and only from the mail.
func (g *regression) reset(seen []lr.EvidenceItem) string {
	if _, ok := noted(seen, "reset with the token, second"); !ok || len(seen) < 2 {
		return "the token that was tried is masked in the report"
	}
	var ask *call
	var field string
	b := newBuilder(g.o)
	for _, rt := range g.o.Routes {
		lower := strings.ToLower(rt.Path)
		if ask != nil || rt.Safe() || len(rt.PathParams()) > 0 || rt.Kind != lr.Password && !strings.Contains(lower, "forgot") && !strings.Contains(lower, "reset") && !strings.Contains(lower, "recover") {
			continue
		}
		c, err := b.call(rt, nil)
		if err != nil {
			continue
		}
		m := object(c.body)
		for _, name := range []string{"email", "username", "login", "user"} {
			if _, has := m[name]; has && m["password"] == nil && m["token"] == nil && m["new_password"] == nil {
				ask, field = c, name
				break
			}
		}
	}
	if ask == nil {
		return "no route of the description sends the token"
	}
	if why := g.guest(g.tenantOf(seen), "member"); why != "" {
		return why
	}
	ask.body = set(ask.body, map[string]any{field: "{{guest_user}}"})
	g.h.request("The user forgot the password.", "", ask, nil, []string{"[Asserts]", "status < 300"})
	if why := g.mail("one_time"); why != "" {
		return why
	}
	return g.twice(seen, "{{guest_user}}")
}

// invited: an invitation works once.
func (g *regression) invited(seen []lr.EvidenceItem) string {
	if _, ok := noted(seen, "accept the invitation, second"); !ok || len(seen) < 2 || g.o.SignIn == nil {
		return "what was changed in the invitation is told in words only"
	}
	chief, ok := g.chief(g.tenantOf(seen))
	if !ok {
		return noNewUser
	}
	as := variableOf(chief.Name)
	b := newBuilder(g.o)
	for _, rt := range g.o.Routes {
		if rt.Method != "POST" || len(rt.PathParams()) > 0 || rt.Kind != lr.Invite && !strings.Contains(strings.ToLower(rt.Path), "invit") {
			continue
		}
		c, err := b.call(rt, nil)
		if err != nil {
			continue
		}
		m := object(c.body)
		email, _ := m["email"].(string)
		if email == "" || m["token"] != nil || m["password"] != nil {
			continue
		}
		c.body = set(c.body, map[string]any{"email": "{{guest_user}}"})
		response := []string{"[Asserts]", "status < 300"}
		if g.o.Mailbox == nil {
			response = append([]string{"[Captures]", captured("one_time", "(?:token|invitation_?[tT]oken|invite_?[tT]oken|code)")}, response...)
		}
		g.h.request(as+" invites somebody: "+c.label(), as, c, []string{newest("guest_user", "lrx{{newUuid}}"+email[max(strings.IndexByte(email, '@'), 0):]), makeCanary("canary")}, response)
		g.own("guest_user", "canary")
		if g.o.Mailbox != nil {
			if why := g.mail("one_time"); why != "" {
				return why
			}
		}
		return g.twice(seen, "{{guest_user}}")
	}
	return "no route of the description invites"
}
