package demo_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
)

func serve(t *testing.T) *demo.Server {
	t.Helper()
	s, err := demo.New(demo.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSpecificationIsOpenAPI(t *testing.T) {
	s := serve(t)
	res, err := http.Get(s.URL + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := libopenapi.NewDocument(body)
	if err != nil {
		t.Fatal(err)
	}
	m, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	if m.Model.Version != "3.1.0" {
		t.Errorf("got version %s, want 3.1.0", m.Model.Version)
	}
	ids, operations := map[string]string{}, 0
	for path, item := range m.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			operations++
			where := method + " " + path
			if other := ids[op.OperationId]; op.OperationId == "" || other != "" {
				t.Errorf("%s: operationId %q is empty or taken by %s", where, op.OperationId, other)
			}
			ids[op.OperationId] = where
			declared := map[string]bool{}
			for _, p := range op.Parameters {
				declared[p.Name] = p.In == "path" || declared[p.Name]
			}
			for seg := range strings.SplitSeq(path, "/") {
				if name, ok := strings.CutPrefix(seg, "{"); ok && !declared[name[:strings.IndexByte(name, '}')]] {
					t.Errorf("%s: path parameter %s is not declared", where, name)
				}
			}
		}
	}
	if operations < 60 {
		t.Errorf("got %d operations, want 60 or more", operations)
	}
	for path, item := range m.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			for _, res := range op.Responses.Codes.FromOldest() {
				if res.Links == nil {
					continue
				}
				for name, link := range res.Links.FromOldest() {
					if ids[link.OperationId] == "" {
						t.Errorf("%s %s: link %s leads to no operation", method, path, name)
					}
				}
			}
		}
	}
	for _, hidden := range []string{"/dev/outbox", "/v1/debug"} {
		if strings.Contains(string(body), hidden) {
			t.Errorf("the specification tells of %s", hidden)
		}
	}
}

func TestConfigIsReady(t *testing.T) {
	s := serve(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "launchready.yaml")
	for name, b := range map[string][]byte{file: s.Config(), filepath.Join(dir, demo.SecretsFile): s.Secrets()} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(config.Options{Path: file, Env: func(string) (string, bool) { return "", false }, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Identities); n != 5 {
		t.Errorf("got %d identities, want 5", n)
	}
	for line := range strings.Lines(string(s.Secrets())) {
		_, secret, _ := strings.Cut(strings.TrimSpace(line), "=")
		if secret == "" || strings.Contains(string(s.Config()), secret) {
			t.Error("a secret is empty, or in the configuration itself")
		}
	}
	if n := strings.Count(string(s.Config()), "\n"); n > 72 {
		t.Errorf("the configuration has %d lines: it should show how little is needed", n)
	}
}
