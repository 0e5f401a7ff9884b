package export

import (
	"slices"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// alone is the test of a finding that one request shows, whoever owns what: the
// request again, and the sign must be gone from the reply.
func (g *regression) alone() string {
	var seen []lr.EvidenceItem
	for _, e := range g.finding.Evidence {
		if e.Status != 0 && e.Request != "" && !strings.HasPrefix(e.As, "a page of") && !strings.HasPrefix(e.As, "a sandboxed page") {
			seen = append(seen, e)
		}
	}
	switch {
	case g.check.ID == "cors/websocket-origin":
		return "a WebSocket shows it, which Hurl does not speak"
	case g.check.ID == "hygiene/error-shape":
		return "it compares the replies of several routes"
	case len(seen) == 0:
		return "its evidence is no request"
	}
	switch {
	case g.check.ID == "cors/vary-origin": // for either origin
	case strings.HasPrefix(g.check.ID, "cors/"):
		seen = seen[:1] // the others show what a page reads by it
	default:
		seen = seen[len(seen)-1:]
	}
	var why string
	for i, e := range seen {
		if why = g.repeat(e, i == 0); why != "" {
			return why
		}
	}
	return ""
}

// repeat sends the request of the evidence again and asserts that its sign is gone.
func (g *regression) repeat(e lr.EvidenceItem, first bool) string {
	p, ok := parse(e.Request)
	who := e.As
	if who == "anonymous" {
		who = ""
	}
	switch {
	case e.Status == 101:
		return "a WebSocket shows it, which Hurl does not speak"
	case !ok:
		return "its request is cut or masked in the report"
	case who != "" && !variableName(who):
		return "a user of the run asked, who is gone"
	case !plain(p.body):
		return "its body is no text that a Hurl file can hold"
	}
	asserts, why := g.gone(e)
	if why != "" {
		return why
	}
	var options []string
	if g.check.ID == "hygiene/echoed-secret" {
		// What was sent was made up, and masked all the same: another does as well.
		if who != "" || !strings.Contains(p.credential, "[secret]") {
			return "its request is cut or masked in the report"
		}
		p.credential = strings.ReplaceAll(p.credential, "[secret]", "{{made_up}}")
		options = []string{makeCanary("made_up")}
	}
	if who == "" && strings.Contains(withoutField(e.Request, "authorization"), "[secret]") {
		return "its request is cut or masked in the report"
	}
	g.local(&p)
	made := g.keys(&p, who)
	if first {
		g.alive(who)
		for _, t := range made {
			g.h.create(t, who)
		}
	}
	g.again(nobody(who)+" asks: "+e.Note, who, p, options, append([]string{"[Asserts]"}, append(answered(e.Status), asserts...)...))
	for i := len(made) - 1; i >= 0; i-- {
		if made[i].remove != nil {
			g.h.request(who+" removes it.", who, made[i].remove, nil, nil)
		}
	}
	return ""
}

// answered asserts that the reply is one to judge. Where the sign was found in a
// server error, a clean server error is no finding of the check.
func answered(status int) []string {
	if status < 500 {
		return []string{"status < 500", "status != 429"}
	}
	return []string{"status != 429", "status != 502", "status != 503", "status != 504"}
}

// plain reports a text that stands between the fences of a Hurl file as it is.
func plain(body string) bool {
	return utf8.ValidString(body) && !strings.Contains(body, "{{") && !strings.ContainsFunc(body, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError
	})
}

func withoutField(request, field string) string {
	var out []string
	for l := range strings.Lines(request) {
		if name, _, _ := strings.Cut(l, ":"); !strings.EqualFold(name, field) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

// local takes the path of the base out of a path, since base_url has it.
func (g *regression) local(p *parsed) {
	if base := strings.TrimSuffix(g.o.Base.EscapedPath(), "/"); base != "" {
		if rest, ok := strings.CutPrefix(*p.bare, base); ok && strings.HasPrefix(rest, "/") {
			*p.bare = rest
		}
	}
}

// keys puts variables where the keys of the run's objects stand, which are gone,
// and returns the things of which the test makes an object. Keys that nothing
// has are part of the question and stay.
func (g *regression) keys(p *parsed, who string) (made []*thing) {
	got := strings.Split(*p.bare, "/")
	if slices.ContainsFunc(g.o.Routes, func(rt *lr.Route) bool { return rt.Path == *p.bare }) {
		return nil // "/invoices/export" is no invoice
	}
	for _, rt := range g.o.Routes {
		want := strings.Split(rt.Path, "/")
		if len(want) != len(got) || p.method != "OPTIONS" && rt.Method != p.method || !shaped(want, got) {
			continue
		}
		names := rt.PathParams()
		for i, w := range want {
			name := strings.Trim(w, "{}")
			switch {
			case name == w || madeUp(got[i]):
				continue
			case name == names[len(names)-1] && strings.Contains(g.finding.Message, "does not exist"):
				continue
			}
			if t := g.r.of(rt.Keys[name].Resource); t != nil && t.makeable() && who != "" {
				if len(made) > 0 && t.has(made[len(made)-1].resource) {
					made = made[:len(made)-1] // it is made on the way
				}
				made = append(made, t)
				got[i] = "{{" + t.variable() + "}}"
				continue
			}
			variable := "own_" + variableOf(name)
			g.explained(variable, got[i], "the key that fills {"+name+"}")
			got[i] = "{{" + variable + "}}"
		}
		*p.bare = strings.Join(got, "/")
		return made
	}
	return nil
}

func shaped(want, got []string) bool {
	for i, w := range want {
		if w != got[i] && (!strings.HasPrefix(w, "{") || got[i] == "") {
			return false
		}
	}
	return true
}

// madeUp reports a key that no object has.
func madeUp(key string) bool {
	return strings.Contains(key, "%") || key == "lr0" || strings.HasPrefix(key, "lr-") || len(key) >= 15 && strings.Trim(key, "0123456789") == ""
}

// alive has the caller ask who it is: a token that is stale is refused whatever
// it asks, which would look like a fix.
func (g *regression) alive(who string) {
	if who == "" {
		return
	}
	rt := g.o.WhoAmI[who]
	for _, r := range g.o.Routes {
		if rt == nil && r.Kind == lr.WhoAmI && r.Method == "GET" && len(r.PathParams()) == 0 {
			rt = r
		}
	}
	c := &call{}
	switch {
	case rt != nil && len(rt.PathParams()) == 0 && rt.Method == "GET":
		c = &call{route: rt, method: rt.Method, path: rt.Path}
	default:
		for _, t := range g.r.things {
			if c.method == "" && t.list != nil && !strings.Contains(t.list.path, "{{") {
				c = t.list
			}
		}
	}
	if c.method != "" {
		g.h.request(who+" is still signed in: else its token is stale, and the test tells nothing.", who, c, nil, []string{"[Asserts]", "status == 200"})
	}
}
