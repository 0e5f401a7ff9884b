package hygiene

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// every lists all signs of the row.
func every() []sign {
	out := slices.Concat(traceSigns, exceptionSigns, debugSigns, databaseSigns, pathSigns, providerSigns, validationSigns, listingSigns)
	for _, s := range debugEndpoints {
		out = append(out, s.sign)
	}
	return out
}

// examples are texts as the frameworks write them, by the name of the sign.
var examples = map[string][]string{
	"a Go stack trace": {
		"goroutine 42 [running]:\nruntime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:24 +0x5e\nmain.handler({0x7f, 0xc0})\n\t/app/main.go:31 +0x1d",
		"no such user\ngithub.com/acme/api/store.(*Users).Get\n\t/src/store/users.go:88\nnet/http.HandlerFunc.ServeHTTP",
	},
	"a Python traceback": {
		"Traceback (most recent call last):\n  File \"/app/main.py\", line 12, in read\n    return int(x)\nValueError: invalid literal",
		`  File "C:\app\views.py", line 7, in index`,
	},
	"a JavaScript stack trace": {
		"TypeError: Cannot read properties of undefined (reading 'id')\n    at getChat (/app/src/chats.js:41:19)\n    at async Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)",
		"Error: x<br> &nbsp; &nbsp;at /srv/api/index.js:10:9",
		"at Object.<anonymous> (file:///app/dist/server.mjs:4:11)",
		"Error\n    at new Promise (<anonymous>)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
	},
	"a Java stack trace": {
		"java.lang.IllegalStateException: no\n\tat com.acme.api.ChatService.find(ChatService.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:840)",
		"at org.acme.Main$Companion.run(Main.kt:17)",
	},
	"a .NET stack trace": {
		`   at Acme.Api.ChatController.Get(String id) in /src/Controllers/ChatController.cs:line 42`,
		"at System.Text.Json.JsonSerializer.Deserialize[TValue](String json)",
		"--- End of stack trace from previous location ---",
	},
	"a PHP stack trace":   {"#0 /var/www/html/app/Http/Kernel.php(142): Illuminate\\Pipeline\\Pipeline->then(Object(Closure))", `{"message":"x","exception":"Error","file":"/var/www/app/A.php","line":12,"trace":[]}`},
	"a PHP error message": {"<b>Warning</b>:  mysqli_connect(): (HY000/1045) in <b>/var/www/html/db.php</b> on line <b>4</b>", "Fatal error: Uncaught Error in /srv/x.php on line 3"},
	"a Ruby stack trace":  {"app/controllers/chats_controller.rb:14:in `show'", "/usr/lib/ruby/gems/3.3.0/gems/rack/lib/rack.rb:12:in 'Rack::Builder#call'"},
	"a Rust backtrace":    {"thread 'tokio-runtime-worker' panicked at src/main.rs:12:5:", "stack backtrace:\n   0: std::panicking::begin_panic", "at src/handlers/chat.rs:41:9"},
	"an Elixir stack trace": {
		"** (KeyError) key :id not found\n    (harbor 0.1.0) lib/harbor_web/controllers/chat.ex:12: HarborWeb.Chat.show/2",
		"(phoenix 1.7.10) lib/phoenix/router.ex:432: Phoenix.Router.__call__/5",
	},

	"a Go panic":             {"runtime error: invalid memory address or nil pointer dereference", "runtime error: index out of range [1] with length 1", "interface conversion: interface {} is nil, not string"},
	"a Python exception":     {"'NoneType' object has no attribute 'id'", "KeyError: 'title'", "ValueError: invalid literal for int() with base 10", "unsupported operand type(s) for +: 'int' and 'str'"},
	"a JavaScript exception": {"Cannot read properties of undefined (reading 'id')", "Cannot read property 'id' of null", "req.body.items.map is not a function", "ReferenceError: user is not defined"},
	"a Java exception":       {"java.lang.NullPointerException", "org.acme.billing.PlanMissingException: no plan", `Cannot invoke "String.length()" because "name" is null`},
	"a .NET exception":       {"System.FormatException: Input string was not in a correct format.", "Object reference not set to an instance of an object."},
	"a PHP exception":        {"Undefined array key \"title\"", `Illuminate\Database\Eloquent\ModelNotFoundException`, "strlen(): Argument #1 ($string) must be of type string, array given"},
	"a Ruby exception":       {"undefined method `id' for nil:NilClass", "undefined method 'id' for nil", "NoMethodError", "uninitialized constant Chats::Reader"},
	"a Rust panic":           {"called `Option::unwrap()` on a `None` value", "called `Result::unwrap()` on an `Err` value: ParseIntError"},
	"an Elixir exception":    {"no function clause matching in Harbor.Chats.get/1", "** (MatchError) no match of right hand side value: nil"},

	"the Werkzeug debugger with a live console": {"<script>\n var CONSOLE_MODE = false,\n EVALEX = true,\n EVALEX_TRUSTED = false", "<h1>Interactive Console</h1>"},
	"the Rails web console":                     {`<div id="console" data-mount-point='/__web_console' data-session-id='1'>`},
	"the Werkzeug debugger":                     {"<title>ZeroDivisionError: division by zero\n // Werkzeug Debugger</title>"},
	"the debug page of Django":                  {"<p>You're seeing this error because you have <code>DEBUG = True</code> in your Django settings file.", "Using the URLconf defined in <code>acme.urls</code>"},
	"the debug page of Laravel":                 {`<script src="/_ignition/scripts/x">window.ignite({})</script>`, `<div class="Whoops container">`},
	"the debug page of Symfony":                 {"X-Debug-Exception: Oops\n", `<div class="exception-message-wrapper">`},
	"the debug page of Rails":                   {"<title>Action Controller: Exception caught</title>", "<code>Rails.root: /srv/app</code>"},
	"the development server of Next.js":         {`<nextjs-portal data-nextjs-dialog>`, `"err":{"name":"Error","source":"server","message":"x"`, "/_next/static/chunks/react-refresh.js"},
	"the development server of Vite":            {`<script type="module" src="/@vite/client"></script>`, "<vite-error-overlay>"},
	"the error page of ASP.NET":                 {"<title>Runtime error</title> <h1>Server Error in '/' Application.</h1> <b>Source Error:</b> x <b>Stack Trace:</b>", "<h1>An unhandled exception occurred while processing the request.</h1>"},
	"the Spring error page with its trace":      {"<h1>Whitelabel Error Page</h1><div>java.lang.X\n\tat a.B.c(B.java:1)</div>"},
	"the error page of Express":                 {"<pre>TypeError: Cannot read properties of undefined<br> &nbsp; &nbsp;at /app/index.js:5:7</pre>"},
	"the debug page of Starlette or FastAPI":    {"<title>Starlette Debugger</title>"},
	"the debug page of Phoenix":                 {"<title>Ecto.NoResultsError at GET /chats/1</title><meta name=\"phoenix\">", "Plug.Debugger"},
	"the error page of Beego":                   {"<title>beego application error</title>"},
	"the error page of Quarkus":                 {"<title>Internal Server Error - Error id 1-2, java.lang.X</title> Quarkus <div id=\"stacktrace\">"},
	"the error page of Play":                    {`<body id="play-error-page">`},
	"the error page of Tomcat with its trace":   {"<p><b>Type</b> Exception Report</p><pre>a.B.c(B.java:12)</pre>"},

	"Postgres":                           {`ERROR: duplicate key value violates unique constraint "users_email_key" (SQLSTATE 23505)`, `invalid input syntax for type uuid: "x"`, `relation "chats" does not exist`, `pq: syntax error at or near "x"`},
	"MySQL or MariaDB":                   {"You have an error in your SQL syntax; check the manual", "Error 1062 (23000): Duplicate entry 'a' for key 'users.email'", "ER_BAD_FIELD_ERROR"},
	"SQLite":                             {"UNIQUE constraint failed: users.email", "SQL logic error: malformed JSON (1)", "no such column: titel", `near "x": syntax error`},
	"SQL Server or Oracle":               {"ORA-00933: SQL command not properly ended", "Unclosed quotation mark after the character string ''.", "Conversion failed when converting the varchar value"},
	"MongoDB":                            {"E11000 duplicate key error collection: acme.users", "Cast to ObjectId failed for value \"x\" (type string) at path \"_id\"", "BSONError: input must be"},
	"Prisma":                             {"Invalid `prisma.user.create()` invocation", "PrismaClientKnownRequestError"},
	"an object mapper":                   {"(Background on this error at: https://sqlalche.me/e/20/gkpj)", "QueryFailedError: x", "org.hibernate.exception.ConstraintViolationException", "ActiveRecord::RecordNotFound", "SequelizeDatabaseError"},
	"Go's database driver":               {"sql: no rows in result set", "sql: Scan error on column index 2"},
	"a query":                            {"SELECT id, title FROM chats WHERE id = 'x'", "INSERT INTO users (id) VALUES", "insert into \"users\" (\"id\") values ($1) - x", "UPDATE chats SET title = $1"},
	"a search engine or key-value store": {`{"type":"search_phase_execution_exception"}`, "WRONGTYPE Operation against a key holding the wrong kind of value"},
	"the address of a backend":           {"dial tcp 10.0.3.7:5432: connect: connection refused", "connect ECONNREFUSED 127.0.0.1:6379", "getaddrinfo ENOTFOUND db.internal"},

	"a file that the operating system did not find": {"open /var/lib/harbor/files/x: no such file or directory", "ENOENT: no such file or directory, open '/app/data/x.json'", "[Errno 2] No such file or directory: '/data/x'"},
	"the place of an installed package":             {"at /app/node_modules/express/lib/router.js", "/usr/lib/python3.12/site-packages/fastapi/routing.py", "/root/go/pkg/mod/github.com/x/y@v1/z.go"},
	"a folder of the system":                        {"cannot write to /var/www/html/uploads", "in /srv/harbor/current", "file:///opt/acme/bin"},
	"a file on the server":                          {"in /app/src/chats.py", "/home/deploy/api/server.js:12", "/workspace/main.go"},
	"a path on Windows":                             {`C:\inetpub\wwwroot\app\web.config`, `Could not find file 'D:\home\site\wwwroot\x.json'`},

	"a part of the key of the model provider": {"Incorrect API key provided: sk-pro***abcd. You can find your API key at", `Invalid API key: "sk-123`},
	"an error of OpenAI":                      {"The model `gpt-9` does not exist or you do not have access to it.", "You exceeded your current quota, please check your plan and billing details.", "This model's maximum context length is 8192 tokens", "Rate limit reached for gpt-4o in organization org-AbCdEfGhIjKlMnOp1234 on tokens per min"},
	"an error of Anthropic":                   {"Your credit balance is too low to access the Anthropic API.", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "prompt is too long: 210000 tokens > 200000 maximum"},
	"an error of Azure OpenAI":                {"https://acme-prod.openai.azure.com/openai/deployments/chat", "DeploymentNotFound", "The API deployment for this resource does not exist."},
	"an error of Amazon Bedrock":              {"An error occurred (ValidationException) when calling the InvokeModel operation", "User: arn:aws:sts::1:x is not authorized to perform: bedrock:InvokeModel"},
	"an error of Google Gemini":               {"API key not valid. Please pass a valid API key.", "models/gemini-9 is not found for API version v1beta", "[GoogleGenerativeAI Error]: Error fetching"},
	"an error of another model provider":      {"https://api.mistral.ai/v1/chat/completions", `model "llama9" not found, try pulling it first`},
	"an error of a model gateway or library":  {"litellm.BadRequestError: OpenAIException - x", "LLM Provider NOT provided."},

	"the text of Go's JSON decoder, with the type":    {"json: cannot unmarshal number into Go struct field newChat.title of type string", "json: cannot unmarshal array into Go value of type main.chat"},
	"the text of a Go conversion":                     {`strconv.Atoi: parsing "x": invalid syntax`, `parsing time "x" as "2006-01-02": cannot parse`},
	"the text of Go's validator, with the struct":     {"Key: 'NewChat.Title' Error:Field validation for 'Title' failed on the 'required' tag"},
	"the text of Pydantic, with the model":            {"2 validation errors for NewChat\ntitle\n  field required", `"url":"https://errors.pydantic.dev/2.6/v/missing"`},
	"the text of Jackson, with the class":             {"JSON parse error: Cannot deserialize value of type `java.lang.Integer` from String \"x\""},
	"the text of Spring's binding, with the object":   {"Failed to convert value of type 'java.lang.String' to required type 'java.util.UUID'", "Validation failed for object='newChat'. Error count: 1"},
	"the text of System.Text.Json, with the type":     {"The JSON value could not be converted to System.Int32. Path: $.seats | LineNumber: 0 | BytePositionInLine: 12."},
	"the text of serde, with the struct":              {"invalid type: sequence, expected struct NewChat at line 1 column 0"},
	"the text of class-validator, with the class":     {"An instance of NewChatDto has failed the validation:", `[{"target":{"title":1},"value":1,"property":"title"}]`},
	"the text of Mongoose, with the model":            {"Chat validation failed: title: Path `title` is required."},
	"the text of ActiveModel, with the class":         {"param is missing or the value is empty: chat", "unknown attribute 'titel' for Chat."},
	"the text of Django's serializer, with the class": {"ChatSerializer() got an unexpected", "acme.models.Chat"},

	"nginx, Apache or lighttpd": {"<html>\n<head><title>Index of /uploads/</title></head>\n<body><h1>Index of /uploads/</h1><hr><pre><a href=\"../\">../</a>"},
	"Go's file server":          {"<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n<a href=\"app.css\">app.css</a>\n<a href=\"app.js\">app.js</a>\n</pre>\n", "<pre>\n<a href=\"a/\">a/</a>\n</pre>"},
	"Python's server":           {"<title>Directory listing for /</title>"},
	"Caddy":                     {`<span class="meta-item"><b>2</b> directories</span>`},
	"IIS":                       {`<pre><A HREF="/">[To Parent Directory]</A><br>`},
	"a server of Node":          {"<title>listing directory /</title>"},
	"Tomcat or Jetty":           {"<title>Directory Listing For [/]</title>", "<title>Directory: /static/</title>"},
	"a bucket":                  {`<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`},

	"the profiler of Go":                     {"<title>/debug/pprof/</title>\nTypes of profiles available:"},
	"the variables of Go":                    {`{"cmdline": ["/app"], "memstats": {"Alloc":1}}`},
	"the request log of Go":                  {"<title>/debug/requests</title>"},
	"the environment of Spring":              {`{"activeProfiles":[],"propertySources":[{"name":"x"}]}`},
	"the routes of Spring":                   {`{"contexts":{"application":{"mappings":{"dispatcherServlets":{"x":[]}}}}}`},
	"the beans or properties of Spring":      {`{"contexts":{"application":{"beans":{}}}}`},
	"the threads of Spring":                  {`{"threads":[{"threadName":"main"}]}`},
	"the requests that Spring keeps":         {`{"exchanges":[{"timestamp":"2026-01-01"}]}`},
	"the loggers of Spring":                  {`{"levels":["OFF","ERROR"]}`},
	"the management links of Spring":         {`{"_links":{"env":{"href":"http://x/actuator/env"}}}`},
	"the management beans of Java":           {`{"request":{"type":"list"},"value":{},"agent":"x"}`},
	"phpinfo":                                {"<title>PHP 8.2.1 - phpinfo()</title>"},
	"the trace of ASP.NET":                   {"<h1>Application Trace</h1>"},
	"the error log of ASP.NET (ELMAH)":       {"<title>Error log for ROOT on WEB01 (Page #1)</title>"},
	"the debug toolbar of Django":            {`<div id="djDebug">`},
	"the request log of Laravel's debug bar": {`[{"id":"X","datetime":"2026-01-01 00:00:00","utime":1.2,"method":"GET"}]`},
	"the profiler of Symfony":                {"<title>Symfony Profiler</title>"},
	"the dashboard of Laravel":               {"<title>Telescope</title>", "<title>Horizon - Acme</title>"},
	"the information pages of Rails":         {"<h2>Routes</h2> Routes match in priority from top to bottom. rails", `<td class="name">Rails version</td>`},
	"the job queue's dashboard":              {"<title>Sidekiq</title>", "<title>Flower</title>"},
	"the console of the H2 database":         {"<title>H2 Console</title>"},
	"a database client":                      {"<title>Login - Adminer</title>"},
	"the status of Apache":                   {"<title>Apache Status</title>", "Apache Server Status for localhost"},
}

