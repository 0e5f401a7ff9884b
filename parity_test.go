package launchready_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

// differs are findings that a way of describing the API justly has of another
// subject than the others. There is no check that one of them misses: what a
// format does not tell, the audit learns by asking.
var differs = map[string]string{
	"auth/api-key-scope":                                 "an example shows one scope; which others there are only a description tells, and so of how many routes the fault is",
	"hygiene/verbose-validation":                         "one decoder reads all bodies, and fresh objects to try it on are rationed: which routes have their turn follows from how many are known to make some",
	"cors/reflected-origin":                              "one route stands for its group, and which one follows from what is known of their kinds",
	"cors/subdomain-origin":                              "likewise",
	"hygiene/stack-trace POST /v1/tickets":               "nobody opened one in the session that was recorded",
	"hygiene/stack-trace POST /v1/crm/notes":             "likewise",
	"hygiene/stack-trace POST /v1/collections/{}/import": "likewise",
	"isolation/list-leak GET /v1/dashboard":              "the shared cache shows it for twenty seconds after the other tenant looked",
}

// TestImportsFindTheSame describes one application in four ways and audits it by
// each, as the same identities. What is found must not depend on the way in.
func TestImportsFindTheSame(t *testing.T) {
	t.Parallel()
	spec := harborSpec(t)
	ways := map[string]func(t *testing.T, s *demo.Server, dir string, tape []byte) string{
		"openapi": func(t *testing.T, _ *demo.Server, dir string, _ []byte) string {
			return written(t, dir, "openapi.json", spec)
		},
		"postman": func(t *testing.T, s *demo.Server, dir string, _ []byte) string {
			written(t, dir, "harbor.postman_environment.json", environmentOf(s.URL))
			return written(t, dir, "harbor.postman_collection.json", collectionOf(t, spec))
		},
		"har": func(t *testing.T, _ *demo.Server, dir string, tape []byte) string {
			return written(t, dir, "session.har", tape)
		},
		"routes": func(t *testing.T, _ *demo.Server, dir string, _ []byte) string {
			return written(t, dir, "routes.txt", routesOf(t, spec))
		},
	}
	for name, flaws := range map[string][]string{"all": {"all"}, "clean": nil} {
		t.Run(name, func(t *testing.T) {
			found := map[string]map[string]bool{}
			var mu sync.Mutex
			t.Run("audits", func(t *testing.T) {
				for way, spec := range ways {
					if way == "openapi" && len(flaws) == 0 {
						continue // what the readiness test holds
					}
					t.Run(way, func(t *testing.T) {
						t.Parallel()
						s, c := harbor(t, flaws...)
						tape := recorded(t, s) // whatever the way in, the same was done before
						c.Target.Spec.Path = spec(t, s, c.Dir, tape)
						f := findings(t, audited(t, c), len(flaws) > 0)
						mu.Lock()
						defer mu.Unlock()
						found[way] = f
					})
				}
			})
			for way := range ways {
				for f := range found[way] {
					if id, _, _ := strings.Cut(f, " "); !found["openapi"][f] && differs[id]+differs[f] == "" {
						t.Errorf("%s has %s, and the description has not", way, f)
					}
				}
				for f := range found["openapi"] {
					if id, _, _ := strings.Cut(f, " "); !found[way][f] && differs[id]+differs[f] == "" {
						t.Errorf("%s lacks %s, which the description has", way, f)
					}
				}
			}
		})
	}
}

// findings lists "check subject", with keys in subjects nameless, and holds every
// check to what the demo is.
func findings(t *testing.T, rep *lr.Report, flawed bool) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if flawed && len(c.Findings) == 0 {
				t.Errorf("%s is not found: %s", c.ID, whatOf(rep, c.ID))
			}
			if !flawed && len(c.Findings) > 0 {
				t.Errorf("%s has a finding on the clean demo: %s", c.ID, whatOf(rep, c.ID))
			}
			for _, f := range c.Findings {
				out[c.ID+" "+template.ReplaceAllString(f.Subject, "{}")] = true
			}
		}
	}
	return out
}

var template = regexp.MustCompile(`\{[^}]*\}`)

func written(t *testing.T, dir, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// harbor starts a demo, and gives its own configuration.
func harbor(t *testing.T, flaws ...string) (*demo.Server, *config.Config) {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: 1, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	dir := t.TempDir()
	written(t, dir, demo.SecretsFile, s.Secrets())
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// harborSpec is the API's own description.
func harborSpec(t *testing.T) []byte {
	t.Helper()
	s, _ := harbor(t)
	return (&visitor{t: t, base: s.URL, c: http.DefaultClient}).do("GET", "/openapi.json", nil)
}

// apiChecks lists the checks whose questions come from the routes alone, and not
// from what an assistant was found to do.
func apiChecks() []string {
	var out []string
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if slices.Contains([]string{"auth", "isolation", "hygiene", "cors"}, row.ID) && c.Needs&(lr.Chat|lr.Repository|lr.Database) == 0 {
				out = append(out, c.ID)
			}
		}
	}
	return out
}

func audited(t *testing.T, c *config.Config) *lr.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Only: apiChecks(), Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser = nil // what a browser proves is no matter of the way in
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// operation is one operation of the description, as the exporters read it.
type operation struct {
	method, path, summary, tag string
	open                       bool
	params                     []map[string]any
	media                      string
	example                    any
	links                      map[string]string // variable by pointer
}

