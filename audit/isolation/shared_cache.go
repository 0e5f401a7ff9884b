package isolation

import (
	"context"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// socketPatience is how long a socket is listened to after the last message.
const socketPatience = 400 * time.Millisecond

var sharedCache = &lr.Check{
	ID:    "isolation/shared-cache",
	Title: "No cache gives one tenant's reply to another",
	Why: "A response cache or CDN whose key lacks the tenant serves the first caller's reply to everyone who asks for the same URL. " +
		"It shows only in this order of requests, so ordinary tests pass.",
	Fix:      "Answer authenticated requests with `Cache-Control: private, no-store`, or put the tenant and the user into the cache key; let the CDN bypass API paths.",
	Guard:    "response_cache",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "CWE", ID: "524"}, cwe639, asvsCross, {Source: "RFC", ID: "9111 section 3.5"}},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runSharedCache,
}

func runSharedCache(ctx context.Context, t *lr.Trial) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	p := ps[0]
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Method == "GET" && oracle.Shows(rt) && rt.Kind != lr.Stream && !oracle.Public(t, rt, nil) && !lr.Match(t.Target.Access.Shared, rt) && (!keyed(oracle.Probe{Route: rt}) || t.Stage.Object(rt.Resource, p.victim) != nil) {
			routes = append(routes, rt)
		}
	}
	if len(routes) == 0 {
		t.NotApplicable("no route shows private data")
		return nil
	}
	return oracle.Each(ctx, routes, func(ctx context.Context, rt *lr.Route) error {
		if err := cacheAs(ctx, t, rt, p); err != nil {
			return open(ctx, t, rt.String(), err)
		}
		return nil
	})
}

// cacheAs asks in two ways: at an address that nobody has asked before, which a
// cache can hold for the victim alone, and at the plain one, for caches whose key
// lacks the query. Whoever asked last decides what the plain one holds, so it
// alone would leave the verdict to chance.
func cacheAs(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	o := t.Stage.Object(rt.Resource, p.victim)
	if !keyed(oracle.Probe{Route: rt}) && (rt.Kind != lr.Read || len(oracle.Beside(rt)) == 0) {
		o = nil
	}
	plain, err := t.Stage.Request(ctx, rt, o, p.victim)
	if err != nil {
		return nil //nolint:nilerr // a route without a value for its key is asked elsewhere
	}
	passed := false
	for _, r := range []*lr.Request{unasked(t, plain), plain} {
		if r == nil {
			continue
		}
		v, err := cachedAt(ctx, t, rt, o, r, p)
		if err != nil {
			return err
		}
		if v == lr.Failed || v == lr.Skipped {
			return nil
		}
		passed = passed || v == lr.Passed
	}
	if passed {
		t.Pass(lr.Evidence{Records: []string{"asked as the owner, then as others at the same address"}}, rt.String(), "the reply stayed with its owner")
	}
	return nil
}

// unasked is the request at an address that nobody has asked before; nil where a
// signature covers the query.
func unasked(t *lr.Trial, plain *lr.Request) *lr.Request {
	if strings.Contains(plain.Path, "sig=") {
		return nil
	}
	r := plain.Clone()
	sep := "?"
	if strings.Contains(r.Path, "?") {
		sep = "&"
	}
	r.Path += sep + "lr_cache=" + t.Stage.Canary("")
	return r
}

// cachedAt asks as the victim until a cache would hold the reply, then at once as
// the attacker and as nobody for the same URL. It reports what is wrong itself;
// Unknown means that the victim was shown nothing to go by, and Skipped that the
// question is another check's.
func cachedAt(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object, plain *lr.Request, p pair) (lr.Verdict, error) {
	send := func(as *lr.Account, past bool, note string) (*lr.Exchange, error) {
		r := plain.Clone()
		r.Note = note
		if past {
			oracle.PastCaches(t, r)
		}
		return t.HTTP.Do(ctx, as, r)
	}
	var owner *lr.Exchange
	var err error
	for range 2 {
		if owner, err = send(p.victim, false, "owner, to fill a cache"); err != nil {
			return lr.Unknown, err
		}
	}
	if !owner.OK() {
		return lr.Unknown, nil
	}
	witness := oracle.Witness(t, p.victim, owner, oracle.Sources{Object: o, Known: oracle.Known(t, p.victim.Tenant), Request: oracle.RequestText(plain)})
	if len(witness) == 0 {
		return lr.Unknown, nil
	}
	for _, as := range []*lr.Account{p.attacker, nil} {
		x, err := send(as, false, "same URL right after the owner")
		if err != nil {
			return lr.Unknown, err
		}
		hits := oracle.Find(witness, x)
		if len(hits) == 0 {
			continue
		}
		past, err := send(as, true, "same question past caches")
		if err != nil {
			return lr.Unknown, err
		}
		if len(oracle.Find(witness, past)) > 0 {
			// The application itself shows it: other checks of the row decide.
			return lr.Skipped, nil
		}
		if ok, err := oracle.PassesCaches(ctx, t, plain, p.victim); err != nil {
			return lr.Unknown, err
		} else if !ok {
			r := plain.Clone()
			r.Note = "same question past caches, by its header alone"
			r.SetHeader("Cache-Control", "no-cache")
			if past, err = t.HTTP.Do(ctx, as, r); err != nil {
				return lr.Unknown, err
			}
			if len(oracle.Find(witness, past)) > 0 {
				return lr.Skipped, nil
			}
			t.Unknown(rt.String(), "the owner's own request past caches is refused, so what a cache adds cannot be told from what the application shows")
			return lr.Failed, nil
		}
		again, err := send(as, false, "same URL once more")
		if err != nil {
			return lr.Unknown, err
		}
		e := lr.Seen(owner, x, past)
		e.Witness = hits
		if len(oracle.Find(witness, again)) == 0 {
			t.Suspect(e, rt.String(), "gave %s's reply to %s once and not again", p.victim.Tenant, who(as))
			return lr.Failed, nil
		}
		t.Fail(e, rt.String(), "a cache gave %s's reply to %s; past the cache the application refuses", p.victim.Tenant, who(as))
		return lr.Failed, nil
	}
	return lr.Passed, nil
}

func who(a *lr.Account) string {
	if a == nil {
		return "an anonymous caller"
	}
	return a.Name
}
