package demo

// provider is the client of the model provider.
type provider struct{ base, key string }

// newProvider connects to the provider at base, or starts one on loopback.
func (s *Server) newProvider(base string) (*provider, error) {
	return &provider{base: base, key: "sk-harbor-" + s.derived("provider")}, nil
}
