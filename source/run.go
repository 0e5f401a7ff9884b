package source

import (
	"context"
	"strings"

	"github.com/launchready/launchready/source/code"
)

// Bounds of what is read: a source tree is input like any other.
const (
	maxSteps = 8_000_000 // nodes looked at over the whole run
	maxCalls = 300       // runs of one function
	maxDepth = 24        // functions within each other
	maxItems = 400       // turns of one loop over a known list
)

// machine reads modules as a program would run them, as far as routes need it: it
// knows strings, lists, functions, classes and routers, and takes every branch.
type machine struct {
	ctx      context.Context
	opt      *Options
	res      *resolver
	steps    int
	depth    int
	seq      int
	calls    map[*code.Node]int
	branch   []*code.Node // the conditions that the current line stands under
	routers  []*router
	scanned  map[*code.Node]bool // functions that ran
	judged   map[judgeKey]verdict
	classes  []*class // every class, for the frameworks that find controllers by decorator
	nest     nestApp
	stripped map[*code.Node]*code.Node
	last     map[*code.Node]value // of each call, the latest result
}

func newMachine(ctx context.Context, opt *Options, res *resolver) *machine {
	return &machine{ctx: ctx, opt: opt, res: res, calls: map[*code.Node]int{}, scanned: map[*code.Node]bool{}, judged: map[judgeKey]verdict{}, last: map[*code.Node]value{}, stripped: map[*code.Node]*code.Node{}}
}

func (m *machine) spent() bool {
	m.steps++
	return m.steps > maxSteps || m.steps&0xfff == 0 && m.ctx.Err() != nil
}

// load runs a module once; one that is still running gives what it has so far.
func (m *machine) load(mod *module) {
	if mod.state != 0 || m.depth > maxDepth {
		return
	}
	mod.state = 1
	m.depth++
	kept := m.branch
	m.branch = nil
	var envs []*scope
	for _, f := range mod.files {
		env := mod.env
		if f.Language == code.Golang {
			env = mod.env.child() // imports belong to the file
		}
		env.file = f
		envs = append(envs, env)
		m.hoist(f.Body, env)
	}
	for i, f := range mod.files {
		if f.Language == code.Golang {
			m.importAll(f.Body, envs[i])
		}
	}
	for i, f := range mod.files {
		m.block(f.Body, envs[i])
	}
	m.branch = kept
	m.depth--
	mod.state = 2
}

func (m *machine) importAll(body []*code.Node, env *scope) {
	for _, n := range body {
		if n.Is(code.Import) {
			m.bring(n, env)
		}
	}
}

// hoist declares functions and classes before anything runs.
func (m *machine) hoist(body []*code.Node, env *scope) {
	for _, n := range body {
		switch n.Kind {
		case code.Func:
			if n.Owner != "" {
				byName := env.mod.methods[n.Owner]
				if byName == nil {
					byName = map[string]*closure{}
					env.mod.methods[n.Owner] = byName
				}
				byName[n.Text] = &closure{fn: n, env: env}
			} else if len(n.Decorators) == 0 && n.Text != "" {
				m.declare(env, n.Text, &closure{fn: n, env: env})
			}
		case code.Class:
			c := &class{n, env}
			m.classes = append(m.classes, c)
			m.declare(env, n.Text, c)
		case code.Export:
			m.hoist(n.Body, env)
		}
	}
}

func (m *machine) declare(env *scope, name string, v value) {
	if env.file != nil && env.file.Language == code.Golang && env.parent == env.mod.env {
		env = env.parent // a declaration of a file belongs to its package
	}
	env.vars[name] = v
}

// result of a block: the value that was returned, if one was.
type result struct {
	v    value
	done bool
}

func (m *machine) block(body []*code.Node, env *scope) (out result) {
	for _, n := range body {
		if n == nil || m.spent() {
			return out
		}
		if r := m.stmt(n, env); r.done && !useful(out.v) {
			out = r
		}
	}
	return out
}

// useful values win over nil, None and unknown ones when a function has several
// returns.
func useful(v value) bool { return v != nil }

func (m *machine) under(n *code.Node, f func()) {
	m.branch = append(m.branch, n)
	f()
	m.branch = m.branch[:len(m.branch)-1]
}

