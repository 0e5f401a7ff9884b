package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

var (
	quotedPart = expr.Lazy(`(?i)(placeholder|table|column|quote|ident|escape)`)
	sqlInsert  = expr.Lazy(`(?i)^\s*insert`)
	rowsOff    = expr.Lazy(`(?i)set\s+(local\s+)?row_security\s*(=|to)\s*off`)
)

// factReader looks for what the checks of other rows judge. It is conservative: a
// form that has an honest use is reported as a place to look at, not as a fault.
type factReader struct {
	m       *machine
	sources map[string][]byte
	tree    *Tree
	file    *code.File
	routes  map[*code.Node]string // handlers
}

const maxExcerpt = 160

func (r *factReader) add(kind Kind, file string, line int, detail, route string, sure bool) {
	r.tree.Facts = append(r.tree.Facts, Fact{Kind: kind, File: file, Line: line, Detail: detail, Route: route, Sure: sure, Excerpt: r.excerpt(file, line)})
}

// excerpt is one line of source, cut at a whole character.
func (r *factReader) excerpt(file string, line int) string {
	rest := string(r.sources[file])
	for ; line > 1 && rest != ""; line-- {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	text, _, _ := strings.Cut(rest, "\n")
	text = strings.TrimSpace(text)
	if len(text) > maxExcerpt {
		text = strings.ToValidUTF8(text[:maxExcerpt], "")
	}
	return text
}

var signatureWord = expr.Lazy(`(?i)(signature|constructevent|hmac|timingsafeequal|compare_digest|svix|verify|signing|webhook_?secret|webhook_?token)`)

// signatureOnly leaves out words that every middleware may hold: express.json takes
// a verify.
var signatureOnly = expr.Lazy(`(?i)(signature|constructevent|hmac|timingsafeequal|compare_digest|svix|webhook_?secret|webhook_?token)`)

// receiver is the path of a webhook that others call; with a parameter it is one
// that is managed, or that carries its secret in the path.
var receiver = expr.Lazy(`(?i)(^|/)(web)?hooks?(/[a-z0-9_-]+)*/?$|/[a-z0-9-]*webhook/?$`)

// handler notes what concerns one route: a check of its own, a webhook that
// verifies nothing.
func (r *factReader) handler(routes []*Route, f *closure, before []candidate) {
	rt := routes[0]
	if r.routes == nil {
		r.routes = map[*code.Node]string{}
	}
	r.routes[f.fn] = rt.String()
	for _, g := range rt.Guards {
		if g.Inline {
			r.add(InlineAuth, g.File, g.Line, g.Name, rt.String(), true)
		}
	}
	if rt.State == Guarded || rt.Method != "POST" && rt.Method != "ANY" || !receiver().MatchString(rt.Path) {
		return
	}
	seen := false
	for _, c := range before { // a middleware may verify it
		if m, ok := c.v.(*closure); ok {
			for _, n := range append(slices.Clone(m.fn.Body), m.fn.List...) {
				seen = seen || signatureOnly().MatchString(plain(n))
			}
		}
		seen = seen || signatureOnly().MatchString(plain(c.node))
	}
	for _, n := range append(slices.Clone(f.fn.Body), f.fn.List...) {
		seen = seen || signatureWord().MatchString(plain(n))
	}
	if !seen {
		r.add(WebhookOpen, rt.File, rt.Line, "the handler looks at no signature", rt.String(), false)
	}
}

// read looks at a whole file.
func (r *factReader) read(f *code.File) {
	r.file = f
	var route string
	var walk func(n *code.Node)
	walk = func(n *code.Node) {
		if n == nil {
			return
		}
		if n.Kind == code.Func {
			if own, ok := r.routes[n]; ok {
				outer := route
				route = own
				defer func() { route = outer }()
			}
			r.errorHandler(n, route)
		}
		switch n.Kind {
		case code.Call, code.New:
			r.sql(n, route)
			r.scope(n, route)
			r.analytics(n, route)
			r.tools(n, route)
			r.cors(n)
		case code.Pair:
			r.prompt(n.Text, n.Y, route)
		case code.Assign:
			r.prompt(n.X.Last(), n.Y, route)
		case code.String:
			r.tenant(n, route)
		}
		walk(n.X)
		walk(n.Y)
		for _, list := range [...][]*code.Node{n.Decorators, n.List, n.Body, n.Else} {
			for _, c := range list {
				walk(c)
			}
		}
	}
	for _, n := range f.Body {
		walk(n)
	}
}

var (
	sqlStart = expr.Lazy(`(?i)^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|select\s)`)
	sqlCall  = expr.Lazy(`^(query|execute|executemany|raw|exec|\$queryRawUnsafe|\$executeRawUnsafe|queryRawUnsafe|text|Raw|Exec|Query|QueryRow|QueryContext|ExecContext|QueryRowContext|Queryx|Get|Select|fetch|fetchval|fetchrow|fetch_all|fetch_one|prepare|all|run|unsafe|mogrify)$`)
	outside  = expr.Lazy(`(?i)(\breq\b|\brequest\b|params|\bbody\b|\bquery\b|\bargs\b|form|input|payload|\bdto\b|search|FormValue|c\.Param|c\.Query)`)
	constant = expr.Lazy(`^[A-Z][A-Z0-9_]*$`)
)

// sql finds statements that are put together from strings and values. A tagged
// template binds its values and is left out.
func (r *factReader) sql(n *code.Node, route string) {
	if n.Text == "template" || !sqlCall().MatchString(n.X.Last()) {
		return
	}
	for _, a := range n.List {
		values, ok := mixed(a, 0)
		if !ok {
			continue
		}
		words := ""
		for _, v := range values {
			words += plain(v)
		}
		r.add(RawSQL, r.file.Path, n.Line, "a value is put into the text of a statement", route, outside().MatchString(words))
		return
	}
}

// mixed tells a statement with values in its text, and gives those.
func mixed(n *code.Node, depth int) ([]*code.Node, bool) {
	if n == nil || depth > 12 {
		return nil, false
	}
	var parts []*code.Node
	switch {
	case n.Is(code.Template):
		parts = n.List
	case n.Is(code.Binary) && n.Text == "+":
		for x := n; ; x = x.X {
			if !x.Is(code.Binary) || x.Text != "+" || len(parts) > 200 {
				parts = append([]*code.Node{x}, parts...)
				break
			}
			parts = append([]*code.Node{x.Y}, parts...)
		}
	case n.Is(code.Binary) && n.Text == "%" && n.X.Is(code.String):
		parts = []*code.Node{n.X, n.Y}
	case n.Is(code.Call) && (n.X.Last() == "Sprintf" || n.X.Last() == "format") && (n.Arg(0).Is(code.String) || n.X.X.Is(code.String)):
		if n.X.X.Is(code.String) {
			parts = append(parts, n.X.X)
		}
		parts = append(parts, n.List...)
	case n.Is(code.Call) && n.X.Last() == "text":
		return mixed(n.Arg(0), depth+1)
	default:
		return nil, false
	}
	if len(parts) < 2 || !parts[0].Is(code.String) || !sqlStart().MatchString(parts[0].Text) {
		return nil, false
	}
	var values []*code.Node
	for _, p := range parts[1:] {
		if p.Is(code.String) || p.Is(code.Number) || p.Is(code.Name) && constant().MatchString(p.Text) || placeholders(p) {
			continue
		}
		values = append(values, p)
	}
	return values, len(values) > 0
}

// placeholders is ids.map(() => "?").join(","), and names of tables and columns.
func placeholders(n *code.Node) bool {
	found := false
	n.Walk(func(c *code.Node) bool {
		found = found || c.Is(code.String) && (strings.Contains(c.Text, "?") || strings.Contains(c.Text, "%s") || strings.HasPrefix(c.Text, "$"))
		return !found
	})
	return found || quotedPart().MatchString(plain(n))
}

// tenant finds statements on a table of tenants' rows that do not name the column.
func (r *factReader) tenant(n *code.Node, route string) {
	opt := r.m.opt
	if len(opt.TenantColumns) == 0 || len(opt.TenantTables) == 0 || !sqlStart().MatchString(n.Text) || sqlInsert().MatchString(n.Text) {
		return
	}
	words := strings.FieldsFunc(strings.ToLower(n.Text), func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	for _, t := range opt.TenantTables {
		if !slices.Contains(words, strings.ToLower(t)) {
			continue
		}
		if !slices.ContainsFunc(opt.TenantColumns, func(c string) bool { return slices.Contains(words, strings.ToLower(c)) }) {
			r.add(NoTenant, r.file.Path, n.Line, "a query of "+t+" names no tenant column", route, false)
			return
		}
	}
}

var unscoped = expr.Lazy(`(?i)^(unscoped|without_?global_?scopes?|without_?tenant\w*|ignore_?tenant\w*|bypass_?(rls|tenant)\w*|disable_?tenant\w*|skip_?tenant\w*|all_tenants|_base_manager|unscoped_objects)$`)

// scope finds where the default scope of an ORM or the rows' security is left.
func (r *factReader) scope(n *code.Node, route string) {
	name := n.X.Last()
	switch {
	case unscoped().MatchString(name):
		r.add(ScopeBypass, r.file.Path, n.Line, name, route, false)
	case name == "createClient" && len(n.List) > 1 && strings.Contains(strings.ToLower(plain(n.List[1])), "service_role"):
		r.add(ScopeBypass, r.file.Path, n.Line, "a client of the service role passes over row security", route, false)
	default:
		for _, a := range n.List {
			if a.Is(code.String) && rowsOff().MatchString(a.Text) {
				r.add(ScopeBypass, r.file.Path, n.Line, "row security is switched off", route, true)
			}
		}
	}
}
