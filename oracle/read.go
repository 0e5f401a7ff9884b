package oracle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// Probe is one question: may As see, by Route, what belongs to Victim?
type Probe struct {
	Route  *lr.Route
	Object *lr.Object  // the victim's object that the route addresses; nil for a route without key
	Victim *lr.Account // whose data is looked for; nil: the object's owner
	As     *lr.Account // the attacker; nil: anonymous
	// Vary changes the plain request: swaps a tenant, tampers with a token.
	Vary func(*lr.Request)
	// Credential is sent instead of the attacker's own.
	Credential *lr.Credential
	// Base is the object that the request is built for where it is not Object:
	// the attacker's own, when only Vary points at the victim.
	Base *lr.Object
	Note string
}

// Fatal reports whether an error ends the check rather than one subject: the
// run was stopped, its budget is spent, or the target is lost.
func Fatal(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrScope)
}

// Read runs the probe with its four controls, and repeats a hit with a new
// object and past caches before it calls it confirmed. An error means that the
// check cannot go on; what merely could not be asked is an Unknown judgement.
func Read(ctx context.Context, t *lr.Trial, p Probe) (Judgement, error) {
	j, err := read(ctx, t, p, false)
	if err != nil || j.Verdict != lr.Failed || j.Confidence != lr.Confirmed {
		return j, err
	}
	again := p
	if p.Object != nil && p.Object.Made && p.Vary == nil && p.Base == nil && p.Object.Resource == p.Route.Resource {
		if o, err := t.Stage.Fresh(ctx, p.Object.Resource, p.Object.Owner); err == nil {
			again.Object = o
		} else if Fatal(ctx, err) {
			return j, err
		}
	}
	k, err := read(ctx, t, again, true)
	if err != nil {
		return j, err
	}
	if k.Verdict != lr.Failed && again.Object != p.Object {
		// The new object may show less than the first, whatever the reason.
		if k, err = read(ctx, t, p, true); err != nil {
			return j, err
		}
	}
	if k.Verdict != lr.Failed {
		// Once more without passing caches by: what shows only so is a cache's,
		// unless the application refuses whoever asks past caches.
		if k, err = read(ctx, t, p, false); err != nil {
			return j, err
		}
		if k.Verdict == lr.Failed {
			if j.Cached, err = takesNonce(ctx, t, p); err != nil {
				return j, err
			}
		}
	}
	if k.Verdict != lr.Failed {
		j.Confidence = lr.Suspected
		j.Reason += "; a second try did not show it"
		return j, nil
	}
	j.Reason += "; seen again in a second try"
	return j, nil
}

