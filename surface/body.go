package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// body reads the request body of either version.
func (b *routeBuilder) body(rt *lr.Route, op node, form *formBody) {
	if n := b.get(op, "requestBody"); n.object() != nil {
		b.contentBody(rt, n)
		return
	}
	switch {
	case !form.whole.isNil():
		rt.Body = &lr.Body{Type: preferred(b.strings(op, "consumes")), Required: form.required, Schema: b.schemas.build(form.whole)}
		if rt.Body.Type == "" {
			rt.Body.Type = "application/json"
		}
	case form.form != nil:
		rt.Body = &lr.Body{Type: "application/x-www-form-urlencoded", Required: form.required, Schema: form.form}
		for _, mt := range b.strings(op, "consumes") {
			if mediaType(mt) == "multipart/form-data" && !hasForm(b.strings(op, "consumes")) {
				rt.Body.Type = "multipart/form-data"
			}
		}
		if form.file {
			rt.Body.Type = "multipart/form-data"
		}
	}
	if rt.Body != nil && rt.Body.Schema != nil {
		rt.Body.Example = rt.Body.Schema.Example
	}
}

func hasForm(types []string) bool {
	for _, mt := range types {
		if mediaType(mt) == "application/x-www-form-urlencoded" {
			return true
		}
	}
	return false
}

func (b *routeBuilder) contentBody(rt *lr.Route, n node) {
	content := b.get(n, "content")
	types := content.keys()
	if len(types) == 0 {
		if !b.get(n, "schema").isNil() {
			b.warn("%s: the request body has a schema and no media type; taken for JSON", rt)
			rt.Body = &lr.Body{Type: "application/json", Schema: b.schemas.build(node{n.object()["schema"], n.doc})}
		}
		return
	}
	chosen := preferred(types)
	rt.Body = &lr.Body{Type: chosen, Required: b.get(n, "required").truth()}
	for _, mt := range types {
		if wildcard(mediaType(mt)) != chosen {
			continue
		}
		media := b.get(content, mt)
		if s, ok := media.object()["schema"]; ok {
			rt.Body.Schema = b.schemas.build(node{s, media.doc})
		}
		if rt.Body.Example = bounded(b.get(media, "example").v); rt.Body.Example == nil {
			rt.Body.Example = b.firstExample(media)
		}
		break
	}
	if rt.Body.Example == nil && rt.Body.Schema != nil {
		rt.Body.Example = rt.Body.Schema.Example
	}
}

// preferred chooses the media type that is easiest to build well: JSON, then a
// form, then multipart, then whatever there is.
func preferred(types []string) string {
	best, rank := "", 100
	for _, mt := range types {
		mt = wildcard(mediaType(mt))
		r := 6
		switch {
		case mt == "application/json":
			r = 0
		case mt == "application/merge-patch+json" || strings.HasSuffix(mt, "+json") && mt != "application/json-patch+json":
			r = 1
		case mt == "application/x-www-form-urlencoded":
			r = 2
		case mt == "multipart/form-data":
			r = 3
		case mt == "application/octet-stream" || mt == "text/plain":
			r = 4
		case mt == "":
			continue
		}
		if r < rank {
			best, rank = mt, r
		}
	}
	return best
}

// wildcard reads "any type", which generators write for JSON.
func wildcard(mt string) string {
	if mt == "*/*" || mt == "application/*" {
		return "application/json"
	}
	return mt
}
