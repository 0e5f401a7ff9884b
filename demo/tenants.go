package demo

import (
	"context"
	"encoding/json"
	"net/http"
)

func (s *Server) tenantRoutes() []route {
	id := param{name: "X-Tenant-ID", in: "header", kind: "string", doc: "for Harbor's own support staff; ignored for everyone else"}
	return []route{
		{method: "GET", pattern: "/v1/tenant", id: "getOwnTenant", tag: "tenant", summary: "One's own tenant", access: viewer, scope: "tenant:read", out: tenant{}, query: []param{id}, handle: s.getOwnTenant},
		{method: "PATCH", pattern: "/v1/tenant", id: "updateTenant", tag: "tenant", summary: "Change one's own tenant", access: admin, in: tenantIn{}, out: tenant{}, handle: s.updateTenant},
		{method: "GET", pattern: "/v1/tenants/{tenant_id}", id: "getTenant", tag: "tenant", summary: "A tenant, which must be one's own", access: viewer, scope: "tenant:read", out: tenant{}, handle: s.getTenant},
		{method: "GET", pattern: "/v1/tenants/{tenant_id}/members", id: "listTenantMembers", tag: "tenant", summary: "The members of one's own tenant", access: viewer, scope: "members:read", out: page[memberView]{}, handle: s.listTenantMembers},
		{method: "GET", pattern: "/v1/tenants/{tenant_id}/usage", id: "getTenantUsage", tag: "tenant", summary: "The usage of one's own tenant", access: viewer, scope: "usage:read", out: usage{}, handle: s.getTenantUsage},
	}
}

// tenant is a customer of Harbor.
type tenant struct {
	ID             string `json:"id" api:"readonly"`
	Slug           string `json:"slug" api:"readonly,example=acme"`
	Name           string `json:"name" api:"example=Acme Corp"`
	Plan           string `json:"plan" api:"readonly,enum=team|business|enterprise,example=business"`
	BillingEmail   string `json:"billing_email" api:"format=email,example=billing@acme.test"`
	CustomerNumber string `json:"customer_number" api:"readonly"`
	CreatedAt      string `json:"created_at" api:"readonly,format=date-time"`
}

type tenantIn struct {
	Name         *string `json:"name,omitempty" api:"min=1,max=120,example=Acme Corp"`
	BillingEmail *string `json:"billing_email,omitempty" api:"format=email,max=254,example=billing@acme.test"`
}

func (s *Server) tenantByID(ctx context.Context, id string) (tenant, error) {
	return one(ctx, s.db, func(r scanner) (v tenant, err error) {
		return v, r.Scan(&v.ID, &v.Slug, &v.Name, &v.Plan, &v.BillingEmail, &v.CustomerNumber, &v.CreatedAt)
	}, `select id, slug, name, plan, billing_email, customer_number, created_at from tenants where id = ?`, id)
}

// tenantOf is the tenant that a request is about.
func (s *Server) tenantOf(r *http.Request) string {
	if s.flaws.Has("isolation/tenant-swap") {
		// Support staff look at a customer's account this way.
		if id := r.Header.Get("X-Tenant-ID"); id != "" {
			return id
		}
		if id := r.URL.Query().Get("tenant_id"); id != "" {
			return id
		}
	}
	return who(r).TenantID
}

func (s *Server) getOwnTenant(w http.ResponseWriter, r *http.Request) error {
	v, err := s.tenantByID(r.Context(), s.tenantOf(r))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) updateTenant(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[tenantIn](r)
	if err != nil {
		return err
	}
	p := who(r)
	if _, err := s.db.exec(r.Context(), `update tenants set name = coalesce(?, name), billing_email = coalesce(?, billing_email) where id = ?`,
		in.Name, in.BillingEmail, p.TenantID); err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "tenant.updated", p.TenantID, ""); err != nil {
		return err
	}
	v, err := s.tenantByID(r.Context(), p.TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

// ownTenant is the tenant in the path, when it is the caller's.
func ownTenant(r *http.Request) (string, error) {
	id := r.PathValue("tenant_id")
	if id != who(r).TenantID {
		return "", notFound("tenant")
	}
	return id, nil
}

func (s *Server) getTenant(w http.ResponseWriter, r *http.Request) error {
	id, err := ownTenant(r)
	if err != nil {
		return err
	}
	v, err := s.tenantByID(r.Context(), id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) listTenantMembers(w http.ResponseWriter, r *http.Request) error {
	id, err := ownTenant(r)
	if err != nil {
		return err
	}
	list, err := s.membersOf(r.Context(), id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[memberView]{Data: list})
}

func (s *Server) getTenantUsage(w http.ResponseWriter, r *http.Request) error {
	id, err := ownTenant(r)
	if err != nil {
		return err
	}
	v, err := s.usageOf(r.Context(), id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

// laidOver is v as JSON with the fields of body that v lacks or has as plain
// values.
func laidOver(v any, body map[string]any) map[string]any {
	out := map[string]any{}
	b, err := json.Marshal(v)
	if err != nil || json.Unmarshal(b, &out) != nil {
		return body
	}
	for k, sent := range body {
		if k != "id" {
			out[k] = sent
		}
	}
	return out
}
