package export

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// asked is the test of a read: the owner is shown a text, and whoever was shown
// it in the run may not be. The owner's step is the control: where the object or
// a token is stale it is red, and the refusal that follows counts for nothing.
func (g *regression) asked(seen []lr.EvidenceItem) string {
	switch {
	case len(seen) != 2:
		return "it takes several requests in a row that this version of Launch Ready has no Hurl form for"
	case len(seen[1].Witness) == 0:
		return "it shows by comparing two replies, and not by a text in one"
	case !strings.HasPrefix(seen[0].Note, "own") || seen[0].As == seen[1].As:
		return "no owner was shown the same before, so that a reply without it would prove nothing"
	}
	owner, fine := g.caller(seen[0])
	who, known := g.caller(seen[1])
	control, ok := g.from(seen[0])
	req, too := g.from(seen[1])
	switch {
	case !fine || !known || owner == "":
		return goneUser
	case !ok || !too || seen[1].Status == 101 || control.secret():
		return unsent
	case strings.Contains(seen[0].Response, "the rest was not read"):
		return "its reply is a stream without an end, which Hurl waits for"
	}
	g.alive(who)
	k := &key{}
	if who == "" {
		var why string
		if k, why = g.forged(seen[1], req, owner); why != "" {
			return why
		}
	}
	if req.secret() && !k.query {
		return unsent
	}
	w := g.witness(&control, seen[0], seen[1], owner)
	if w.text == "" {
		return "the text that showed it went with the run's objects, and nothing tells how to make another"
	}
	switch {
	case req.bare == g.was:
		req.bare = control.bare
	default: // another spelling, or below an object of the caller's own
		g.beside(&req, seen, owner, who)
	}
	req.query, req.body = g.same(req.query, seen, control.query), g.same(req.body, seen, control.body)
	if k.query {
		req.query = regexp.MustCompile(`\[(secret|key)\]`).ReplaceAllString(req.query, "{{token_"+owner+"}}")
	}
	asserts := append([]string{"[Asserts]"}, w.shown)
	if w.capture != "" {
		asserts = []string{"[Captures]", w.capture, "[Asserts]", "status < 300"}
	}
	if len(k.captures) > 0 {
		if w.capture == "" {
			asserts = slices.Concat([]string{"[Captures]"}, k.captures, asserts)
		} else {
			asserts = slices.Concat(asserts[:2], k.captures, asserts[2:])
		}
	}
	g.again(owner+" is shown it. Else an object or a token is stale, and this is red.", owner, control, k.options, asserts)
	if k.before != nil {
		k.before()
	}
	g.with(nobody(who)+" is not: "+seen[1].Note, who, req, k.header, nil, []string{"[Asserts]", "status < 500", "status != 429", "body not contains " + hurlText(w.text)})
	return ""
}

// same is a part of the second request: that of the first where it was the same.
func (g *regression) same(part string, seen []lr.EvidenceItem, control string) string {
	first, _ := g.from(seen[0])
	second, _ := g.from(seen[1])
	if part == second.query && part == first.query || part == second.body && part == first.body {
		return control
	}
	return part
}

// beside fills the keys of a request whose address is not the control's: those of
// the owner's object are the same, and those of the caller's own are made by it.
func (g *regression) beside(req *parsed, seen []lr.EvidenceItem, owner, who string) {
	first, _ := g.from(seen[0])
	_, theirs := g.route(&first)
	rt, values := g.route(req)
	if rt == nil { // an odd spelling of the same address
		for _, name := range slices.Sorted(maps.Keys(theirs)) {
			if t := g.ids[theirs[name]]; t != nil {
				req.bare = strings.ReplaceAll(req.bare, theirs[name], "{{"+t.variable()+"}}")
			}
		}
		return
	}
	segs, shape := strings.Split(req.bare, "/"), strings.Split(rt.Path, "/")
	for _, name := range rt.PathParams() {
		t := g.r.of(rt.Keys[name].Resource)
		at := slices.Index(shape, "{"+name+"}")
		if t == nil || at < 0 || at >= len(segs) {
			continue
		}
		variable := t.variable()
		if values[name] != theirs[name] && who != "" {
			variable, _ = g.ensure(t, who, "own_", true)
		} else if values[name] != theirs[name] {
			variable, _ = g.ensure(t, owner, "other_", true)
		}
		segs[at] = "{{" + variable + "}}"
	}
	req.bare = strings.Join(segs, "/")
}

// sign is the text that the owner is shown: one that is in an object of the
// file's own, or one that the owner's own reply gives.
type sign struct {
	text    string // with a variable
	shown   string // asserts that the owner is shown it
	capture string // or takes it from what the owner is shown
}

func signOf(text string) sign { return sign{text: text, shown: "body contains " + hurlText(text)} }

