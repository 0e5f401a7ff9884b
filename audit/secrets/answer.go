package secrets

import (
	"bytes"
	"context"
	"errors"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

var answer = &lr.Check{
	ID:    "secrets/answer",
	Title: "No answer holds a secret of the product",
	Why: "A settings route that returns the whole row, an error that prints the environment, a debug field that was never removed: the API hands out the keys that it works with, " +
		"and every tester reads every answer for them.",
	Fix:      "Change the secret. Name the fields that an answer has instead of returning the record, show a key once when it is made and its last four characters later, and answer errors with an id alone.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API3:2023"}, exposed, misconfig},
	Needs:    lr.Routes,
	Last:     true,
	Run:      runAnswer,
}

// runAnswer reads one of each answer that the run got. What an answer may hold is
// left out: the caller's own session, and a key on the day it is made.
func runAnswer(ctx context.Context, t *lr.Trial) error {
	s, err := engine(ctx, t)
	if err != nil {
		return err
	}
	if err := askEach(ctx, t); err != nil {
		return err
	}
	answers, whole := t.Seen()
	own := map[string]bool{}
	for _, a := range t.Target.Accounts {
		for _, v := range []lr.Secret{a.Credential.Token, a.Credential.Refresh, a.Expired, t.Cast.Password(a)} {
			if !v.IsZero() {
				own[s.Fingerprint(v)] = true
			}
		}
	}
	front, err := frontEnd(ctx, t)
	if err != nil {
		return err
	}
	loaded := map[string]bool{}
	for _, x := range front {
		loaded[pathOf(x)] = true
	}
	n := 0
	var all secretscan.Result
	for x := range answers {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if spoken(x) || handsOut(x) || loaded[pathOf(x)] || strings.Contains(x.Header.Get("Content-Type"), "javascript") {
			continue
		}
		n++
		res, err := s.Scan(ctx, nameOf(x), bytes.NewReader(x.Body))
		if err != nil {
			return err
		}
		for _, f := range res.Findings {
			// A random value in a live answer is an id, a cursor or a session: only what
			// is a provider's by its form says that it opens something.
			if f.Verdict != secretscan.Secret || f.Provider == "" || own[f.Fingerprint] || sentAlready(x, f) {
				continue
			}
			f.Place.Path = subjectOfAnswer(x)
			f.Place.Line, f.Place.Column = 0, 0
			all.Findings = append(all.Findings, f)
		}
		res.Coverage.Counts = nil // what a reply leaves undecoded is no gap: it was read as text
		res.Coverage.Skipped = nil
		all.Coverage.Add(res.Coverage)
	}
	if n == 0 {
		t.Unknown(application, "no answer was seen in this run: ask other rows as well")
		return nil
	}
	tell(ctx, t, all, application, "an answer")
	if !whole {
		t.Unknown(application, "not every answer could be kept: there were too many")
	}
	return nil
}

// askEach asks every route that only reads, as an ordinary account and as one that
// administers: in a run of all rows most have been asked already.
func askEach(ctx context.Context, t *lr.Trial) error {
	var as [2]*lr.Account
	for _, a := range t.Target.Accounts {
		i := 0
		if a.Privileged() {
			i = 1
		}
		if !a.Spare && as[i] == nil {
			as[i] = a
		}
	}
	for _, rt := range t.Target.Routes {
		if rt.Method != "GET" || rt.Kind == lr.Stream || rt.Kind == lr.WebSocket || rt.Kind == lr.SignOut {
			continue
		}
		for _, a := range as {
			if a == nil {
				continue
			}
			var o *lr.Object
			if rt.Resource != "" {
				o = t.Stage.Object(rt.Resource, a)
			}
			if o == nil && len(rt.PathParams()) > 0 {
				continue
			}
			if _, err := t.Stage.Control(ctx, rt, o, a); err != nil && (ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost)) {
				return err
			}
		}
	}
	return nil
}

// spoken reports what the model said: that is the row of the model.
func spoken(x *lr.Exchange) bool {
	return x.Route != nil && (x.Route.Kind == lr.ChatKind || x.Route.Kind == lr.Stream || x.Route.Kind == lr.WebSocket) || strings.Contains(x.Header.Get("Content-Type"), "event-stream")
}

// handsOut reports an answer that gives the caller what is the caller's: a session,
// or something that was made just now.
func handsOut(x *lr.Exchange) bool {
	if x.Route == nil {
		return x.Method == "POST" && x.OK() && strings.Contains(strings.ToLower(x.URL), "token")
	}
	switch x.Route.Kind {
	case lr.SignIn, lr.SignUp, lr.Refresh, lr.Create, lr.Invite:
		return x.Method == "POST" && x.OK()
	}
	return false
}

// sentAlready reports a value that the request itself brought.
func sentAlready(x *lr.Exchange, f secretscan.Finding) bool {
	return f.Name != "" && len(x.Sent) > 0 && bytes.Contains(x.Sent, []byte(f.Name)) && x.Method != "GET"
}

// subjectOfAnswer is the route, or the path where none is known.
func subjectOfAnswer(x *lr.Exchange) string {
	if x.Route != nil {
		return x.Route.String()
	}
	return x.Method + " " + pathOf(x)
}
