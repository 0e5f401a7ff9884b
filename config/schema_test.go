package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite the printed files")

// TestDrift holds the printed files to what the structs say.
func TestDrift(t *testing.T) {
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{
		"launchready.schema.json": schema,
		"configuration.md":        []byte(Reference()),
	} {
		path := filepath.Join("..", "docs", file)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run make docs", path)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaAgreesWithParse puts files to both: an editor must not underline
// what the program takes, nor pass what it refuses for its form.
func TestSchemaAgreesWithParse(t *testing.T) {
	s := compile(t)
	for _, tc := range []struct {
		name, text string
		ok         bool
	}{
		{"whole", full, true},
		{"short sign-out", full + "sign_out: POST /logout\n", true},
		{"long refresh", full + "refresh: {request: POST /refresh, json: {refresh_token: $refresh}}\n", true},
		{"routes", "version: 1\ntarget: {url: https://x.test, spec: [GET /a]}\n", true},
		{"tenants without keys", "version: 1\ntarget: {url: https://x.test}\ntenants: {acme: }\n", true},
		{"unknown key", full + "zebra: 1\n", false},
		{"unknown key below", "version: 1\ntarget: {url: https://x.test, zebra: 1}\n", false},
		{"no target", "version: 1\n", false},
		{"severity", strings.Replace(full, "fail_on: medium", "fail_on: worst", 1), false},
		{"rate", strings.Replace(full, "600/m", "fast", 1), false},
		{"inline password", strings.Replace(full, `"${env:ACME_PW}"`, "hunter2", 1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j, err := yaml.YAMLToJSON([]byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(v); (err == nil) != tc.ok {
				t.Errorf("schema: got %v, want valid %v", err, tc.ok)
			}
			if _, err := parse(t, tc.text); (err == nil) != tc.ok {
				t.Errorf("parse: got %v, want valid %v", err, tc.ok)
			}
		})
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	for _, line := range strings.Split(Reference(), "\n") {
		if strings.HasPrefix(line, "| `") && strings.HasSuffix(line, "|  |") {
			t.Errorf("no doc tag: %s", line)
		}
	}
}