// innocent are texts that applications rightly answer with.
var innocent = []string{
	"", "404 page not found\n", "Not Found", "Cannot GET /v1/nothing", "no route matches /home/team/inbox",
	`{"type":"https://docs.acme.test/errors/not-found","title":"Not Found","status":404,"detail":"no such chat","instance":"/app/chats/7"}`,
	`{"error":"invalid_request","error_description":"the redirect address is not registered"}`,
	`{"error":{"message":"The model does not exist.","type":"invalid_request_error","code":"model_not_found","param":null}}`,
	`{"detail":[{"loc":["body","title"],"msg":"field required","type":"value_error.missing"}]}`,
	`{"code":"invalid_type","expected":"string","received":"number","path":["title"],"message":"Expected string, received number"}`,
	`{"message":["title must be a string","title should not be empty"],"error":"Bad Request","statusCode":400}`,
	"the desk is open at 5 o'clock; meet us at 10:30:15 at the harbour", "look at https://acme.test/docs/errors#at",
	"Unexpected token } in JSON at position 12", "the body is not JSON",
	"select a plan from the list where you work", "update your profile and set a password", "insert into the form",
	"this address is taken", "the record was not found", "a user with this e-mail exists already",
	"<!doctype html><html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>",
	"<h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p>",
	"<title>Server Error in '/' Application</title><h1>Runtime Error</h1><p>Description: An application error occurred on the server.",
	"Whoops, looks like something went wrong.", "request id req_011CSHoEeqs5C35K2UUqR7Fy", `{"request_id":"req_01hzy3v2k8"}`,
	"your organisation has no plan", "quota exceeded: upgrade your plan", "the prompt is too long", "rate limit reached, try again in 3 s",
	"The API key is not valid", "Invalid API key", "must be one of harbor-small, harbor-large", "must not be a JSON number",
	"limit must be a number from 1 to 200, not \"x\"", "/home/dashboard", "/data/exports/2026", "see /app/settings/billing for more", "/etc is a folder", "a/b and c:d",
	"version 1.2.3 is not supported", "undefined is not a valid status", "nothing is not found here", "time is up: 10:20:30",
	`{"errors":[{"message":"sign in first","path":["me"],"extensions":{"code":"UNAUTHENTICATED"}}]}`,
	"<html><head><title>Index of articles</title></head><body><a href=\"/a\">a</a></body></html>",
	"<pre>some code</pre>", "an object of the class Chat", "the entity was not found", "connection to the assistant was refused",
}

func TestSignsKnowTheirExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range every() {
		seen[s.name] = true
		if len(examples[s.name]) == 0 {
			t.Errorf("%s has no example", s.name)
		}
		for _, e := range examples[s.name] {
			if s.find(newText(e)) == "" && s.find(newText(unescapeSpaces(e))) == "" {
				t.Errorf("%s does not know %q", s.name, e)
			}
		}
		for _, h := range s.hints {
			if h != strings.ToLower(h) || h == "" {
				t.Errorf("%s: the hint %q is never found in lower-case text", s.name, h)
			}
		}
	}
	for name := range examples {
		if !seen[name] {
			t.Errorf("examples of %s, which is no sign", name)
		}
	}
}

func unescapeSpaces(s string) string { return strings.ReplaceAll(s, "&nbsp;", "\u00a0") }

func TestSignsLeaveTheInnocentAlone(t *testing.T) {
	for _, s := range every() {
		for _, text := range innocent {
			if hit := s.find(newText(text)); hit != "" {
				t.Errorf("%s finds %q in %q", s.name, hit, text)
			}
		}
	}
}

// TestFamilies holds to which check a reply belongs, and that what the request
// said is no witness.
func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		name, url, sent, body string
		status                int
		want                  string
	}{
		{"a trace full of paths", "/v1/x", "", `{"detail":"boom\ngoroutine 1 [running]:\nmain.x()\n\t/app/main.go:1 +0x1"}`, 500, "hygiene/stack-trace"},
		{"the same with 200 is a text", "/v1/x", "", `{"body":"goroutine 1 [running]:\n"}`, 200, ""},
		{"a debug page with 200", "/v1/x", "", `<title>Starlette Debugger</title>`, 200, "hygiene/debug-page"},
		{"a text with one in it", "/v1/x", "", `{"text":"<title>Starlette Debugger</title>"}`, 200, ""},
		{"a driver's exception", "/v1/x", "", `org.postgresql.util.PSQLException: ERROR: column "x" does not exist`, 500, "hygiene/database-text"},
		{"an exception alone", "/v1/x", "", `{"message":"java.lang.NullPointerException"}`, 500, "hygiene/stack-trace"},
		{"a path alone", "/v1/x", "", `{"detail":"open /var/lib/x/y: no such file or directory"}`, 404, "hygiene/file-path"},
		{"an error within an error", "/v1/x", "", `{"detail":"{\"error\":{\"message\":\"You exceeded your current quota, please check your plan\"}}"}`, 502, "hygiene/provider-error"},
		{"a path that was asked for", "/var/www/html/x.php", "", `{"detail":"no route for /var/www/html/x.php"}`, 404, ""},
		{"a value that was sent", "/v1/x", `{"q":"SELECT id FROM users WHERE id = 1"}`, `{"detail":"cannot search for SELECT id FROM users WHERE id = 1"}`, 422, ""},
		{"the address of the problem", "/v1/x", "", `{"type":"/var/www/problems/x","title":"Bad","status":400,"instance":"/srv/app/chats/1"}`, 400, ""},
		{"the path that Spring repeats", "/v1/x", "", `{"status":404,"error":"Not Found","path":"/srv/api/chats"}`, 404, ""},
		{"a header", "/v1/x", "", "", 500, "hygiene/debug-page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &lr.Exchange{URL: "http://app.test" + c.url, Sent: []byte(c.sent), Body: []byte(c.body), Status: c.status, Header: http.Header{"Content-Type": {"application/json"}}}
			if c.name == "a header" {
				x.Header.Set("X-Debug-Exception", "Oops")
			}
			r := &reply{x: x}
			r.classify(families())
			if r.check != c.want {
				t.Errorf("belongs to %q by %q, want %q", r.check, r.hit, c.want)
			}
		})
	}
}

