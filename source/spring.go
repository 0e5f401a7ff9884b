package source

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// spring reads controllers by their annotations, and what Spring Security says of paths.
type spring struct {
	l         *linker
	opt       *Options
	constants map[string]string // of strings, by "Class.NAME" and "NAME"
	lists     map[string][]string
	chains    []securityChain
	unclear   string // why the rules of paths are not known
	methods   bool   // annotations of methods count
	security  bool   // the library is there
	filters   []string
	context   string // server.servlet.context-path
}

type mapping struct {
	methods []string
	paths   []text
}

var springMappings = map[string]string{"GetMapping": "GET", "PostMapping": "POST", "PutMapping": "PUT", "PatchMapping": "PATCH", "DeleteMapping": "DELETE", "RequestMapping": ""}

// annotation is @Name(args).
type annotation struct {
	name string
	args []word
	at   int
}

var springContext = expr.Lazy(`(?m)^\s*(?:server\.servlet\.context-path|spring\.webflux\.base-path)\s*[=:]\s*["']?([^"'\s]+)`)

// springRoutes adds the routes of Spring applications.
func (l *linker) springRoutes(opt *Options, files map[string][]byte) {
	r := &spring{l: l, opt: opt, constants: map[string]string{}, lists: map[string][]string{}}
	read := map[string][]word{}
	found := false
	for _, file := range slices.Sorted(maps.Keys(files)) {
		src := string(files[file])
		switch path.Ext(file) {
		case ".java", ".kt":
			read[file] = words(src, javaWords)
			found = found || strings.Contains(src, "RestController") || strings.Contains(src, "@Controller")
		case ".properties":
			if m := springContext().FindStringSubmatch(src); m != nil {
				r.context = m[1]
			}
		case ".xml", ".gradle", ".kts":
			r.security = r.security || strings.Contains(src, "starter-security") || strings.Contains(src, "starter-oauth2-resource-server") || strings.Contains(src, "spring-security")
		}
	}
	if !found {
		return
	}
	for _, file := range slices.Sorted(maps.Keys(read)) {
		r.learn(file, read[file])
	}
	for _, file := range slices.Sorted(maps.Keys(read)) {
		r.secure(file, read[file])
	}
	for _, file := range slices.Sorted(maps.Keys(read)) {
		r.controllers(file, read[file])
	}
}

// learn notes constants, and classes that stand before every handler.
func (r *spring) learn(file string, ws []word) {
	class := ""
	refuses := springSays().MatchString(spoken(ws))
	for i := 0; i+2 < len(ws); i++ {
		w := ws[i]
		switch {
		case w.kind != name:
		case (w.text == "class" || w.text == "interface" || w.text == "object") && ws[i+1].kind == name && (i == 0 || !ws[i-1].is("::") && !ws[i-1].is(".")):
			class = ws[i+1].text
			for j := i + 2; j < len(ws) && !ws[j].is("{"); j++ {
				switch ws[j].text {
				case "OncePerRequestFilter", "HandlerInterceptor", "GenericFilterBean", "Filter", "WebFilter", "HandlerInterceptorAdapter", "AbstractAuthenticationProcessingFilter":
					if refuses || ws[j].text == "AbstractAuthenticationProcessingFilter" {
						r.filters = append(r.filters, class)
					}
				}
			}
		case ws[i+1].is("=") && ws[i+2].kind == quoted && !ws[i+2].open:
			if i+3 < len(ws) && ws[i+3].is("+") {
				continue
			}
			r.constants[class+"."+w.text], r.constants[w.text] = ws[i+2].text, ws[i+2].text
		case ws[i+1].is("=") && (ws[i+2].is("{") || ws[i+2].text == "arrayOf" || ws[i+2].text == "listOf" || ws[i+2].text == "new"):
			open := i + 2
			for open < len(ws) && !ws[open].is("{") && !ws[open].is("(") && !ws[open].is(";") {
				open++
			}
			end := closes(ws, open)
			var list []string
			for _, p := range parts(ws[min(open+1, len(ws)):min(end, len(ws))]) {
				if t, ok := r.textOf(p); ok {
					list = append(list, t)
				} else {
					list = append(list, "{?}")
				}
			}
			r.lists[class+"."+w.text], r.lists[w.text] = list, list
		case w.text == "EnableMethodSecurity" || w.text == "EnableGlobalMethodSecurity" || w.text == "EnableReactiveMethodSecurity":
			r.methods = true
		case w.text == "SecurityFilterChain" || w.text == "WebSecurityConfigurerAdapter" || w.text == "EnableWebSecurity" || w.text == "SecurityWebFilterChain":
			r.security = true
		}
	}
	_ = file
}

// textOf is the text of a constant expression: "/a", BASE, Paths.BASE, BASE + "/a".
func (r *spring) textOf(ws []word) (string, bool) {
	var b strings.Builder
	from := 0
	for i := 0; i <= len(ws); i++ {
		if i < len(ws) && !ws[i].is("+") {
			continue
		}
		p := ws[from:i]
		from = i + 1
		switch {
		case len(p) == 1 && p[0].kind == quoted && !p[0].open:
			b.WriteString(p[0].text)
		case len(p) > 0 && p[0].kind == name:
			full := joined(p)
			v, ok := r.constants[full]
			if !ok && strings.Count(full, ".") > 1 {
				v, ok = r.constants[full[strings.LastIndexByte(full[:strings.LastIndexByte(full, '.')], '.')+1:]]
			}
			if !ok {
				return "", false
			}
			b.WriteString(v)
		default:
			return "", false
		}
	}
	return b.String(), len(ws) > 0
}

