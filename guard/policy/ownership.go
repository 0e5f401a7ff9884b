package policy

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// Ownership says where requests and answers name objects, and what is known of
// whose they are.
type Ownership struct {
	Store      string            `yaml:"store"` // a file, "memory", a reference to postgres://…, or "" for that of state.ledger
	Remember   int               `yaml:"remember,omitempty"`
	Unknown    ownership.Unknown `yaml:"unknown,omitempty"`
	IgnoreCase []string          `yaml:"ignore_case,omitempty"` // kinds
	Exempt     []string          `yaml:"exempt_roles,omitempty"`
	Resolver   *Resolver         `yaml:"resolver,omitempty"`
	Routes     []Owned           `yaml:"routes"`
}

// Resolver is an address of the application that says whose an object is.
type Resolver struct {
	URL       string `yaml:"url"`                  // with {kind} and {id}
	Tenant    string `yaml:"tenant"`               // the path of JSON at which the answer says it
	Timeout   string `yaml:"timeout,omitempty"`    // 500ms
	Keep      string `yaml:"keep,omitempty"`       // 1m: how long an answer is believed
	TokenFile string `yaml:"token_file,omitempty"` // a file that holds a bearer token, which is sent
}

// Owned is what is known of one of the policy's routes. Paths of JSON are as $.data[*].id,
// or a name for every member of that name at any depth.
type Owned struct {
	Path      string            `yaml:"path"`
	Methods   []string          `yaml:"methods,omitempty,flow"`
	IDs       IDs               `yaml:"ids,omitempty"`
	Tenant    []string          `yaml:"tenant,omitempty,flow"`
	Creates   []Creates         `yaml:"creates,omitempty"`
	List      *Listed           `yaml:"list,omitempty"`
	More      []Listed          `yaml:"more_lists,omitempty"`
	Events    *Messages         `yaml:"events,omitempty"`
	Websocket *Messages         `yaml:"websocket,omitempty"`
	Counts    map[string]string `yaml:"counts,omitempty"`  // the path of a number to the kind that it counts, or ""
	Deletes   string            `yaml:"deletes,omitempty"` // the parameter of the path whose object a success ends
	Unknown   ownership.Unknown `yaml:"unknown,omitempty"`
	Proven    bool              `yaml:"proven,omitempty"`
	MaxAnswer int               `yaml:"max_answer,omitempty"` // bytes of an answer that is looked at; 0: 4 MiB
}

// IDs name where a request holds ids, each with its kind: parameters of the path, names
// of the query, and paths of JSON in the body.
type IDs struct {
	Path  map[string]string `yaml:"path,omitempty"`
	Query map[string]string `yaml:"query,omitempty"`
	Body  map[string]string `yaml:"body,omitempty"`
}

// Creates says where the answer to a create names what was made: one of the two.
type Creates struct {
	Kind     string `yaml:"kind"`
	ID       string `yaml:"id,omitempty"`       // a path of JSON
	Location bool   `yaml:"location,omitempty"` // the last segment of the header of that name
}

// Listed says where an answer holds several objects, by paths of JSON. Within an item a
// name alone is a member of its own.
type Listed struct {
	Items  string   `yaml:"items,omitempty"`       // the list; left out where each line is an item
	Kind   string   `yaml:"kind,omitempty"`        // of every item
	KindAt string   `yaml:"kind_at,omitempty"`     // or where an item says it
	ID     string   `yaml:"id,omitempty"`          // within an item
	Tenant []string `yaml:"tenant,omitempty,flow"` // within an item: where it says whose it is
	Drop   []string `yaml:"drop,omitempty,flow"`   // of the answer: null where an item was taken out

	Optional bool `yaml:"optional,omitempty"` // an answer without the list holds no objects
}

// Messages say what the messages of a connection name, by paths of JSON.
type Messages struct {
	IDs    map[string]string `yaml:"ids,omitempty"`         // the path of an id to its kind
	Tenant []string          `yaml:"tenant,omitempty,flow"` // where a message says whose it is
	Opaque bool              `yaml:"opaque,omitempty"`      // what is no JSON passes

	Origins  []string `yaml:"origins,omitempty,flow"` // of pages that may open a WebSocket
	Messages int      `yaml:"messages,omitempty"`     // of a user in Window
	Window   string   `yaml:"window,omitempty"`       // 1m
}

