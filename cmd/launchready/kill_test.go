package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
)

// kills is how many runs are killed, at points that are left to chance.
const kills = 10

// TestKilledRunIsCleanedUp kills audits with SIGKILL after a random number of
// requests. cleanup must then remove every object of the run, or list it.
func TestKilledRunIsCleanedUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program many times")
	}
	t.Parallel()
	key, err := demo.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range kills {
		after := 30 + rand.Int64N(1200)
		t.Run(fmt.Sprintf("%d after %d requests", i, after), func(t *testing.T) { found += killed(t, key, after) })
	}
	if found == 0 {
		t.Error("no killed run left anything behind, so nothing was shown")
	}
}

// killed kills one run, cleans up after it, and returns how many canaries there
// were in between.
func killed(t *testing.T, key *demo.Key, after int64) (found int) {
	t.Helper()
	s, err := demo.New(demo.Options{Seed: 1, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	var asked atomic.Int64
	kill := make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == after {
			close(kill)
		}
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	dir := t.TempDir()
	text := strings.ReplaceAll(string(s.Config()), s.URL, front.URL)
	for name, b := range map[string]string{config.FileName: text, demo.SecretsFile: string(s.Secrets())} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := command(t, dir, "audit", "-q", "--mutate")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-kill
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	found = len(left(t, s, front.URL))
	out, err := command(t, dir, "audit", "cleanup").CombinedOutput()
	var ee *exec.ExitError
	if err != nil && !(errors.As(err, &ee) && ee.ExitCode() == exitNotReady) {
		t.Fatalf("cleanup: %v\n%s", err, out)
	}
	for _, canary := range left(t, s, front.URL) {
		if !strings.Contains(string(out), canary) {
			t.Errorf("%s is still there, and cleanup does not list it:\n%s", canary, out)
		}
	}
	return found
}

// left lists the canaries that the owners still see.
func left(t *testing.T, s *demo.Server, base string) (out []string) {
	t.Helper()
	for _, user := range []string{"admin@acme.test", "admin@globex.test"} {
		token := signIn(t, base, user, s.Password(user))
		for _, where := range []string{"/v1/chats", "/v1/files", "/v1/collections", "/v1/prompts", "/v1/members", "/v1/api-keys", "/v1/webhook-endpoints", "/v1/invitations", "/v1/tickets"} {
			out = append(out, canaries.FindAllString(get(t, base+where+"?limit=100", token), -1)...)
		}
	}
	return out
}

var canaries = regexp.MustCompile(`lr1-[0-9a-z]+-[0-9a-z]+-[0-9]+-[0-9a-f]{24}`)

func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), "launchready", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "HOME="+dir)
	return c
}

// signIn gets a token of the user's own.
func signIn(t *testing.T, base, user, password string) string {
	t.Helper()
	body := ask(t, http.MethodPost, base+"/v1/auth/login", "", `{"email":"`+user+`","password":"`+password+`"}`)
	m := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("sign in as %s: no token", user)
	}
	return m[1]
}

func get(t *testing.T, url, token string) string { return ask(t, http.MethodGet, url, token, "") }

func ask(t *testing.T, method, url, token, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d", method, url, res.StatusCode)
	}
	return string(b)
}
