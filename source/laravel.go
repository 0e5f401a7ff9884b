package source

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// laravel reads the files of routes, by the chains of calls that they are made of.
type laravel struct {
	l       *linker
	opt     *Options
	files   map[string][]word
	classes map[string]*phpClass // by their full name
	aliases map[string]string    // of middleware, to classes
	groups  map[string][]string  // of middleware
	read    map[string]bool
	routes  int
	steps   int // groups and files that were read: a file may name itself
	judged  map[string]judgement
}

// judgement on a middleware, which is the same wherever it is named.
type judgement struct {
	guard Guard
	state opinion
	why   string
}

// laravelScope is what a group hands down.
type laravelScope struct {
	prefix     string
	middleware []string
	without    []string
	controller string
	file       string
	unclear    string
	uses       map[string]string // short name of a class to its full one
}

// laravelRoutes adds the routes of Laravel applications.
func (l *linker) laravelRoutes(opt *Options, files map[string][]byte) {
	r := &laravel{l: l, opt: opt, files: map[string][]word{}, classes: map[string]*phpClass{}, aliases: map[string]string{}, groups: map[string][]string{}, read: map[string]bool{}, judged: map[string]judgement{}}
	var roots []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(file) != ".php" {
			continue
		}
		r.files[file] = words(string(files[file]), phpWords)
		if dir, base := path.Split("/" + file); strings.HasSuffix(dir, "/routes/") && (base == "web.php" || base == "api.php") {
			roots = append(roots, file)
		}
	}
	if len(roots) == 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(r.files)), func(f string) bool { return strings.HasSuffix("/"+f, "/bootstrap/app.php") }) {
		return
	}
	for file, ws := range r.files {
		r.declare(file, ws)
	}
	apiPrefix := r.kernel()
	// A provider that groups the files says below what and behind what they stand.
	for _, file := range slices.Sorted(maps.Keys(r.files)) {
		if strings.HasSuffix(file, "RouteServiceProvider.php") {
			r.statements(r.files[file], laravelScope{file: file, uses: usesOf(r.files[file])}, 0)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(r.files)) { // files that other code loads
		dir, base := path.Split("/" + file)
		if r.read[file] || !strings.HasSuffix(dir, "/routes/") || slices.Contains(roots, file) || base == "console.php" || base == "channels.php" || r.required(file) {
			continue
		}
		r.file(file, laravelScope{unclear: "the file is loaded by code that was not understood"}, 0)
	}
	for _, root := range roots {
		if r.read[root] {
			continue
		}
		in := laravelScope{middleware: []string{"web"}}
		if path.Base(root) == "api.php" {
			in = laravelScope{prefix: apiPrefix, middleware: []string{"api"}}
		}
		r.file(root, in, 0)
	}
}

func (r *laravel) file(file string, in laravelScope, depth int) {
	ws, ok := r.files[file]
	if !ok || depth > 8 {
		return
	}
	r.read[file] = true
	in.file, in.uses = file, usesOf(ws)
	r.statements(ws, in, depth)
}

// required reports a file that another of the routes names.
func (r *laravel) required(file string) bool {
	for other, ws := range r.files {
		if other == file || !strings.Contains("/"+other, "/routes/") {
			continue
		}
		for _, w := range ws {
			if w.kind == quoted && strings.HasSuffix(w.text, ".php") && r.at(other, w.text) == file {
				return true
			}
		}
	}
	return false
}

