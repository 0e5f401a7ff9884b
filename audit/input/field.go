package input

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// application is the subject of what is not one route's.
const application = "application"

// place is where a caller's text goes into the application.
type place struct {
	name   string
	in     lr.In
	body   bool   // a member of the body, whatever in says
	value  string // what a plain request says there, "" when nothing
	number bool   // the description wants a number
	limit  int    // characters that the description lets through; 0 is any
}

func (p place) String() string {
	switch {
	case p.body:
		return "field " + p.name
	case p.in == lr.InPath:
		return "the key in the path"
	}
	return "parameter " + p.name
}

// takes reports whether a text of this length may stand there.
func (p place) takes(text string) bool { return p.limit == 0 || len(text) <= p.limit }

// door is one route with the request that opens it, and its places.
type door struct {
	route   *lr.Route
	as      *lr.Account
	object  *lr.Object // whose key fills the path, nil where there is none
	base    *lr.Request
	places  []place
	witness []string // values of the caller's own objects
}

func (d *door) String() string { return d.route.String() }

// single lists the places that are asked one at a time: any of them may refuse.
func (d *door) single() []place {
	return slices.DeleteFunc(slices.Clone(d.places), func(p place) bool { return p.body })
}

// fields lists the free texts of the body, which are asked together.
func (d *door) fields() []place {
	return slices.DeleteFunc(slices.Clone(d.places), func(p place) bool { return !p.body })
}

// most is how many doors a run opens at most.
func most(p lr.Profile) int {
	switch p {
	case lr.Quick:
		return 120
	case lr.Deep:
		return 600
	}
	return 200
}

// doorsOf lists what may be sent hostile text, once a run: what reads, and what
// makes objects that the run can take away again. A change of an object that was
// there before the run is never among them; what acts on the run's own objects
// needs consent.
func doorsOf(ctx context.Context, t *lr.Trial) ([]*door, error) {
	return lr.Recall(ctx, t.Memo, "input: doors", func(ctx context.Context) ([]*door, error) {
		var out []*door
		for _, rt := range t.Target.Routes {
			if len(out) == most(t.Profile) {
				break
			}
			if d := doorOf(ctx, t, rt); d != nil {
				out = append(out, d)
			}
		}
		return out, ctx.Err()
	})
}

func doorOf(ctx context.Context, t *lr.Trial, rt *lr.Route) *door {
	if !rt.Declared || !open(t, rt) {
		return nil
	}
	d := &door{route: rt, as: oracle.Caller(t, rt)}
	if d.as == nil && !lr.Match(t.Target.Access.Public, rt) {
		return nil
	}
	d.object = objectOf(t, rt, d.as)
	if rt.Kind == lr.Action && (d.object == nil || !d.object.Made || !t.Target.Mutate) {
		return nil
	}
	var err error
	if d.base, err = t.Stage.Request(ctx, rt, d.object, d.as); err != nil {
		return nil
	}
	if d.object != nil {
		d.witness = append(slices.Clone(d.object.Canaries), d.object.Secrets...)
	}
	d.places = append(d.keys(), d.parameters(t)...)
	if !rt.Safe() {
		d.places = append(d.places, d.members()...)
	}
	return d
}

// open reports whether hostile text may be sent to a route: nothing that ends a
// session, reaches people, pays, deletes or asks the model. Uploads, webhooks and
// GraphQL have checks of their own.
func open(t *lr.Trial, rt *lr.Route) bool {
	switch rt.Kind {
	case lr.List, lr.Read, lr.Search, lr.Export, lr.Download, lr.OtherKind, lr.WhoAmI:
		return (rt.Method == "GET" || rt.Kind == lr.Search && rt.Method == "POST") && !risky(rt)
	case lr.Create:
		return removable(t, rt) && !asksModel(t, rt) && !risky(rt)
	case lr.Action:
		return rt.Method == "POST" && rt.Body != nil && !asksModel(t, rt) && !risky(rt)
	}
	return false
}

// removable reports whether the run takes away what the route makes.
func removable(t *lr.Trial, rt *lr.Route) bool {
	return slices.ContainsFunc(oracle.Victims(t.Target), func(a *lr.Account) bool {
		o := t.Stage.Object(rt.Resource, a)
		return o != nil && o.Made && o.Created != nil && o.Created.Route == rt
	})
}

// asksModel reports whether a route spends the owner's money.
func asksModel(t *lr.Trial, rt *lr.Route) bool {
	if t.Assistant != nil {
		for _, a := range append(t.Assistant.Twins(), t.Assistant) {
			if a.Skills().Route == rt {
				return true
			}
		}
	}
	segs := strings.FieldsFunc(strings.ToLower(rt.Path), func(r rune) bool { return r == '/' })
	for len(segs) > 0 && strings.Contains(segs[len(segs)-1], "{") {
		segs = segs[:len(segs)-1]
	}
	if len(segs) == 0 {
		return false
	}
	switch segs[len(segs)-1] {
	case "messages", "message", "completions", "responses", "runs", "ask", "generate", "prediction", "predictions":
		return true
	}
	return false
}

// risky reports whether a route's name says that it costs money, reaches people
// or destroys. What is sent here is right but for one text, so that it is carried out:
// audit/hygiene, which sends mistakes, leaves out less. What changes things in place is
// asked here, since it is given back; stage, which only creates, leaves that out as well.
func risky(rt *lr.Route) bool {
	for _, seg := range strings.FieldsFunc(strings.ToLower(rt.Path), func(r rune) bool { return r == '/' || r == '-' || r == '_' }) {
		switch seg {
		case "logout", "signout", "purge", "wipe", "shutdown", "restart", "restore", "migrate", "createdb", "delete", "destroy", "reset":
			return true
		case "pay", "payment", "payments", "charge", "charges", "refund", "refunds", "purchase", "checkout", "transfer", "withdraw", "send", "sms", "broadcast", "invite", "invitations":
			return !rt.Safe()
		}
	}
	return false
}

