package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// securityChain is what one SecurityFilterChain says, in order.
type securityChain struct {
	file  string
	line  int
	only  []string // securityMatcher; none: every request
	odd   string   // why it is not known which requests it is for
	rules []securityRule
}

// securityRule is .requestMatchers("/a/**").authenticated().
type securityRule struct {
	method string
	paths  []string
	any    bool // anyRequest
	odd    bool // its paths were not understood
	says   opinion
	word   string
	line   int
}

// springAsks reports the words after which nobody passes who is not signed in.
func springAsks(word string) opinion {
	switch word {
	case "authenticated", "fullyAuthenticated", "hasRole", "hasAnyRole", "hasAuthority", "hasAnyAuthority", "denyAll", "rememberMe":
		return isGuard
	case "permitAll", "anonymous":
		return isNot
	}
	return mayBe // access(...), a manager of its own
}

// secure reads the chains of a file: the calls between authorizeHttpRequests and the end of their method.
func (r *spring) secure(file string, ws []word) {
	for i := 0; i+1 < len(ws); i++ {
		w := ws[i]
		if w.kind != name {
			continue
		}
		switch w.text {
		case "SecurityFilterChain", "SecurityWebFilterChain", "configure":
			open := i
			for open < len(ws) && !ws[open].is("{") && !ws[open].is(";") {
				if ws[open].is("(") {
					open = closes(ws, open)
				}
				open++
			}
			if open >= len(ws) || !ws[open].is("{") || ws[i+1].is(".") {
				continue
			}
			body := ws[open:min(len(ws), closes(ws, open)+1)]
			said := spoken(body)
			if !strings.Contains(said, "authorize") && !strings.Contains(said, "requestMatchers") && !strings.Contains(said, "antMatchers") && !strings.Contains(said, "anyRequest") && !strings.Contains(said, "anyExchange") {
				if w.text != "configure" && strings.Contains(said, "build") {
					r.unclear = "a chain of security was not understood"
				}
				continue
			}
			c := r.chain(body)
			c.file, c.line = file, w.at
			r.chains = append(r.chains, c)
			i = open + len(body) - 1
		case "WebSecurityCustomizer":
			r.unclear = "a WebSecurityCustomizer leaves paths out"
		}
	}
}

var matchers = []string{"requestMatchers", "antMatchers", "mvcMatchers", "regexMatchers", "pathMatchers", "authorize", "anyRequest", "anyExchange", "securityMatcher", "securityMatchers", "antMatcher", "ignoring"}

func (r *spring) chain(ws []word) securityChain {
	var c securityChain
	for i := 0; i+1 < len(ws); i++ {
		w := ws[i]
		if w.kind != name || !slices.Contains(matchers, w.text) || !ws[i+1].is("(") {
			continue
		}
		end := closes(ws, i+1)
		args := ws[i+2 : min(end, len(ws))]
		rule := securityRule{line: w.at}
		switch w.text {
		case "securityMatcher", "securityMatchers", "antMatcher":
			if i > 0 && !ws[i-1].is(".") || w.text == "antMatcher" && i > 1 && ws[i-2].text != "http" && !ws[i-2].is(")") {
				continue // AntPathRequestMatcher.antMatcher("/x") within another
			}
			for _, p := range parts(args) {
				if t, ok := r.textOf(p); ok {
					c.only = append(c.only, t)
				} else {
					c.odd = "the requests that a chain of security is for were not understood"
				}
			}
			continue
		case "ignoring":
			r.unclear = "paths are left out of the rules"
			continue
		case "anyRequest", "anyExchange":
			rule.any = true
		case "authorize": // Kotlin: authorize("/x", permitAll), authorize(anyRequest, authenticated)
			ps := parts(args)
			if len(ps) < 2 {
				continue
			}
			last := ps[len(ps)-1]
			rule.word = last[0].text
			rule.says = springAsks(rule.word)
			if ps[0][0].text == "anyRequest" {
				rule.any = true
			} else {
				r.paths(&rule, ps[:len(ps)-1])
			}
			c.rules = append(c.rules, rule)
			continue
		default:
			if w.text == "regexMatchers" {
				rule.odd = true
			}
			r.paths(&rule, parts(args))
		}
		// The words after it: .hasRole("X"), .access(...), .not().
		k := end + 1
		if k+1 < len(ws) && ws[k].is(".") && ws[k+1].kind == name {
			rule.word = ws[k+1].text
			rule.says = springAsks(rule.word)
		} else {
			rule.odd, rule.says = true, mayBe
		}
		c.rules = append(c.rules, rule)
	}
	return c
}

