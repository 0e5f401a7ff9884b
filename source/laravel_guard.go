package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// phpClass is a class with its methods and what its constructor says of middleware.
type phpClass struct {
	name    string
	file    string
	line    int
	parent  string
	uses    map[string]string
	methods map[string]*rubyMethod
}

var (
	phpReads    = expr.Lazy(`\b(Auth :: |auth \( |bearerToken|\$?request -> user \(|-> user \(|-> header \( "(?i:authorization)"|-> guard \(|-> check \(|-> session \(|getPassword|PersonalAccessToken)`)
	phpRefuses  = expr.Lazy(`(\babort(_if|_unless)? \( [^;{]*\b401\b|, 401 \)|HTTP_UNAUTHORIZED|throw new [\w\\ ]*(AuthenticationException|UnauthorizedHttpException|UnauthorizedException)|-> unauthenticated \(|redirect \( \) -> (route|guest) \( ("login"|route)|redirect \( "/?login")`)
	phpLets     = expr.Lazy(`\b(is \(|routeIs|getPathInfo|path \(|fullUrl|environment \(|config \(|env \(|method \(|isMethod|input \(|query \(|except|inExceptArray|shouldPass)`)
	phpAuthCall = expr.Lazy(`(\$this -> (authorize\w*|middleware) \(|Gate :: (authorize|allows|denies)|Auth :: \w+|auth \( \)|\babort(_if|_unless)? \( [^;{]*\b403\b|-> user \(|[\w]*Request \$)`)
)

func phpManner() manner { return manner{phpReads, phpRefuses, phpLets} }

