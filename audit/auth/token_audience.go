package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var tokenAudience = &lr.Check{
	ID:    "auth/token-audience",
	Title: "A token issued for another purpose does not open the API",
	Why: "A refresh token lives for weeks and an ID token is handed to other parties. Where either opens the API, the short life of access tokens protects nothing, " +
		"and a token that another service received can be used on yours.",
	Fix:      "Give each kind of token its own audience (`aud`) and type (`typ`), and verify both where the token is used. Sign refresh tokens with a key of their own, or make them opaque.",
	Guard:    "authenticate",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "287"}, {Source: "ASVS", ID: "v5.0.0-9.2.2"}, {Source: "ASVS", ID: "v5.0.0-9.2.3"}, {Source: "RFC", ID: "8725 section 3.9"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runTokenAudience,
}

func runTokenAudience(ctx context.Context, t *lr.Trial) error {
	a := withPassword(t)
	var me *lr.Account
	others := map[string]string{}
	if a != nil {
		b, x, err := signIn(ctx, t, a, a.User, t.Cast.Password(a), nil)
		if err != nil {
			return unasked(ctx, t, application, "signing in again", err)
		}
		if b != nil {
			me = b
			others = tokensIn(x)
		}
	}
	if me == nil {
		for _, v := range oracle.Victims(t.Target) {
			if a, me = v, v; !v.Credential.Refresh.IsZero() {
				break
			}
		}
	}
	if me == nil {
		t.Unknown(application, "no account to ask as")
		return nil
	}
	c := credentialOf(me)
	if !c.Refresh.IsZero() {
		others["refresh token"] = c.Refresh.Reveal()
	}
	for name, v := range others {
		if v == c.Token.Reveal() {
			delete(others, name)
		}
	}
	if len(others) == 0 {
		t.NotApplicable("signing in gives one token only")
		return nil
	}
	probes, err := guarded(ctx, t, a, fewHeads)
	if err != nil {
		return err
	}
	if len(probes) == 0 {
		t.Unknown(application, noGuard)
		return nil
	}
	var forgeries []forgery
	for name, v := range others {
		f := forgery{how: name, credential: spoiled(c, v)}
		if j, ok := parseJWT(v); ok {
			f.says = j.says()
		}
		forgeries = append(forgeries, f)
	}
	sort.Slice(forgeries, func(i, j int) bool { return forgeries[i].how < forgeries[j].how })
	y, err := try(ctx, t, probes, forgeries)
	if err != nil {
		return err
	}
	y.report(t, 1, "A token issued for another purpose opens the API")
	return nil
}

// tokensIn lists the tokens of a sign-in's reply by the name of their field.
func tokensIn(x *lr.Exchange) map[string]string {
	out := map[string]string{}
	var doc any
	if json.Unmarshal(x.Body, &doc) != nil {
		return out
	}
	objects(doc, func(m map[string]any) {
		for k, v := range m {
			s, ok := v.(string)
			if !ok || len(s) < 16 {
				continue
			}
			_, isJWT := parseJWT(s)
			n := plainName(k)
			if isJWT || strings.HasSuffix(n, "token") || strings.HasSuffix(n, "ticket") {
				out[fmt.Sprintf("the sign-in's %s", k)] = s
			}
		}
	})
	return out
}
