// Package input refuses bodies that two readers could understand in two ways.
package input

import (
	"mime"
	"net/http"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Check reads JSON bodies strictly and knows the content types that may come.
type Check struct {
	Depth int      // 0: guard.MaxDepth
	Types []string // media types; none: JSON, forms and multipart
}

// Name is the protection's.
func (Check) Name() string { return "input" }

// Needs the body.
func (Check) Needs() guard.Need { return guard.NeedRoute | guard.NeedBody }

// Gives nothing.
func (Check) Gives() guard.Need { return 0 }

var usual = []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}

// Check refuses another type with 415, and JSON that is not strict with 400.
func (c Check) Check(x *guard.Exchange) *guard.Denial {
	r := x.Request
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	if r.Header.Get("Content-Encoding") != "" {
		return &guard.Denial{Status: http.StatusUnsupportedMediaType, Reason: "the body is compressed"}
	}
	types := r.Header.Values("Content-Type")
	if len(types) != 1 {
		return &guard.Denial{Status: http.StatusUnsupportedMediaType, Reason: "the body has no content type, or two"}
	}
	kind, params, err := mime.ParseMediaType(types[0])
	allowed := c.Types
	if len(allowed) == 0 {
		allowed = usual
	}
	ok := false
	for _, a := range allowed {
		ok = ok || a == kind
	}
	if cs := params["charset"]; err != nil || !ok || cs != "" && !strings.EqualFold(cs, "utf-8") {
		return &guard.Denial{Status: http.StatusUnsupportedMediaType, Reason: "the content type is not one of the policy's"}
	}
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil
	}
	b, d := x.Body()
	if d != nil || len(b) == 0 {
		return d
	}
	depth := c.Depth
	if depth == 0 {
		depth = guard.MaxDepth
	}
	if err := guard.Strict(b, depth, nil); err != nil {
		return &guard.Denial{Status: http.StatusBadRequest, Reason: err.Error()}
	}
	return nil
}
