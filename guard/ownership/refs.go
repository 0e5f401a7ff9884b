package ownership

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// ref is an id that a request names.
type ref struct {
	where byte // p: path, q: query, b: body
	name  string
	raw   string
	o     Object
}

const noText = "an id is no text"

// most is how many ids one request may name.
const most = 1000

func deny(status int, reason string) *guard.Denial {
	return &guard.Denial{Status: status, Reason: reason}
}

// refs lists every id of a request: each of a batch, and each of a name that is
// said twice, whichever of them the application reads.
func (k *Keeper) refs(x *guard.Exchange, r *Rule) ([]ref, *guard.Denial) {
	all := k.inPath(x, r)
	add := func(where byte, name, kind, raw string) {
		if raw == "" {
			return // names nothing, as one that is left out
		}
		all = append(all, ref{where, name, raw, Object{kind, Canonical(raw, k.o.Fold[kind])}})
	}
	if d := k.inQuery(x, r, add); d != nil {
		return nil, d
	}
	if d := k.inBody(x, r, add); d != nil {
		return nil, d
	}
	if len(all) > most {
		return nil, deny(http.StatusRequestEntityTooLarge, "the request names too many objects")
	}
	return all, nil
}

// inPath lists the ids of the path, parents before children.
func (k *Keeper) inPath(x *guard.Exchange, r *Rule) []ref {
	if len(r.Path) == 0 {
		return nil
	}
	all := make([]ref, 0, len(r.Path))
	for _, p := range r.Path {
		if raw, ok := x.Params[p.Name]; ok {
			all = append(all, ref{'p', p.Name, raw, Object{p.Kind, Canonical(raw, k.o.Fold[p.Kind])}})
		}
	}
	return all
}

func (k *Keeper) inQuery(x *guard.Exchange, r *Rule, add func(where byte, name, kind, raw string)) *guard.Denial {
	raw := x.Request.URL.RawQuery
	if raw == "" || len(r.loose) == 0 && !overrides(x, raw) {
		return nil
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return deny(http.StatusBadRequest, "the query cannot be read")
	}
	return pairs(x, q, r.loose, func(name, kind, value string) {
		for _, id := range strings.Split(value, ",") {
			add('q', name, kind, id)
		}
	})
}

// overrides reports that a text may hold a method that frameworks take for that of
// a POST.
func overrides(x *guard.Exchange, text string) bool {
	return x.Request.Method == http.MethodPost && (strings.Contains(strings.ToLower(text), "method") || strings.Contains(text, "%"))
}

// pairs tells the values of names in a query or a form. What asks for another method
// than the request's would be judged by the rule of this one.
func pairs(x *guard.Exchange, q url.Values, names []Ref, id func(name, kind, value string)) *guard.Denial {
	for name, values := range q {
		if x.Request.Method == http.MethodPost && strings.EqualFold(name, override) && slices.ContainsFunc(values, otherMethod) {
			return deny(http.StatusBadRequest, twoMethods)
		}
		for _, p := range names {
			is, whole := guard.Member(name, p.Name)
			switch {
			case !is:
				continue
			case !whole:
				return deny(http.StatusBadRequest, noText)
			}
			for _, v := range values {
				id(name, p.Kind, v)
			}
		}
	}
	return nil
}

const (
	override   = "_method" // of Rails, Laravel, Symfony and method-override
	twoMethods = "the request names another method than its own"
)

func otherMethod(v string) bool { return v != "" && !strings.EqualFold(v, http.MethodPost) }

