package export

import (
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Test is the regression test of one finding.
type Test struct {
	File string // its name: the finding's id
	Text []byte
}

// Regression writes a test for each confirmed finding of the report that a Hurl
// file can tell: the owner is shown a text, and whoever asked then may not be; or
// one request, in whose reply the sign must be gone. left says for each reason how
// many findings have no test, with the command that asks the first of them.
func Regression(rep *lr.Report, o Options) (tests []Test, left []string) {
	r, err := recipeOf(o)
	if err != nil {
		r = &recipe{}
	}
	var reasons []string
	without := map[string][]string{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				why := "suspected by its shape only, so no value can decide"
				var text []byte
				if f.Confidence == lr.Confirmed {
					g := &regression{o: o, r: r, rep: rep, check: c, finding: f, vars: map[string]example{}}
					text, why = g.write()
				}
				switch {
				case why == "":
					tests = append(tests, Test{File: f.ID + ".hurl", Text: text})
					continue
				case without[why] == nil:
					reasons = append(reasons, why)
				}
				without[why] = append(without[why], f.ID)
			}
		}
	}
	for _, why := range reasons {
		ids := without[why]
		of := "1 finding"
		if len(ids) > 1 {
			of = fmt.Sprintf("%d findings", len(ids))
		}
		left = append(left, fmt.Sprintf("%s: %s; launchready audit replay %s asks the first", of, why, ids[0]))
	}
	return tests, left
}

// example is what the head of a file says of a variable.
type example struct{ value, says string }

type regression struct {
	o       Options
	r       *recipe
	rep     *lr.Report
	check   lr.CheckReport
	finding lr.Finding
	h       hurl
	vars    map[string]example
	names   []string
}

func (g *regression) variable(name, value string) { g.explained(name, value, "") }

// explained is a variable with a line of its own that says what it is: a comment
// after a value would be part of it.
func (g *regression) explained(name, value, says string) {
	if _, ok := g.vars[name]; !ok {
		g.names = append(g.names, name)
	}
	g.vars[name] = example{value, says}
}

// write is the test, or why there is none.
func (g *regression) write() (text []byte, why string) {
	g.variable("base_url", address(g.o.Base))
	send := tokenOf(g.o.SignIn)
	g.h.send = func(who string) (string, string) {
		g.explained("token_"+who, "…", "a token of "+who)
		return send(who)
	}
	t, change := g.changed()
	switch row, _, _ := strings.Cut(g.check.ID, "/"); {
	case row == "hygiene" || row == "cors":
		why = g.alone()
	case change != nil && t.makeable():
		why = g.attempt(t, change)
	default:
		why = g.asked()
	}
	if why != "" {
		return nil, why
	}
	var head hurl
	head.add("# %s  %s: %s", g.finding.ID, g.check.ID, comment(g.check.Title))
	head.add("# %s\n#\n#   hurl --test --variables-file variables.env %s.hurl\n#\n# variables.env:", comment(g.finding.Subject), g.finding.ID)
	for _, n := range g.names {
		if says := g.vars[n].says; says != "" {
			head.add("#   # %s:", comment(says))
		}
		head.add("#   %s=%s", n, comment(g.vars[n].value))
	}
	return []byte(head.b.String() + g.h.b.String()), ""
}

// changed is the thing that the finding says can be changed or deleted, and how.
func (g *regression) changed() (*thing, *call) {
	for _, t := range g.r.things {
		for _, c := range []*call{t.update, t.remove} {
			if c != nil && strings.EqualFold(c.label(), g.finding.Subject) {
				return t, c
			}
		}
	}
	return nil, nil
}

// attempt is the test of a write: the owner reads back.
func (g *regression) attempt(t *thing, c *call) string {
	owner, attacker, ok := g.cast()
	if !ok {
		return "its evidence does not tell who asked"
	}
	g.alive(attacker)
	g.h.create(t, owner)
	has := []string{"[Asserts]", `body contains "{{` + t.canary() + `}}"`}
	g.h.request(owner+" is shown it.", owner, t.read, nil, has)
	var options []string
	if strings.Contains(c.body, "{{canary}}") {
		c = c.with("canary", "canary_b")
		options = []string{makeCanary("canary_b")}
		has = append(has, `body not contains "{{canary_b}}"`)
	}
	g.h.request(nobody(attacker)+" tries: "+c.label(), attacker, c, options, []string{"[Asserts]", "status < 500", "status != 429"})
	g.h.request(owner+" finds it as it was.", owner, t.read, nil, has)
	if t.remove != nil {
		g.h.request(owner+" removes it.", owner, t.remove, nil, nil)
	}
	return ""
}