// declare notes the classes of a file.
func (r *laravel) declare(file string, ws []word) {
	namespace := ""
	for i := 0; i+1 < len(ws); i++ {
		switch {
		case ws[i].kind == name && ws[i].text == "namespace":
			end := i + 1
			for end < len(ws) && !ws[end].is(";") && !ws[end].is("{") {
				end++
			}
			namespace = phpName(ws[i+1 : end])
		case ws[i].kind == name && (ws[i].text == "class" || ws[i].text == "trait") && ws[i+1].kind == name && (i == 0 || !ws[i-1].is("::")):
			full := strings.TrimPrefix(namespace+`\`+ws[i+1].text, `\`)
			c := &phpClass{name: full, file: file, line: ws[i].at, uses: usesOf(ws), methods: map[string]*rubyMethod{}}
			open := i + 2
			for open < len(ws) && !ws[open].is("{") {
				if ws[open].text == "extends" && open+1 < len(ws) {
					end := open + 1
					for end < len(ws) && ws[end].kind == name && ws[end].text != "implements" || end < len(ws) && ws[end].is(`\`) {
						end++
					}
					c.parent = c.full(phpName(ws[open+1:end]), namespace)
				}
				open++
			}
			to := closes(ws, open)
			c.read(ws[min(open+1, len(ws)):min(to, len(ws))])
			r.classes[full] = c
			i = min(to, len(ws))
		}
	}
}

func (c *phpClass) full(short, namespace string) string {
	head, rest, more := strings.Cut(short, `\`)
	if f, ok := c.uses[head]; ok {
		if more {
			return f + `\` + rest
		}
		return f
	}
	if more || short == "" {
		return short
	}
	return strings.TrimPrefix(namespace+`\`+short, `\`)
}

func (c *phpClass) read(ws []word) {
	for i := 0; i+2 < len(ws); i++ {
		if ws[i].kind != name || ws[i].text != "function" || ws[i+1].kind != name {
			continue
		}
		from := closes(ws, i+2)
		open := from
		for open < len(ws) && !ws[open].is("{") && !ws[open].is(";") {
			open++
		}
		to := open
		if open < len(ws) && ws[open].is("{") {
			to = closes(ws, open)
		}
		// What a parameter is may refuse, too: a FormRequest.
		body := slices.Concat(ws[i+2:min(from+1, len(ws))], ws[min(open, len(ws)):min(to+1, len(ws))])
		c.methods[ws[i+1].text] = &rubyMethod{file: c.file, line: ws[i].at, body: body}
		i = to
	}
}

func (r *laravel) methodOf(c *phpClass, action string, depth int) (*rubyMethod, string) {
	if m := c.methods[action]; m != nil {
		return m, ""
	}
	if p := r.classes[c.parent]; p != nil && depth < 8 {
		return r.methodOf(p, action, depth+1)
	}
	return nil, "the action " + action + " stands in no class that was read"
}

// missing are the parents that were not read, and are not the framework's own.
func (c *phpClass) missing(r *laravel) []string {
	for k, n := c, 0; n < 8; n++ {
		switch {
		case k.parent == "" || k.parent == `Illuminate\Routing\Controller`:
			return nil
		case r.classes[k.parent] == nil:
			return []string{k.parent}
		}
		k = r.classes[k.parent]
	}
	return nil
}

// ofController are the middlewares that a controller names for an action: in its constructor, or
// in middleware() of HasMiddleware; conditional are those whose options were not understood.
func (r *laravel) ofController(c *phpClass, action string, depth int) (names, conditional []string) {
	if p := r.classes[c.parent]; p != nil && depth < 8 {
		names, conditional = r.ofController(p, action, depth+1)
	}
	in := laravelScope{uses: c.uses}
	if m := c.methods["__construct"]; m != nil {
		for i := 0; i+3 < len(m.body); i++ {
			if m.body[i].text != "$this" || !m.body[i+1].is("->") || m.body[i+2].text != "middleware" {
				continue
			}
			links, _ := chain(m.body, i+1)
			if len(links) == 0 {
				continue
			}
			given := r.named(links[0].args, in)
			applies, sure := true, true
			for _, k := range links[1:] {
				list := texts(k.args)
				switch {
				case k.name == "only" && len(list) > 0:
					applies = applies && slices.Contains(list, action)
				case k.name == "except" && len(list) > 0:
					applies = applies && !slices.Contains(list, action)
				default:
					sure = false
				}
			}
			if strings.Contains(spoken(m.body[:i]), "if (") {
				sure = false
			}
			if applies && sure {
				names = append(names, given...)
			} else if applies {
				conditional = append(conditional, given...)
			}
		}
	}
	if m := c.methods["middleware"]; m != nil {
		for i, w := range m.body {
			if w.text == "return" && i+1 < len(m.body) && m.body[i+1].is("[") {
				for _, p := range parts(m.body[i+2 : min(len(m.body), closes(m.body, i+1))]) {
					r.attributeOf(p, action, in, &names, &conditional)
				}
			}
		}
	}
	return names, conditional
}

// attributeOf reads 'auth' or new Middleware('auth', only: ['index']).
func (r *laravel) attributeOf(p []word, action string, in laravelScope, names, conditional *[]string) {
	if len(p) < 4 || p[0].text != "new" || !p[2].is("(") {
		*names = append(*names, r.named(p, in)...)
		return
	}
	args := parts(p[3:min(len(p), closes(p, 2))])
	if len(args) == 0 {
		return
	}
	given := r.named(args[0], in)
	for _, a := range args[1:] {
		list := texts(a)
		switch {
		case a[0].text == "only" && len(list) > 0:
			if !slices.Contains(list, action) {
				return
			}
		case a[0].text == "except" && len(list) > 0:
			if slices.Contains(list, action) {
				return
			}
		default:
			*conditional = append(*conditional, given...)
			return
		}
	}
	*names = append(*names, given...)
}

// kernel reads the aliases and groups of middleware, and returns the prefix of the API.
func (r *laravel) kernel() string {
	prefix := "/api"
	for file, ws := range r.files {
		kernel, app := strings.HasSuffix(file, "Http/Kernel.php"), strings.HasSuffix("/"+file, "/bootstrap/app.php")
		if !kernel && !app {
			continue
		}
		in := laravelScope{uses: usesOf(ws)}
		for i := 0; i+3 < len(ws); i++ {
			switch {
			case kernel && (ws[i].text == "$routeMiddleware" || ws[i].text == "$middlewareAliases") && ws[i+2].is("["):
				r.alias(ws[i+2:], in)
			case kernel && ws[i].text == "$middlewareGroups" && ws[i+2].is("["):
				for _, p := range parts(ws[i+3 : min(len(ws), closes(ws, i+2))]) {
					if len(p) > 2 && p[0].kind == quoted && p[1].is("=>") {
						r.groups[p[0].text] = r.named(p[2:], in)
					}
				}
			case app && ws[i].text == "apiPrefix" && ws[i+2].kind == quoted:
				prefix = join("", ws[i+2].text)
			case app && ws[i].is("->") && ws[i+2].is("("):
				args := ws[i+3 : min(len(ws), closes(ws, i+2))]
				switch ws[i+1].text {
				case "alias":
					r.alias(args, in)
				case "api", "web":
					r.groups[ws[i+1].text] = append(r.groups[ws[i+1].text], r.added(args, in)...)
				case "appendToGroup", "prependToGroup":
					if p := parts(args); len(p) > 1 {
						r.groups[firstText(p[0])] = append(r.groups[firstText(p[0])], r.named(p[1], in)...)
					}
				case "append", "prepend": // before everything
					for _, g := range [...]string{"api", "web"} {
						r.groups[g] = append(r.groups[g], r.named(args, in)...)
					}
				}
			}
		}
	}
	return prefix
}

func (r *laravel) alias(ws []word, in laravelScope) {
	if len(ws) == 0 || !ws[0].is("[") {
		return
	}
	for _, p := range parts(within(ws)) {
		if len(p) > 2 && p[0].kind == quoted && p[1].is("=>") {
			r.aliases[p[0].text] = r.className(p[2:], in)
		}
	}
}

// added are what append: [...] and prepend: [...] add to a group.
func (r *laravel) added(ws []word, in laravelScope) []string {
	var out []string
	for _, p := range parts(ws) {
		if len(p) > 2 && (p[0].text == "append" || p[0].text == "prepend" || p[0].text == "appends") && p[1].is(":") {
			out = append(out, r.named(p[2:], in)...)
		}
	}
	return out
}

// judge says whether a middleware refuses who has no credential.
func (r *laravel) judge(middleware string, depth int) (Guard, opinion, string) {
	j, ok := r.judged[middleware]
	if !ok {
		r.judged[middleware] = judgement{} // a group that names itself
		j.guard, j.state, j.why = r.weigh(middleware, depth)
		r.judged[middleware] = j
	}
	return j.guard, j.state, j.why
}

func (r *laravel) weigh(middleware string, depth int) (Guard, opinion, string) {
	short := bare(middleware)
	g := Guard{Name: middleware, Assumed: true}
	if slices.Contains(r.opt.Guards, short) || slices.Contains(r.opt.Guards, middleware) {
		return g, isGuard, ""
	}
	full := short
	if a, ok := r.aliases[short]; ok {
		full = a
	}
	if c := r.classes[full]; c != nil {
		g.Name, g.File, g.Line, g.Assumed = middleware, c.file, c.line, false
		if m := c.methods["handle"]; m != nil {
			state, why := phpManner().weigh(spoken(m.body))
			if state == isNot && authWord().MatchString(short) && !harmless().MatchString(short) && phpAuthCall().MatchString(spoken(m.body)) {
				state, why = mayBe, "calls what was not understood"
			}
			return g, state, short + " " + why
		}
		if strings.HasSuffix(c.parent, `Auth\Middleware\Authenticate`) { // the application's own, which says where to send
			if c.methods["authenticate"] == nil && c.methods["unauthenticated"] == nil {
				return g, isGuard, ""
			}
			return g, mayBe, short + " changes what it inherits"
		}
		if len(c.methods) == 0 && c.parent == "" {
			return g, isNot, ""
		}
		if authWord().MatchString(short) {
			return g, mayBe, short + " inherits what was not read"
		}
		return g, isNot, ""
	}
	if members, ok := r.groups[short]; ok && depth < 4 {
		out, why := isNot, ""
		for _, m := range members {
			inner, state, w := r.judge(m, depth+1)
			if state > out {
				g, out, why = inner, state, w
			}
		}
		return g, out, why
	}
	switch {
	case short == "auth" || short == "auth.basic", full == `Illuminate\Auth\Middleware\Authenticate`, full == `Illuminate\Auth\Middleware\AuthenticateWithBasicAuth`:
		return g, isGuard, ""
	case short == "web" || short == "api" || short == "guest" || short == "throttle" || short == "signed" || short == "bindings" || short == "cache.headers" || strings.HasPrefix(full, `Illuminate\`) && !strings.Contains(full, `Auth\`):
		return g, isNot, ""
	case strings.HasSuffix(full, "EnsureFrontendRequestsAreStateful"):
		return g, isNot, ""
	case short == "{?}":
		return g, mayBe, "a middleware is computed"
	}
	if harmless().MatchString(short) {
		return g, isNot, ""
	}
	return g, mayBe, short + " is not in the source that was read"
}
