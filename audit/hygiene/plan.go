package hygiene

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// bench makes the provocations of one route.
type bench struct {
	ctx   context.Context
	t     *lr.Trial
	route *lr.Route
	as    *lr.Account
	fresh *int // how many objects may still be made to be changed
	out   []*provocation
}

// plan lists the route's provocations, those that show most first.
func (b *bench) plan() []*provocation {
	o := b.object()
	if b.route.Method == "GET" {
		b.reading(o)
	} else {
		b.writing(o)
	}
	return b.out
}

// object is the run's own object that the route is about, nil where there is none.
func (b *bench) object() *lr.Object {
	if b.as == nil || len(b.route.PathParams()) == 0 {
		return nil
	}
	if o := b.t.Stage.Object(b.route.Resource, b.as); o != nil {
		return o
	}
	// A collection below something: any own object of what it is below.
	for _, name := range b.route.PathParams() {
		if o := b.t.Stage.Object(b.route.Keys[name].Resource, b.as); o != nil {
			return o
		}
	}
	return nil
}

func (b *bench) add(p provocation) {
	p.route, p.subject = b.route, b.route.String()
	b.out = append(b.out, &p)
}

// reading provokes a GET: whatever it is sent, it changes nothing.
func (b *bench) reading(o *lr.Object) {
	plain, err := b.t.Stage.Request(b.ctx, b.route, o, b.as)
	if err != nil {
		plain = &lr.Request{Method: "GET", Path: b.filled("lr0"), Header: acceptsJSON(), Route: b.route}
	} else if b.route.Kind != lr.Stream && b.route.Kind != lr.Export && b.as != nil {
		b.add(provocation{object: o, as: b.as, input: ownRequest, works: (*lr.Exchange).OK})
	}
	if err == nil && !lr.Match(b.t.Target.Access.Public, b.route) {
		b.add(provocation{object: o, input: noCredential})
	}
	if o != nil {
		m := oracle.MissingFor(b.route, o)
		if _, err := b.t.Stage.Request(b.ctx, b.route, m, b.as); err == nil {
			b.add(provocation{object: m, as: b.as, input: missingObject})
		}
	}
	keyed := len(b.route.PathParams()) > 0
	if keyed {
		mark := markup(b.t)
		b.address(plain, mark, "quotes and markup in the id", mark)
	}
	for _, group := range b.queries() {
		mark := markup(b.t)
		b.query(plain, group, mark, "quotes and markup in the query", mark)
	}
	if q := b.queries(); len(q) > 0 && q[0].number {
		b.query(plain, q[0], "99999999999999999999999", "a number in the query that is too large", "")
	}
	if keyed {
		b.address(plain, "99999999999999999999999", "an id that is too large a number", "")
		b.address(plain, "lr\x00", "a NUL in the id", "")
		b.address(plain, "lr\xff\xfe", "bad UTF-8 in the id", "")
	}
}

// address sends the route's request with another value for its last key.
func (b *bench) address(plain *lr.Request, key, input, mark string) {
	r := plain.Clone()
	path, query, _ := strings.Cut(plain.Path, "?")
	at, template := strings.Split(path, "/"), strings.Split(b.route.Path, "/")
	if len(at) != len(template) {
		return
	}
	names := b.route.PathParams()
	last := "{" + names[len(names)-1] + "}"
	for i := range template {
		if strings.Contains(template[i], last) {
			at[i] = strings.Replace(template[i], last, url.PathEscape(key), 1)
		}
	}
	r.Path = strings.Join(at, "/")
	if query != "" {
		r.Path += "?" + query
	}
	r.Header.Set("Accept", b.accept())
	b.add(provocation{request: r, as: b.as, input: input, mark: mark, malformed: true})
}

// accept is what a client of the route asks for: a page where it is a page.
func (b *bench) accept() string {
	if page(b.route) {
		return "text/html"
	}
	return "application/json"
}

// page reports a route that people open in a browser.
func page(rt *lr.Route) bool {
	return slices.ContainsFunc(rt.Accepts, func(m string) bool { return strings.HasPrefix(m, "text/html") })
}

// parameters are query parameters of one kind: a request with a mistake in each
// of them stops at the first that is looked at, so kinds are sent apart.
type parameters struct {
	names  []string
	number bool
}

// alone is how many texts of one route are sent apart.
const alone = 3