func nobody(who string) string {
	if who == "" {
		return "nobody"
	}
	return who
}

// cast is who owned what was asked for, and who asked: "" is nobody.
func (g *regression) cast() (owner, attacker string, ok bool) {
	for _, e := range g.finding.Evidence {
		if e.Status == 0 {
			continue
		}
		if owner == "" && e.As != "" && e.As != "anonymous" {
			owner = e.As
		} else if owner != "" && e.As != owner {
			attacker, ok = e.As, true
		}
	}
	if attacker == "anonymous" {
		attacker = ""
	}
	return owner, attacker, ok && variableName(owner) && (attacker == "" || variableName(attacker))
}

// asked is the test of a read: the deciding request again, with a new object in
// the place of the one that leaked.
func (g *regression) asked() string {
	var seen []lr.EvidenceItem
	for _, e := range g.finding.Evidence {
		if e.Status != 0 {
			seen = append(seen, e)
		}
	}
	switch {
	case len(seen) == 0:
		return "its evidence is no request: a record or a measurement"
	case len(seen) > 2:
		return "it takes several requests in a row to show"
	case len(seen) == 1:
		return "its reply is wrong by what it does, and not by a text that somebody owns"
	case len(seen[1].Witness) == 0:
		return "it shows by comparing two replies, and not by a text in one"
	case !strings.HasPrefix(seen[0].Note, "own") || seen[0].As == seen[1].As:
		return "no owner was shown the same before, so that a reply without it would prove nothing"
	}
	owner, last := seen[0].As, seen[1]
	control, fine := parse(seen[0].Request)
	req, ok := parse(last.Request)
	if !ok || !fine || last.Status == 101 || !variableName(owner) {
		return "its requests cannot be repeated from a report"
	}
	if req.body != "" || control.body != "" || len(oracle.Canaries(req.query+control.query)) > 0 || strings.Contains(req.query+control.query, "lr1-"+g.rep.Run) {
		return "its request names objects of the run, which are gone"
	}
	who := last.As
	if who == "anonymous" {
		who = ""
	} else if !variableName(who) {
		return "a user of the run asked, who is gone"
	}
	g.alive(who)
	g.local(&req)
	g.local(&control)
	witness := last.Witness[0]
	t := g.place(req, &control)
	switch {
	case t != nil && len(oracle.Canaries(witness)) > 0:
		g.h.create(t, owner)
		witness = "{{" + t.canary() + "}}"
	default:
		for of := t; of != nil; of = of.parent {
			g.explained(of.variable(), "…", "the key of an object of "+owner+"'s that has the witness")
		}
		if len(oracle.Canaries(witness)) > 0 {
			witness = "…" // it went with the run's objects
		}
		g.explained("witness", witness, "a text that "+owner+" is shown there, and nobody else may be")
		witness = "{{witness}}"
	}
	g.again(owner+" is shown it.", owner, control, nil, []string{"[Asserts]", "body contains " + hurlText(witness)})
	g.again(nobody(who)+" is not: "+last.Note, who, req, nil, []string{"[Asserts]", "status < 500", "status != 429", "body not contains " + hurlText(witness)})
	if t != nil && t.remove != nil && strings.HasPrefix(witness, "{{canary") {
		g.h.request(owner+" removes it.", owner, t.remove, nil, nil)
	}
	return ""
}

