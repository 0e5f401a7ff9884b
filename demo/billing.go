package demo

import (
	"context"
	"errors"
	"net/http"
)

func (s *Server) billingRoutes() []route {
	guard := viewer
	if s.flaws.Has("auth/no-credential") {
		guard = guest
	}
	return []route{
		{method: "GET", pattern: "/v1/billing/invoices", id: "listInvoices", tag: "billing", summary: "The tenant's invoices", access: guard, out: page[invoice]{}, handle: s.listInvoices},
		{method: "GET", pattern: "/v1/billing/invoices/{invoice_id}", id: "getInvoice", tag: "billing", summary: "An invoice; success is false when there is none", access: guard, out: outcome[invoice]{}, handle: s.getInvoice},
		{method: "PATCH", pattern: "/v1/billing/plan", id: "updatePlan", tag: "billing", summary: "Change the plan", access: owner, in: planIn{}, out: tenant{}, handle: s.updatePlan},
		{method: "POST", pattern: "/v1/billing/plan/preview", id: "previewPlan", tag: "billing", summary: "What a plan would cost; success is false when there is none", access: viewer, in: previewIn{}, out: outcome[price]{}, handle: s.previewPlan},
	}
}

type invoice struct {
	ID          string `json:"id" api:"readonly"`
	Number      string `json:"number"`
	Memo        string `json:"memo"`
	AmountCents int    `json:"amount_cents" api:"example=49900"`
	Currency    string `json:"currency" api:"example=EUR"`
	Status      string `json:"status" api:"enum=open|paid,example=paid"`
	IssuedAt    string `json:"issued_at" api:"format=date-time"`
}

// outcome is how the billing API says yes or no: with 200 either way.
type outcome[T any] struct {
	Success bool   `json:"success"`
	Data    *T     `json:"data"`
	Message string `json:"message,omitempty"`
}

const invoiceColumns = `id, number, memo, amount_cents, currency, status, issued_at`

func scanInvoice(r scanner) (v invoice, err error) {
	return v, r.Scan(&v.ID, &v.Number, &v.Memo, &v.AmountCents, &v.Currency, &v.Status, &v.IssuedAt)
}

// invoicesOf lists the invoices of a tenant, or of [everyTenant].
func (s *Server) invoicesOf(ctx context.Context, tenant string) ([]invoice, error) {
	return many(ctx, s.db, scanInvoice, `select `+invoiceColumns+` from invoices where tenant_id = ? or ? = '' order by issued_at desc limit 200`, tenant, tenant)
}

func (s *Server) listInvoices(w http.ResponseWriter, r *http.Request) error {
	list, err := s.invoicesOf(r.Context(), who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[invoice]{Data: list})
}

func (s *Server) getInvoice(w http.ResponseWriter, r *http.Request) error {
	tenant := who(r).TenantID
	v, err := one(r.Context(), s.db, scanInvoice, `select `+invoiceColumns+` from invoices where id = ? and (tenant_id = ? or ? = '')`, r.PathValue("invoice_id"), tenant, tenant)
	if errors.Is(err, errNoRow) {
		return reply(w, http.StatusOK, outcome[invoice]{})
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, outcome[invoice]{Success: true, Data: &v})
}

type planIn struct {
	Plan string `json:"plan" api:"enum=team|business|enterprise,example=business"`
}

func (s *Server) updatePlan(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[planIn](r)
	if err != nil {
		return err
	}
	p := who(r)
	if _, err := s.db.exec(r.Context(), `update tenants set plan = ? where id = ?`, in.Plan, p.TenantID); err != nil {
		return err
	}
	if err := s.audit(r.Context(), s.db, p, "plan.updated", p.TenantID, in.Plan); err != nil {
		return err
	}
	v, err := s.tenantByID(r.Context(), p.TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

type previewIn struct {
	Plan  string `json:"plan" api:"max=40,example=business"`
	Seats int    `json:"seats" api:"min=1,max=10000,example=25"`
}

type price struct {
	Plan        string `json:"plan"`
	Seats       int    `json:"seats"`
	AmountCents int    `json:"amount_cents"`
}

func (s *Server) previewPlan(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[previewIn](r)
	if err != nil {
		return err
	}
	cents, ok := map[string]int{"team": 900, "business": 1900, "enterprise": 3900}[in.Plan]
	if !ok {
		return reply(w, http.StatusOK, outcome[price]{Message: "there is no such plan"})
	}
	return reply(w, http.StatusOK, outcome[price]{Success: true, Data: &price{in.Plan, in.Seats, cents * in.Seats}})
}
