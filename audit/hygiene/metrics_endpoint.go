package hygiene

import (
	"context"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func metricsEndpoint() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/metrics-endpoint",
		Title: "Metrics are not open to anyone",
		Why: "Counters tell the version of everything that runs, the addresses of what is behind, how many customers there are and how they use the product, " +
			"and labels often hold names of tenants. Whoever reads them also sees when an attack begins to hurt.",
		Fix: "Serve metrics on a port that only the scraper reaches, or ask for its token. Where they are open on purpose, list the address under `access.public`.",

		Guard:    "block_paths",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "497"}, asvsMonitoring},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			paths := []string{"/metrics", "/prometheus", "/metrics/prometheus", "/actuator/prometheus", "/actuator/metrics", "/q/metrics", "/internal/metrics", "/api/metrics", "/-/metrics", "/stats/prometheus", "/nginx_status"}
			for _, rt := range t.Target.Routes {
				if rt.Method == "GET" && len(rt.PathParams()) == 0 && strings.Contains(strings.ToLower(rt.Path), "metric") && !slices.Contains(paths, rt.Path) && len(paths) < 20 {
					paths = append(paths, rt.Path)
				}
			}
			return look(ctx, t, paths, func(_ string, x *lr.Exchange) proof { return metricsProof(x) })
		},
	}
}

var (
	exposition  = expr.Lazy(`(?m)^# (?:TYPE [a-zA-Z_:][\w:.]* (?:counter|gauge|histogram|summary|untyped|unknown|info|stateset)|HELP [a-zA-Z_:][\w:.]* )`)
	meterNames  = expr.Lazy(`^\s*\{"names":\["[\w.]{2,}"`)
	nginxStatus = expr.Lazy(`^Active connections: \d{1,9}\s*\nserver accepts handled requests`)
)

// metricsProof knows the text format of Prometheus (OpenMetrics 1.0), the names
// that Spring lists, and the status of nginx.
func metricsProof(x *lr.Exchange) proof {
	head := x.Body[:min(len(x.Body), most)]
	if isHTML(head) {
		return proof{}
	}
	for _, f := range []struct {
		form func() *regexp.Regexp
		what string
		how  lr.Severity
	}{{exposition, "metrics in the format of Prometheus", 0}, {meterNames, "the list of Spring's metrics", 0}, {nginxStatus, "the status of nginx", lr.Low}} {
		if hit := f.form().Find(head); hit != nil {
			return proof{what: f.what, witness: string(hit), severity: f.how}
		}
	}
	return proof{}
}
