package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// rubyClass is a class or a module with what it says of callbacks.
type rubyClass struct {
	name    string
	file    string
	line    int
	parents []string // the superclass, and the modules that are included
	unknown string   // a parent that is an expression
	steps   []callback
	methods map[string]*rubyMethod
}

type rubyMethod struct {
	file string
	line int
	body []word
}

// callback is before_action, or what takes one away.
type callback struct {
	name        string
	skip        bool
	only        []string
	except      []string
	limited     bool
	conditional bool   // if:, unless:, or options that were not understood
	block       []word // of a callback without a name
}

var (
	authCall   = expr.Lazy(`(?:^|[^. ] )(authori[sz]e!?|authenticate\w*[!?]?|require_\w*(user|login|auth|admin)\w*|policy_scope|current_user|verify_\w*(token|signature)\w*) `)
	rubyReads  = expr.Lazy(`\b(session \[|cookies|current_\w*user|current_account|Current \.|Authorization|HTTP_AUTHORIZATION|warden|\w*signed_in\?|logged_in\?|authenticated\?|authenticate_(or_request_)?with_http_\w+|resume_session|bearer\w*|doorkeeper_token)`)
	rubyRefuse = expr.Lazy(`(head|status :) ?\(? ?(:unauthorized|401)\b|raise [\w: ]*(Unauthorized|Unauthenticated|NotAuthenticated|AuthenticationError|AuthenticationRequired)|redirect_to \(? ?(main_app \. )?((new_session|login|log_in|sign_in|signin|new_user_session)_(path|url)|"/(login|log_in|sign_?in|session/new)")|request_http_(token|basic)_authentication|authenticate_or_request_with_http_(token|basic|digest)|warden \. authenticate! `)
	rubyLets   = expr.Lazy(`\b(params|path|fullpath|request_uri|controller_name|action_name|controller_path|Rails \. env|ENV|config|Settings|method|format|Rails \. application|feature\w*|enabled\?)\b`)
	whoAsks    = expr.Lazy(`(@\w*user|@current_\w+|Current \. \w+|\w+_by_user\?|session \[) `)
	whereTo    = expr.Lazy(`session \[ :\w+ \] \|*= request \. \w+`) // where to go after the sign-in
	asksWord   = expr.Lazy(`(?i)^(require|ensure|authenticate|authori[sz]e|verify|check|must|only|restrict|protect|enforce|validate)_?`)
	rubyEnds   = expr.Lazy(`\b(redirect_\w+|render|head|raise|throw|halt|deny\w*|forbid\w*|not_found|abort)\b`)
	authWord   = expr.Lazy(`(?i)(auth|login|sign|session|user|admin|token|permission|access|member|account|tenant|doorkeeper|verify|require|ensure|restrict|protect)`)
	harmless   = expr.Lazy(`(?i)(^(set|load|find|fetch|build|prepare|assign|init|configure|paginate|log|track|count|render)_|csrf|forgery|locale|time_?zone|layout|breadcrumb|throttle|rate_limit|cors|cache|allow_browser|maintenance)`)
)

func rubyManner() manner { return manner{rubyReads, rubyRefuse, rubyLets} }

// declare notes the classes and modules of a file.
func (r *rails) declare(file string, ws []word) {
	r.inside(statements(ws), "", nil, file, 0)
}

func (r *rails) inside(ss [][]word, outer string, in *rubyClass, file string, depth int) {
	if depth > 20 {
		return
	}
	for i := 0; i < len(ss); i++ {
		s := ss[i]
		var body [][]word
		after := i
		if opens(s) {
			body, after = blockOf(ss, i)
		}
		switch {
		case (s[0].text == "class" || s[0].text == "module") && len(s) > 1 && s[1].kind == name && s[0].kind == name:
			c := r.class(s, outer, file)
			r.inside(body, c.name, c, file, depth+1)
		case in == nil:
			r.inside(body, outer, in, file, depth+1)
		case s[0].text == "def":
			in.method(s, body, file)
		case s[0].text == "included", s[0].text == "class_methods", s[0].text == "private", s[0].text == "protected", s[0].text == "concerning":
			r.inside(body, outer, in, file, depth+1)
			if len(s) > 2 && s[1].text == "def" {
				in.method(s[1:], nil, file)
			}
		default:
			in.says(s, body)
		}
		i = after
	}
}

