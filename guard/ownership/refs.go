package ownership

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/launchready/launchready/guard"
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
	if len(r.Query) > 0 && x.Request.URL.RawQuery != "" {
		q, err := url.ParseQuery(x.Request.URL.RawQuery)
		if err != nil {
			return nil, deny(http.StatusBadRequest, "the query cannot be read")
		}
		for name, values := range q {
			for _, p := range r.Query {
				is, whole := guard.Member(name, p.Name)
				switch {
				case !is:
					continue
				case !whole:
					return nil, deny(http.StatusBadRequest, noText)
				}
				for _, v := range values {
					for _, id := range strings.Split(v, ",") {
						add('q', name, p.Kind, id)
					}
				}
			}
		}
	}
	if len(r.Body) > 0 {
		if d := k.inBody(x, r, add); d != nil {
			return nil, d
		}
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

func (k *Keeper) inBody(x *guard.Exchange, r *Rule, add func(where byte, name, kind, raw string)) *guard.Denial {
	if x.Request.Body == nil || x.Request.Body == http.NoBody || x.Request.ContentLength == 0 {
		return nil
	}
	unread := deny(http.StatusUnsupportedMediaType, "the objects cannot be read of a body of this type")
	kind, _, ok := guard.BodyType(x.Request.Header)
	form := kind == "application/x-www-form-urlencoded"
	if !ok || !form && !isJSON(kind) {
		return unread
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
		for name, values := range q {
			for _, f := range r.Body {
				is, whole := guard.Member(name, f.Path.member())
				if is && !whole {
					return deny(http.StatusBadRequest, noText)
				}
				for _, v := range values {
					if is {
						add('b', name, f.Kind, v)
					}
				}
			}
		}
		return nil
	}
	doc := k.document()
	defer k.free(doc)
	if doc.read(b) != nil {
		return deny(http.StatusBadRequest, "the body is not JSON that can be read")
	}
	return named(doc, r.Body, func(kind, raw string, _ node) { add('b', "", kind, raw) })
}

// named tells every id that fields of a document hold: a list holds several, and
// an object is none. What is null or empty names nothing.
func named(doc *document, fields []Field, id func(kind, raw string, at node)) *guard.Denial {
	var d *guard.Denial
	for _, f := range fields {
		f.Path.find(doc, 0, func(i int32) {
			for c := i; c < doc.nodes[i].next; c++ {
				switch n := doc.nodes[c]; n.kind {
				case '[', 'n':
				case '{':
					d = deny(http.StatusBadRequest, noText)
				default:
					if text, ok := doc.scalar(c); ok && len(text) > 0 {
						id(f.Kind, string(text), n)
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
