package auth

import (
	"context"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var functionLevel = &lr.Check{
	ID:    "auth/function-level",
	Title: "Routes for administrators show nothing to ordinary users",
	Why: "Hiding the button is not access control. An ordinary user who calls the administrators' route reads the list of users, settings and logs of the whole company, " +
		"and a leaked low-privilege password becomes a leak of everything.",
	Fix: "State the role beside each route, in the router's own table, and let a route without one be refused. " +
		"List the administrators' routes under `access.admin`, so that each of them is asked on every run.",
	Guard:    "roles",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API5:2023"}, {Source: "CWE", ID: "285"}, {Source: "CWE", ID: "862"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials | lr.TwoRoles,
	Run:      runFunctionLevel,
}

// ladder is a tenant with an account that administers and one that does not.
type ladder struct{ high, low *lr.Account }

func ladders(t *lr.Target) []ladder {
	var out []ladder
	for _, tenant := range t.Tenants() {
		var l ladder
		for _, a := range t.Accounts {
			switch {
			case a.Tenant != tenant || a.Spare:
			case a.Privileged() && l.high == nil:
				l.high = a
			case !a.Privileged() && l.low == nil:
				l.low = a
			}
		}
		if l.high != nil && l.low != nil {
			out = append(out, l)
		}
	}
	return out
}

func runFunctionLevel(ctx context.Context, t *lr.Trial) error {
	ls := ladders(t.Target)
	if len(ls) == 0 {
		t.Unknown(application, "no tenant has both an administrator and an ordinary user")
		return nil
	}
	l := ls[0]
	var probes []oracle.Probe
	all, _ := reads(t, l.high)
	for _, p := range all {
		if stated(t, p.Route) || hinted(p.Route) {
			probes = append(probes, p)
		}
	}
	if len(probes) == 0 {
		t.NotApplicable("no route is for administrators, by access.admin or by its name")
		return nil
	}
	y := tally{routes: true}
	err := oracle.Each(ctx, probes, func(ctx context.Context, p oracle.Probe) error {
		j, err := climb(ctx, t, l, p)
		if err == nil {
			y.add(p.Route.String(), "", j)
		}
		return err
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "An ordinary user reads what is for administrators")
	return nil
}

// stated reports whether the target's owner says that a route is for
// administrators.
func stated(t *lr.Trial, rt *lr.Route) bool { return lr.Match(t.Target.Access.Admin, rt) }

// hinted reports whether a route's name says so.
func hinted(rt *lr.Route) bool {
	if hasSegment(rt.Path, "admin", "admins", "administration", "superuser", "backoffice", "internal", "management", "staff") {
		return true
	}
	for _, tag := range rt.Tags {
		switch strings.ToLower(tag) {
		case "admin", "administration", "internal", "management", "backoffice":
			return true
		}
	}
	return false
}

// climb asks a route for administrators as an ordinary user of the same tenant.
func climb(ctx context.Context, t *lr.Trial, l ladder, p oracle.Probe) (oracle.Judgement, error) {
	admin, err := t.Stage.Control(ctx, p.Route, p.Object, l.high)
	if err != nil {
		return oracle.Judgement{Reason: "the administrator's request: " + err.Error()}, ended(ctx, err)
	}
	member, err := t.Stage.Control(ctx, p.Route, p.Object, l.low)
	if err != nil {
		return oracle.Judgement{Reason: "the ordinary user's request: " + err.Error()}, ended(ctx, err)
	}
	j := oracle.Judgement{Evidence: xs(admin, member)}
	if !admin.OK() {
		j.Reason = "the administrator's own request was refused, so a refusal to others would prove nothing"
		return j, nil
	}
	values := adminsOnly(l, admin)
	hits := oracle.Find(values, member)
	switch {
	case len(hits) == 0 && member.OK() && oracle.SameShape(admin, member) && !oracle.Empty(member) && len(values) == 0:
		j.Verdict, j.Confidence = lr.Failed, lr.Suspected
		j.Reason = "an ordinary user is answered in the administrator's shape; nothing in it is the administrator's alone"
		return j, nil
	case len(hits) == 0 && (member.Status == 429 || member.Status >= 500):
		j.Reason = "the target was busy or broken, not refusing"
		return j, nil
	case len(hits) == 0:
		j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
		j.Reason = "shows an ordinary user nothing of the administrator's view"
		return j, nil
	}
	j.Verdict, j.Confidence, j.Hits, j.Evidence.Witness = lr.Failed, lr.Confirmed, hits, hits
	j.Reason = "answered an ordinary user (" + caller(l.low) + ") with what only the administrator's view holds"
	if stated(t, p.Route) {
		return j, nil
	}
	own := append(slices.Collect(maps.Values(l.high.Known)), l.high.User, l.high.UserID, l.high.TenantID)
	if len(oracle.Without(hits, own...)) == 0 {
		j.Confidence = lr.Suspected
		j.Reason = "answered an ordinary user with nothing of the administrator's but the own name or address, as a contact is; where the route is for administrators, list it under access.admin"
		return j, nil
	}
	seen, err := elsewhere(ctx, t, l.low, p.Route, hits)
	if err != nil {
		return j, err
	}
	if left := oracle.Without(hits, seen...); len(left) > 0 {
		j.Hits, j.Evidence.Witness = left, left
		return j, nil
	}
	// Only its name says that the route is for administrators.
	j.Confidence = lr.Suspected
	j.Reason = "answered an ordinary user with the administrator's view, though with nothing that the user cannot read elsewhere; where the route is for administrators, list it under access.admin"
	return j, nil
}

// adminsOnly lists the telling values of the administrator's reply that are not
// the ordinary user's own.
func adminsOnly(l ladder, admin *lr.Exchange) []string {
	values := append(oracle.CanariesIn(admin), oracle.Harvest(admin)...)
	own := []string{l.low.User, l.low.UserID, l.low.TenantID, admin.URL, string(admin.Sent)}
	for _, v := range l.low.Known {
		own = append(own, v)
	}
	return oracle.Without(values, own...)
}

// elsewhere lists those of the values that the account reads by routes that are
// not for administrators.
func elsewhere(ctx context.Context, t *lr.Trial, a *lr.Account, except *lr.Route, values []string) ([]string, error) {
	var out []string
	probes, _ := reads(t, a)
	for _, p := range probes {
		if p.Route == except || stated(t, p.Route) || hinted(p.Route) {
			continue
		}
		x, err := t.Stage.Control(ctx, p.Route, p.Object, a)
		if err != nil {
			if err := ended(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		if x.OK() {
			out = append(out, oracle.Find(values, x)...)
		}
	}
	return out, nil
}
