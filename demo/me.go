package demo

import (
	"context"
	"net/http"
)

func (s *Server) meRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/me", id: "getMe", tag: "me", summary: "Who is calling", access: viewer, scope: "me:read", out: profile{}, handle: s.getMe},
		{method: "PATCH", pattern: "/v1/me", id: "updateMe", tag: "me", summary: "Change one's own profile", access: viewer, in: profileIn{}, out: profile{}, handle: s.updateMe},
	}
}

type profile struct {
	memberView
	Locale   string `json:"locale" api:"example=en"`
	Timezone string `json:"timezone" api:"example=Europe/Berlin"`
	Tenant   tenant `json:"tenant"`
}

type profileIn struct {
	Name     *string `json:"name,omitempty" api:"min=1,max=120,example=Mina Sato"`
	Locale   *string `json:"locale,omitempty" api:"min=2,max=20,example=en"`
	Timezone *string `json:"timezone,omitempty" api:"min=1,max=60,example=Europe/Berlin"`
}

func (s *Server) profileOf(ctx context.Context, p *principal) (v profile, err error) {
	return one(ctx, s.db, func(r scanner) (v profile, err error) {
		return v, r.Scan(&v.ID, &v.Email, &v.Name, &v.Role, &v.Status, &v.CreatedAt, &v.Locale, &v.Timezone,
			&v.Tenant.ID, &v.Tenant.Slug, &v.Tenant.Name, &v.Tenant.Plan, &v.Tenant.BillingEmail, &v.Tenant.CustomerNumber, &v.Tenant.CreatedAt)
	}, `select u.id, u.email, u.name, u.role, u.status, u.created_at, u.locale, u.timezone,
			t.id, t.slug, t.name, t.plan, t.billing_email, t.customer_number, t.created_at
		from users u join tenants t on t.id = ? where u.id = ?`, p.TenantID, p.UserID)
}

func (s *Server) getMe(w http.ResponseWriter, r *http.Request) error {
	v, err := s.profileOf(r.Context(), who(r))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, max-age=0")
	return reply(w, http.StatusOK, v)
}

// updateMe stores the fields that a user may change of the profile. The reply
// is the profile with what was sent laid over it, as the web client expects.
func (s *Server) updateMe(w http.ResponseWriter, r *http.Request) error {
	var body map[string]any
	if err := decodeInto(r, &body); err != nil {
		return err
	}
	in := profileIn{textOf(body, "name"), textOf(body, "locale"), textOf(body, "timezone")}
	if faults := faultsOf(in); len(faults) > 0 {
		return invalid(faults...)
	}
	editable := []string{"name", "locale", "timezone"}
	if s.flaws.Has("auth/mass-assignment") {
		editable = append(editable, "role")
	}
	p := who(r)
	for _, column := range editable {
		if v := textOf(body, column); v != nil {
			if _, err := s.db.exec(r.Context(), `update users set `+column+` = ? where id = ?`, *v, p.UserID); err != nil {
				return err
			}
		}
	}
	v, err := s.profileOf(r.Context(), p)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, laidOver(v, body))
}

func textOf(body map[string]any, name string) *string {
	if v, ok := body[name].(string); ok {
		return &v
	}
	return nil
}
