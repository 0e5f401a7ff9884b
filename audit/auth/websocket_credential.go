package auth

import (
	"context"
	"encoding/json"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var websocketCredential = &lr.Check{
	ID:    "auth/websocket-credential",
	Title: "A WebSocket shows nothing without a credential",
	Why:   "The middleware that guards the API often does not see the upgrade. A socket that anyone may open and subscribe delivers a customer's conversations live.",
	Fix: "Authenticate the handshake, or refuse every message until one has authenticated the connection, and check on each subscription that the chat belongs to the caller's tenant. " +
		"Browsers cannot send `Authorization` there: take the session cookie with a checked `Origin`, or a ticket that works once.",
	Guard:    "websocket",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-4.4.4"}, {Source: "RFC", ID: "6455 section 10.5"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runWebSocketCredential,
}

func runWebSocketCredential(ctx context.Context, t *lr.Trial) error {
	routes := ofKind(t.Target, lr.WebSocket)
	victims := oracle.Victims(t.Target)
	if len(routes) == 0 || len(victims) == 0 {
		t.NotApplicable("the target declares no WebSocket")
		return nil
	}
	for _, rt := range routes {
		if lr.Match(t.Target.Access.Public, rt) {
			continue
		}
		if err := listenIn(ctx, t, rt, victims[0]); err != nil {
			return unasked(ctx, t, rt.String(), "opening the WebSocket", err)
		}
	}
	return nil
}

// listenIn subscribes to what belongs to the victim: as the victim first, for a
// refusal proves nothing where the audit does not speak the socket's language.
func listenIn(ctx context.Context, t *lr.Trial, rt *lr.Route, victim *lr.Account) error {
	said := 0
	for _, o := range spoken(t, rt, victim) {
		said++
		mute := func(x *lr.Exchange) bool { return oracle.Refusals(x) > 0 && len(oracle.Find(o.Canaries, x)) == 0 }
		owner, err := oracle.Unhurried(ctx, mute, func() (*lr.Exchange, error) { return converse(ctx, t, rt, o, victim) })
		if err != nil {
			return err
		}
		if mute(owner) {
			t.Unknown(rt.String(), "messages of the owner's own connection were refused, since they come too fast")
			return nil
		}
		witness := oracle.Find(o.Canaries, owner)
		if len(witness) == 0 {
			continue
		}
		anon, err := converse(ctx, t, rt, o, nil)
		if err != nil {
			return err
		}
		e := xs(owner, anon)
		if hits := oracle.Find(witness, anon); len(hits) > 0 {
			e.Witness = hits
			t.Fail(e, rt.String(), "a connection without a credential subscribes to a customer's chat and gets its messages")
			return nil
		}
		if anon.Status == 429 || anon.Status >= 500 {
			t.Unknown(rt.String(), "the connection without a credential was answered %d: the target was busy or broken, not refusing", anon.Status)
			return nil
		}
		t.Pass(e, rt.String(), "a connection without a credential got nothing of what its owner gets (answered %d)", anon.Status)
		return nil
	}
	if said == 0 {
		t.Unknown(rt.String(), "there is no object to subscribe to")
		return nil
	}
	t.Unknown(rt.String(), "none of the usual messages made the owner's own connection show anything, so silence towards others would prove nothing")
	return nil
}

// spoken lists the victim's objects that a socket may speak of: those of the
// route's keys, then conversations, then whatever holds a canary.
func spoken(t *lr.Trial, rt *lr.Route, victim *lr.Account) []*lr.Object {
	var out []*lr.Object
	seen := map[string]bool{}
	add := func(resource string) {
		if resource == "" || seen[resource] || len(out) == 4 {
			return
		}
		seen[resource] = true
		if o := t.Stage.Object(resource, victim); o != nil {
			out = append(out, withChildren(t, o, victim))
		}
	}
	for _, k := range rt.Keys {
		add(k.Resource)
	}
	for _, word := range []string{"chat", "conversation", "thread", "channel", "room", "session", "ticket"} {
		for _, other := range t.Target.Routes {
			if strings.HasSuffix(strings.TrimSuffix(other.Resource, "s"), word) {
				add(other.Resource)
			}
		}
	}
	for _, other := range t.Target.Routes {
		if o := t.Stage.Object(other.Resource, victim); o != nil && len(o.Canaries) > 0 && other.Kind == lr.Read {
			add(other.Resource)
		}
	}
	return out
}

// withChildren is the object with the canaries of what lies in it: a socket
// shows a chat's messages and not its title.
func withChildren(t *lr.Trial, o *lr.Object, victim *lr.Account) *lr.Object {
	c := *o
	c.Canaries = append([]string(nil), o.Canaries...)
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		if strings.HasPrefix(rt.Resource, o.Resource+"/{}/") && !seen[rt.Resource] {
			seen[rt.Resource] = true
			if child := t.Stage.Object(rt.Resource, victim); child != nil && child.Parent != nil && child.Parent.ID == o.ID {
				c.Canaries = append(c.Canaries, child.Canaries...)
			}
		}
	}
	return &c
}

// converse opens the socket and sends subscriptions in the usual forms, each
// naming the object in the ways clients do.
func converse(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object, as *lr.Account) (*lr.Exchange, error) {
	var address *lr.Object
	if len(rt.PathParams()) > 0 {
		address = o
	}
	r, err := t.Stage.Request(ctx, rt, address, as)
	if err != nil {
		return nil, err
	}
	r.Note, r.StreamFor = "subscribe", socketTime
	return t.HTTP.Dial(ctx, as, r, subscriptions(o)...)
}

func subscriptions(o *lr.Object) []string {
	noun := o.Resource
	if i := strings.LastIndexByte(strings.TrimSuffix(noun, "/{}"), '/'); i >= 0 {
		noun = strings.TrimSuffix(noun, "/{}")[i+1:]
	}
	noun = strings.TrimSuffix(noun, "s")
	ids := map[string]any{"id": o.ID, noun + "_id": o.ID, noun + "Id": o.ID, noun: o.ID, "channel": o.ID, "room": o.ID, "topic": o.ID}
	var out []string
	for _, verb := range []string{"type", "action", "event"} {
		m := map[string]any{verb: "subscribe"}
		for k, v := range ids {
			m[k] = v
		}
		if b, err := json.Marshal(m); err == nil {
			out = append(out, string(b))
		}
	}
	return out
}