// place puts variables where the keys of the run's objects stand in the path,
// and returns the thing that has the last of them when Hurl can make it.
func (g *regression) place(req parsed, control *parsed) *thing {
	var of *thing
	for _, rt := range g.o.Routes {
		values, ok := match(rt, *req.bare)
		if !ok || len(values) == 0 || rt.Method != req.method {
			continue
		}
		owners, same := match(rt, *control.bareOr(req.bare))
		for _, name := range rt.PathParams() {
			variable := "own_" + variableOf(name)
			if t := g.r.of(rt.Keys[name].Resource); t != nil && (!same || owners[name] == values[name]) {
				variable = t.variable()
				of = nil // the witness is the last one's
				if t.shownBy(rt) {
					of = t
				}
			}
			if !g.captured(rt, variable) {
				g.explained(variable, values[name], "the key that fills {"+name+"}")
			}
			*req.bare = strings.ReplaceAll(*req.bare, "/"+values[name], "/{{"+variable+"}}")
			if same && control.bare != nil && owners[name] != "" {
				mine := variable
				if owners[name] != values[name] {
					if t := g.r.of(rt.Keys[name].Resource); t != nil {
						if mine = t.variable(); !g.captured(rt, mine) {
							g.explained(mine, owners[name], "the owner's key that fills {"+name+"}")
						}
					}
				}
				*control.bare = strings.ReplaceAll(*control.bare, "/"+owners[name], "/{{"+mine+"}}")
			}
		}
		break
	}
	if of != nil && !of.makeable() {
		return nil
	}
	return of
}

// captured reports whether the test makes the object that has the key.
func (g *regression) captured(rt *lr.Route, variable string) bool {
	for _, t := range g.r.things {
		if !t.shownBy(rt) || !t.makeable() {
			continue
		}
		for p := t; p != nil; p = p.parent {
			if p.variable() == variable {
				return true
			}
		}
	}
	return false
}

// shownBy reports whether the route shows an object of the thing.
func (t *thing) shownBy(rt *lr.Route) bool {
	for _, c := range t.reads {
		if c.route == rt {
			return true
		}
	}
	return t.read != nil && t.read.route == rt
}

func variableOf(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(name)), "_")
}

// again sends a request of the report again.
func (g *regression) again(note, who string, p parsed, options, response []string) {
	c := &call{method: p.method, path: *p.bare + p.query, media: p.media, body: p.body}
	credential := p.credential
	if who == "" && strings.ContainsAny(credential, "[") {
		says := []rune(g.finding.Message)
		if len(says) > 160 {
			says = append(says[:160], '…')
		}
		g.explained("credential", "…", "the credential that was tried: "+string(says))
		credential = "{{credential}}"
	}
	for _, name := range sorted(p.header) {
		c.header = append(c.header, name+": "+hurlValue(p.header[name]))
	}
	if who == "" && credential != "" {
		c.header = append(c.header, "Authorization: "+hurlValue(credential))
	}
	g.h.request(note, who, c, options, response)
}

// parsed is a request as a report shows it.
type parsed struct {
	method     string
	bare       *string // the path without its query
	query      string
	header     map[string]string
	credential string // the Authorization field
	media      string
	body       string
}

func (p *parsed) bareOr(other *string) *string {
	if p.bare == nil {
		return other
	}
	return p.bare
}

// parse reads the text of a request. It refuses one that was cut or masked where
// it counts.
func parse(text string) (p parsed, ok bool) {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	if len(words) != 3 || !strings.HasPrefix(words[1], "/") {
		return p, false
	}
	path, query, has := strings.Cut(words[1], "?")
	if has {
		query = "?" + query
	}
	p = parsed{method: words[0], bare: &path, query: query, header: map[string]string{}, body: strings.TrimSuffix(body, "\n")}
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "host", "content-length", "accept-encoding", "user-agent", "x-launchready-run", "connection":
		case "authorization":
			p.credential = value
		case "content-type":
			p.media = value
		default:
			if strings.Contains(value, "[secret]") || strings.Contains(value, "[key]") {
				continue // a cookie, or a key, which the caller's token stands for
			}
			p.header[name] = value
		}
	}
	cut := strings.Contains(body, "…") || strings.Contains(body, "[secret]") || strings.Contains(body, "```")
	return p, !cut && !strings.Contains(words[1], "[secret]")
}

// match reports whether the path is one of the route's, and what fills its keys.
func match(rt *lr.Route, path string) (map[string]string, bool) {
	want, got := strings.Split(strings.Trim(rt.Path, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok && strings.HasSuffix(name, "}") {
			v, err := url.PathUnescape(got[i])
			if err != nil || v == "" || v != got[i] {
				return nil, false
			}
			values[strings.TrimSuffix(name, "}")] = v
		} else if w != got[i] {
			return nil, false
		}
	}
	return values, true
}
