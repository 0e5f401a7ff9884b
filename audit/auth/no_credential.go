package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var noCredential = &lr.Check{
	ID:    "auth/no-credential",
	Title: "Routes show nothing to a request without a credential",
	Why:   "Anyone who learns the address reads customer data, and crawlers learn addresses. It is the first thing a buyer's reviewer tries, and nothing else in the review matters when it works.",
	Fix: "Authenticate in one middleware in front of every route, so that a new route is closed unless it is opened on purpose. " +
		"Keep the public ones in one short list beside the router, and list them under `access.public` in `launchready.yaml`.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runNoCredential,
}

func runNoCredential(ctx context.Context, t *lr.Trial) error {
	probes, open := asked(t)
	if len(probes)+len(open) == 0 {
		t.Unknown(application, "no declared route reads data")
		return nil
	}
	y := tally{routes: true}
	err := oracle.Each(ctx, probes, func(ctx context.Context, p oracle.Probe) error {
		j, err := nobody(ctx, t, p)
		if err == nil && counts(t, p, j) {
			y.add(p.Route.String(), "", j)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, rt := range open {
		y.open(rt.String(), "there is no object of %s to ask for", rt.Resource)
	}
	y.report(t, 3, "Customer data is shown without a credential")
	return nil
}

// nobody asks as nobody. Besides the owner's own values it looks for what must
// not be shown whoever sees it too: passwords, and addresses of accounts.
func nobody(ctx context.Context, t *lr.Trial, p oracle.Probe) (oracle.Judgement, error) {
	p.As, p.Note = nil, "without a credential"
	j, err := oracle.Read(ctx, t, p)
	if err != nil {
		return j, err
	}
	x := last(j.Evidence.Exchanges)
	if x == nil || len(j.Evidence.Exchanges) < 2 || lr.Match(t.Target.Access.Public, p.Route) {
		return j, nil
	}
	saidPublic := oracle.SaysPublic(t, p.Route)
	if hits := exposed(t, x); len(hits) > 0 {
		j.Verdict, j.Confidence, j.Hits, j.Evidence.Witness = lr.Failed, lr.Confirmed, hits, hits
		j.Reason = "answered without a credential with the password or secret of an account"
		return j, nil
	}
	switch {
	case j.Verdict == lr.Failed && j.Confidence == lr.Confirmed && saidPublic:
		j.Confidence = lr.Suspected
		j.Reason += "; the specification says that the route needs no credential: where that is on purpose, list it under access.public"
	case j.Verdict == lr.Unknown && x.OK() && !oracle.Empty(x):
		return untelling(t, p, j, x, saidPublic), nil
	}
	return j, nil
}

// untelling judges an answer to nobody on a route whose owner's reply holds
// nothing that is the owner's alone.
func untelling(t *lr.Trial, p oracle.Probe, j oracle.Judgement, x *lr.Exchange, saidPublic bool) oracle.Judgement {
	owner := j.Evidence.Exchanges[0]
	if !owner.OK() {
		return j
	}
	hits := accountsIn(t, x)
	switch {
	case len(hits) > 0:
		j.Verdict, j.Confidence, j.Hits, j.Evidence.Witness = lr.Failed, lr.Confirmed, hits, hits
		j.Reason = "answered without a credential with addresses or ids of accounts"
		if saidPublic {
			j.Confidence = lr.Suspected
			j.Reason += "; the specification says that the route needs no credential: where that is on purpose, list it under access.public"
		}
	case saidPublic || !oracle.SameShape(owner, x):
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "answered without anything that belongs to a customer"
	case p.Route.Secured && !p.Route.Shown:
		j.Verdict, j.Confidence = lr.Failed, lr.Suspected
		j.Reason = "answered anyone in the owner's shape, though the specification asks for a credential; nothing in it tells whose it is"
	}
	return j
}
