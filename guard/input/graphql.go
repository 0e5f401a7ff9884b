package input

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/launchready/launchready/guard"
)

// GraphQL bounds what one request may ask of a GraphQL server, where limits count
// requests only. 0 is the default. What runs over a WebSocket is not seen.
type GraphQL struct {
	Operations int // of a batch
	Aliases    int // of a request, those of fragments wherever they are spread
	Depth      int
	Fields     int // of a request, likewise
}

// Filled has the defaults in place of zeros. The query by which tools read a schema
// is within them.
func (g GraphQL) Filled() *GraphQL {
	for _, b := range []struct {
		n *int
		d int
	}{{&g.Operations, 10}, {&g.Aliases, 20}, {&g.Depth, 16}, {&g.Fields, 1000}} {
		if *b.n == 0 {
			*b.n = b.d
		}
	}
	return &g
}

// texts gives the documents of a request, wherever servers look for them; one of a
// persisted operation is "".
func (g *GraphQL) texts(x *guard.Exchange, depth int) ([]string, *guard.Denial) {
	var out []string
	q, err := url.ParseQuery(x.Request.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the query cannot be read")
	}
	for name, vs := range q {
		if strings.EqualFold(name, "query") {
			out = append(out, vs...)
		}
	}
	if r := x.Request; r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return out, nil
	}
	b, d := x.Body()
	if d != nil {
		return nil, d
	}
	kind, _, ok := guard.BodyType(x.Request.Header)
	switch {
	case ok && kind == "application/graphql":
		return append(out, string(b)), nil
	case !ok || kind != "application/json" && !strings.HasSuffix(kind, "+json"):
		return nil, refuse(http.StatusUnsupportedMediaType, "an operation of GraphQL comes as JSON, and not compressed")
	}
	v, err := guard.Decode(b, depth)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	batch, many := v.([]any)
	if !many {
		batch = []any{v}
	}
	if len(batch) > g.Operations {
		return nil, refuse(http.StatusBadRequest, "a batch of GraphQL has too many operations")
	}
	for _, v := range batch {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, refuse(http.StatusBadRequest, "an operation of GraphQL is no object")
		}
		for name, v := range m { // no name is there twice, in another case neither
			if !strings.EqualFold(name, "query") || v == nil {
				continue
			}
			s, ok := v.(string)
			if !ok {
				return nil, refuse(http.StatusBadRequest, "a document of GraphQL is no text")
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// check weighs all documents of the request together.
func (g *GraphQL) check(x *guard.Exchange, depth int) *guard.Denial {
	all, d := g.texts(x, depth)
	if d != nil {
		return d
	}
	var sum weight
	for _, text := range all {
		if text == "" {
			continue
		}
		// Every field is a token or more; the bound also ends what nests without end.
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, 20*g.Fields)
		if err != nil {
			return refuse(http.StatusBadRequest, "a document of GraphQL cannot be read, or is too long")
		}
		w := weigher{doc: doc, known: map[string]*weight{}}
		for _, op := range doc.Operations {
			one := w.of(op.SelectionSet)
			sum.add(one)
			sum.depth = max(sum.depth, one.depth)
		}
		if w.endless {
			return refuse(http.StatusBadRequest, "a fragment of GraphQL spreads itself")
		}
	}
	switch {
	case sum.aliases > g.Aliases:
		return refuse(http.StatusBadRequest, "a request of GraphQL has too many aliases")
	case sum.depth > g.Depth:
		return refuse(http.StatusBadRequest, "a document of GraphQL nests too deep")
	case sum.fields > g.Fields:
		return refuse(http.StatusBadRequest, "a request of GraphQL asks for too many fields")
	}
	return nil
}

// weight is what a set of selections comes to with its fragments in their places.
type weight struct{ fields, aliases, depth int }

const most = 1 << 30 // where counting ends: fragments that double each other come to any number

func (w *weight) add(o weight) {
	w.fields, w.aliases = min(w.fields+o.fields, most), min(w.aliases+o.aliases, most)
}

// weigher weighs each fragment once.
type weigher struct {
	doc     *ast.QueryDocument
	known   map[string]*weight // nil: under way
	endless bool
}

func (w *weigher) of(set ast.SelectionSet) (sum weight) {
	for _, s := range set {
		var one weight
		switch s := s.(type) {
		case *ast.Field:
			one = w.of(s.SelectionSet)
			one.add(weight{fields: 1})
			if s.Alias != s.Name {
				one.add(weight{aliases: 1})
			}
			one.depth++
		case *ast.InlineFragment:
			one = w.of(s.SelectionSet)
		case *ast.FragmentSpread:
			one = w.fragment(s.Name)
		}
		sum.add(one)
		sum.depth = max(sum.depth, one.depth)
	}
	return sum
}

func (w *weigher) fragment(name string) weight {
	have, met := w.known[name]
	if have != nil {
		return *have
	}
	if met {
		w.endless = true
		return weight{}
	}
	w.known[name] = nil
	var out weight
	for _, f := range w.doc.Fragments { // a name that is there twice counts twice
		if f.Name == name {
			one := w.of(f.SelectionSet)
			out.add(one)
			out.depth = max(out.depth, one.depth)
		}
	}
	w.known[name] = &out
	return out
}
