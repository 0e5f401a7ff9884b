package source

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	starParam = expr.Lazy(`^:\w+\*$`)
	plusParam = expr.Lazy(`^:\w+\+$`)
)

// Next.js: the path is the folder's. app/**/route.ts exports a function for each
// method, pages/api/** one for all; middleware.ts stands before what its matcher
// covers.

var nextVerbs = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

func (m *machine) nextRoutes(l *linker, files []*code.File) {
	for _, f := range files {
		if f.Language != code.Script {
			continue
		}
		root, p, ok := nextPath(f.Path)
		if !ok {
			continue
		}
		mod := m.res.modules[f.Path]
		if mod == nil {
			continue
		}
		guards := m.nextMiddleware(root, p)
		if strings.HasPrefix(path.Base(f.Path), "route.") {
			for _, method := range nextVerbs {
				if v, has := mod.exports[method]; has {
					m.nextRoute(l, f, mod, method, method, p, v, guards)
				}
			}
			continue
		}
		if v, has := mod.exports["default"]; has || mod.whole != nil {
			if !has {
				v = mod.whole
			}
			for _, method := range nextMethods(f) {
				m.nextRoute(l, f, mod, method, "default", p, v, guards)
			}
		}
	}
}

func (m *machine) nextRoute(l *linker, f *code.File, mod *module, method, export, p string, v value, guards []candidate) {
	node, line := exportNode(f, export)
	e := &event{kind: onRoute, method: method, path: text{s: p}, handler: v, hnode: node, henv: mod.env, file: f.Path, line: line}
	r := l.route("next", e, e.path, func(s string) []string { return []string{s} })
	if fn, ok := v.(*closure); ok && fn.fn.Text != "" {
		r[0].Handler = fn.fn.Text
	}
	l.settle(r, e, guards, "")
}

// exportNode is the expression of an export, for the wrappers around a handler.
func exportNode(f *code.File, name string) (*code.Node, int) {
	for _, n := range f.Body {
		if !n.Is(code.Export) {
			continue
		}
		for _, p := range n.List {
			if p.Text == name {
				for _, d := range f.Body { // export { x as GET }: the declaration of x
					if d.Is(code.Assign) && d.X.Is(code.Name) && p.Y.Is(code.Name) && d.X.Text == p.Y.Text {
						return d.Y, d.Line
					}
				}
				return p.Y, n.Line
			}
		}
		for _, d := range n.Body {
			if d.Is(code.Assign) && d.X.Is(code.Name) && d.X.Text == name {
				return d.Y, d.Line
			}
			if d.Is(code.Func) && d.Text == name {
				return d, d.Line
			}
		}
	}
	return nil, 1
}

// nextMethods are the methods that a handler of pages/api tells apart.
func nextMethods(f *code.File) []string {
	var out []string
	f.Walk(func(n *code.Node) bool {
		add := func(s *code.Node) {
			if s.Is(code.String) && slices.Contains(nextVerbs, s.Text) && !slices.Contains(out, s.Text) {
				out = append(out, s.Text)
			}
		}
		switch {
		case n.Is(code.Binary) && (n.X.Last() == "method" || n.Y.Last() == "method"):
			add(n.X)
			add(n.Y)
		case n.Is(code.Switch) && n.X.Last() == "method":
			for _, c := range n.List {
				for _, k := range c.List {
					add(k)
				}
			}
		case n.Is(code.Pair) && n.Y != nil && slices.Contains(nextVerbs, n.Text):
			add(&code.Node{Kind: code.String, Text: n.Text})
		}
		return true
	})
	if len(out) == 0 {
		return []string{"ANY"}
	}
	return out
}

var (
	optionalAll = expr.Lazy(`^\[\[\.\.\.(\w+)\]\]$`)
	catchAll    = expr.Lazy(`^\[\.\.\.(\w+)\]$`)
	dynamic     = expr.Lazy(`^\[(\w+)\]$`)
)

// nextPath is the path that a file serves, and the folder of its application.
func nextPath(name string) (root, p string, ok bool) {
	parts := strings.Split(name, "/")
	base := parts[len(parts)-1]
	stem := strings.TrimSuffix(base, path.Ext(base))
	at := -1
	isApp := false
	for i, part := range parts[:len(parts)-1] {
		switch {
		case part == "app" && stem == "route":
			at, isApp = i, true
		case part == "pages" && i+1 < len(parts)-1 && parts[i+1] == "api":
			at = i
		case part == "pages" && i+2 == len(parts) && stem == "api":
			at = i
		}
		if at >= 0 {
			break
		}
	}
	if at < 0 {
		return "", "", false
	}
	segments := parts[at+1 : len(parts)-1]
	if !isApp && stem != "index" {
		segments = append(slices.Clone(segments), stem)
	}
	var out strings.Builder
	for _, s := range segments {
		switch {
		case isApp && strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")"), isApp && strings.HasPrefix(s, "@"):
			continue
		case isApp && strings.HasPrefix(s, "_"):
			return "", "", false // a private folder
		}
		for _, e := range [...]*regexp.Regexp{optionalAll(), catchAll(), dynamic()} {
			s = e.ReplaceAllString(s, "{$1}")
		}
		out.WriteString("/" + s)
	}
	root = strings.Join(parts[:at], "/")
	return root, orWord(out.String(), "/"), true
}

// nextMiddleware is what middleware.ts beside app or pages puts before a path.
func (m *machine) nextMiddleware(root, p string) []candidate {
	for _, name := range [...]string{"middleware.ts", "middleware.js", "proxy.ts", "middleware.tsx", "middleware.mjs"} {
		for _, dir := range [...]string{root, path.Dir(root)} {
			if path.Base(root) != "src" && dir != root {
				continue
			}
			mod := m.res.modules[path.Join(dir, name)]
			if mod == nil {
				continue
			}
			f := mod.files[0]
			v, export := mod.exports["middleware"], "middleware"
			if v == nil {
				v, export = mod.exports["default"], "default"
			}
			if v == nil {
				v, export = mod.exports["proxy"], "proxy"
			}
			node, _ := exportNode(f, export)
			if node == nil || node.Is(code.Func) {
				node = &code.Node{Kind: code.Name, Text: "middleware", Line: 1}
			}
			covers, certain := matcherCovers(m.member(mod.exports["config"], "matcher", nil), mod.exports["config"] != nil, p)
			if !covers && certain {
				return nil
			}
			return []candidate{{v: v, node: node, env: mod.env, option: !certain}}
		}
	}
	return nil
}

// matcherCovers asks whether a matcher covers a path; not certain where it is an
// expression that is more than a prefix.
func matcherCovers(matcher value, given bool, p string) (covers, certain bool) {
	if matcher == nil {
		return !given, !given
	}
	patterns, ok := pathsOf(matcher)
	if !ok {
		return false, false
	}
	certain = true
	for _, t := range patterns {
		prefix, rest := t.s, ""
		if i := strings.IndexAny(t.s, ":(*"); i >= 0 {
			prefix, rest = t.s[:i], t.s[i:]
		}
		under := p == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(p, strings.TrimSuffix(prefix, "/")+"/")
		switch {
		case t.open:
			certain = false
		case rest == "":
			if p == prefix {
				return true, true
			}
		case starParam().MatchString(rest) || rest == "(.*)" || rest == ".*":
			if under {
				return true, true
			}
		case plusParam().MatchString(rest):
			if under && p != strings.TrimSuffix(prefix, "/") {
				return true, true
			}
		case under:
			certain = false
		}
	}
	return false, certain
}
