package intake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strings"

	"github.com/launchready/launchready/surface"
)

// resource is an operation of a matrix that is a request of HTTP.
type resource struct {
	name, method, path string
	object             bool
}

var (
	capture   = regexp.MustCompile(`\{\{\s*([\w.-]+)\s*\}\}`)
	pathParam = regexp.MustCompile(`\{[^{}/]+\}`)
	wordRun   = regexp.MustCompile(`\w+`)
)

func (m *matrix) resources(n *node) {
	seen := map[string]bool{}
	for i, x := range m.list(n, "resources") {
		what := fmt.Sprintf("resources[%d]", i)
		if m.keys(x, what) == nil {
			m.fault(x, "%s is empty", what)
			continue
		}
		name := m.need(x, "name", what)
		if seen[name] && name != "" {
			m.fault(x.get("name"), "%s.name: two resources have the name %q", what, clip(name))
			continue
		}
		seen[name] = true
		for _, key := range []string{"forbidden_fields", "probe_methods", "probe_victims", "access"} {
			if x.get(key) != nil {
				m.leave(key+" is not taken, since the audit has checks of its own for it", name)
			}
		}
		if x.get("call") != nil || x.get("read") != nil {
			m.leave("a call or read of MCP is not taken", name)
			continue
		}
		req := x.get("request")
		if req == nil {
			m.fault(x, "%s has no request, call or read", what)
			continue
		}
		method, path := m.request(req, what+".request")
		if path == "" {
			continue
		}
		rt := &resource{name: name, method: method, path: path, object: strings.EqualFold(m.one(x.get("type"), what+".type", "object", "function"), "object")}
		m.routes = append(m.routes, rt)
		m.route(rt, req)
		if rt.object {
			m.objects(rt, x, what)
		}
	}
}

// request reads a method and a path.
func (m *matrix) request(n *node, what string) (method, path string) {
	m.keys(n, what)
	method = strings.ToUpper(m.one(n.get("method"), what+".method", "GET", "POST", "PUT", "PATCH", "DELETE"))
	path = m.need(n, "path", what)
	switch {
	case n.get("method") == nil:
		m.fault(n, "%s: method is missing", what)
	case path == "" || method == "":
	case strings.ContainsAny(path, " \t"):
		m.fault(n.get("path"), "%s.path has spaces in it", what)
	case !strings.HasPrefix(path, "/") && !strings.Contains(path, "://"):
		return method, "/" + path
	default:
		return method, path
	}
	return method, ""
}

// route is the line of a list of routes.
func (m *matrix) route(rt *resource, req *node) {
	if strings.Contains(rt.path, "{{") || strings.Contains(rt.path, "://") {
		m.leave("a request that needs a captured value, or goes elsewhere, is no route", rt.name)
		return
	}
	line := rt.method + " " + rt.path
	var query []string
	for _, p := range req.get("query").all() {
		query = append(query, url.QueryEscape(p.key)+"=")
	}
	sort.Strings(query)
	if len(query) > 0 {
		line += "?" + strings.Join(query, "&")
	}
	if body, ok := req.get("body").plain().(map[string]any); ok {
		if b := example(body); b != "" {
			line += " " + b
		}
	}
	if len(req.get("form").all()) > 0 {
		m.leave("the fields of a form are not taken", rt.name)
	}
	m.in.Routes = append(m.in.Routes, line)
}

// example is a body as a line, without what is secret in it.
func example(body map[string]any) string {
	put := func(key, value string) any {
		switch {
		case passwordField(key):
			return "password"
		case secretName(key) || secretShape(value) || strings.Contains(value, "{{") || strings.Contains(value, "${") || strings.Contains(value, mark):
			return "text"
		}
		return clip(value)
	}
	b, err := json.Marshal(replaced("", body, put, 0))
	if err != nil || len(b) > 4096 {
		return ""
	}
	// A list of routes cuts comments at #.
	return strings.ReplaceAll(string(b), "#", `\u0023`)
}

