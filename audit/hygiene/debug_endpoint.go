package hygiene

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func debugEndpoint() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/debug-endpoint",
		Title: "No debugging or administration endpoint of a framework is open",
		Why: "Profilers, heap dumps, environment views and request logs show memory, settings and what other customers send. " +
			"They come with the framework and are forgotten; some cost so much to answer that asking for them stops the service.",
		Fix: "Mount them on a port of their own that only operators reach (`net/http/pprof` on a second mux, `management.server.port` in Spring), " +
			"or leave them out of the build that ships. Do not import a debugging package beside the default mux.",
		Guard:    "block_paths",
		Severity: lr.High,
		Refs:     []lr.Ref{misconfiguration, inventory, {Source: "CWE", ID: "489"}, asvsDebug, asvsMonitoring},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			declared := map[string]bool{}
			for _, rt := range t.Target.Routes {
				if rt.Declared {
					declared[rt.Path] = true
				}
			}
			return look(ctx, t, debugPaths, func(at string, x *lr.Exchange) proof {
				if p := debugProof(x); p.what != "" {
					return p
				}
				return internalDescription(x, declared)
			})
		},
	}
}

// debugPaths are asked for their index: no profile is taken.
var debugPaths = []string{
	"/debug/pprof/", "/debug/vars", "/debug/requests", "/pprof/", "/api/debug/pprof/",
	"/actuator", "/actuator/env", "/actuator/heapdump", "/actuator/mappings", "/actuator/configprops", "/actuator/beans", "/actuator/threaddump",
	"/actuator/httptrace", "/actuator/httpexchanges", "/actuator/loggers", "/manage/env", "/env", "/debug/env", "/jolokia/list",
	"/phpinfo.php", "/info.php", "/trace.axd", "/elmah.axd", "/__debug__/", "/_debugbar/open", "/_profiler/", "/telescope", "/horizon",
	"/rails/info/routes", "/rails/info/properties", "/sidekiq", "/flower", "/h2-console/", "/adminer.php", "/server-status", "/server-info",
	"/v2/api-docs", "/v3/api-docs", "/swagger.json", "/swagger/v1/swagger.json", "/internal/openapi.json",
}

type debugSign struct {
	sign
	severity lr.Severity
	secret   bool // the reply may hold what is secret
}

