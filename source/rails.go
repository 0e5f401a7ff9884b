package source

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// rails reads config/routes.rb and the controllers that it names.
type rails struct {
	l       *linker
	opt     *Options
	files   map[string][]word
	classes map[string]*rubyClass
	devise  bool // its helpers are there
	api     bool // of an API-only application
	drawn   map[string]bool
	concern map[string][][]word
	routes  int
	steps   int // blocks that were read: a concern may name itself
}

// mostBlocks bounds how many blocks of routes are read, counted each time.
const mostBlocks = 20_000

// railsScope is where a statement of the routes stands.
type railsScope struct {
	prefix     string
	module     string // of controllers, "api/v1/"
	controller string // that get :name means
	only       string // "member" or "collection" of a resource
	resource   *railsResource
	file       string
	unclear    string // why what stands before the routes is not known
}

type railsResource struct {
	base, member string // paths of the collection and of one
	controller   string
}

// railsRoutes adds the routes of Rails applications.
func (l *linker) railsRoutes(opt *Options, files map[string][]byte) {
	r := &rails{l: l, opt: opt, files: map[string][]word{}, classes: map[string]*rubyClass{}, drawn: map[string]bool{}}
	var roots []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(file) != ".rb" && path.Base(file) != "Gemfile" {
			continue
		}
		src := string(files[file])
		r.files[file] = words(src, rubyWords)
		if path.Base(file) == "Gemfile" {
			r.devise = r.devise || strings.Contains(src, `gem "devise"`) || strings.Contains(src, `gem 'devise'`)
			continue
		}
		if strings.HasSuffix("/"+file, "/config/routes.rb") {
			roots = append(roots, file)
			r.devise = r.devise || strings.Contains(src, "devise_for")
		}
		if strings.HasSuffix("/"+file, "/config/application.rb") && strings.Contains(src, "config.api_only = true") {
			r.api = true
		}
	}
	if len(roots) == 0 {
		return
	}
	for file, ws := range r.files {
		r.declare(file, ws)
	}
	for _, root := range roots {
		r.concern = map[string][][]word{}
		r.block(statements(r.files[root]), railsScope{file: root}, 0)
	}
}

