package env

import (
	"reflect"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	schemaCall = expr.Lazy(`^(parse|safeParse|validate|validateSync|parseAsync)$`)
)

var (
	configHolder = expr.Lazy(`(?i)(^|\.)_?config(service|uration)?$`)
	pythonTyped  = expr.Lazy(`^(str|bool|int|float|list|dict|json|url|db|db_url|cache|cache_url|email_url|decimal|path|date|datetime|log_level|timedelta|enum|uuid)$`)
)

// call reads the functions that give variables; false leaves the arguments to be
// walked as usual.
func (r *reader) call(n *code.Node, u use) bool {
	path := r.resolve(n.X)
	first := n.Arg(0)
	switch {
	case getter(path):
		if r.isPassed(first) {
			return true
		}
		name, dynamic := r.name(first)
		given := n.Arg(1) != nil && !(n.Arg(1).Is(code.Constant) && n.Arg(1).Text == "None") || n.Named("default") != nil
		r.read(name, dynamic, n.Line, "", use{defaulted: u.defaulted || given, tested: u.tested || path == "os.LookupEnv", throws: u.throws})
		if n.Arg(1) != nil {
			r.node(n.Arg(1), use{})
		}
		return true
	case path == "decouple.config" || path == "starlette.config.Config()", strings.HasPrefix(path, "environ.Env()"), path == "envparse.env", strings.HasPrefix(path, "environs.env"):
		if last := n.X.Last(); strings.HasPrefix(path, "environ.Env().") && !pythonTyped().MatchString(last) {
			return false
		}
		if first == nil {
			return false
		}
		name, dynamic := r.name(first)
		given := n.Named("default") != nil || n.Arg(1) != nil
		r.read(name, dynamic, n.Line, "", use{defaulted: given || u.defaulted, throws: true})
		return true
	case n.X.Is(code.Member) && n.X.Text == "get" && n.X.X.Is(code.Name) && r.aliases[n.X.X.Text] == "env-var" && first.Is(code.String):
		r.read(first.Text, false, n.Line, "", u) // env.get("X").required().asString()
		return true
	case n.X.Is(code.Member) && (n.X.Text == "get" || n.X.Text == "getOrThrow") && configHolder().MatchString(n.X.X.Dotted()) && first.Is(code.String) && shoutName().MatchString(first.Text):
		r.read(first.Text, false, first.Line, "", use{defaulted: u.defaulted || n.Arg(1) != nil, tested: u.tested && n.X.Text == "get", throws: n.X.Text == "getOrThrow"})
		return true
	case n.X.Is(code.Member) && (n.X.Text == "default" || n.X.Text == "required") && n.X.X.Is(code.Call): // env-var's chain
		r.node(n.X, use{defaulted: n.X.Text == "default", throws: n.X.Text == "required"})
		r.list(n.List)
		return true
	case strings.HasSuffix(path, "cleanEnv") && n.Arg(1).Is(code.Object):
		r.schema(n.Arg(1), "")
		return true
	case strings.HasSuffix(path, "createEnv") && first.Is(code.Object):
		r.schema(first.Named("server"), Server)
		r.schema(first.Named("client"), Client)
		r.schema(first.Named("shared"), "")
		return true
	case n.X.Is(code.Member) && schemaCall().MatchString(n.X.Text) && r.is(first) != "":
		r.schemaOf(n.X.X, 0)
		return true
	case (path == "github.com/spf13/viper.BindEnv" || path == "viper.BindEnv") && n.Arg(1).Is(code.String):
		r.read(n.Arg(1).Text, false, n.Line, "", use{tested: true})
		return true
	}
	if w, ok := r.wrappers[n.X.Last()]; ok && w.param >= 0 {
		if a := n.Arg(w.param); a != nil {
			if name, dynamic := r.name(a); !dynamic && envName().MatchString(name) && name == strings.ToUpper(name) {
				r.called[n.X.Last()] = true
				r.read(name, false, n.Line, "", use{defaulted: u.defaulted || !w.throws && n.Arg(w.param+1) != nil, throws: w.throws, tested: u.tested})
				return true
			}
		}
	}
	return false
}