func (m *Messages) window() (time.Duration, error) { return time.ParseDuration(cmp.Or(m.Window, "1m")) }

var unknowns = []ownership.Unknown{ownership.Deny, ownership.Verify, ownership.Resolve, ownership.Allow}

// ownership judges the section. twice wants what is unsafe said a second time.
func (j *judge) ownership(p *Policy, twice func(at, what, path, why string)) {
	o := p.Ownership
	if o == nil {
		return
	}
	if !p.Auth.tenants() {
		j.fail("ownership", "ownership needs auth.tenant_claim, or tenant of auth.bearer or auth.session: an object is a tenant's of a verified claim")
	}
	switch at := p.ownersAt(); {
	case at == "":
		j.fail("ownership", "ownership needs store: a file, as ownership.db, memory, which is forgotten at the end, or state.ledger in a Postgres")
	case !reference(at) && strings.Contains(at, "://"):
		j.fail("ownership.store", "ownership.store is a file, memory, or a reference to postgres://…: ${env:NAME} or file:PATH, since it holds a password")
	}
	if o.Remember < 0 {
		j.fail("ownership.remember", "remember is below 0")
	}
	if len(o.Routes) == 0 {
		j.fail("ownership", "ownership has no routes: it would guard nothing")
	}
	if r := o.Resolver; r != nil {
		u, err := url.Parse(strings.NewReplacer("{kind}", "k", "{id}", "i").Replace(r.URL))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || !strings.Contains(r.URL, "{id}") || strings.Contains(strings.SplitN(r.URL+"///", "/", 4)[2], "{") {
			j.fail("ownership.resolver.url", "resolver.url is no address with {id}, as http://127.0.0.1:3000/internal/owner?kind={kind}&id={id}")
		}
		j.path("ownership.resolver.tenant", r.Tenant, ownership.ParsePath)
		for n, s := range map[string]string{"timeout": r.Timeout, "keep": r.Keep} {
			if d, err := time.ParseDuration(s); s != "" && (err != nil || d <= 0) {
				j.fail("ownership.resolver."+n, "%s %q is no time, as 500ms", n, s)
			}
		}
	}
	j.unknown("ownership.unknown", o, o.Unknown)
	if o.Unknown == ownership.Allow && p.Modes["ownership"] != guard.Observe {
		twice("ownership.unknown", "unknown owners", "everywhere", "objects that nobody is known to own may be reached by everybody")
	}
	for i := range o.Routes {
		j.owned(fmt.Sprintf("ownership.routes[%d]", i), p, &o.Routes[i], twice)
		if missed := o.missed(p, i); len(missed) > 0 {
			path := o.Routes[i].Path
			twice(fmt.Sprintf("ownership.routes[%d].methods", i), "unowned methods", path, fmt.Sprintf("%s names an object, and whose it is is not asked for %s: add them to methods, or leave methods out", path, strings.Join(missed, ", ")))
		}
	}
}

