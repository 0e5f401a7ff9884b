package surface

import (
	"slices"

	lr "github.com/launchready/launchready"
)

var wellKnown = [...]string{
	"/debug", "/_debug", "/debug/users", "/debug/vars", "/debug/pprof/", "/debug/requests", "/debug/config", "/debug/env", "/__debug__/", "/_debugbar/open",
	"/dev", "/dev/users", "/dev/outbox", "/dev/debug", "/test", "/test/users", "/internal", "/internal/users", "/internal/config", "/internal/metrics", "/internal/tenants",
	"/admin", "/admin/users", "/admin/tenants", "/admin/config", "/admin/settings", "/admin/debug", "/administrator", "/_admin", "/manage", "/console", "/dashboard",
	"/users/debug", "/users/_debug", "/users/all", "/tenants", "/users", "/accounts", "/organizations",
	"/metrics", "/prometheus", "/stats", "/status", "/server-status", "/server-info", "/info", "/env", "/config", "/config.json", "/version", "/trace", "/dump",
	"/actuator", "/actuator/env", "/actuator/health", "/actuator/heapdump", "/actuator/mappings", "/actuator/beans", "/actuator/configprops", "/actuator/loggers",
	"/actuator/httptrace", "/actuator/threaddump", "/jolokia", "/q/health", "/q/metrics",
	"/health", "/healthz", "/healthcheck", "/livez", "/readyz", "/ping",
	"/swagger", "/swagger.json", "/swagger.yaml", "/swagger/index.html", "/swagger/v1/swagger.json", "/swagger-ui", "/swagger-ui.html", "/swagger-resources",
	"/openapi.json", "/openapi.yaml", "/openapi", "/api-docs", "/v2/api-docs", "/v3/api-docs", "/docs", "/redoc", "/schema", "/api/schema/",
	"/graphql", "/graphiql", "/playground", "/altair", "/voyager",
	"/.well-known/openid-configuration", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/.well-known/security.txt", "/.well-known/ai-plugin.json",
	"/.well-known/agent.json", "/.well-known/mcp", "/mcp", "/sse",
	"/export", "/backup", "/download", "/logs", "/log", "/audit-log", "/events", "/jobs", "/queue", "/queues", "/flower", "/rq", "/sidekiq", "/horizon", "/telescope",
	"/rails/info/routes", "/routes", "/_routes", "/phpinfo.php", "/elmah.axd", "/trace.axd", "/h2-console", "/adminer.php", "/createdb", "/reset", "/seed",
	"/.env", "/.git/config", "/.git/HEAD", "/.DS_Store", "/package.json", "/composer.json", "/docker-compose.yml", "/web.config", "/backup.sql", "/dump.sql", "/db.sqlite3",
}

// WellKnown lists the paths that applications answer without saying so:
// debugging, administration, metrics, documentation, left-over files.
func WellKnown() []string { return slices.Clone(wellKnown[:]) }

// Guess gives the undeclared routes worth asking for: the well-known paths
// under each prefix of the known routes, and debugging views of their
// collections. All of them are reads.
func Guess(known []*lr.Route) []*lr.Route {
	have := indexOf(known)
	var out []*lr.Route
	add := func(path, source string) {
		rt := &lr.Route{Method: "GET", Path: path, Source: source}
		if have.add(rt) {
			out = append(out, rt)
		}
	}
	prefixes := Prefixes(known)
	if len(prefixes) > 6 {
		prefixes = prefixes[:6]
	}
	for _, prefix := range prefixes {
		for _, p := range wellKnown {
			if prefix == "" || !rootOnly(p) {
				add(prefix+p, "well-known path")
			}
		}
	}
	views := 0
	for _, rt := range known {
		if rt == nil || rt.Kind != lr.List || len(rt.PathParams()) > 0 {
			continue
		}
		if views++; views > 40 {
			break
		}
		for _, v := range []string{"/_debug", "/debug", "/all", "/export"} {
			add(trimSlash(rt.Path)+v, "view of "+rt.Path)
		}
	}
	return out
}

// rootOnly reports paths that are files of the web root, never below an API's prefix.
func rootOnly(p string) bool {
	return len(p) > 1 && p[1] == '.' || slices.ContainsFunc([]string{".php", ".axd", ".sql", ".sqlite3", ".yml", ".config", "package.json", "composer.json", "/server-status", "/server-info", "/rails", "/h2-console"}, func(s string) bool {
		return len(p) >= len(s) && (p[len(p)-len(s):] == s || p[:len(s)] == s)
	})
}

func trimSlash(p string) string {
	for len(p) > 0 && p[len(p)-1] == '/' {
		p = p[:len(p)-1]
	}
	return p
}