// schema lists the keys of a validation schema.
func (r *reader) schema(o *code.Node, side Side) {
	if !o.Is(code.Object) {
		return
	}
	for _, p := range o.List {
		if !p.Is(code.Pair) || p.X != nil || !envName().MatchString(p.Text) {
			continue
		}
		softer := false
		p.Y.Walk(func(c *code.Node) bool {
			if c.Is(code.Member) && (c.Text == "optional" || c.Text == "default" || c.Text == "nullish" || c.Text == "catch" || c.Text == "prefault") {
				softer = true
			}
			if c.Is(code.Pair) && (c.Text == "default" || c.Text == "devDefault") {
				softer = true
			}
			return !softer
		})
		r.add(Read{Name: p.Text, Line: p.Line, Default: softer, Required: !softer, Side: side})
	}
}

func (r *reader) schemaOf(n *code.Node, depth int) {
	if depth > 6 || n == nil {
		return
	}
	if n.Is(code.Name) {
		r.schemaOf(r.schemas[n.Text], depth+1)
		return
	}
	done := false
	n.Walk(func(c *code.Node) bool {
		if done {
			return false
		}
		if c.Is(code.Call) && (c.X.Last() == "object" || c.X.Last() == "strictObject") && c.Arg(0).Is(code.Object) {
			r.schema(c.Arg(0), "")
			done = true
		}
		return !done
	})
}

// tag reads struct tags of caarlos0/env, envconfig and cleanenv.
func (r *reader) tag(n *code.Node) {
	tag := reflect.StructTag(n.Alias)
	for _, key := range [...]string{"env", "envconfig"} {
		v, ok := tag.Lookup(key)
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(v, ",")
		if name == "" || name == "-" || !envName().MatchString(name) {
			continue
		}
		given := false
		for _, k := range [...]string{"envDefault", "default", "env-default"} {
			_, has := tag.Lookup(k)
			given = given || has
		}
		required := strings.Contains(options, "required") || strings.Contains(options, "notEmpty") || tag.Get("required") == "true" || tag.Get("env-required") == "true"
		r.add(Read{Name: name, Line: n.Line, Default: given, Required: required && !given})
	}
}

// settings reads the fields of a class of pydantic-settings.
func (r *reader) settings(n *code.Node) {
	if r.f.Language != code.Python {
		return
	}
	base := false
	for _, b := range n.List {
		base = base || strings.HasSuffix(r.resolve(b), "BaseSettings")
	}
	if !base {
		return
	}
	prefix := ""
	see := func(o *code.Node) {
		if p := o.Named("env_prefix"); p.Is(code.String) {
			prefix = p.Text
		}
	}
	for _, b := range n.Body {
		if b.Is(code.Assign) && b.X.Is(code.Name) && b.X.Text == "model_config" {
			see(b.Y)
		}
		if b.Is(code.Class) && b.Text == "Config" {
			for _, c := range b.Body {
				if c.Is(code.Assign) && c.X.Is(code.Name) && c.X.Text == "env_prefix" && c.Y.Is(code.String) {
					prefix = c.Y.Text
				}
			}
		}
	}
	for _, b := range n.Body {
		if !b.Is(code.Assign) || !b.X.Is(code.Name) || b.X.Text == "model_config" || len(b.List) == 0 || strings.HasPrefix(b.X.Text, "_") || b.List[0].Is(code.Index) && b.List[0].X.Last() == "ClassVar" {
			continue
		}
		name := strings.ToUpper(prefix + b.X.Text)
		given := b.Y != nil
		if b.Y.Is(code.Call) && b.Y.X.Last() == "Field" {
			for _, key := range [...]string{"validation_alias", "alias", "env"} {
				if a := b.Y.Named(key); a.Is(code.String) {
					name = a.Text
					break
				} else if a.Is(code.Call) && a.Arg(0).Is(code.String) { // AliasChoices("A", "B")
					name = a.Arg(0).Text
					break
				}
			}
			first := b.Y.Arg(0)
			given = b.Y.Named("default") != nil || b.Y.Named("default_factory") != nil || first != nil && !(first.Is(code.Constant) && first.Text == "...")
		}
		r.add(Read{Name: name, Line: b.Line, Default: given, Required: !given})
	}
}
