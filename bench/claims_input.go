package main

import "strings"

// readSchemathesisInput reads the run report.
func readSchemathesisInput(dir string, _ []string) ([]claim, error) {
	var r struct {
		Failures []struct {
			Type       string   `json:"type"`
			Message    string   `json:"message"`
			Operations []string `json:"operations"`
		} `json:"failures"`
	}
	if err := load(dir, "out.json", &r); err != nil {
		return nil, err
	}
	var out []claim
	for _, f := range r.Failures {
		k, ok := map[string]kind{"ServerError": serverFault, "AcceptedNegativeData": wrongBody, "JsonSchemaError": errorShape, "MalformedJson": unreadableOut}[f.Type]
		if !ok {
			continue
		}
		for _, op := range f.Operations {
			if strings.Contains(op, " /") {
				out = append(out, claim{k, op})
			}
		}
	}
	return out, nil
}
