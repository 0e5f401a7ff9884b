package draft

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
)

// Repository is what the files of an application tell about it.
type Repository struct {
	Product    string
	Frameworks []string // "next", "fastapi", …
	Auth       []string // libraries and services that sign users in
	Spec       string   // path of an OpenAPI document
	Env        []string // names in .env.example and its kin; values are never read
	Domain     string
	DomainFrom string // the file that names the domain
	Port       string // where the application listens in development
	Logs       []string
}

// maxRead bounds what is read of one file.
const maxRead = 1 << 20

// Read looks through the top of a repository. What cannot be read says nothing.
func Read(root fs.FS) Repository {
	r := reader{root: root}
	r.javascript()
	r.python()
	r.golang()
	r.ruby()
	r.php()
	r.env()
	r.domain()
	r.spec()
	sort.Strings(r.out.Frameworks)
	sort.Strings(r.out.Auth)
	r.out.Frameworks, r.out.Auth = slices.Compact(r.out.Frameworks), slices.Compact(r.out.Auth)
	return r.out
}

type reader struct {
	root fs.FS
	out  Repository
}

func (r *reader) text(name string) string {
	f, err := r.root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return ""
	}
	return string(b)
}

// named holds a package's name to what it stands for.
type named struct{ pkg, word string }

var javascriptFrameworks = []named{{"next", "next"}, {"express", "express"}, {"fastify", "fastify"}, {"@nestjs/core", "nest"}, {"hono", "hono"}, {"koa", "koa"}, {"@remix-run/node", "remix"}, {"nuxt", "nuxt"}}

var javascriptAuth = []named{{"next-auth", "next-auth"}, {"@auth/core", "auth.js"}, {"@clerk/nextjs", "clerk"}, {"@clerk/clerk-sdk-node", "clerk"}, {"@supabase/supabase-js", "supabase"},
	{"@auth0/nextjs-auth0", "auth0"}, {"auth0", "auth0"}, {"passport", "passport"}, {"jsonwebtoken", "jwt"}, {"jose", "jwt"}, {"@nestjs/jwt", "jwt"}, {"express-session", "session"}, {"better-auth", "better-auth"}, {"firebase-admin", "firebase"}, {"@workos-inc/node", "workos"}}

func (r *reader) javascript() {
	var p struct {
		Name            string            `json:"name"`
		Homepage        string            `json:"homepage"`
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
		Scripts         map[string]string `json:"scripts"`
	}
	if json.Unmarshal([]byte(r.text("package.json")), &p) != nil {
		return
	}
	r.product(p.Name)
	r.host(p.Homepage, "package.json")
	for _, f := range javascriptFrameworks {
		if _, ok := p.Dependencies[f.pkg]; ok {
			r.out.Frameworks = append(r.out.Frameworks, f.word)
			r.port("3000")
		}
	}
	for _, a := range javascriptAuth {
		if _, ok := p.Dependencies[a.pkg]; ok {
			r.out.Auth = append(r.out.Auth, a.word)
		}
	}
	for _, s := range []string{"dev", "start"} {
		if m := portFlag.FindStringSubmatch(p.Scripts[s]); m != nil {
			r.out.Port = m[1]
		}
	}
}

var (
	portFlag   = regexp.MustCompile(`(?:-p|--port|PORT=)[ =]?(\d{2,5})`)
	projectKey = regexp.MustCompile(`(?m)^name\s*=\s*["']([^"'\n]+)["']`)
)

func (r *reader) python() {
	project := r.text("pyproject.toml")
	all := strings.ToLower(project + "\n" + r.text("requirements.txt") + "\n" + r.text("Pipfile"))
	if m := projectKey.FindStringSubmatch(project); m != nil {
		r.product(m[1])
	}
	for _, f := range []struct{ word, port string }{{"fastapi", "8000"}, {"flask", "5000"}, {"django", "8000"}, {"starlette", "8000"}, {"litestar", "8000"}} {
		if requirement(all, f.word) {
			r.out.Frameworks = append(r.out.Frameworks, f.word)
			r.port(f.port)
		}
	}
	for _, a := range []named{{"pyjwt", "jwt"}, {"python-jose", "jwt"}, {"authlib", "authlib"}, {"fastapi-users", "fastapi-users"}, {"django-allauth", "allauth"}, {"djangorestframework-simplejwt", "jwt"}, {"flask-login", "session"}, {"flask-jwt-extended", "jwt"}} {
		if requirement(all, a.pkg) {
			r.out.Auth = append(r.out.Auth, a.word)
		}
	}
}

// requirement reports a line or a quoted entry that asks for exactly that package.
func requirement(all, pkg string) bool {
	return regexp.MustCompile(`(?m)(?:^|["'\s])` + regexp.QuoteMeta(pkg) + `(?:$|["'\s\[<>=~!;])`).MatchString(all)
}

func (r *reader) golang() {
	mod := r.text("go.mod")
	if mod == "" {
		return
	}
	if m := regexp.MustCompile(`(?m)^module\s+(\S+)`).FindStringSubmatch(mod); m != nil {
		r.product(path.Base(strings.TrimRight(regexp.MustCompile(`/v\d+$`).ReplaceAllString(m[1], ""), "/")))
	}
	for _, f := range []named{{"github.com/go-chi/chi", "chi"}, {"github.com/gin-gonic/gin", "gin"}, {"github.com/labstack/echo", "echo"}, {"github.com/gofiber/fiber", "fiber"}} {
		if strings.Contains(mod, f.pkg) {
			r.out.Frameworks = append(r.out.Frameworks, f.word)
		}
	}
	r.port("8080")
	if strings.Contains(mod, "/jwt/") || strings.Contains(mod, "lestrrat-go/jwx") || strings.Contains(mod, "go-jose") {
		r.out.Auth = append(r.out.Auth, "jwt")
	}
}

