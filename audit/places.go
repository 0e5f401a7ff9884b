package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Bounds of what is looked through for places.
const (
	mostLooked    = 256 << 10 // bytes of an answer
	deepest       = 3         // objects within objects
	mostPerRoute  = 40        // answers of a route
	alikeShare    = 0.6       // of member names that two objects of one kind share
	mostListItems = 200
)

// tenantWords are the nouns that products call a tenant by.
var tenantWords = []string{"tenant", "org", "organization", "organisation", "workspace", "account", "company", "team"}

// places finds out where requests and answers name objects, from the surface and
// from what owners were answered in this run. A policy in front of the target needs
// it, and nobody can write it down faster. No value of the target is kept.
type places struct {
	target *lr.Target
	kinds  map[string]string          // by resource
	field  map[string]string          // the key of its objects, by kind
	local  map[string]bool            // kinds whose keys are no single tenant's
	whose  map[string]map[string]bool // tenants by kind NUL id, of what was made
	known  map[string]string          // kind by id; "" where two kinds have it
	same   map[string]string          // kinds of the same objects: the users whom administrators list are the members
	sawn   map[string]string          // tenant by list NUL id, of lists that no other tenant's shows in
	passed map[string]bool            // routes where no list or search told another tenant anything
	at     map[string]*lr.RouteReport
	looked map[string]int
	bad    map[string]bool // list of a route that an answer of it lacked
}

// put fills in the places of the report's routes.
func (r *run) put(routes []lr.RouteReport) {
	p := &places{target: r.Target, kinds: map[string]string{}, field: map[string]string{}, local: map[string]bool{}, whose: map[string]map[string]bool{}, known: map[string]string{}, same: map[string]string{}, sawn: map[string]string{},
		passed: r.isolated(), at: map[string]*lr.RouteReport{}, looked: map[string]int{}, bad: map[string]bool{}}
	for i := range routes {
		p.at[routes[i].Method+" "+routes[i].Path] = &routes[i]
	}
	p.name()
	if r.seen == nil {
		return
	}
	answers, _ := r.seen.Seen()
	accounts := map[string]*lr.Account{}
	for _, a := range r.Target.Accounts {
		accounts[a.Name] = a
	}
	var all []answer
	for x := range answers {
		if a := p.read(x, accounts[x.As]); a != nil {
			all = append(all, *a)
		}
	}
	for _, a := range all {
		p.makes(a)
	}
	for _, a := range all {
		p.shows(a)
	}
	for _, a := range all {
		p.tells(a)
	}
	p.request()
	p.settle()
}

// isolated are the routes whose lists and searches were asked as another tenant,
// and told nothing.
func (r *run) isolated() map[string]bool {
	out, failed := map[string]bool{}, map[string]bool{}
	for _, id := range []string{"isolation/list-leak", "isolation/search-leak", "isolation/shared-cache"} {
		if res := r.results[id]; res != nil {
			for _, o := range res.outcomes {
				out[o.Subject] = out[o.Subject] || o.Verdict == lr.Passed && id != "isolation/shared-cache"
				failed[o.Subject] = failed[o.Subject] || o.Verdict == lr.Failed
			}
		}
	}
	maps.DeleteFunc(out, func(s string, ok bool) bool { return !ok || failed[s] })
	return out
}

// name gives each resource that keys are of a kind: its noun, with those before it
// where two resources have the same.
func (p *places) name() {
	fields := map[string]string{}
	for _, rt := range p.target.Routes {
		for _, k := range rt.Keys {
			if k.Resource != "" && (fields[k.Resource] == "" || k.Field != "") {
				fields[k.Resource] = k.Field
			}
		}
	}
	all := slices.Sorted(maps.Keys(fields))
	for n := 1; n <= 4 && len(all) > 0; n++ {
		by := map[string][]string{}
		for _, res := range all {
			k := kindOf(res, n)
			by[k] = append(by[k], res)
		}
		var left []string
		for k, same := range by {
			if len(same) > 1 && n < 4 {
				left = append(left, same...)
				continue
			}
			for _, res := range same {
				p.kinds[res], p.field[k] = k, fields[res]
				if p.field[k] == "" {
					p.field[k] = "id"
				}
				p.local[k] = p.local[k] || !identifies(p.field[k])
			}
		}
		slices.Sort(left)
		all = left
	}
}

