package demo

func (s *Server) authRoutes() []route       { return nil }
func (s *Server) meRoutes() []route         { return nil }
func (s *Server) tenantRoutes() []route     { return nil }
func (s *Server) memberRoutes() []route     { return nil }
func (s *Server) invitationRoutes() []route { return nil }
func (s *Server) keyRoutes() []route        { return nil }
func (s *Server) usageRoutes() []route      { return nil }
func (s *Server) billingRoutes() []route    { return nil }
func (s *Server) adminRoutes() []route      { return nil }
func (s *Server) webhookRoutes() []route    { return nil }
func (s *Server) graphqlRoutes() []route    { return nil }
func (s *Server) debugRoutes() []route      { return nil }
