package source

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/source/code"
)

// module is a file of JavaScript or Python, or a package of Go.
type module struct {
	name    string // the file, or the folder of a Go package
	files   []*code.File
	env     *scope
	exports map[string]value
	whole   value // module.exports = …
	state   uint8 // 0 not run, 1 running, 2 done
	methods map[string]map[string]*closure
}

// resolver finds the module that an import names.
type resolver struct {
	files   map[string]*code.File
	modules map[string]*module
	aliases []alias  // tsconfig paths
	goRoots []goRoot // go.mod files
}

type alias struct{ folder, prefix, target string }

type goRoot struct{ module, folder string }

// jsonComments are comments and trailing commas, which tsconfig.json may have.
var jsonComments = expr.Lazy(`(?m)^\s*//.*$|/\*[^*]*\*/|,(\s*[}\]])`)

// settings learns from tsconfig.json and go.mod how imports are meant.
func (r *resolver) settings(name string, content []byte) {
	dir := path.Dir(name)
	switch base := path.Base(name); {
	case base == "go.mod":
		for _, line := range strings.Split(string(content), "\n") {
			if m, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
				r.goRoots = append(r.goRoots, goRoot{strings.Trim(strings.TrimSpace(m), `"`), dir})
				return
			}
		}
	case strings.HasPrefix(base, "tsconfig") || base == "jsconfig.json":
		var v struct {
			CompilerOptions struct {
				BaseURL string              `json:"baseUrl"`
				Paths   map[string][]string `json:"paths"`
			} `json:"compilerOptions"`
		}
		if json.Unmarshal(content, &v) != nil && json.Unmarshal(jsonComments().ReplaceAll(content, []byte("$1")), &v) != nil {
			return
		}
		root := path.Join(dir, v.CompilerOptions.BaseURL)
		for from, to := range v.CompilerOptions.Paths {
			for _, t := range to {
				r.aliases = append(r.aliases, alias{dir, strings.TrimSuffix(from, "*"), path.Join(root, strings.TrimSuffix(t, "*"))})
			}
		}
		if v.CompilerOptions.BaseURL != "" {
			r.aliases = append(r.aliases, alias{dir, "", root})
		}
	}
}

func (r *resolver) sorted() {
	slices.SortFunc(r.aliases, func(a, b alias) int {
		if d := len(b.folder) - len(a.folder); d != 0 {
			return d // the nearest configuration first
		}
		if d := len(b.prefix) - len(a.prefix); d != 0 {
			return d
		}
		return strings.Compare(a.target, b.target)
	})
}

// find is the module that an import in file means, or nil for another's package.
func (r *resolver) find(file *code.File, name string) *module {
	switch file.Language {
	case code.Script:
		return r.findScript(file.Path, name)
	case code.Python:
		return r.findPython(file.Path, name)
	case code.Golang:
		for _, g := range r.goRoots {
			if rest, ok := strings.CutPrefix(name, g.module); ok && (rest == "" || rest[0] == '/') {
				if m := r.modules["go:"+path.Join(g.folder, rest)]; m != nil {
					return m
				}
			}
		}
	}
	return nil
}

func (r *resolver) scriptAt(p string) *module {
	p = path.Clean(p)
	bare := p
	switch path.Ext(p) {
	case ".js", ".mjs", ".cjs", ".jsx":
		bare = strings.TrimSuffix(p, path.Ext(p)) // TypeScript imports by the name of the output
	}
	if m := r.modules[p]; m != nil {
		return m
	}
	for _, base := range [...]string{p, bare} {
		for _, ext := range [...]string{".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", "/index.ts", "/index.js", "/index.tsx", "/index.mjs", "/index.cjs"} {
			if m := r.modules[base+ext]; m != nil {
				return m
			}
		}
	}
	return nil
}

func (r *resolver) findScript(from, name string) *module {
	if strings.HasPrefix(name, ".") {
		return r.scriptAt(path.Join(path.Dir(from), name))
	}
	for _, a := range r.aliases {
		if a.folder != "." && !strings.HasPrefix(from, a.folder+"/") {
			continue
		}
		if rest, ok := strings.CutPrefix(name, a.prefix); ok {
			if m := r.scriptAt(path.Join(a.target, rest)); m != nil {
				return m
			}
		}
	}
	for _, mark := range [...]string{"@/", "~/", "src/"} {
		if rest, ok := strings.CutPrefix(name, mark); ok {
			for dir := path.Dir(from); ; dir = path.Dir(dir) {
				if m := r.scriptAt(path.Join(dir, rest)); m != nil && mark != "src/" {
					return m
				}
				if m := r.scriptAt(path.Join(dir, "src", rest)); m != nil {
					return m
				}
				if dir == "." || dir == "/" {
					break
				}
			}
		}
	}
	return nil
}

func (r *resolver) pythonAt(p string) *module {
	if m := r.modules[p+".py"]; m != nil {
		return m
	}
	return r.modules[p+"/__init__.py"]
}

func (r *resolver) findPython(from, name string) *module {
	dir := path.Dir(from)
	if strings.HasPrefix(name, ".") {
		rest := strings.TrimLeft(name, ".")
		for range len(name) - len(rest) - 1 {
			dir = path.Dir(dir)
		}
		if rest == "" {
			return r.pythonAt(dir)
		}
		return r.pythonAt(path.Join(dir, strings.ReplaceAll(rest, ".", "/")))
	}
	rel := strings.ReplaceAll(name, ".", "/")
	for ; ; dir = path.Dir(dir) {
		if m := r.pythonAt(path.Join(dir, rel)); m != nil && m.name != from {
			return m
		}
		if m := r.pythonAt(path.Join(dir, "src", rel)); m != nil {
			return m
		}
		if dir == "." || dir == "/" {
			return nil
		}
	}
}

// newResolver makes a module of each file, and of each folder of Go files.
func newResolver(files []*code.File) *resolver {
	r := &resolver{files: map[string]*code.File{}, modules: map[string]*module{}}
	for _, f := range files {
		r.files[f.Path] = f
		key := f.Path
		if f.Language == code.Golang {
			key = "go:" + path.Dir(f.Path)
		}
		m := r.modules[key]
		if m == nil {
			m = &module{name: key, exports: map[string]value{}, methods: map[string]map[string]*closure{}}
			m.env = &scope{vars: map[string]value{}, mod: m}
			r.modules[key] = m
		}
		m.files = append(m.files, f)
	}
	return r
}

// order lists modules by name, so that two runs read alike.
func (r *resolver) order() []*module {
	var out []*module
	for _, m := range r.modules {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b *module) int { return strings.Compare(a.name, b.name) })
	return out
}