// kindOf joins the last n nouns of a resource.
func kindOf(resource string, n int) string {
	var nouns []string
	for _, s := range strings.Split(strings.Trim(resource, "/"), "/") {
		if s != "{}" && s != "" && !(len(s) <= 3 && s[0] == 'v') {
			nouns = append(nouns, singularOf(strings.ToLower(s)))
		}
	}
	return strings.Join(nouns[max(0, len(nouns)-n):], "_")
}

func singularOf(n string) string {
	switch {
	case strings.HasSuffix(n, "ies") && len(n) > 4:
		return n[:len(n)-3] + "y"
	case strings.HasSuffix(n, "sses"), strings.HasSuffix(n, "xes"), strings.HasSuffix(n, "ches"), strings.HasSuffix(n, "shes"):
		return n[:len(n)-2]
	case strings.HasSuffix(n, "s") && !strings.HasSuffix(n, "ss"):
		return n[:len(n)-1]
	}
	return n
}

// identifies reports a key that is one object's in the whole application by what
// it is called; a slug or a name is a tenant's own.
func identifies(field string) bool {
	f := plainName(field)
	return strings.HasSuffix(f, "id") || f == "guid" || f == "key"
}

func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
}

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

// holding finds the outermost object with the member, through objects alone.
func holding(v any, field, at string, depth int) (map[string]any, string) {
	m, ok := v.(map[string]any)
	if !ok || depth > deepest {
		return nil, ""
	}
	if scalarOf(m[field]) != "" {
		return m, at
	}
	var found map[string]any
	where := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !plainKey(k) {
			continue
		}
		if in, path := holding(m[k], field, at+"."+k, depth+1); in != nil {
			if found != nil {
				return nil, "" // which of the two was made cannot be told
			}
			found, where = in, path
		}
	}
	return found, where
}

// alike visits the objects within one that have the members of such a one: an
// answer to a message, say, is a message too.
func alike(root, m map[string]any, at string, visit func(at string, m map[string]any)) {
	if strings.Count(at, ".") > deepest {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		in, ok := m[k].(map[string]any)
		if !ok || !plainKey(k) {
			continue
		}
		same := 0
		for n := range in {
			if _, has := root[n]; has {
				same++
			}
		}
		if float64(same) >= alikeShare*float64(max(len(in), 1)) && float64(same) >= alikeShare*float64(len(root)-1) {
			visit(at+"."+k, in)
		}
		alike(root, in, at+"."+k, visit)
	}
}

// plainKey reports a member that a path can name.
func plainKey(k string) bool {
	return k != "" && !strings.ContainsAny(k, ".[]*'\"$ ") && len(k) < 100
}

func scalarOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
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
			inner := items
			if l.ID, inner = within(items); l.ID == "" {
				continue
			}
			if l.Kind, l.KindAt = p.kindIn(inner); l.Kind+l.KindAt == "" || l.KindAt != "" && l.ID != "id" {
				continue
			}
		}
		for n, v := range items[0] {
			if a.as.TenantID != "" && scalarOf(v) == a.as.TenantID && tenantName(n) {
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

func every(items []map[string]any, field string) bool {
	return !slices.ContainsFunc(items, func(m map[string]any) bool { return scalarOf(m[field]) == "" })
}

// listsIn finds the lists of objects of a document, through objects alone.
func listsIn(v any, at string, depth int, into map[string][]map[string]any) {
	switch v := v.(type) {
	case []any:
		items := []map[string]any{}
		for _, e := range v[:min(len(v), mostListItems)] {
			m, ok := e.(map[string]any)
			if !ok {
				return
			}
			items = append(items, m)
		}
		into[at] = items
	case map[string]any:
		if depth > deepest {
			return
		}
		for k, e := range v {
			if plainKey(k) {
				listsIn(e, at+"."+k, depth+1, into)
			}
		}
	}
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
		if a.as.TenantID != "" && scalarOf(root[n]) == a.as.TenantID && tenantName(n) {
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

// named visits the members of a message that name an object, by what they are called.
func (p *places) named(v any, depth int, visit func(name, kind string)) {
	m, ok := v.(map[string]any)
	if !ok || depth > deepest {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(m)) {
		if kind := p.refers(n); kind != "" && plainKey(n) {
			visit(n, kind)
		}
		p.named(m[n], depth+1, visit)
	}
}

// refers tells which kind a name such as chat_id or fileIds is of.
func (p *places) refers(name string) string {
	n := plainName(name)
	for _, end := range []string{"uuids", "uuid", "ids", "id"} {
		noun, ok := strings.CutSuffix(n, end)
		if !ok || noun == "" {
			continue
		}
		for _, kind := range slices.Sorted(maps.Values(p.kinds)) {
			if plainName(kind) == noun {
				return kind
			}
		}
		return ""
	}
	return ""
}

func (p *places) names(at *lr.RouteReport, place lr.Place) {
	if !slices.Contains(at.Names, place) {
		at.Names = append(at.Names, place)
	}
}

func tenantName(n string) bool {
	plain := plainName(n)
	return slices.ContainsFunc(tenantWords, func(w string) bool { return plain == w || plain == w+"id" || plain == w+"uuid" })
}

// request says where requests name objects and tenants, as the surface has it.
func (p *places) request() {
	for _, rt := range p.target.Routes {
		at := p.at[rt.String()]
		if at == nil {
			continue
		}
		tenant := func(in, name string) {
			if place := (lr.Place{In: in, At: name}); !slices.Contains(at.Tenant, place) {
				at.Tenant = append(at.Tenant, place)
			}
		}
		for _, n := range rt.PathParams() {
			kind := p.kinds[rt.Keys[n].Resource]
			switch {
			case tenantName(n) || slices.Contains(tenantWords, kind):
				tenant(lr.InPathOf, n)
			case kind != "":
				p.names(at, lr.Place{In: lr.InPathOf, At: n, Kind: kind})
			}
		}
		for _, q := range rt.Params {
			switch kind := p.refers(q.Name); {
			case q.In == lr.InQuery && tenantName(q.Name):
				tenant(lr.InQueryOf, q.Name)
			case q.In == lr.InQuery && kind != "":
				p.names(at, lr.Place{In: lr.InQueryOf, At: q.Name, Kind: kind})
			}
		}
		if rt.Body != nil {
			if strings.HasPrefix(rt.Body.Type, "multipart/") && rt.Body.Schema != nil {
				for _, s := range rt.Body.Schema.Properties {
					if s != nil && s.Format == "binary" {
						at.MaxFile = max(at.MaxFile, s.MaxLength)
					}
				}
			}
			p.members(rt.Body.Schema, 0, func(n string) {
				if tenantName(n) {
					tenant(lr.InBodyOf, n)
				} else if kind := p.refers(n); kind != "" {
					p.names(at, lr.Place{In: lr.InBodyOf, At: n, Kind: kind})
				}
			})
		}
	}
}

func (p *places) members(s *lr.Schema, depth int, visit func(string)) {
	if s == nil || depth > deepest {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(s.Properties)) {
		if plainKey(n) {
			visit(n)
		}
		p.members(s.Properties[n], depth+1, visit)
	}
	p.members(s.Items, depth+1, visit)
	for _, o := range s.OneOf {
		p.members(o, depth+1, visit)
	}
}

// settle takes out what is not the same in every answer, and kinds whose keys two
// tenants have alike: such an id is nobody's alone.
func (p *places) settle() {
	for _, rt := range p.target.Routes {
		if kind := p.kinds[rt.Resource]; kind != "" && lr.Match(p.target.Access.Shared, rt) {
			p.local[kind] = true // everybody's, on purpose
		}
	}
	for kind := range p.same {
		p.local[p.one(kind)] = p.local[p.one(kind)] || p.local[kind]
	}
	for _, at := range p.at { // one list that is asked in two ways answers alike
		for _, o := range p.at {
			if at != o && at.Path == o.Path && at.Kind == o.Kind && len(at.Shows) == 0 && o.Kind == lr.Search.String() {
				at.Shows = slices.Clone(o.Shows)
			}
		}
	}
	for key, at := range p.at {
		local := func(pl lr.Place) bool { return p.local[p.one(pl.Kind)] }
		at.Names = slices.DeleteFunc(at.Names, local)
		at.Makes = slices.DeleteFunc(at.Makes, local)
		at.Shows = slices.DeleteFunc(at.Shows, func(l lr.Listing) bool { return p.local[p.one(l.Kind)] || p.bad[fmt.Sprint(key, "\x00", l.Items)] })
		for i := range at.Shows {
			at.Shows[i].Isolated, at.Shows[i].Kind = p.passed[key], p.one(at.Shows[i].Kind)
		}
		for _, list := range [][]lr.Place{at.Names, at.Makes} {
			for i := range list {
				list[i].Kind = p.one(list[i].Kind)
			}
		}
	}
}
