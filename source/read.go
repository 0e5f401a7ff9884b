package source

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/source/code"
	"github.com/launchready/launchready/source/folder"
)

// Options of Read. The zero value reads everything that is no test.
type Options struct {
	Limits folder.Limits
	// Guards are names of functions, classes or decorators that ask for a
	// credential, whatever their body looks like.
	Guards []string
	// Tests reads test files too.
	Tests bool
	// TenantColumns and TenantTables tell which queries must name the tenant; without
	// both no NoTenant fact is made.
	TenantColumns []string
	TenantTables  []string
}

// Read reads the source below fsys. One file with a mistake is listed in Skipped
// and ends nothing; the error says that the folder cannot be read or that ctx ended.
func Read(ctx context.Context, fsys fs.FS, opt Options) (*Tree, error) {
	t := &Tree{}
	var files []*code.File
	sources := map[string][]byte{}
	settings := map[string][]byte{}
	others := map[string][]byte{} // of languages that are read by their words
	want := func(name string) bool {
		base := path.Base(name)
		return code.LanguageOf(name) != "" || byWords(name) || base == "go.mod" || strings.HasPrefix(base, "tsconfig") && strings.HasSuffix(base, ".json") || base == "jsconfig.json"
	}
	skipped, err := folder.Walk(ctx, fsys, opt.Limits, want, func(name string, content []byte) {
		if byWords(name) {
			if opt.Tests || !folder.Test(name) {
				t.Files++
				t.Bytes += int64(len(content))
				others[name] = content
			}
			return
		}
		if code.LanguageOf(name) == "" {
			settings[name] = content
			return
		}
		if !opt.Tests && folder.Test(name) {
			t.Skipped = append(t.Skipped, Skipped{Path: name, Reason: "a test", Foreign: true})
			return
		}
		f, err := code.Parse(name, content)
		if err != nil {
			t.Skipped = append(t.Skipped, Skipped{Path: name, Reason: "not understood: " + err.Error()})
		}
		t.Files++
		t.Bytes += int64(len(content))
		if f != nil {
			files = append(files, f)
			sources[name] = content
		}
	})
	t.Skipped = append(t.Skipped, skipped...)
	if err != nil {
		return t, err
	}
	res := newResolver(files)
	for name, content := range settings {
		res.settings(name, content)
	}
	res.sorted()
	m := newMachine(ctx, &opt, res)
	l := &linker{m: m}
	l.facts = &factReader{m: m, sources: sources, tree: t}
	m.runAll(files)
	l.all()
	m.nestSettings(files)
	m.nestRoutes(l)
	m.nextRoutes(l, files)
	m.djangoRoutes(l, files)
	t.careful("Rails", func() { l.railsRoutes(&opt, others) })
	t.careful("Laravel", func() { l.laravelRoutes(&opt, others) })
	t.careful("Spring", func() { l.springRoutes(&opt, others) })
	for _, f := range files {
		l.facts.read(f)
	}
	if ctx.Err() != nil {
		return t, fmt.Errorf("read the source: %w", context.Cause(ctx))
	}
	if m.steps > maxSteps {
		t.Skipped = append(t.Skipped, Skipped{Path: ".", Reason: fmt.Sprintf("linking was given up after %d steps", maxSteps)})
		for _, r := range l.routes {
			if r.State == Unguarded {
				r.State, r.Why = Unknown, "linking was given up before its end"
			}
		}
	}
	t.finish(l)
	return t, nil
}

// byWords reports a file that Rails, Laravel or Spring are read from.
func byWords(name string) bool {
	switch path.Ext(name) {
	case ".rb", ".php", ".java", ".kt":
		return true
	}
	switch path.Base(name) {
	case "Gemfile", "pom.xml", "build.gradle", "build.gradle.kts", "application.properties", "application.yml", "application.yaml":
		return true
	}
	return false
}

// careful says that a reader broke, which must not end the run.
func (t *Tree) careful(framework string, read func()) {
	defer func() {
		if recover() != nil {
			t.Skipped = append(t.Skipped, Skipped{Path: ".", Reason: "the reader of " + framework + " broke"})
		}
	}()
	read()
}

func (t *Tree) finish(l *linker) {
	seen := map[string]bool{}
	for _, r := range l.routes {
		key := fmt.Sprint(r.Method, " ", r.Path, " ", r.File, ":", r.Line, r.State)
		if !seen[key] {
			seen[key] = true
			t.Routes = append(t.Routes, *r)
		}
	}
	slices.SortStableFunc(t.Routes, func(a, b Route) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	slices.SortStableFunc(t.Facts, func(a, b Fact) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	slices.SortFunc(t.Skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
}

// runAll runs every module, Go's main functions, and then what nothing called.
func (m *machine) runAll(files []*code.File) {
	mods := m.res.order()
	for _, mod := range mods {
		m.load(mod)
	}
	for _, mod := range mods {
		if mod.files[0].Language != code.Golang || mod.files[0].Package != "main" {
			continue
		}
		if f, ok := mod.env.vars["main"].(*closure); ok {
			m.invoke(f, nil, nil, f.fn)
		}
	}
	for _, f := range files {
		m.uncalled(f)
	}
}

// uncalled runs functions that nothing called and that make or take a router.
func (m *machine) uncalled(f *code.File) {
	var env *scope
	switch f.Language {
	case code.Golang:
		mod := m.res.modules["go:"+path.Dir(f.Path)]
		env = mod.env.child()
		env.file = f
		m.importAll(f.Body, env)
	default:
		env = m.envOf(f)
	}
	var walk func(list []*code.Node)
	walk = func(list []*code.Node) {
		for _, n := range list {
			switch n.Kind {
			case code.Func:
				if m.scanned[n] {
					continue
				}
				c := &closure{fn: n, env: env}
				if n.Owner != "" {
					if owner, ok := env.get(n.Owner); ok {
						if cl, ok := owner.(*class); ok {
							c.self = &instance{of: cl, fields: map[string]value{}}
						}
					}
				}
				m.floating(c)
			case code.Export, code.If, code.Block:
				walk(n.Body)
				for _, p := range n.List {
					if p.Y.Is(code.Func) {
						walk([]*code.Node{p.Y})
					}
				}
			case code.Assign:
				if n.Y.Is(code.Func) {
					walk([]*code.Node{n.Y})
				}
			}
		}
	}
	walk(f.Body)
}

// makers are the last names of functions that make a router.
var makers = []string{"express", "Router", "fastify", "Fastify", "Hono", "OpenAPIHono", "FastAPI", "APIRouter", "Flask", "Blueprint", "NewRouter", "NewServeMux", "NewMux", "Koa"}

// registers reports whether a function makes a router.
func registers(fn *code.Node) bool {
	found := false
	for _, n := range fn.Body {
		n.Walk(func(c *code.Node) bool {
			if c.Kind == code.Call || c.Kind == code.New {
				name := c.X.Last()
				d := c.X.Dotted()
				found = found || slices.Contains(makers, name) || d == "gin.New" || d == "gin.Default" || d == "echo.New" || d == "fiber.New" || d == "chi.NewRouter"
			}
			return !found
		})
	}
	return found
}
