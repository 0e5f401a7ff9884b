package secrets

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/stage"
)

// Keys of the providers' forms, made when they are needed: none stands here.
func stripeKey() string { return "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dcQ2xZ" }
func publicKey() string { return "pk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dcQ2xZ" }

// crew signs in by one request.
type crew struct{ lr.Cast }

func (crew) SignInRequest(_ context.Context, _ *lr.Account, user string, password lr.Secret) (*lr.Request, error) {
	return &lr.Request{Method: "POST", Path: "/login", Body: []byte(fmt.Sprintf(`{"email": %q, "password": %q}`, user, password.Reveal())),
		Header: http.Header{"Content-Type": {"application/json"}}}, nil
}

func (crew) Password(*lr.Account) lr.Secret { return lr.Secret{} }

// asked is what a check came to: a line for each outcome, and all evidence.
type asked struct {
	lines    []string
	evidence string
}

// put asks a check. h may be nil where the check asks no server.
func put(t *testing.T, c *lr.Check, h http.Handler, target lr.Target, answers ...*lr.Exchange) asked {
	t.Helper()
	out, err := try(t, c, h, target, answers...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// try asks a check, and returns its error.
func try(t *testing.T, c *lr.Check, h http.Handler, target lr.Target, answers ...*lr.Exchange) (asked, error) {
	t.Helper()
	if h == nil {
		h = http.NotFoundHandler()
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	target.Base = base
	var mu sync.Mutex
	var out asked
	trial := &lr.Trial{
		Check: c, Target: &target, HTTP: client, Cast: crew{}, Now: time.Now, Memo: &lr.Memo{},
		Stage: stage.New(stage.Options{Target: &target, HTTP: client, Mint: oracle.NewMint("run", nil), Run: "run"}),
		Seen:  func() (iter.Seq[*lr.Exchange], bool) { return slices.Values(answers), true },
		Report: func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			out.lines = append(out.lines, o.Verdict.String()+" "+o.Subject+": "+o.Message)
			out.evidence += strings.Join(append(o.Evidence.Records, o.Evidence.Witness...), "\n") + "\n"
			for _, x := range o.Evidence.Exchanges {
				out.evidence += string(x.Body)
			}
		},
	}
	err = c.Run(t.Context(), trial)
	slices.Sort(out.lines)
	return out, err
}

// holds wants lines that start as told, and none of the values anywhere.
func (a asked) holds(t *testing.T, want []string, never ...string) {
	t.Helper()
	if len(a.lines) != len(want) {
		t.Fatalf("got %d outcomes, want %d:\n%s", len(a.lines), len(want), strings.Join(a.lines, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(a.lines[i], want[i]) {
			t.Errorf("got %q, want it to start with %q", a.lines[i], want[i])
		}
	}
	for _, v := range append(never, stripeKey()) {
		if strings.Contains(strings.Join(a.lines, "\n")+a.evidence, v) {
			t.Error("the secret itself is told")
		}
	}
}

// tree writes files and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// git runs commands in a repository.
func git(t *testing.T, dir string, commands ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	for _, line := range commands {
		c := exec.CommandContext(t.Context(), "git", strings.Fields(line)...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.test", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b.test")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", line, err, out)
		}
	}
}