// witness finds what the owner is shown and has the owner make it where it must
// be made; it puts variables in the control's request.
func (g *regression) witness(control *parsed, shown, leaked lr.EvidenceItem, owner string) sign {
	g.was = control.bare
	rt, _ := g.route(control)
	word := "lr1-" + g.rep.Run
	searched := strings.Contains(control.query+control.body, word) && len(oracle.Canaries(control.query+control.body)) == 0
	if searched {
		if !g.seed(owner) {
			return sign{}
		}
		g.h.request("The search is for the first part of the text.", owner, g.whoami(owner), nil,
			[]string{"[Captures]", `word: variable "canary" regex /^(lrx[0-9a-f]+)-/`})
		g.own("word")
		control.query, control.body = strings.ReplaceAll(control.query, word, "{{word}}"), strings.ReplaceAll(control.body, word, "{{word}}")
		return signOf("{{canary}}")
	}
	if names := pathParams(rt); len(names) > 0 && canaried(leaked.Witness) {
		if t := g.r.of(rt.Keys[names[len(names)-1]].Resource); t != nil && !t.telling() && t.makeable() && g.seed(owner) {
			g.addressed(control, owner, "", true) // what an export holds is there before it
			return signOf("{{canary}}")
		}
	}
	last, telling := g.addressed(control, owner, "", canaried(leaked.Witness))
	if in, tells := g.inBody(control, owner); in != nil {
		last, telling = in, tells
	}
	if canaried(leaked.Witness) {
		if t := g.holder(last, rt, shown, leaked); t != nil && t != last {
			_, telling = g.ensure(t, owner, "", true)
			last = t
		}
		if last != nil && telling {
			return signOf("{{" + last.canary() + "}}")
		}
	}
	for _, w := range leaked.Witness {
		if name := fieldHolding(responseBody(shown), w); name != "" && len(oracle.Canaries(w)) == 0 {
			g.own("witness")
			return sign{text: "{{witness}}", capture: "witness: regex /\"" + name + "\"\\s*:\\s*\"([^\"]+)\"/"}
		}
	}
	for _, p := range g.o.People {
		if p.Tenant == g.person(owner).Tenant && p.User != "" && p.Name != g.person(leaked.As).Name &&
			strings.Contains(responseBody(shown), p.User) && strings.Contains(responseBody(leaked), p.User) {
			return signOf(g.user(p))
		}
	}
	if last == nil && listsUsers(leaked) {
		if g.newcomer(g.person(owner).Tenant, "member") != "" {
			return sign{}
		}
		return signOf("{{guest_user}}")
	}
	if canaried(leaked.Witness) && g.seed(owner) {
		return signOf("{{canary}}")
	}
	return sign{}
}

func pathParams(rt *lr.Route) []string {
	if rt == nil {
		return nil
	}
	return rt.PathParams()
}

func canaried(witness []string) bool {
	return slices.ContainsFunc(witness, func(w string) bool { return len(oracle.Canaries(w)) > 0 })
}

// holder is the thing whose text a reply shows: by the name of the field that has
// it, the thing that the address names, one below it, or what the list is of.
func (g *regression) holder(last *thing, rt *lr.Route, shown, leaked lr.EvidenceItem) *thing {
	if last == nil && rt != nil {
		if t := g.r.of(rt.Resource); t != nil && t.parent == nil && t.makeable() && t.telling() && !delicate(t.resource) && (rt.Kind == lr.List || rt.Kind == lr.Search) {
			return t
		}
		return nil
	}
	if last == nil {
		return nil
	}
	var field string
	for _, w := range leaked.Witness {
		if field = fieldNamed(responseBody(shown), w); field != "" {
			break
		}
	}
	if field == "" || last.holds(field) {
		return last
	}
	for _, t := range g.r.things {
		if t.parent == last && t.makeable() && t.holds(field) {
			return t
		}
	}
	return last
}

// holds reports whether the thing is made with a text in the field.
func (t *thing) holds(field string) bool {
	return t.create != nil && strings.Contains(t.create.body, `"`+field+`":"{{`+t.canary())
}

// fieldNamed is the field of a JSON text that has the value.
func fieldNamed(body, value string) string {
	m := regexp.MustCompile(`"([A-Za-z0-9_.-]+)"\s*:\s*"` + regexp.QuoteMeta(value)).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	return m[1]
}

// fieldHolding is the field whose first value in a JSON text is the value: what a
// capture by the field's name takes.
func fieldHolding(body, value string) string {
	name := fieldNamed(body, value)
	if name == "" || masked(value) {
		return ""
	}
	m := regexp.MustCompile(`"` + regexp.QuoteMeta(name) + `"\s*:\s*"([^"]+)"`).FindStringSubmatch(body)
	if m == nil || m[1] != value {
		return ""
	}
	return name
}

// again sends a request of the report again.
func (g *regression) again(note, who string, p parsed, options, response []string) {
	credential := ""
	if who == "" && !masked(p.credential) {
		credential = p.credential
	}
	var header []string
	if credential != "" {
		header = []string{"Authorization: " + hurlValue(credential)}
	}
	g.with(note, who, p, header, options, response)
}

// with sends it with header fields of the caller's own.
func (g *regression) with(note, who string, p parsed, header, options, response []string) {
	c := &call{method: p.method, path: p.bare + p.query, media: p.media, body: p.body}
	for _, name := range sorted(p.header) {
		if !slices.ContainsFunc(g.o.Headers, func(h string) bool { return strings.EqualFold(h, name) }) {
			c.header = append(c.header, name+": "+hurlValue(p.header[name]))
		}
	}
	c.header = append(c.header, header...)
	g.h.request(note, who, c, options, response)
}
