package hygiene

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func errorShape(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/error-shape",
		Title: "All errors of the API have one shape",
		Why: "Where errors come in several shapes, several places make them, and only some were looked at. Clients handle the one they know, " +
			"and what they do with the others is luck.",
		Fix:      "Make errors in one place, in the shape of RFC 9457 or in one of your own, and describe it in the specification. Let the router's own refusals go through it too.",
		Guard:    "scrub_errors",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "RFC", ID: "9457"}, asvsErrors},
		Needs:    lr.Routes,
		Extra:    true,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return runErrorShape(t, got)
		},
	}
}

const plainText = "plain text"

func runErrorShape(t *lr.Trial, got *provoked) error {
	kinds := map[string][]*reply{}
	var order []string
	n := 0
	for _, r := range got.replies {
		if r.x.Status < 400 || edgeStatus(r.x.Status) || r.check == "hygiene/debug-page" {
			continue
		}
		k := shapeOf(r.x)
		if k == plainText && isJSONType(mediaOf(r.x)) {
			continue // hygiene/error-content-type tells of it: one fault, one finding
		}
		if k == "" || k == plainText && r.route == nil {
			continue // the server's own word for an address that the API does not have
		}
		n++
		if kinds[k] == nil {
			order = append(order, k)
		}
		kinds[k] = append(kinds[k], r)
	}
	switch len(order) {
	case 0:
		t.Unknown(application, "no error with a body in JSON or text was seen")
		return nil
	case 1:
		t.Pass(lr.Seen(kinds[order[0]][0].x), application, "%d errors, all of the shape %s", n, order[0])
		return nil
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(kinds[b]) - len(kinds[a]) })
	var say []string
	var e lr.Evidence
	for _, k := range order[:min(len(order), 5)] {
		r := kinds[k][0]
		say = append(say, fmt.Sprintf("%s (%d, as %s after %s)", k, len(kinds[k]), r.subject, r.input))
		e.Exchanges = append(e.Exchanges, r.x)
	}
	t.Fail(e, application, "errors come in %d shapes: %s", len(order), strings.Join(say, "; "))
	return nil
}

// shapeOf names the shape of an error by what carries its message; details that
// come and go do not count. A page is the matter of hygiene/html-error.
func shapeOf(x *lr.Exchange) string {
	body := strings.TrimSpace(string(x.Body))
	if body == "" || isHTML(x.Body) {
		return ""
	}
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &m) != nil {
		switch {
		case strings.HasPrefix(body, "["):
			return "a list"
		case json.Valid([]byte(body)):
			return "a bare value"
		case len(body) > 2048 || strings.HasPrefix(body, "<"):
			return ""
		}
		return plainText
	}
	if m["title"] != nil && (m["status"] != nil || m["type"] != nil) {
		return "RFC 9457"
	}
	for _, name := range []string{"error", "errors", "message", "detail", "msg", "title", "reason", "code", "error_description", "Message", "status"} {
		v := strings.TrimSpace(string(m[name]))
		if v == "" || v == "null" {
			continue
		}
		kind := "text"
		switch v[0] {
		case '{':
			kind = "object"
		case '[':
			kind = "list"
		}
		// FastAPI and Django answer with a text or a list in the same member.
		if name == "detail" || name == "message" || name == "errors" {
			kind = "any"
		}
		return fmt.Sprintf("{%q: %s}", name, kind)
	}
	return "an object of its own"
}
