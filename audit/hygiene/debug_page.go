package hygiene

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

func debugPage(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/debug-page",
		Title: "No framework shows its page for developers",
		Why: "The error pages of development modes show source code, settings, environment and the values of variables, secrets among them. " +
			"Some have a console: whoever reaches it runs code on the server.",
		Fix: "Start production with the development mode off (`FLASK_DEBUG=0`, `DEBUG = False`, `APP_DEBUG=false`, `NODE_ENV=production`, `ASPNETCORE_ENVIRONMENT=Production`) " +
			"and let the deployment refuse to start otherwise. Serve the built front end, not its development server.",
		Guard:    "scrub_errors",
		Severity: lr.High,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "489"}, asvsDebug},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			if err := developerPages(ctx, t); err != nil {
				return err
			}
			return c.judge(ctx, t, func(r *reply) lr.Severity { return consoleSeverity(r.name) }, "an error is shown on")
		},
	}
}

// developerPages asks for what development servers serve by themselves.
func developerPages(ctx context.Context, t *lr.Trial) error {
	return look(ctx, t, []string{"/", "/console", "/@vite/client", "/__nextjs_original-stack-frame", "/__web_console"}, func(path string, x *lr.Exchange) proof {
		raw, _ := texts(x)
		name, hit := "", ""
		if isHTML(x.Body) {
			name, hit = match(debugSigns, newText(raw))
		}
		if name == "" && path == "/@vite/client" && strings.Contains(raw, "ErrorOverlay") {
			name, hit = "the development server of Vite", "ErrorOverlay"
		}
		return proof{what: name, witness: hit, severity: consoleSeverity(name)}
	})
}

func consoleSeverity(name string) lr.Severity {
	if strings.Contains(name, "console") {
		return lr.Critical
	}
	return lr.High
}

var debugSigns = []sign{
	newSign("the Werkzeug debugger with a live console", `evalex|interactive console`, `EVALEX\s?=\s?true|<h1>Interactive Console</h1>`),
	newSign("the Rails web console", `web_console|web-console`, `data-mount-point=["'][^"']*__web_console|__web_console/repl_sessions`),
	newSign("the Werkzeug debugger", `werkzeug`, `// Werkzeug Debugger</title>|<div class="debugger">`),
	newSign("the debug page of Django", `debug = true|urlconf`, `because you have <code>DEBUG = True</code>|Using the URLconf defined in <code>`),
	newSign("the debug page of Laravel", `ignition|whoops`, `(?:facade|spatie)/(?:laravel-)?ignition|window\.(?:ignite|tippy)\(|class="Whoops container"|Whoops! There was an error\.`),
	newSign("the debug page of Symfony", `symfony|x-debug-exception|exception-message-wrapper`, `(?m)^X-Debug-Exception(?:-File)?: |<div class="exception-message-wrapper">|Symfony Exception</h1>`),
	newSign("the debug page of Rails", `exception caught|rails.root`, `<title>Action Controller: Exception caught</title>|<code>Rails\.root: |Rails\.root: /`),
	newSign("the development server of Next.js", `nextjs|"err":|react-refresh`, `data-nextjs-(?:dialog|toast|error-overlay)|__nextjs_original-stack-frame["'?]|_next/static/chunks/react-refresh\.js|"err":\{"name":"[^"]*","source":"(?:server|edge-server)"`),
	newSign("the development server of Vite", `vite`, `<vite-error-overlay|<script type="module" src="[^"]*/@vite/client"|customElements\.define\(overlayId, ErrorOverlay\)`),
	newSign("the error page of ASP.NET", `server error in|unhandled exception occurred`, `(?s)<title>[^<]+</title>.*Server Error in '[^']*' Application.*Stack Trace:|<h1>An unhandled exception occurred while processing the request`),
	newSign("the Spring error page with its trace", `whitelabel`, `(?s)Whitelabel Error Page.*\.java:\d`),
	newSign("the error page of Express", `<pre>`, `<pre>\w*Error: [^<]*<br>(?:\s|&nbsp;)*at `),
	newSign("the debug page of Starlette or FastAPI", `starlette debugger|500 server error`, `<title>Starlette Debugger</title>|(?s)<h1>500 Server Error</h1>.*Traceback`),
	newSign("the debug page of Phoenix", `plug.debugger|phoenix`, `(?s)<title>[A-Z][\w.]+ at (?:GET|POST|PUT|PATCH|DELETE) /[^<]*</title>|Plug\.Debugger|__debugger__/reset_consoles`),
	newSign("the error page of Beego", `beego application error`, `<title>beego application error</title>`),
	newSign("the error page of Quarkus", `quarkus`, `(?s)<title>Internal Server Error - Error id [^<]*</title>.*stacktrace`),
	newSign("the error page of Play", `play framework|id="play-error-page"`, `id="play-error-page"|(?s)<title>(?:Compilation|Execution|Runtime) error</title>.*(?:Play|play)`),
	newSign("the error page of Tomcat with its trace", `exception report|root cause`, `(?s)Exception Report.*\.java:\d`),
}
