package export

import (
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// thingOf is what a route is about: what it creates or lists, or the collection
// that its address continues.
func (g *regression) thingOf(path string) *thing {
	var best *thing
	for _, t := range g.r.things {
		if t.parent != nil || t.create == nil || !t.makeable() {
			continue
		}
		base := t.create.path
		if (path == base || strings.HasPrefix(path, base+"/")) && (best == nil || len(base) > len(best.create.path)) {
			best = t
		}
	}
	return best
}

// counted: a number in one tenant's view does not move by what another makes.
func (g *regression) counted(seen []lr.EvidenceItem) string {
	at, _, ok := strings.Cut(g.finding.Message, " counts ")
	asker, fine := g.caller(seen[0])
	p, sent := g.from(seen[0])
	if !ok || !fine || asker == "" || !sent || !strings.HasPrefix(at, "/") || strings.ContainsAny(at, `'"\ `) {
		return unclear
	}
	owner, known := g.other(asker)
	t := g.thingOf(p.bare)
	if !known || t == nil {
		return unclear
	}
	path := "$"
	for part := range strings.SplitSeq(strings.TrimPrefix(at, "/"), "/") {
		path += "['" + part + "']"
	}
	p.query, _ = uncanary(p.query, "bust")
	number := "jsonpath " + hurlText(path)
	step := func(note, who, into string, also ...string) {
		response := []string{"[Asserts]", "status == 200"}
		if into != "" {
			response = append([]string{"[Captures]", into + ": " + number}, response...)
		}
		g.again(note, who, p, []string{makeCanary("bust")}, append(response, also...))
	}
	step(owner+" counts.", owner, "owners")
	step(asker+" counts.", asker, "before")
	g.ensure(t, owner, "", true)
	g.ensure(t, owner, "second_", true)
	step(owner+"'s number grew: it is a count. Else this is red.", owner, "", number+" > {{owners}}")
	step(asker+"'s did not, where nobody else made anything meanwhile: run such a file alone.", asker, "", number+" == {{before}}")
	return ""
}

// cached: what one was answered is not given to the next who asks.
func (g *regression) cached(seen []lr.EvidenceItem) string {
	fills, ok := noted(seen, "owner, to fill a cache")
	next, too := noted(seen, "same URL")
	owner, fine := g.caller(fills)
	who, known := g.caller(next)
	p, sent := g.from(fills)
	if !ok || !too || !fine || !known || owner == "" || owner == who || !sent || p.secret() {
		return unclear
	}
	witness := seen[len(seen)-1].Witness
	if len(witness) == 0 {
		return unclear
	}
	g.alive(who)
	query, busted := uncanary(p.query, "bust")
	p.query = query
	shown := fills
	shown.Witness = witness
	w := g.witness(&p, fills, shown, owner)
	if w.text == "" || !busted {
		return "the text that showed it went with the run's objects, and nothing tells how to make another"
	}
	control := w.control()
	g.again(owner+" is shown it, at an address that nobody asked before.", owner, p, []string{makeCanary("bust")}, control)
	g.own("bust")
	if w.capture != "" {
		control = []string{"[Asserts]", "status == 200"}
	}
	g.again("Once more, so that a cache has it.", owner, p, nil, control)
	g.again(nobody(who)+" asks the same address, and is not given the same.", who, p, nil, w.hidden())
	return ""
}

// predicted: an id that one tenant gets does not tell the next one's.
func (g *regression) predicted(seen []lr.EvidenceItem) string {
	var t *thing
	for _, c := range g.r.things {
		if c.create != nil && strings.EqualFold(c.create.label(), g.finding.Subject) {
			t = c
		}
	}
	owner, attacker, ok := g.cast()
	if t == nil || !ok || attacker == "" || !t.makeable() {
		return unclear
	}
	// Two rounds of unlike size: a number that carries in one does not in the other.
	for round, pair := range [][2]string{{"one_", "two_"}, {"three_", "four_"}} {
		g.ensure(t, owner, pair[0], true)
		g.ensure(t, attacker, pair[1], true)
		if round == 0 {
			g.ensure(t, owner, "between_", true)
		}
	}
	id := t.variable()
	heads := []string{"[Captures]"}
	asserts := []string{"[Asserts]", "status == 200"}
	for _, pair := range [][2]string{{"one", "two"}, {"three", "four"}} {
		heads = append(heads, pair[0]+`_head: variable "`+pair[0]+"_"+id+`" regex /^(.*).$/`)
		asserts = append(asserts, `variable "`+pair[1]+"_"+id+`" not matches "^{{`+pair[0]+`_head}}.$"`)
	}
	g.h.request("The id that "+attacker+" got is not the one after "+owner+"'s. Where each tenant counts for itself and both stand at nearly the same number, this is red as well: make an object more in one of them.", owner, g.whoami(owner), nil, append(heads, asserts...))
	return ""
}

// quoted: an error tells nothing of another tenant's object.
func (g *regression) quoted(seen []lr.EvidenceItem) string {
	e := seen[len(seen)-1]
	who, fine := g.caller(e)
	p, ok := g.from(e)
	owner, known := g.peer(who)
	if !fine || !ok || !known || who == "" || p.secret() {
		return unclear
	}
	last := []string{"[Asserts]", "status < 500", "status != 429"}
	g.alive(who)
	if strings.HasPrefix(e.Note, "an unreadable body") {
		t, telling := g.addressed(&p, owner, "", true)
		if t == nil || !telling || t.read == nil {
			return unclear
		}
		has := `body contains "{{` + t.canary() + `}}"`
		g.h.request(owner+" is shown it. Else the object is stale, and this is red.", owner, t.read, nil, []string{"[Asserts]", "status == 200", has})
		g.again(who+" sends a body that cannot be read, and is told nothing of it.", who, p, nil, append(last, `body not contains "{{`+t.canary()+`}}"`))
		return ""
	}
	t := g.thingOf(p.bare)
	var canaried bool
	if p.body, canaried = uncanary(p.body, "canary"); !canaried || t == nil || t.create == nil || t.create.path != p.bare {
		return unclear
	}
	g.again(owner+" makes the object.", owner, p, []string{makeCanary("canary")}, []string{capture(t.variable(), t.id), "[Asserts]", "status < 300"})
	g.own(t.variable(), "canary")
	if t.remove != nil {
		g.tidy = append(g.tidy, func() { g.h.request(owner+" removes it.", owner, t.remove, nil, nil) })
	}
	g.again(who+" sends the same values, and is not told whose they are.", who, p, nil, append(last, `body not contains "{{`+t.variable()+`}}"`))
	return ""
}

// peer is the person of another tenant who has the role of this one.
func (g *regression) peer(who string) (string, bool) {
	me := g.person(who)
	for _, p := range g.o.People {
		if p.Tenant != me.Tenant && p.Role == me.Role && me.Tenant != "" && variableName(variableOf(p.Name)) {
			return variableOf(p.Name), true
		}
	}
	return g.other(who)
}

// planting: nobody makes anything below an object of another tenant.
func (g *regression) planting(seen []lr.EvidenceItem) string {
	if len(seen) != 2 {
		return unclear
	}
	who, known := g.caller(seen[0])
	owner, fine := g.caller(seen[1])
	act, ok := g.from(seen[0])
	read, too := g.from(seen[1])
	var has bool
	act.body, has = uncanary(act.body, "canary_b")
	switch {
	case !known || !fine || owner == "" || who == owner:
		return goneUser
	case !ok || !too || act.secret() || read.secret() || !has:
		return unsent
	}
	g.alive(who)
	last, _ := g.addressed(&act, owner, "", true)
	if last == nil || !g.made[last.variable()] {
		return "its object went with the run, and nothing tells how to make another"
	}
	g.addressed(&read, owner, "", true)
	mine := act
	mine.body = strings.ReplaceAll(act.body, "{{canary_b}}", "{{canary}}")
	g.again(owner+" makes something below it.", owner, mine, []string{makeCanary("canary"), makeCanary("canary_b")}, []string{"[Asserts]", "status < 300"})
	g.own("canary", "canary_b")
	shown := `body contains "{{canary}}"`
	g.again(owner+" is shown it. Else nothing that is made there shows, and this is red.", owner, read, nil, []string{"[Asserts]", "status == 200", shown})
	g.again(nobody(who)+" tries the same: "+seen[0].Note, who, act, nil, []string{"[Asserts]", "status < 500", "status != 429"})
	g.again(owner+" finds nothing of it.", owner, read, nil, []string{"[Asserts]", "status == 200", shown, `body not contains "{{canary_b}}"`})
	return ""
}

// undeclared: a route that the description does not name shows no account.
func (g *regression) undeclared(seen []lr.EvidenceItem) string {
	e := seen[len(seen)-1]
	who, fine := g.caller(e)
	p, ok := g.from(e)
	if !fine || !ok || p.secret() || who == "" && (masked(p.credential) || len(p.hidden) > 0) {
		return unsent
	}
	g.alive(who)
	for _, person := range g.o.People {
		name := variableOf(person.Name)
		c := g.whoami(name)
		if c == nil || c.route == nil || c.route.Kind == lr.List || person.User == "" || person.Name == e.As || !variableName(name) || !strings.Contains(responseBody(e), person.User) {
			continue
		}
		s := signOf(g.user(person))
		g.h.request("The account exists, so that a reply without it tells something.", name, c, nil, s.control())
		g.again(nobody(who)+" is not shown it: "+e.Note, who, p, nil, s.hidden())
		return ""
	}
	const gone = "what it showed went with the run, and nothing tells what it shows now"
	me := g.whoami("")
	if !listsUsers(e) || me == nil || me.route == nil || me.route.Kind == lr.List {
		return gone
	}
	if g.guest(g.tenantOf(seen), "member") != "" {
		return gone
	}
	s := signOf("{{guest_user}}")
	g.h.request("The user is there, so that a reply without it tells something.", "guest", me, nil, s.control())
	g.again(nobody(who)+" is not shown it: "+e.Note, who, p, nil, s.hidden())
	return ""
}

// linkOf is the link in a reply: its last segment, or the token by its name.
func linkOf(path string) string {
	at := strings.LastIndexByte(path, '/')
	return `/(?:` + strings.ReplaceAll(regexp.QuoteMeta(path[:at+1]), "/", `\/`) + `|"(?:share_?[tT]oken|token|slug|code)"\s*:\s*")([A-Za-z0-9_~.-]+)/`
}
