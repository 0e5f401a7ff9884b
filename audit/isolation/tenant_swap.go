package isolation

import (
	"context"
	"net/url"
	"strings"

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

// The names under which applications take a tenant from a request.
var (
	tenantHeaders = []string{"X-Tenant-ID", "X-Tenant", "X-Org-ID", "X-Organization-ID", "X-Workspace-ID", "X-Account-ID", "X-Company-ID"}
	tenantQueries = []string{"tenant_id", "tenant", "tenantId", "org_id", "organization_id", "workspace_id", "account_id"}
	tenantCookies = []string{"tenant", "tenant_id", "org_id", "workspace"}
)

func runTenantSwap(ctx context.Context, t *lr.Trial) error {
	var list []asking
	for _, p := range pairs(t) {
		values := tenantNames(p.victim)
		if len(values) == 0 {
			t.Unknown("tenant "+p.victim.Tenant, "its id is not known: name it under tenants, or give an identity a whoami that tells it")
			continue
		}
		probes, _ := oracle.Reads(t, p.victim)
		for _, probe := range probes {
			probe.As = p.attacker
			if !probe.Route.Declared {
				continue
			}
			switch {
			case tenantKeyed(probe.Route):
				probe.Object = nil
				probe.Vary, probe.Note = atVictim(ctx, t, probe), "the victim's tenant in the path"
			case keyed(probe) || oracle.Public(t, probe.Route, nil) || probe.Route.Kind == lr.Health:
				continue
			default:
				probe.Vary, probe.Note = naming(values), "the victim's tenant in header, query and cookie"
			}
			list = append(list, asking{probe, probe.Route.String()})
		}
		break
	}
	return oracle.Each(ctx, list, func(ctx context.Context, a asking) error {
		// What the route shows without the swap is another check's business.
		plain := a.probe
		plain.Vary = nil
		if !tenantKeyed(plain.Route) {
			if j, err := oracle.Read(ctx, t, plain); err != nil || j.Verdict != lr.Passed {
				return err
			}
		}
		j, err := oracle.Read(ctx, t, a.probe)
		if err != nil {
			return err
		}
		oracle.Report(t, a.subject, j.Message("%s names %s's tenant", a.probe.As.Name, a.probe.Victim.Tenant))
		return nil
	})
}

// naming puts each of the tenant's names into every place where an application
// may look for it: the first into all of them at once, since only one is read.
func naming(values []string) func(*lr.Request) {
	return func(r *lr.Request) {
		q := url.Values{}
		for i, name := range tenantQueries {
			q.Set(name, values[i%len(values)])
		}
		sep := "?"
		if strings.Contains(r.Path, "?") {
			sep = "&"
		}
		r.Path += sep + q.Encode()
		for i, name := range tenantHeaders {
			r.SetHeader(name, values[i%len(values)])
		}
		var cookies []string
		for i, name := range tenantCookies {
			cookies = append(cookies, name+"="+values[i%len(values)])
		}
		r.Header.Add("Cookie", strings.Join(cookies, "; "))
	}
}

// tenantNames lists what the application may call the account's tenant.
func tenantNames(a *lr.Account) []string {
	var out []string
	if a.TenantID != "" {
		out = append(out, a.TenantID)
	}
	return out
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
