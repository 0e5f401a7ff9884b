package demo

import "encoding/json"

// specify writes the OpenAPI document of the table.
func (s *Server) specify() ([]byte, error) {
	return json.Marshal(map[string]any{"openapi": "3.1.0"})
}