// queries lists the query parameters of the route, numbers first, and usual ones
// where it declares none, or where they were only seen in what somebody sent.
// Only a description tells types: without one, names tell numbers, and each text
// is sent alone, for any of them may be looked at first.
func (b *bench) queries() []parameters {
	var numbers, texts, rest parameters
	numbers.number = true
	known := map[string]bool{}
	for _, p := range b.route.Params {
		if p.In != lr.InQuery || credentialName(p.Name) {
			continue
		}
		known[p.Name] = true
		switch typ := typeOf(p.Schema); {
		case typ == "integer" || typ == "number" || typ == "string" && countName(p.Name):
			numbers.names = append(numbers.names, p.Name)
		case typ == "string" && len(p.Schema.Enum) == 0 && p.Schema.Format == "":
			texts.names = append(texts.names, p.Name)
		default:
			rest.names = append(rest.names, p.Name)
		}
	}
	if (len(known) == 0 || b.route.Shown) && (b.route.Kind == lr.List || b.route.Kind == lr.Search) {
		for _, name := range []string{"limit", "page", "offset"} {
			if !known[name] {
				numbers.names = append(numbers.names, name)
			}
		}
		for _, name := range []string{"cursor", "sort", "filter"} {
			if !known[name] {
				texts.names = append(texts.names, name)
			}
		}
	}
	groups := []parameters{numbers, rest}
	for len(texts.names) > 1 && len(groups) < 2+alone-1 {
		groups = append(groups, parameters{names: texts.names[:1]})
		texts.names = texts.names[1:]
	}
	var out []parameters
	for _, g := range append(groups, texts) {
		if len(g.names) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func typeOf(s *lr.Schema) string {
	if s == nil {
		return ""
	}
	return s.Type
}

// countName reports a name that usually takes a number.
func countName(name string) bool {
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name)) {
	case "limit", "page", "offset", "size", "pagesize", "perpage", "count", "skip", "top", "first", "take":
		return true
	}
	return false
}

func credentialName(n string) bool {
	n = strings.ToLower(n)
	return strings.Contains(n, "token") || strings.Contains(n, "key") || strings.Contains(n, "sig")
}

// query sends the route's request with a value for each of the parameters.
func (b *bench) query(plain *lr.Request, group parameters, value, input, mark string) {
	r := plain.Clone()
	path, had, _ := strings.Cut(plain.Path, "?")
	all, err := url.ParseQuery(had)
	if err != nil {
		all = url.Values{}
	}
	for _, name := range group.names {
		all.Set(name, value)
	}
	r.Path = path + "?" + all.Encode()
	r.Header.Set("Accept", b.accept())
	b.add(provocation{request: r, as: b.as, input: input, mark: mark, malformed: true})
}

// filled is the route's path with one value for all its keys.
func (b *bench) filled(value string) string {
	p := b.route.Path
	for _, name := range b.route.PathParams() {
		p = strings.ReplaceAll(p, "{"+name+"}", value)
	}
	return p
}

// writing provokes a route that takes a body, with bodies that cannot be read or
// cannot be meant. Where a body might be taken after all, the route is one whose
// objects the run can remove.
func (b *bench) writing(o *lr.Object) {
	path, own := b.filled("lr0"), false
	if b.route.Kind == lr.Update {
		o = b.another(o)
	}
	if len(b.route.PathParams()) == 0 || b.route.Kind == lr.Create || b.route.Kind == lr.Update && o != nil {
		if r, err := b.t.Stage.Request(b.ctx, b.route, o, b.as); err == nil {
			path, own = r.Path, true
		}
	}
	send := func(as *lr.Account, body, media, input, mark, secret string, malformed bool) {
		h := acceptsJSON()
		if media != "" {
			h["Content-Type"] = []string{media}
		}
		works := b.proof()
		if input == brokenJSON || input == otherMedia || input == noCredential {
			works = nil // refused by what reads bodies, before the route was there
		}
		b.add(provocation{as: as, input: input, mark: mark, secret: secret, malformed: malformed, works: works,
			request: &lr.Request{Method: b.route.Method, Path: path, Header: h, Body: []byte(body), Route: b.route}})
	}
	form := strings.Contains(b.route.Body.Type, "form")
	if form {
		send(b.as, "--lr\r\nbroken", "multipart/form-data; boundary=lr", "a form that is cut short", "", "", true)
		send(b.as, `{"lr":1}`, "application/json", "JSON where a form is due", "", "", true)
		send(nil, "--lr\r\nbroken", "multipart/form-data; boundary=lr", noCredential, "", "", false)
		return
	}
	send(b.as, `{"lr": `, "application/json", brokenJSON, "", "", true)
	if wrong, secret := b.wrongTypes(); wrong != "" && !b.standing() {
		send(b.as, wrong, "application/json", "fields of the wrong type", "", secret, true)
	}
	send(b.as, `["lr"]`, "application/json", "a list where an object is due", "", "", true)
	send(b.as, `<lr>1</lr>`, "application/xml", otherMedia, "", "", true)
	if own && b.removable() {
		if odd := b.odd(`"lr\u0000x"`); odd != "" {
			send(b.as, odd, "application/json", "a NUL in the fields", "", "", true)
			send(b.as, b.odd("\"lr\xff\xfe\""), "application/json", "bad UTF-8 in the fields", "", "", true)
		}
		if big := b.numbers(); big != "" {
			send(b.as, big, "application/json", "numbers that are too large", "", "", true)
		}
	}
	if b.as != nil {
		send(nil, `{"lr": `, "application/json", noCredential, "", "", false)
	}
}

