package cors

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var websocketOrigin = &lr.Check{
	ID:    "cors/websocket-origin",
	Title: "A WebSocket that a cookie opens asks where the page is from",
	Why: "The rules for reading across origins do not hold for WebSockets: a page of any website opens one, and the browser sends the cookie along. " +
		"A server that does not look at `Origin` talks to that page as the user, in both directions.",
	Fix: "Compare the handshake's `Origin` with the list of allowed origins before the cookie counts, as for every other request. " +
		"Or let no cookie open it: a ticket that works once, or a token in the first message, is not sent by a stranger's page.",
	Guard:    "websocket",
	Severity: lr.High,
	Refs:     []lr.Ref{misconfigured, {Source: "CWE", ID: "1385"}, {Source: "ASVS", ID: "v5.0.0-4.4.2"}, {Source: "RFC", ID: "6455 section 10.2"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runWebsocketOrigin,
}

// patience is how long a socket may take to show something.
const patience = 400 * time.Millisecond

func runWebsocketOrigin(ctx context.Context, t *lr.Trial) error {
	s, err := signedIn(ctx, t)
	if err != nil {
		return err
	}
	asked := false
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.WebSocket {
			continue
		}
		asked = true
		if err := hijack(ctx, t, rt, s); err != nil {
			if err := ended(ctx, err); err != nil {
				return err
			}
			t.Unknown(rt.String(), "%v", err)
		}
	}
	if !asked {
		t.NotApplicable("no route upgrades to WebSocket")
	}
	return nil
}

// hijack opens the socket as a page of another site does: with the cookie, which
// the browser sends by itself, and with an Origin of its own. The same from a
// page of the target comes first: where that shows nothing, silence towards a
// stranger proves nothing.
func hijack(ctx context.Context, t *lr.Trial, rt *lr.Route, s *session) error {
	own := t.Target.Base.Scheme + "://" + t.Target.Base.Host
	if s == nil {
		x, err := dial(ctx, t, rt, nil, nil, foreign, lr.Credential{})
		if err != nil {
			return err
		}
		t.Pass(lr.Seen(x), rt.String(), "signing in sets no cookie, so a stranger's page has nothing that opens it (answered %d)", x.Status)
		return nil
	}
	var control *lr.Exchange
	for _, o := range conversations(t, rt, s.victim) {
		x, err := dial(ctx, t, rt, s.victim, o, own, lr.Credential{Cookie: s.all()})
		if err != nil {
			return err
		}
		control = x
		if x.Status != 101 {
			break
		}
		w := oracle.Witness(t, s.victim, x, oracle.Sources{Object: o, Request: strings.Join(messages(o), "\n")})
		if len(w) > 0 {
			return abroad(ctx, t, rt, s, o, x, w)
		}
	}
	switch {
	case control == nil:
		t.Unknown(rt.String(), "there is no object to ask the socket for")
	case busy(control):
		t.Unknown(rt.String(), "the handshake was answered %d: the target was busy", control.Status)
	case control.Status != 101:
		t.Pass(lr.Seen(control), rt.String(), "the cookie does not open it even for a page of the target (answered %d), so no other page can use it", control.Status)
	default:
		t.Unknown(rt.String(), "none of the usual messages made it show anything to a page of the target, so silence towards others would prove nothing")
	}
	return nil
}

// abroad asks the same as a page of another site.
func abroad(ctx context.Context, t *lr.Trial, rt *lr.Route, s *session, o *lr.Object, control *lr.Exchange, witness []string) error {
	cookies := s.from(foreign, rt.Path, t.Target.Base)
	if len(cookies) == 0 {
		cookies = s.all()
	}
	x, err := dial(ctx, t, rt, s.victim, o, foreign, lr.Credential{Cookie: cookies})
	if err != nil {
		return err
	}
	e := lr.Seen(control, x)
	hits := oracle.Find(witness, x)
	switch {
	case busy(x):
		t.Unknown(rt.String(), "the handshake of another origin was answered %d: the target was busy", x.Status)
		return nil
	case len(hits) == 0 && x.Status == 101:
		t.Pass(e, rt.String(), "a page of %s may connect, and is shown nothing with the cookie alone", foreign)
		return nil
	case len(hits) == 0:
		t.Pass(e, rt.String(), "a page of %s is refused (answered %d)", foreign, x.Status)
		return nil
	}
	e.Witness = hits
	said := fmt.Sprintf("a page of %s opens it with the user's cookie and gets the customer's conversation", foreign)
	if len(s.from(foreign, rt.Path, t.Target.Base)) == 0 {
		t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.Medium, Subject: rt.String(), Evidence: e,
			Message: said + ". Today a browser sends no cookie from there (" + s.says() + "); a page below the target's own domain gets it"})
		return nil
	}
	seen, record, refuted, err := listenIn(ctx, t, rt, s, o, hits, x)
	if err != nil {
		return err
	}
	e.Records = append(e.Records, record)
	if refuted {
		t.Suspect(e, rt.String(), "%s, but in a browser it got nothing: %s", said, record)
		return nil
	}
	if seen != nil {
		e.Exchanges = append(e.Exchanges, seen)
	}
	t.Fail(e, rt.String(), "%s", said)
	return nil
}

