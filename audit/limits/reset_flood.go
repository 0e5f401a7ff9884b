package limits

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

// Numbers of mails: asked for, and that a person may get for it.
const (
	resets    = 15
	mostMails = 8
)

var resetFlood = &lr.Check{
	ID:    "limits/reset-flood",
	Title: "Nobody can have a user's mailbox flooded with reset mails",
	Why: "Each request for a forgotten password sends a mail in your name. Without a limit anyone fills a customer's mailbox, and the domain's reputation goes with it; " +
		"where the mails hold a short code, asking often enough makes it guessable.",
	Fix:      "Count requests by the account and by address. Answer as always, so that nobody learns who has an account, and send at most a few mails an hour.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, {Source: "OWASP API", ID: "API6:2023"}, {Source: "CWE", ID: "799"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runResetFlood,
}

func runResetFlood(ctx context.Context, t *lr.Trial) error {
	rt, field := resetRoute(t.Target)
	if rt == nil {
		t.NotApplicable("no route sends a token for a forgotten password")
		return nil
	}
	as, fresh, err := newcomer(ctx, t)
	if err != nil || !fresh {
		t.Unknown(rt.String(), "it takes a user whose mailbox may be filled: configure a spare identity, or a route that makes members")
		if err != nil && ends(ctx, err) {
			return err
		}
		return nil
	}
	body, err := json.Marshal(map[string]string{field: as.User})
	if err != nil {
		return err
	}
	b, err := burst(ctx, resets, func(ctx context.Context, _ int) (*lr.Exchange, bool, error) {
		r := &lr.Request{Method: rt.Method, Path: rt.Path, Body: body, Route: rt, Note: "a reset is asked for", Once: true}
		r.SetHeader("Content-Type", "application/json")
		x, err := t.HTTP.Do(ctx, nil, r)
		return x, err == nil && x.OK(), err
	})
	if err != nil {
		return err
	}
	if b.limited() {
		t.Pass(b.evidence(), rt.String(), "%d requests for one user met a limit: %s", resets, b)
		return nil
	}
	if b.taken < resets*9/10 {
		t.Unknown(rt.String(), "the requests were not all taken, and none was refused: %s", b)
		return nil
	}
	n, x, err := mails(ctx, t, as.User)
	switch {
	case err != nil:
		return undecided(ctx, t, rt.String(), err)
	case x == nil:
		t.Unknown(rt.String(), "every request was taken, and how many mails were sent is not known: configure mailbox")
	case n == 0:
		t.Unknown(rt.String(), "every request was taken, and no mail of it is in the mailbox")
	case n > mostMails:
		e := b.evidence()
		e.Exchanges = append(e.Exchanges, x)
		t.Fail(e, rt.String(), "%d requests for one user sent %d mails", b.sent, n)
	default:
		t.Pass(b.evidence(), rt.String(), "%d requests for one user were answered alike and sent %d mails", b.sent, n)
	}
	return nil
}

// resetRoute is the route that sends a token for a forgotten password, and its
// field that takes the login.
func resetRoute(t *lr.Target) (*lr.Route, string) {
	for _, rt := range t.Routes {
		p := strings.ToLower(rt.Path)
		if rt.Method != "POST" || len(rt.PathParams()) > 0 || rt.Body == nil || rt.Body.Schema == nil ||
			rt.Kind != lr.Password && !strings.Contains(p, "forgot") && !strings.Contains(p, "reset") {
			continue
		}
		login := ""
		secret := false
		for name := range rt.Body.Schema.Properties {
			switch low := strings.ToLower(name); {
			case strings.Contains(low, "password"), strings.Contains(low, "token"), strings.Contains(low, "code"):
				secret = true
			case low == "email" || low == "username" || low == "login" || low == "user":
				login = name
			}
		}
		if login != "" && !secret {
			return rt, login
		}
	}
	return nil, ""
}

// mails counts what the mailbox has for a user; no exchange without a mailbox.
func mails(ctx context.Context, t *lr.Trial, user string) (int, *lr.Exchange, error) {
	if t.Target.Mailbox == nil {
		return 0, nil, nil
	}
	r := t.Target.Mailbox.Clone()
	r.Path = strings.ReplaceAll(r.Path, "{user}", url.QueryEscape(user))
	r.Note = "mailbox"
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return 0, nil, err
	}
	return longest(x.Body), x, nil
}

// longest is the length of the longest list in a JSON document: the letters of a
// mailbox, however it wraps them.
func longest(b []byte) int {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return 0
	}
	var walk func(any) int
	walk = func(v any) int {
		n := 0
		switch v := v.(type) {
		case []any:
			n = len(v)
			for _, x := range v {
				n = max(n, walk(x))
			}
		case map[string]any:
			for _, x := range v {
				n = max(n, walk(x))
			}
		}
		return n
	}
	return walk(v)
}
