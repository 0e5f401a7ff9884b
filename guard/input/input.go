// Package input refuses what two readers could understand in two ways, what the
// API's description forbids, and files that are not what they say they are.
package input

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
)

// Check reads JSON bodies strictly and knows the content types that may come.
type Check struct {
	Depth   int      // 0: guard.MaxDepth
	Types   []string // media types; none: those of the description, and JSON, forms and multipart where it has none
	Spec    *Spec    // nil: nothing is described
	Uploads *Uploads // nil: files are not looked at

	Graph    map[string]*GraphQL // by the route's pattern; none: GraphQL is not read
	Odd      bool                // texts of JSON with control characters are refused
	Climbing bool                // values of the query that climb out of a folder are refused
}

// Name is the protection's.
func (Check) Name() string { return "input" }

// Needs the body.
func (Check) Needs() guard.Need { return guard.NeedRoute | guard.NeedBody }

// Gives nothing.
func (Check) Gives() guard.Need { return 0 }

var usual = []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}

func refuse(status int, reason string) *guard.Denial {
	return &guard.Denial{Status: status, Reason: reason}
}

// Check refuses another type with 415, what is not strict with 400, and what breaks
// the description with 422.
func (c Check) Check(x *guard.Exchange) *guard.Denial {
	r := x.Request
	depth := c.Depth
	if depth == 0 {
		depth = guard.MaxDepth
	}
	if g := c.Graph[x.Route.Pattern]; g != nil {
		if d := g.check(x, depth); d != nil {
			return d
		}
	}
	if c.Climbing && climbs(r.URL.RawQuery) {
		return refuse(http.StatusBadRequest, "a value of the query climbs out of a folder")
	}
	var op *operation
	if c.Spec != nil {
		var values []string
		if op, values = c.Spec.find(r, x.Path, x.Route.Slash); op == nil && c.Spec.Refuse {
			return refuse(http.StatusNotFound, "no operation of the description")
		}
		if op != nil {
			if d := c.Spec.parameters(x, op, values, depth); d != nil {
				return d
			}
		}
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		if op != nil && op.needs {
			return refuse(http.StatusBadRequest, "the operation wants a body")
		}
		return nil
	}
	if op != nil && !op.body {
		return refuse(http.StatusBadRequest, "the operation takes no body")
	}
	kind, params, ok := guard.BodyType(r.Header)
	if !ok || !c.takes(kind, op) {
		return refuse(http.StatusUnsupportedMediaType, "the content type is not one of the policy's, or the body is compressed")
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return c.json(x, op, kind, depth)
	case kind == "application/x-www-form-urlencoded" && (op != nil || r.Method == http.MethodPost):
		return form(x, op)
	case kind == "multipart/form-data" && c.Uploads != nil:
		return c.Uploads.check(x, params["boundary"])
	}
	return nil
}

// takes reports whether the policy or the description takes the media type.
func (c Check) takes(kind string, op *operation) bool {
	if op != nil {
		if _, ok := op.media(kind); !ok {
			return false
		}
	}
	if len(c.Types) > 0 {
		return slices.Contains(c.Types, kind)
	}
	return op != nil || slices.Contains(usual, kind)
}

func (c Check) json(x *guard.Exchange, op *operation, kind string, depth int) *guard.Denial {
	b, d := x.Body()
	if d != nil {
		return d
	}
	if len(b) == 0 {
		if op != nil && op.needs {
			return refuse(http.StatusBadRequest, "the operation wants a body")
		}
		return nil
	}
	if c.Odd && odd(b) {
		return refuse(http.StatusBadRequest, "a text of the body has a control character, or what is no character")
	}
	if op != nil {
		if s, _ := op.media(kind); s != nil {
			v, err := guard.Decode(b, depth)
			if err != nil {
				return refuse(http.StatusBadRequest, err.Error())
			}
			if m, ok := v.(map[string]any); ok {
				for name, value := range m {
					if text, ok := value.(string); ok && x.Overrides(name, text) {
						return overridden()
					}
				}
			}
			if err := s.Validate(v); err != nil {
				return refuse(http.StatusUnprocessableEntity, why(err))
			}
			return nil
		}
	}
	var member func(string, any)
	other := false
	if x.Request.Method == http.MethodPost && (bytes.Contains(b, []byte("_m")) || bytes.Contains(b, []byte("_M")) || bytes.Contains(b, []byte(`\u`))) { // _method, however it is spelt
		member = func(name string, value any) {
			text, ok := value.(string)
			other = other || ok && x.Overrides(name, text)
		}
	}
	if err := guard.Strict(b, depth, member); err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	if other {
		return overridden()
	}
	return nil
}

func overridden() *guard.Denial {
	return refuse(http.StatusBadRequest, "the body names another method, of another route")
}

// form judges a form by its schema, each value as what its member wants; what no
// description tells of may not name another method.
func form(x *guard.Exchange, op *operation) *guard.Denial {
	b, d := x.Body()
	if d != nil {
		return d
	}
	q, err := url.ParseQuery(string(b))
	if err != nil {
		return refuse(http.StatusBadRequest, "the form cannot be read")
	}
	for k, vs := range q {
		if slices.ContainsFunc(vs, func(v string) bool { return x.Overrides(k, v) }) {
			return overridden()
		}
	}
	if op == nil {
		return nil
	}
	v := make(map[string]any, len(q))
	for k, vs := range q {
		if !clean(k) || slices.ContainsFunc(vs, func(v string) bool { return !clean(v) }) {
			return refuse(http.StatusBadRequest, "the form is no Unicode text, or has a NUL")
		}
		t := op.types[k]
		switch {
		case t&list != 0:
			all := make([]any, len(vs))
			for i, s := range vs {
				all[i] = s
			}
			v[k] = all
		case len(vs) > 1:
			return refuse(http.StatusBadRequest, "a name of the form comes twice")
		default:
			v[k] = t.value(vs[0])
		}
	}
	if s, _ := op.media("application/x-www-form-urlencoded"); s != nil {
		if err := s.Validate(v); err != nil {
			return refuse(http.StatusUnprocessableEntity, why(err))
		}
	}
	return nil
}
