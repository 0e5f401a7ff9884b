package hygiene

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// TestRightApplication: the application that refuses rightly passes every check,
// and each of them has asked something.
func TestRightApplication(t *testing.T) {
	t.Parallel()
	tr := trial(t, newApp())
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		v := tally(put(t, c.ID, tr))
		if len(v.failed)+len(v.suspected)+v.open > 0 || v.passed == 0 && v.skipped == 0 {
			t.Errorf("%s: failed %v, suspected %v, %d open, %d passed\n%s", c.ID, v.failed, v.suspected, v.open, v.passed, v.shown())
		}
	}
}

type testCase struct {
	name     string
	check    string
	build    func(*app)
	fails    []string
	suspects []string
	open     bool
	severity lr.Severity // of the first finding, where it is not the check's own
	has      string      // in what a report shows
	lacks    string      // never in it
}

var cases = []testCase{
	{name: "a trace in JSON", check: "stack-trace", fails: []string{"POST /notes"}, has: "a Go stack trace", build: func(a *app) {
		a.on("POST /notes", private(func(w http.ResponseWriter, r *http.Request) {
			if v, _ := io.ReadAll(r.Body); !strings.HasPrefix(string(v), `{"lr": `) {
				refuse(w, 422, "no")
				return
			}
			refuse(w, 400, "unexpected EOF\ngoroutine 7 [running]:\nmain.create()\n\t/app/main.go:12 +0x1d")
		}))
	}},
	{name: "a trace in a text that was asked for", check: "stack-trace", build: func(a *app) {
		a.on("GET /me", private(func(w http.ResponseWriter, r *http.Request) {
			answer(w, 200, map[string]any{"id": "usr_member", "bio": "Traceback (most recent call last):\n  File \"x.py\", line 1"})
		}))
	}},
	{name: "an exception's text to nobody", check: "stack-trace", fails: []string{"GET /me"}, build: func(a *app) {
		a.on("GET /me", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+token {
				refuse(w, 401, "'NoneType' object has no attribute 'id'")
				return
			}
			answer(w, 200, map[string]any{"id": "usr_member"})
		})
	}},
	{name: "Werkzeug with a console", check: "debug-page", fails: []string{"GET /notes/{note_id}"}, severity: lr.Critical, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			show(w, 500, "<title>ValueError // Werkzeug Debugger</title><script>EVALEX = true</script>")
		}))
	}},
	{name: "a debug page with 200", check: "debug-page", fails: []string{"GET /{unknown}", "PROPFIND /me", "PROPFIND /notes"}, build: func(a *app) {
		a.nowhere = func(w http.ResponseWriter, r *http.Request) {
			show(w, 200, "because you have <code>DEBUG = True</code> in your settings")
		}
	}},
	{name: "the development server", check: "debug-page", fails: []string{"GET /"}, has: "Vite", build: func(a *app) {
		a.on("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
			show(w, 200, `<script type="module" src="/@vite/client"></script>`)
		})
	}},
	{name: "a page that explains one", check: "debug-page", build: func(a *app) {
		a.on("GET /docs", plain("text/html", "<!doctype html><html><code>&lt;title&gt;x // Werkzeug Debugger&lt;/title&gt; EVALEX is true</code>"))
		a.on("GET /me", private(func(w http.ResponseWriter, r *http.Request) {
			answer(w, 200, map[string]any{"id": "usr_member", "bio": "<title>x // Werkzeug Debugger</title>"})
		}))
	}},
	{name: "an open console", check: "debug-page", fails: []string{"GET /console"}, severity: lr.Critical, build: func(a *app) {
		a.on("GET /console", plain("text/html", "<html><h1>Interactive Console</h1>"))
	}},
	{name: "a driver's complaint", check: "database-text", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			answer(w, 500, map[string]any{"error": `invalid input syntax for type uuid: "x"`})
		}))
	}},
	{name: "the query that was sent", check: "database-text", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			refuse(w, 404, "nothing like "+r.PathValue("note_id"))
		}))
	}},
	{name: "a missing file", check: "file-path", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			refuse(w, 404, "open /var/lib/notes/7: no such file or directory")
		}))
	}},
	{name: "the path that was asked for", check: "file-path", build: func(a *app) {
		a.nowhere = func(w http.ResponseWriter, r *http.Request) { refuse(w, 404, "no such address: "+r.URL.Path) }
	}},
	{name: "a provider's refusal", check: "provider-error", fails: []string{"POST /chat"}, has: "OpenAI", build: func(a *app) {
		chatting(a, "The model `x` does not exist or you do not have access to it.")
	}},
	{name: "a part of a key", check: "provider-error", fails: []string{"POST /chat"}, severity: lr.High, build: func(a *app) {
		chatting(a, "Incorrect API key provided: sk-pr***4242.")
	}},
	{name: "a provider's refusal in a stream", check: "provider-error", fails: []string{"POST /chat"}, build: func(a *app) {
		chatting(a, "")
		a.on("POST /chat", private(func(w http.ResponseWriter, r *http.Request) {
			plain("text/event-stream", "event: error\ndata: {\"message\":\"You exceeded your current quota, please check your plan and billing details.\"}\n\n")(w, r)
		}))
	}},
	{name: "the product's own refusal in OpenAI's shape", check: "provider-error", build: func(a *app) { chatting(a, "no such model") }},
	{name: "the decoder's words", check: "verbose-validation", fails: []string{"POST /notes"}, build: func(a *app) {
		a.on("POST /notes", private(func(w http.ResponseWriter, r *http.Request) {
			refuse(w, 422, "json: cannot unmarshal object into Go struct field newNote.title of type string")
		}))
	}},
	{name: "an id repeated as HTML", check: "echoed-input", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) { show(w, 404, "no note "+r.PathValue("note_id")) }))
	}},
	{name: "an id repeated as JSON", check: "echoed-input", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			plain("application/problem+json", fmt.Sprintf(`{"title":"Not Found","status":404,"detail":"no note %s"}`, strings.ReplaceAll(r.PathValue("note_id"), `"`, `'`)))(fixed{w, 404}, r)
		}))
	}},
	{name: "a token quoted", check: "echoed-secret", fails: []string{"GET /me"}, build: func(a *app) {
		a.on("GET /me", func(w http.ResponseWriter, r *http.Request) {
			refuse(w, 401, "bad token "+r.Header.Get("Authorization"))
		})
	}},
	{name: "a password quoted by the validator", check: "echoed-secret", fails: []string{"POST /login"}, build: func(a *app) {
		a.on("POST /login", func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			answer(w, 422, map[string]any{"detail": []any{map[string]any{"msg": "must be a string", "input": string(b)}}})
		})
	}},
	{name: "500 for an odd id", check: "server-error", fails: []string{"GET /notes/{note_id}"}, has: "an id", build: func(a *app) {
		found := a.handles["GET /notes/{note_id}"]
		a.on("GET /notes/{note_id}", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.PathValue("note_id"), "note_") {
				refuse(w, 500, "something went wrong")
				return
			}
			found(w, r)
		})
	}},
	{name: "500 for what does not exist, too", check: "server-error", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			defer a.mu.Unlock()
			if v := a.rows[r.PathValue("note_id")]; v != nil {
				answer(w, 200, v)
				return
			}
			refuse(w, 500, "notes are not available")
		}))
	}},
	{name: "500 once", check: "server-error", open: true, build: func(a *app) {
		once := map[string]bool{}
		found := a.handles["GET /notes/{note_id}"]
		a.on("GET /notes/{note_id}", func(w http.ResponseWriter, r *http.Request) {
			a.mu.Lock()
			first := !once[r.URL.Path]
			once[r.URL.Path] = true
			a.mu.Unlock()
			if first && !strings.HasPrefix(r.PathValue("note_id"), "note_") {
				refuse(w, 500, "a hiccup")
				return
			}
			found(w, r)
		})
	}},
	{name: "busy", check: "server-error", build: func(a *app) {
		found := a.handles["GET /notes/{note_id}"]
		a.on("GET /notes/{note_id}", func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.PathValue("note_id"), "lr") {
				refuse(w, 503, "busy")
				return
			}
			found(w, r)
		})
	}},
	{name: "a body that breaks", check: "server-error", fails: []string{"POST /notes"}, has: "broken JSON", build: func(a *app) {
		made := a.handles["POST /notes"]
		a.on("POST /notes", func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength == 7 {
				refuse(w, 500, "something went wrong")
				return
			}
			made(w, r)
		})
	}},
	{name: "one decoder before every route", check: "server-error", fails: []string{application}, has: "GET /c/{c_id}", build: func(a *app) {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			a.on("GET /"+name+"/{"+name+"_id}", private(func(w http.ResponseWriter, r *http.Request) { refuse(w, 404, "no such thing") }))
		}
		a.front = func(w http.ResponseWriter, r *http.Request) bool {
			if utf8.ValidString(r.URL.Path) {
				return false
			}
			refuse(w, 500, "something went wrong")
			return true
		}
	}},
	{name: "one route of several that breaks alike", check: "server-error", fails: []string{"GET /c/{c_id}"}, build: func(a *app) {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			a.on("GET /"+name+"/{"+name+"_id}", private(func(w http.ResponseWriter, r *http.Request) {
				if name == "c" && !utf8.ValidString(r.URL.Path) {
					refuse(w, 500, "something went wrong")
					return
				}
				refuse(w, 404, "no such thing")
			}))
		}
	}},
	{name: "a route that breaks whatever it is sent", check: "server-error", open: true, build: func(a *app) {
		a.on(`POST /tasks/try {"url":"https://a.test"}`, private(func(w http.ResponseWriter, r *http.Request) {
			if b, _ := io.ReadAll(r.Body); !json.Valid(b) {
				refuse(w, 400, "not JSON") // by the parser in front of it
				return
			}
			refuse(w, 500, "no table of tasks")
		}))
	}},
	{name: "a route that breaks whatever it is sent, behind a parser that asks nobody who they are", check: "server-error", open: true, build: func(a *app) {
		a.on(`POST /tasks/try {"url":"https://a.test"}`, func(w http.ResponseWriter, r *http.Request) {
			if b, _ := io.ReadAll(r.Body); !json.Valid(b) {
				refuse(w, 400, "not JSON")
				return
			}
			refuse(w, 500, "no table of tasks")
		})
	}},
	{name: "a route that breaks on what it does not expect", check: "server-error", fails: []string{"POST /tasks/try"}, has: "a list where an object is due", build: func(a *app) {
		a.on(`POST /tasks/try {"url":"https://a.test"}`, private(func(w http.ResponseWriter, r *http.Request) {
			switch b, _ := io.ReadAll(r.Body); {
			case !json.Valid(b):
				refuse(w, 400, "not JSON")
			case string(b) == "{}":
				refuse(w, 422, "url is missing")
			default:
				refuse(w, 500, "something went wrong")
			}
		}))
	}},
	{name: "a page for an error", check: "html-error", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) { show(w, 404, "<h1>404 Not Found</h1>") }))
	}},
	{name: "a page of a route for people", check: "html-error", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) { show(w, 404, "<h1>404 Not Found</h1>") }))
		a.shape = func(rt *lr.Route) {
			if rt.Path == "/notes/{note_id}" {
				rt.Accepts = []string{"text/html"}
			}
		}
	}},
	{name: "JSON that says it is HTML", check: "error-content-type", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			plain("text/html", `{"title":"Not Found","status":404}`)(fixed{w, 404}, r)
		}))
	}},
	{name: "no type", check: "error-content-type", fails: []string{"GET /notes/{note_id}"}, build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.WriteHeader(404)
			io.WriteString(w, `{"title":"Not Found"}`)
		}))
	}},
	{name: "another shape", check: "error-shape", fails: []string{application}, has: `{"error": text}`, build: func(a *app) {
		a.nowhere = func(w http.ResponseWriter, r *http.Request) { answer(w, 404, map[string]any{"error": "not found"}) }
	}},
	{name: "the server's own word for no address", check: "error-shape", build: func(a *app) { a.nowhere = http.NotFound }},
	{name: "a text among JSON", check: "error-shape", fails: []string{application}, has: "plain text", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no such note", 404) }))
	}},
	{name: "text that says it is JSON, which another check tells of", check: "error-shape", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(404)
			io.WriteString(w, "no such note")
		}))
	}},
	{name: "text that says it is JSON", check: "error-content-type", fails: []string{"GET /notes/{note_id}"}, has: "cannot be read as such", build: func(a *app) {
		a.on("GET /notes/{note_id}", private(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(404)
			io.WriteString(w, "no such note")
		}))
	}},
	{name: "a version", check: "version-header", fails: []string{application}, has: "Server: nginx/1.25.3", build: func(a *app) {
		a.front = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Server", "nginx/1.25.3")
			return false
		}
	}},
	{name: "names without a version", check: "version-header", build: func(a *app) {
		a.front = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Server", "cloudflare")
			w.Header().Set("X-Powered-By", "Express")
			w.Header().Set("Via", "1.1 google")
			return false
		}
	}},
	{name: "suggestions", check: "graphql-suggestion", fails: []string{"POST /graphql"}, build: func(a *app) {
		a.on(`POST /graphql {"query":"{ me { id } }"}`, plain("application/json", `{"errors":[{"message":"Cannot query field \"mee\" on type \"Query\". Did you mean \"me\"?"}]}`))
	}},
	{name: "a trace in extensions", check: "graphql-suggestion", fails: []string{"POST /graphql"}, severity: lr.Medium, build: func(a *app) {
		a.on(`POST /graphql {"query":"{ me { id } }"}`, plain("application/json", `{"errors":[{"message":"no","extensions":{"stacktrace":["Error: no"]}}]}`))
	}},
	{name: "GraphQL that suggests nothing", check: "graphql-suggestion", build: func(a *app) {
		a.on(`POST /graphql {"query":"{ me { id } }"}`, plain("application/json", `{"errors":[{"message":"no such field"}]}`))
	}},
	{name: "the profiler", check: "debug-endpoint", fails: []string{"GET /debug/pprof/"}, build: func(a *app) {
		a.on("GET /debug/pprof/{$}", plain("text/html", "<html><title>/debug/pprof/</title>Types of profiles available:"))
	}},
	{name: "the environment of Spring", check: "debug-endpoint", fails: []string{"GET /actuator/env"}, lacks: "hunter2", build: func(a *app) {
		a.on("GET /actuator/env", plain("application/json", `{"propertySources":[{"name":"x","properties":{"db.password":{"value":"hunter2-value"}}}]}`))
	}},
	{name: "a heap dump", check: "debug-endpoint", fails: []string{"GET /actuator/heapdump"}, severity: lr.Critical, lacks: "hunter2", build: func(a *app) {
		a.on("GET /actuator/heapdump", plain("application/octet-stream", "JAVA PROFILE 1.0.2\x00 hunter2"))
	}},
	{name: "a description of internal routes", check: "debug-endpoint", suspects: []string{"GET /v3/api-docs"}, build: func(a *app) {
		a.on("GET /v3/api-docs", plain("application/json", `{"openapi":"3.0.1","paths":{"/internal/users":{}}}`))
	}},
	{name: "a description of the API", check: "debug-endpoint", build: func(a *app) {
		a.on("GET /v3/api-docs", plain("application/json", `{"openapi":"3.0.1","paths":{"/notes":{}}}`))
	}},
	{name: "metrics", check: "metrics-endpoint", fails: []string{"GET /metrics"}, build: func(a *app) {
		a.on("GET /metrics", plain("text/plain", "# HELP http_requests_total n\n# TYPE http_requests_total counter\nhttp_requests_total 3\n"))
	}},
	{name: "metrics that are open on purpose", check: "metrics-endpoint", build: func(a *app) {
		a.on("GET /metrics", plain("text/plain", "# TYPE http_requests_total counter\nhttp_requests_total 3\n"))
		a.access.Public = []string{"GET /metrics"}
	}},
	{name: "a source map", check: "source-map", fails: []string{"GET /app.js.map"}, severity: lr.Medium, lacks: "const key", build: func(a *app) {
		a.on("GET /app.js.map", plain("application/json", `{"version":3,"sources":["a.ts"],"sourcesContent":["const key = 1"],"mappings":"AAAA"}`))
	}},
	{name: "a source map of nothing", check: "source-map", build: func(a *app) {
		a.on("GET /app.js.map", plain("application/json", `{"version":3,"file":"app.js","sources":[],"sourcesContent":[],"names":[],"mappings":""}`))
	}},
	{name: "the source map of a style sheet", check: "source-map", fails: []string{"GET /static/app.css.map"}, severity: lr.Low, build: func(a *app) {
		a.on("GET /static/app.css.map", plain("application/json", `{"version":3,"sources":["a.less"],"sourcesContent":["a { color: red }"],"mappings":"AAAA"}`))
	}},
	{name: "a long source map, cut, without the text of its sources", check: "source-map", fails: []string{"GET /app.js.map"}, severity: lr.Low, build: func(a *app) {
		a.on("GET /app.js.map", plain("application/json", `{"version":3,"sources":["a.ts"],"mappings":"`+strings.Repeat("A", 300<<10)+`"}`))
	}},
	{name: "a long source map, cut, with the text of its sources", check: "source-map", fails: []string{"GET /app.js.map"}, severity: lr.Medium, lacks: "const key", build: func(a *app) {
		a.on("GET /app.js.map", plain("application/json", `{"version":3,"sources":["a.ts"],"sourcesContent":["const key = 1"],"mappings":"`+strings.Repeat("A", 300<<10)+`"}`))
	}},
	{name: "a dump", check: "backup-file", fails: []string{"GET /dump.sql"}, severity: lr.Critical, lacks: "anna@", build: func(a *app) {
		a.on("GET /dump.sql", plain("application/sql", "-- PostgreSQL database dump\nINSERT INTO users VALUES (1, 'anna@acme.test');\n"))
	}},
	{name: "an archive by the product's name", check: "backup-file", fails: []string{"GET /notes.zip"}, build: func(a *app) {
		a.on("GET /notes.zip", plain("application/zip", "PK\x03\x04aaaaaaaaaaaaaaaaaaaaa"))
	}},
	{name: "a page called like a dump", check: "backup-file", build: func(a *app) {
		a.on("GET /dump.sql", func(w http.ResponseWriter, r *http.Request) { show(w, 200, "CREATE TABLE users (id int)") })
	}},
	{name: "an environment file", check: "env-file", fails: []string{"GET /.env"}, has: "DB_PASSWORD=[value withheld]", lacks: "hunter2", build: func(a *app) {
		a.on("GET /.env", plain("text/plain", "# settings\nDB_PASSWORD=hunter2-value\nexport API_KEY=\"hunter2\"\nAPP_ENV=production\n"))
	}},
	{name: "an environment file to fill in", check: "env-file", fails: []string{"GET /.env"}, severity: lr.Low, build: func(a *app) {
		a.on("GET /.env", plain("text/plain", "DB_PASSWORD=\nAPI_KEY=<your key>\n"))
	}},
	{name: "a page for everything", check: "env-file", build: catchAll},
	{name: "a page for everything", check: "git-folder", build: catchAll},
	{name: "a page for everything", check: "backup-file", build: catchAll},
	{name: "a page for everything", check: "debug-endpoint", build: catchAll},
	{name: "settings for everything", check: "env-file", build: func(a *app) {
		a.nowhere = plain("text/plain", "A_B=1\nC_D=2\n")
	}},
	{name: "git", check: "git-folder", fails: []string{"GET /.git/HEAD", "GET /.git/config"}, lacks: "ghp_", build: func(a *app) {
		a.on("GET /.git/HEAD", plain("text/plain", "ref: refs/heads/main\n"))
		a.on("GET /.git/config", plain("text/plain", "[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = https://ghp_token@github.com/a/b\n"))
	}},
	{name: "a word that is no reference", check: "git-folder", build: func(a *app) {
		a.on("GET /.git/HEAD", plain("text/plain", "ok\n"))
	}},
	{name: "a listing", check: "directory-listing", fails: []string{"GET /static/"}, build: func(a *app) {
		a.on("GET /static/{$}", plain("text/html", "<pre>\n<a href=\"app.css\">app.css</a>\n<a href=\"secret.zip\">secret.zip</a>\n</pre>\n"))
	}},
	{name: "a bucket", check: "directory-listing", fails: []string{"GET /uploads/"}, build: func(a *app) {
		a.on("GET /uploads/{$}", plain("application/xml", `<?xml version="1.0"?><ListBucketResult xmlns="x"><Name>a</Name></ListBucketResult>`))
	}},
}

