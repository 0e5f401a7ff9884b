package audit

import (
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
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
// it, and nobody can write it down faster. No value of the target reaches the report:
// where a member is called by one, what lies below it is not told.
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
	for _, learn := range []func(answer){p.makes, p.shows, p.tells} { // each from all that the one before has learned
		clear(p.looked)
		for x := range answers {
			if a := p.read(x, accounts[x.As]); a != nil { // again, as all of them read would take many times their bytes
				learn(*a)
			}
		}
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
	nouns := surface.Nouns(resource)
	return strings.Join(nouns[max(0, len(nouns)-n):], "_")
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
	for key, at := range p.at {
		at.Shows = slices.DeleteFunc(at.Shows, func(l lr.Listing) bool { return p.bad[key+"\x00"+l.Items] })
	}
	for _, at := range p.at { // one list that is asked in two ways answers alike
		for _, o := range p.at {
			if at != o && at.Path == o.Path && at.Kind == o.Kind && len(at.Shows) == 0 && o.Kind == lr.Search.String() {
				at.Shows = slices.Clone(o.Shows)
			}
		}
	}
	for key, at := range p.at {
		at.Names = slices.DeleteFunc(at.Names, func(pl lr.Place) bool { return p.local[p.one(pl.Kind)] })
		at.Makes = slices.DeleteFunc(at.Makes, func(pl lr.Place) bool { return p.local[p.one(pl.Kind)] || p.says(pl.At) })
		at.Shows = slices.DeleteFunc(at.Shows, func(l lr.Listing) bool { return p.local[p.one(l.Kind)] || p.says(l.Items) || p.says(l.ID) })
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

// says reports a path of which a member is called by the key of an object, of a user or
// of a tenant: a dictionary by such keys has the target's data for names.
func (p *places) says(path string) bool {
	for n := range strings.SplitSeq(path, ".") {
		_, known := p.known[n]
		if n != "" && (known || slices.ContainsFunc(p.target.Accounts, func(a *lr.Account) bool { return n == a.UserID || n == a.TenantID })) {
			return true
		}
	}
	return false
}