func read(ctx context.Context, t *lr.Trial, p Probe, pastCaches bool) (Judgement, error) {
	victim := p.Victim
	if victim == nil && p.Object != nil {
		victim = p.Object.Owner
	}
	if victim == nil {
		return Judgement{}.unknown("nobody's data to look for"), nil
	}
	owner, ownerReply, err := ownerControl(ctx, t, p.Route, p.Object, victim)
	if err != nil {
		return lost(ctx, "the owner's request", err)
	}
	c := Case{Owner: ownerReply, Attacker: p.As, Public: Public(t, p.Route, p.Object), Shared: lr.Match(t.Target.Access.Shared, p.Route)}
	if owner == nil {
		return Judge(Case{Owner: ownerReply, Probe: ownerReply, Attacker: p.As}), nil
	}
	if c.Shared && p.As != nil {
		return Judgement{Verdict: lr.Passed, Confidence: lr.Confirmed, Reason: "shared between tenants on purpose", Evidence: lr.Seen(present(ownerReply)...)}, nil
	}
	base := p.Base
	if base == nil {
		base = p.Object
	}
	r, err := t.Stage.Request(ctx, p.Route, base, p.As)
	if err != nil {
		return lost(ctx, "building the request", err)
	}
	r.Note = p.Note
	if p.Credential != nil {
		r.Credential = p.Credential
	}
	if pastCaches {
		PastCaches(t, r)
	}
	if p.Vary != nil {
		p.Vary(r)
	}
	if c.Probe, err = t.HTTP.Do(ctx, p.As, r); err != nil {
		return lost(ctx, "the probe", err)
	}
	if p.As != nil && p.Route.Kind == lr.List && len(Foreign(t, owner.Tenant, c.Probe, RequestText(r))) == 0 {
		asked, page, err := foreignPage(ctx, t, p, owner.Tenant, r, c.Probe)
		if err != nil {
			return Judgement{}, err
		}
		if page != nil {
			r, c.Probe = asked, page
		}
	}
	var noAnonymous error
	if p.As != nil || p.Credential != nil || p.Vary != nil {
		if c.Anonymous, noAnonymous = anonymous(ctx, t, p, victim); noAnonymous != nil && Fatal(ctx, noAnonymous) {
			return Judgement{}, noAnonymous
		}
	}
	if p.As != nil {
		if own := ownObject(t, p); own != nil {
			c.Own, err = t.Stage.Control(ctx, p.Route, own, p.As)
		} else if p.As.WhoAmI != nil {
			c.Own, err = t.Stage.Control(ctx, p.As.WhoAmI, nil, p.As)
		}
		if err != nil && Fatal(ctx, err) {
			return Judgement{}, err
		}
	}
	// A varied request has no missing twin, but an application that always breaks
	// on what it does not find refuses by that.
	if p.Object != nil && p.Base == nil && (p.Vary == nil || c.Probe.Status >= 500) {
		if c.Missing, err = t.Stage.Control(ctx, p.Route, MissingFor(p.Route, p.Object), p.As); err != nil && Fatal(ctx, err) {
			return Judgement{}, err
		}
	}
	c.Witness, err = witnessFor(ctx, t, p, owner, c, RequestText(r))
	if err != nil {
		return Judgement{}, err
	}
	if len(c.Witness) == 0 && p.As != nil && !p.Keyed() && p.Route.Kind != lr.List && len(Harvest(c.Owner)) == 0 {
		return Judgement{Verdict: lr.Passed, Confidence: lr.Confirmed, Reason: "shows nothing that could belong to one tenant", Evidence: lr.Seen(present(ownerReply)...)}, nil
	}
	j := Judge(c)
	if j.Verdict == lr.Failed && j.Confidence == lr.Confirmed && c.Anonymous != nil && p.Vary == nil {
		if j, err = anonymousNow(ctx, t, r, c, j); err != nil {
			return Judgement{}, err
		}
	}
	j.Evidence.Exchanges = present(ownerReply, c.Probe)
	switch {
	case j.Verdict != lr.Failed || j.Confidence != lr.Confirmed:
	case noAnonymous != nil:
		// What anyone gets is no matter of tenants or tokens: without that control
		// a hit confirms nothing.
		return j.unknown("what an anonymous caller gets could not be asked: %v", noAnonymous), nil
	case p.As != nil && p.As.Tenant != owner.Tenant:
		return deliberate(ctx, t, p, owner, j)
	case p.As == nil && p.Credential == nil && p.Vary == nil:
		return commons(ctx, t, p, owner, j)
	}
	return j, nil
}

// anonymous is the control of the caller without a credential. A route that is
// keyed by the account itself is asked at the victim's address.
func anonymous(ctx context.Context, t *lr.Trial, p Probe, victim *lr.Account) (*lr.Exchange, error) {
	x, err := t.Stage.Control(ctx, p.Route, p.Object, nil)
	if err == nil || Fatal(ctx, err) {
		return x, err
	}
	r, err := t.Stage.Request(ctx, p.Route, p.Object, victim)
	if err != nil {
		return nil, err
	}
	r.Note = "anonymous control"
	return t.HTTP.Do(ctx, nil, r)
}

