package demo

import "net/http"

// debugRoutes are no part of the API.
func (s *Server) debugRoutes() []route {
	rts := []route{{method: "GET", pattern: "/dev/outbox", unlisted: true, handle: s.showOutbox},
		{method: "GET", pattern: "/dev/provider", unlisted: true, handle: s.showProvider},
		{method: "PUT", pattern: "/dev/provider/fault", unlisted: true, handle: s.breakProvider},
		{method: "DELETE", pattern: "/dev/provider/fault", unlisted: true, handle: s.mendProvider}}
	if s.flaws.Has("auth/undeclared-route") {
		rts = append(rts, route{method: "GET", pattern: "/v1/debug/users", unlisted: true, handle: s.debugUsers})
	}
	if s.flaws.Has("auth/source-guard") {
		rts = append(rts, route{method: "GET", pattern: "/office/board", unlisted: true, handle: s.countTenants})
	}
	return rts
}

// countTenants is for the office's dashboard.
func (s *Server) countTenants(w http.ResponseWriter, r *http.Request) error {
	n, err := one(r.Context(), s.db, func(r scanner) (n int, err error) { return n, r.Scan(&n) }, `select count(*) from tenants`)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, object{"tenants": n})
}

// debugUsers shows who is there, while developing.
func (s *Server) debugUsers(w http.ResponseWriter, r *http.Request) error {
	list, err := s.membersOf(r.Context(), everyTenant)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[memberView]{Data: list})
}
