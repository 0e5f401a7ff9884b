package demo

import "slices"

// contentRoutes are the routes of what tenants own: conversations, files,
// knowledge, and what is made of them.
func (s *Server) contentRoutes() []route {
	return slices.Concat[[]route]()
}

// plantContent seeds the content of one tenant.
func (s *Server) plantContent(tx querier, t seededTenant) error { return nil }