// standing reports a route that changes what was there before the run: settings,
// the caller's own profile. Fields that are merely odd might be taken there, and
// there is no other to try them on.
func (b *bench) standing() bool {
	switch b.route.Kind {
	case lr.Update, lr.Action, lr.OtherKind:
		return len(b.route.PathParams()) == 0
	}
	return false
}

// another makes an object like the run's own: a body that should be refused may
// be taken, and other checks still read what was seeded.
func (b *bench) another(o *lr.Object) *lr.Object {
	if o == nil || !o.Made || o.Resource != b.route.Resource || *b.fresh == 0 {
		return nil
	}
	*b.fresh--
	f, err := b.t.Stage.Fresh(b.ctx, o.Resource, o.Owner)
	if err != nil {
		return nil // the route is asked for an object that does not exist
	}
	return f
}

// removable reports whether the run knows how to take away what the route makes.
func (b *bench) removable() bool {
	if b.route.Kind == lr.Search {
		return true
	}
	o := b.t.Stage.Object(b.route.Resource, b.as)
	return b.route.Kind == lr.Create && o != nil && o.Made
}

// proof is how an answer shows that the route works: it refused a mistake as
// one. The stage's own creation shows it without.
func (b *bench) proof() func(*lr.Exchange) bool {
	made := false
	if b.as != nil {
		o := b.t.Stage.Object(b.route.Resource, b.as)
		made = o != nil && o.Created != nil && o.Created.Route == b.route
	}
	return func(x *lr.Exchange) bool {
		return made || x.OK() || x.Status == 400 || x.Status == 415 || x.Status == 422
	}
}

// wrongTypes is a body whose fields all have a type that they cannot have, but
// for those that are named like a credential: they hold a made-up one. With one
// field wrong nothing can come of it.
func (b *bench) wrongTypes() (body, secret string) {
	sc := b.route.Body.Schema
	if sc == nil || len(sc.Properties) == 0 {
		return `{"title":{"lr":[1]},"name":{"lr":[1]},"content":{"lr":[1]},"email":{"lr":[1]}}`, ""
	}
	m := map[string]any{}
	for name, p := range sc.Properties {
		switch {
		case p.ReadOnly:
		case oracle.SecretField(name) || strings.EqualFold(name, "token"):
			if secret == "" {
				secret = madeUpSecret(b.t)
			}
			m[name] = secret
		case p.Type == "object", p.Type == "":
			m[name] = "lr-text"
		default:
			m[name] = map[string]any{"lr": []int{1}}
		}
	}
	return encoded(m), secret
}

// odd is a body whose texts are the JSON literal, with the required fields of
// other types left out.
func (b *bench) odd(literal string) string {
	sc := b.route.Body.Schema
	if sc == nil {
		return ""
	}
	var fields []string
	for name, p := range sc.Properties {
		if p.Type == "string" && !p.ReadOnly && len(p.Enum) == 0 && !oracle.SecretField(name) {
			fields = append(fields, encoded(name)+":"+literal)
		}
	}
	if len(fields) == 0 {
		return ""
	}
	slices.Sort(fields)
	return "{" + strings.Join(fields, ",") + "}"
}

// numbers is a body whose numbers no machine type holds.
func (b *bench) numbers() string {
	sc := b.route.Body.Schema
	if sc == nil {
		return ""
	}
	var fields []string
	for name, p := range sc.Properties {
		if p.Type == "integer" || p.Type == "number" {
			fields = append(fields, encoded(name)+":1e999")
		}
	}
	if len(fields) == 0 {
		return ""
	}
	slices.Sort(fields)
	return "{" + strings.Join(fields, ",") + "}"
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// unknownModel asks the routes that take a model for one that nobody offers: the
// provider's refusal is what a thin proxy passes on. The rest of the request is
// well-formed, and a few routes are enough.
func unknownModel(ctx context.Context, t *lr.Trial, routes []*lr.Route) []*provocation {
	var out []*provocation
	for _, rt := range routes {
		if len(out) == 3 || rt.Method != "POST" || rt.Body == nil || rt.Body.Schema == nil || rt.Body.Schema.Properties["model"] == nil {
			continue
		}
		if len(rt.PathParams()) > 0 || rt.Kind == lr.Create && rt.Body.Schema.Properties["messages"] == nil {
			continue
		}
		as := callerOf(t, rt)
		r, err := t.Stage.Request(ctx, rt, nil, as)
		if err != nil {
			continue
		}
		var m map[string]any
		if json.Unmarshal(r.Body, &m) != nil || m == nil {
			continue
		}
		if whole, ok := rt.Body.Example.(map[string]any); ok && whole["messages"] != nil {
			m = maps.Clone(whole) // a list of routes tells of no field that it is required
		}
		m["model"] = "lr-" + compact(t)
		r.Body = []byte(encoded(m))
		out = append(out, &provocation{route: rt, subject: rt.String(), as: as, request: r, input: "a model that does not exist"})
	}
	return out
}