// statements cuts Ruby into statements: lines, joined where they go on.
func statements(ws []word) [][]word {
	var out [][]word
	var now []word
	depth := 0
	for i, w := range ws {
		if w.kind == mark {
			switch w.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
		}
		if w.kind != line && !w.is(";") {
			now = append(now, w)
			continue
		}
		if depth > 0 || len(now) > 0 && goesOn(now[len(now)-1]) || i+1 < len(ws) && ws[i+1].is(".") {
			continue
		}
		if len(now) > 0 {
			out = append(out, now)
		}
		now, depth = nil, 0
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	return out
}

func goesOn(w word) bool {
	return w.kind == mark && strings.Contains(", . => && || -> ( [ { + =", w.text)
}

// opens reports a statement that an end closes.
func opens(s []word) bool {
	switch s[0].text {
	case "if", "unless", "case", "class", "module", "def", "while", "begin", "until", "for":
		return s[0].kind == name && !(s[0].text == "def" && endless(s))
	}
	for i, w := range s {
		if w.kind == name && w.text == "do" && (i == len(s)-1 || s[i+1].is("|")) {
			return true
		}
	}
	return false
}

// endless is def name = value.
func endless(s []word) bool {
	for i := 1; i < len(s); i++ {
		if s[i].is("(") {
			i = closes(s, i)
			continue
		}
		if s[i].is("=") {
			return true
		}
	}
	return false
}

// blockOf are the statements up to the end that closes the one at i, and the place after it.
func blockOf(ss [][]word, i int) ([][]word, int) {
	depth := 1
	for j := i + 1; j < len(ss); j++ {
		if ss[j][0].kind == name && ss[j][0].text == "end" {
			if depth--; depth == 0 {
				return ss[i+1 : j], j
			}
			continue
		}
		if opens(ss[j]) {
			depth++
		}
	}
	return ss[min(i+1, len(ss)):], len(ss)
}

// option is the value of a keyword argument: only: [:a] or :only => [:a].
func option(s []word, key string) ([]word, bool) {
	for _, p := range parts(s) {
		switch {
		case len(p) > 2 && p[0].kind == name && p[0].text == key && p[1].is(":"):
			return p[2:], true
		case len(p) > 1 && p[0].kind == name && p[0].text == key && p[1].kind == symbol:
			return p[1:], true
		case len(p) > 2 && p[0].kind == symbol && p[0].text == key && p[1].is("=>"):
			return p[2:], true
		}
	}
	return nil, false
}

// arguments of a statement: what stands after its name, without brackets and block.
func arguments(s []word) []word {
	s = s[1:]
	for i, w := range s {
		if w.kind == name && w.text == "do" {
			s = s[:i]
			break
		}
	}
	if len(s) > 0 && s[0].is("(") && closes(s, 0) >= len(s)-1 {
		s = s[1:min(len(s), closes(s, 0))]
	}
	return s
}

func textOption(s []word, key string) (string, bool) {
	v, ok := option(s, key)
	if !ok || len(v) == 0 {
		return "", ok
	}
	if v[0].kind == quoted && v[0].open {
		return "{?}", true
	}
	if v[0].kind == quoted || v[0].kind == symbol {
		return v[0].text, true
	}
	if v[0].kind == name && v[0].text == "nil" || v[0].is("/") {
		return "", true
	}
	return "{?}", true
}

func (r *rails) block(ss [][]word, in railsScope, depth int) {
	if r.steps++; depth > 30 || r.steps > mostBlocks || r.routes > maxRoutes {
		return
	}
	for i := 0; i < len(ss); i++ {
		s := ss[i]
		var body [][]word
		after := i
		if opens(s) {
			body, after = blockOf(ss, i)
		}
		if r.concerned(s, body) {
			i = after
			continue
		}
		r.statement(s, body, in, depth)
		i = after
	}
}

// concerned notes a concern, for where it is named.
func (r *rails) concerned(s []word, body [][]word) bool {
	if s[0].text != "concern" || len(s) < 2 {
		return false
	}
	r.concern[s[1].text] = body
	return true
}

func (r *rails) statement(s []word, body [][]word, in railsScope, depth int) {
	args := arguments(s)
	first := ""
	if len(args) > 0 && (args[0].kind == quoted || args[0].kind == symbol) {
		first = args[0].text
		if args[0].open {
			first = "{?}"
		}
	}
	inner := in
	switch s[0].text {
	case "namespace":
		at, mod := first, first
		if v, ok := textOption(args, "path"); ok {
			at = v
		}
		if v, ok := textOption(args, "module"); ok {
			mod = v
		}
		inner.prefix, inner.module, inner.resource, inner.controller = join(in.prefix, at), in.module+slashed(mod), nil, ""
	case "scope":
		at := first
		if v, ok := textOption(args, "path"); ok {
			at = v
		}
		if v, ok := textOption(args, "module"); ok {
			inner.module += slashed(v)
		}
		if v, ok := textOption(args, "controller"); ok {
			inner.controller = v
		}
		inner.prefix = join(r.at(in), at)
		inner.resource = nil
	case "controller":
		inner.controller = first
	case "member", "collection":
		inner.only = s[0].text
	case "resources", "resource":
		r.resources(s, args, body, in, depth)
		return
	case "get", "post", "put", "patch", "delete", "match", "root", "options", "head":
		r.route(s, args, in)
		return
	case "mount":
		r.mount(s, args, in)
		return
	case "draw":
		r.draw(first, in, depth)
		return
	case "concerns":
		for _, c := range texts(args) {
			r.block(r.concern[c], in, depth+1)
		}
		return
	case "authenticate", "authenticated", "unauthenticated", "constraints":
		if s[0].text != "constraints" {
			inner.unclear = s[0].text + " in the routes is Devise's and decides before the controller"
		}
	}
	r.block(body, inner, depth+1)
}

func slashed(mod string) string {
	if mod == "" {
		return ""
	}
	return strings.Trim(mod, "/") + "/"
}

// at is the path that a statement within a resource stands below.
func (r *rails) at(in railsScope) string {
	switch {
	case in.resource == nil:
		return in.prefix
	case in.only == "member":
		return in.resource.member
	case in.only == "collection":
		return in.resource.base
	}
	return nestedMember(in.resource.member)
}

// nestedMember is the path of a parent in a nested resource: /posts/{post_id}.
func nestedMember(member string) string {
	base := strings.TrimSuffix(member, "/{id}")
	if base == member {
		return member
	}
	return base + "/{" + singular(path.Base(base)) + "_id}"
}

func singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies"):
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "sses"), strings.HasSuffix(s, "xes"), strings.HasSuffix(s, "ches"), strings.HasSuffix(s, "shes"):
		return s[:len(s)-2]
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss"):
		return s[:len(s)-1]
	}
	return s
}

// standard are the actions of a resource. Those of one are below its id.
var standard = [...]struct {
	action, method string
	one            bool
	suffix         string
}{
	{"index", "GET", false, ""}, {"create", "POST", false, ""}, {"new", "GET", false, "/new"},
	{"show", "GET", true, ""}, {"update", "PATCH", true, ""}, {"update", "PUT", true, ""}, {"destroy", "DELETE", true, ""}, {"edit", "GET", true, "/edit"},
}

func (r *rails) resources(s, args []word, body [][]word, in railsScope, depth int) {
	single := s[0].text == "resource"
	only, limited := option(args, "only")
	except, _ := option(args, "except")
	for _, p := range parts(args) {
		if len(p) != 1 || p[0].kind != symbol && p[0].kind != quoted {
			continue
		}
		plural := p[0].text
		at, controller := plural, plural
		if single && !strings.HasSuffix(controller, "s") {
			controller += "s"
		}
		if v, ok := textOption(args, "path"); ok {
			at = v
		}
		if v, ok := textOption(args, "controller"); ok {
			controller = v
		}
		module := in.module
		if v, ok := textOption(args, "module"); ok {
			module += slashed(v)
		}
		id := "id"
		if v, ok := textOption(args, "param"); ok {
			id = v
		}
		base := join(r.at(in), at)
		res := &railsResource{base: base, member: base + "/{" + id + "}", controller: module + controller}
		if single {
			res.member = base
		}
		for _, a := range standard {
			switch {
			case limited && !slices.Contains(texts(only), a.action), slices.Contains(texts(except), a.action), single && a.action == "index", r.api && !limited && (a.action == "new" || a.action == "edit"):
				continue
			}
			full := res.base
			if a.one {
				full = res.member
			}
			r.emit(a.method, full+a.suffix, res.controller, a.action, s[0].at, in)
		}
		inner := in
		inner.resource, inner.only, inner.module, inner.controller = res, "", module, ""
		if c, ok := option(args, "concerns"); ok {
			for _, name := range texts(c) {
				r.block(r.concern[name], inner, depth+1)
			}
		}
		r.block(body, inner, depth+1)
	}
}
