package env

import (
	"regexp"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// KeyState says whether an integration has a variable of its own for its key.
type KeyState string

// The states. Where nothing tells, it is unknown, never missing.
const (
	KeyUnknown  KeyState = ""
	KeyDeclared KeyState = "declared" // a file declares it
	KeyRead     KeyState = "read"     // the code reads it; whether it is declared is a matter of its own
	KeyMissing  KeyState = "missing"  // the library gets its key from nothing that is declared
)

// Integration is a service whose library the code imports.
type Integration struct {
	Service  string
	File     string // of the import, or of what decides
	Line     int
	State    KeyState
	Variable string // that has the key, or that the library reads by itself
	Why      string
}

// mention is an import of a library, or a client that is made of it.
type mention struct {
	sdk  *sdk
	file string
	line int
	made bool
	key  keySource
	name string // of the variable, where the key is one
}

type keySource uint8

const (
	elsewhere keySource = iota // from where, was not seen
	nothing                    // no key is given
	text                       // a text in the code
	variable
)

// mentions finds the libraries that a file imports, and the clients that it makes.
func (r *reader) mentions(all []sdk) []mention {
	language := map[code.Language]string{code.Script: inScript, code.Python: inPython, code.Golang: inGo}[r.f.Language]
	modules := map[string]*sdk{}
	var out []mention
	r.f.Walk(func(n *code.Node) bool {
		module := required(n)
		if n.Is(code.Import) {
			module = n.Text
		}
		if module == "" {
			return true
		}
		for _, m := range append([]string{module}, imported(n)...) {
			if s := sdkOf(all, m, language); s != nil && modules[module] == nil {
				modules[module] = s
				out = append(out, mention{sdk: s, file: r.f.Path, line: n.Line})
			}
		}
		return true
	})
	if len(modules) == 0 {
		return nil
	}
	r.f.Walk(func(n *code.Node) bool {
		if !n.Is(code.Call) && !n.Is(code.New) {
			return true
		}
		path := r.resolve(n.X)
		for m, s := range modules {
			rest, ok := strings.CutPrefix(path, m)
			if !ok || rest != "" && rest[0] != '.' && rest[0] != '/' || rest == "" && m != path {
				continue
			}
			if last := n.X.Last(); rest == "" || slices.Contains(s.makes, last) {
				key, name := r.keyOf(s, n)
				out = append(out, mention{s, r.f.Path, n.Line, true, key, name})
			}
		}
		return true
	})
	return out
}

// imported are the modules below, of Python's "from twilio import rest".
func imported(n *code.Node) []string {
	var out []string
	if !n.Is(code.Import) {
		return nil
	}
	for _, p := range n.List {
		if p.Y.Is(code.String) && p.Y.Text != "*" && p.Y.Text != "default" {
			out = append(out, n.Text+"."+p.Y.Text)
		}
	}
	return out
}

// keyOf says where the key of a client comes from.
func (r *reader) keyOf(s *sdk, call *code.Node) (keySource, string) {
	options := call
	first := call.Arg(0)
	if first.Is(code.Object) {
		options = first
	}
	for _, name := range [...]string{"baseURL", "base_url", "baseUrl"} {
		if options.Named(name) != nil {
			return elsewhere, "" // another server that talks alike
		}
	}
	for _, k := range s.keys {
		if v := options.Named(k); v != nil {
			return r.sourceOf(v)
		}
	}
	spread := false
	for _, a := range options.List {
		spread = spread || a.Is(code.Spread)
	}
	switch {
	case spread:
		return elsewhere, ""
	case first == nil || first.Is(code.Object):
		if r.f.Language == code.Golang && first != nil {
			return elsewhere, ""
		}
		return nothing, ""
	}
	return r.sourceOf(first)
}

func (r *reader) sourceOf(n *code.Node) (keySource, string) {
	if n.Is(code.String) && n.Text != "" {
		return text, ""
	}
	sub := &reader{f: r.f, wrappers: r.wrappers, passed: map[*code.Node]string{}, called: map[string]bool{}, aliases: r.aliases, consts: r.consts, schemas: r.schemas}
	sub.node(n, use{})
	if len(sub.out) == 1 && !sub.out[0].Dynamic {
		return variable, sub.out[0].Name
	}
	return elsewhere, ""
}

var (
	rubyRequire = expr.Lazy(`(?m)^\s*(?:require|gem)\s*\(?\s*["']([\w/-]+)["']`)
	phpUse      = expr.Lazy(`(?m)^\s*use\s+\\?([A-Z][\w\\]*)|\bnew\s+\\?([A-Z]\w*\\[\w\\]+)|\\?\b([A-Z]\w*\\[\w\\]*)::`)
	jvmImport   = expr.Lazy(`(?m)^\s*import\s+(?:static\s+)?([\w.]+)`)
)

// lineMentions finds imports in the languages that are read by their tokens.
func lineMentions(all []sdk, name string, l language, src string) []mention {
	var e *regexp.Regexp
	var in string
	switch l {
	case ruby:
		e, in = rubyRequire(), inRuby
	case php:
		e, in = phpUse(), inPHP
	case jvm:
		e, in = jvmImport(), inJVM
	case properties, shell, dockerfile, compose:
		return nil
	default:
		return nil
	}
	clean := blankComments(src, l)
	var out []mention
	for _, at := range e.FindAllStringSubmatchIndex(clean, 2000) {
		for g := 2; g+1 < len(at); g += 2 {
			if at[g] < 0 {
				continue
			}
			if s := sdkOf(all, clean[at[g]:at[g+1]], in); s != nil {
				out = append(out, mention{sdk: s, file: name, line: 1 + strings.Count(clean[:at[g]], "\n")})
			}
		}
	}
	return out
}

// integrations decides for each service, by all that the repository says of it.
func (inv *Inventory) integrations(all []mention) {
	by := map[string][]mention{}
	var order []string
	for _, m := range all {
		if by[m.sdk.service] == nil {
			order = append(order, m.sdk.service)
		}
		by[m.sdk.service] = append(by[m.sdk.service], m)
	}
	slices.Sort(order)
	for _, service := range order {
		inv.Integrations = append(inv.Integrations, inv.integration(service, by[service]))
	}
}

func (inv *Inventory) integration(service string, all []mention) Integration {
	s := all[0].sdk
	out := Integration{Service: service, File: all[0].file, Line: all[0].line}
	for _, d := range inv.Declarations {
		if s.own(d.Name) {
			out.State, out.Variable, out.Why = KeyDeclared, d.Name, "declared in "+d.Where
			return out
		}
	}
	for _, r := range inv.Reads {
		if !r.Dynamic && s.own(r.Name) {
			out.State, out.Variable, out.Why = KeyRead, r.Name, "read in "+r.File
			return out
		}
	}
	out.Why = "its key comes from where it was not seen"
	for _, m := range all {
		if !m.made {
			continue
		}
		switch {
		case m.key == variable && slices.ContainsFunc(inv.Declarations, func(d Declaration) bool { return d.Name == m.name }):
			out.State, out.Variable, out.Why = KeyDeclared, m.name, "the client is given it"
		case m.key == variable:
			out.State, out.Variable, out.Why = KeyRead, m.name, "the client is given it"
		case m.key == nothing && s.reads != "":
			out.State, out.Variable, out.Why = KeyMissing, s.reads, "the client is given no key, so the library reads "+s.reads+" by itself"
		case m.key == text:
			out.State, out.Why = KeyMissing, "the client is given a text that stands in the code"
		default:
			continue
		}
		out.File, out.Line = m.file, m.line
		if out.State == KeyMissing {
			return out
		}
	}
	return out
}
