package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// whoami asks who the credential is.
func (c *Cast) whoami(ctx context.Context, s *session, cred lr.Credential) (*lr.Exchange, error) {
	rt := s.account.WhoAmI
	path, err := s.vars(lr.Secret{}, cred.Token).fill(rt.Path, nil)
	if err != nil {
		return nil, err
	}
	return c.o.HTTP.Do(ctx, s.account, &lr.Request{Method: rt.Method, Path: path, Credential: &cred, Route: rt, Note: "who is " + s.id.Name})
}

// knows reports whether whoami's reply speaks of the account. A 2xx alone is
// not enough where it says whom it speaks of: some applications answer
// {"user":null} to anyone.
func (s *session) knows(x *lr.Exchange) bool {
	return x.OK() && (s.account.UserID == "" || x.Truncated || bytes.Contains(x.Body, []byte(s.account.UserID)))
}

// learn fills the account from whoami's reply, the token's claims and the
// sign-in's reply, in this order of trust.
func (s *session) learn(who any) {
	a := s.account
	a.Known = map[string]string{}
	jwt := claims(s.cred.Token.Reveal())
	if who != nil {
		flatten(a.Known, "", who, 0)
		setOnce(&a.UserID, pick(a.Known, userPaths))
		setOnce(&a.TenantID, pick(a.Known, tenantPaths))
	}
	if jwt != nil {
		claimed := map[string]string{}
		flatten(claimed, "", jwt, 0)
		setOnce(&a.UserID, first(claimed, "user_id", "userId", "uid", "sub", "id"))
		setOnce(&a.TenantID, first(claimed, "tenant_id", "tenantId", "tid", "org_id", "orgId", "organization_id", "organizationId", "workspace_id", "workspaceId", "account_id", "team_id", "tenant", "org", "organization"))
		for _, k := range []string{"sub", "tid", "tenant_id", "org_id", "role", "email"} {
			if v, ok := claimed[k]; ok && a.Known[k] == "" {
				a.Known[k] = v
			}
		}
	}
	if who == nil && s.reply != nil {
		told := map[string]string{}
		flatten(told, "", s.reply, 0)
		for k, v := range told {
			if v != s.cred.Token.Reveal() && v != s.cred.Refresh.Reveal() && !looksSecret(k) && a.Known[k] == "" {
				a.Known[k] = v
			}
		}
		setOnce(&a.UserID, first(told, "user.id", "user.user_id", "user.uuid", "user._id", "user_id", "userId", "data.user.id", "uid"))
		setOnce(&a.TenantID, pick(told, tenantPaths))
	}
}

func setOnce(p *string, v string) {
	if *p == "" {
		*p = v
	}
}

func looksSecret(key string) bool {
	low := strings.ToLower(key)
	for _, w := range []string{"token", "secret", "password", "jwt", "key", "session"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// flatten lists the scalars of a JSON value by dotted path, so many and so deep
// that a hostile reply costs nothing.
func flatten(into map[string]string, at string, v any, depth int) {
	if depth > 6 || len(into) >= 300 {
		return
	}
	join := func(k string) string {
		if at == "" {
			return k
		}
		return at + "." + k
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(into, join(k), e, depth+1)
		}
	case []any:
		for i, e := range v[:min(len(v), 20)] {
			flatten(into, join(strconv.Itoa(i)), e, depth+1)
		}
	case string:
		if v != "" && len(v) <= 1024 {
			into[at] = v
		}
	case json.Number:
		into[at] = v.String()
	case bool:
		into[at] = strconv.FormatBool(v)
	}
}

// Where replies say who the caller is: below which objects, and under which
// names. The likeliest come first.
var (
	around    = []string{"user.", "data.user.", "me.", "currentUser.", "current_user.", "viewer.", "profile.", "data.", "data.me.", "result.", "identity.", ""}
	userPaths = []string{"id", "user_id", "userId", "uuid", "_id", "uid", "sub", "ID", "username"}

	tenantPaths = []string{"tenant_id", "tenantId", "tenant.id", "tid", "org_id", "orgId", "org.id", "organization_id", "organizationId", "organization.id",
		"organisation_id", "organisationId", "organisation.id", "workspace_id", "workspaceId", "workspace.id", "company_id", "companyId", "company.id",
		"team_id", "teamId", "team.id", "account_id", "accountId", "account.id", "customer_id", "customerId",
		"tenants.0.id", "organizations.0.id", "orgs.0.id", "workspaces.0.id", "teams.0.id", "memberships.0.tenant_id", "memberships.0.organization_id",
		"tenant.slug", "tenant", "organization", "org", "workspace", "company"}
)

func pick(known map[string]string, names []string) string {
	if len(names) > 0 && names[0] == userPaths[0] { // for users the object around decides before the name
		for _, pre := range around {
			for _, n := range names {
				if v := known[pre+n]; v != "" {
					return v
				}
			}
		}
		return ""
	}
	for _, n := range names {
		for _, pre := range around {
			if v := known[pre+n]; v != "" {
				return v
			}
		}
	}
	return ""
}

func first(known map[string]string, names ...string) string {
	for _, n := range names {
		if v := known[n]; v != "" {
			return v
		}
	}
	return ""
}
