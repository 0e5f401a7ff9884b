package source

import (
	"path"
	"slices"
	"strings"
)

var laravelActions = [...]struct {
	action, method string
	one            bool
	suffix         string
	form           bool
}{
	{"index", "GET", false, "", false}, {"create", "GET", false, "/create", true}, {"store", "POST", false, "", false},
	{"show", "GET", true, "", false}, {"edit", "GET", true, "/edit", true}, {"update", "PUT", true, "", false}, {"update", "PATCH", true, "", false}, {"destroy", "DELETE", true, "", false},
}

func (r *laravel) declareRoute(k link, after []link, in laravelScope) {
	args := parts(k.args)
	if len(args) == 0 {
		return
	}
	switch k.name {
	case "resources", "apiResources":
		if inner := args[0]; inner[0].is("[") {
			for _, p := range parts(within(inner)) {
				if len(p) > 2 && p[1].is("=>") {
					r.resource(strings.TrimSuffix(k.name, "s"), p[0].text, r.className(p[2:], in), after, k.at, in)
				}
			}
		}
		return
	case "resource", "apiResource", "singleton", "apiSingleton":
		if len(args) > 1 {
			r.resource(k.name, firstText(args[0]), r.className(args[1], in), after, k.at, in)
		}
		return
	case "fallback":
		return
	}
	methods := []string{strings.ToUpper(k.name)}
	switch k.name {
	case "match":
		methods = nil
		for _, m := range texts(args[0]) {
			methods = append(methods, strings.ToUpper(m))
		}
		args = args[1:]
	case "view":
		methods = []string{"GET"}
	case "redirect", "permanentRedirect":
		methods = []string{"ANY"}
	}
	if len(args) == 0 {
		return
	}
	at := firstText(args[0])
	var handler []word
	if len(args) > 1 {
		handler = args[1]
	}
	class, action := "", ""
	var body []word
	switch {
	case k.name == "view" || strings.HasSuffix(strings.ToLower(k.name), "redirect"):
		body = []word{}
	case len(handler) == 0:
	case handler[0].is("["):
		class = r.className(handler, in)
		if t := texts(handler); len(t) > 0 {
			action = t[len(t)-1]
		}
	case handler[0].kind == quoted && strings.Contains(handler[0].text, "@"):
		class, action, _ = strings.Cut(handler[0].text, "@")
	case handler[0].kind == quoted && in.controller != "":
		class, action = in.controller, handler[0].text
	case handler[0].text == "function" || handler[0].text == "fn" || handler[0].text == "static":
		body = handler
	default:
		class, action = r.className(handler, in), "__invoke"
	}
	for _, m := range methods {
		r.emit(m, join(in.prefix, at), class, action, body, k.at, in)
	}
}

func (r *laravel) resource(kind, at, class string, after []link, line int, in laravelScope) {
	var only, except []string
	for _, a := range after {
		switch a.name {
		case "only":
			only = texts(a.args)
		case "except":
			except = texts(a.args)
		}
	}
	base := in.prefix
	segments := strings.Split(at, ".") // posts.comments is nested
	for i, s := range segments {
		base = join(base, s)
		if i < len(segments)-1 {
			base += "/{" + strings.ReplaceAll(singular(s), "-", "_") + "}"
		}
	}
	last := segments[len(segments)-1]
	one := base + "/{" + strings.ReplaceAll(singular(path.Base(last)), "-", "_") + "}"
	single := strings.HasSuffix(strings.ToLower(kind), "singleton")
	for _, a := range laravelActions {
		switch {
		case len(only) > 0 && !slices.Contains(only, a.action), slices.Contains(except, a.action), a.form && strings.HasPrefix(kind, "api"), single && !a.one, single && a.action == "destroy":
			continue
		}
		full := base
		if a.one && !single {
			full = one
		}
		r.emit(a.method, full+a.suffix, class, a.action, nil, line, in)
	}
}

// emit notes a route and asks its middleware and its controller.
func (r *laravel) emit(method, at, class, action string, body []word, line int, in laravelScope) {
	r.routes++
	if !strings.HasPrefix(at, "/") {
		at = "/" + at
	}
	paths := []string{at}
	if i := strings.LastIndex(at, "/{"); i >= 0 && strings.HasSuffix(at, "?}") && !strings.HasSuffix(at, "{?}") { // an optional last part
		paths = []string{strings.TrimSuffix(at, "?}") + "}", orWord(at[:i], "/")}
	}
	for _, p := range paths {
		rt := &Route{Method: method, Path: laravelPath(p), File: in.file, Line: line, Framework: "laravel", Handler: action}
		if class != "" {
			rt.Handler = class[strings.LastIndexByte(class, '\\')+1:] + "@" + action
		}
		if strings.Contains(p, "{?}") {
			rt.Unresolved = append(rt.Unresolved, "the path is computed")
		}
		if in.unclear != "" {
			rt.Unresolved = append(rt.Unresolved, in.unclear)
		}
		r.settle(rt, class, action, body, in)
		r.l.routes = append(r.l.routes, rt)
	}
}

// laravelPath is /users/{user:slug} as /users/{user}.
func laravelPath(p string) string {
	out := bracePath(p)[0]
	if len(out) > 1 {
		out = strings.TrimSuffix(out, "/")
	}
	return out
}

func (r *laravel) settle(rt *Route, class, action string, body []word, in laravelScope) {
	var unclear []string
	see := func(names []string) {
		for _, n := range names {
			g, state, why := r.judge(n, 0)
			if state == isNot {
				continue
			}
			if slices.ContainsFunc(in.without, func(w string) bool { return bare(w) == bare(n) || r.aliases[bare(w)] == n || r.aliases[bare(n)] == w }) {
				continue
			}
			if state == isGuard {
				rt.Guards = append(rt.Guards, g)
			} else {
				unclear = append(unclear, why)
			}
		}
	}
	see(in.middleware)
	c := r.classes[class]
	if c != nil {
		names, conditional := r.ofController(c, action, 0)
		see(names)
		for _, n := range conditional {
			if _, state, _ := r.judge(n, 0); state != isNot {
				unclear = append(unclear, n+" stands under a condition")
			}
		}
	}
	switch {
	case len(rt.Guards) > 0:
		rt.State = Guarded
		return
	case len(unclear) > 0:
		rt.Why = strings.Join(unclear, "; ")
		return
	case len(rt.Unresolved) > 0:
		rt.Why = rt.Unresolved[0]
		return
	}
	switch {
	case body != nil:
	case c == nil:
		rt.Why = "the controller " + orWord(class, "of the route") + " is not in the source that was read"
		return
	default:
		m, why := r.methodOf(c, action, 0)
		if m == nil {
			rt.Why = why
			return
		}
		rt.File, rt.Line, body = m.file, m.line, m.body
		for _, p := range c.missing(r) {
			rt.Why = "its parent " + p + " is not in the source that was read"
			return
		}
	}
	said := spoken(body)
	if state, _ := phpManner().weigh(said); state != isNot {
		rt.Why = "the handler refuses some requests"
		return
	}
	if call := phpAuthCall().FindString(said); call != "" {
		rt.Why = "the handler calls " + strings.TrimSpace(call)
		return
	}
	rt.State = Unguarded
}

func bare(middleware string) string {
	n, _, _ := strings.Cut(middleware, ":")
	return n
}
