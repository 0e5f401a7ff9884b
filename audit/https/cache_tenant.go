package https

import (
	"context"
	"errors"
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
		path := v.unmet(t)
		var owner *lr.Exchange
		for range 2 {
			var err error
			if owner, err = f.ask(ctx, t, f.victim, path, "owner, to fill a cache"); err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
		}
		witness := v.shown(t, f, owner)
		if !owner.OK() || len(witness) == 0 {
			t.Unknown(v.subject(f), "the owner was not shown it again: %d", owner.Status)
			return nil
		}
		for _, as := range []*lr.Account{f.attacker, nil} {
			x, err := answered(f.ask(ctx, t, as, path, "the same address right after the owner"))
			if err != nil {
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			}
			hits := oracle.Find(witness, x)
			if len(hits) == 0 {
				continue
			}
			seen, refuses := []*lr.Exchange{owner, x}, "the application itself"
			if !v.strict {
				past, err := answered(f.ask(ctx, t, as, v.unmet(t), "at an address that no cache has met"))
				if err != nil {
					t.Unknown(v.subject(f), "%v", err)
					return halted(ctx, err)
				}
				if len(oracle.Find(hits, past)) > 0 {
					return nil // the application itself shows it: the rows auth and isolation decide
				}
				seen, refuses = []*lr.Exchange{owner, past, x}, "at another address the application"
			}
			own, err := itself(ctx, t, f, hits, path, as)
			switch {
			case v.strict && errors.Is(err, errOwnCache):
				return nil // as above, or isolation/shared-cache does
			case err != nil:
				t.Unknown(v.subject(f), "%v", err)
				return halted(ctx, err)
			case own:
				t.Pass(lr.Seen(owner), v.subject(f), "only a cache of the application's own gave it away: isolation/shared-cache decides")
				return nil
			}
			who := "nobody"
			if as != nil {
				who = as.Name
			}
			t.Fail(lr.Evidence{Exchanges: seen, Witness: hits}, v.subject(f), "%s's answer was given to %s, who asked for the same address next; %s refuses", f.victim.Tenant, who, refuses)
			return nil
		}
		t.Pass(lr.Seen(owner), v.subject(f), "another tenant and nobody asked after %s, and got nothing of theirs", f.victim.Tenant)
		return nil
	})
}

// errOwnCache is a cache of the application's own behind which the edge's cannot be seen.
var errOwnCache = errors.New("the application's own cache gives it away and keeps it, so that the edge's cannot be seen: mend isolation/shared-cache first")

// itself tells whether what the front gave away comes from a cache of the application's
// own, as it does where the target itself gives it away at the same address. That cache
// is then asked for what is fresh (RFC 9111 section 5.2.1.4). Once it has forgotten, the
// front is asked again: what it still gives away it keeps itself. Some pass such a
// request by and give the old answer to the next, and some hear none of it.
func itself(ctx context.Context, t *lr.Trial, f *gate, witness []string, path string, as *lr.Account) (bool, error) {
	shows := func(header http.Header, note string) (bool, error) {
		x, err := answered(t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: path, Header: header, Note: "the same address, at the application itself" + note}))
		return err == nil && len(oracle.Find(witness, x)) > 0, err
	}
	if own, err := shows(nil, ""); err != nil || !own {
		return false, err
	}
	if _, err := shows(http.Header{"Cache-Control": {"no-cache"}}, ", not from a cache"); err != nil {
		return false, err
	}
	kept, err := shows(nil, ", once more")
	switch {
	case err != nil:
		return false, err
	case kept:
		return false, errOwnCache
	}
	x, err := answered(f.ask(ctx, t, as, path, "the same address again, after the application's own cache has forgotten the owner's answer"))
	return err == nil && len(oracle.Find(witness, x)) == 0, err
}
