package launchready_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/launchready/launchready"

// may says which packages of the module each folder may import. "." is the root;
// a folder that is not listed fails. Packages outside the module are judged by
// the rules below the table.
var may = map[string][]string{
	".":                         {},
	"oracle":                    {"."},
	"chat":                      {"."},
	"database":                  {"."},
	"surface":                   {".", "surface/har", "surface/postman"},
	"surface/har":               {"."},
	"surface/postman":           {".", "internal/expr"},
	"stage":                     {".", "oracle", "surface"},
	"drill":                     {"."},
	"source":                    {"source/code", "source/folder", "internal/expr"},
	"source/code":               {},
	"source/folder":             {},
	"source/env":                {"source/code", "source/folder", "internal/expr"},
	"source/deploy":             {},
	"source/finding":            {".", "source", "source/env", "source/folder"},
	"tail":                      {},
	"plan":                      {"."},
	"mail":                      {},
	"mail/dnstest":              {"mail"},
	"mail/dmarc":                {"mail"},
	"mail/dkim":                 {"mail"},
	"mail/mtasts":               {"mail"},
	"mail/spf":                  {"mail"},
	"mail/tlsrpt":               {"mail"},
	"probe":                     {"."},
	"probe/callback":            {"."},
	"probe/cloudflare":          {"."},
	"probe/dns":                 {"."},
	"probe/signin":              {".", "probe"},
	"probe/browser":             {"."},
	"probe/smtp":                {},
	"probe/tls":                 {},
	"redact":                    {"."},
	"report":                    {".", "oracle", "plan", "redact", "internal/expr"},
	"report/term":               {".", "plan", "report"},
	"report/json":               {".", "report"},
	"report/html":               {".", "plan", "report"},
	"report/junit":              {".", "report"},
	"report/markdown":           {".", "report"},
	"report/sarif":              {".", "report"},
	"report/estimate":           {".", "plan", "report"},
	"report/sample":             {".", "plan", "redact", "report"},
	"config":                    {".", "internal/nearest"},
	"config/draft":              {".", "surface", "config/intake"},
	"config/intake":             {".", "surface", "surface/har", "surface/postman"},
	"store/owners":              {"guard/ownership", "store/postgres"},
	"store/postgres":            {},
	"store/faults":              {},
	"store/sqlite":              {"stage"},
	"export":                    {".", "oracle", "stage", "surface"},
	"audit":                     {".", "oracle", "plan", "stage", "surface", "audit/auth", "audit/cors", "audit/email", "audit/https", "audit/hygiene", "audit/input", "audit/isolation", "audit/latency", "audit/limits", "audit/model", "audit/operations", "audit/secrets", "internal/nearest"},
	"audit/auth":                {".", "oracle", "source", "source/finding"},
	"audit/hygiene":             {".", "oracle", "source", "source/finding", "internal/expr"},
	"audit/input":               {".", "chat", "oracle", "source", "source/finding"},
	"audit/isolation":           {".", "chat", "database", "oracle", "source", "source/finding"},
	"audit/latency":             {".", "chat", "oracle"},
	"audit/limits":              {".", "chat", "oracle"},
	"audit/model":               {".", "chat", "oracle", "source", "source/finding", "internal/expr"},
	"audit/https":               {".", "mail/spf", "oracle", "probe/cloudflare", "probe/dns", "probe/tls", "secretscan"},
	"audit/cors":                {".", "oracle", "source", "source/finding"},
	"audit/email":               {".", "mail", "mail/dkim", "mail/dmarc", "mail/mtasts", "mail/spf", "mail/tlsrpt", "probe/smtp"},
	"audit/operations":          {".", "oracle", "source/deploy", "tail", "source/env", "source/finding"},
	"audit/secrets":             {".", "oracle", "secretscan", "secretscan/verify", "tail", "source/env", "source/finding"},
	"demo":                      {"demo/authority", "demo/cloudflare", "demo/front", "demo/mailhost", "demo/model", "demo/nameserver", "demo/page", "demo/postgres", "demo/repository"},
	"demo/authority":            {},
	"demo/front":                {"demo/authority", "demo/relic"},
	"demo/mailhost":             {"demo/authority"},
	"edge":                      {".", "mail", "mail/dkim", "mail/dmarc", "mail/mtasts", "mail/spf", "mail/tlsrpt"},
	"edge/cloudflare":           {".", "edge", "probe/cloudflare"},
	"edge/edgetest":             {".", "edge"},
	"edge/update":               {".", "edge"},
	"edge/zonefile":             {"edge"},
	"demo/cloudflare":           {},
	"demo/nameserver":           {},
	"demo/postgres":             {},
	"demo/postgres/pgtest":      {"demo/postgres"},
	"demo/relic":                {},
	"demo/repository":           {},
	"secretscan":                {".", "redact"},
	"secretscan/corpus":         {},
	"secretscan/verify":         {"."},
	"demo/model":                {"internal/expr"},
	"demo/page":                 {},
	"guard":                     {},
	"guard/auth":                {"guard"},
	"guard/cors":                {"guard"},
	"guard/hygiene":             {"guard"},
	"guard/input":               {"guard"},
	"guard/isolation":           {"guard"},
	"guard/limits":              {"guard", "guard/state"},
	"guard/model":               {".", "guard", "guard/kill", "guard/model/screen", "guard/model/span"},
	"guard/model/screen":        {"redact", "secretscan"},
	"guard/model/span":          {},
	"guard/ownership":           {"guard", "guard/model/span"},
	"guard/policy":              {".", "guard", "guard/auth", "guard/cors", "guard/hygiene", "guard/input", "guard/isolation", "guard/limits", "guard/model", "guard/model/screen", "guard/ownership", "store/owners", "secretscan", "guard/idempotency", "guard/kill", "guard/retry", "guard/spend", "guard/state", "store/ledger", "store/redis", "guard/transport", "guard/record", "redact"},
	"internal/abreast":          {},
	"internal/assembly":         {".", "audit", "chat", "config", "drill", "edge", "edge/cloudflare", "edge/update", "edge/zonefile", "mail", "plan", "probe", "probe/browser", "probe/callback", "probe/cloudflare", "probe/signin", "redact", "report", "secretscan/verify", "stage", "surface"},
	"internal/checkdoc":         {".", "internal/nearest"},
	"internal/expr":             {},
	"internal/nearest":          {},
	"cmd/launchready":           {"*"},
	"guard/ownership/storetest": {"guard/ownership"},
	"guard/record":              {".", "guard"},
	"store/ledger":              {"guard/state", "store/postgres"},
	"store/redis":               {"guard/state"},
	"store/redis/redistest":     {},
	"guard/idempotency":         {"guard", "guard/state"},
	"guard/kill":                {"guard"},
	"guard/retry":               {},
	"guard/spend":               {"guard", "guard/model", "guard/model/span", "guard/state"},
	"guard/state":               {},
	"guard/state/statetest":     {"guard/state"},
	"guard/transport":           {".", "guard", "probe/cloudflare"},
}

