package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// promote sends the caller's own update with fields that give power, and reads
// back who the caller is: the update's own reply may echo whatever was sent. It
// reports whether the caller is no longer what it was.
func promote(ctx context.Context, t *lr.Trial, rt *lr.Route, me *lr.Account) (changed bool, err error) {
	subject := rt.String()
	before, hits, err := introduce(ctx, t, me, credentialOf(me), "before")
	if err != nil {
		return false, unasked(ctx, t, subject, "asking who the account is", err)
	}
	had := privileges(before)
	if len(hits) == 0 || len(had) == 0 {
		t.Unknown(subject, "who the caller is does not tell a role, so nothing could be read back")
		return false, nil
	}
	var tries []grant // of this user
	sent := xs(before)
	broken := 0
	for _, fields := range bodies(had, roles(t, had)) {
		if changed {
			// A role that the target does not know has broken the account. Servers
			// that break close the connection, so a first request may be lost.
			if me, err = spare(ctx, t); err != nil {
				me, err = spare(ctx, t)
			}
			if err != nil {
				return true, unasked(ctx, t, subject, "making another spare user", err)
			}
			if before, hits, err = introduce(ctx, t, me, credentialOf(me), "before"); err != nil || len(hits) == 0 {
				return true, unasked(ctx, t, subject, "asking who another spare user is", cmp.Or(err, errNotIn))
			}
			tries = nil
		}
		x, why, err := grantOwn(ctx, t, rt, me, before, fields)
		if err := ended(ctx, err); err != nil {
			return true, err
		}
		if err == nil && x == nil {
			t.Unknown(subject, "%s", why)
			return changed, nil
		}
		tries, sent = append(tries, grant{fields, x}), xs(append(sent.Exchanges, x)...)
		done, in, err := gainedBy(ctx, t, subject, before, me, credentialOf(me), tries)
		if done || err != nil {
			return done, err
		}
		if changed = !in; changed {
			if broken++; broken == mostBroken {
				break
			}
		}
	}
	if !changed {
		// A role may stand in the token: it counts from the next sign-in.
		now, err := session(ctx, t, me)
		if err != nil {
			return false, err
		}
		if done, _, err := gainedBy(ctx, t, subject, before, me, credentialOf(now), tries); done || err != nil {
			return done, err
		}
	}
	switch {
	case broken > 0:
		t.Unknown(subject, "a spare account broke under fields that give power: it was no longer told who it is, so nothing could be read back. Give one identity a role that administers, so that a role which the target knows can be tried")
	case len(sent.Exchanges) < 2:
		t.Unknown(subject, "no update with fields that give power was answered")
	default:
		t.Pass(sent, subject, "fields that give power change nothing of who the caller is")
	}
	return changed, nil
}

var errNotIn = errors.New("its fresh credential was not let in")

// mostBroken is how many spare accounts a route may break: what stands in their
// records may be in the way of others, such as a list of users.
const mostBroken = 2

// grant is one try to get power: what was asked for, and the answer.
type grant struct {
	fields map[string]any
	sent   *lr.Exchange
}

// gainedBy looks who the caller is now, and reports the power that a try gave;
// and whether the caller is let in at all.
func gainedBy(ctx context.Context, t *lr.Trial, subject string, before *lr.Exchange, me *lr.Account, c lr.Credential, tries []grant) (done, in bool, err error) {
	after, hits, err := introduce(ctx, t, me, c, "read-back")
	if err != nil {
		return false, false, ended(ctx, err)
	}
	had := privileges(before)
	for i := len(tries) - 1; i >= 0; i-- {
		g := tries[i]
		if gained := gains(had, privileges(after), g.fields); len(gained) > 0 {
			e := xs(before, g.sent, after)
			e.Witness = gained
			answered := "not answered"
			if g.sent != nil {
				answered = fmt.Sprintf("answered %d", g.sent.Status)
			}
			t.Fail(e, subject, "%s; the caller then has %s, where it had %s", answered, strings.Join(gained, ", "), describe(had))
			return true, true, nil
		}
	}
	return false, len(hits) > 0, nil
}

// grantOwn sends the update of the caller's own record with the fields. What it
// says of the caller besides is what the record holds already. nil with the
// reason where the request cannot be addressed to that record.
func grantOwn(ctx context.Context, t *lr.Trial, rt *lr.Route, me *lr.Account, before *lr.Exchange, fields map[string]any) (*lr.Exchange, string, error) {
	const elsewhere = "the request could not be addressed to the caller's own record"
	own := &lr.Object{Resource: rt.Resource, Owner: me, Keys: map[string]string{}}
	if len(rt.PathParams()) > 0 {
		own = themselves(rt, me)
	}
	own.Body = bodyOf(before)
	r, err := t.Stage.Request(ctx, rt, own, me)
	if err != nil {
		return nil, "", err
	}
	if len(rt.PathParams()) > 0 && !strings.Contains(r.Path, me.UserID) && !strings.Contains(r.Path, me.User) {
		return nil, elsewhere, nil
	}
	body := fieldsOf(r)
	if selfGrant(rt) {
		name := field(rt, "username", "userid", "email", "user", "login")
		body[name] = me.User
		switch plainName(name) {
		case "userid":
			body[name] = me.UserID
		case "email":
			body[name] = address(me)
		}
		if body[name] == "" {
			return nil, elsewhere, nil
		}
	}
	keep(body, before, t.Cast.Password(me))
	for k, v := range fields {
		inside(body)[k] = v
	}
	if err := setFields(r, body); err != nil {
		return nil, "", err
	}
	r.Note = "own record with fields that give power"
	x, err := t.HTTP.Do(ctx, me, r)
	return x, "", err
}

// keep puts what the caller's record holds into the fields of a body that have
// its names: no try is to rename a user, or to change the password.
func keep(body map[string]any, record *lr.Exchange, password lr.Secret) {
	holds := map[string]any{}
	var doc any
	if json.Unmarshal(record.Body, &doc) != nil {
		return
	}
	objects(doc, func(m map[string]any) {
		for k, v := range m {
			if s, ok := v.(string); ok && s != "" && holds[plainName(k)] == nil {
				holds[plainName(k)] = s
			}
		}
	})
	objects(body, func(m map[string]any) {
		for k, v := range m {
			switch _, text := v.(string); {
			case personal(k) == "password":
				m[k] = password.Reveal()
			case text && holds[plainName(k)] != nil:
				m[k] = holds[plainName(k)]
			}
		}
	})
}

func bodyOf(x *lr.Exchange) map[string]any {
	var m map[string]any
	if x == nil || json.Unmarshal(x.Body, &m) != nil {
		return nil
	}
	return m
}
