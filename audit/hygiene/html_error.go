package hygiene

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func htmlError(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/html-error",
		Title: "The API answers a client that asks for JSON with JSON, in errors too",
		Why: "A client that cannot read the error shows the customer something wrong, or retries for ever. The page is the framework's or a proxy's own: " +
			"it names them, and it means that part of the API has no error handler.",
		Fix:      "Register the error handler of the API at its outermost place, for unknown addresses and for what the framework refuses by itself, and let proxies in front pass errors on or answer in the same form.",
		Guard:    "scrub_errors",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, {Source: "RFC", ID: "9457"}, {Source: "RFC", ID: "9110, section 12.5.1"}, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return got.each(t, func(r *reply) (string, string) {
				if r.route == nil || page(r.route) || got.pages[r.subject] || r.check == "hygiene/debug-page" || !r.failed() || r.mark != "" || edgeStatus(r.x.Status) || !asksForJSON(r.x) || !jsonRoute(r.route) || !isHTML(r.x.Body) {
					return "", ""
				}
				head := strings.TrimSpace(string(r.x.Body[:min(len(r.x.Body), 60)]))
				return head, "a client that asks for JSON is answered with a page, after " + r.input
			}, nil)
		},
	}
}

// jsonRoute reports a route whose replies are JSON, or of which nothing is said.
func jsonRoute(rt *lr.Route) bool {
	return len(rt.Accepts) == 0 || slices.ContainsFunc(rt.Accepts, func(m string) bool { return strings.Contains(m, "json") })
}

func asksForJSON(x *lr.Exchange) bool {
	return strings.Contains(x.Request.Get("Accept"), "json")
}

// edgeStatus reports an answer of what stands in front of an application, which
// speaks for itself.
func edgeStatus(status int) bool {
	return status == 429 || status == 413 || status == 414 || status == 431 || status >= 502
}
