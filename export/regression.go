package export

import (
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Suite is a regression test for each confirmed finding of a report.
type Suite struct {
	Tests     []Test
	Variables []byte // text of variables.env: what the Hurl files are given, without a secret
	Readme    []byte
	// Replayed says why findings are asked by launchready audit replay and not by
	// Hurl, one line a reason.
	Replayed []string
	// Left says which findings have no test at all: those that are only suspected.
	Left []string
}

// Test is the regression test of one finding.
type Test struct {
	File  string // its name: the finding's id with .hurl, or .sh
	Text  []byte
	Check string
	Why   string // why it is no Hurl file; "" where it is one
}

// Regression writes a test for each confirmed finding of the report: a Hurl file
// that makes what it needs, controls itself and asserts what must hold once the
// finding is fixed, or a line of shell that has the audit ask again where Hurl
// cannot.
func Regression(rep *lr.Report, o Options) *Suite {
	r, err := recipeOf(o)
	if err != nil {
		r = &recipe{}
	}
	r.widen(o)
	s := &Suite{}
	ids := keysOf(rep, o, r)
	var vars []variable
	replayed, left := reasons{}, reasons{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.Confidence != lr.Confirmed {
					left.add("suspected by its shape only, so no value can decide", f.ID)
					continue
				}
				g := &regression{o: o, r: r, rep: rep, check: c, finding: f, ids: ids, made: map[string]bool{}}
				text, why := g.write()
				if why != "" {
					s.Tests = append(s.Tests, Test{File: f.ID + ".sh", Text: g.replay(why), Check: c.ID, Why: why})
					replayed.add(why, f.ID)
					continue
				}
				s.Tests = append(s.Tests, Test{File: f.ID + ".hurl", Text: text, Check: c.ID})
				for _, v := range g.vars {
					if !slices.ContainsFunc(vars, func(w variable) bool { return w.name == v.name }) {
						vars = append(vars, v)
					}
				}
			}
		}
	}
	s.Replayed = replayed.lines("%s by launchready audit replay, %s: %s%s")
	s.Left = left.lines("%s without a test, %s; launchready audit replay %s asks%s")
	s.Variables, s.Readme = variablesFile(o, vars), readme(rep, s)
	return s
}

// reasons gathers findings by why they are something, in the order of the first.
type reasons struct {
	order []string
	ids   map[string][]string
}

func (r *reasons) add(why, id string) {
	if r.ids == nil {
		r.ids = map[string][]string{}
	}
	if r.ids[why] == nil {
		r.order = append(r.order, why)
	}
	r.ids[why] = append(r.ids[why], id)
}

func (r *reasons) lines(format string) (out []string) {
	for _, why := range r.order {
		ids := r.ids[why]
		of, more := "1 finding", ""
		if len(ids) > 1 {
			of, more = fmt.Sprintf("%d findings", len(ids)), fmt.Sprintf(" and %d more", len(ids)-1)
		}
		out = append(out, fmt.Sprintf(format, of, why, ids[0], more))
	}
	return out
}

// regression writes the test of one finding.
type regression struct {
	o       Options
	r       *recipe
	rep     *lr.Report
	check   lr.CheckReport
	finding lr.Finding
	ids     map[string]*thing // by the keys that the run's requests named
	was     string            // the path of the owner's request as the report has it
	h       hurl
	vars    []variable
	made    map[string]bool // what the file captures or makes itself
	tidy    []func()        // removes it, last made first
}

// variable is what a file is given from outside.
type variable struct {
	name, value, says string
	secret            bool
}

func (g *regression) given(v variable) {
	if !g.made[v.name] && !slices.ContainsFunc(g.vars, func(w variable) bool { return w.name == v.name }) {
		g.vars = append(g.vars, v)
	}
}

// own says that the file has the variables from one of its own steps.
func (g *regression) own(names ...string) {
	for _, n := range names {
		g.made[n] = true
	}
}

