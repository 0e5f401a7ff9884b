package surface_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchready/launchready/surface"
)

// TestTakes: the ways of a credential are told in words that a policy can use.
func TestTakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(file, []byte(`openapi: 3.1.0
info: {title: t, version: "1"}
security: [{jwt: []}, {key: []}, {session: []}]
paths:
  /all: {get: {responses: {"200": {description: ok}}}}
  /oauth: {get: {security: [{oauth: [read]}], responses: {"200": {description: ok}}}}
  /basic: {get: {security: [{basic: []}], responses: {"200": {description: ok}}}}
  /odd: {get: {security: [{mutual: []}], responses: {"200": {description: ok}}}}
  /open: {get: {security: [], responses: {"200": {description: ok}}}}
components:
  securitySchemes:
    jwt: {type: http, scheme: Bearer}
    key: {type: apiKey, in: header, name: X-API-Key}
    session: {type: apiKey, in: cookie, name: sid}
    oauth: {type: oauth2, flows: {}}
    basic: {type: http, scheme: basic}
    mutual: {type: mutualTLS}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := surface.Load(context.Background(), surface.Source{Location: file})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"/all": "[bearer header X-API-Key cookie sid]", "/oauth": "[bearer]", "/basic": "[basic]", "/odd": "[unknown]", "/open": "[]"}
	for _, rt := range s.Routes {
		if got := fmt.Sprint(rt.Takes); got != want[rt.Path] || rt.Secured == (rt.Path == "/open") {
			t.Errorf("%s: %s, secured %t; want %s", rt.Path, got, rt.Secured, want[rt.Path])
		}
	}
	if len(s.Routes) != len(want) {
		t.Errorf("%d routes", len(s.Routes))
	}
}