// objectOf is the run's own object that fills the route's path, or that a list
// or a search shows.
func objectOf(t *lr.Trial, rt *lr.Route, as *lr.Account) *lr.Object {
	if as == nil {
		return nil
	}
	if o := t.Stage.Object(rt.Resource, as); o != nil && rt.Kind != lr.Create {
		return o
	}
	names := rt.PathParams()
	for i := len(names) - 1; i >= 0; i-- {
		if o := t.Stage.Object(rt.Keys[names[i]].Resource, as); o != nil {
			return o
		}
	}
	return nil
}

// keys is the last key of the path, where it is the run's own object's.
func (d *door) keys() []place {
	names := d.route.PathParams()
	if len(names) == 0 || d.object == nil || d.route.Method != "GET" {
		return nil
	}
	name := names[len(names)-1]
	v := d.object.Keys[d.route.Keys[name].Resource]
	if v == "" {
		return nil
	}
	p := place{name: name, in: lr.InPath, value: v}
	for _, q := range d.route.Params {
		if q.In == lr.InPath && q.Name == name && q.Schema != nil {
			p.number = q.Schema.Type == "integer" || q.Schema.Type == "number"
		}
	}
	return []place{p}
}

// parameters lists the parameters of the query, each with the value of the own
// object's field of that name where there is one: a filter by it shows the object.
func (d *door) parameters(t *lr.Trial) []place {
	_, query, _ := strings.Cut(d.base.Path, "?")
	said, err := url.ParseQuery(query)
	if err != nil {
		said = url.Values{}
	}
	var out []place
	for _, q := range d.route.Params {
		if q.In != lr.InQuery || credentialName(q.Name) {
			continue
		}
		p := place{name: q.Name, in: lr.InQuery, value: said.Get(q.Name)}
		if s := q.Schema; s != nil {
			if s.Type == "boolean" || s.Type == "array" || s.Type == "object" {
				continue
			}
			p.number, p.limit = s.Type == "integer" || s.Type == "number", s.MaxLength
		}
		if p.value == "" && d.object != nil {
			p.value, _ = d.object.Body[q.Name].(string)
		}
		if p.value == "" && q.Example != nil {
			p.value = text(q.Example)
		}
		if p.value == "" && p.number {
			p.value = "1"
		}
		out = append(out, p)
	}
	return out
}

// members lists the free texts that the stage writes into the body.
func (d *door) members() []place {
	var m map[string]any
	if json.Unmarshal(d.base.Body, &m) != nil || d.route.Body == nil {
		return nil
	}
	var out []place
	for name, v := range m {
		v, ok := v.(string)
		if !ok || oracle.SecretField(name) || urlName(name) {
			continue
		}
		p := place{name: name, body: true, value: v}
		if sc := d.route.Body.Schema; sc != nil && sc.Properties[name] != nil {
			s := sc.Properties[name]
			if len(s.Enum) > 0 || s.Format != "" || s.Pattern != "" || s.Const != nil {
				continue
			}
			p.limit = s.MaxLength
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b place) int { return strings.Compare(a.name, b.name) })
	return out
}

// credentialName reports a parameter whose value is a credential or a signature.
func credentialName(n string) bool {
	n = strings.ToLower(n)
	return strings.Contains(n, "token") || strings.HasSuffix(n, "key") || n == "sig" || strings.Contains(n, "signature")
}

// with is the door's request with values in its places.
func (d *door) with(values map[string]string, places ...place) *lr.Request {
	r := d.base.Clone()
	for _, p := range places {
		d.set(r, p, values[p.name])
	}
	return r
}

// one is the door's request with one value in one place.
func (d *door) one(p place, value string) *lr.Request {
	r := d.base.Clone()
	d.set(r, p, value)
	return r
}

func (d *door) set(r *lr.Request, p place, value string) {
	switch {
	case p.body:
		d.setMember(r, p.name, value)
	case p.in == lr.InPath:
		d.setKey(r, p.name, url.PathEscape(value))
	default:
		setQuery(r, p.name, value)
	}
}

// setMember writes any JSON value into the body.
func (d *door) setMember(r *lr.Request, name string, value any) {
	m := map[string]any{}
	if json.Unmarshal(r.Body, &m) != nil {
		m = map[string]any{}
	}
	m[name] = value
	if b, err := json.Marshal(m); err == nil {
		r.Body = b
	}
}

// setKey writes an escaped key into the path.
func (d *door) setKey(r *lr.Request, name, escaped string) {
	path, query, had := strings.Cut(r.Path, "?")
	at, template := strings.Split(path, "/"), strings.Split(d.route.Path, "/")
	if len(at) != len(template) {
		return
	}
	for i := range template {
		if strings.Contains(template[i], "{"+name+"}") {
			at[i] = strings.Replace(template[i], "{"+name+"}", escaped, 1)
		}
	}
	if r.Path = strings.Join(at, "/"); had {
		r.Path += "?" + query
	}
}

func setQuery(r *lr.Request, name, value string) {
	path, query, _ := strings.Cut(r.Path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		q = url.Values{}
	}
	q.Set(name, value)
	r.Path = path + "?" + q.Encode()
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// ended returns the error when the check cannot go on: the run is over, the
// budget is spent, the target is gone. Any other only leaves its subject unasked.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.Is(err, lr.ErrBudget), errors.Is(err, lr.ErrLost), errors.Is(err, lr.ErrScope):
		return err
	}
	return nil
}
