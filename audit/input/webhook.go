package input

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// event is one message of another system, before it is sent.
type event struct {
	hook   *lr.Hook
	id     string // fresh, and in the body
	body   []byte
	header http.Header
}

// newEvent makes an event with a fresh id, not signed.
func newEvent(t *lr.Trial, w *lr.Hook) (*event, error) {
	e := &event{hook: w, id: "evt" + word(t), header: http.Header{}}
	var err error
	if e.body, err = json.Marshal(filledIn(w.Body, e.id)); err != nil {
		return nil, fmt.Errorf("write an event for %s: %w", w.Subject(), err)
	}
	return e, nil
}

// filledIn puts the id where the template says $id.
func filledIn(v any, id string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(strings.ReplaceAll(v, "$id", id), "$$", "$")
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = filledIn(e, id)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = filledIn(e, id)
		}
		return out
	case nil:
		return map[string]any{"id": id}
	}
	return v
}

// sign signs the event by its scheme, with the key, as of the time.
func (e *event) sign(key string, at time.Time) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := func(key []byte, text ...string) []byte {
		m := hmac.New(sha256.New, key)
		for _, s := range text {
			m.Write([]byte(s))
		}
		m.Write(e.body)
		return m.Sum(nil)
	}
	set := func(usual, value string) {
		if e.hook.Header != "" {
			usual = e.hook.Header
		}
		e.header.Set(usual, value)
	}
	switch e.hook.Scheme {
	case "github":
		set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac([]byte(key))))
	case "slack":
		e.header.Set("X-Slack-Request-Timestamp", seconds)
		set("X-Slack-Signature", "v0="+hex.EncodeToString(mac([]byte(key), "v0:"+seconds+":")))
	case "standard":
		// Standard Webhooks: the key is base64 behind its prefix.
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
		if err != nil {
			raw = []byte(key)
		}
		e.header.Set("webhook-id", e.id)
		e.header.Set("webhook-timestamp", seconds)
		set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac(raw, e.id+"."+seconds+".")))
	case "hex":
		set("X-Signature", hex.EncodeToString(mac([]byte(key))))
	case "base64":
		set("X-Signature", base64.StdEncoding.EncodeToString(mac([]byte(key))))
	default:
		set("Stripe-Signature", "t="+seconds+",v1="+hex.EncodeToString(mac([]byte(key), seconds+".")))
	}
}

// timed reports whether the scheme signs a time.
func timed(scheme string) bool {
	switch scheme {
	case "github", "hex", "base64":
		return false
	}
	return true
}

func (e *event) send(ctx context.Context, t *lr.Trial, note string) (*lr.Exchange, error) {
	r := e.hook.Request.Clone()
	r.Route, r.Note, r.Body, r.Credential = e.hook.Route, note, e.body, &lr.Credential{}
	for k, v := range e.header {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header[k] = v
	}
	r.SetHeader("Content-Type", "application/json")
	return t.HTTP.Do(ctx, nil, r)
}

// taken is what became of an event.
type taken struct {
	yes   bool
	sure  bool // it was read back, or refused
	times int  // how often it stands in the read-back
	xs    []*lr.Exchange
}

// lookFor tells whether the event took effect.
func (e *event) lookFor(ctx context.Context, t *lr.Trial, x *lr.Exchange) (taken, error) {
	out := taken{xs: []*lr.Exchange{x}}
	if busy(x) {
		return out, errBusy
	}
	if e.hook.Read == nil {
		out.yes, out.sure = x.OK(), !x.OK()
		return out, nil
	}
	for n := range 4 { // some take events from a queue
		if n > 0 && (!x.OK() || out.times > 0) {
			break
		}
		if n > 0 {
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return out, err
			}
		}
		for _, as := range readers(t, e.hook.Tenant) {
			r := e.hook.Read.Clone()
			r.Note = "the events that were taken"
			y, err := t.HTTP.Do(ctx, as, r)
			if err != nil {
				return out, err
			}
			if !y.OK() {
				continue
			}
			out.xs, out.sure = []*lr.Exchange{x, y}, true
			out.times = entries(y.Body, e.id)
			out.yes = out.times > 0
			break
		}
	}
	if !out.sure {
		return out, fmt.Errorf("%s shows nobody the events that were taken", e.hook.Read.Path)
	}
	return out, nil
}

// entries counts the objects of the reply that have the id as a value of their own.
func entries(body []byte, id string) int {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return strings.Count(string(body), id)
	}
	n := 0
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				if s, ok := e.(string); ok && strings.Contains(s, id) {
					n++
					return // once an object
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return n
}