func (m *machine) stmt(n *code.Node, env *scope) (out result) {
	take := func(r result) {
		if r.done && !useful(out.v) {
			out = r
		}
	}
	switch n.Kind {
	case code.Import:
		m.bring(n, env)
	case code.Export:
		m.export(n, env)
	case code.Func:
		if n.Owner == "" {
			m.define(n, env)
		}
	case code.Class:
		m.defineClass(n, env)
	case code.If:
		m.eval(n.X, env)
		if mainGuard(n.X) {
			return m.block(n.Body, env)
		}
		m.under(n, func() { take(m.block(n.Body, env)) })
		if len(n.Else) > 0 {
			m.under(n.Else[0], func() { take(m.block(n.Else, env)) })
		}
	case code.Loop:
		take(m.loop(n, env))
	case code.Try:
		take(m.block(n.Body, env))
		m.under(n, func() { take(m.block(n.Else, env)) })
	case code.With:
		for _, e := range n.List {
			m.eval(e, env)
		}
		take(m.block(n.Body, env))
	case code.Switch:
		m.eval(n.X, env)
		for _, c := range n.List {
			m.under(c, func() { take(m.block(c.Body, env)) })
		}
	case code.Block:
		inner := env
		if env.file != nil && env.file.Language == code.Golang {
			inner = env.child()
		}
		take(m.block(n.Body, inner))
	case code.Return:
		v := m.eval(n.X, env)
		for _, x := range n.List {
			m.eval(x, env)
		}
		return result{v, true}
	case code.Throw:
		m.eval(n.X, env)
	default:
		m.eval(n, env)
	}
	return out
}

// mainGuard is Python's if __name__ == "__main__".
func mainGuard(n *code.Node) bool {
	return n.Is(code.Binary) && n.X.Is(code.Name) && n.X.Text == "__name__"
}

func (m *machine) loop(n *code.Node, env *scope) (out result) {
	if l, ok := m.eval(n.X, env).(*list); ok && n.Y != nil && len(l.items) > 0 {
		for _, item := range l.items[:min(len(l.items), maxItems)] {
			m.bind(n.Y, item, env)
			if r := m.block(n.Body, env); r.done && !useful(out.v) {
				out = r
			}
		}
		return out
	}
	if n.Y != nil {
		m.bind(n.Y, nil, env)
	}
	m.under(n, func() { out = m.block(n.Body, env) })
	return out
}

// bring binds what an import names.
func (m *machine) bring(n *code.Node, env *scope) {
	mod := m.res.find(env.file, n.Text)
	if mod != nil {
		m.load(mod)
	}
	for _, p := range n.List {
		what := p.Y.Text
		if env.file.Language == code.Python && what != "*" && what != "*root" {
			// from package import module
			if sub := m.res.find(env.file, dotted(n.Text, what)); sub != nil && (mod == nil || mod.env.vars[what] == nil) {
				m.load(sub)
				env.vars[p.Text] = namespace{sub}
				continue
			}
		}
		switch {
		case mod == nil && what == "*root":
			env.vars[p.Text] = m.rootOf(n.Text, env)
		case mod == nil && (what == "*" || what == "default"):
			env.vars[p.Text] = external{cleanImport(env.file, n.Text)}
		case mod == nil:
			env.vars[p.Text] = external{cleanImport(env.file, n.Text) + "." + what}
		case what == "*" && env.file.Language == code.Python && p.Text == "*":
			for name, v := range mod.env.vars {
				env.vars[name] = v
			}
		case what == "*root":
			env.vars[p.Text] = m.rootOf(n.Text, env)
		case what == "*":
			env.vars[p.Text] = namespace{mod}
		default:
			env.vars[p.Text] = m.member(namespace{mod}, what, n)
		}
	}
}

// dotted joins an import path and a name: "." and "users" make ".users".
func dotted(base, name string) string {
	if strings.HasSuffix(base, ".") {
		return base + name
	}
	return base + "." + name
}

// rootOf is what "import a.b" binds to the name a.
func (m *machine) rootOf(name string, env *scope) value {
	root, _, _ := strings.Cut(name, ".")
	if mod := m.res.find(env.file, root); mod != nil {
		if sub := m.res.find(env.file, name); sub != nil {
			m.load(sub)
		}
		return namespace{mod}
	}
	return external{root}
}

