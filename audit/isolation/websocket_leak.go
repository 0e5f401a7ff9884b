package isolation

import (
	"context"
	"fmt"
	"strings"
	"sync"

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
			if rt.Kind != lr.WebSocket {
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

// subscribeAs looks for messages by which the victim gets an object of its own
// delivered, and then sends them as the attacker: none, where the address says
// it all, then every known one at once, and then one by one, since some servers
// close at the first that they do not know.
func subscribeAs(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	for i, o := range conversations(t, rt, p.victim) {
		known := subscriptions(o)
		tries := [][]string{nil, known}
		if i == 0 {
			for _, m := range known {
				tries = append(tries, []string{m})
			}
		}
		for j, some := range [][][]string{tries[:2], tries[2:]} {
			found, refused, err := delivered(ctx, t, rt, p, o, some, i+j == 0)
			if err != nil {
				return open(ctx, t, rt.String(), err)
			}
			if refused != nil {
				t.Unknown(rt.String(), "the owner's own handshake was answered %d", refused.Status)
				return nil
			}
			if found == nil {
				continue
			}
			mute := func(x *lr.Exchange) bool { n := oracle.Refusals(x); return n > 0 && n >= len(found.messages) }
			x, err := oracle.Unhurried(ctx, mute, func() (*lr.Exchange, error) {
				return dial(ctx, t, rt, p.attacker, o, "another tenant subscribes", found.messages)
			})
			if err != nil {
				return open(ctx, t, rt.String(), err)
			}
			if mute(x) {
				t.Unknown(rt.String(), "every message of another tenant was refused, since they come too fast")
				return nil
			}
			j := oracle.Judge(oracle.Case{Witness: found.witness, Probe: x, Owner: found.owner, Attacker: p.attacker})
			oracle.Report(t, rt.String(), j.Message("%s subscribes to %s's conversation", p.attacker.Name, p.victim.Tenant))
			return nil
		}
	}
	t.Unknown(rt.String(), "no known message makes the socket deliver an own conversation")
	return nil
}

// delivery is how the owner got an own object from a socket.
type delivery struct {
	messages []string
	owner    *lr.Exchange
	witness  []string
}

// delivered sends each of the tries as the owner and returns the first that
// brought a witness; refused is the answer to a handshake that failed. Who is patient
// sends once more what came too fast.
func delivered(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair, o *lr.Object, tries [][]string, patient bool) (found *delivery, refused *lr.Exchange, err error) {
	var mu sync.Mutex
	first := len(tries)
	err = oracle.Each(ctx, indices(len(tries)), func(ctx context.Context, i int) error {
		shown := func(x *lr.Exchange) []string {
			return oracle.Witness(t, p.victim, x, oracle.Sources{Object: o, Request: strings.Join(tries[i], "\n") + o.ID})
		}
		x, err := oracle.Unhurried(ctx, func(x *lr.Exchange) bool { return patient && oracle.Refusals(x) > 0 && len(shown(x)) == 0 }, func() (*lr.Exchange, error) {
			return dial(ctx, t, rt, p.victim, o, "owner control", tries[i])
		})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if x == nil {
			return nil
		}
		if x.Status != 101 {
			refused = x
			return nil
		}
		w := shown(x)
		if len(w) > 0 && i < first {
			first, found = i, &delivery{tries[i], x, w}
		}
		return nil
	})
	return found, refused, err
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// conversations lists the tenant's objects that a socket may deliver: those
// whose name says chat, and then the others that hold a canary.
func conversations(t *lr.Trial, socket *lr.Route, a *lr.Account) []*lr.Object {
	if ps := socket.PathParams(); len(ps) > 0 {
		for _, res := range []string{socket.Keys[ps[len(ps)-1]].Resource, socket.Resource} {
			if o := t.Stage.Object(res, a); o != nil {
				return []*lr.Object{o}
			}
		}
	}
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
		return chats[:min(len(chats), 2)]
	}
	return others[:min(len(others), 2)]
}

// subscriptions lists the messages by which common chat servers subscribe.
func subscriptions(o *lr.Object) []string {
	var out []string
	for _, verb := range []string{"type", "action", "event", "op"} {
		for _, key := range []string{"chat_id", "conversation_id", "id", "channel", "room", "thread_id"} {
			out = append(out, fmt.Sprintf(`{%q:"subscribe",%q:%q}`, verb, key, o.ID))
		}
	}
	return append(out, fmt.Sprintf(`{"type":"join","room":%q}`, o.ID), o.ID)
}

func dial(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, o *lr.Object, note string, messages []string) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, rt, o, as)
	if err != nil {
		return nil, nil //nolint:nilerr // a request that cannot be built is an open subject, not a broken run
	}
	r.Note = note
	r.StreamFor = socketPatience
	return t.HTTP.Dial(ctx, as, r, messages...)
}
