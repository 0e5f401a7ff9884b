package oracle

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// Shape describes a reply without its values: the class of its status, its media
// type, and for JSON the paths of its keys with their types and their null and
// empty pattern. Two replies of one shape say the same kind of thing. Body
// length has no part in it.
func Shape(x *lr.Exchange) string {
	if x == nil {
		return ""
	}
	media, _, _ := strings.Cut(x.Header.Get("Content-Type"), ";")
	class := fmt.Sprintf("%dxx %s", x.Status/100, strings.TrimSpace(strings.ToLower(media)))
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		if len(x.Body) == 0 {
			return class + " empty"
		}
		return class + " text"
	}
	paths := map[string]bool{}
	shapeOf("", v, paths, 0)
	list := make([]string, 0, len(paths))
	for p := range paths {
		list = append(list, p)
	}
	sort.Strings(list)
	return class + " " + strings.Join(list, " ")
}

func shapeOf(path string, v any, out map[string]bool, depth int) {
	if depth > 12 || len(out) > 400 {
		return
	}
	switch v := v.(type) {
	case nil:
		out[path+":null"] = true
	case bool:
		// A flag such as success tells success from refusal.
		out[fmt.Sprintf("%s:%v", path, v)] = true
	case float64:
		out[path+":number"] = true
	case string:
		if v == "" {
			out[path+":''"] = true
		} else {
			out[path+":string"] = true
		}
	case []any:
		if len(v) == 0 {
			out[path+":[]"] = true
		}
		for _, e := range v {
			shapeOf(path+"[]", e, out, depth+1)
		}
	case map[string]any:
		if len(v) == 0 {
			out[path+":{}"] = true
		}
		for k, e := range v {
			shapeOf(path+"."+k, e, out, depth+1)
		}
	}
}

// SameShape reports whether two replies have one shape.
func SameShape(a, b *lr.Exchange) bool { return a != nil && b != nil && Shape(a) == Shape(b) }
