package source

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// route reads get "x", to: "users#show" and its other forms.
func (r *rails) route(s, args []word, in railsScope) {
	if len(args) == 0 {
		return
	}
	if on, ok := textOption(args, "on"); ok && in.resource != nil {
		in.only = on
	}
	to, _ := textOption(args, "to")
	if s[0].text == "root" {
		if to == "" && args[0].kind == quoted {
			to = args[0].text
		}
		controller, action, _ := strings.Cut(to, "#")
		r.emit("GET", join(in.prefix, "/"), in.module+controller, action, s[0].at, in)
		return
	}
	methods := []string{strings.ToUpper(s[0].text)}
	if s[0].text == "match" {
		methods = nil
		via, _ := option(args, "via")
		for _, v := range texts(via) {
			methods = append(methods, strings.ToUpper(v))
		}
		if len(methods) == 0 || slices.Contains(methods, "ALL") {
			methods = []string{"ANY"}
		}
	}
	for _, p := range parts(args) {
		if p[0].kind != quoted && p[0].kind != symbol {
			continue
		}
		if p[0].kind == symbol && len(p) > 1 {
			continue // an option
		}
		at, target := p[0].text, to
		if p[0].open {
			at = "{?}"
		}
		if len(p) > 2 && p[1].is("=>") && p[2].kind == quoted {
			target = p[2].text
		}
		controller, action, split := strings.Cut(target, "#")
		switch {
		case split:
			controller = in.module + controller
		default:
			action = strings.ReplaceAll(strings.Trim(at, "/"), "-", "_")
			if v, ok := textOption(args, "action"); ok {
				action = v
			}
			controller = ""
			if v, ok := textOption(args, "controller"); ok {
				controller = in.module + v
			} else if in.controller != "" {
				controller = in.module + in.controller
			} else if in.resource != nil {
				controller = in.resource.controller
			} else if before, after, ok := strings.Cut(action, "/"); ok { // get "users/list"
				controller, action = in.module+before, after
			}
		}
		if to != "" && !split { // redirect(...), or a Rack application
			controller = ""
		}
		for _, m := range methods {
			r.emit(m, join(r.at(in), at), controller, action, s[0].at, in)
		}
	}
}

// mount is an engine, whose routes are another's.
func (r *rails) mount(s, args []word, in railsScope) {
	at, ok := textOption(args, "at")
	for _, p := range parts(args) {
		for i, w := range p {
			if !ok && w.is("=>") && i+1 < len(p) && p[i+1].kind == quoted && i > 0 && p[0].kind == name {
				at, ok = p[i+1].text, true
			}
		}
	}
	if !ok {
		return
	}
	in.unclear = "another engine or application is mounted here"
	r.emit("ANY", join(join(in.prefix, at), "{?}"), "", "", s[0].at, in)
}

// draw reads config/routes/NAME.rb.
func (r *rails) draw(file string, in railsScope, depth int) {
	at := path.Join(path.Dir(in.file), "routes", file+".rb")
	if strings.Contains(in.file, "/routes/") || strings.HasPrefix(in.file, "routes/") {
		at = path.Join(path.Dir(in.file), file+".rb")
	}
	if ws, ok := r.files[at]; ok && !r.drawn[at] {
		r.drawn[at] = true
		in.file = at
		r.block(statements(ws), in, depth+1)
	}
}

// emit notes a route and asks what stands before its action.
func (r *rails) emit(method, at, controller, action string, atLine int, in railsScope) {
	r.routes++
	for _, full := range railsPaths(at) {
		rt := &Route{Method: method, Path: full, File: in.file, Line: atLine, Framework: "rails", Handler: action}
		if controller != "" {
			rt.Handler = controller + "#" + action
		}
		if strings.Contains(full, "{?}") {
			rt.Unresolved = append(rt.Unresolved, "the path is computed")
		}
		switch {
		case in.unclear != "":
			rt.Why = in.unclear
		case controller == "":
			rt.Why = "its handler is no action of a controller"
		default:
			r.settle(rt, controller, action)
		}
		if rt.State == Unguarded && len(rt.Unresolved) > 0 {
			rt.State, rt.Why = Unknown, strings.Join(rt.Unresolved, "; ")
		}
		r.l.routes = append(r.l.routes, rt)
	}
}

// railsPaths turns /users/:id(.:format) into {id}; an optional part gives two paths.
func railsPaths(p string) []string {
	p = strings.ReplaceAll(p, "(.:format)", "")
	if open, shut := strings.IndexByte(p, '('), strings.LastIndexByte(p, ')'); open >= 0 && shut > open {
		return append(railsPaths(p[:open]+p[shut+1:]), railsPaths(p[:open]+p[open+1:shut]+p[shut+1:])...)
	}
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return colonPath(p)
}

// settle decides on an action by the callbacks of its controller.
func (r *rails) settle(rt *Route, controller, action string) {
	c := r.classes[className(controller)+"Controller"]
	if c == nil {
		rt.Why = "the controller " + controller + " is not in the source that was read"
		return
	}
	rt.File, rt.Line = c.file, c.line
	if m := r.find(c, action); m != nil {
		rt.File, rt.Line = m.file, m.line
	}
	guards, unclear := r.before(c, action)
	rt.Guards = guards
	switch {
	case len(guards) > 0:
		rt.State = Guarded
	case len(unclear) > 0:
		rt.Why = strings.Join(unclear, "; ")
	default:
		if why := r.itself(c, action); why != "" {
			rt.Why = why
			return
		}
		rt.State = Unguarded
	}
}

// itself says why an action might refuse by itself.
func (r *rails) itself(c *rubyClass, action string) string {
	m := r.find(c, action)
	if m == nil {
		return "the action " + action + " stands in no class that was read"
	}
	said := spoken(m.body)
	if state, _ := rubyManner().weigh(said); state != isNot {
		return "the action refuses some requests"
	}
	if who := whoAsks().FindString(said); who != "" {
		return "the action looks at " + strings.TrimSpace(who) + ", who may be nobody"
	}
	if calls := authCall().FindString(said); calls != "" {
		return fmt.Sprintf("the action calls %s", strings.TrimSpace(calls))
	}
	return ""
}

// className is Api::V1::Users of api/v1/users.
func className(p string) string {
	var out []string
	for _, part := range strings.Split(strings.Trim(p, "/"), "/") {
		var b strings.Builder
		for _, w := range strings.FieldsFunc(part, func(r rune) bool { return r == '_' || r == '-' }) {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
		out = append(out, b.String())
	}
	return strings.Join(out, "::")
}
