package demo_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"

	"github.com/launchready/launchready/demo"
)

// TestOwners: each object is one tenant's, and told once.
func TestOwners(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	text, err := s.Owners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 10 || !slices.Equal(rows[0], []string{"kind", "id", "tenant"}) {
		t.Fatalf("%d rows, %v: %s", len(rows), err, text)
	}
	seen, tenants, kinds := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range rows[1:] {
		if key := r[0] + " " + r[1]; r[1] == "" || r[2] == "" || seen[key] {
			t.Errorf("%q is told twice, or is nobody's", r)
		} else {
			seen[key] = true
		}
		kinds[r[0]], tenants[r[2]] = true, true
	}
	if len(tenants) != 2 || !kinds["chat"] || !kinds["message"] || !kinds["member"] {
		t.Errorf("tenants %v, kinds %v", tenants, kinds)
	}
}
