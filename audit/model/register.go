package model

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// register is what the lists of the API show an account at one moment: the
// read-back of what an assistant wrote. Lists of talk and of uploads are left
// out, for they repeat what was said.
type register map[*lr.Route]map[string]string // list => id of an element => the element

// mostLists bounds how many lists one reading asks for.
const mostLists = 25

// consult reads the lists that the account may read.
func consult(ctx context.Context, t *lr.Trial, as *lr.Account, only ...*lr.Route) (register, []*lr.Exchange, error) {
	reg := register{}
	var xs []*lr.Exchange
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.List && (rt.Kind != lr.Invite || rt.Method != "GET") || rt.Method != "GET" || len(rt.PathParams()) > 0 || spoken(rt) || len(reg) >= mostLists {
			continue
		}
		if len(only) > 0 && !slices.Contains(only, rt) {
			continue
		}
		r, err := t.Stage.Request(ctx, rt, nil, as)
		if err != nil {
			if fatal(ctx, err) {
				return reg, xs, err
			}
			continue
		}
		r.Note = "read back"
		x, err := t.HTTP.Do(ctx, as, r)
		if err != nil {
			if fatal(ctx, err) {
				return reg, xs, err
			}
			continue
		}
		if x.OK() {
			reg[rt] = elements(x.Body)
			xs = append(xs, x)
		}
	}
	return reg, xs, nil
}

// spoken reports a list that repeats what users and the assistant say.
func spoken(rt *lr.Route) bool {
	p := strings.ToLower(rt.Path)
	p = p[strings.LastIndexByte(strings.TrimRight(p, "/"), '/')+1:]
	for _, w := range []string{"chat", "conversation", "thread", "message", "session", "file", "upload", "document", "attachment", "log", "audit", "event", "usage", "trace", "history", "search"} {
		if strings.Contains(p, w) {
			return true
		}
	}
	return false
}

// elements are the objects of a list's reply by their id, or by themselves where
// they have none.
func elements(body []byte) map[string]string {
	out := map[string]string{}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return out
	}
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 4 || len(out) > 5000 {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				if m, ok := e.(map[string]any); ok {
					b, err := json.Marshal(m)
					if err == nil {
						out[idOf(m, string(b))] = string(b)
					}
				}
			}
		case map[string]any:
			for _, e := range v {
				walk(e, depth+1)
			}
		}
	}
	walk(v, 0)
	return out
}

// idOf is the id of an element.
func idOf(m map[string]any, otherwise string) string {
	for _, k := range []string{"id", "uuid", "_id", "key", "number", "slug"} {
		switch v := m[k].(type) {
		case string:
			if v != "" {
				return v
			}
		case float64:
			return fmt.Sprint(v)
		}
	}
	return otherwise
}

// expect ledgers that the assistant may write something with the mark in it, which
// one of the lists then shows.
func (r register) expect(ctx context.Context, t *lr.Trial, as *lr.Account, mark string) error {
	for rt := range r {
		if err := t.Stage.Expect(ctx, rt, as, mark); err != nil {
			return err
		}
	}
	return nil
}

// entry is an element that came into a list, and the value that it holds.
type entry struct {
	list  *lr.Route
	id    string
	value string
}

// since lists the elements that are not in the earlier reading and hold one of
// the values.
func (r register) since(before register, values []string) []entry {
	var out []entry
	for rt, els := range r {
		for id, e := range els {
			if _, old := before[rt][id]; old {
				continue
			}
			if hit := oracle.Find(values, &lr.Exchange{Body: []byte(e)}); len(hit) > 0 {
				out = append(out, entry{rt, id, hit[0]})
			}
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.list.Path+a.id, b.list.Path+b.id) })
	return out
}

// remove takes elements away again by the route that deletes them, as the account.
func remove(ctx context.Context, t *lr.Trial, as *lr.Account, entries []entry) {
	for _, e := range entries {
		for _, rt := range t.Target.Routes {
			params := rt.PathParams()
			if rt.Method != "DELETE" || len(params) != 1 || rt.Path != e.list.Path+"/{"+params[0]+"}" {
				continue
			}
			path := e.list.Path + "/" + url.PathEscape(e.id)
			if _, err := t.HTTP.Do(ctx, as, &lr.Request{Method: "DELETE", Path: path, Route: rt, Note: "take away what the assistant made"}); err != nil {
				t.Log.Warn("what the assistant made could not be taken away", "route", rt.String(), "err", err)
			}
			break
		}
	}
}

// noun is what a person calls the elements of a resource: "ticket".
func noun(resource string) string {
	parts := strings.FieldsFunc(resource, func(r rune) bool { return r == '/' })
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i] == "{}" {
			continue
		}
		w := strings.ToLower(strings.NewReplacer("-", " ", "_", " ").Replace(parts[i]))
		switch {
		case strings.HasSuffix(w, "ies"):
			return strings.TrimSuffix(w, "ies") + "y"
		case strings.HasSuffix(w, "ss"):
			return w
		}
		return strings.TrimSuffix(w, "s")
	}
	return ""
}

// tooled are the words of things that assistants are usually given tools for,
// the likeliest first.
var tooled = []string{"ticket", "case", "issue", "task", "order", "booking", "appointment", "customer", "contact", "lead", "deal", "invoice", "note", "report", "document", "project"}

// likely sorts resources by how likely an assistant has a tool for them, and
// keeps the first n.
func likely(resources []string, n int) []string {
	rank := func(res string) int {
		for i, w := range tooled {
			if strings.HasSuffix(noun(res), w) {
				return i
			}
		}
		return len(tooled)
	}
	out := slices.Clone(resources)
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out[:min(n, len(out))]
}

// sorted is a copy without repetition, in order.
func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// article puts the article before a noun: "a ticket", "an invoice".
func article(noun string) string {
	if noun != "" && strings.IndexByte("aeio", noun[0]) >= 0 {
		return "an " + noun
	}
	return "a " + noun
}
