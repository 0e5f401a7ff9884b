package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var tenantSwap = &lr.Check{
	ID:    "isolation/tenant-swap",
	Title: "The tenant comes from the credential, never from the request",
	Why: "A header, query parameter, path segment or cookie that names the tenant is under the caller's control. If the application believes it, " +
		"switching customers takes one changed value.",
	Fix:      "Take the tenant from the verified token or session alone. Where a path names it, compare the two and answer a difference as not found; ignore tenant headers from outside.",
	Guard:    "tenant_binding",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsCross, {Source: "CWE", ID: "290"}},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runTenantSwap,
}

func runTenantSwap(ctx context.Context, t *lr.Trial) error {
	var list []asking
	for _, p := range pairs(t) {
		if p.victim.TenantID == "" {
			t.Unknown("tenant "+p.victim.Tenant, "its id is not known: name it under tenants, or give an identity a whoami that tells it")
			continue
		}
		probes, _ := oracle.Reads(t, p.victim)
		for _, probe := range probes {
			probe.As = p.attacker
			switch {
			case !probe.Route.Declared || probe.Route.Kind == lr.Health || oracle.Public(t, probe.Route, probe.Object):
				continue
			case tenantKeyed(probe.Route):
				probe.Object = nil
				probe.Vary, probe.Note = atVictim(ctx, t, probe), "the victim's tenant in the path"
			}
			list = append(list, asking{probe, probe.Route.String()})
		}
		break
	}
	if len(list) == 0 {
		t.NotApplicable("no route shows a tenant's data")
		return nil
	}
	return oracle.Each(ctx, list, func(ctx context.Context, a asking) error {
		j, err := swapped(ctx, t, a.probe)
		if err != nil {
			return err
		}
		if j.Verdict == lr.Failed && !tenantKeyed(a.probe.Route) {
			// What the route shows without the swap is another check's finding.
			plain := a.probe
			plain.Vary = nil
			k, err := oracle.Read(ctx, t, plain)
			if err != nil {
				return err
			}
			if k.Verdict != lr.Passed {
				j.Verdict, j.Reason = lr.Passed, "shown without naming the tenant too, so that is no matter of the tenant's name"
			}
		}
		oracle.Report(t, a.subject, j.Message("%s names %s's tenant", a.probe.As.Name, a.probe.Victim.Tenant))
		return nil
	})
}

// swapped reads with the victim's tenant named in every place at once, and place
// by place where that was refused as malformed.
func swapped(ctx context.Context, t *lr.Trial, p oracle.Probe) (oracle.Judgement, error) {
	if p.Vary != nil {
		return oracle.Read(ctx, t, p)
	}
	var j oracle.Judgement
	for i, n := range namings(p.Route, p.Victim) {
		p.Vary, p.Note = n.put, "the victim's tenant in "+n.where
		var err error
		if j, err = oracle.Read(ctx, t, p); err != nil || j.Verdict == lr.Failed {
			return j, err
		}
		if i == 0 && !malformed(j) {
			break
		}
	}
	return j, nil
}

// malformed reports whether the probe was refused for its form.
func malformed(j oracle.Judgement) bool {
	xs := j.Evidence.Exchanges
	if len(xs) == 0 {
		return false
	}
	s := xs[len(xs)-1].Status
	return s == 400 || s == 415 || s == 422 || s == 431
}

// tenantKeyed reports whether a route's last key names a tenant.
func tenantKeyed(rt *lr.Route) bool {
	ps := rt.PathParams()
	if len(ps) == 0 {
		return false
	}
	probe := &lr.Account{TenantID: "\x00tenant"}
	for _, name := range ps {
		if oracle.SelfKey(name, rt, probe) != "\x00tenant" {
			return false
		}
	}
	return true
}