func TestStreamedError(t *testing.T) {
	sse := http.Header{"Content-Type": {"text/event-stream"}}
	for body, want := range map[string]bool{"event: error\ndata: {}\n\n": true, "data: {\"error\":{\"message\":\"x\"}}\n\n": true, "data: {\"text\":\"an error\"}\n\n": false} {
		if got := (&reply{x: &lr.Exchange{Status: 200, Header: sse, Body: []byte(body)}}).failed(); got != want {
			t.Errorf("%q: got %v, want %v", body, got, want)
		}
	}
}

// FuzzSigns holds that no text breaks a sign, and that what is found is in the text.
func FuzzSigns(f *testing.F) {
	for _, list := range examples {
		f.Add(list[0])
	}
	for _, text := range innocent {
		f.Add(text)
	}
	all := every()
	f.Fuzz(func(t *testing.T, body string) {
		in := newText(body)
		for i := range all {
			if hit := all[i].find(in); !strings.Contains(body, hit) {
				t.Errorf("%s finds %q, which is not in the text", all[i].name, hit)
			}
		}
		r := &reply{x: &lr.Exchange{URL: "http://app.test/" + body, Status: 500, Body: []byte(body), Sent: []byte(body), Header: http.Header{"Server": {body}}}}
		r.classify(families())
		if r.hit == "" != (r.check == "") {
			t.Errorf("belongs to %q by %q", r.check, r.hit)
		}
		mistyped(r.x)
		shapeOf(r.x)
		versions(r.x)
		for _, p := range []proof{envProof(r.x), folderProof(r.x.Body), backupProof("/x.sql.bak", r.x), mapProof(r.x), metricsProof(r.x), debugProof(r.x)} {
			if (p.severity != 0 || p.witness != "") && p.what == "" {
				t.Errorf("a proof of nothing: %+v", p)
			}
		}
		links(&lr.Exchange{Status: 200, Body: []byte("<html>" + body)})
	})
}

