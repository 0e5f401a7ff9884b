package assembly_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

// TestWhatIsPlantedIsTakenAway: the checks of isolation that ask the assistant
// upload files, write documents and begin conversations as two tenants. After the
// run the application has what it had before, by its own word.
func TestWhatIsPlantedIsTakenAway(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	before := holdings(t, s)
	a, err := assembly.New(t.Context(), c, assembly.Options{Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	planted := 0
	a.Audit.Outcome = func(string, lr.Outcome) { planted = max(planted, len(holdings(t, s))) }
	for i, row := range a.Audit.Rows {
		a.Audit.Rows[i].Checks = slices.DeleteFunc(slices.Clone(row.Checks), func(c *lr.Check) bool {
			return row.ID != "isolation" || c.Needs&lr.Chat == 0
		})
	}
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	if planted <= len(before) {
		t.Errorf("nothing was planted: %d things while it ran, %d before", planted, len(before))
	}
	if len(rep.Orphans) > 0 {
		t.Errorf("orphans: %v", rep.Orphans)
	}
	if after := holdings(t, s); !slices.Equal(after, before) {
		t.Errorf("left behind: %v", slices.DeleteFunc(after, func(id string) bool { return slices.Contains(before, id) }))
	}
}

// holdings lists the ids of both tenants' files, documents and conversations.
func holdings(t *testing.T, s *demo.Server) []string {
	t.Helper()
	var out []string
	for _, user := range []string{"member@acme.test", "member@globex.test"} {
		in, err := json.Marshal(map[string]string{"email": user, "password": s.Password(user)})
		if err != nil {
			t.Fatal(err)
		}
		var login struct {
			Token string `json:"access_token"`
		}
		call(t, http.MethodPost, s.URL+"/v1/auth/login", "", in, &login)
		var slugs struct{ Data []struct{ Slug string } }
		call(t, http.MethodGet, s.URL+"/v1/collections", login.Token, nil, &slugs)
		lists := []string{"/v1/files?limit=200", "/v1/chats?limit=200"}
		for _, c := range slugs.Data {
			out = append(out, user+" "+c.Slug)
			lists = append(lists, "/v1/collections/"+c.Slug+"/documents")
		}
		for _, path := range lists {
			var page struct{ Data []struct{ ID string } }
			call(t, http.MethodGet, s.URL+path, login.Token, nil, &page)
			for _, v := range page.Data {
				out = append(out, v.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}

func call(t *testing.T, method, url, token string, body []byte, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", fmt.Sprintf("Bearer %s", token))
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || json.Unmarshal(b, into) != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %v %.200s", method, strings.TrimPrefix(url, "http://"), res.StatusCode, err, b)
	}
}
