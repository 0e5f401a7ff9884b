package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/json"
)

// TestInitDescribes: a draft that judges by the description names the one that the
// audit had: a file as it is, and what the target serves once it is kept beside.
func TestInitDescribes(t *testing.T) {
	const spec = "openapi: 3.1.0\npaths: {/v1/x: {post: {responses: {}}}}"
	asked := 0
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path == "/openapi.yaml" {
			_, _ = io.WriteString(w, spec)
			return
		}
		http.Redirect(w, r, "/openapi.yaml", http.StatusFound)
	}))
	defer app.Close()
	for name, c := range map[string]struct {
		about *lr.DescriptionReport
		there map[string]string // files
		has   string
		said  string
		kept  bool
		asks  int
	}{
		"a file":               {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: "api/spec.yaml", File: true}, map[string]string{"api/spec.yaml": spec}, `openapi: {file: "../api/spec.yaml", unlisted: pass}` + "\n", "", false, 0},
		"a file that is gone":  {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: "api/spec.yaml", File: true}, nil, `openapi: {file: "", unlisted: pass} # FILL IN`, "api/spec.yaml is not there", false, 0},
		"served":               {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: app.URL + "/openapi.yaml"}, nil, `openapi: {file: "openapi.yaml", unlisted: pass}` + "\n", "is kept as openapi.yaml", true, 1},
		"kept before":          {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: app.URL + "/openapi.yaml"}, map[string]string{"out/openapi.yaml": spec + "\n# mine"}, `openapi: {file: "openapi.yaml", unlisted: pass}` + "\n", "", true, 0},
		"redirected":           {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: app.URL + "/moved"}, nil, "# FILL IN: the description", "it was answered 302", false, 1},
		"at another host":      {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: "http://127.0.0.1:1/openapi.yaml"}, nil, "# FILL IN: the description", "not at the target's host", false, 0},
		"one guard cannot use": {&lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: "spec.yaml", File: true}, map[string]string{"spec.yaml": "openapi: 3.1.0"}, "input.openapi cannot follow the description", "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked = 0
			dir := t.TempDir()
			write := func(file, text string) {
				t.Helper()
				file = filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("out/here", "")
			for file, text := range c.there {
				write(file, text)
			}
			var rep, said bytes.Buffer
			if err := json.Write(&rep, &lr.Report{Target: app.URL, Readiness: lr.NotReady, Description: c.about, Routes: []lr.RouteReport{{Method: "POST", Path: "/v1/x", Declared: true}},
				Rows: []lr.RowReport{{Checks: []lr.CheckReport{{ID: "input/schema-type", Findings: []lr.Finding{{ID: "lr-1", Guard: "validate", Subject: "POST /v1/x", Confidence: lr.Confirmed}}}}}}}); err != nil {
				t.Fatal(err)
			}
			write("run.json", rep.String())
			p := &program{in: strings.NewReader(""), out: io.Discard, err: &said, now: time.Now, dir: dir}
			root := p.root()
			root.SetArgs([]string{"guard", "init", "--report", "run.json", "-o", "out/guard.yaml"})
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "out", "guard.yaml"))
			if err != nil || !strings.Contains(string(text), c.has) {
				t.Errorf("%v, it lacks %s:\n%s", err, c.has, text)
			}
			if !strings.Contains(said.String(), c.said) || c.said == "" && strings.Contains(said.String(), "description") {
				t.Errorf("said %q, want %q", said.String(), c.said)
			}
			if _, err := os.Stat(filepath.Join(dir, "out", "openapi.yaml")); (err == nil) != c.kept || asked != c.asks {
				t.Errorf("kept: %v, asked %d times", err, asked)
			}
		})
	}
}