// annotations are those that stand before the word at i, and the place after them.
func annotations(ws []word, i int) ([]annotation, int) {
	var out []annotation
	for i+1 < len(ws) && ws[i].is("@") && ws[i+1].kind == name && ws[i+1].text != "interface" {
		a := annotation{name: ws[i+1].text, at: ws[i].at}
		i += 2
		for i+1 < len(ws) && (ws[i].is(".") || ws[i].is(":")) && ws[i+1].kind == name { // a full name, or Kotlin's @field:
			a.name = ws[i+1].text
			i += 2
		}
		if i < len(ws) && ws[i].is("(") {
			end := closes(ws, i)
			a.args = ws[i+1 : min(end, len(ws))]
			i = end + 1
		}
		out = append(out, a)
	}
	return out, min(i, len(ws))
}

// mapping reads the paths and methods of an annotation.
func (r *spring) mapping(a annotation) mapping {
	m := mapping{}
	if v := springMappings[a.name]; v != "" {
		m.methods = []string{v}
	}
	add := func(ws []word) {
		if len(ws) > 0 && (ws[0].is("{") || ws[0].is("[")) {
			ws = within(ws)
		}
		for _, p := range parts(ws) {
			if t, ok := r.textOf(p); ok {
				m.paths = append(m.paths, text{s: t})
			} else if len(p) == 1 && p[0].kind == name && r.lists[p[0].text] != nil {
				for _, t := range r.lists[p[0].text] {
					m.paths = append(m.paths, text{s: t})
				}
			} else {
				m.paths = append(m.paths, text{s: "{?}", open: true})
			}
		}
	}
	for _, p := range parts(a.args) {
		if len(p) < 3 || p[0].kind != name || !p[1].is("=") {
			add(p)
			continue
		}
		switch p[0].text {
		case "value", "path":
			add(p[2:])
		case "method":
			for _, w := range p[2:] {
				if w.kind == name && w.text == strings.ToUpper(w.text) {
					m.methods = append(m.methods, w.text)
				}
			}
		}
	}
	return m
}

func (r *spring) controllers(file string, ws []word) {
	for i := 0; i < len(ws); i++ {
		if !ws[i].is("@") {
			continue
		}
		notes, end := annotations(ws, i)
		is := slices.ContainsFunc(notes, func(a annotation) bool { return a.name == "RestController" || a.name == "Controller" })
		for end < len(ws) && ws[end].kind == name && ws[end].text != "class" && ws[end].text != "interface" && ws[end].text != "record" {
			end++
		}
		if !is || end+1 >= len(ws) || ws[end].text != "class" {
			i = max(i, end-1)
			continue
		}
		open := end
		for open < len(ws) && !ws[open].is("{") {
			if ws[open].is("(") { // Kotlin's constructor
				open = closes(ws, open)
			}
			open++
		}
		to := closes(ws, open)
		r.controller(file, ws[end+1].text, notes, ws[min(open+1, len(ws)):min(to, len(ws))])
		i = min(to, len(ws))
	}
}

func (r *spring) controller(file, class string, notes []annotation, body []word) {
	base := mapping{paths: []text{{}}}
	for _, a := range notes {
		if a.name == "RequestMapping" {
			if m := r.mapping(a); len(m.paths) > 0 {
				base = m
			} else {
				base.methods = m.methods
			}
		}
	}
	for i := 0; i < len(body); i++ {
		if body[i].is("{") { // the body of a method
			i = closes(body, i)
			continue
		}
		if !body[i].is("@") {
			continue
		}
		own, end := annotations(body, i)
		i = max(i, end-1) // a mark alone is no annotation
		var m mapping
		at := 0
		for _, a := range own {
			if _, ok := springMappings[a.name]; ok {
				m, at = r.mapping(a), a.at
			}
		}
		if at == 0 {
			continue
		}
		handler := ""
		open := end
		for open < len(body) && !body[open].is("(") {
			if body[open].kind == name {
				handler = body[open].text
			}
			open++
		}
		stop := closes(body, open)
		for stop < len(body) && !body[stop].is("{") && !body[stop].is("=") && !body[stop].is(";") {
			stop++
		}
		var inner []word
		if stop < len(body) && body[stop].is("{") {
			inner = body[stop:min(len(body), closes(body, stop)+1)]
		}
		if len(m.paths) == 0 {
			m.paths = []text{{}}
		}
		if len(m.methods) == 0 {
			m.methods = base.methods
		}
		if len(m.methods) == 0 {
			m.methods = []string{"ANY"}
		}
		for _, b := range base.paths {
			for _, p := range m.paths {
				for _, method := range m.methods {
					own := own
					rt := &Route{Method: method, Path: springPath(join(join(r.context, b.s), p.s)), File: file, Line: at, Framework: "spring", Handler: class + "." + handler}
					if b.open || p.open {
						rt.Unresolved = append(rt.Unresolved, "the path is computed")
					}
					r.settle(rt, springPath(join(b.s, p.s)), notes, own, body[open:min(len(body), closes(body, open)+1)], inner)
					r.l.routes = append(r.l.routes, rt)
				}
			}
		}
	}
}

// springPath is /users/{id:\d+} as /users/{id}.
func springPath(p string) string {
	p = strings.ReplaceAll(p, "/**", "/{wildcard}")
	if p == "" {
		p = "/"
	}
	if p[0] != '/' {
		p = "/" + p
	}
	out := bracePath(p)[0]
	if len(out) > 1 {
		out = strings.TrimSuffix(out, "/")
	}
	return out
}