// drivers may be imported in these folders only.
var sqlFolders = []string{"store/", "demo", "database"}

// folders that hold no product code.
var ignored = []string{".git", ".ci", "docs", "bench", "testdata", "node_modules", "dist", "bin"}

// TestArchitecture reads the imports of every file in this process: a test that
// ran go list would be answered from the test cache and miss a new import.
func TestArchitecture(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range importsOf(t) {
		dir := path.Dir(file)
		seen[dir] = true
		allowed, listed := may[dir]
		if !listed {
			t.Errorf("%s: folder %s is not in the table of arch_test.go", file, dir)
			continue
		}
		for _, imp := range imports {
			inner, ours := strings.CutPrefix(imp, module)
			switch inner = strings.TrimPrefix(inner, "/"); {
			case ours:
				if inner == "" {
					inner = "."
				}
				if inner != dir && !slices.Contains(allowed, inner) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s, which %s may not", file, inner, dir)
				}
			case dir == "." && strings.Contains(imp, "."):
				t.Errorf("%s imports %s: the root package imports the standard library only", file, imp)
			case sqlDriver(imp) && !slices.ContainsFunc(sqlFolders, func(p string) bool { return strings.HasPrefix(dir, p) }):
				t.Errorf("%s imports the SQL driver %s: only %v may", file, imp, sqlFolders)
			}
		}
		if strings.Count(dir, "/") > 2 {
			t.Errorf("%s: packages are at most three deep", dir)
		}
	}
	for dir := range may {
		if !seen[dir] {
			t.Errorf("arch_test.go lists %s, which has no Go file", dir)
		}
	}
}

func sqlDriver(imp string) bool {
	return strings.HasPrefix(imp, "modernc.org/sqlite") || strings.HasPrefix(imp, "github.com/jackc/pgx") || strings.HasPrefix(imp, "github.com/mattn/go-sqlite3")
}

// importsOf lists what each file that is no test imports.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	walkGo(t, func(file string, f *ast.File) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		out[file] = []string{}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[file] = append(out[file], p)
		}
	})
	return out
}

func walkGo(t *testing.T, visit func(file string, f *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(ignored, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(file), f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHouse holds the rules that a reader relies on: no file over 600 lines, no
// init function, no package called by what it is not, a comment on every package.
func TestHouse(t *testing.T) {
	commented := map[string]bool{}
	packages := map[string]bool{}
	walkGo(t, func(file string, f *ast.File) {
		if b, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		} else if n := strings.Count(string(b), "\n"); n > 600 {
			t.Errorf("%s has %d lines; the house stops at 600", file, n)
		}
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		dir := path.Dir(file)
		packages[dir] = true
		commented[dir] = commented[dir] || f.Doc != nil
		switch f.Name.Name {
		case "util", "utils", "common", "helper", "helpers", "types", "models", "base", "misc":
			t.Errorf("%s: package %s says nothing of what it holds", file, f.Name.Name)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", file)
			}
		}
	})
	for dir := range packages {
		if !commented[dir] {
			t.Errorf("package %s has no comment", dir)
		}
	}
}
