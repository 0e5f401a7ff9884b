package stage

import (
	"encoding/json"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// declaredFor is what the configuration says of the objects that a route makes.
func (s *Stage) declaredFor(rt *lr.Route) *Declared {
	for i, d := range s.opt.Declared {
		if sameRoute(d.Create, rt) {
			return &s.opt.Declared[i]
		}
	}
	return nil
}

// markerOf is the field of a resource's objects that the configuration marks as
// taking free text: a name, or a JSON pointer. "" when it marks none.
func (s *Stage) markerOf(resource string) string {
	r := s.byRes[resource]
	if r == nil {
		return ""
	}
	for _, rt := range r.creates {
		if d := s.declaredFor(rt); d != nil {
			return d.Marker
		}
	}
	return ""
}

// declaredBody lays what the configuration says over the body that the schema
// gave: its fields as they are, and a canary in the marked one.
func (s *Stage) declaredBody(d *Declared, v any, f *filler) any {
	if d == nil {
		return v
	}
	m, ok := v.(map[string]any)
	if d.Body != nil {
		m, ok = f.filled(copyOf(d.Body)).(map[string]any)
	}
	if !ok || m == nil {
		m = map[string]any{}
	}
	if d.Marker != "" {
		mark(holder(m, d.Marker, 0), d.Marker, f.canary())
	}
	return m
}

// filled replaces the variables that a configured body may hold by what they
// stand for in the account that sends it.
func (f *filler) filled(v any) any {
	switch v := v.(type) {
	case string:
		if f.owner == nil || !strings.Contains(v, "$") {
			return v
		}
		tenant := f.owner.TenantID
		if tenant == "" {
			tenant = f.owner.Tenant
		}
		return strings.NewReplacer("$$", "$", "$tenant", tenant, "$user", f.owner.User, "$name", f.owner.Name, "$role", f.owner.Role).Replace(v)
	case []any:
		for i := range v {
			v[i] = f.filled(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = f.filled(v[k])
		}
	}
	return v
}

// holder is the object that has the marked member: the body itself, or where the
// marker is a bare name that only an object within has, that object. Many APIs
// wrap what they take: {"article": {"title": …}}.
func holder(m map[string]any, marker string, depth int) map[string]any {
	if _, has := m[marker]; has || strings.Contains(marker, "/") || depth > 3 {
		return m
	}
	for _, v := range m {
		in, ok := v.(map[string]any)
		if !ok {
			continue
		}
		if h := holder(in, marker, depth+1); h != nil {
			if _, has := h[marker]; has {
				return h
			}
		}
	}
	return m
}

// mark sets the field that a name or JSON pointer (RFC 6901) names, making the
// objects on the way.
func mark(m map[string]any, pointer, value string) {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for _, p := range parts[:len(parts)-1] {
		p = unescape(p)
		in, ok := m[p].(map[string]any)
		if !ok {
			in = map[string]any{}
			m[p] = in
		}
		m = in
	}
	m[unescape(parts[len(parts)-1])] = value
}

// pointed is the scalar that a JSON pointer names in a reply, "" when it names none.
func pointed(v any, pointer string) string {
	for _, p := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch in := v.(type) {
		case map[string]any:
			v = in[unescape(p)]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	return scalar(v)
}

func unescape(p string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(p) }

// copyOf copies a decoded JSON value, so that no two requests share one.
func copyOf(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

func sameRoute(stated string, rt *lr.Route) bool {
	return stated != "" && lr.Match([]string{stated}, rt) && len(strings.Fields(stated)) == 2
}

// adoptDeclared puts an existing object that the configuration names by id on
// the stage.
func (s *Stage) adoptDeclared(d Declared, v *lr.Account) {
	id := d.IDs[v.Tenant]
	if id == "" || d.Read == "" {
		return
	}
	for _, rt := range s.opt.Target.Routes {
		if !sameRoute(d.Read, rt) || rt.Resource == "" {
			continue
		}
		o := &lr.Object{Resource: rt.Resource, Owner: v, Keys: map[string]string{}, ID: id}
		o.Keys[rt.Resource] = id
		s.put(o)
		return
	}
}
