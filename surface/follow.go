package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// pendingLink is an OpenAPI link whose operation may not have been read yet.
type pendingLink struct {
	from      *lr.Route
	operation string
	ref       string
	params    map[string]string // parameter -> pointer
}

// links collects the links of a reply (OpenAPI 3.1, 4.8.20).
func (b *routeBuilder) links(rt *lr.Route, at node) {
	for _, name := range at.keys() {
		n := b.get(at, name)
		p := pendingLink{from: rt, operation: b.get(n, "operationId").text(), ref: b.get(n, "operationRef").text(), params: map[string]string{}}
		params := b.get(n, "parameters")
		for _, k := range params.keys() {
			// 4.8.20.4: "$response.body#/id"; other sources feed nothing that can be read from a reply.
			ptr, ok := strings.CutPrefix(b.get(params, k).text(), "$response.body#")
			if !ok {
				continue
			}
			for _, where := range []string{"path.", "query.", "header.", "cookie."} {
				k = strings.TrimPrefix(k, where)
			}
			p.params[k] = ptr
		}
		if len(p.params) > 0 && (p.operation != "" || p.ref != "") {
			b.linked = append(b.linked, p)
		}
	}
}

// resolveLinks turns operation references into operationIds. An operation
// without an id is named as reports name it: "GET /v1/chats/{id}".
func (b *routeBuilder) resolveLinks() {
	for _, p := range b.linked {
		id := p.operation
		if id == "" {
			_, frag, _ := strings.Cut(p.ref, "#/paths/")
			raw, method, ok := cutLast(frag, "/")
			raw = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(raw, "~1", "/"), "~0", "~"), "%7B", "{")
			raw = strings.ReplaceAll(raw, "%7D", "}")
			to := b.byNode[raw+" "+method]
			if !ok || to == nil {
				b.warn("%s: a link leads to %s, which is not there", p.from, p.ref)
				continue
			}
			if id = to.ID; id == "" {
				id = to.String()
			}
		} else if !b.ids[id] {
			b.warn("%s: a link leads to operation %q, which is not there", p.from, id)
			continue
		}
		for _, name := range (node{v: anyMap(p.params)}).keys() {
			p.from.Links = append(p.from.Links, lr.Link{Operation: id, Parameter: name, Pointer: p.params[name]})
		}
	}
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