// cleanImport is the path by which the frameworks' readers know a package: without
// the major version of Go modules.
func cleanImport(f *code.File, name string) string {
	if f.Language != code.Golang {
		return strings.TrimPrefix(name, "node:")
	}
	parts := strings.Split(name, "/")
	out := parts[:0]
	for _, p := range parts {
		if len(p) > 1 && p[0] == 'v' && strings.Trim(p[1:], "0123456789") == "" {
			continue
		}
		out = append(out, p)
	}
	return strings.Join(out, "/")
}

func (m *machine) export(n *code.Node, env *scope) {
	mod := env.mod
	for _, d := range n.Body {
		m.stmt(d, env)
		switch {
		case d.Is(code.Func) || d.Is(code.Class):
			mod.exports[d.Text], _ = env.get(d.Text)
		case d.Is(code.Assign):
			for _, name := range patternNames(d.X) {
				mod.exports[name], _ = env.get(name)
			}
		}
	}
	var from *module
	if n.Text != "" {
		if from = m.res.find(env.file, n.Text); from != nil {
			m.load(from)
		}
	}
	for _, p := range n.List {
		switch {
		case n.Text == "":
			if p.Y.Is(code.Func) || p.Y.Is(code.Class) {
				if v, ok := env.get(p.Y.Text); ok && p.Y.Text != "" {
					mod.exports[p.Text] = v
					continue
				}
			}
			mod.exports[p.Text] = m.eval(p.Y, env)
		case from == nil:
			mod.exports[p.Text] = external{n.Text + "." + p.Y.Text}
		case p.Text == "*" || p.Text == "":
			for name, v := range from.exports {
				if _, ok := mod.exports[name]; !ok && name != "default" {
					mod.exports[name] = v
				}
			}
		case p.Y.Text == "*":
			mod.exports[p.Text] = namespace{from}
		default:
			mod.exports[p.Text] = m.member(namespace{from}, p.Y.Text, n)
		}
	}
}

func patternNames(n *code.Node) []string {
	var out []string
	switch {
	case n == nil:
	case n.Kind == code.Name:
		out = append(out, n.Text)
	case n.Kind == code.Assign:
		out = patternNames(n.X)
	case n.Kind == code.Spread:
		out = patternNames(n.X)
	case n.Kind == code.Array || n.Kind == code.Object:
		for _, c := range n.List {
			if c.Is(code.Pair) {
				c = c.Y
			}
			out = append(out, patternNames(c)...)
		}
	}
	return out
}

// define binds a function that stands as a statement, under its decorators.
func (m *machine) define(n *code.Node, env *scope) {
	if n.Text == "" {
		return
	}
	c, ok := env.vars[n.Text].(*closure)
	if !ok || c.fn != n {
		c = &closure{fn: n, env: env}
	}
	m.declare(env, n.Text, c)
	m.decorate(c, n, env)
}

// decorate evaluates decorators from the function outwards, as Python applies
// them: a route's decorator registers the function with those below it alone.
func (m *machine) decorate(c *closure, n *code.Node, env *scope) {
	for i := len(n.Decorators) - 1; i >= 0; i-- {
		d := n.Decorators[i]
		if d.Is(code.Call) && d.X.Is(code.Member) || d.Is(code.Member) {
			call := d
			if d.Is(code.Member) {
				call = &code.Node{Kind: code.Call, X: d, Line: d.Line}
			}
			if r, ok := m.eval(call.X.X, env).(*router); ok && r.kind.decorate != nil {
				args, named := m.arguments(call, env)
				if r.kind.decorate(m, r, &invocation{name: call.X.Text, node: call, args: args, named: named, env: env}, c) {
					continue
				}
			}
		}
		c.decor = append([]value{m.eval(d, env)}, c.decor...)
	}
}

func (m *machine) defineClass(n *code.Node, env *scope) {
	c, ok := env.vars[n.Text].(*class)
	if !ok || c.node != n {
		c = &class{n, env}
		m.classes = append(m.classes, c)
		m.declare(env, n.Text, c)
	}
}