// write is the test, or why Hurl cannot tell.
func (g *regression) write() (text []byte, why string) {
	g.given(variable{name: "base_url", value: address(g.o.Base), says: "the target"})
	send := tokenOf(g.o.SignIn)
	g.h.send = func(who string) (string, string) {
		g.given(variable{name: "token_" + who, says: "a token of " + who, secret: true})
		return send(who)
	}
	for _, name := range g.o.Headers {
		v := "header_" + variableOf(name)
		g.given(variable{name: v, says: "the header field " + name + ", which every request has", secret: true})
		g.h.fixed = append(g.h.fixed, name+": {{"+v+"}}")
	}
	if why = g.tell(); why != "" {
		return nil, why
	}
	for i := len(g.tidy) - 1; i >= 0; i-- {
		g.tidy[i]()
	}
	var head hurl
	head.add("# %s  %s: %s", g.finding.ID, g.check.ID, comment(g.check.Title))
	head.add("# %s\n#\n#   hurl --test --variables-file variables.env %s.hurl\n#\n# It is given:", comment(g.finding.Subject), g.finding.ID)
	for _, v := range g.vars {
		head.add("#   %s: %s", v.name, comment(v.says))
	}
	return []byte(head.b.String() + g.h.b.String()), ""
}

// tell picks the form of the test.
func (g *regression) tell() string {
	row, name, _ := strings.Cut(g.check.ID, "/")
	switch name {
	case "websocket-credential", "websocket-leak", "websocket-origin":
		// The handshake alone decides nothing: a server may accept every connection
		// and ask for a token in the first message.
		return overSocket
	case "error-shape":
		return g.shapes()
	}
	if row == "hygiene" || row == "cors" {
		return g.alone()
	}
	seen := requests(g.finding)
	if len(seen) == 0 {
		return "its evidence is no request that can be sent again"
	}
	if form := g.sequence(name); form != nil {
		return form(seen)
	}
	t, change := g.changed()
	_, readBack := noted(seen, "owner's read-back")
	switch {
	case change != nil && t.makeable() && t.telling() && t.read != nil:
		return g.attempt(t, change)
	case readBack:
		return g.written(seen)
	}
	return g.asked(seen)
}

// sequence is the form of a check whose evidence is several requests in a row.
func (g *regression) sequence(name string) func([]lr.EvidenceItem) string {
	switch name {
	case "token-after-logout":
		return g.loggedOut
	case "refresh-reuse":
		return g.refreshed
	case "session-fixation":
		return g.planted
	case "cookie-scope":
		return g.scoped
	case "disabled-user-token":
		return g.disabled
	case "mass-assignment":
		return g.promoted
	case "password-reset":
		return g.reset
	case "invitation-token":
		return g.invited
	case "user-enumeration":
		return g.enumerated
	case "existence-oracle":
		return g.existing
	case "undeclared-route":
		return g.undeclared
	case "graphql-introspection":
		return g.introspected
	case "graphql-batching":
		return g.batched
	case "count-leak":
		return g.counted
	case "shared-cache":
		return g.cached
	case "predictable-id":
		return g.predicted
	case "error-text":
		return g.quoted
	case "foreign-create":
		return g.planting
	case "share-link":
		return g.shared
	case "file-download":
		if _, ok := noted(requests(g.finding), "owner's own link"); ok {
			return g.signed
		}
	}
	return nil
}

func nobody(who string) string {
	if who == "" {
		return "nobody"
	}
	return who
}

// caller is who sent the item: "" is nobody. ok is false for a user of the run,
// who is gone with it.
func (g *regression) caller(e lr.EvidenceItem) (who string, ok bool) {
	if e.As == "" || e.As == "anonymous" {
		return "", true
	}
	for _, p := range g.o.People {
		if p.Name == e.As {
			who = variableOf(p.Name)
			return who, variableName(who)
		}
	}
	return e.As, variableName(e.As)
}

const (
	overSocket = "what leaks goes over a WebSocket, which Hurl does not speak"
	goneUser   = "a user of the run asked, who is gone"
	unclear    = "its evidence does not tell who asked"
	unsent     = "its requests cannot be repeated from a report"
	noSignIn   = "the configuration has no sign-in request that a Hurl file can send"
	noNewUser  = "no route makes a user for it"
)
