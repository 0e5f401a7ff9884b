package secretscan

import (
	"path"
	"strings"
)

// format is what kind of text a document is: it decides what an unquoted value is.
type format int

const (
	unknown  format = iota // a log, a stream, a file without a known ending
	source                 // a programming language: an unquoted value is an expression
	settings               // YAML, JSON, TOML, INI, properties, Terraform
	environ                // .env and its like: the value is the rest of the line
	shell                  // shell, Dockerfile, make, CI: words
	prose                  // Markdown and text
	lock                   // a lock file: what it holds beside a URL is integrity
	binary                 // no text: only keys that say whose they are count
)

// document is what one scan reads, and what its name tells.
type document struct {
	path    string
	format  format
	test    bool // a test, a fixture or an example of a library, by its path
	example bool // a template of a configuration: .env.example
	view    string
	depth   int // of views in views
}

var formats = map[string]format{
	".js": source, ".mjs": source, ".cjs": source, ".jsx": source, ".ts": source, ".mts": source, ".cts": source, ".tsx": source, ".vue": source,
	".svelte": source, ".astro": source, ".py": source, ".pyi": source, ".go": source, ".rb": source, ".php": source, ".java": source, ".kt": source,
	".scala": source, ".cs": source, ".fs": source, ".vb": source, ".c": source, ".h": source, ".cc": source, ".cpp": source, ".hpp": source, ".m": source,
	".mm": source, ".rs": source, ".swift": source, ".dart": source, ".ex": source, ".exs": source, ".erl": source, ".clj": source, ".lua": source,
	".pl": source, ".pm": source, ".r": source, ".sql": source, ".html": source, ".htm": source, ".css": source, ".scss": source, ".less": source,
	".s": source, ".asm": source, ".zig": source, ".nim": source, ".sol": source, ".graphql": source, ".proto": source, ".gradle": source, ".groovy": source,
	".yaml": settings, ".yml": settings, ".json": settings, ".jsonc": settings, ".json5": settings, ".toml": settings, ".ini": settings, ".cfg": settings,
	".conf": settings, ".config": settings, ".properties": settings, ".xml": settings, ".tf": settings, ".tfvars": settings, ".hcl": settings, ".plist": settings,
	".ipynb": settings, ".har": settings, ".map": settings, ".tfstate": settings,
	".env": environ, ".netrc": shell, ".npmrc": environ, ".pypirc": settings,
	".sh": shell, ".bash": shell, ".zsh": shell, ".fish": shell, ".ps1": shell, ".bat": shell, ".cmd": shell, ".mk": shell,
	".md": prose, ".mdx": prose, ".rst": prose, ".txt": prose, ".adoc": prose, ".tex": prose,
	".lock": lock, ".sum": lock,
}

var locks = map[string]bool{
	"package-lock.json": true, "npm-shrinkwrap.json": true, "pnpm-lock.yaml": true, "yarn.lock": true, "bun.lock": true, "deno.lock": true, "go.sum": true,
	"go.work.sum": true, "cargo.lock": true, "poetry.lock": true, "pipfile.lock": true, "uv.lock": true, "pdm.lock": true, "composer.lock": true,
	"gemfile.lock": true, "gradle.lockfile": true, "verification-metadata.xml": true, "package.resolved": true, "podfile.lock": true, "mix.lock": true,
	"pubspec.lock": true, ".package-lock.json": true, "flake.lock": true, "packages.lock.json": true, "record": true, ".terraform.lock.hcl": true,
}

// newDocument reads what a path tells.
func newDocument(name string) *document {
	d := &document{path: name}
	low := strings.ToLower(strings.ReplaceAll(name, "\\", "/"))
	base := path.Base(low)
	d.format = formats[path.Ext(base)]
	switch {
	case locks[base]:
		d.format = lock
	case strings.HasPrefix(base, ".env") || strings.HasSuffix(base, ".env") || base == "env" || base == ".envrc" || base == ".flaskenv" || base == ".dev.vars":
		d.format = environ
	case strings.HasPrefix(base, "dockerfile") || base == "makefile" || base == "procfile" || base == "jenkinsfile" || strings.HasSuffix(base, ".dockerfile") || base == ".netrc" || base == "_netrc":
		d.format = shell
	}
	for _, word := range []string{"example", "sample", "template", "dist", "tpl"} {
		if strings.HasSuffix(base, "."+word) || strings.HasSuffix(base, "-"+word) || strings.Contains(base, "."+word+".") && d.format != source {
			d.example = true
			if rest := strings.TrimSuffix(base, "."+word); rest != base && d.format == unknown {
				d.format = formats[path.Ext(rest)]
			}
		}
	}
	d.test = inTests(low)
	return d
}

var testFolders = map[string]bool{
	"test": true, "tests": true, "testing": true, "__tests__": true, "testdata": true, "test-data": true, "test_data": true, "fixtures": true, "fixture": true,
	"__fixtures__": true, "spec": true, "specs": true, "mock": true, "mocks": true, "__mocks__": true, "e2e": true, "cypress": true, "examples": true,
	"example": true, "samples": true, "sample": true, "snapshots": true, "__snapshots__": true, "testutil": true, "testutils": true, "testcases": true, "cassettes": true,
	"stubs": true, "demo": true, "demos": true, "benchmark": true, "benchmarks": true, "selftest": true, "testsuite": true, "testresources": true,
}

// inTests reports whether a lower-case path is that of a test, a fixture or an example.
func inTests(low string) bool {
	parts := strings.Split(low, "/")
	for _, p := range parts[:len(parts)-1] {
		if i := strings.LastIndexByte(p, '!'); i >= 0 { // inside an archive
			p = p[i+1:]
		}
		if testFolders[p] || strings.HasSuffix(p, "_test") || strings.HasSuffix(p, "-test") || strings.HasSuffix(p, "-tests") || strings.HasSuffix(p, "_tests") || strings.HasPrefix(p, "test_") ||
			strings.HasPrefix(p, "test-") || strings.HasSuffix(p, "test") && len(p) < 16 {
			return true
		}
	}
	base := parts[len(parts)-1]
	stem := strings.TrimSuffix(base, path.Ext(base))
	return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, "-test") ||
		strings.HasPrefix(stem, "test_") || strings.HasPrefix(stem, "examples") || strings.HasPrefix(stem, "fixture") || strings.HasPrefix(stem, "test-") || strings.HasSuffix(stem, "_spec") || stem == "conftest" || strings.HasSuffix(stem, "_tests") ||
		strings.HasSuffix(stem, ".stories") || strings.HasSuffix(stem, ".mock") || strings.HasSuffix(stem, "test") && strings.HasSuffix(base, ".java")
}

// inside is the document of a view of d.
func (d *document) inside(view, name string) *document {
	in := *d
	if name != "" {
		n := newDocument(name)
		in.format, in.example = n.format, n.example || d.example
		in.test = d.test || n.test
	}
	if in.view != "" {
		view = in.view + " > " + view
	}
	in.view = view
	in.depth++
	return &in
}