// fixed writes a status of its own.
type fixed struct {
	http.ResponseWriter
	status int
}

func (f fixed) Write(b []byte) (int, error) {
	f.WriteHeader(f.status)
	return f.ResponseWriter.Write(b)
}

func catchAll(a *app) {
	a.nowhere = func(w http.ResponseWriter, _ *http.Request) { show(w, 200, "<div id=app></div>") }
}

// chatting adds a chat that refuses an unknown model with the words.
func chatting(a *app, words string) {
	a.on(`POST /chat {"model":"small","messages":[{"role":"user","content":"hello"}]}`, private(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if strings.Contains(string(b), `"model":"lr-`) {
			answer(w, 400, map[string]any{"error": map[string]any{"message": words, "type": "invalid_request_error", "code": "model_not_found"}})
			return
		}
		refuse(w, 400, "the body is not what it should be")
	}))
}

func TestChecks(t *testing.T) {
	for _, c := range cases {
		t.Run(c.check+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			c.build(a)
			v := tally(put(t, "hygiene/"+c.check, trial(t, a)))
			shown := v.shown()
			if !slices.Equal(v.failed, c.fails) || !slices.Equal(v.suspected, c.suspects) {
				t.Errorf("failed %v, suspected %v; want %v and %v\n%.3000s", v.failed, v.suspected, c.fails, c.suspects, shown)
			}
			if (v.open > 0) != c.open {
				t.Errorf("%d open, want that to be %v\n%.2000s", v.open, c.open, shown)
			}
			for _, o := range v.outcomes {
				if o.Verdict != lr.Failed {
					continue
				}
				if len(o.Evidence.Exchanges) == 0 {
					t.Errorf("%s: a finding without an exchange", o.Subject)
				}
				if c.severity != 0 && o.Severity != c.severity {
					t.Errorf("%s: severity %s, want %s", o.Subject, o.Severity, c.severity)
				}
			}
			if !strings.Contains(shown, c.has) {
				t.Errorf("nothing says %q:\n%.2000s", c.has, shown)
			}
			if c.lacks != "" && strings.Contains(shown, c.lacks) {
				t.Errorf("the outcome repeats %q:\n%.2000s", c.lacks, shown)
			}
		})
	}
}

// TestEveryCheckIsTriedBothWays holds the table against the row.
func TestEveryCheckIsTriedBothWays(t *testing.T) {
	bad := map[string]bool{}
	for _, c := range cases {
		bad["hygiene/"+c.check] = bad["hygiene/"+c.check] || len(c.fails) > 0
	}
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if !bad[c.ID] {
			t.Errorf("%s: no case in which it fails", c.ID)
		}
	}
}