// anonymousNow asks the probe's own question once more without a credential,
// and past caches. The anonymous control is taken once in a run; what has been
// made since stands in the probe and cannot stand in the control.
func anonymousNow(ctx context.Context, t *lr.Trial, asked *lr.Request, c Case, j Judgement) (Judgement, error) {
	r := asked.Clone()
	r.Credential, r.Note = nil, "anonymous control"
	PastCaches(t, r)
	x, err := t.HTTP.Do(ctx, nil, r)
	if err == nil && !x.OK() && asked.Credential == nil && c.Attacker != nil {
		// Some applications refuse parameters that they do not know.
		var takes bool
		if takes, err = PassesCaches(ctx, t, asked, c.Attacker); err == nil && !takes {
			plain := asked.Clone()
			plain.Note = r.Note
			plain.SetHeader("Cache-Control", "no-cache")
			x, err = t.HTTP.Do(ctx, nil, plain)
		}
	}
	if err != nil {
		if Fatal(ctx, err) {
			return j, err
		}
		return j, nil
	}
	if len(Find(j.Hits, x)) < len(j.Hits) {
		return j, nil
	}
	c.Anonymous = x
	return Judge(c), nil
}

// ownObject is the attacker's own object that the route could address.
func ownObject(t *lr.Trial, p Probe) *lr.Object {
	if !p.Keyed() {
		return nil
	}
	if own := t.Stage.Object(p.Route.Resource, p.As); own != nil || p.Object == nil {
		return own
	}
	return t.Stage.Object(p.Object.Resource, p.As)
}

// witnessFor gathers the probe's witness. On a route with a key, whatever the
// owner's reply holds beyond a missing object's and the attacker's own tells.
// On a route without one, two tenants' replies differ in harmless ways too, so
// only planted values and the ids of the victim's accounts tell tenants apart;
// towards an anonymous caller, what another tenant sees as well is no witness.
func witnessFor(ctx context.Context, t *lr.Trial, p Probe, owner *lr.Account, c Case, request string) ([]string, error) {
	s := Sources{Object: p.Object, Request: request}
	keyed := p.Keyed()
	switch {
	case keyed:
		s.Harvest, s.Not = true, present(c.Missing, c.Own)
	case p.As == nil:
		s.Harvest, s.Known = true, Known(t, owner.Tenant)
		for _, f := range t.Target.Foreign(owner) {
			x, err := t.Stage.Control(ctx, p.Route, nil, f)
			if err != nil && Fatal(ctx, err) {
				return nil, err
			}
			s.Not = append(s.Not, present(x)...)
		}
	default:
		s.Known = Known(t, owner.Tenant)
	}
	w := Witness(t, owner, c.Owner, s)
	if p.As != nil && p.As.Tenant != owner.Tenant {
		// Canary by canary: whatever of the victim's stands in the reply tells,
		// whether the owner's own page shows it or not.
		w = unique(append(w, Foreign(t, owner.Tenant, c.Probe, request)...))
	}
	if len(w) == 0 && !keyed && p.As != nil {
		// Nothing was planted in this view. What telling values the owner sees and
		// the attacker does not show that there are two views.
		h := Without(Harvest(c.Owner), request)
		return minus(h, Find(h, c.Probe)), nil
	}
	return w, nil
}

// PastCaches asks caches to stand aside, and gives the request a URL that none
// has seen; a signed query is left alone.
func PastCaches(t *lr.Trial, r *lr.Request) {
	r.SetHeader("Cache-Control", "no-cache")
	if strings.Contains(r.Path, "sig=") {
		return
	}
	sep := "?"
	if strings.Contains(r.Path, "?") {
		sep = "&"
	}
	r.Path += sep + "lr_nocache=" + t.Stage.Canary("")
}

