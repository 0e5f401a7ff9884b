package source

import (
	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	guardPath  = expr.Lazy(`(security\.|permissions\.|Mixin$|AuthGuard$)`)
	redirects  = expr.Lazy(`(?i)redirect`)
	signInPath = expr.Lazy(`(?i)log_?in|sign-?_?in`)
)

// authGetUser are session functions that are told by the object they belong to.
var authGetUser = expr.Lazy(`(?i)(^|\.)auth\.(getuser|getsession|getclaims|api\.getsession|protect|verifyidtoken)$`)

// asksItself says whether a function refuses, on its way to everything else, a
// request whose own credential is missing: it takes a session, a header or a user
// from the request and answers 401, 403 or a throw where there is none. A sign-in
// that answers 401 to a wrong password does not: what it judges came in the body.
func (m *machine) asksItself(f *closure, depth int) (name string, asks bool) {
	taken := map[string]bool{}
	if f.env.file != nil && f.env.file.Language == code.Python {
		for _, p := range f.fn.List { // authorization: str = Header(None)
			if d := p.X.Last(); (d == "Header" || d == "Cookie") && (credentialText().MatchString(p.Text) || credentialKey().MatchString(p.Text)) {
				taken[p.Text] = true
			}
		}
	}
	return m.asksIn(f, f.fn.Body, taken, depth)
}

func (m *machine) asksIn(f *closure, body []*code.Node, taken map[string]bool, depth int) (string, bool) {
	for _, n := range body {
		if n == nil || m.spent() {
			return "", false
		}
		switch n.Kind {
		case code.Try, code.Block, code.With:
			if name, asks := m.asksIn(f, n.Body, taken, depth); asks {
				return name, true
			}
		case code.If:
			if missing(n.X, taken) && m.answersNo(f, n.Body, depth) {
				return "", true
			}
			if settles(n) {
				return "", false // some requests are answered before anything is asked
			}
		case code.Return:
			name, asks := m.callAsks(f, n.X, depth)
			return name, asks
		case code.Assign:
			if n.Y == nil {
				continue
			}
			if name, asks := m.callAsks(f, n.Y, depth); asks {
				return name, true
			}
			if takesCredential(n.Y, taken) {
				for _, name := range patternNames(n.X) {
					taken[name] = true
				}
			}
		case code.Call:
			if name, asks := m.callAsks(f, n, depth); asks {
				return name, true
			}
		}
	}
	return "", false
}

// settles reports whether a branch answers without refusing.
func settles(n *code.Node) bool {
	in := &inspector{t: &traits{}}
	for _, s := range n.Body {
		if s.Is(code.Return) && !in.says(s) && s.X != nil {
			refused := false
			for _, o := range n.Body {
				refused = refused || in.says(o)
			}
			return !refused
		}
	}
	return false
}

// callAsks reports whether the call that an expression is asks by itself.
func (m *machine) callAsks(f *closure, n *code.Node, depth int) (string, bool) {
	if !n.Is(code.Call) || depth <= 0 {
		return "", false
	}
	switch v := m.callee(n.X, f).(type) {
	case *closure:
		// What refuses on its way to something else, as the end of a sign-in does,
		// is not called so.
		if v.fn != f.fn && m.depth < maxDepth && helperName().MatchString(n.X.Last()) {
			m.depth++
			_, asks := m.asksItself(v, depth-1)
			m.depth--
			if asks {
				return n.X.Last(), true
			}
		}
	case external:
		if g := libraryGuard(v.path, nil); g.state == isGuard && !refersType(v.path) {
			return v.path, true
		}
	}
	if d := n.X.Dotted(); d == "auth.protect" {
		return d, true
	}
	return "", false
}

var helperName = expr.Lazy(`(?i)^(require|ensure|check_?(auth|access|session|token|user|permission)|verify_?(auth|access|session|request|user|admin)|assert|must|(get_?)?current_?user|authenticate_?request|authorize|validate_?(auth|request|session)|protect|with_?auth|get_?(auth\w*|verified\w*)_?user|auth_?guard|guard)`)

// refersType leaves out classes of schemes, whose making asks nobody.
func refersType(path string) bool {
	return guardPath().MatchString(path)
}

// takesCredential reports whether an expression reads the credential of the request.
func takesCredential(n *code.Node, taken map[string]bool) bool {
	found := false
	n.Walk(func(c *code.Node) bool {
		switch c.Kind {
		case code.Func:
			return false
		case code.String:
			found = found || credentialText().MatchString(c.Text)
		case code.Name:
			found = found || taken[c.Text] || c.Text == "current_user"
		case code.Member:
			in := &inspector{t: &traits{}}
			in.named(c, neutral)
			found = found || in.t.request
		case code.Call:
			name := c.X.Last()
			switch {
			case bodyWord().MatchString(argWords(c)):
				return false // a token that was sent in the body proves no session
			case credentialCall().MatchString(name) && !bodyCall().MatchString(name), authGetUser().MatchString(c.X.Dotted()):
				found = true
			case keyCall().MatchString(name) && len(c.List) > 0 && c.List[0].Is(code.String) && credentialKey().MatchString(c.List[0].Text) && requestCall(c.X):
				found = true
			default:
				// What a function makes of a credential is no credential, unless it
				// verifies it: a record that was found for a user is a record.
				if !bodyCall().MatchString(name) {
					found = found || c.X.Is(code.Member) && takesCredential(c.X.X, taken)
					return false
				}
			}
		}
		return !found
	})
	return found
}

var bodyWord = expr.Lazy(`(?i)\b(body|form|form_data|formdata|payload|input|params|data|dto|query)\b`)

func argWords(c *code.Node) string {
	out := ""
	for _, a := range c.List {
		out += plain(a)
	}
	return out
}

var requestWord = expr.Lazy(`(?i)^(req|request|c|ctx|context|headers?|cookies?|r|w|session|self|this|event)\b`)

// requestCall reports whether a getter belongs to the request: c.Get("user").
func requestCall(n *code.Node) bool { return requestWord().MatchString(n.Dotted()) }

// missing reports whether a condition says that a taken credential is not there.
func missing(cond *code.Node, taken map[string]bool) bool {
	switch {
	case cond.Is(code.Unary) && cond.Text == "!":
		return takesCredential(cond.X, taken)
	case cond.Is(code.Binary) && (cond.Text == "||"):
		return missing(cond.X, taken) || missing(cond.Y, taken)
	case cond.Is(code.Binary) && (cond.Text == "==" || cond.Text == "===" || cond.Text == "is") && empty(cond.Y):
		return takesCredential(cond.X, taken)
	case cond.Is(code.Binary) && (cond.Text == "!==" || cond.Text == "!="):
		// header !== `Bearer ${SECRET}`
		return (takesCredential(cond.X, taken) || takesCredential(cond.Y, taken)) && !empty(cond.Y) && !cond.Y.Is(code.Number)
	}
	return false
}

// answersNo reports whether a branch refuses and ends.
func (m *machine) answersNo(f *closure, body []*code.Node, depth int) bool {
	in := &inspector{m: m, f: f, t: &traits{}, depth: depth}
	ends := false
	no := false
	for _, n := range body {
		no = no || in.says(n) || n.Is(code.Throw)
		ends = ends || n.Is(code.Return) || n.Is(code.Throw) || n.Is(code.Call)
		n.Walk(func(c *code.Node) bool {
			if c.Is(code.Call) && len(c.List) > 0 && c.List[0].Is(code.String) && redirects().MatchString(c.X.Last()) && signInPath().MatchString(c.List[0].Text) {
				no = true
			}
			return !no
		})
	}
	return no && ends
}
