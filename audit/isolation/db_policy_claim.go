package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
)

var dbPolicyClaim = &lr.Check{
	ID:    "isolation/db-policy-claim",
	Title: "No policy believes what a user says of themselves",
	Why: "`user_metadata` of a token is what the user last wrote there, and headers and cookies are what the client sends. A policy that takes the tenant from them, itself or by a " +
		"function it calls, lets a customer in wherever they like.",
	Fix:      "Take the tenant from what the server alone sets: `app_metadata`, a table of memberships, or a setting of the application.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{asvsCross, {Source: "CWE", ID: "807"}, {Source: "CWE", ID: "290"}},
	Needs:    lr.Database,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		e, err := estateOf(ctx, t, "policies", "what policies read", "functions")
		if err != nil {
			return err
		}
		var suspects []*database.Table
		texts := map[uint32]string{}
		for _, tb := range guarded(t, e) {
			for i := range tb.Policies {
				texts[tb.OID] += e.Reaches(&tb.Policies[i])
			}
			if database.UserClaim(texts[tb.OID]) == "" {
				t.Pass(describe(tb), tb.String(), "its policies read nothing that a user sets")
			} else {
				suspects = append(suspects, tb)
			}
		}
		if len(suspects) == 0 {
			return nil
		}
		shown, err := claimed(ctx, t, e, suspects, texts)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, tb := range suspects {
			claim := database.UserClaim(texts[tb.OID])
			switch l := shown[tb.OID]; {
			case l != nil:
				evidence, severity, joined := l.evidence(ctx, t)
				evidence.Records = append(evidence.Records, describe(tb).Records...)
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: severity, Subject: tb.String(), Evidence: evidence,
					Message: fmt.Sprintf("with %s set and a %s that says %s, %s's row is read.%s", l.witness.attacker.Tenant, claim, l.witness.victim.Tenant, l.witness.victim.Tenant, joined)})
			case err != nil:
				t.Fail(describe(tb), tb.String(), "its policies read %s, which users set themselves; it could not be tried: %v", claim, err)
			default:
				t.Fail(describe(tb), tb.String(), "its policies read %s, which users set themselves", claim)
			}
		}
		return nil
	},
}

// claimed reads, as an attacker whose token and request say the victim's tenant
// wherever a user may say something, the victim's rows.
func claimed(ctx context.Context, t *lr.Trial, e *database.Estate, tables []*database.Table, texts map[uint32]string) (map[uint32]*leak, error) {
	found, err := witnesses(ctx, t, e)
	if err != nil {
		return nil, err
	}
	out := map[uint32]*leak{}
	err = connected(ctx, t, func(d *database.DB) error {
		return eachTable(tables, func(tb *database.Table) error {
			w := found[tb.OID]
			if w == nil || w.open != "" {
				return nil
			}
			ask := func(victim string) (seen bool, said []string, err error) {
				s := e.Tenancy.As(w.attacker.TenantID)
				s.Extra = sayings(texts[tb.OID], e, w.attacker.TenantID, victim)
				err = d.Ask(ctx, e.Catalogue, s, func(ctx context.Context, a *database.Asking) error {
					var err error
					seen, err = a.Sees(ctx, w.row)
					said = a.Take()
					return err
				})
				return seen, said, err
			}
			// The same session whose claims say its own tenant is the control: what
			// it sees is no matter of the claim.
			if seen, _, err := ask(w.attacker.TenantID); err != nil || seen {
				return err
			}
			seen, said, err := ask(w.victim.TenantID)
			if seen {
				out[tb.OID] = &leak{w, said}
			}
			return err
		})
	})
	return out, err
}

// key is a name that a policy takes out of JSON.
var claimKey = regexp.MustCompile(`->>?\s*'([^']{1,60})'|#>>?\s*'\{([^}']{1,120})\}'`)

// sayings are the settings that hold a request: in the parts that a user writes
// every name that could be the tenant's is the victim's, in the parts that the
// server writes the attacker's.
func sayings(text string, e *database.Estate, attacker, victim string) map[string]string {
	names := []string{"tenant_id", "tenant", "org_id", "organization_id", "account_id", "workspace_id"}
	for _, tb := range e.Tenanted() {
		names = append(names, e.Column(tb))
	}
	for _, m := range claimKey.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.Split(m[1]+m[2], ",")...)
	}
	slices.Sort(names)
	user, server := map[string]any{}, map[string]any{}
	headers := map[string]any{}
	for _, n := range slices.Compact(names) {
		if n = strings.Trim(n, ` "`); n != "" && n != "user_metadata" && n != "app_metadata" {
			user[n], server[n] = victim, attacker
			headers[strings.ToLower(n)], headers["x-"+strings.ReplaceAll(strings.ToLower(n), "_", "-")] = victim, victim
		}
	}
	out := map[string]string{}
	put := func(name string, v any) {
		if b, err := json.Marshal(v); err == nil {
			out[name] = string(b)
		}
	}
	put("request.jwt.claims", map[string]any{"role": "authenticated", "sub": "00000000-0000-4000-8000-000000000001", "user_metadata": user, "app_metadata": server})
	for _, s := range database.Settings(text) {
		switch {
		case s == e.Tenancy.Setting() || strings.HasPrefix(s, "request.jwt"):
		case s == "request.headers" || s == "request.cookies":
			put(s, headers)
		case strings.HasPrefix(s, "request.header") || strings.HasPrefix(s, "request.cookie"):
			out[s] = victim
		}
	}
	return out
}
