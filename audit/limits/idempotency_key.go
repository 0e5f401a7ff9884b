package limits

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
)

var idempotencyKey = &lr.Check{
	ID:    "limits/idempotency-key",
	Title: "The same request sent twice with one Idempotency-Key is done once",
	Why: "A client that lost its connection sends again. Where the API promises an `Idempotency-Key` and does not keep it, the customer pays twice, gets two exports, or finds two chats; " +
		"where the key answers another body as if it were the first, data is lost in silence.",
	Fix:      "Store the key with the user, the route and a hash of the body before the work begins; answer a repetition with what was answered first, a repetition under way with 409, and another body with 422 (draft-ietf-httpapi-idempotency-key-header, 2.7).",
	Guard:    "idempotency",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "837"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Reads,
	Run:      runIdempotencyKey,
}

func runIdempotencyKey(ctx context.Context, t *lr.Trial) error {
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Kind == lr.Create && keyParameter(rt) != "" {
			routes = append(routes, rt)
		}
	}
	if len(routes) == 0 {
		t.NotApplicable("no route that creates something declares an Idempotency-Key")
		return nil
	}
	for _, rt := range routes {
		if err := oneKey(ctx, t, rt); err != nil {
			return undecided(ctx, t, rt.String(), err)
		}
	}
	return nil
}

// keyParameter is the header parameter by which a route takes a key.
func keyParameter(rt *lr.Route) string {
	for _, p := range rt.Params {
		if p.In == lr.InHeader && strings.Contains(strings.ToLower(p.Name), "idempotency") {
			return p.Name
		}
	}
	return ""
}

func oneKey(ctx context.Context, t *lr.Trial, rt *lr.Route) error {
	var as *lr.Account
	for _, a := range t.Target.Accounts {
		if !a.Spare && a.Tenant == home(t) && a.Role != "viewer" {
			as = a
			break
		}
	}
	if as == nil {
		t.Unknown(rt.String(), "no account may create it")
		return nil
	}
	send := func(key, note string, change bool) (*lr.Exchange, error) {
		r, err := t.Stage.Request(ctx, rt, t.Stage.Object(rt.Resource, as), as)
		if err != nil {
			return nil, err
		}
		if change {
			r.Body = altered(r.Body)
		}
		r.SetHeader(keyParameter(rt), key)
		r.Note = note
		return t.HTTP.Do(ctx, as, r)
	}
	first := t.Stage.Canary("")
	a, err := send(first, "first", false)
	if err != nil {
		return err
	}
	idA := idOf(a)
	if !a.OK() || idA == "" {
		t.Unknown(rt.String(), "the creation was answered %d, without an id", a.Status)
		return nil
	}
	// Each request of the stage has a canary of its own, so the first body is sent
	// again as it was.
	again := func(note string) (*lr.Exchange, error) {
		r := &lr.Request{Method: a.Method, Path: pathOf(a), Body: a.Sent, Route: rt, Note: note}
		r.SetHeader("Content-Type", a.Request.Get("Content-Type"))
		r.SetHeader(keyParameter(rt), first)
		return t.HTTP.Do(ctx, as, r)
	}
	b, err := again("the same again")
	if err != nil {
		return err
	}
	switch idB := idOf(b); {
	case b.OK() && idB != "" && idB != idA:
		t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{a, b}, Witness: []string{idB}}, rt.String(), "the same request with the same key made a second object")
		return nil
	case !b.OK() && b.Status != 409:
		t.Unknown(rt.String(), "the repetition was answered %d", b.Status)
		return nil
	}
	c, err := send(first, "another body, the same key", true)
	if err != nil {
		return err
	}
	if idC := idOf(c); c.OK() && idC == idA {
		t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{a, c}, Witness: []string{idC}}, rt.String(), "another body with the same key was answered as if it were the first: what it said is lost")
		return nil
	} else if c.OK() && idC != "" {
		t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{a, c}, Witness: []string{idC}}, rt.String(), "another body with the same key made a second object")
		return nil
	}
	return inFlight(ctx, t, rt, as, a)
}

// inFlight sends one creation several times at once, with a key that is new.
func inFlight(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, a *lr.Exchange) error {
	key := t.Stage.Canary("")
	var mu sync.Mutex
	ids := map[string]*lr.Exchange{}
	_, err := burst(ctx, 5, func(ctx context.Context, _ int) (*lr.Exchange, bool, error) {
		r := &lr.Request{Method: a.Method, Path: pathOf(a), Body: a.Sent, Route: rt, Note: "at once", Once: true}
		r.SetHeader("Content-Type", a.Request.Get("Content-Type"))
		r.SetHeader(keyParameter(rt), key)
		x, err := t.HTTP.Do(ctx, as, r)
		if err == nil && x.OK() {
			mu.Lock()
			ids[idOf(x)] = x
			mu.Unlock()
		}
		return x, x.OK(), err
	})
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		e := lr.Evidence{}
		for id, x := range ids {
			e.Exchanges, e.Witness = append(e.Exchanges, x), append(e.Witness, id)
		}
		t.Fail(e, rt.String(), "one request sent five times at once with one key made %d objects", len(ids))
		return nil
	}
	t.Pass(lr.Seen(a), rt.String(), "a repetition made nothing new, nor did another body, nor five at once")
	return nil
}

func pathOf(x *lr.Exchange) string {
	_, rest, _ := strings.Cut(x.URL, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// idOf is the id that a creation's answer names.
func idOf(x *lr.Exchange) string {
	var v map[string]any
	if x == nil || json.Unmarshal(x.Body, &v) != nil {
		return ""
	}
	for _, in := range []any{v, v["data"], v["object"]} {
		m, _ := in.(map[string]any)
		for _, name := range [...]string{"id", "uuid", "_id"} {
			switch id := m[name].(type) {
			case string:
				return id
			case float64:
				return strconv.FormatFloat(id, 'f', -1, 64)
			}
		}
	}
	return ""
}

// altered is a body with another text in it.
func altered(b []byte) []byte {
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return b
	}
	for k, x := range v {
		if s, ok := x.(string); ok && s != "" {
			v[k] = s + " again"
			break
		}
	}
	out, err := json.Marshal(v)
	if err != nil {
		return b
	}
	return out
}
