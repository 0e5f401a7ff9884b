package hygiene

import (
	"context"
	"encoding/json"
	"strings"

	lr "github.com/launchready/launchready"
)

func errorContentType(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/error-content-type",
		Title: "Errors carry the media type that they have",
		Why: "JSON that says it is HTML is shown by a browser as a page, and whatever input it repeats is run. Without a type the browser guesses. " +
			"And clients that go by the type do not read the error.",
		Fix:      "Set `Content-Type: application/problem+json` where errors are written, before the status, and `X-Content-Type-Options: nosniff` on everything. In Go, `http.Error` sets text: do not hand it JSON.",
		Guard:    "scrub_errors",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "436"}, {Source: "ASVS", ID: "v5.0.0-4.1.1"}, {Source: "RFC", ID: "9110, section 8.3"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return got.each(t, func(r *reply) (string, string) {
				if r.x.Status < 400 || edgeStatus(r.x.Status) || r.x.Truncated {
					return "", ""
				}
				if why := mistyped(r.x); why != "" {
					return "Content-Type: " + r.x.Header.Get("Content-Type"), why + ", after " + r.input
				}
				return "", ""
			}, nil)
		},
	}
}

// mistyped says how the type of a reply is wrong, "" where it is right. Text that
// says it is text is right, whatever is in it but JSON.
func mistyped(x *lr.Exchange) string {
	body := strings.TrimSpace(string(x.Body))
	if body == "" {
		return ""
	}
	media := mediaOf(x)
	document := strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[")
	document = document && json.Valid([]byte(body))
	isJSON := isJSONType(media)
	switch {
	case media == "":
		return "an error has a body and no media type"
	case document && !isJSON && !strings.Contains(media, "javascript"):
		return "an error is JSON and says that it is " + media
	case isJSON && isHTML(x.Body):
		return "an error is a page and says that it is " + media
	case isJSON && !json.Valid([]byte(body)):
		return "an error says that it is " + media + " and cannot be read as such"
	}
	return ""
}

func isJSONType(media string) bool {
	return strings.HasSuffix(media, "/json") || strings.HasSuffix(media, "+json")
}
