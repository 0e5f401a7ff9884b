package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// answer is one that an owner got, read.
type answer struct {
	x    *lr.Exchange
	as   *lr.Account
	rt   *lr.Route
	at   *lr.RouteReport
	docs []any // the document; of a stream, each event
}

func (p *places) read(x *lr.Exchange, as *lr.Account) *answer {
	if x.Route == nil || as == nil || as.Tenant == "" || len(x.Body) > mostLooked {
		return nil
	}
	key := x.Route.String()
	at := p.at[key]
	if at == nil || p.looked[key] >= mostPerRoute || !x.OK() && x.Status != 101 {
		return nil
	}
	a := &answer{x: x, as: as, rt: x.Route, at: at}
	kind := x.Header.Get("Content-Type")
	switch {
	case x.Status == 101:
		for _, text := range [][]byte{x.Sent, x.Body} {
			for l := range bytes.Lines(text) {
				a.add(l)
			}
		}
	case strings.HasPrefix(kind, "text/event-stream"):
		for l := range bytes.Lines(x.Body) {
			if data, ok := bytes.CutPrefix(l, []byte("data:")); ok {
				a.add(data)
			}
		}
	case strings.Contains(kind, "json"):
		a.add(x.Body)
	}
	if len(a.docs) == 0 {
		return nil
	}
	p.looked[key]++
	return a
}

func (a *answer) add(text []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil && len(a.docs) < mostListItems {
		a.docs = append(a.docs, v)
	}
}

// tenant reports a member that says whose the answer is: the caller's tenant.
func (a *answer) tenant(name string, v any) bool {
	return a.as.TenantID != "" && scalarOf(v) == a.as.TenantID && tenantName(name)
}

// stream reports that the answer came in events or messages.
func (a *answer) stream() bool {
	return a.x.Status == 101 || strings.HasPrefix(a.x.Header.Get("Content-Type"), "text/event-stream")
}

// makes learns where the answer to a creation names what was made.
func (p *places) makes(a answer) {
	kind := p.kinds[a.rt.Resource]
	if kind == "" || a.rt.Method == "GET" || a.rt.Method == "DELETE" || a.x.Status == 101 || !slices.Contains([]lr.Kind{lr.Create, lr.Upload, lr.ChatKind, lr.Stream, lr.Export}, a.rt.Kind) {
		return
	}
	if names := a.rt.PathParams(); len(names) > 0 && a.rt.Keys[names[len(names)-1]].Resource == a.rt.Resource {
		return // it works on one that is there
	}
	for _, doc := range a.docs {
		root, at := holding(doc, p.field[kind], "$", 0)
		if root == nil {
			continue
		}
		p.made(a, kind, at+"."+p.field[kind], scalarOf(root[p.field[kind]]))
		alike(root, root, at, func(at string, m map[string]any) {
			p.made(a, kind, at+"."+p.field[kind], scalarOf(m[p.field[kind]]))
		})
	}
}

func (p *places) made(a answer, kind, at, id string) {
	if id == "" {
		return
	}
	if place := (lr.Place{In: lr.InAnswer, At: at, Kind: kind}); !slices.Contains(a.at.Makes, place) {
		a.at.Makes = append(a.at.Makes, place)
	}
	p.knows(kind, id)
	key := kind + "\x00" + id
	if p.whose[key] == nil {
		p.whose[key] = map[string]bool{}
	}
	p.whose[key][a.as.Tenant] = true
	p.local[kind] = p.local[kind] || len(p.whose[key]) > 1
}

func (p *places) knows(kind, id string) {
	had, ok := p.known[id]
	switch {
	case !ok || had == kind || p.one(had) == p.one(kind):
	case had != "" && oracle.Telling(id): // no two objects have it by chance
		a, b := p.one(had), p.one(kind)
		p.same[max(a, b)] = min(a, b)
	default:
		kind = ""
	}
	p.known[id] = kind
}

// one is the name of a kind that has several.
func (p *places) one(kind string) string {
	for p.same[kind] != "" {
		kind = p.same[kind]
	}
	return kind
}

