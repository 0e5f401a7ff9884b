package export

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

// call is a request as a template: {{name}} in path and body is a variable, as
// Hurl writes it.
type call struct {
	route  *lr.Route
	method string
	path   string
	media  string // of the body
	body   string
	file   string // the field of a form that takes the file
	raw    string // the form itself, for Hurl, and its media type with the boundary
	border string
	header []string
}

func (c *call) json() bool   { return strings.Contains(c.media, "json") && c.body != "" }
func (c *call) upload() bool { return strings.HasPrefix(c.media, "multipart/") }

// builder makes calls the way the audit makes its requests: the stage fills
// bodies and paths, and what it filled in becomes a variable.
type builder struct {
	stage  *stage.Stage
	as     *lr.Account
	routes []*lr.Route
	lax    bool // also what holds no canary is made
}

func newBuilder(o Options) *builder {
	as := &lr.Account{Identity: lr.Identity{Name: "a", Tenant: "a", Role: "member"}}
	target := &lr.Target{Base: o.Base, Routes: o.Routes, Accounts: []*lr.Account{as}}
	return &builder{as: as, routes: o.Routes, stage: stage.New(stage.Options{Target: target, HTTP: silent{}, Mint: oracle.NewMint("x", nil)})}
}

// silent is a client that sends nothing.
type silent struct{}

var errSilent = errors.New("nothing is sent")

func (silent) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, errSilent
}

func (silent) Dial(context.Context, *lr.Account, *lr.Request, ...string) (*lr.Exchange, error) {
	return nil, errSilent
}

// mark stands for the key of a thing while a request is built: letters only, so
// that nothing escapes it.
func (t *thing) mark() string { return "KEYOF" + strings.ReplaceAll(t.name, "_", "X") + "YEK" }

// variable is the name that holds the key of an object of the thing.
func (t *thing) variable() string { return t.name + "_id" }

// canary is the name of the text that the thing's object holds.
func (t *thing) canary() string { return "canary_" + t.name }

// call builds the route's request for an object of the thing, nil where it needs none.
func (b *builder) call(rt *lr.Route, t *thing) (*call, error) {
	var o *lr.Object
	if t != nil {
		o = &lr.Object{Resource: t.resource, Owner: b.as, Keys: map[string]string{}, ID: t.mark()}
		for p := t; p != nil; p = p.parent {
			o.Keys[p.resource] = p.mark()
		}
	}
	req, err := b.stage.Request(context.Background(), rt, o, b.as)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", rt, err)
	}
	c := &call{route: rt, method: req.Method, media: req.Header.Get("Content-Type")}
	name := "canary"
	if t != nil && t.create == nil && (t.read != nil || b.lax) && surface.Creates(rt) && rt.Resource == t.resource {
		name = t.canary()
	}
	c.path = variables(req.Path, t, name)
	if c.upload() {
		c.border, c.raw = bordered(c.media, variables(string(req.Body), t, name))
		c.media, c.file = "multipart/form-data", fileField(rt)
	} else {
		c.body = variables(string(req.Body), t, name)
	}
	if strings.Contains(c.path, "{{canary") { // what stands in an address is no witness
		return nil, errors.New("a canary would stand in the address")
	}
	return c, nil
}

// bordered is a form with a boundary that is the same every time.
func bordered(media, body string) (border, raw string) {
	_, params, err := mime.ParseMediaType(media)
	if err != nil || params["boundary"] == "" {
		return media, ""
	}
	const fixed = "launchready-boundary"
	return "multipart/form-data; boundary=" + fixed, strings.ReplaceAll(body, params["boundary"], fixed)
}

// variables puts variables where the builder filled in keys and canaries.
func variables(text string, t *thing, canary string) string {
	for p := t; p != nil; p = p.parent {
		text = strings.ReplaceAll(text, p.mark(), "{{"+p.variable()+"}}")
	}
	found := oracle.Canaries(text)
	sort.Slice(found, func(i, j int) bool { return len(found[i]) > len(found[j]) })
	for _, c := range found {
		text = strings.ReplaceAll(text, c, "{{"+canary+"}}")
	}
	return text
}

// fileField is the field of a form that takes the file.
func fileField(rt *lr.Route) string {
	if rt.Body != nil && rt.Body.Schema != nil {
		names := make([]string, 0, len(rt.Body.Schema.Properties))
		for n := range rt.Body.Schema.Properties {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			if p := rt.Body.Schema.Properties[n]; p != nil && p.Format == "binary" {
				return n
			}
		}
	}
	return "file"
}

// fill builds the calls of a thing. read is the route that shows one.
func (b *builder) fill(t *thing, read *lr.Route, routes []*lr.Route) error {
	var err error
	deep := 0
	if read != nil {
		if t.read, err = b.call(read, t); err != nil {
			return err
		}
		deep = strings.Count(read.Path, "/")
	}
	for _, rt := range routes {
		keys := rt.PathParams()
		b.alsoShows(t, rt, keys)
		own := len(keys) > 0 && rt.Keys[keys[len(keys)-1]].Resource == t.resource
		var into **call
		of := t
		switch {
		case surface.Creates(rt) && rt.Resource == t.resource && (rt.Kind == lr.Create || rt.Kind == lr.Upload || rt.Kind == lr.ChatKind || b.lax && (rt.Kind == lr.Invite || rt.Kind == lr.Export)) && t.fits(rt, keys):
			into = &t.create
		case own && rt.Kind == lr.Update && (rt.Method == "PATCH" || rt.Method == "PUT"):
			into = &t.update
		case own && rt.Kind == lr.Delete && rt.Method == "DELETE" && (deep == strings.Count(rt.Path, "/") || read == nil && strings.HasSuffix(rt.Path, "}")):
			into = &t.remove
		case own && rt.Kind == lr.Download && rt.Method == "GET":
			into = &t.content
		case rt.Kind == lr.List && rt.Method == "GET" && rt.Resource == t.resource && t.fits(rt, keys):
			into, of = &t.list, t
		default:
			continue
		}
		if *into != nil {
			continue
		}
		c, err := b.call(rt, of)
		if err != nil {
			continue
		}
		if into == &t.create && !b.lax && !c.upload() && !strings.Contains(c.body, "{{canary") {
			continue // an object without a canary proves nothing
		}
		*into = c
	}
	return nil
}

// alsoShows keeps a further route that may show an object of the thing.
func (b *builder) alsoShows(t *thing, rt *lr.Route, keys []string) {
	if rt.Method != "GET" || len(keys) == 0 || rt.Keys[keys[len(keys)-1]].Resource != t.resource || len(t.reads) == mostReads {
		return
	}
	switch rt.Kind {
	case lr.Read, lr.Download, lr.Export, lr.Action, lr.OtherKind:
	default:
		return
	}
	if c, err := b.call(rt, t); err == nil {
		t.reads = append(t.reads, c)
	}
}

// fits reports whether the keys in the path are those of the thing's parents.
func (t *thing) fits(rt *lr.Route, keys []string) bool {
	for _, k := range keys {
		if t.parent == nil || !t.parent.has(rt.Keys[k].Resource) {
			return false
		}
	}
	return true
}

// address is the base without a slash at its end.
func address(u *url.URL) string { return strings.TrimSuffix(u.String(), "/") }