func (r *reader) ruby() {
	gems := r.text("Gemfile")
	gem := func(n string) bool {
		return regexp.MustCompile(`(?m)^\s*gem\s+["']` + n + `["']`).MatchString(gems)
	}
	if gem("rails") {
		r.out.Frameworks = append(r.out.Frameworks, "rails")
		r.port("3000")
	}
	if gem("devise") {
		r.out.Auth = append(r.out.Auth, "devise")
	}
}

func (r *reader) php() {
	var p struct {
		Name    string            `json:"name"`
		Require map[string]string `json:"require"`
	}
	if json.Unmarshal([]byte(r.text("composer.json")), &p) != nil {
		return
	}
	if _, ok := p.Require["laravel/framework"]; ok {
		r.out.Frameworks = append(r.out.Frameworks, "laravel")
		r.port("8000")
	}
	if _, ok := p.Require["laravel/sanctum"]; ok {
		r.out.Auth = append(r.out.Auth, "sanctum")
	}
	r.product(path.Base(p.Name))
}

func (r *reader) product(name string) {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if r.out.Product == "" && name != "" && name != "." {
		r.out.Product = name
	}
}

func (r *reader) port(p string) {
	if r.out.Port == "" {
		r.out.Port = p
	}
}

var envLine = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=`)

// env reads the names, and never the values, of the environment's template.
func (r *reader) env() {
	seen := map[string]bool{}
	for _, f := range []string{".env.example", ".env.sample", ".env.template", ".env.dist", "env.example"} {
		for _, m := range envLine.FindAllStringSubmatch(r.text(f), -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				r.out.Env = append(r.out.Env, m[1])
			}
		}
	}
}

var hostForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)

// host takes a domain from a URL or a bare name, unless it is a code host's or
// a platform's own.
func (r *reader) host(s, from string) {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	}
	s = strings.ToLower(s)
	if i := strings.IndexAny(s, "/:?#"); i >= 0 {
		s = s[:i]
	}
	if !hostForm.MatchString(s) || r.out.Domain != "" {
		return
	}
	for _, own := range []string{"github.com", "gitlab.com", "github.io", "bitbucket.org", "npmjs.com", "vercel.app", "fly.dev", "netlify.app", "pages.dev", "onrender.com", "herokuapp.com"} {
		if s == own || strings.HasSuffix(s, "."+own) {
			return
		}
	}
	r.out.Domain, r.out.DomainFrom = s, from
}

func (r *reader) domain() {
	r.host(r.text("CNAME"), "CNAME")
	r.host(r.text("public/CNAME"), "public/CNAME")
	var v struct {
		Alias any `json:"alias"`
	}
	if json.Unmarshal([]byte(r.text("vercel.json")), &v) == nil {
		switch a := v.Alias.(type) {
		case string:
			r.host(a, "vercel.json")
		case []any:
			for _, e := range a {
				if s, ok := e.(string); ok {
					r.host(s, "vercel.json")
				}
			}
		}
	}
	for _, line := range strings.Split(r.text("fly.toml"), "\n") {
		key, val, ok := strings.Cut(line, "=")
		switch k := strings.TrimSpace(key); {
		case ok && (strings.Contains(strings.ToUpper(k), "URL") || strings.Contains(strings.ToUpper(k), "HOST") || strings.Contains(strings.ToUpper(k), "DOMAIN")):
			r.host(strings.Trim(strings.TrimSpace(val), `"'`), "fly.toml")
		case ok && k == "internal_port" && r.out.Port == "":
			r.out.Port = strings.TrimSpace(val)
		}
	}
}

var specNames = []string{"openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json", "api.yaml"}

// spec finds an OpenAPI document in the places where they usually lie, and
// looks into it: names lie.
func (r *reader) spec() {
	for _, dir := range []string{"", "api", "docs", "doc", "spec", "specs", "openapi", "static", "public", "src", "schema"} {
		for _, name := range specNames {
			p := path.Join(dir, name)
			if t := r.text(p); t != "" && isSpec([]byte(t)) {
				r.out.Spec = p
				return
			}
		}
	}
}

var specHead = regexp.MustCompile(`(?m)^["']?(?:openapi|swagger)["']?\s*:\s*["']?[0-9]`)

// isSpec reports an OpenAPI document, whether it can be read whole or not.
func isSpec(b []byte) bool {
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	var doc struct {
		OpenAPI any `json:"openapi" yaml:"openapi"`
		Swagger any `json:"swagger" yaml:"swagger"`
	}
	switch {
	case len(b) == 0 || b[0] == '<':
		return false
	case b[0] == '{' && json.Unmarshal(b, &doc) == nil:
		return doc.OpenAPI != nil || doc.Swagger != nil
	case len(b) < 1<<16 && decodeYAML(b, &doc):
		return doc.OpenAPI != nil || doc.Swagger != nil
	}
	return specHead.Match(b)
}

// decodeYAML does not trust the reader to survive every text.
func decodeYAML(b []byte, v any) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return yaml.Unmarshal(b, v) == nil
}