func (r *spring) paths(rule *securityRule, ps [][]word) {
	for _, p := range ps {
		switch {
		case len(p) == 3 && p[0].text == "HttpMethod":
			rule.method = p[2].text
			continue
		case len(p) == 1 && p[0].kind == name && r.lists[p[0].text] != nil:
			rule.paths = append(rule.paths, r.lists[p[0].text]...)
			rule.odd = rule.odd || slices.Contains(r.lists[p[0].text], "{?}")
			continue
		case len(p) > 0 && p[0].is("*"): // Kotlin spreads an array
			r.paths(rule, [][]word{p[1:]})
			continue
		case len(p) > 3 && (p[0].text == "AntPathRequestMatcher" || p[0].text == "antMatcher") || len(p) > 4 && p[0].text == "new":
			if t := texts(p); len(t) == 1 {
				rule.paths = append(rule.paths, t[0])
				continue
			}
		}
		if t, ok := r.textOf(p); ok {
			rule.paths = append(rule.paths, t)
		} else {
			rule.odd = true
		}
	}
	if len(rule.paths) == 0 && !rule.odd { // a method alone
		rule.any = rule.method != ""
		rule.odd = rule.method == ""
	}
}

// covers reports how a pattern of Ant's or Spring's is to a path: isGuard for all of it.
func covers(pattern, at string) opinion {
	ps, as := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(at, "/"), "/")
	out := isGuard
	for i, p := range ps {
		if p == "**" {
			if i == len(ps)-1 {
				return out
			}
			return mayBe
		}
		if i >= len(as) {
			return isNot
		}
		hole := strings.HasPrefix(as[i], "{")
		switch {
		case p == "*" || strings.HasPrefix(p, "{") && strings.HasSuffix(p, "}") && !strings.Contains(p, ":"):
			if as[i] == "{wildcard}" || as[i] == "{?}" {
				out = mayBe
			}
		case hole, strings.ContainsAny(p, "*?{"):
			out = mayBe // some of what stands there is covered
		case p != as[i]:
			return isNot
		}
	}
	if len(as) > len(ps) {
		if as[len(ps)] == "{wildcard}" || as[len(ps)] == "{?}" {
			return mayBe
		}
		return isNot
	}
	return out
}

// rule is what the chains say of a method and path: the first rule that covers it.
func (r *spring) rule(method, at string) (securityRule, *securityChain, string) {
	var mine *securityChain
	for i := range r.chains {
		c := &r.chains[i]
		if c.odd != "" {
			return securityRule{}, nil, c.odd
		}
		is := isGuard
		if len(c.only) > 0 {
			is = isNot
			for _, p := range c.only {
				is = max(is, covers(p, at))
			}
		}
		switch {
		case is == mayBe:
			return securityRule{}, nil, "it depends on the path which chain of security it is for"
		case is == isNot:
		case mine != nil && (len(mine.only) > 0) == (len(c.only) > 0):
			return securityRule{}, nil, "several chains of security are for it"
		case mine == nil || len(c.only) > 0:
			mine = c
		}
	}
	if mine == nil {
		return securityRule{}, nil, ""
	}
	for _, k := range mine.rules {
		if k.odd {
			return securityRule{}, mine, "a rule of security before it was not understood"
		}
		if k.method != "" && method != "ANY" && k.method != method {
			continue
		}
		is := isNot
		if k.any {
			is = isGuard
		}
		for _, p := range k.paths {
			is = max(is, covers(p, at))
		}
		if k.method != "" && method == "ANY" && is == isGuard {
			is = mayBe
		}
		switch is {
		case isGuard:
			if k.says == mayBe {
				return k, mine, k.word + " decides, and was not understood"
			}
			return k, mine, ""
		case mayBe:
			return k, mine, "a rule of security covers a part of it"
		case isNot:
		}
	}
	return securityRule{}, mine, "no rule of security covers it"
}

