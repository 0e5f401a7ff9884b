package env

import (
	"path"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	endsProgram = expr.Lazy(`^(panic|Fatal|Fatalf|exit|Exit)$`)
)

var envName = expr.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// shoutName is a name that is a variable's even where only its form says so.
var shoutName = expr.Lazy(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// reader reads one file.
type reader struct {
	f        *code.File
	wrappers map[string]wrapper    // functions that read the name they are given
	passed   map[*code.Node]string // the parameters in them, by the function: its callers are read instead
	called   map[string]bool       // the functions that somebody calls with a name
	pending  []pending
	aliases  map[string]string // local name -> what it stands for
	consts   map[string]string
	schemas  map[string]*code.Node
	client   bool
	out      []Read
}

// pending is a read of a computed name that counts when nobody calls the function.
type pending struct {
	function string
	read     Read
}

// wrapper is a function like requireEnv(name).
type wrapper struct {
	throws bool
	param  int
}

func readTrees(files []*code.File, known []sdk) ([]Read, []mention) {
	wrappers, passed, called := map[string]wrapper{}, map[*code.Node]string{}, map[string]bool{}
	consts := map[string]map[string]string{} // Go: of the whole package
	readers := make([]*reader, 0, len(files))
	for _, f := range files {
		r := &reader{f: f, wrappers: wrappers, passed: passed, called: called, aliases: map[string]string{}, schemas: map[string]*code.Node{}}
		dir := path.Dir(f.Path)
		if f.Language != code.Golang {
			dir = f.Path
		}
		if consts[dir] == nil {
			consts[dir] = map[string]string{}
		}
		r.consts = consts[dir]
		r.learn()
		readers = append(readers, r)
	}
	for _, r := range readers { // once all constants and aliases are known
		for _, n := range r.f.Body {
			n.Walk(func(c *code.Node) bool {
				if c.Is(code.Func) || c.Is(code.Assign) && c.Y.Is(code.Func) {
					r.wrap(c)
				}
				return true
			})
		}
	}
	var out []Read
	var made []mention
	for _, r := range readers {
		made = append(made, r.mentions(known)...)
		for _, n := range r.f.Body {
			r.node(n, use{})
		}
		out = append(out, r.out...)
	}
	for _, r := range readers {
		for _, p := range r.pending {
			if !called[p.function] {
				out = append(out, p.read)
			}
		}
	}
	return out, made
}

// isPassed notes a read of a wrapper's own parameter.
func (r *reader) isPassed(n *code.Node) bool {
	function, ok := r.passed[n]
	if ok {
		r.pending = append(r.pending, pending{function, Read{File: r.f.Path, Line: n.Line, Dynamic: true, Side: Server}})
	}
	return ok
}

// learn notes imports, aliases, constants and schemas.
func (r *reader) learn() {
	r.f.Walk(func(n *code.Node) bool {
		switch {
		case n.Is(code.Import):
			for _, p := range n.List {
				what := p.Y.Text
				switch {
				case what == "*" || what == "*root" || what == "default":
					r.aliases[p.Text] = n.Text
				default:
					r.aliases[p.Text] = n.Text + "." + what
				}
			}
		case n.Is(code.Assign) && required(n.Y) != "":
			r.require(n.X, required(n.Y))
		case n.Is(code.Assign) && n.X.Is(code.Name) && n.Y != nil:
			switch y := n.Y; {
			case y.Is(code.String) && n.X.Text == strings.ToUpper(n.X.Text) || y.Is(code.String) && n.Text == "let":
				r.consts[n.X.Text] = y.Text
			case r.is(y) != "":
				r.aliases[n.X.Text] = r.is(y)
			case y.Is(code.Call) || y.Is(code.New):
				if c := r.resolve(y.X); strings.HasSuffix(c, "environ.Env") || strings.HasSuffix(c, "environs.Env") || strings.HasSuffix(c, "environ.FileAwareEnv") {
					r.aliases[n.X.Text] = "environ.Env()"
					r.scheme(y)
				}
				r.schemas[n.X.Text] = y
			}
		case n.Is(code.String) && n.Text == "use client":
			r.client = true
		}
		return true
	})
}

// required is the module of a call of require.
func required(n *code.Node) string {
	if n.Is(code.Call) && n.X.Is(code.Name) && n.X.Text == "require" && n.Arg(0).Is(code.String) {
		return n.Arg(0).Text
	}
	return ""
}

func (r *reader) require(to *code.Node, module string) {
	switch {
	case to.Is(code.Name):
		r.aliases[to.Text] = module
	case to.Is(code.Object):
		for _, p := range to.List {
			name := p.Text
			if p.Y.Is(code.Name) {
				name = p.Y.Text
			}
			r.aliases[name] = module + "." + p.Text
		}
	}
}

// scheme is django-environ's Env(DEBUG=(bool, False)).
func (r *reader) scheme(n *code.Node) {
	for _, a := range n.List {
		if a.Is(code.Pair) && a.X == nil && shoutName().MatchString(a.Text) {
			r.add(Read{Name: a.Text, Line: a.Line, Default: true})
		}
	}
}

// resolve is the dotted path of an expression with local names replaced.
func (r *reader) resolve(n *code.Node) string {
	d := n.Dotted()
	root, rest, more := strings.Cut(d, ".")
	if full, ok := r.aliases[root]; ok {
		if more {
			return full + "." + rest
		}
		return full
	}
	return d
}

// is tells whether an expression is the environment as a whole.
func (r *reader) is(n *code.Node) string {
	if !n.Is(code.Name) && !n.Is(code.Member) {
		return ""
	}
	switch d := r.resolve(n); d {
	case "process.env", "import.meta.env", "Bun.env", "os.environ", "globalThis.process.env", "node:process.env":
		return strings.TrimPrefix(strings.TrimPrefix(d, "globalThis."), "node:")
	}
	return ""
}

// wrap notes functions that read the variable whose name they are given.
func (r *reader) wrap(n *code.Node) {
	fn, name := n, n.Text
	if n.Is(code.Assign) {
		fn, name = n.Y, n.X.Last()
	}
	if name == "" {
		return
	}
	for i, p := range fn.List {
		found, throws := false, false
		fn.Walk(func(c *code.Node) bool {
			switch {
			case c.Is(code.Index) && r.is(c.X) != "" && c.Y.Is(code.Name) && c.Y.Text == p.Text:
				found, r.passed[c.Y] = true, name
			case c.Is(code.Call) && getter(r.resolve(c.X)) && c.Arg(0).Is(code.Name) && c.Arg(0).Text == p.Text:
				found, r.passed[c.Arg(0)] = true, name
			case c.Is(code.Throw), c.Is(code.Call) && endsProgram().MatchString(c.X.Last()):
				throws = true
			}
			return true
		})
		if found {
			if r.f.Language == code.Python && len(fn.List) > 0 && fn.List[0].Text == "self" {
				i--
			}
			r.wrappers[name] = wrapper{throws, i}
		}
	}
}

func getter(path string) bool {
	switch path {
	case "os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop", "os.Getenv", "os.LookupEnv", "Deno.env.get", "syscall.Getenv":
		return true
	}
	return false
}

func (r *reader) add(v Read) {
	v.File = r.f.Path
	if v.Side == "" {
		switch {
		case Public(v.Name), r.client:
			v.Side = Client
		default:
			v.Side = Server
		}
	}
	r.out = append(r.out, v)
}

// name of a variable by an expression: a literal, a constant, a prefix.
func (r *reader) name(n *code.Node) (name string, dynamic bool) {
	switch {
	case n.Is(code.String):
		return n.Text, false
	case n.Is(code.Name) || n.Is(code.Member):
		if s, ok := r.consts[n.Last()]; ok {
			return s, false
		}
	case n.Is(code.Template) && len(n.List) > 0 && n.List[0].Is(code.String):
		return n.List[0].Text, true
	case n.Is(code.Binary) && n.Text == "+":
		a, da := r.name(n.X)
		b, db := r.name(n.Y)
		if !da && !db {
			return a + b, false
		}
		if !da {
			return a, true
		}
	}
	return "", true
}

// use is how the value of an expression is used by what stands around it.
type use struct {
	defaulted bool
	tested    bool
	throws    bool
}

func (r *reader) list(ns []*code.Node) {
	for _, n := range ns {
		r.node(n, use{})
	}
}

func (r *reader) node(n *code.Node, u use) {
	if n == nil {
		return
	}
	switch n.Kind {
	case code.Member:
		if where := r.is(n.X); where != "" && envName().MatchString(n.Text) {
			if where == "os.environ" { // a method
				return
			}
			r.read(n.Text, false, n.Line, where, u)
			return
		}
		r.node(n.X, use{tested: u.tested, defaulted: u.defaulted, throws: u.throws})
		return
	case code.Index:
		if where := r.is(n.X); where != "" {
			if r.isPassed(n.Y) {
				return
			}
			name, dynamic := r.name(n.Y)
			if where == "os.environ" && !u.tested {
				u.throws = true // a KeyError
			}
			r.read(name, dynamic, n.Line, where, u)
			return
		}
	case code.Binary:
		switch n.Text {
		case "||", "??":
			r.node(n.X, use{defaulted: true})
			r.node(n.Y, u)
			return
		case "&&":
			r.node(n.X, use{tested: true})
			r.node(n.Y, u)
			return
		case "in", "not in":
			if n.X.Is(code.String) && r.is(n.Y) != "" {
				r.read(n.X.Text, false, n.Line, "", use{tested: true})
				return
			}
		case "==", "===", "!=", "!==":
			u.tested = true
		}
		r.node(n.X, use{tested: u.tested})
		r.node(n.Y, use{tested: u.tested})
		return
	case code.Unary:
		r.node(n.X, use{tested: n.Text == "!" || u.tested, throws: u.throws})
		return
	case code.Cond:
		r.node(n.X, use{tested: true})
		r.list(n.List)
		return
	case code.If:
		ends := false
		for _, b := range n.Body {
			ends = ends || b.Is(code.Throw) || b.Is(code.Call) && endsProgram().MatchString(b.X.Last())
		}
		r.node(n.X, use{tested: true, throws: ends})
		r.list(n.Body)
		r.list(n.Else)
		return
	case code.Assign:
		if n.X != nil && r.is(n.Y) != "" && n.X.Is(code.Object) {
			r.destructure(n.X)
			return
		}
		if n.Text == "field" && n.Alias != "" {
			r.tag(n)
		}
	case code.Param:
		if n.Y.Is(code.Object) && r.is(n.X) != "" {
			r.destructure(n.Y)
			return
		}
	case code.Class:
		r.settings(n)
	case code.Call, code.New:
		if r.call(n, u) {
			return
		}
	}
	for _, d := range n.Decorators {
		r.node(d, use{})
	}
	r.node(n.X, use{})
	r.node(n.Y, use{})
	r.list(n.List)
	r.list(n.Body)
	r.list(n.Else)
}

func (r *reader) destructure(pattern *code.Node) {
	for _, p := range pattern.List {
		if p.Is(code.Pair) && p.X == nil {
			d := p.Y.Is(code.Assign)
			r.add(Read{Name: p.Text, Line: p.Line, Default: d, Required: !d})
		}
	}
}

func (r *reader) read(name string, dynamic bool, line int, where string, u use) {
	v := Read{Name: name, Line: line, Dynamic: dynamic, Default: u.defaulted, Required: !u.defaulted && (!u.tested || u.throws)}
	if dynamic {
		v.Required = false
	}
	if where == "import.meta.env" {
		v.Side = Client
		switch name {
		case "MODE", "DEV", "PROD", "SSR", "BASE_URL":
			v.Default, v.Required = true, false
		}
	}
	r.add(v)
}
