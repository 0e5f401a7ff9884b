package source

import (
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// traits are what a function does about credentials, by itself and through what
// it calls.
type traits struct {
	reads    bool // looks at a credential, a session or the signed-in user
	request  bool // looks at those of the request, not at a token in a body
	refuses  bool // answers 401 or 403, or throws, where there is none
	optional bool // lets a request pass that has none
	byPath   bool // decides by the path of the request
	weak     bool // answers 400 or 404 where there is none
	calls    []verdict
	params   []verdict // FastAPI's dependencies of a dependency
}

var (
	// credentialWord in the name of a variable: what is checked to be there.
	credentialWord = expr.Lazy(`(?i)(token|auth|session|user|jwt|claim|cred|api_?key|header|cookie|bearer|payload|principal|identity|secret|account|member|signature|^key$|^ok$|^err$|^error$|valid)`)
	// credentialMember of a request: req.user, ctx.session, request.cookies.
	credentialMember = expr.Lazy(`(?i)^(user|current_?user|user_?id|session|auth|authorization|token|jwt|claims|principal|api_?key|cookies?|signed_?cookies|credentials?|identity|bearer_?token|is_?authenticated|get_?session|account)$`)
	// credentialText is a header or scheme that carries nothing else.
	credentialText = expr.Lazy(`(?i)^(authorization|x-api-key|api-key|apikey|x-auth-token|x-access-token|x-token|x-gotify-key|bearer ?|proxy-authorization)$`)
	// credentialKey names a credential where a header, cookie or context is asked.
	credentialKey  = expr.Lazy(`(?i)^(session|session_?id|sid|token|access_?token|jwt|user|user_?id|auth|claims|current_?user|principal|identity|id_?token|api_?key)$`)
	keyCall        = expr.Lazy(`(?i)^(get|header|get_?header|cookies?|get_?cookie|must_?get|value|locals|getstring|query|getuint|getint)$`)
	credentialCall = expr.Lazy(`(?i)^(auth|protect|jwt_?verify|(get_?)?current_?(user|session|account)(_?id)?|is_?authenticated|is_?logged_?in|(get_?)?(user|account)_?from_?\w*(session|token|request|jwt|cookie|context|header)|get_?(server_?|user_?|auth_?)?session|get_?auth|get_?claims|(verify|decode|check|validate|parse|authenticate|introspect|require)_?\w*(token|jwt|session|api_?key|claims?|credentials?|bearer|auth)|authenticate\w*|parse_?with_?claims|verify_?(id_?)?token|getoptionaluser|get_?token)$`)
	// bodyCall verifies a token that may come from anywhere, as a password reset's does.
	bodyCall = expr.Lazy(`(?i)^(jwt_?verify|(verify|decode|check|validate|parse|introspect)_?\w*(token|jwt|credentials?|claims?)|parse_?with_?claims|authenticate\w*)$`)
	// refusal is a name that says no.
	refusal     = expr.Lazy(`(?i)(unauthori[sz]ed|forbidden|unauthenticated|not_?authenticated|permission_?denied|access_?denied|authentication_?failed|authenticationerror|autherror|authorizationerror|invalidtoken|invalidcredentials|http_401|http_403)`)
	requestPath = expr.Lazy(`(?i)(^|\.)(req|request|ctx|c|context|r|self\.request|this\.request)\.(path|path_info|originalurl|url|baseurl|routepath|url\.path|url\.pathname|nexturl\.pathname|nexturl|req\.path|req\.url|fullpath|request\.url\.path|request\(\)\.url\.path|endpoint|route|routeroptions\.url|routeoptions\.url|view_args|blueprint)$`)
	pathTest    = expr.Lazy(`(?i)^(includes|startswith|has|some|match|matches|test|hasprefix|contains|endswith|hassuffix|equals|every|indexof|search)$`)
	settingWord = expr.Lazy(`(?i)(process\.env|environ|getenv|node_env|settings|config|import\.meta\.env|\bdebug\b|is_?dev|development|isproduction)`)
	passWord    = expr.Lazy(`(?i)^(next|call_next|servehttp|done|handler|fn|f|func|view_func|view|wrapped|get_response|callback)$`)
	authName    = expr.Lazy(`(?i)(auth|jwt|session|token|login|signed_?in|permission|acl|rbac|role|protect|secure|guard|credential|api_?key|require_?\w*user|current_?user|verified_?user|admin|member|ensure|restrict|private|policy|policies|can_?access|bearer|oidc|saml|sso|identity|principal|clerk|access)`)
	// notGuard names that hold an auth word and guard nothing.
	notGuard = expr.Lazy(`(?i)(rate_?limit|throttl|logger|logging|cors|helmet|author\b|authors\b|csrf|xsrf|tokenizer|token_?count|optional|maybe|session_?middleware|express-session|cookie-session|guardrail)`)
)

// inspector walks one function.
type inspector struct {
	m     *machine
	f     *closure
	t     *traits
	depth int
}

// inspect looks at a function and at what it calls, a few calls deep.
func (m *machine) inspect(f *closure, depth int) traits {
	var t traits
	in := &inspector{m: m, f: f, t: &t, depth: depth}
	in.list(f.fn.Body, neutral)
	if f.env.file != nil && f.env.file.Language == code.Python {
		for _, p := range f.fn.List {
			if v := m.dependency(p, f.env); v.state != isNot {
				t.params = append(t.params, v)
			}
			if d := p.X.Last(); (d == "Header" || d == "Cookie") && credential(&code.Node{Kind: code.Name, Text: p.Text}) {
				t.reads, t.request = true, true
			}
		}
	}
	return t
}

// light under which a line stands: a credential was found, or was missing.
type light uint8

const (
	neutral light = iota
	present
	absent
)

func (in *inspector) list(ns []*code.Node, l light) {
	for _, n := range ns {
		in.node(n, l)
	}
}

func (in *inspector) node(n *code.Node, l light) {
	if n == nil || in.m.spent() {
		return
	}
	switch n.Kind {
	case code.If:
		in.node(n.X, l)
		in.condition(n.X)
		then, otherwise := in.branches(n.X, l)
		in.passing(n.X, n.Body, then)
		in.passing(n.X, n.Else, otherwise)
		in.list(n.Body, then)
		in.list(n.Else, otherwise)
		return
	case code.Cond:
		in.node(n.X, l)
		in.condition(n.X)
		then, otherwise := in.branches(n.X, l)
		in.node(n.List[0], then)
		in.node(n.List[1], otherwise)
		return
	case code.Try:
		in.list(n.Body, l)
		in.list(n.Else, absent) // a token that does not verify throws
		return
	case code.Switch:
		in.condition(n.X)
	case code.Binary:
		in.comparison(n, l)
		return
	case code.Throw:
		if l == absent || n.X != nil && in.says(n.X) {
			in.refuse(l)
		}
	case code.Number:
		if n.Text == "401" || n.Text == "403" {
			in.refuse(l)
		}
		if l == absent && (n.Text == "400" || n.Text == "404") {
			in.t.weak = true
		}
	case code.String:
		if credentialText().MatchString(n.Text) {
			in.read()
		}
	case code.Name, code.Member:
		in.named(n, l)
		if n.Kind == code.Member {
			in.node(n.X, l)
		}
		return
	case code.Call, code.New:
		in.call(n, l)
		return
	case code.Assign:
		if d := n.Y.Dotted(); requestPath().MatchString(d) {
			in.t.byPath = true
		}
	}
	in.node(n.X, l)
	in.node(n.Y, l)
	in.list(n.List, l)
	in.list(n.Body, l)
	in.list(n.Else, l)
}

func (in *inspector) read() { in.t.reads, in.t.request = true, true }

func (in *inspector) refuse(l light) {
	if l != present {
		in.t.refuses = true
	}
}

// says reports whether an expression names a refusal.
func (in *inspector) says(n *code.Node) bool {
	found := false
	n.Walk(func(c *code.Node) bool {
		switch c.Kind {
		case code.Name, code.Member:
			found = found || refusal().MatchString(c.Text)
		case code.Number:
			found = found || c.Text == "401" || c.Text == "403"
		}
		return !found
	})
	return found
}

func (in *inspector) named(n *code.Node, l light) {
	if refusal().MatchString(n.Text) {
		in.refuse(l)
	}
	if n.Kind == code.Name {
		if n.Text == "current_user" {
			in.read()
		}
		return
	}
	if credentialMember().MatchString(n.Text) || credentialText().MatchString(n.Text) {
		switch root := n.X.Dotted(); strings.ToLower(lastOf(root)) {
		case "req", "request", "ctx", "c", "context", "g", "locals", "state", "event", "cookies", "headers", "header", "session", "user", "res", "raw", "handshake", "flask", "info", "scope":
			in.read()
		}
	}
}

// condition notes that a decision is made by the path.
func (in *inspector) condition(n *code.Node) {
	n.Walk(func(c *code.Node) bool {
		if (c.Kind == code.Member || c.Kind == code.Call) && requestPath().MatchString(c.Dotted()) {
			in.t.byPath = true
		}
		return true
	})
}

// branches tell what is known of the credential in the two branches of an if.
func (in *inspector) branches(cond *code.Node, l light) (then, otherwise light) {
	switch {
	case cond == nil:
		return l, l
	case cond.Is(code.Unary) && cond.Text == "!" && credential(cond.X):
		return absent, present
	case cond.Is(code.Binary) && empty(cond.Y) && credential(cond.X):
		switch cond.Text {
		case "==", "===", "is":
			return absent, present
		case "!=", "!==":
			if err := cond.X.Last(); strings.EqualFold(err, "err") || strings.EqualFold(err, "error") {
				return absent, l
			}
			return present, absent
		}
	case cond.Is(code.Binary) && (cond.Text == "||"):
		a, _ := in.branches(cond.X, l)
		b, _ := in.branches(cond.Y, l)
		if a == absent || b == absent {
			return absent, l
		}
	case cond.Is(code.Binary) && cond.Text == "&&":
		a, _ := in.branches(cond.X, l)
		b, _ := in.branches(cond.Y, l)
		if a == present || b == present {
			return present, l
		}
		if a == absent && b == absent {
			return absent, l
		}
		if a == absent || b == absent {
			return l, l
		}
	case (cond.Is(code.Name) || cond.Is(code.Member) || cond.Is(code.Call)) && credential(cond):
		return present, absent
	}
	return l, l
}

func credential(n *code.Node) bool {
	found := false
	n.Walk(func(c *code.Node) bool {
		if (c.Kind == code.Name || c.Kind == code.Member) && credentialWord().MatchString(c.Text) || c.Kind == code.String && (credentialText().MatchString(c.Text) || credentialKey().MatchString(c.Text)) {
			found = true
		}
		return !found
	})
	return found
}

func empty(n *code.Node) bool {
	return n.Is(code.Constant) && (n.Text == "null" || n.Text == "None" || n.Text == "nil") || n.Is(code.String) && n.Text == "" || n.Is(code.Name) && n.Text == "undefined" || n.Is(code.Number) && n.Text == "0"
}

// passing notes a branch in which a request goes on without a credential: where
// none is there, or on a condition that says nothing of it.
func (in *inspector) passing(cond *code.Node, body []*code.Node, l light) {
	if len(body) == 0 || l == present {
		return
	}
	passes, refuses := false, false
	for _, n := range body {
		n.Walk(func(c *code.Node) bool {
			switch c.Kind {
			case code.Call:
				if passWord().MatchString(c.X.Last()) {
					if c.X.Is(code.Name) && c.X.Text == "next" && len(c.List) > 0 && !c.List[0].Is(code.Name) {
						refuses = true // next(error)
					} else {
						passes = true
					}
				}
				if c.X.Last() == "redirect" || c.X.Last() == "Redirect" {
					refuses = true
				}
			case code.Throw:
				refuses = true
			case code.Return:
				passes = passes || l == absent && (c.X == nil || empty(c.X)) || c.X.Is(code.Constant) && c.X.Text == "true"
			case code.Func:
				return false
			}
			return true
		})
		refuses = refuses || in.says(n)
		for _, v := range in.calledIn(n) {
			refuses = refuses || v.state == isGuard
		}
	}
	if !passes || refuses {
		return
	}
	words := plain(cond)
	switch {
	case l == absent:
		in.t.optional = true
	case settingWord().MatchString(words), strings.Contains(words, "OPTIONS"), strings.Contains(words, "MethodOptions"):
	case credential(cond): // the user is an administrator, the role fits
	default:
		in.t.optional = true
	}
}

// calledIn are the verdicts on functions that a statement calls.
func (in *inspector) calledIn(n *code.Node) []verdict {
	if in.depth <= 0 {
		return nil
	}
	var out []verdict
	n.Walk(func(c *code.Node) bool {
		if c.Is(code.Call) {
			if f, ok := in.m.callee(c.X, in.f).(*closure); ok && f.fn != in.f.fn {
				out = append(out, in.m.judgeFunction(f, c.X.Last(), in.depth-1, false))
			}
		}
		return true
	})
	return out
}

// plain is all words of an expression.
func plain(n *code.Node) string {
	var b strings.Builder
	n.Walk(func(c *code.Node) bool {
		if c.Kind == code.Member && c.Dotted() != "" {
			b.WriteString(c.Dotted() + " ")
		} else if c.Text != "" {
			b.WriteString(c.Text + " ")
		}
		return true
	})
	return b.String()
}

// comparison is no refusal: status === 403 asks what another said.
func (in *inspector) comparison(n *code.Node, l light) {
	switch n.Text {
	case "==", "===", "!=", "!==", "in", "not in", "<", ">", "<=", ">=":
		for _, side := range [...]*code.Node{n.X, n.Y} {
			if side.Is(code.Number) || side != nil && refusal().MatchString(side.Last()) {
				continue
			}
			if requestPath().MatchString(side.Dotted()) {
				in.t.byPath = true
			}
			in.node(side, l)
		}
		return
	}
	in.node(n.X, l)
	in.node(n.Y, l)
}

func (in *inspector) call(n *code.Node, l light) {
	name := n.X.Last()
	if credentialCall().MatchString(name) {
		in.t.reads = true
		in.t.request = in.t.request || !bodyCall().MatchString(name)
	}
	if keyCall().MatchString(name) && len(n.List) > 0 && n.List[0].Is(code.String) && credentialKey().MatchString(n.List[0].Text) {
		in.read()
	}
	if name == "next" && len(n.List) == 1 && l == absent && !empty(n.List[0]) {
		in.refuse(l) // next(error)
	}
	if strings.EqualFold(name, "redirect") {
		for _, a := range n.List {
			if a.Is(code.String) && (strings.Contains(a.Text, "login") || strings.Contains(a.Text, "signin") || strings.Contains(a.Text, "sign-in")) {
				in.refuse(l)
			}
		}
	}
	if pathTest().MatchString(name) {
		n.Walk(func(c *code.Node) bool {
			if c.Kind == code.Member && requestPath().MatchString(c.Dotted()) {
				in.t.byPath = true
			}
			return true
		})
	}
	if in.depth > 0 {
		switch v := in.m.callee(n.X, in.f).(type) {
		case *closure:
			if v.fn != in.f.fn {
				in.t.calls = append(in.t.calls, in.m.judgeFunction(v, orWord(v.fn.Text, name), in.depth-1, false))
			}
		case external:
			if g := libraryGuard(v.path, nil); g.state != isNot {
				g.name = v.path
				in.t.calls = append(in.t.calls, g)
			}
		}
	}
	in.node(n.X, l)
	in.list(n.List, l)
}

// callee resolves what a function calls, by names of its module and by methods of
// its own object. Its local variables are not known here.
func (m *machine) callee(n *code.Node, f *closure) value {
	switch {
	case n.Is(code.Name):
		v, _ := f.env.get(n.Text)
		return v
	case n.Is(code.Member) && n.X.Is(code.Name):
		if n.X.Text == "this" || n.X.Text == "self" || n.X.Text == f.fn.Alias && f.fn.Alias != "" {
			if f.self != nil {
				return m.member(f.self, n.Text, n)
			}
			return nil
		}
		if v, ok := f.env.get(n.X.Text); ok {
			return m.member(v, n.Text, n)
		}
	}
	return nil
}
