package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

func TestInputMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"input: {openapi: {}}":                                        ":5:",
		"input: {openapi: {file: a.yaml, unlisted: allow}}":           "unlisted \"allow\": one of refuse, pass",
		"input: {openapi: {file: a.yaml, unknown: drop}}":             "unknown \"drop\": one of schema, refuse",
		"input: {controls: pass}":                                     ":5:19: controls \"pass\": refuse",
		"input: {climbing: true}":                                     ":5:19: climbing \"true\": refuse",
		"input: {graphql: {}}":                                        "input.graphql names no paths",
		"input: {graphql: {paths: [/none]}}":                          ":5:27: input.graphql: \"/none\" is the path of no route",
		"input: {graphql: {paths: [/v1/x], fields: -1}}":              ":5:18: input.graphql: operations and depth",
		"tenant: {body: [t], body_of: [/none]}":                       ":5:31: tenant.body_of: \"/none\" is the path of no route",
		"tenant: {query: [t], body_of: [/v1/x]}":                      "tenant.body_of says where tenant.body is looked for",
		"uploads: {}":                                                 ":5:10: uploads needs input",
		"input: {}\nuploads: {kinds: [exe]}":                          ":6:19: files named .exe",
		"input: {}\nuploads: {kinds: [svg]}":                          `unsafe: ["svg uploads"]`,
		"input: {}\nuploads: {max_size: -1}":                          "below 0",
		"input: {}\nuploads: {max_size: 100000000, max_files: 10000}": "200 MiB at most",
	}, "input: {}\nuploads: {}", "input: {controls: refuse, climbing: refuse}", "input: {}\nuploads: {kinds: [svg, png]}\nunsafe: [svg uploads]")
}

// TestDescription: the file lies beside the policy, and its mistakes are told when
// the pipeline is built.
func TestDescription(t *testing.T) {
	dir := t.TempDir()
	p, err := judged("input: {openapi: {file: api.yaml}}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Build(&policy.State{Folder: dir}); err == nil || !strings.Contains(err.Error(), "input.openapi.file") {
		t.Errorf("without the file: %v", err)
	}
	for text, want := range map[string]string{
		"openapi: 3.1.0": "api.yaml: the description has no operation", "openapi: 3.1.0\npaths: {/a: {get: {}}}": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, "api.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Build(&policy.State{Folder: dir}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