var debugEndpoints = []debugSign{
	{newSign("the profiler of Go", `profiles`, `Types of profiles available:|<title>/debug/pprof/</title>`), lr.High, false},
	{newSign("the variables of Go", `"memstats"`, `(?s)"cmdline":\s?\[.*"memstats":|"memstats":\s?\{"Alloc"`), lr.High, true},
	{newSign("the request log of Go", `debug/requests`, `<title>/debug/requests</title>|<h1>/debug/requests</h1>`), lr.High, true},
	{newSign("the environment of Spring", `"propertysources"`, `"propertySources":\s?\[`), lr.High, true},
	{newSign("the routes of Spring", `dispatcherservlet`, `"dispatcherServlets?":\s?\{`), lr.Medium, false},
	{newSign("the beans or properties of Spring", `"contexts"`, `"contexts":\s?\{[^}]*"beans":\s?\{`), lr.High, true},
	{newSign("the threads of Spring", `"threads"`, `"threads":\s?\[\{"threadName":`), lr.Medium, false},
	{newSign("the requests that Spring keeps", `"traces"|"exchanges"`, `"(?:traces|exchanges)":\s?\[\{"timestamp":`), lr.High, true},
	{newSign("the loggers of Spring", `"levels"`, `"levels":\s?\["OFF"`), lr.Medium, false},
	{newSign("the management links of Spring", `"_links"`, `(?s)"_links":\s?\{.*/(?:env|heapdump|beans|configprops|threaddump|mappings|loggers|shutdown)"`), lr.Medium, false},
	{newSign("the management beans of Java", `"agent"`, `"request":\s?\{"type":\s?"list"\}`), lr.High, true},
	{newSign("phpinfo", `phpinfo`, `<title>(?:PHP [\d.]+ - )?phpinfo\(\)</title>`), lr.High, true},
	{newSign("the trace of ASP.NET", `application trace`, `(?s)<h1>Application Trace</h1>|Application Trace.*Physical Directory`), lr.High, true},
	{newSign("the error log of ASP.NET (ELMAH)", `elmah|error log for`, `Powered by (?:<a [^>]+>)?ELMAH|<title>Error log for `), lr.High, true},
	{newSign("the debug toolbar of Django", `djdebug|djdt`, `id="djDebug"|class="djdt-`), lr.Medium, false},
	{newSign("the request log of Laravel's debug bar", `"utime"`, `\{"id":"[^"]+","datetime":"[^"]+","utime":`), lr.High, true},
	{newSign("the profiler of Symfony", `symfony profiler`, `<title>Symfony Profiler|<h1>Symfony Profiler`), lr.High, true},
	{newSign("the dashboard of Laravel", `telescope|horizon`, `<title>(?:Laravel )?(?:Telescope|Horizon)(?: - [^<]*)?</title>`), lr.High, true},
	{newSign("the information pages of Rails", `rails`, `<h2[^>]*>\s*Routes\s*</h2>|Routes match in priority from top to bottom|<td class="name">Rails version</td>`), lr.Medium, false},
	{newSign("the job queue's dashboard", `sidekiq|flower`, `<title>(?:\[[A-Z]+\] )?Sidekiq</title>|<title>Flower</title>`), lr.High, true},
	{newSign("the console of the H2 database", `h2 console`, `<title>H2 Console</title>`), lr.High, false},
	{newSign("a database client", `adminer`, `<title>(?:[^<]+ - )?Adminer</title>`), lr.High, false},
	{newSign("the status of Apache", `apache`, `<title>Apache Status</title>|Apache Server (?:Status|Information) for|<title>Server Information</title>`), lr.Medium, true},
}

var environment = expr.Lazy(`(?m)^\s{0,8}"?(?:PATH|HOME|HOSTNAME|PWD|USER|SHELL|LANG)"?\s?[=:]\s?`)

func debugProof(x *lr.Exchange) proof {
	head := x.Body[:min(len(x.Body), most)]
	if bytes.HasPrefix(head, []byte("JAVA PROFILE 1.0")) {
		return proof{what: "a dump of the server's memory", severity: lr.Critical, secret: "JAVA PROFILE 1.0 [withheld]"}
	}
	in := newText(string(head))
	for i := range debugEndpoints {
		s := &debugEndpoints[i]
		hit := s.find(in)
		if hit == "" {
			continue
		}
		p := proof{what: s.name, witness: hit, severity: s.severity}
		if s.secret {
			p.secret = hit + " … [the rest is withheld]"
		}
		return p
	}
	if !isHTML(head) && len(environment().FindAllIndex(head, 8)) >= 3 {
		return proof{what: "the environment of the process", severity: lr.Critical, secret: "[withheld: the environment of the process]"}
	}
	return proof{}
}

// internalDescription suspects a description of an API that is open to anyone
// and tells of internal routes which the given specification leaves out.
func internalDescription(x *lr.Exchange, declared map[string]bool) proof {
	var doc struct {
		OpenAPI string                     `json:"openapi"`
		Swagger string                     `json:"swagger"`
		Paths   map[string]json.RawMessage `json:"paths"`
	}
	if json.Unmarshal(x.Body, &doc) != nil || doc.OpenAPI == "" && doc.Swagger == "" {
		return proof{}
	}
	for p := range doc.Paths {
		low := strings.ToLower(p)
		if !declared[p] && (strings.Contains(low, "/internal") || strings.Contains(low, "/debug") || strings.Contains(low, "/private")) {
			return proof{what: "a description of internal routes", witness: p, severity: lr.Low, suspect: true}
		}
	}
	return proof{}
}
