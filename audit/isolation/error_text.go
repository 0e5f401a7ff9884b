package isolation

import (
	"context"
	"encoding/json"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var errorText = &lr.Check{
	ID:       "isolation/error-text",
	Title:    "Errors quote nothing of another tenant",
	Why:      "\"This name is already used by Acme's chat …\" is a search over all customers, one guess a request.",
	Fix:      "Make names unique per tenant, not over all, and let errors quote only what the caller sent.",
	Guard:    "",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "209"}, {Source: "CWE", ID: "204"}, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runErrorText,
}

// runErrorText repeats the victim's own creation as the attacker, so that what
// must be unique collides, and sends a body that cannot be read at the victim's
// objects. Only what the attacker did not send counts as a witness.
func runErrorText(ctx context.Context, t *lr.Trial) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	p := ps[0]
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Declared && !rt.Safe() && !dangerous(rt) && (rt.Kind == lr.Create || rt.Kind == lr.Upload || rt.Kind == lr.Update) {
			if o := t.Stage.Object(rt.Resource, p.victim); o != nil {
				routes = append(routes, rt)
			}
		}
	}
	if len(routes) == 0 {
		t.NotApplicable("nothing is created or changed")
		return nil
	}
	return oracle.Each(ctx, routes, func(ctx context.Context, rt *lr.Route) error {
		o := t.Stage.Object(rt.Resource, p.victim)
		r, err := collision(ctx, t, rt, o, p)
		if err != nil || r == nil {
			return err
		}
		x, err := t.HTTP.Do(ctx, p.attacker, r)
		if err != nil {
			return open(ctx, t, rt.String(), err)
		}
		if x.OK() {
			t.Stage.Adopt(ctx, rt, p.attacker, x)
		}
		said := oracle.RequestText(r)
		witness := oracle.Without(append(append([]string{}, o.Secrets...), oracle.Known(t, p.victim.Tenant)...), said)
		hits := oracle.Find(witness, x)
		e := lr.Seen(x)
		e.Witness = hits
		switch {
		case len(hits) > 0 && !x.OK():
			t.Fail(e, rt.String(), "the error that %s gets quotes what belongs to %s", p.attacker.Name, p.victim.Tenant)
		case len(hits) > 0:
			t.Pass(e, rt.String(), "not an error: the checks of reads and writes decide")
		default:
			t.Pass(e, rt.String(), "answered %d and quoted nothing foreign", x.Status)
		}
		return nil
	})
}

// collision builds the attacker's request: a creation with the victim's own
// values, or an unreadable body at the victim's object.
func collision(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object, p pair) (*lr.Request, error) {
	if rt.Kind == lr.Update {
		r, err := t.Stage.Request(ctx, rt, o, p.attacker)
		if err != nil {
			return nil, nil //nolint:nilerr // a request that cannot be built is asked by no one
		}
		r.Body, r.Note = []byte(`{"title": `), "an unreadable body at the victim's object"
		return r, nil
	}
	if o.Created == nil || o.Created.Route != rt || !json.Valid(o.Created.Sent) {
		return nil, nil
	}
	r, err := t.Stage.Request(ctx, rt, nil, p.attacker)
	if err != nil {
		return nil, nil //nolint:nilerr // likewise
	}
	r.Body, r.Note = append([]byte(nil), o.Created.Sent...), "the victim's own values once more"
	return r, nil
}
