package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var tokenInQuery = &lr.Check{
	ID:    "auth/token-in-query",
	Title: "A token in the address is not accepted",
	Why: "Addresses are logged by every proxy and content network, kept in browser histories and sent on in `Referer`. A token that works there will be found there, " +
		"and a reviewer will ask who can read those logs.",
	Fix: "Read the credential from `Authorization` or a cookie only. For event streams, sockets and downloads, which cannot send the header from a browser, " +
		"issue a ticket that works once, for that one address, for a minute.",
	Guard:    "authenticate",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "598"}, {Source: "ASVS", ID: "v5.0.0-14.2.1"}, {Source: "RFC", ID: "9700 section 4.3.2"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runTokenInQuery,
}

// queryNames are the parameters in which frameworks look for a token. RFC 6750,
// 2.3 names the first, and RFC 9700 forbids it since.
var queryNames = []string{"access_token", "token", "auth_token", "auth", "jwt", "api_key", "apikey", "key", "session", "authorization", "bearer"}

func runTokenInQuery(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account to ask as")
		return nil
	}
	v := victims[0]
	if len(v.Credential.Query) > 0 {
		x, hits, err := introduce(ctx, t, v, credentialOf(v), "the account's own way")
		if err != nil {
			return unasked(ctx, t, application, "asking who the account is", err)
		}
		e := xs(x)
		e.Witness = hits
		if len(hits) > 0 {
			t.Fail(e, application, "the accounts' own credentials travel in the query")
			return nil
		}
	}
	me, err := session(ctx, t, v)
	if err != nil {
		return err
	}
	token := credentialOf(me).Token
	if token.IsZero() {
		t.NotApplicable("the accounts carry no token that could stand in a query")
		return nil
	}
	probes, err := guarded(ctx, t, v, fewHeads)
	if err != nil {
		return err
	}
	if len(probes) == 0 {
		t.Unknown(application, noGuard)
		return nil
	}
	every := lr.Credential{Query: map[string]lr.Secret{}, Token: token}
	for _, n := range queryNames {
		every.Query[n] = token
	}
	y := &tally{}
	err = oracle.Each(ctx, probes, func(ctx context.Context, p oracle.Probe) error {
		// All names in one request; only where that is let in, each by itself.
		j, err := offer(ctx, t, p, forgery{how: "token in the query", credential: every})
		if err != nil || j.Verdict != lr.Failed {
			y.add(p.Route.String(), "", j)
			return err
		}
		for _, n := range queryNames {
			one := lr.Credential{Query: map[string]lr.Secret{n: token}, Token: token}
			k, err := offer(ctx, t, p, forgery{how: "?" + n + "=", credential: one})
			if err != nil {
				return err
			}
			if k.Verdict == lr.Failed {
				y.add(p.Route.String(), "?"+n+"=", k)
			}
		}
		y.add(p.Route.String(), "", j)
		return nil
	})
	if err != nil {
		return err
	}
	y.report(t, 1, "A token in the query is accepted")
	return nil
}
