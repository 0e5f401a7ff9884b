package export

import (
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// identity finds the text by which a reply to whoami tells the caller: its login
// name, or else the field of the witness, which the first reply then gives.
func (g *regression) identity(p Party, e lr.EvidenceItem, witness []string) sign {
	body := responseBody(e)
	if p.User != "" && strings.Contains(body, p.User) {
		return signOf(g.user(p))
	}
	for _, w := range witness {
		if name := fieldHolding(body, w); name != "" {
			g.own("witness")
			return sign{text: "{{witness}}", capture: "witness: regex /\"" + name + "\"\\s*:\\s*\"([^\"]+)\"/"}
		}
	}
	return sign{}
}

// control is what the first reply must be.
func (s sign) control() []string {
	if s.capture != "" {
		return []string{"[Captures]", s.capture, "[Asserts]", "status == 200"}
	}
	return []string{"[Asserts]", "status == 200", s.shown}
}

// hidden is what a later reply must be.
func (s sign) hidden() []string {
	return []string{"[Asserts]", "status < 500", "status != 429", "body not contains " + hurlText(s.text)}
}

// refresh is the step that exchanges a refresh token, as the run's evidence has it.
func (g *regression) refresh(e lr.EvidenceItem, token string) (parsed, bool) {
	p, ok := g.from(e)
	if !ok {
		return p, false
	}
	form := regexp.MustCompile(`(refresh_?[tT]oken=)(?:\[secret\]|\[key\])`)
	if strings.Contains(p.media, "form") {
		p.body = form.ReplaceAllString(p.body, "${1}{{"+token+"}}")
	}
	p.body, ok = fill(p.body, func(string) string { return "{{" + token + "}}" })
	return p, ok && !p.secret()
}

// refreshItem is the evidence of an exchange of a refresh token; where this
// finding has none, another of the report has.
func (g *regression) refreshItem(seen []lr.EvidenceItem) (lr.EvidenceItem, bool) {
	if e, ok := noted(seen, "refresh "); ok {
		return e, true
	}
	return lr.EvidenceItem{}, false
}

// loggedOut: who signed out is nobody, with the token and with the refresh token.
func (g *regression) loggedOut(seen []lr.EvidenceItem) string {
	before, ok := noted(seen, "before signing out")
	out, too := noted(seen, "signing out")
	who, fine := g.caller(before)
	if !ok || !too || !fine || who == "" {
		return unclear
	}
	me, fine := g.from(before)
	end, sent := g.from(out)
	if !fine || !sent {
		return unsent
	}
	p := g.person(who)
	last := seen[len(seen)-1]
	s := g.identity(p, before, last.Witness)
	if s.text == "" {
		return unclear
	}
	var captures []string
	exchange, refreshes := g.refreshItem(seen)
	if refreshes || masked(end.body) {
		captures = []string{captured("refresh_session", refreshField)}
	}
	if why := g.signIn("session", p, captures); why != "" {
		return why
	}
	if refreshes {
		r, ok := g.refresh(exchange, "refresh_session")
		if !ok {
			return unsent
		}
		g.again("The refresh token works as long as the session does. Else its refusal would tell nothing.", "", r, nil,
			[]string{"[Captures]", g.token("token_session"), captured("refresh_session", refreshField), "[Asserts]", "status < 300"})
	}
	g.again("The session is "+who+"'s.", "session", me, nil, s.control())
	if end.body, ok = fill(end.body, func(string) string { return "{{refresh_session}}" }); !ok {
		return unsent
	}
	g.again("It signs out.", "session", end, nil, []string{"[Asserts]", "status < 400"})
	g.again("Its token is nobody's now.", "session", me, nil, s.hidden())
	if refreshes {
		r, _ := g.refresh(exchange, "refresh_session")
		g.again("Its refresh token gives no token any more.", "", r, nil, g.refused())
	}
	return ""
}

// refreshed: a refresh token works once.
func (g *regression) refreshed(seen []lr.EvidenceItem) string {
	e, ok := g.refreshItem(seen)
	who, fine := g.caller(e)
	if !ok || !fine || who == "" {
		return unclear
	}
	first, ok := g.refresh(e, "refresh_session")
	second, too := g.refresh(e, "refresh_next")
	if !ok || !too {
		return unsent
	}
	if why := g.signIn("session", g.person(who), []string{captured("refresh_session", refreshField)}); why != "" {
		return why
	}
	g.again("The refresh token is exchanged.", "", first, nil, []string{"[Captures]", captured("refresh_next", refreshField), "[Asserts]", "status < 300"})
	g.again("So is the one that came for it.", "", second, nil, []string{"[Asserts]", "status < 300"})
	g.again("The first one was used: it gives no token again.", "", first, nil, g.refused())
	return ""
}

// asksCookie is the field of the sign-in request that asks for a cookie.
func (g *regression) asksCookie() map[string]any {
	for _, rt := range g.o.Routes {
		if g.o.SignIn == nil || rt.Path != g.o.SignIn.Path || rt.Method != g.o.SignIn.Method || rt.Body == nil || rt.Body.Schema == nil {
			continue
		}
		for _, n := range sortedKeys(rt.Body.Schema.Properties) {
			sc := rt.Body.Schema.Properties[n]
			switch strings.Map(letters, strings.ToLower(n)) {
			case "cookie", "usecookie", "setcookie", "usecookies", "session", "rememberme", "remember":
				if sc != nil && sc.Type == "boolean" {
					return map[string]any{n: true}
				}
			}
		}
	}
	return nil
}

// cookie is the name in the finding's subject.
func (g *regression) cookie() (string, bool) {
	name, ok := strings.CutPrefix(g.finding.Subject, "cookie ")
	return name, ok && name != "" && !strings.ContainsAny(name, " \"\\{}[]")
}

// planted: a session id that the client brought is not signed in.
func (g *regression) planted(seen []lr.EvidenceItem) string {
	name, ok := g.cookie()
	control, known := noted(seen, "with the cookie of a sign-in")
	who, fine := g.caller(control)
	me, sent := g.from(control)
	if !ok || !known || !fine || who == "" || !sent {
		return unclear
	}
	p := g.person(who)
	s := g.identity(p, control, seen[len(seen)-1].Witness)
	if s.text == "" || p.User == "" {
		return unclear
	}
	c, why := g.entry(g.user(p), g.password(p), g.asksCookie())
	if why != "" {
		return why
	}
	g.h.forget = true
	g.h.request(who+" signs in. Another id of the same form is made of the session's.", "", c, nil, []string{"[Captures]", "session: cookie " + hurlText(name),
		"planted: cookie " + hurlText(name) + ` replaceRegex /(.{6})(.{6})$/ "$2$1"`, "[Asserts]", "status < 300"})
	with := func(value string) []string { return []string{"Cookie: " + name + "={{" + value + "}}"} }
	g.with("The cookie is what signs in.", "", me, with("session"), nil, s.control())
	g.with("The other id is nobody's before the sign-in.", "", me, with("planted"), nil, s.hidden())
	d := *c
	d.header = append(d.header, with("planted")...)
	g.h.request(who+" signs in, with that id planted in the browser.", "", &d, nil, []string{"[Asserts]", "status < 300"})
	g.with("The planted id is still nobody's.", "", me, with("planted"), nil, s.hidden())
	return ""
}

// scoped: a session's cookie goes to its own host.
func (g *regression) scoped(seen []lr.EvidenceItem) string {
	name, ok := g.cookie()
	e := seen[len(seen)-1]
	p, sent := g.from(e)
	who, known := g.named(p.body)
	if !ok || !sent || !known {
		return unclear
	}
	body, fine := fill(p.body, func(string) string { return g.password(who) })
	if !fine {
		return unsent
	}
	p.body = strings.ReplaceAll(body, `"`+who.User+`"`, `"`+g.user(who)+`"`)
	p.hidden = nil
	wants := []string{"[Asserts]", "status < 300", "cookie " + hurlText(name) + " exists"}
	switch text := g.finding.Message + " " + e.Note; {
	case strings.Contains(text, "every host below"):
		wants = append(wants, "cookie "+hurlText(name+"[Domain]")+" not exists")
	default:
		return "what the cookie must be is told in words only"
	}
	g.again(who.Name+" signs in, and the cookie is for this host alone. Where it has another name now, give it here.", "", p, nil, wants)
	return ""
}
