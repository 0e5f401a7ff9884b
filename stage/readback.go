package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// ReadBack reads the object as its owner, by the route that shows one object, or
// else by the list of its collection.
func (s *Stage) ReadBack(ctx context.Context, o *lr.Object) (*lr.State, error) {
	res := s.byRes[o.Resource]
	if res == nil {
		return nil, fmt.Errorf("read back %s: no route shows it", o.Resource)
	}
	var reads []*lr.Route
	for _, own := range []bool{true, false} {
		for _, kind := range []lr.Kind{lr.Read, lr.Invite, lr.Download} {
			for _, rt := range res.reads {
				if rt.Kind == kind && itemOf(rt, o.Resource) == own {
					reads = append(reads, rt)
				}
			}
		}
	}
	var last error
	var gone *lr.State
	for _, rt := range reads {
		st, err := s.readBy(ctx, rt, o, o, false)
		if err != nil && stop(ctx, err) {
			return nil, err
		}
		if err == nil && st.Exchange.OK() {
			s.mu.Lock()
			s.shown[rt] = true
			s.mu.Unlock()
			return st, nil
		}
		if err == nil && (st.Exchange.Status == 404 || st.Exchange.Status == 410) {
			s.mu.Lock()
			shows := s.shown[rt]
			s.mu.Unlock()
			if shows || len(res.lists) == 0 {
				return st, nil
			}
			// A route that never showed anything may want another key than ours.
			gone = st
		}
		last = err
	}
	for _, rt := range res.lists {
		st, err := s.readBy(ctx, rt, o.Parent, o, true)
		if err != nil && stop(ctx, err) {
			return nil, err
		}
		if err == nil && st.Exchange.OK() {
			return st, nil
		}
		last = err
	}
	if gone != nil {
		return gone, nil
	}
	if last == nil {
		last = fmt.Errorf("no route shows it to its owner")
	}
	return nil, fmt.Errorf("read back %s: %w", o.Resource, last)
}

// itemOf reports whether a route stands right below its collection: other views
// of an object, pages and previews, tell less.
func itemOf(rt *lr.Route, resource string) bool {
	p := rt.Path
	for _, name := range rt.PathParams() {
		p = strings.ReplaceAll(p, "{"+name+"}", "{}")
	}
	return p == resource || p == resource+"/{}"
}

func (s *Stage) readBy(ctx context.Context, rt *lr.Route, address, o *lr.Object, inList bool) (*lr.State, error) {
	var x *lr.Exchange
	for _, a := range mates(s.opt.Target, o.Owner) {
		r, err := s.Request(ctx, rt, address, a)
		if err != nil {
			return nil, err
		}
		r.Note = "owner's read-back"
		if x, err = s.opt.HTTP.Do(ctx, a, r); err != nil {
			return nil, err
		}
		if x.Status != 401 && x.Status != 403 {
			break
		}
	}
	st := &lr.State{Exchange: x}
	if !x.OK() {
		return st, nil
	}
	if inList {
		e := s.elementOf(x, o)
		st.Exists, st.Body = e != nil, e
		return st, nil
	}
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		st.Exists = len(x.Body) > 0
		st.Body = map[string]any{"body": string(x.Body)}
		return st, nil
	}
	m, _ := v.(map[string]any)
	st.Body = m
	if m == nil {
		st.Body = map[string]any{"body": v}
	}
	// A refusal by 200 holds neither the object's id nor anything else.
	st.Exists = !oracle.Empty(x) && !deleted(unwrap(m)) && !refused(m) && !blank(o, m, x)
	return st, nil
}

// blank reports whether a reply is the empty form of an object: it holds neither
// the key that the owner's earlier view held nor anything that this run wrote.
// Some applications answer so, with 200, for what does not exist.
func blank(o *lr.Object, m map[string]any, x *lr.Exchange) bool {
	if o.ID == "" || m == nil || o.Body == nil || !holds(o.Body, o.ID, 0) {
		return false
	}
	return !holds(m, o.ID, 0) && len(oracle.Find(o.Canaries, x)) == 0
}

// holds reports whether a scalar of a JSON value is just the text.
func holds(v any, text string, depth int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if depth < 4 && holds(e, text, depth+1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if depth < 4 && holds(e, text, depth+1) {
				return true
			}
		}
	default:
		return scalar(v) == text
	}
	return false
}

// deleted reports whether the object's own fields say that it is gone.
func deleted(m map[string]any) bool {
	for k, v := range m {
		switch norm(k) {
		case "deleted", "isdeleted", "removed":
			if v == true {
				return true
			}
		case "deletedat", "removedat":
			if v != nil && v != "" {
				return true
			}
		case "status", "state":
			if v == "deleted" || v == "removed" {
				return true
			}
		}
	}
	return false
}

func refused(m map[string]any) bool {
	for k, v := range m {
		if (norm(k) == "success" || norm(k) == "ok") && v == false {
			return true
		}
		if norm(k) == "status" && (v == "fail" || v == "error") && len(m) <= 3 {
			return true
		}
	}
	return false
}