// readers lists the accounts of the tenant, administrators first.
func readers(t *lr.Trial, tenant string) []*lr.Account {
	if names := t.Target.Tenants(); tenant == "" && len(names) > 0 {
		tenant = names[0]
	}
	var high, low []*lr.Account
	for _, a := range t.Target.Accounts {
		switch {
		case a.Spare || a.Tenant != tenant:
		case a.Privileged():
			high = append(high, a)
		default:
			low = append(low, a)
		}
	}
	return append(high, low...)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// hooks lists the routes that take events: those that the configuration names,
// and those that only the description tells of, whose secret nobody gave.
func hooks(ctx context.Context, t *lr.Trial) []*lr.Hook {
	var out []*lr.Hook
	known := map[string]bool{}
	for i := range t.Target.Webhooks {
		w := &t.Target.Webhooks[i]
		known[w.Subject()] = true
		if w.Body == nil && w.Route != nil {
			c := *w
			c.Body = bodyOf(ctx, t, w.Route)
			w = &c
		}
		out = append(out, w)
	}
	for _, rt := range t.Target.Routes {
		if rt.Kind == lr.Webhook && rt.Method == "POST" && rt.Declared && len(rt.PathParams()) == 0 && !known[rt.String()] {
			out = append(out, &lr.Hook{Request: lr.Request{Method: rt.Method, Path: rt.Path}, Route: rt, Body: bodyOf(ctx, t, rt)})
		}
	}
	return out
}

// bodyOf is the event that the description asks for, with the id in its id field.
func bodyOf(ctx context.Context, t *lr.Trial, rt *lr.Route) any {
	var m map[string]any
	r, err := t.Stage.Request(ctx, rt, nil, nil)
	if err != nil || json.Unmarshal(r.Body, &m) != nil || m == nil {
		return nil
	}
	for _, name := range []string{"id", "event_id", "eventId"} {
		if _, ok := m[name].(string); ok {
			m[name] = "$id"
			return m
		}
	}
	m["id"] = "$id"
	return m
}

// accepted sends one event as it should be, once a run and hook: whose own event
// is not taken refuses for another reason than the signature.
func accepted(ctx context.Context, t *lr.Trial, w *lr.Hook) (taken, error) {
	return lr.Recall(ctx, t.Memo, "input: webhook "+w.Subject(), func(ctx context.Context) (taken, error) {
		e, err := newEvent(t, w)
		if err != nil {
			return taken{}, err
		}
		e.sign(w.Secret.Reveal(), t.Now())
		x, err := e.send(ctx, t, "an event as it should be")
		if err != nil {
			return taken{}, err
		}
		got, err := e.lookFor(ctx, t, x)
		if err == nil && !got.yes {
			err = fmt.Errorf("an event signed by the configuration's secret is answered %d and not taken, so a refusal of others says nothing", x.Status)
		}
		return got, err
	})
}

// eachHook asks every hook whose secret is known, once its own event was taken.
func eachHook(ctx context.Context, t *lr.Trial, ask func(context.Context, *lr.Hook, *lr.Exchange) (*hit, string, error)) error {
	list := hooks(ctx, t)
	if len(list) == 0 {
		t.NotApplicable("no route takes events of other systems")
		return nil
	}
	for _, w := range list {
		if w.Secret.IsZero() {
			t.Unknown(w.Subject(), "its secret is not known: give webhooks with request and secret")
			continue
		}
		got, err := accepted(ctx, t, w)
		var h *hit
		say := ""
		if err == nil {
			h, say, err = ask(ctx, w, got.xs[0])
		}
		switch {
		case ended(ctx, err) != nil:
			return err
		case err != nil:
			t.Unknown(w.Subject(), "%s", err)
		case h != nil:
			h.report(t, w.Subject())
		default:
			t.Pass(lr.Seen(got.xs...), w.Subject(), "%s", say)
		}
	}
	return nil
}

// forged reports what a forged event came to: a finding when it was taken, by
// shape only where nothing can be read back.
func (e *event) forged(ctx context.Context, t *lr.Trial, own *lr.Exchange, note string) (*hit, error) {
	x, err := e.send(ctx, t, note)
	if err != nil {
		return nil, err
	}
	got, err := e.lookFor(ctx, t, x)
	if err != nil || !got.yes {
		return nil, err
	}
	h := &hit{xs: got.xs, witness: []string{e.id}, shape: !got.sure, say: note + " is taken"}
	if own != nil {
		h.xs = append([]*lr.Exchange{own}, got.xs...)
	}
	if !got.sure {
		h.witness = nil
		h.say += ": it is answered as one that is rightly signed; give webhooks.*.read to see whether it has an effect"
	}
	return h, nil
}
