package input

import (
	"context"
	"encoding/json"
	"fmt"

	lr "github.com/launchready/launchready"
)

func nosqlInjection() *lr.Check {
	return &lr.Check{
		ID:       "input/nosql-injection",
		Title:    "No input becomes an operator of a query",
		Why:      "Where a value is passed to a document database as it came, `{\"$ne\": null}` in its place matches everything: a sign-in without the password, a list without its filter.",
		Fix:      "Judge the type of every value before it reaches a query: a text is a text. Parse the query string without nesting, and refuse keys that begin with `$`.",
		Guard:    "validate",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "943"}, {Source: "ASVS", ID: "v5.0.0-1.2.4"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			if err := eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				return operates(ctx, t, d, n)
			}); err != nil {
				return err
			}
			return signsInByOperator(ctx, t)
		},
	}
}

// operates asks for what is not equal to a value that nothing has, and for what is
// equal to it. Only where the operator is understood does the first show objects
// and the second none; where the parameter is ignored both do.
func operates(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	for _, p := range d.single() {
		if p.in != lr.InQuery || p.number {
			continue
		}
		w := word(t)
		send := func(name, note string) (*lr.Exchange, error) {
			r := d.base.Clone()
			setQuery(r, name, w)
			return n.send(ctx, t, d, r, note)
		}
		all, err := send(p.name+"[$ne]", "all that is not a value which nothing has")
		if err != nil {
			return nil, err
		}
		seen := content(all)
		if seen == 0 {
			continue
		}
		none, err := send(p.name+"[$eq]", "all that is a value which nothing has")
		if err != nil {
			return nil, err
		}
		plain, err := send(p.name, "the value as a text")
		if err != nil {
			return nil, err
		}
		again, err := send(p.name+"[$ne]", "all that is not a value which nothing has, again")
		if err != nil {
			return nil, err
		}
		if none.OK() && content(none) == 0 && plain.OK() && content(plain) == 0 && content(again) >= seen {
			return &hit{xs: []*lr.Exchange{plain, none, again}, records: []string{fmt.Sprintf("[$ne] showed %d objects, [$eq] and the plain text none", seen)},
				say: fmt.Sprintf("%s reaches the query as an operator: [$ne] matches what no text matches", p)}, nil
		}
	}
	for _, p := range d.fields() {
		if d.route.Kind != lr.Search {
			break
		}
		send := func(v any, note string) (*lr.Exchange, error) {
			r := d.base.Clone()
			d.setMember(r, p.name, v)
			return n.send(ctx, t, d, r, note)
		}
		w := word(t)
		all, err := send(map[string]any{"$ne": w}, "all that is not a value which nothing has")
		if err != nil {
			return nil, err
		}
		if content(all) == 0 {
			continue
		}
		none, err := send(map[string]any{"$eq": w}, "all that is a value which nothing has")
		if err != nil {
			return nil, err
		}
		if none.OK() && content(none) == 0 {
			return &hit{xs: []*lr.Exchange{none, all}, records: []string{fmt.Sprintf("$ne showed %d objects, $eq none", content(all))},
				say: fmt.Sprintf("%s reaches the query as an operator: $ne matches what no text matches", p)}, nil
		}
	}
	return nil, nil
}

// content counts the objects in the longest list of a successful JSON reply.
func content(x *lr.Exchange) int {
	var v any
	if !x.OK() || json.Unmarshal(x.Body, &v) != nil {
		return 0
	}
	most := 0
	var walk func(any, int)
	walk = func(v any, depth int) {
		switch v := v.(type) {
		case []any:
			n := 0
			for _, e := range v {
				if _, object := e.(map[string]any); object {
					n++
				}
			}
			most = max(most, n)
		case map[string]any:
			for _, e := range v {
				if depth < 3 {
					walk(e, depth+1)
				}
			}
		}
	}
	walk(v, 0)
	return most
}

// signsInByOperator signs a known user in with an operator for the password. It
// is proved by the session that it opens.
func signsInByOperator(ctx context.Context, t *lr.Trial) error {
	for _, a := range t.Target.Accounts {
		if a.Spare || a.Privileged() || t.Cast == nil || t.Cast.Password(a).IsZero() || a.WhoAmI == nil {
			continue
		}
		wrong := lr.NewSecret(word(t))
		r, err := t.Cast.SignInRequest(ctx, a, a.User, wrong)
		if err != nil {
			return ended(ctx, err)
		}
		subject := "the sign-in"
		if t.Target.SignIn != nil {
			subject = t.Target.SignIn.String()
		}
		var m map[string]any
		if json.Unmarshal(r.Body, &m) != nil {
			return nil // a form has no operators but by nesting, which its parser decides
		}
		for name, v := range m {
			if v == wrong.Reveal() {
				m[name] = map[string]any{"$ne": wrong.Reveal()}
			}
		}
		body, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("write the sign-in's body: %w", err)
		}
		r.Body, r.Note = body, "an operator for the password"
		x, err := t.HTTP.Do(ctx, nil, r)
		if err != nil {
			return ended(ctx, err)
		}
		if busy(x) {
			t.Unknown(subject, "%s", errBusy)
			return nil
		}
		got, err := t.Cast.Accept(a, x)
		if err != nil || !x.OK() {
			t.Pass(lr.Seen(x), subject, "an operator in place of the password opens nothing")
			return nil
		}
		me, err := t.HTTP.Do(ctx, got, &lr.Request{Method: a.WhoAmI.Method, Path: a.WhoAmI.Path, Route: a.WhoAmI, Note: "who that is", Credential: &got.Credential})
		if err != nil {
			return ended(ctx, err)
		}
		if me.OK() && a.UserID != "" && holds(me, a.UserID) {
			y := *x
			y.Body = []byte("[withheld: it holds a credential]")
			(&hit{xs: []*lr.Exchange{&y, me}, witness: []string{a.UserID}, say: "the password reaches the query as an operator: $ne signs a user in without it"}).report(t, subject)
			return nil
		}
		t.Pass(lr.Seen(me), subject, "an operator in place of the password opens no session")
		return nil
	}
	return nil
}
