package surface

import (
	"slices"

	lr "github.com/launchready/launchready"
)

// puts gives the kind of PUT on a collection. Where nothing else makes objects
// there, PUT does, although RFC 9110, 9.3.4 wants it to replace the whole.
func (x *index) puts(s *shape) lr.Kind {
	p, key := x.place(s.segs), ownKey(s)
	change := lr.Action
	if key != "" {
		change = lr.Update // PUT /pets {"id": …}
	}
	switch {
	case p.methods["POST"], isSingle(s.last().text), replaces(s.rt.Body):
		return change
	case x.joins(s):
		return lr.Action
	case p.item:
		if item := x.placeAt(foldPath(s.segs) + "/{}"); key != "" && !s.rt.Shown && s.rt.Body.Schema.Requires(key) && !writes(item) {
			return lr.Update // the one way to change what has this key
		}
		return lr.Create
	case x.posted[fold(s.last().text)]:
		return change // objects are made elsewhere: this sets which of them belong here
	case x.keyed[fold(s.last().text)], p.methods["GET"] && len(s.prop) > 0 && key == "":
		return lr.Create
	}
	return change
}

func writes(p *place) bool { return p.methods["PUT"] || p.methods["PATCH"] || p.methods["POST"] }

// replaces reports a body that is a list, or holds nothing but lists.
func replaces(b *lr.Body) bool {
	if b == nil || b.Schema == nil {
		return false
	}
	for _, p := range b.Schema.Properties {
		if p == nil || p.Type != "array" {
			return false
		}
	}
	return b.Schema.Type == "array" || len(b.Schema.Properties) > 0
}

// posts gives the kind of POST on a collection or on the one thing at a path.
func (x *index) posts(s *shape) lr.Kind {
	p := x.place(s.segs)
	if len(s.rt.PathParams()) == 0 {
		item := x.placeAt(foldPath(s.segs) + "/{}")
		if takesNothing(s.rt) && !item.methods["GET"] && !item.methods["DELETE"] && !item.more {
			return lr.Action // POST /notifications marks all as read
		}
		if s.at == onOnly && p.methods["GET"] && !p.methods["DELETE"] && s.has("setting", "settings", "preference", "preferences") {
			return lr.Update
		}
	}
	if x.joins(s) {
		return lr.Action
	}
	return lr.Create
}

// joins reports a route that puts an object made elsewhere below another one:
// POST /buckets/{id}/tasks {"task_id": …} beside /tasks/{id}.
func (x *index) joins(s *shape) bool {
	noun := fold(s.last().text)
	if s.at != onMany || x.place(s.segs).item || !x.keyed[noun] {
		return false
	}
	return s.props(noun+"id", noun+"uuid")
}

// takesNothing reports a route that is described, and without any input.
func takesNothing(rt *lr.Route) bool {
	told := rt.ID != "" || rt.Summary != "" || len(rt.Tags) > 0 || len(rt.Accepts) > 0
	return told && rt.Body == nil && !slices.ContainsFunc(rt.Params, func(p lr.Param) bool { return p.In == lr.InQuery })
}