// objects reads which subject owns which object, and how the fixtures make one.
func (m *matrix) objects(rt *resource, x *node, what string) {
	owner := m.word(x.get("owner"), what+".owner")
	if x.get("ownership") != nil {
		m.leave("an id elsewhere than in the path (ownership) is not taken", rt.name)
		return
	}
	if rt.method != "GET" || owner == "" || len(pathParam.FindAllString(rt.path, -1)) != 1 || !strings.Contains(rt.path, "{"+owner+"}") {
		return // its route is known, and ids are of those that are read
	}
	attribute := "user_id"
	if v := m.word(x.get("owner_attr"), what+".owner_attr"); v != "" {
		attribute = v
	}
	o := Object{Name: nounOf(rt.path), Read: rt.method + " " + rt.path, IDs: map[string]string{}}
	captures := map[string]bool{}
	known := x.get("objects")
	m.keys(known, what+".objects")
	for _, s := range m.byOrder {
		v := known.get(s.name)
		if known == nil { // where some are named, an attribute is none of the others' ids
			v = s.attributes.get(attribute)
		}
		id := m.word(v, what+".objects."+clip(s.name))
		if c := capture.FindStringSubmatch(id); c != nil {
			captures[c[1]] = true
			continue
		}
		switch {
		case id == "" || s.identity < 0:
			continue
		case strings.HasPrefix(id, "REPLACE_ME"):
			m.warn("the object of %s in %s was never filled in: left out", clip(s.name), clip(rt.name))
			continue
		case strings.Contains(id, "${"):
			m.leave("an id that comes from the environment is not taken", rt.name)
			continue
		}
		tenant := m.in.Identities[s.identity].Tenant
		if tenant == "" {
			m.leave("ids of objects whose owner belongs to no tenant that is told are not taken", rt.name)
			continue
		}
		if o.IDs[tenant] == "" {
			o.IDs[tenant] = id
		}
	}
	m.fixture(&o, captures, rt.name)
	if len(o.IDs) > 0 || o.Create != "" {
		m.in.addObject(m.reading, o)
	}
}

// addObject joins what several resources say of one kind of object.
func (in *Intake) addObject(r *reading, o Object) {
	for i := range in.Objects {
		if have := &in.Objects[i]; have.Name == o.Name {
			if have.Read != o.Read {
				r.warn("a second way to read a %s (%s) is not taken", clip(o.Name), o.Read)
			}
			return
		}
	}
	in.Objects = append(in.Objects, o)
}

// nounOf is what the objects of a path are called, as surface calls them.
func nounOf(path string) string {
	t := surface.Template(pathParam.ReplaceAllString(path, "1"))
	i, j := strings.LastIndexByte(t, '{'), strings.LastIndex(t, "_id}")
	if i < 0 || j <= i {
		return "object"
	}
	return t[i+1 : j]
}

// fixture finds the setup step that makes what the captures name.
func (m *matrix) fixture(o *Object, captures map[string]bool, resource string) {
	if len(captures) == 0 {
		return
	}
	for i, step := range m.list(m.root.get("setup"), "setup") {
		what := fmt.Sprintf("setup[%d]", i)
		m.keys(step, what)
		for _, e := range m.keys(step.get("extract"), what+".extract") {
			if !captures[e.key] {
				continue
			}
			req := step.get("request")
			if req == nil {
				continue
			}
			method, path := m.request(req, what+".request")
			if path == "" || method != "POST" || strings.Contains(path, "{") || strings.Contains(path, "://") {
				m.leave("a fixture that is made by another way than one POST is not taken", resource)
				return
			}
			if o.Create != "" {
				continue // the same for the next subject
			}
			o.Create, o.ID = method+" "+path, "/"+strings.Join(wordRun.FindAllString(e.word(), -1), "/")
			if o.ID == "/" {
				o.ID = ""
			}
			if body, ok := req.get("body").plain().(map[string]any); ok && !strings.Contains(fmt.Sprint(body), "{{") {
				put := func(key, value string) any { return m.keep(m.in, key, value) }
				o.Body, _ = replaced("", body, put, 0).(map[string]any)
			}
		}
	}
	if o.Create == "" {
		m.leave("an object whose id is captured by no step of setup is not taken", resource)
	}
}