// missed are the methods that reach a path with ids, and of which no rule of that
// path tells; told once, at the first of its rules.
func (o *Ownership) missed(p *Policy, at int) []string {
	path, ruled := o.Routes[at].Path, map[string]bool{"OPTIONS": true}
	for i, r := range o.Routes {
		switch {
		case r.Path != path:
			continue
		case i < at || len(r.Methods) == 0:
			return nil
		}
		for _, m := range r.Methods {
			if len(r.IDs.Path) > 0 {
				ruled[m] = true
				ruled["HEAD"] = ruled["HEAD"] || m == "GET"
			}
		}
	}
	named := slices.ContainsFunc(o.Routes, func(r Owned) bool { return r.Path == path && len(r.IDs.Path) > 0 })
	var out []string
	for _, rt := range p.Routes {
		if rt.Path != path || rt.Blocked || !named {
			continue
		}
		all := rt.Methods
		if len(all) == 0 {
			all = methods
		}
		for _, m := range all {
			if !ruled[m] && !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

func (j *judge) unknown(at string, o *Ownership, u ownership.Unknown) {
	if u != "" && !slices.Contains(unknowns, u) {
		j.fail(at, "unknown is %q: one of deny, verify, resolve, allow", u)
	}
	if u == ownership.Resolve && o.Resolver == nil {
		j.fail(at, "unknown: resolve needs ownership.resolver")
	}
}

func (j *judge) path(at, s string, parse func(string) (ownership.Path, error)) {
	if _, err := parse(s); err != nil {
		j.fail(at, "%v", err)
	}
}

func (j *judge) paths(at string, all []string, parse func(string) (ownership.Path, error)) {
	for i, s := range all {
		j.path(fmt.Sprintf("%s[%d]", at, i), s, parse)
	}
}

// owned judges what is said of one route.
func (j *judge) owned(at string, p *Policy, r *Owned, twice func(at, what, path, why string)) {
	o := p.Ownership
	for _, m := range r.Methods {
		if !slices.Contains(methods, m) {
			j.fail(at+".methods", "method %q: one of %s", m, strings.Join(methods, ", "))
		}
	}
	j.covered(at, p, r)
	for i := range o.Routes {
		other := &o.Routes[i]
		if other == r {
			break
		}
		if other.Path == r.Path && (len(r.Methods) == 0 || len(other.Methods) == 0 || slices.ContainsFunc(r.Methods, func(m string) bool { return slices.Contains(other.Methods, m) })) {
			j.fail(at, "%s is described twice for the same method", r.Path)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(r.IDs.Path)) {
		if !strings.Contains(r.Path+"/", "/{"+n+"}/") {
			j.fail(at+".ids.path", "the path %s has no {%s}", r.Path, n)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(r.IDs.Body)) {
		j.path(at+".ids.body", s, ownership.ParsePath)
	}
	for where, kinds := range map[string]map[string]string{"path": r.IDs.Path, "query": r.IDs.Query, "body": r.IDs.Body} {
		for n, kind := range kinds {
			if kind == "" || n == "" {
				j.fail(at+".ids."+where, "an id needs a name and a kind, as {chat_id: chat}")
			}
		}
	}
	j.paths(at+".tenant", r.Tenant, ownership.ParsePath)
	for i, c := range r.Creates {
		here := fmt.Sprintf("%s.creates[%d]", at, i)
		if c.Kind == "" || (c.ID == "") != c.Location {
			j.fail(here, "creates needs kind, and either id, a path of the answer, or location: true")
		} else if !c.Location {
			j.path(here+".id", c.ID, ownership.ParsePath)
			if !strings.HasPrefix(c.ID, "$") || strings.Contains(c.ID, "..") { // whoever writes an id there would own it
				j.fail(here+".id", "creates.id is where the answer has the id, as $.id or $.data.id: a name at any depth may be one that the caller wrote")
			}
		}
	}
	tenants := len(r.Tenant)
	if len(r.More) > 0 && r.List == nil {
		j.fail(at+".more_lists", "more_lists stands beside list")
	}
	lists := map[string]*Listed{}
	if r.List != nil {
		lists[".list"] = r.List
	}
	for i := range r.More {
		lists[fmt.Sprintf(".more_lists[%d]", i)] = &r.More[i]
	}
	for here, l := range lists {
		tenants += len(l.Tenant)
		if l.Items != "" {
			j.path(at+here+".items", l.Items, ownership.ParsePath)
		}
		if l.ID == "" && (l.Kind+l.KindAt != "" || len(l.Tenant) == 0) || l.ID != "" && (l.Kind == "") == (l.KindAt == "") {
			j.fail(at+here, "list needs id and kind (or kind_at), or tenant, or all three: else no item can be told from another's")
		}
		if l.KindAt != "" {
			j.path(at+here+".kind_at", l.KindAt, ownership.Direct)
		}
		if l.ID != "" {
			j.path(at+here+".id", l.ID, ownership.Direct)
		}
		j.paths(at+here+".tenant", l.Tenant, ownership.Direct)
		j.paths(at+here+".drop", l.Drop, ownership.ParsePath)
	}
	if r.Events != nil && r.Websocket != nil {
		j.fail(at, "a route has events or a websocket, not both")
	}
	for n, m := range map[string]*Messages{"events": r.Events, "websocket": r.Websocket} {
		if m == nil {
			continue
		}
		tenants += len(m.Tenant)
		if len(m.IDs)+len(m.Tenant)+len(m.Origins)+m.Messages == 0 {
			j.fail(at+"."+n, "%s needs ids or tenant: else no message can be told from another's", n)
		}
		for _, s := range slices.Sorted(maps.Keys(m.IDs)) {
			j.path(at+"."+n+".ids", s, ownership.ParsePath)
			if m.IDs[s] == "" {
				j.fail(at+"."+n+".ids", "an id needs a kind, as {chat_id: chat}")
			}
		}
		j.paths(at+"."+n+".tenant", m.Tenant, ownership.ParsePath)
		for i, s := range m.Origins {
			if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || s != u.Scheme+"://"+u.Host || strings.Contains(s, "*") {
				j.fail(fmt.Sprintf("%s.%s.origins[%d]", at, n, i), "origin %q is none, as https://app.acme.test", s)
			}
		}
		if w, err := m.window(); err != nil || w < max(1, time.Duration(m.Messages)) || m.Messages < 0 || m.Window != "" && m.Messages == 0 {
			j.fail(at+"."+n, "messages is a number above 0 in a window, as messages: 30, window: 1m")
		}
		if n == "events" && (m.Opaque || len(m.Origins) > 0 || m.Messages > 0) {
			j.fail(at+".events", "opaque, origins and messages are for a websocket: events that are no JSON pass as text")
		} else if m.Opaque {
			twice(at+".websocket.opaque", "opaque websocket", r.Path, r.Path+" passes messages that cannot be read")
		}
	}
	for _, s := range slices.Sorted(maps.Keys(r.Counts)) {
		j.path(at+".counts", s, ownership.ParsePath)
	}
	if _, ok := r.IDs.Path[r.Deletes]; r.Deletes != "" && !ok {
		j.fail(at+".deletes", "deletes is %q, which is none of ids.path", r.Deletes)
	}
	if r.MaxAnswer < 0 || r.MaxAnswer > 64<<20 {
		j.fail(at+".max_answer", "max_answer is between 0 and 67108864 bytes")
	}
	j.unknown(at+".unknown", o, r.Unknown)
	if r.Unknown == ownership.Verify && tenants == 0 {
		j.fail(at+".unknown", "unknown: verify needs tenant: where the answer says whose it is")
	}
	if r.Unknown == ownership.Allow && p.Modes["ownership"] != guard.Observe {
		twice(at+".unknown", "unknown owners", r.Path, r.Path+" lets everybody reach objects that nobody is known to own")
	}
	if r.Proven {
		twice(at+".proven", "proven reads", r.Path, r.Path+" makes whoever is answered the owner: say so only of a route that the audit found isolated")
	}
}

// covered wants a route of the policy with that path, whose callers are known.
func (j *judge) covered(at string, p *Policy, r *Owned) {
	all := r.Methods
	if len(all) == 0 {
		all = []string{""}
	}
	for _, m := range all {
		found := false
		for _, rt := range p.Routes {
			if rt.Path != r.Path || m != "" && len(rt.Methods) > 0 && !slices.Contains(rt.Methods, m) && (m != "HEAD" || !slices.Contains(rt.Methods, "GET")) {
				continue
			}
			found = true
			if rt.Public {
				j.fail(at, "%s is public in routes: whose an object is can be asked of callers that are known only", r.Path)
				return
			}
		}
		if !found {
			j.fail(at, "%s %s is none of routes: one list decides which path is which", cmp.Or(m, "path"), r.Path)
		}
	}
}

// parsed reads what the judge has accepted.
func parsed(all []string, parse func(string) (ownership.Path, error)) (out []ownership.Path, err error) {
	for _, s := range all {
		p, err := parse(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func fields(m map[string]string) (out []ownership.Field, err error) {
	for _, s := range slices.Sorted(maps.Keys(m)) {
		p, err := ownership.ParsePath(s)
		if err != nil {
			return nil, err
		}
		out = append(out, ownership.Field{Path: p, Kind: m[s]})
	}
	return out, nil
}

func pointers(all []Listed) (out []*Listed) {
	for i := range all {
		out = append(out, &all[i])
	}
	return out
}

// rule makes what guard asks of a route.
func (r *Owned) rule(all ownership.Unknown) (*ownership.Rule, error) {
	out := &ownership.Rule{Methods: r.Methods, Deletes: r.Deletes, Unknown: cmp.Or(r.Unknown, all, ownership.Deny), Proven: r.Proven, Max: r.MaxAnswer}
	for _, s := range strings.Split(r.Path, "/") {
		n := strings.Trim(s, "{}")
		if kind, ok := r.IDs.Path[n]; ok && s == "{"+n+"}" {
			out.Path = append(out.Path, ownership.Ref{Name: n, Kind: kind})
			if r.Deletes == "" {
				out.Deletes = n
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(r.IDs.Query)) {
		out.Query = append(out.Query, ownership.Ref{Name: n, Kind: r.IDs.Query[n]})
	}
	var err error
	if out.Body, err = fields(r.IDs.Body); err != nil {
		return nil, err
	}
	if out.Counts, err = fields(r.Counts); err != nil {
		return nil, err
	}
	if out.Tenant, err = parsed(r.Tenant, ownership.ParsePath); err != nil {
		return nil, err
	}
	for _, c := range r.Creates {
		made := ownership.Create{Kind: c.Kind, Location: c.Location}
		if !c.Location {
			if made.ID, err = ownership.ParsePath(c.ID); err != nil {
				return nil, err
			}
		}
		out.Creates = append(out.Creates, made)
	}
	for i, l := range append([]*Listed{r.List}, pointers(r.More)...) {
		if l == nil {
			continue
		}
		li := &ownership.List{Kind: l.Kind, Optional: l.Optional}
		if li.Items, err = ownership.ParsePath(cmp.Or(l.Items, "$")); err != nil {
			return nil, err
		}
		if l.ID != "" {
			id, err := ownership.Direct(l.ID)
			if err != nil {
				return nil, err
			}
			li.ID = &id
		}
		if l.KindAt != "" {
			at, err := ownership.Direct(l.KindAt)
			if err != nil {
				return nil, err
			}
			li.KindAt = &at
		}
		if li.Tenant, err = parsed(l.Tenant, ownership.Direct); err != nil {
			return nil, err
		}
		if li.Drop, err = parsed(l.Drop, ownership.ParsePath); err != nil {
			return nil, err
		}
		if i == 0 {
			out.List = li
		} else {
			out.More = append(out.More, li)
		}
	}
	if m := cmp.Or(r.Events, r.Websocket); m != nil {
		ms := &ownership.Messages{Socket: r.Websocket != nil, Opaque: m.Opaque}
		if ms.IDs, err = fields(m.IDs); err != nil {
			return nil, err
		}
		if ms.Tenant, err = parsed(m.Tenant, ownership.ParsePath); err != nil {
			return nil, err
		}
		for _, s := range m.Origins {
			ms.Origins = append(ms.Origins, strings.ToLower(s))
		}
		ms.Rate = m.Messages
		if ms.Window, err = m.window(); err != nil {
			return nil, err
		}
		out.Messages = ms
	}
	return out, nil
}

// keeper makes the check, which is the tap as well.
func (p *Policy) keeper(s *State) (*ownership.Keeper, error) {
	o := p.Ownership
	store, err := p.owners(s)
	if err != nil {
		return nil, err
	}
	opts := ownership.Options{Store: store, Rules: map[string][]*ownership.Rule{}, Fold: map[string]bool{}, Exempt: o.Exempt, Log: s.Log, Now: s.Now}
	for _, kind := range o.IgnoreCase {
		opts.Fold[kind] = true
	}
	if r := o.Resolver; r != nil {
		names, err := ownership.ParsePath(r.Tenant)
		if err != nil {
			return nil, err
		}
		timeout, err := time.ParseDuration(cmp.Or(r.Timeout, "500ms"))
		if err != nil {
			return nil, err
		}
		keep, err := time.ParseDuration(cmp.Or(r.Keep, "1m"))
		if err != nil {
			return nil, err
		}
		opts.Resolver = &ownership.Resolver{URL: r.URL, Names: names, Timeout: timeout, Keep: keep, TokenFile: r.TokenFile, Now: s.Now}
	}
	for i := range o.Routes {
		r, err := o.Routes[i].rule(o.Unknown)
		if err != nil {
			return nil, err
		}
		opts.Rules[o.Routes[i].Path] = append(opts.Rules[o.Routes[i].Path], r)
	}
	return ownership.New(opts), nil
}