func operationsOf(t *testing.T, spec []byte) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Summary     string           `json:"summary"`
			Tags        []string         `json:"tags"`
			Security    *[]any           `json:"security"`
			Parameters  []map[string]any `json:"parameters"`
			RequestBody struct {
				Content map[string]struct {
					Example any            `json:"example"`
					Schema  map[string]any `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
			Responses map[string]struct {
				Links map[string]struct {
					Parameters map[string]string `json:"parameters"`
				} `json:"links"`
			} `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(spec, &doc); err != nil {
		t.Fatal(err)
	}
	var out []operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			o := operation{method: strings.ToUpper(method), path: path, summary: op.Summary, params: op.Parameters, links: map[string]string{}}
			if len(op.Tags) > 0 {
				o.tag = op.Tags[0]
			}
			o.open = op.Security != nil && len(*op.Security) == 0
			for media, c := range op.RequestBody.Content {
				o.media, o.example = media, c.Example
				ref, _ := c.Schema["$ref"].(string)
				example, _ := c.Example.(map[string]any)
				properties, _ := doc.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]]["properties"].(map[string]any)
				for name, p := range properties { // what is optional stands there as Postman's import writes it
					if _, told := example[name]; !told && example != nil {
						example[name] = fmt.Sprintf("<%v>", or(p.(map[string]any)["type"], "string"))
					}
				}
			}
			for _, r := range op.Responses {
				for _, l := range r.Links {
					for name, expr := range l.Parameters {
						o.links[name] = strings.TrimPrefix(expr, "$response.body#")
					}
				}
			}
			out = append(out, o)
		}
	}
	return out
}

// routesOf exports the description as a list of routes.
func routesOf(t *testing.T, spec []byte) []byte {
	t.Helper()
	var b strings.Builder
	for _, o := range operationsOf(t, spec) {
		line := o.method + " " + o.path
		sep := "?"
		for _, p := range o.params {
			if p["in"] == "query" {
				line += fmt.Sprintf("%s%v=%v", sep, p["name"], or(p["example"], ""))
				sep = "&"
			}
		}
		if o.example != nil && !strings.Contains(o.media, "multipart") {
			line += " " + string(encoded(t, o.example))
		}
		b.WriteString(line + "\n")
	}
	return []byte(b.String())
}

func or(v, other any) any {
	if v == nil {
		return other
	}
	return v
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type jsonObject = map[string]any

// collectionOf exports the description as a Postman collection, as Postman's own
// import does: folders by tag, path variables, bodies, and scripts that keep ids.
func collectionOf(t *testing.T, spec []byte) []byte {
	t.Helper()
	folders := map[string][]any{}
	for _, o := range operationsOf(t, spec) {
		var query, variables []any
		for _, p := range o.params {
			switch p["in"] {
			case "query":
				query = append(query, jsonObject{"key": p["name"], "value": fmt.Sprint(or(p["example"], "")), "disabled": p["required"] != true})
			case "path":
				variables = append(variables, jsonObject{"key": p["name"], "value": fmt.Sprintf("{{%v}}", p["name"])})
			}
		}
		path := template.ReplaceAllStringFunc(o.path, func(m string) string { return ":" + strings.Trim(m, "{}") })
		rq := jsonObject{"method": o.method, "header": []any{}, "url": jsonObject{"raw": "{{baseUrl}}" + path, "host": []any{"{{baseUrl}}"},
			"path": strings.Split(strings.TrimPrefix(path, "/"), "/"), "query": query, "variable": variables}}
		if o.open {
			rq["auth"] = jsonObject{"type": "noauth"}
		}
		switch {
		case strings.Contains(o.media, "multipart"):
			rq["body"] = jsonObject{"mode": "formdata", "formdata": []any{jsonObject{"key": "file", "type": "file", "src": []any{}}}}
		case o.example != nil:
			rq["body"] = jsonObject{"mode": "raw", "raw": string(encoded(t, o.example)), "options": jsonObject{"raw": jsonObject{"language": "json"}}}
		}
		item := jsonObject{"name": o.summary, "request": rq, "response": []any{}}
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(o.links)) {
			lines = append(lines, fmt.Sprintf("pm.environment.set(%q, pm.response.json()%s);", name, strings.ReplaceAll(o.links[name], "/", ".")))
		}
		if lines != nil {
			item["event"] = []any{jsonObject{"listen": "test", "script": jsonObject{"type": "text/javascript", "exec": lines}}}
		}
		folders[o.tag] = append(folders[o.tag], item)
	}
	var items []any
	for _, tag := range slices.Sorted(maps.Keys(folders)) {
		items = append(items, jsonObject{"name": tag, "item": folders[tag]})
	}
	return encoded(t, jsonObject{
		"info": jsonObject{"name": "Harbor API", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
		"item": items,
		"auth": jsonObject{"type": "bearer", "bearer": []any{jsonObject{"key": "token", "value": "{{access_token}}", "type": "string"}}},
	})
}

func environmentOf(base string) []byte {
	return []byte(fmt.Sprintf(`{"name": "local", "values": [{"key": "baseUrl", "value": %q, "enabled": true}, {"key": "access_token", "value": "", "type": "secret"}], "_postman_variable_scope": "environment"}`, base))
}