func (r *rails) class(s []word, outer, file string) *rubyClass {
	end := 1
	for end < len(s) && (s[end].kind == name || s[end].is("::")) {
		end++
	}
	full := joined(s[1:end])
	if outer != "" && !strings.HasPrefix(full, "::") {
		full = outer + "::" + full
	}
	full = strings.TrimPrefix(full, "::")
	c := r.classes[full]
	if c == nil {
		c = &rubyClass{name: full, file: file, line: s[0].at, methods: map[string]*rubyMethod{}}
		r.classes[full] = c
	}
	if end < len(s) && s[end].is("<") {
		p := joined(s[end+1:])
		if strings.ContainsAny(p, "([") {
			c.unknown = p
		} else {
			c.parents = append(c.parents, p)
		}
	}
	return c
}

func (c *rubyClass) method(s []word, body [][]word, file string) {
	at := 1
	if len(s) > 3 && s[1].text == "self" && s[2].is(".") {
		at = 3
	}
	if at >= len(s) {
		return
	}
	m := &rubyMethod{file: file, line: s[0].at}
	if endless(s) {
		m.body = s[at+1:]
	}
	for _, b := range body {
		m.body = append(m.body, b...)
	}
	c.methods[s[at].text] = m
}

// says reads what a class says of itself: callbacks and modules.
func (c *rubyClass) says(s []word, body [][]word) {
	args := arguments(s)
	switch s[0].text {
	case "include", "extend", "prepend":
		for _, p := range parts(args) {
			c.parents = append(c.parents, joined(p))
		}
	case "before_action", "before_filter", "prepend_before_action", "append_before_action", "skip_before_action", "skip_before_filter":
		c.callbacks(args, body, strings.HasPrefix(s[0].text, "skip"))
	case "allow_unauthenticated_access":
		c.callbacks(append([]word{{kind: symbol, text: "require_authentication"}, {kind: mark, text: ","}}, args...), nil, true)
	case "http_basic_authenticate_with":
		cb := callback{name: s[0].text}
		cb.limits(args)
		c.steps = append(c.steps, cb)
	}
}

func (c *rubyClass) callbacks(args []word, body [][]word, skip bool) {
	var base callback
	base.skip = skip
	base.limits(args)
	n := 0
	for _, p := range parts(args) {
		if len(p) == 1 && (p[0].kind == symbol || p[0].kind == quoted) {
			cb := base
			cb.name = p[0].text
			c.steps = append(c.steps, cb)
			n++
		} else if p[0].is("->") || p[0].text == "lambda" || p[0].is("{") {
			cb := base
			cb.block = p
			c.steps = append(c.steps, cb)
			n++
		}
	}
	if len(body) > 0 || n == 0 {
		for _, b := range body {
			base.block = append(base.block, b...)
		}
		if len(base.block) == 0 {
			base.block = args
		}
		c.steps = append(c.steps, base)
	}
}

func (cb *callback) limits(args []word) {
	for _, key := range [...]string{"if", "unless", "on"} {
		if _, ok := option(args, key); ok {
			cb.conditional = true
		}
	}
	if v, ok := option(args, "only"); ok {
		cb.only, cb.limited = texts(v), true
		cb.conditional = cb.conditional || len(cb.only) == 0
	}
	if v, ok := option(args, "except"); ok {
		cb.except = texts(v)
		cb.conditional = cb.conditional || len(cb.except) == 0
	}
}

func (cb *callback) reaches(action string) bool {
	return (!cb.limited || slices.Contains(cb.only, action)) && !slices.Contains(cb.except, action)
}

// line of ancestors, the farthest first, and those that were not found.
func (r *rails) ancestors(c *rubyClass) (all []*rubyClass, missing []string) {
	return r.above(c, map[*rubyClass]bool{})
}

func (r *rails) above(c *rubyClass, seen map[*rubyClass]bool) (all []*rubyClass, missing []string) {
	if seen[c] || len(seen) > 200 {
		return nil, nil
	}
	seen[c] = true
	if c.unknown != "" {
		missing = append(missing, c.unknown)
	}
	for _, p := range c.parents {
		if k := r.lookup(c.name, p); k != nil && k != c {
			a, m := r.above(k, seen)
			all, missing = append(all, a...), append(missing, m...)
		} else if k == nil {
			missing = append(missing, p)
		}
	}
	return append(all, c), missing
}

// lookup finds a constant as Ruby does, from the inside out.
func (r *rails) lookup(from, constant string) *rubyClass {
	if strings.HasPrefix(constant, "::") {
		return r.classes[constant[2:]]
	}
	for scope := from; ; {
		if k := r.classes[strings.TrimPrefix(scope+"::"+constant, "::")]; k != nil {
			return k
		}
		i := strings.LastIndex(scope, "::")
		if i < 0 {
			return r.classes[constant]
		}
		scope = scope[:i]
	}
}