// takesNonce reports whether the owner gets past caches what the owner gets
// plainly: an application that refuses parameters it does not know refuses that
// question from anyone.
func takesNonce(ctx context.Context, t *lr.Trial, p Probe) (bool, error) {
	owner := p.Victim
	if owner == nil && p.Object != nil {
		owner = p.Object.Owner
	}
	r, err := t.Stage.Request(ctx, p.Route, p.Object, owner)
	if err != nil {
		return true, nil //nolint:nilerr // nothing to compare with
	}
	r.Note = "owner, past caches"
	return PassesCaches(ctx, t, r, owner)
}

// PassesCaches reports whether the account's own request succeeds past caches.
func PassesCaches(ctx context.Context, t *lr.Trial, r *lr.Request, as *lr.Account) (bool, error) {
	r = r.Clone()
	PastCaches(t, r)
	x, err := t.HTTP.Do(ctx, as, r)
	if err != nil {
		if Fatal(ctx, err) {
			return false, err
		}
		return true, nil
	}
	return x.OK(), nil
}

func lost(ctx context.Context, what string, err error) (Judgement, error) {
	if Fatal(ctx, err) {
		return Judgement{}, err
	}
	return Judgement{}.unknown("%s: %v", what, err), nil
}

// ownerControl sends the plain request as the victim, or as another account of
// the victim's tenant where the victim's role may not, and returns who succeeded.
// The account is nil when nobody did; the exchange is then the victim's refusal.
func ownerControl(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object, victim *lr.Account) (*lr.Account, *lr.Exchange, error) {
	var first *lr.Exchange
	var firstErr error
	for _, a := range Tenantmates(t, victim) {
		x, err := t.Stage.Control(ctx, rt, o, a)
		if err != nil {
			if Fatal(ctx, err) {
				return nil, nil, err
			}
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		if x.OK() || x.Status == 101 {
			return a, x, nil
		}
		if first == nil {
			first = x
		}
	}
	if first == nil && firstErr != nil {
		return nil, nil, firstErr
	}
	return nil, first, nil
}

// Tenantmates lists the account and then the others of its tenant.
func Tenantmates(t *lr.Trial, a *lr.Account) []*lr.Account {
	out := []*lr.Account{a}
	for _, b := range t.Target.Accounts {
		if b != a && !b.Spare && b.Tenant == a.Tenant && !a.Spare {
			out = append(out, b)
		}
	}
	return out
}

// Public reports whether the target's owner says that anyone may read by the
// route: access.public names it, or the route is addressed by a capability, a
// long random token, and the specification asks for no credential. That a recorded
// request brought one along asks for nothing.
func Public(t *lr.Trial, rt *lr.Route, o *lr.Object) bool {
	if lr.Match(t.Target.Access.Public, rt) {
		return true
	}
	if rt.Secured && !rt.Shown || !rt.Declared || o == nil {
		return false
	}
	for _, name := range rt.PathParams() {
		n := strings.ToLower(name)
		if !strings.Contains(n, "token") && !strings.Contains(n, "share") && !strings.Contains(n, "sig") && !strings.Contains(n, "secret") {
			continue
		}
		if len(o.ID) >= 20 && entropy(o.ID) >= 3 {
			return true
		}
	}
	return false
}

// SaysPublic reports whether the specification names the route as one without
// credential, in contrast to other routes that need one. Requests that somebody
// made say nothing of that kind.
func SaysPublic(t *lr.Trial, rt *lr.Route) bool {
	if !rt.Declared || rt.Secured || rt.Shown {
		return false
	}
	for _, other := range t.Target.Routes {
		if other.Declared && other.Secured {
			return true
		}
	}
	return false
}

// Report turns a judgement into the trial's outcome.
func Report(t *lr.Trial, subject string, j Judgement) {
	t.Report(lr.Outcome{Verdict: j.Verdict, Confidence: j.Confidence, Subject: subject, Message: j.Reason, Evidence: j.Evidence})
}

// Message prefixes a judgement's reason.
func (j Judgement) Message(format string, args ...any) Judgement {
	j.Reason = fmt.Sprintf(format, args...) + ": " + j.Reason
	return j
}