func (k *Keeper) inBody(x *guard.Exchange, r *Rule, add func(where byte, name, kind, raw string)) *guard.Denial {
	if x.Request.Body == nil || x.Request.Body == http.NoBody || x.Request.ContentLength == 0 {
		return nil
	}
	kind, _, ok := guard.BodyType(x.Request.Header)
	form := kind == "application/x-www-form-urlencoded"
	readable := ok && (form || isJSON(kind) && kind != "application/json-patch+json") // which names members by values
	forms := x.Request.Method == http.MethodPost                                      // may name another method
	switch {
	case !readable && len(r.Body) > 0, !readable && lenient(x.Request.Header, ok, forms || len(r.loose) > 0, len(r.loose) > 0):
		return deny(http.StatusUnsupportedMediaType, "the objects cannot be read of a body of this type")
	case !readable, len(r.loose) == 0 && len(r.Body) == 0 && !(form && forms):
		return nil
	}
	b, d := x.Body()
	if d != nil || len(b) == 0 {
		return d
	}
	if form {
		q, err := url.ParseQuery(string(b))
		if err != nil {
			return deny(http.StatusBadRequest, "the form cannot be read")
		}
		names := slices.Clone(r.loose)
		for _, f := range r.Body {
			if name := f.Path.member(); !slices.ContainsFunc(names, func(p Ref) bool { return strings.EqualFold(p.Name, name) }) {
				names = append(names, Ref{name, f.Kind})
			}
		}
		return pairs(x, q, names, func(name, kind, value string) { add('b', name, kind, value) })
	}
	doc := k.document()
	defer k.free(doc)
	if read(doc, b) != nil {
		return deny(http.StatusBadRequest, "the body is not JSON that can be read")
	}
	if d := rooted(x, doc, r, add); d != nil {
		return d
	}
	return named(doc, r.Body, func(kind, raw string, _ span.Node) { add('b', "", kind, raw) })
}

// lenient reports a body that guard does not read, and that frameworks take for a form or
// for JSON all the same: in another charset, with an encoding, its type told twice, with
// parameters that break, or by one of JSON's old names.
func lenient(h http.Header, told, form, json bool) bool {
	return slices.ContainsFunc(h["Content-Type"], func(t string) bool {
		t = strings.ToLower(t)
		if !told {
			return form && strings.Contains(t, "x-www-form-urlencoded") || json && strings.Contains(t, "json")
		}
		kind, _, _ := strings.Cut(t, ";")
		switch strings.TrimSpace(kind) {
		case "text/json", "text/x-json", "application/x-json", "application/jsonrequest":
			return json
		}
		return false
	})
}

// rooted looks at the members of a document that may stand for the query's.
func rooted(x *guard.Exchange, doc *span.Document, r *Rule, add func(where byte, name, kind, raw string)) *guard.Denial {
	if doc.Kind(doc.Root()) != span.Object {
		return nil
	}
	bad := false
	for c := doc.First(doc.Root()); c != span.None && x.Request.Method == http.MethodPost; c = doc.Next(c) {
		bad = bad || doc.Named(c, override) && otherMethod(doc.Text(c))
	}
	if bad {
		return deny(http.StatusBadRequest, twoMethods)
	}
	var fields []Field
	for _, p := range r.Query {
		if !slices.ContainsFunc(r.Body, func(f Field) bool { return strings.EqualFold(f.Path.member(), p.Name) }) {
			fields = append(fields, Field{Path{steps: []step{{name: p.Name}}}, p.Kind})
		}
	}
	return named(doc, fields, func(kind, raw string, _ span.Node) { add('b', "", kind, raw) })
}

// named tells every id that fields of a document hold: a list holds several, and
// an object is none. What is null or empty names nothing.
func named(doc *span.Document, fields []Field, id func(kind, raw string, at span.Node)) *guard.Denial {
	var d *guard.Denial
	for _, f := range fields {
		f.Path.find(doc, doc.Root(), func(i span.Node) {
			for c := i; c < doc.Behind(i); c++ {
				switch doc.Kind(c) {
				case span.Array, span.Null:
				case span.Object:
					d = deny(http.StatusBadRequest, noText)
				case span.False, span.True, span.Number, span.String:
					if text, ok := doc.Scalar(c); ok && len(text) > 0 {
						id(f.Kind, string(text), c)
					}
				}
			}
		})
	}
	return d
}

func isJSON(kind string) bool {
	return kind == "application/json" || strings.HasSuffix(kind, "+json") && !strings.HasSuffix(kind, "x-ndjson")
}