var (
	springReads = expr.Lazy(`(getHeader \( "(?i:authorization)|SecurityContextHolder|getUserPrincipal|Authentication |Principal |getSession|HttpHeaders \. AUTHORIZATION|Cookie)`)
	springSays  = expr.Lazy(`(?i)(unauthorized|\b401\b|forbidden|\b403\b|AccessDenied|sendError)`)
)

func (r *spring) settle(rt *Route, at string, class, own []annotation, params, body []word) {
	for _, notes := range [...][]annotation{own, class} {
		for _, a := range notes {
			state, counts := r.annotated(a)
			if !counts {
				continue
			}
			switch state {
			case isGuard:
				rt.State, rt.Guards = Guarded, []Guard{{Name: "@" + a.name, File: rt.File, Line: a.at}}
				return
			case mayBe:
				rt.Why = "@" + a.name + " was not understood, or nothing turns it on"
				return
			case isNot:
			}
		}
	}
	rule, chain, why := r.rule(rt.Method, at)
	switch {
	case r.unclear != "":
		rt.Why = r.unclear
	case why != "":
		rt.Why = why
	case len(rt.Unresolved) > 0:
		rt.Why = rt.Unresolved[0]
	case chain != nil && rule.says == isGuard:
		rt.State, rt.Guards = Guarded, []Guard{{Name: rule.word, File: chain.file, Line: rule.line}}
	case chain == nil && r.security:
		rt.Why = "Spring Security is there, and its rules are not in the source that was read"
	case len(r.filters) > 0:
		rt.Why = r.filters[0] + " stands before every handler and was not understood"
	case springSays().MatchString(spoken(body)) || springReads().MatchString(spoken(body)):
		rt.Why = "the handler looks at a credential or refuses by itself"
	case springReads().MatchString(spoken(params)):
		rt.Why = "the handler takes who asks as an argument"
	default:
		rt.State = Unguarded
	}
}

// annotated says what an annotation of a method or class asks for.
func (r *spring) annotated(a annotation) (opinion, bool) {
	if slices.Contains(r.opt.Guards, a.name) {
		return isGuard, true
	}
	switch a.name {
	case "PreAuthorize":
		said := strings.Join(texts(a.args), "")
		switch {
		case strings.Contains(said, "permitAll") || strings.Contains(said, "isAnonymous") || strings.Contains(said, " or ") || strings.Contains(said, "||") || strings.Contains(said, "!"):
			return mayBe, true
		case !r.methods:
			return mayBe, true
		case strings.HasPrefix(said, "isAuthenticated()") || strings.HasPrefix(said, "hasRole(") || strings.HasPrefix(said, "hasAnyRole(") || strings.HasPrefix(said, "hasAuthority(") || strings.HasPrefix(said, "hasAnyAuthority(") || strings.HasPrefix(said, "isFullyAuthenticated()"):
			return isGuard, true
		}
		return mayBe, true
	case "Secured", "RolesAllowed":
		if r.methods {
			return isGuard, true
		}
		return mayBe, true
	case "PermitAll", "AnonymousAllowed":
		return mayBe, true
	}
	if authWord().MatchString(a.name) && springMappings[a.name] == "" && a.name != "RequestMapping" && (strings.HasPrefix(a.name, "Require") || strings.HasPrefix(a.name, "Auth") || strings.HasSuffix(a.name, "Required")) {
		return mayBe, true
	}
	return isNot, false
}
