package demo

import (
	"errors"
	"net/http"
)

func (s *Server) reportRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/dashboard", id: "getDashboard", tag: "reports", summary: "The tenant at a glance; cached for a moment", access: viewer, scope: "chats:read", out: dashboard{}, handle: s.getDashboard},
		{method: "GET", pattern: "/v1/reports", id: "listReports", tag: "reports", summary: "Reports on the tenant's support", access: viewer, scope: "chats:read", out: page[reportLine]{}, handle: s.listReports},
		{method: "GET", pattern: "/v1/reports/{report_id}", id: "getReport", tag: "reports", summary: "One report", access: viewer, scope: "chats:read", out: report{}, refusals: []int{500}, handle: s.getReport},
	}
}

type dashboard struct {
	Tenant    string   `json:"tenant" api:"example=Acme Corp"`
	TenantID  string   `json:"tenant_id"`
	Chats     int      `json:"chats" api:"example=12"`
	Files     int      `json:"files" api:"example=3"`
	Documents int      `json:"documents" api:"example=5"`
	Recent    []string `json:"recent" api:"doc=titles of the latest conversations"`
}

type reportLine struct {
	ID        string `json:"id" api:"example=rep_d4kq2v8r0m1x7c9t3b5n6j2h8w"`
	Title     string `json:"title" api:"example=Answer times in January"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

type report struct {
	ID        string `json:"id" api:"example=rep_d4kq2v8r0m1x7c9t3b5n6j2h8w"`
	Title     string `json:"title" api:"example=Answer times in January"`
	Body      string `json:"body"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

func (s *Server) getDashboard(w http.ResponseWriter, r *http.Request) error {
	return s.cached(w, r, func() (any, error) {
		tenant := who(r).TenantID
		d, err := one(r.Context(), s.db, func(r scanner) (d dashboard, err error) {
			return d, r.Scan(&d.Tenant, &d.TenantID, &d.Chats, &d.Files, &d.Documents)
		}, `select name, id, (select count(*) from chats where tenant_id = ?1), (select count(*) from files where tenant_id = ?1), (select count(*) from documents where tenant_id = ?1) from tenants where id = ?1`, tenant)
		if err != nil {
			return nil, err
		}
		d.Recent, err = many(r.Context(), s.db, scalar[string], `select title from chats where tenant_id = ? order by created_at desc, id desc limit 10`, tenant)
		return d, err
	})
}

func (s *Server) listReports(w http.ResponseWriter, r *http.Request) error {
	rs, err := many(r.Context(), s.db, func(r scanner) (l reportLine, err error) {
		return l, r.Scan(&l.ID, &l.Title, &l.CreatedAt)
	}, `select id, title, created_at from reports where tenant_id = ? order by created_at, id`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[reportLine]{Data: rs})
}

// getReport asks the warehouse, which knows no "not found": whatever is not the
// caller's is an error of its own, without data.
func (s *Server) getReport(w http.ResponseWriter, r *http.Request) error {
	rep, err := one(r.Context(), s.db, func(r scanner) (rep report, err error) {
		return rep, r.Scan(&rep.ID, &rep.Title, &rep.CreatedAt, &rep.Body)
	}, `select id, title, created_at, body from reports where id = ? and tenant_id = ?`, r.PathValue("report_id"), who(r).TenantID)
	if errors.Is(err, errNoRow) {
		return newProblem(http.StatusInternalServerError, "reports are temporarily unavailable")
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, rep)
}
