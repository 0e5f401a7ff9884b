package isolation

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var websocketLeak = &lr.Check{
	ID:       "isolation/websocket-leak",
	Title:    "A WebSocket delivers the caller's tenant only",
	Why:      "The handshake is checked, the messages after it often are not: a subscription by id then delivers another customer's conversation.",
	Fix:      "Check the tenant of every id in every message, not only at the handshake.",
	Guard:    "websocket",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runWebsocketLeak,
}

func runWebsocketLeak(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, p := range pairs(t) {
		for _, rt := range t.Target.Routes {
			if rt.Kind != lr.WebSocket || len(rt.PathParams()) > 0 && t.Stage.Object(rt.Resource, p.victim) == nil {
				continue
			}
			asked = true
			if err := subscribeAs(ctx, t, rt, p); err != nil {
				return err
			}
		}
		break
	}
	if !asked {
		t.NotApplicable("no route upgrades to WebSocket")
	}
	return nil
}

// subscribeAs looks for a message by which the victim gets an object of its own
// delivered, and then sends that message as the attacker.
func subscribeAs(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	for _, o := range conversations(t, p.victim) {
		for _, message := range Subscriptions(o) {
			owner, err := dial(ctx, t, rt, p.victim, o, message, "owner control")
			if err != nil {
				return err
			}
			if owner == nil || owner.Status != 101 {
				t.Unknown(rt.String(), "the owner's own handshake was answered %d", statusOf(owner))
				return nil
			}
			witness := oracle.Witness(t, p.victim, owner, oracle.Sources{Object: o, Request: message})
			if len(witness) == 0 {
				continue
			}
			x, err := dial(ctx, t, rt, p.attacker, o, message, "another tenant subscribes")
			if err != nil {
				return err
			}
			j := oracle.Judge(oracle.Case{Witness: witness, Probe: x, Owner: owner, Attacker: p.attacker})
			oracle.Report(t, rt.String(), j.Message("%s subscribes to %s's conversation", p.attacker.Name, p.victim.Tenant))
			return nil
		}
	}
	t.Unknown(rt.String(), "no known message makes the socket deliver an own conversation")
	return nil
}

// conversations lists the tenant's objects that a socket may deliver: those
// whose name says chat, and then the others that hold a canary.
func conversations(t *lr.Trial, a *lr.Account) []*lr.Object {
	var chats, others []*lr.Object
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		o := t.Stage.Object(rt.Resource, a)
		if o == nil || seen[rt.Resource] || len(o.Canaries) == 0 {
			continue
		}
		seen[rt.Resource] = true
		if words := strings.ToLower(rt.Resource); strings.Contains(words, "chat") || strings.Contains(words, "conversation") || strings.Contains(words, "thread") || strings.Contains(words, "room") || strings.Contains(words, "channel") {
			if strings.Count(rt.Resource, "{}") == 0 {
				chats = append(chats, o)
			}
		} else if strings.Count(rt.Resource, "{}") == 0 {
			others = append(others, o)
		}
	}
	if len(chats) > 0 {
		return chats
	}
	return others[:min(len(others), 2)]
}

// Subscriptions lists the messages by which common chat servers subscribe.
func Subscriptions(o *lr.Object) []string {
	var out []string
	for _, verb := range []string{"type", "action", "event", "op"} {
		for _, key := range []string{"chat_id", "conversation_id", "id", "channel", "room", "thread_id"} {
			out = append(out, fmt.Sprintf(`{%q:"subscribe",%q:%q}`, verb, key, o.ID))
		}
	}
	return append(out, fmt.Sprintf(`{"type":"join","room":%q}`, o.ID), o.ID)
}

func dial(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, o *lr.Object, message, note string) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, rt, o, as)
	if err != nil {
		return nil, nil //nolint:nilerr // a request that cannot be built is an open subject, not a broken run
	}
	r.Note = note
	r.StreamFor = socketPatience
	return t.HTTP.Dial(ctx, as, r, message)
}