// usesOf are the classes that a file imports.
func usesOf(ws []word) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(ws); i++ {
		if ws[i].kind != name || ws[i].text != "use" || ws[i+1].kind != name && !ws[i+1].is(`\`) {
			continue
		}
		end := i + 1
		for end < len(ws) && !ws[end].is(";") && !ws[end].is("(") {
			end++
		}
		for _, p := range parts(ws[i+1 : end]) {
			full, alias := phpName(p), ""
			for j, w := range p {
				if w.kind == name && w.text == "as" && j+1 < len(p) {
					full, alias = phpName(p[:j]), p[j+1].text
				}
			}
			if alias == "" {
				alias = full[strings.LastIndexByte(full, '\\')+1:]
			}
			out[alias] = full
		}
		i = end
	}
	return out
}

// phpName joins a name: the lexer leaves out the backslash between its parts.
func phpName(ws []word) string {
	var out []string
	for _, w := range ws {
		if w.kind == name {
			out = append(out, w.text)
		}
	}
	return strings.Join(out, `\`)
}

// link is one call of a chain: ->middleware('auth').
type link struct {
	name string
	args []word
	at   int
}

// chain reads Route::a(...)->b(...) from the word after Route.
func chain(ws []word, i int) (out []link, end int) {
	for i+2 < len(ws) && (ws[i].is("::") || ws[i].is("->")) && ws[i+1].kind == name && ws[i+2].is("(") {
		to := closes(ws, i+2)
		out = append(out, link{ws[i+1].text, ws[i+3 : min(to, len(ws))], ws[i+1].at})
		i = to + 1
	}
	return out, min(i, len(ws))
}

func (r *laravel) statements(ws []word, in laravelScope, depth int) {
	if r.steps++; depth > 20 || r.steps > mostBlocks || r.routes > maxRoutes {
		return
	}
	for i := 0; i < len(ws); i++ {
		w := ws[i]
		switch {
		case w.kind == name && w.text == "Route" && i+1 < len(ws) && ws[i+1].is("::"):
			links, end := chain(ws, i+1)
			r.chain(links, in, depth)
			i = max(i, end-1)
		case w.kind == name && (w.text == "require" || w.text == "include" || w.text == "require_once"):
			for j := i + 1; j < len(ws) && !ws[j].is(";"); j++ {
				if ws[j].kind == quoted && strings.HasSuffix(ws[j].text, ".php") {
					r.file(r.at(in.file, ws[j].text), in, depth+1)
				}
			}
		case w.kind == name && w.text == "if" && i+1 < len(ws) && ws[i+1].is("("): // both ways are read
			i = closes(ws, i+1)
		}
	}
}

// at is the file that a path in another names.
func (r *laravel) at(from, file string) string {
	file = strings.TrimPrefix(file, "/")
	for _, f := range [...]string{path.Join(path.Dir(from), file), path.Join(path.Dir(path.Dir(from)), file)} {
		if _, ok := r.files[f]; ok {
			return f
		}
	}
	for f := range r.files { // base_path('routes/x.php') of an application in a folder
		if strings.HasSuffix("/"+f, "/"+file) {
			return f
		}
	}
	return ""
}

// attribute applies what a chain says of all that is in it, or of one route.
func (r *laravel) attribute(k link, in *laravelScope) {
	switch k.name {
	case "prefix":
		in.prefix = join(in.prefix, firstText(k.args))
	case "middleware":
		in.middleware = append(slices.Clip(in.middleware), r.named(k.args, *in)...)
	case "withoutMiddleware":
		in.without = append(slices.Clip(in.without), r.named(k.args, *in)...)
	case "controller":
		in.controller = r.className(k.args, *in)
	case "can":
		in.middleware = append(slices.Clip(in.middleware), "can")
	}
}

func firstText(ws []word) string {
	switch {
	case len(ws) == 0:
		return ""
	case ws[0].kind == quoted && !ws[0].open && (len(ws) == 1 || ws[1].is(",") || ws[1].is(")")):
		return ws[0].text
	}
	return "{?}"
}

// named are the names of middleware in arguments: texts and Class::class.
func (r *laravel) named(ws []word, in laravelScope) []string {
	if len(ws) > 0 && ws[0].is("[") {
		ws = within(ws)
	}
	var out []string
	for _, p := range parts(ws) {
		switch {
		case len(p) == 1 && p[0].kind == quoted && !p[0].open:
			out = append(out, p[0].text)
		case len(p) > 2 && p[len(p)-1].text == "class":
			out = append(out, r.className(p, in))
		case len(p) > 0 && p[0].is("["):
			out = append(out, r.named(p, in)...)
		default: // Authenticate::using('sanctum'), a variable
			if len(p) > 3 && p[0].kind == name && p[1].is("::") && p[2].text == "using" {
				out = append(out, r.className(p[:1], in))
			} else {
				out = append(out, "{?}")
			}
		}
	}
	return out
}

// className is the full name of Class::class, or of the first of an array.
func (r *laravel) className(ws []word, in laravelScope) string {
	if len(ws) > 0 && ws[0].is("[") {
		ws = ws[1:]
	}
	end := 0
	for end < len(ws) && (ws[end].kind == name || ws[end].is(`\`)) {
		end++
	}
	short := phpName(ws[:end])
	if short == "" && len(ws) > 0 && ws[0].kind == quoted {
		short, _, _ = strings.Cut(ws[0].text, "@")
	}
	head, rest, more := strings.Cut(short, `\`)
	if full, ok := in.uses[head]; ok {
		if more {
			return full + `\` + rest
		}
		return full
	}
	return short
}

// chain reads one chain: it declares routes, or hands down what it says to a group.
func (r *laravel) chain(links []link, in laravelScope, depth int) {
	for i, k := range links {
		switch k.name {
		case "group":
			inner := in
			for _, a := range links[:i] {
				r.attribute(a, &inner)
			}
			r.group(k, inner, depth)
			return
		case "get", "post", "put", "patch", "delete", "options", "any", "match", "view", "redirect", "permanentRedirect", "fallback", "resource", "apiResource", "resources", "apiResources", "singleton", "apiSingleton":
			one := in
			for j, a := range links {
				if j != i {
					r.attribute(a, &one)
				}
			}
			// A prefix after the verb counts as well, and stands before.
			r.declareRoute(k, links[i+1:], one)
			return
		}
	}
}

// group is Route::group([...], function () {...}), ->group(function) or ->group(path).
func (r *laravel) group(k link, in laravelScope, depth int) {
	args := parts(k.args)
	if len(args) == 2 && args[0][0].is("[") {
		for _, p := range parts(within(args[0])) {
			if len(p) < 3 || p[0].kind != quoted || !p[1].is("=>") {
				continue
			}
			r.attribute(link{name: p[0].text, args: p[2:]}, &in)
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	body := args[len(args)-1]
	for i, w := range body {
		if w.is("{") {
			r.statements(body[i+1:min(len(body), closes(body, i))], in, depth+1)
			return
		}
	}
	for i, w := range body { // fn () => ..., or a file
		if w.is("=>") {
			r.statements(body[i+1:], in, depth+1)
			return
		}
	}
	for _, t := range texts(body) {
		if strings.HasSuffix(t, ".php") {
			r.file(r.at(in.file, t), in, depth+1)
		}
	}
}