// listenIn has a browser's script do it.
func listenIn(ctx context.Context, t *lr.Trial, rt *lr.Route, s *session, o *lr.Object, witness []string, like *lr.Exchange) (seen *lr.Exchange, record string, refuted bool, err error) {
	if why := unprovable(t, s); why != "" {
		return nil, why, false, nil
	}
	r, err := t.Stage.Request(ctx, rt, addressed(rt, o), s.victim)
	if err != nil {
		return nil, "not proved in a browser: " + err.Error(), false, ended(ctx, err)
	}
	to := strings.Replace(address(t.Target.Base, r.Path), "http", "ws", 1)
	got, err := t.Browser.Read(ctx, lr.Visit{Origin: foreign, URL: to, Cookies: s.lines, Send: messages(o), Until: witness})
	if err != nil {
		return nil, "not proved in a browser, so the socket's own answer decides: " + err.Error(), false, ended(ctx, err)
	}
	seen = sightingOf(got, foreign, like)
	if len(oracle.Find(witness, seen)) > 0 {
		return seen, fmt.Sprintf("%s: a script on a page of %s opened the socket and got the conversation, with cookies of other sites allowed", got.Browser, foreign), false, nil
	}
	return nil, fmt.Sprintf("%s: a script on a page of %s got nothing: %s", got.Browser, foreign, got.Why), true, nil
}

func dial(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, o *lr.Object, page string, c lr.Credential) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, rt, addressed(rt, o), as)
	if err != nil {
		return nil, err
	}
	r.Credential, r.Note, r.StreamFor = &c, "connect from a page of "+page, patience
	r.SetHeader("Origin", page)
	var send []string
	if o != nil {
		send = messages(o)
	}
	return t.HTTP.Dial(ctx, as, r, send...)
}

// addressed is the object, where the socket's address names one.
func addressed(rt *lr.Route, o *lr.Object) *lr.Object {
	if len(rt.PathParams()) == 0 {
		return nil
	}
	return o
}

// conversations lists the victim's objects that a socket may speak of: that of
// its address, or those whose name says so, or else what holds a canary.
func conversations(t *lr.Trial, socket *lr.Route, a *lr.Account) []*lr.Object {
	for _, k := range socket.Keys {
		if o := t.Stage.Object(k.Resource, a); o != nil {
			return []*lr.Object{o}
		}
	}
	var chats, others []*lr.Object
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		o := t.Stage.Object(rt.Resource, a)
		if o == nil || seen[rt.Resource] || len(o.Canaries) == 0 || strings.Contains(rt.Resource, "{}") {
			continue
		}
		seen[rt.Resource] = true
		chatty := false
		for _, word := range []string{"chat", "conversation", "thread", "room", "channel", "session", "ticket"} {
			chatty = chatty || strings.Contains(strings.ToLower(rt.Resource), word)
		}
		if chatty {
			chats = append(chats, o)
		} else {
			others = append(others, o)
		}
	}
	if len(chats) == 0 {
		chats = others
	}
	return chats[:min(len(chats), 2)]
}

// messages are subscriptions in the forms that clients use.
func messages(o *lr.Object) []string {
	var out []string
	for _, verb := range []string{"type", "action", "event"} {
		out = append(out, fmt.Sprintf(`{%q:"subscribe","id":%q,"chat_id":%q,"conversation_id":%q,"thread_id":%q,"channel":%q,"room":%q}`, verb, o.ID, o.ID, o.ID, o.ID, o.ID, o.ID))
	}
	return append(out, fmt.Sprintf(`{"type":"join","room":%q}`, o.ID))
}
