package surface

import (
	"slices"
	"strings"
)

// describes reports a route that shows the description of the API, or a page
// that draws it: what it tells is examples and nobody's data.
func (x *index) describes(s *shape, tip string) bool {
	if len(s.segs) == 0 {
		return false
	}
	for _, g := range s.segs[:len(s.segs)-1] {
		if g.param != "" {
			return false // /projects/{id}/docs is a project's
		}
	}
	for i, g := range s.segs {
		if g.param != "" {
			break
		}
		if !oneOf(strings.Join(wordsOf(g.text), ""), "swagger", "swaggerui", "swaggerresources", "openapi", "redoc", "apidocs", "rapidoc", "scalar") {
			continue
		}
		// What stands below is the viewer's: its files, its configuration. Where
		// one writes, it is a collection that is called so.
		if here := x.exactly(s.segs[:i+1]); !writes(here) {
			return true
		}
	}
	if s.item() {
		return false
	}
	if i := slices.IndexFunc(s.segs, func(g segment) bool { return strings.EqualFold(g.text, "docs") }); i >= 0 && i < len(s.segs)-1 && !writes(x.exactly(s.segs[:i+1])) &&
		slices.ContainsFunc([]string{".html", ".js", ".css", ".json", ".yaml"}, func(ext string) bool { return strings.HasSuffix(s.last().text, ext) }) {
		return true // /docs/oauth2-redirect.html
	}
	name, ext := tip, ""
	if i := strings.LastIndexByte(s.last().text, '.'); i > 0 {
		name, ext = strings.Join(wordsOf(s.last().text[:i]), ""), s.last().text[i+1:]
	}
	switch strings.ToLower(ext) {
	case "json", "yaml", "yml":
		return oneOf(name, "openapi", "swagger", "docs", "doc", "apidocs", "apidoc", "apischema", "asyncapi", "spec", "redoc") || strings.HasPrefix(name, "openapi") || strings.HasPrefix(name, "swagger")
	case "html", "htm":
		return oneOf(name, "swagger", "swaggerui", "docs", "doc", "apidocs", "redoc", "rapidoc", "scalar", "openapi")
	case "":
		if oneOf(name, "apischema", "openapijson", "swaggerjson", "asyncapi") {
			return true
		}
		if here := x.exactly(s.segs); here.item || writes(here) {
			return false // /docs may hold documents
		}
		return oneOf(name, "docs", "apidoc", "ui", "reference", "apireference", "apiexplorer")
	}
	return false
}
