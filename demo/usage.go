package demo

import (
	"context"
	"net/http"
)

func (s *Server) usageRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/usage", id: "getUsage", tag: "usage", summary: "What the tenant has used this month", access: viewer, scope: "usage:read", out: usage{},
			legacy: s.flaws.Has("auth/garbage-credential"), handle: s.getUsage},
	}
}

type usage struct {
	TenantID string         `json:"tenant_id"`
	Account  string         `json:"account" api:"doc=customer number that the bill goes to"`
	Totals   map[string]int `json:"totals"`
	Users    []userUsage    `json:"users"`
	Billing  *billingAccess `json:"billing,omitempty"`
}

// billingAccess is how the bill is made.
type billingAccess struct {
	Provider string `json:"provider"`
	Key      string `json:"key"`
}

type userUsage struct {
	UserID string         `json:"user_id"`
	Totals map[string]int `json:"totals"`
}

// usageOf sums up what a tenant has used, by kind and by user.
func (s *Server) usageOf(ctx context.Context, tenantID string) (usage, error) {
	t, err := s.tenantByID(ctx, tenantID)
	if err != nil {
		return usage{}, err
	}
	type line struct {
		user, kind string
		n          int
	}
	lines, err := many(ctx, s.db, func(r scanner) (l line, err error) {
		return l, r.Scan(&l.user, &l.kind, &l.n)
	}, `select u.id, coalesce(e.kind, ''), coalesce(sum(e.quantity), 0) from users u left join usage_events e on e.user_id = u.id
		where u.tenant_id = ? group by u.id, e.kind order by u.created_at, u.id`, tenantID)
	if err != nil {
		return usage{}, err
	}
	v := usage{TenantID: tenantID, Account: t.CustomerNumber, Totals: map[string]int{}, Users: []userUsage{}}
	for _, l := range lines {
		if n := len(v.Users); n == 0 || v.Users[n-1].UserID != l.user {
			v.Users = append(v.Users, userUsage{l.user, map[string]int{}})
		}
		if l.kind != "" {
			v.Totals[l.kind] += l.n
			v.Users[len(v.Users)-1].Totals[l.kind] = l.n
		}
	}
	if s.flaws.Has("secrets/answer") {
		v.Billing = &billingAccess{"stripe", s.paymentKey("billing")}
	}
	return v, nil
}

func (s *Server) getUsage(w http.ResponseWriter, r *http.Request) error {
	v, err := s.usageOf(r.Context(), s.tenantOf(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}
