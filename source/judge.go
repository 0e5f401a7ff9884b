package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// opinion of a value that stands before a handler.
type opinion uint8

const (
	isNot opinion = iota
	mayBe
	isGuard
)

// verdict on one possible guard.
type verdict struct {
	state   opinion
	name    string
	file    string
	line    int
	why     string
	assumed bool
	reads   bool // traits of a function, for who calls it
	refuses bool
	lets    bool
}

func (v verdict) guard() Guard {
	return Guard{Name: v.name, File: v.file, Line: v.line, Assumed: v.assumed}
}

type judgeKey struct {
	fn       *code.Node
	env      *scope // one function made twice closes over different ones
	depth    int
	injected bool
}

const judgeDepth = 3 // calls that are followed from a middleware

// judge says whether a candidate is a guard.
func (m *machine) judge(c candidate) verdict {
	v := m.judgeValue(c.v, c.node, judgeDepth)
	if v.name == "" {
		v.name = nameOf(c.node)
	}
	if v.state != isGuard && m.configured(c.node) {
		v = verdict{state: isGuard, name: nameOf(c.node), assumed: true}
	}
	if v.state == isGuard && c.option {
		v.state, v.why = mayBe, v.name+" stands under a condition"
	}
	if v.state == mayBe && v.why == "" {
		v.why = "whether " + orWord(v.name, "a middleware") + " asks for a credential was not understood"
	}
	return v
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// nameOf is how the code names an expression.
func nameOf(n *code.Node) string {
	if n == nil {
		return ""
	}
	if d := n.Dotted(); d != "" {
		return d
	}
	return n.Last()
}

// configured reports whether the owner named it a guard.
func (m *machine) configured(n *code.Node) bool {
	if n == nil || len(m.opt.Guards) == 0 {
		return false
	}
	if slices.Contains(m.opt.Guards, nameOf(n)) || slices.Contains(m.opt.Guards, n.Last()) {
		return true
	}
	// Depends(get_user), UseGuards(JwtGuard), wrapped in one call.
	if n.Is(code.Call) {
		for _, a := range n.List {
			if !a.Is(code.Pair) && (a.Is(code.Name) || a.Is(code.Member)) && m.configured(a) {
				return true
			}
		}
	}
	return false
}

func (m *machine) judgeValue(v value, n *code.Node, depth int) verdict {
	if depth < 0 {
		return verdict{state: mayBe}
	}
	switch v := v.(type) {
	case nil:
		name := nameOf(n)
		if n.Is(code.Constant) || n.Is(code.String) || n.Is(code.Object) {
			return verdict{}
		}
		if notGuard().MatchString(name) && !strings.Contains(strings.ToLower(name), "optional") {
			return verdict{}
		}
		return verdict{state: mayBe, name: name, why: orWord(name, "a middleware") + " was not found in the source"}
	case *closure:
		name := v.fn.Text
		if name == "" {
			name = nameOf(n)
		}
		return m.judgeClosure(v, name, depth)
	case *list:
		return m.anyOf(v.items, n, depth)
	case nestGuard:
		g := m.judgeAnswer(v.f, m.judgeClosure(v.f, v.name, depth))
		g.name = v.name
		return g
	case made:
		return m.judgeMade(v, n, depth)
	case external:
		g := libraryGuard(v.path, nil)
		g.name = orWord(nameOf(n), v.path)
		return g
	case *instance:
		return m.judgeInstance(v, n, depth)
	case *class:
		return m.judgeInstance(&instance{of: v, fields: map[string]value{}}, n, depth)
	case *router, text, *object, namespace, bound:
		return verdict{}
	}
	return verdict{state: mayBe}
}

// anyOf is the strongest verdict: all of them stand before the handler.
func (m *machine) anyOf(vs []value, n *code.Node, depth int) verdict {
	var out verdict
	for i, item := range vs {
		node := n
		if n.Is(code.Array) && i < len(n.List) {
			node = n.List[i]
		}
		if g := m.judgeValue(item, node, depth-1); g.state > out.state {
			out = g
		}
	}
	return out
}

func (m *machine) judgeMade(v made, n *code.Node, depth int) verdict {
	switch {
	case v.path == "either": // one of them suffices, so all must be guards
		out := verdict{state: isGuard}
		for _, a := range v.args {
			g := m.judgeValue(a, nil, depth-1)
			if g.state < out.state {
				out = g
			} else if out.name == "" {
				out.name, out.file, out.line = g.name, g.file, g.line
			}
		}
		if len(v.args) == 0 {
			return verdict{state: mayBe}
		}
		return out
	case lastOf(v.path) == "Depends" || lastOf(v.path) == "Security":
		dep := first(v.args)
		if d, ok := v.named["dependency"]; ok {
			dep = d
		}
		return m.judgeValue(dep, firstNode(v.node), depth)
	case strings.HasSuffix(v.path, "Annotated[]"):
		var out verdict
		for i, a := range v.args {
			if i == 0 {
				continue
			}
			if g := m.judgeValue(a, nil, depth-1); g.state > out.state {
				out = g
			}
		}
		return out
	}
	g := libraryGuard(v.path, &v)
	if g.state != isNot && len(v.node.List) > 0 && v.node.Kind == code.Call {
		// expressjwt(...).unless({path}) and its like
		if strings.HasSuffix(v.path, ".unless") {
			g.state, g.why = mayBe, "unless() leaves paths out"
		}
	}
	g.name = orWord(nameOf(v.node), nameOf(n))
	return g
}

func firstNode(n *code.Node) *code.Node {
	if n == nil {
		return nil
	}
	if a := n.Arg(0); a != nil {
		return a
	}
	return n
}

// judgeInstance looks at the method by which a framework asks an object.
func (m *machine) judgeInstance(in *instance, n *code.Node, depth int) verdict {
	name := in.of.node.Text
	at := verdict{name: name, line: in.of.node.Line}
	if in.of.env.file != nil {
		at.file = in.of.env.file.Path
	}
	for _, method := range [...]string{"canActivate", "has_permission", "dispatch", "__call__", "use", "handle", "process_request", "Handle", "test_func", "intercept"} {
		f, ok := m.method(in, method, 0).(*closure)
		if !ok {
			continue
		}
		g := m.judgeClosure(f, name, depth)
		g.name = name
		if method == "canActivate" || method == "has_permission" || method == "test_func" {
			g = m.judgeAnswer(f, g)
		}
		if g.state == isNot && in.of.node.List != nil && method != "dispatch" {
			continue
		}
		return g
	}
	best := at
	for _, base := range in.of.node.List {
		switch b := m.eval(base, in.of.env).(type) {
		case external:
			if g := libraryGuard(b.path, nil); g.state > best.state {
				best.state, best.assumed, best.why = g.state, g.assumed, g.why
			}
		case made:
			if g := libraryGuard(b.path, &b); g.state > best.state {
				best.state, best.assumed, best.why = g.state, g.assumed, g.why
			}
		case *class:
			if b != in.of {
				if g := m.judgeInstance(&instance{of: b, fields: map[string]value{}}, base, depth-1); depth > 0 && g.state > best.state {
					best.state, best.assumed, best.why = g.state, g.assumed, g.why
				}
			}
		}
	}
	_ = n
	return best
}

// judgeAnswer is for methods that answer true or false instead of refusing.
func (m *machine) judgeAnswer(f *closure, g verdict) verdict {
	if g.state == isGuard {
		return g
	}
	t := m.inspect(f, judgeDepth-1)
	decides, super, yes := false, false, 0
	returns(f.fn.Body, func(r *code.Node) {
		switch {
		case r.X.Is(code.Constant) && r.X.Text == "true":
			yes++
		case r.X.Is(code.Call) && (r.X.X.Dotted() == "super.canActivate" || strings.HasPrefix(r.X.X.Dotted(), "super.")):
			super = true
		default:
			decides = true
		}
	})
	switch {
	case super && yes == 0:
		g.state = isGuard
	case super, t.byPath, usesReflector(f.fn):
		g.state, g.why = mayBe, g.name+" lets some routes pass"
	case decides && t.reads && yes == 0:
		g.state = isGuard
	case decides && t.reads, t.refuses:
		g.state = mayBe
	default:
		g.state = isNot
	}
	return g
}

// returns visits the return statements of a function, not those of functions in it.
func returns(body []*code.Node, visit func(*code.Node)) {
	for _, n := range body {
		n.Walk(func(c *code.Node) bool {
			if c.Is(code.Return) {
				visit(c)
			}
			return c.Kind != code.Func
		})
	}
}

func usesReflector(fn *code.Node) bool {
	found := false
	for _, n := range fn.Body {
		n.Walk(func(c *code.Node) bool {
			found = found || c.Is(code.Member) && (c.Text == "getAllAndOverride" || c.Text == "getAllAndMerge" || c.Text == "reflector")
			return !found
		})
	}
	return found
}

// judgeClosure says whether a function of the source is a guard.
func (m *machine) judgeClosure(f *closure, name string, depth int) verdict {
	return m.judgeFunction(f, name, depth, true)
}

// judgeFunction leaves dependencies out where the function is called as one: then
// nobody resolves them.
func (m *machine) judgeFunction(f *closure, name string, depth int, injected bool) verdict {
	v := verdict{name: name, line: f.fn.Line}
	if f.env.file != nil {
		v.file = f.env.file.Path
	}
	if depth < 0 {
		return v
	}
	key := judgeKey{f.fn, f.env, depth, injected}
	if known, ok := m.judged[key]; ok {
		return known
	}
	m.judged[key] = v // a circle is no guard
	t := m.inspect(f, depth)
	if !injected {
		t.params = nil
	}
	v.state, v.why = t.opinion(name)
	if f.fn.Text == "" && v.state == isGuard && !(t.reads && t.refuses) {
		for _, c := range t.calls {
			if c.state == isGuard { // a wrapper without a name of its own
				v.name, v.file, v.line = c.name, c.file, c.line
				break
			}
		}
	}
	v.reads, v.refuses, v.lets = t.reads, t.refuses, t.optional
	for _, c := range t.calls {
		v.reads, v.refuses = v.reads || c.reads, v.refuses || c.refuses
	}
	m.judged[key] = v
	return v
}

// asksName is the name of a function whose purpose is to ask.
var asksName = expr.Lazy(`(?i)^(require|ensure|check|verify|validate|only|must|authenticate|authorize|auth|is_?auth|protect|restrict|enforce)`)

// opinion weighs the traits of a middleware or a dependency.
func (t traits) opinion(name string) (opinion, string) {
	reads, refuses := t.reads, t.refuses
	sure, may := false, false
	for _, c := range t.params {
		sure = sure || c.state == isGuard
		may = may || c.state == mayBe
	}
	for _, c := range t.calls {
		sure = sure || c.state == isGuard
		may = may || c.state == mayBe
	}
	// What it calls may read for it, and refuse for it.
	through := false
	for _, c := range t.calls {
		through = through || c.refuses && !reads && c.reads || c.refuses && reads && !c.lets || c.reads && refuses
	}
	if !through {
		read, refused := false, false
		for _, c := range t.calls {
			read, refused = read || c.reads, refused || c.refuses && !c.lets
		}
		through = (read || reads) && (refused || refuses)
	}
	passes := t.optional && !slices.ContainsFunc(t.params, func(v verdict) bool { return v.state == isGuard })
	switch {
	case passes && (sure || through || reads && refuses):
		return mayBe, orWord(name, "a middleware") + " lets some requests pass"
	case t.byPath && (sure || through || reads && refuses):
		return mayBe, orWord(name, "a middleware") + " decides by the path"
	case sure || reads && refuses:
		return isGuard, ""
	case through && asksName().MatchString(name):
		return isGuard, ""
	case through:
		return mayBe, orWord(name, "a middleware") + " calls what reads a credential and what refuses"
	case reads && t.weak:
		return mayBe, orWord(name, "a middleware") + " refuses with a status that says nothing of credentials"
	case refuses && authName().MatchString(name) && !notGuard().MatchString(name):
		return mayBe, orWord(name, "a middleware") + " refuses, and by what was not understood"
	case may && !notGuard().MatchString(name):
		return mayBe, orWord(name, "a middleware") + " calls what was not understood"
	}
	return isNot, ""
}
