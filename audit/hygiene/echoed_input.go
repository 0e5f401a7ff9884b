package hygiene

import (
	"bytes"
	"context"

	lr "github.com/launchready/launchready"
)

func echoedInput(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/echoed-input",
		Title: "Errors do not repeat input as active HTML",
		Why: "An error page that repeats what was sent runs it: a link to it signs in as whoever opens it. " +
			"It is cross-site scripting, in the one page that nobody tests.",
		Fix:      "Escape by context (a template engine that does it by itself), or do not repeat input at all. Answer an API's errors as `application/problem+json` with `X-Content-Type-Options: nosniff`: a browser never runs those.",
		Guard:    "scrub_errors",
		Severity: lr.High,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "79"}, {Source: "CWE", ID: "81"}, {Source: "ASVS", ID: "v5.0.0-1.2.1"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return got.each(t, func(r *reply) (string, string) {
				tag := activeMark(r)
				if tag == "" || !r.failed() || !rendered(r.x) {
					return "", ""
				}
				return tag, "an error repeats " + r.input + " as HTML that a browser runs"
			}, nil)
		},
	}
}

// activeMark is the element of the provocation as it stands in the reply, not
// escaped.
func activeMark(r *reply) string {
	i := bytes.IndexByte([]byte(r.mark), '<')
	if r.mark == "" || i < 0 || !bytes.Contains(r.x.Body, []byte(r.mark[i:])) {
		return ""
	}
	return r.mark[i:]
}

// rendered reports whether a browser takes the reply for a page: by its type, or
// by sniffing where it has none (WHATWG MIME Sniffing, 7).
func rendered(x *lr.Exchange) bool {
	switch mediaOf(x) {
	case "text/html", "application/xhtml+xml", "image/svg+xml":
		return true
	case "":
		return x.Header.Get("X-Content-Type-Options") != "nosniff" && isHTML(x.Body)
	}
	return false
}