// TestLongBodies walks bodies of a megabyte that look like much and are nothing:
// a form that went back and forth would not come to an end.
func TestLongBodies(t *testing.T) {
	for _, piece := range []string{"a", "at ", `File "`, "\n\tat a.b.c.d.", "select a from ", "/var/www ", "goroutine 1 [", "<pre><a href=\"a\">a", "#1 a.php(1 ", "&amp;", "[", `{"a":`} {
		body := []byte(strings.Repeat(piece, (1<<20)/len(piece)))
		r := &reply{x: &lr.Exchange{URL: "http://app.test/x", Status: 500, Body: body, Header: http.Header{}}}
		r.classify(families())
		if r.check != "" {
			t.Errorf("%q repeated belongs to %s by %q", piece, r.check, r.hit)
		}
	}
}

// TestPublicIsWhatTheOwnerOpened: a template in access.public does not open an
// address that the description names beside it.
func TestPublicIsWhatTheOwnerOpened(t *testing.T) {
	tr := &lr.Trial{Target: &lr.Target{
		Access: lr.Access{Public: []string{"GET /users/{name}", "GET /static/{file}"}},
		Routes: []*lr.Route{
			{Method: "GET", Path: "/users/{name}", Declared: true},
			{Method: "POST", Path: "/static/app.js.map", Declared: true},
			{Method: "GET", Path: "/users/_debug", Declared: true, Beside: []string{"/users/{name}"}},
		},
	}}
	for at, want := range map[string]bool{
		"/users/ann": true, "/users/_debug": false, "/users/_debug?x=1": false, "/static/app.js.map": true, "/": false, "/env": false,
	} {
		if got := public(tr, at); got != want {
			t.Errorf("%s: got %t, want %t", at, got, want)
		}
	}
}
