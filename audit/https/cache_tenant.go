package https

import (
	"context"
	"net/http"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var cacheTenant = &lr.Check{
	ID:    "https/cache-tenant",
	Title: "No cache before the product gives one tenant's answer to another",
	Why: "A rule that caches everything for speed gives the first caller's answer to all who ask for the same address. It shows only at the edge and only in " +
		"this order of requests, so tests against the application pass.",
	Fix:      "Let the edge bypass its cache for the API's paths and for every request with a credential, and purge it. Send `Cache-Control: private, no-store`.",
	Guard:    "response_cache",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refCache, {Source: "RFC", ID: "9111 section 3.5"}, {Source: "CWE", ID: "524"}, {Source: "CWE", ID: "639"}},
	Needs:    lr.Domain | lr.Routes | lr.TwoTenants,
	Run:      runCacheTenant,
}

func runCacheTenant(ctx context.Context, t *lr.Trial) error {
	all, err := gates(ctx, t)
	if err != nil {
		return err
	}
	if len(all) > 0 && !slices.ContainsFunc(all, func(f *gate) bool { return f.host != "" }) {
		t.NotApplicable("the API answers at the target's own address alone, where isolation/shared-cache decides")
		return nil
	}
	return eachView(ctx, t, func(ctx context.Context, f *gate, v *view) error {
		if f.host == "" || len(v.witness) == 0 || f.attacker == nil {
			return nil // at the target's own address isolation/shared-cache decides
		}
		path := bust(t, v.path)
		var owner *lr.Exchange
		for range 2 {
			var err error
			if owner, err = f.ask(ctx, t, f.victim, path, "owner, to fill a cache"); err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
		}
		if !owner.OK() || len(oracle.Find(v.witness, owner)) == 0 {
			t.Unknown(v.subject(f), "the owner was not shown it again: %d", owner.Status)
			return nil
		}
		for _, as := range []*lr.Account{f.attacker, nil} {
			x, err := f.ask(ctx, t, as, path, "the same address right after the owner")
			if err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
			hits := oracle.Find(v.witness, x)
			if len(hits) == 0 {
				continue
			}
			past, err := f.ask(ctx, t, as, bust(t, v.path), "at an address that no cache has met")
			if err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
			if len(oracle.Find(hits, past)) > 0 {
				return nil // the application itself shows it: the rows auth and isolation decide
			}
			own, err := itself(ctx, t, f, v, path, as)
			if err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
			if own {
				return nil // a cache of the application's own: isolation/shared-cache decides
			}
			who := "nobody"
			if as != nil {
				who = as.Name
			}
			t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{owner, past, x}, Witness: hits}, v.subject(f), "%s's answer was given to %s, who asked for the same address next; at another address the application refuses", f.victim.Tenant, who)
			return nil
		}
		t.Pass(lr.Seen(owner), v.subject(f), "another tenant and nobody asked after %s, and got nothing of theirs", f.victim.Tenant)
		return nil
	})
}

// itself tells whether the answer comes from a cache of the application's own, as it
// does where the target itself gives it away at the same address. That cache is then
// filled with what the asker may see (RFC 9111 section 5.2.1.4): what the edge still
// gives away after that, it keeps itself.
func itself(ctx context.Context, t *lr.Trial, f *gate, v *view, path string, as *lr.Account) (bool, error) {
	at := &gate{victim: f.victim, attacker: f.attacker}
	x, err := at.ask(ctx, t, as, path, "the same address, at the application itself")
	if err != nil || len(oracle.Find(v.witness, x)) == 0 {
		return false, err
	}
	fresh := http.Header{"Cache-Control": {"no-cache"}}
	x, err = t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: path, Header: fresh, Note: "the same address, at the application itself, not from a cache"})
	if err != nil || len(oracle.Find(v.witness, x)) > 0 {
		return true, err
	}
	x, err = f.ask(ctx, t, as, path, "the same address again, after the application's own cache holds the asker's answer")
	return err == nil && len(oracle.Find(v.witness, x)) == 0, err
}