func (r *rails) find(c *rubyClass, method string) *rubyMethod {
	all, _ := r.ancestors(c)
	for i := len(all) - 1; i >= 0; i-- {
		if m := all[i].methods[method]; m != nil {
			return m
		}
	}
	return nil
}

// before lists the guards that stand before an action, and what was not understood.
func (r *rails) before(c *rubyClass, action string) (guards []Guard, unclear []string) {
	all, missing := r.ancestors(c)
	type state struct {
		cb  callback
		may bool
	}
	var standing []state
	for _, k := range all {
		for _, cb := range k.steps {
			if !cb.reaches(action) && !cb.conditional {
				continue
			}
			if !cb.skip {
				standing = append(standing, state{cb, cb.conditional})
				continue
			}
			for i := range standing {
				if standing[i].cb.name == cb.name && cb.name != "" {
					if cb.conditional {
						standing[i].may = true
					} else {
						standing[i].cb.name, standing[i].cb.block = "", nil
					}
				}
			}
		}
	}
	for _, s := range standing {
		if s.cb.name == "" && s.cb.block == nil {
			continue
		}
		g, state, why := r.callback(c, s.cb)
		switch {
		case state == isGuard && !s.may:
			guards = append(guards, g)
		case state == isGuard:
			unclear = append(unclear, s.cb.name+" stands under a condition")
		case state == mayBe:
			unclear = append(unclear, orWord(s.cb.name, "a callback")+" "+why)
		}
	}
	for _, p := range missing {
		if !frameworkParent(p) && (authWord().MatchString(p) || strings.HasSuffix(p, "Controller")) {
			unclear = append(unclear, p+" is not in the source that was read")
		}
	}
	return guards, unclear
}

func frameworkParent(p string) bool {
	switch strings.TrimPrefix(p, "::") {
	case "ActionController::Base", "ActionController::API", "ActionController::Metal", "ActionController::Cookies", "ActionController::HttpAuthentication::Token::ControllerMethods",
		"ActionController::HttpAuthentication::Basic::ControllerMethods", "ActionController::MimeResponds", "ActionController::RequestForgeryProtection":
		return true
	}
	return false
}

// callback judges one that stands before an action.
func (r *rails) callback(c *rubyClass, cb callback) (Guard, opinion, string) {
	g := Guard{Name: cb.name, File: c.file, Line: c.line}
	if slices.Contains(r.opt.Guards, cb.name) && cb.name != "" {
		g.Assumed = true
		return g, isGuard, ""
	}
	if cb.name == "" {
		state, _ := rubyManner().weigh(spoken(cb.block))
		if state == isNot && !authCall().MatchString(spoken(cb.block)) {
			return g, isNot, ""
		}
		return g, mayBe, "without a name was not understood"
	}
	m := r.find(c, cb.name)
	if m == nil {
		library := cb.name == "doorkeeper_authorize!" || cb.name == "http_basic_authenticate_with" || r.devise && strings.HasPrefix(cb.name, "authenticate_") && strings.HasSuffix(cb.name, "!")
		switch {
		case library:
			g.File, g.Line, g.Assumed = "", 0, true
			return g, isGuard, ""
		case authWord().MatchString(cb.name) && !harmless().MatchString(cb.name):
			return g, mayBe, "is not in the source that was read"
		}
		return g, isNot, ""
	}
	g.File, g.Line = m.file, m.line
	said := spoken(m.body)
	// What it calls may read for it, and refuse for it.
	for _, w := range m.body {
		if w.kind != name || w.text == cb.name {
			continue
		}
		if k := r.find(c, w.text); k != nil && len(said) < 20000 {
			inner := spoken(k.body)
			if rubyRefuse().MatchString(inner) && (rubyReads().MatchString(inner) || rubyReads().MatchString(said)) || rubyReads().MatchString(inner) && rubyRefuse().MatchString(said) {
				said += inner
			}
		}
	}
	state, why := rubyManner().weigh(whereTo().ReplaceAllString(said, ""))
	if state == isNot && !harmless().MatchString(cb.name) && (authCall().MatchString(said) || asksWord().MatchString(cb.name) && authWord().MatchString(asksWord().ReplaceAllString(cb.name, "")) && rubyEnds().MatchString(said)) {
		return g, mayBe, "was not understood"
	}
	return g, state, why
}
