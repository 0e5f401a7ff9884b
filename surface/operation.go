package surface

import (
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// routeBuilder makes routes of path items.
type routeBuilder struct {
	*reader
	surface *Surface
	ids     map[string]bool
	seen    map[string]bool      // "METHOD /path"
	byNode  map[string]*lr.Route // "path method" as the description has it
	linked  []pendingLink
}

func (b *routeBuilder) pathItem(raw string, item node) {
	if item.object() == nil {
		b.warn("path %s: the path item is %s; left out", raw, kindOf(item.v))
		return
	}
	shared := b.get(item, "parameters")
	for _, m := range methods {
		op, ok := item.object()[m]
		if !ok {
			op, ok = item.object()[strings.ToUpper(m)]
		}
		if !ok {
			continue
		}
		n := b.deref(node{op, item.doc})
		if n.object() == nil {
			b.warn("%s %s: the operation is %s; taken as one without details", strings.ToUpper(m), raw, kindOf(n.v))
		}
		b.operation(raw, m, item, shared, n)
	}
}

func (b *routeBuilder) operation(raw, method string, item, shared, op node) {
	rt := &lr.Route{Method: strings.ToUpper(method), Declared: true, Source: b.root.doc.loc}
	if rt.Source == "" {
		rt.Source = "description"
	}
	rt.Summary = shorten(b.get(op, "summary").text())
	rt.Tags = b.tags(op)
	params, body := b.parameters(rt, shared, op)
	t := template(raw, patterns(params), b.warn)
	prefix := b.surface.BasePath
	for _, n := range []node{op, item} {
		if b.get(n, "servers").list() != nil {
			_, prefix = b.servers(n)
			break
		}
	}
	rt.Path = joinPath(prefix, t.path)
	rt.Params = b.reconcile(rt, t, params)
	b.body(rt, op, body)
	b.replies(rt, op)
	b.security(rt, op)
	b.identify(rt, op)
	if b.websocket(op) {
		rt.Kind = lr.WebSocket
	}
	b.byNode[raw+" "+method] = rt
	if b.seen[rt.String()] {
		b.warn("%s stands twice; the first one counts", rt)
		return
	}
	b.seen[rt.String()] = true
	b.surface.Routes = append(b.surface.Routes, rt)
}

// identify sets the operationId, which must be unique for links to mean anything.
func (b *routeBuilder) identify(rt *lr.Route, op node) {
	id := b.get(op, "operationId").text()
	if id == "" {
		return
	}
	if b.ids[id] {
		was := id
		for i := 2; b.ids[id]; i++ {
			id = fmt.Sprintf("%s_%d", was, i)
		}
		b.warn("operationId %q stands more than once; %s is called %q", was, rt, id)
	}
	b.ids[id] = true
	rt.ID = id
}

func (b *routeBuilder) tags(op node) []string {
	n := b.get(op, "tags")
	if s := n.text(); s != "" {
		b.warn("tags are a string where a list belongs")
		return []string{s}
	}
	var out []string
	for _, v := range n.list() {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// security reads what the description claims. An empty alternative makes the
// credential optional.
func (b *routeBuilder) security(rt *lr.Route, op node) {
	req, own := op.object()["security"]
	if !own {
		req = b.root.object()["security"]
	}
	list, ok := req.([]any)
	if m, single := req.(map[string]any); single {
		b.warn("%s: security is an object where a list belongs", rt)
		list, ok = []any{m}, true
	}
	if !ok {
		return
	}
	optional, names := len(list) == 0, []string{}
	for _, alt := range list {
		m, _ := alt.(map[string]any)
		if len(m) == 0 {
			optional = true
		}
		names = append(names, (node{v: m}).keys()...)
	}
	for _, name := range names {
		if _, declared := b.surface.Schemes[name]; !declared {
			b.warn("security scheme %q is used and not declared", name)
			b.surface.Schemes[name] = Scheme{Missing: true}
		}
	}
	rt.Secured = rt.Secured || !optional && len(names) > 0
	for _, name := range names {
		if w := b.surface.Schemes[name].way(); !slices.Contains(rt.Takes, w) {
			rt.Takes = append(rt.Takes, w)
		}
	}
}

// replies reads the media types of success, and links.
func (b *routeBuilder) replies(rt *lr.Route, op node) {
	responses := b.get(op, "responses")
	produces := b.strings(op, "produces")
	for _, code := range responses.keys() {
		if !strings.HasPrefix(code, "2") && code != "default" {
			continue
		}
		res := b.get(responses, code)
		if code != "default" || len(rt.Accepts) == 0 {
			for _, mt := range b.get(res, "content").keys() {
				rt.Accepts = addType(rt.Accepts, mt)
			}
		}
		if b.swagger && !b.get(res, "schema").isNil() {
			for _, mt := range produces {
				rt.Accepts = addType(rt.Accepts, mt)
			}
		}
		b.links(rt, b.get(res, "links"))
	}
	if b.swagger && len(rt.Accepts) == 0 {
		for _, mt := range b.list(op, "produces") {
			rt.Accepts = addType(rt.Accepts, mt)
		}
	}
}

// strings gives an operation's list, or the root's where it has none (2.0).
func (b *routeBuilder) strings(op node, key string) []string {
	if own := b.list(op, key); own != nil {
		return own
	}
	return b.list(b.root, key)
}

func (b *routeBuilder) list(n node, key string) []string {
	var out []string
	for _, v := range b.get(n, key).list() {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func addType(to []string, mt string) []string {
	mt = mediaType(mt)
	if mt == "" || slices.Contains(to, mt) {
		return to
	}
	return append(to, mt)
}

// mediaType drops parameters and folds case.
func mediaType(mt string) string {
	mt, _, _ = strings.Cut(mt, ";")
	return strings.ToLower(strings.TrimSpace(mt))
}

// websocket reports the ways in which descriptions tell of an upgrade.
func (b *routeBuilder) websocket(op node) bool {
	if _, ok := b.get(op, "responses").object()["101"]; ok {
		return true
	}
	for _, key := range []string{"x-websocket", "x-ws", "x-is-websocket"} {
		if n := b.get(op, key); n.truth() || n.object() != nil {
			return true
		}
	}
	return false
}