// shows learns where an answer holds a list of objects.
func (p *places) shows(a answer) {
	if a.rt.Method != "GET" && a.rt.Kind != lr.Search || a.stream() || len(a.docs) != 1 {
		return
	}
	key := a.rt.String()
	found := map[string][]map[string]any{}
	listsIn(a.docs[0], "$", 0, found)
	for _, l := range a.at.Shows {
		if _, ok := found[l.Items]; !ok {
			p.bad[key+"\x00"+l.Items] = true
		}
	}
	for _, at := range slices.Sorted(maps.Keys(found)) {
		items := found[at]
		if len(items) == 0 {
			continue
		}
		l := lr.Listing{Items: at}
		own := p.kinds[a.rt.Resource]
		switch {
		case a.rt.Kind == lr.List && own != "" && every(items, p.field[own]):
			l.Kind, l.ID = own, p.field[own]
			for _, it := range items {
				id := scalarOf(it[l.ID])
				p.knows(own, id)
				if had := p.sawn[key+"\x00"+id]; p.passed[key] && had != "" && had != a.as.Tenant {
					p.local[own] = true // what two tenants see is none's alone
				}
				p.sawn[key+"\x00"+id] = a.as.Tenant
			}
		default:
			var inner []map[string]any
			if l.ID, inner = within(items); l.ID == "" {
				continue
			}
			if l.Kind, l.KindAt = p.kindIn(inner); l.Kind+l.KindAt == "" || l.KindAt != "" && l.ID != "id" {
				continue
			}
		}
		for _, n := range slices.Sorted(maps.Keys(items[0])) {
			if l.Tenant == "" && a.tenant(n, items[0][n]) {
				l.Tenant = n
			}
		}
		if i := slices.IndexFunc(a.at.Shows, func(o lr.Listing) bool { return o.Items == at }); i < 0 {
			a.at.Shows = append(a.at.Shows, l)
		} else if o := a.at.Shows[i]; p.one(o.Kind)+o.KindAt != p.one(l.Kind)+l.KindAt {
			p.bad[key+"\x00"+at] = true
		}
	}
}

// within finds the id of items, in them or in the one object that each of them
// wraps, and gives what has it.
func within(items []map[string]any) (id string, inner []map[string]any) {
	if every(items, "id") {
		return "id", items
	}
	at := ""
	for _, it := range items {
		m, path := holding(it, "id", "", 0)
		if m == nil || at != "" && path != at || strings.Count(path, ".") != 1 {
			return "", nil
		}
		at, inner = path, append(inner, m)
	}
	return strings.TrimPrefix(at, ".") + ".id", inner
}

// kindIn tells of which kind the items are, by their ids or by what they say.
func (p *places) kindIn(items []map[string]any) (kind, at string) {
	for _, n := range []string{"kind", "type", "object", "resource"} {
		if !every(items, n) {
			continue
		}
		known := true
		for _, it := range items {
			_, ok := p.field[scalarOf(it[n])]
			known = known && ok
		}
		if known {
			return "", n
		}
	}
	strangers := 0
	for _, it := range items {
		k := p.one(p.known[scalarOf(it["id"])])
		if k != "" && kind != "" && k != kind {
			return "", ""
		}
		if k == "" {
			strangers++
		} else {
			kind = k
		}
	}
	if strangers*2 > len(items) {
		return "", ""
	}
	return kind, ""
}

// tells learns where an answer says whose it is, who the caller is, and what
// messages name.
func (p *places) tells(a answer) {
	if a.x.Status == 101 {
		for _, doc := range a.docs {
			p.named(doc, 0, func(n, kind string) { p.names(a.at, lr.Place{In: lr.InMessage, At: n, Kind: kind}) })
		}
		return
	}
	if a.rt.Method == "POST" && len(a.at.Makes) == 0 {
		for _, doc := range a.docs {
			p.mentions(a, doc, "$", 0)
		}
	}
	root, ok := a.docs[0].(map[string]any)
	if !ok || a.stream() {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(root)) {
		if a.tenant(n, root[n]) {
			if place := (lr.Place{In: lr.InAnswer, At: "$." + n}); !slices.Contains(a.at.Tenant, place) {
				a.at.Tenant = append(a.at.Tenant, place)
			}
		}
		if kind := p.one(p.known[a.as.UserID]); a.rt.Kind == lr.WhoAmI && a.rt.Method == "GET" && kind != "" && plainKey(n) && scalarOf(root[n]) == a.as.UserID {
			p.made(a, kind, "$."+n, a.as.UserID)
		}
	}
}

// mentions learns of objects that came to be by the way: the message that an
// answer's stream ends with.
func (p *places) mentions(a answer, v any, at string, depth int) {
	m, ok := v.(map[string]any)
	if !ok || depth > deepest {
		return
	}
	id := scalarOf(m["id"])
	if kind := p.one(p.known[id]); kind != "" && oracle.Telling(id) && !strings.Contains(a.x.URL, id) && !bytes.Contains(a.x.Sent, []byte(id)) {
		p.made(a, kind, at+".id", id)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if plainKey(k) {
			p.mentions(a, m[k], at+"."+k, depth+1)
		}
	}
}
