package launchready_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/store/sqlite"
	"github.com/launchready/launchready/surface"
)

// crashDir names the folder of the configuration for the process that is killed.
const crashDir = "LAUNCHREADY_TEST_CRASH_DIR"

// crashRun is the id of the run that is killed.
const crashRun = "crashed1"

// TestCrashVictim is the process that TestCrash kills: it audits what the
// configuration in its folder names, ledgered, and does nothing else.
func TestCrashVictim(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("runs as the child of TestCrash only")
	}
	a, done := crashAssembly(t, dir, crashRun)
	defer done()
	if _, err := audit.Run(t.Context(), a.Audit); err != nil {
		t.Fatal(err)
	}
}

// TestCrash kills an audit with SIGKILL at ten points that the seed draws. Then
// cleanup leaves nothing of the run at the target but what it lists.
func TestCrash(t *testing.T) {
	t.Parallel()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	slots := make(chan struct{}, 3)
	for n := range 10 {
		// Early points meet seeding, late ones the checks that write and destroy.
		at := 30 + random.Int64N(120)
		if n >= 3 {
			at = 150 + random.Int64N(3000)
		}
		answered := n%2 == 0
		t.Run(fmt.Sprintf("at=%d,answered=%t", at, answered), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			s, err := demo.New(demo.Options{Seed: int64(n + 1), Key: key})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close the demo: %v", err)
				}
			})
			crash(t, s, at, answered)
		})
	}
}

func crash(t *testing.T, s *demo.Server, at int64, answered bool) {
	gate := newGate(t, s.URL, at, answered)
	dir := crashFolder(t, s, gate)
	before, done := crashAssembly(t, dir, "before")
	kept := objects(t, before)
	done()

	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashVictim$", "-test.count=1")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := gate.arm(cmd); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(out)
	err = cmd.Wait()
	gate.busy.Wait() // what the demo was still doing is done
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the audit ended by itself (%v) before request %d:\n%s", err, at, said)
	}

	after, done := crashAssembly(t, dir, "after")
	defer done()
	orphans, err := audit.Cleanup(t.Context(), after.Audit, crashRun)
	if err != nil {
		t.Fatalf("clean up: %v", err)
	}
	nothingLeft(t, after, kept, orphans, gate.newcomers())
}

// TestTeardown lets an audit come to its end: what it made is gone, or listed.
func TestTeardown(t *testing.T) {
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	s, err := demo.New(demo.Options{Seed: 11, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	gate := newGate(t, s.URL, math.MaxInt64, false)
	dir := crashFolder(t, s, gate)
	a, done := crashAssembly(t, dir, crashRun)
	defer done()
	kept := objects(t, a)
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	if len(gate.newcomers()) == 0 {
		t.Error("nobody signed up: the test says nothing about those who do")
	}
	nothingLeft(t, a, kept, rep.Orphans, gate.newcomers())
}

// nothingLeft holds the target after a clean-up to what it was before.
func nothingLeft(t *testing.T, a *assembly.Assembly, kept []object, orphans, newcomers []string) {
	t.Helper()
	left := objects(t, a)
	for _, o := range orphans {
		if !strings.Contains(o, ": ") {
			t.Errorf("orphan without a reason: %s", o)
		}
	}
	for _, o := range left {
		if slices.Contains(kept, o) || slices.ContainsFunc(orphans, func(line string) bool { return strings.Contains(line, o.key) }) {
			continue
		}
		t.Errorf("still at the target and not listed: %s of %s; orphans %q", o, o.tenant, orphans)
	}
	for _, o := range kept {
		if !slices.Contains(left, o) {
			t.Errorf("the run took away what it did not make: %s of %s", o, o.tenant)
		}
	}
	for _, user := range newcomers {
		if !slices.ContainsFunc(orphans, func(line string) bool { return strings.Contains(line, user) }) {
			t.Errorf("%s signed up and is not listed; orphans %q", user, orphans)
		}
	}
}

// crashFolder is a folder with a configuration of the demo behind the gate.
func crashFolder(t *testing.T, s *demo.Server, g *gate) string {
	t.Helper()
	dir := t.TempDir()
	text := strings.ReplaceAll(string(s.Config()), s.URL, g.URL)
	for name, b := range map[string][]byte{demo.SecretsFile: s.Secrets(), "launchready.yaml": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// crashAssembly wires an audit of the folder's configuration with its ledger.
func crashAssembly(t *testing.T, dir, run string) (*assembly.Assembly, func()) {
	t.Helper()
	file := filepath.Join(dir, "launchready.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(file, text, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := sqlite.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Only: apiChecks(), Mutate: true, Seed: 1, Version: "test", Run: run, Ledger: ledger})
	if err != nil {
		t.Fatal(err)
	}
	return a, func() {
		a.Close()
		if err := ledger.Close(); err != nil {
			t.Errorf("close the ledger: %v", err)
		}
	}
}

// object is a thing that a tenant's list shows.
type object struct{ tenant, list, key string }

func (o object) String() string { return o.list + " " + o.key }

// objects lists what the tenants have of every kind that can be created.
func objects(t *testing.T, a *assembly.Assembly) []object {
	t.Helper()
	ctx := t.Context()
	if a.Audit.Preflight != nil {
		if err := a.Audit.Preflight(ctx); err != nil {
			t.Fatal(err)
		}
		a.Audit.Preflight = nil
	}
	made := map[string]bool{}
	for _, rt := range a.Surface.Routes {
		if surface.Creates(rt) || rt.Kind == lr.Invite && rt.Method == "POST" {
			made[rt.Resource] = true
		}
	}
	var out []object
	for _, as := range a.Cast.Accounts() {
		keys := map[string][]string{} // resource => keys of this account's objects
		var nested []*lr.Route
		for _, rt := range a.Surface.Routes {
			switch lists := rt.Kind == lr.List || rt.Kind == lr.Invite && rt.Method == "GET"; {
			case !lists || !made[rt.Resource]:
			case len(rt.PathParams()) == 0:
				found := list(ctx, t, a, as, rt.Path)
				keys[rt.Resource] = found
				for _, k := range found {
					out = append(out, object{as.Tenant, rt.Path, k})
				}
			case len(rt.PathParams()) == 1:
				nested = append(nested, rt)
			}
		}
		for _, rt := range nested {
			param := rt.PathParams()[0]
			for _, parent := range keys[rt.Keys[param].Resource] {
				p := strings.ReplaceAll(rt.Path, "{"+param+"}", url.PathEscape(parent))
				for _, k := range list(ctx, t, a, as, p) {
					out = append(out, object{as.Tenant, p, k})
				}
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
	if out = slices.Compact(out); len(out) < 10 {
		t.Fatalf("the tenants have %d objects in all: the lists were not read", len(out))
	}
	return out
}

func list(ctx context.Context, t *testing.T, a *assembly.Assembly, as *lr.Account, path string) []string {
	t.Helper()
	x, err := a.Client.Do(ctx, as, &lr.Request{Method: "GET", Path: path + "?limit=100"})
	if err != nil {
		t.Fatal(err)
	}
	var reply map[string]any
	if !x.OK() || json.Unmarshal(x.Body, &reply) != nil {
		return nil
	}
	var out []string
	for _, v := range reply {
		elements, _ := v.([]any)
		for _, e := range elements {
			m, _ := e.(map[string]any)
			for _, name := range []string{"id", "slug", "number", "name"} {
				if m[name] != nil {
					out = append(out, fmt.Sprint(m[name]))
					break
				}
			}
		}
	}
	return out
}

// gate stands before the demo, counts what the victim sends, and kills it.
type gate struct {
	*httptest.Server
	at       int64
	answered bool // the request that kills reaches the demo

	count atomic.Int64
	busy  sync.WaitGroup
	mu    sync.Mutex
	cmd   *exec.Cmd
	users []string
}

func newGate(t *testing.T, target string, at int64, answered bool) *gate {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{at: at, answered: answered}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: g.note,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/auth/signup" && r.Method == http.MethodPost {
			var body struct{ Email string }
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			_ = json.Unmarshal(text, &body) // a sign-up without an address makes no user
			r.Body = io.NopCloser(strings.NewReader(string(text)))
			r = r.WithContext(context.WithValue(r.Context(), userKey{}, body.Email))
		}
		if r.Header.Get("X-Launchready-Run") != crashRun {
			proxy.ServeHTTP(w, r)
			return
		}
		g.busy.Add(1)
		defer g.busy.Done()
		if r.Method != http.MethodGet {
			// The demo ends what it has begun, whoever has gone.
			ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
			defer cancel()
			r = r.WithContext(ctx)
		}
		switch n := g.count.Add(1); {
		case n < g.at:
			proxy.ServeHTTP(w, r)
			return
		case n == g.at && g.answered:
			// The demo acts; the victim never hears of it.
			proxy.ServeHTTP(httptest.NewRecorder(), r)
		}
		// What the victim had sent by then is dropped.
		g.kill()
	}))
	t.Cleanup(g.Close)
	return g
}

type userKey struct{}

// note remembers who signed up.
func (g *gate) note(r *http.Response) error {
	if user, _ := r.Request.Context().Value(userKey{}).(string); user != "" && r.StatusCode < 300 {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.users = append(g.users, user)
	}
	return nil
}

func (g *gate) newcomers() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.users)
}

// arm starts the victim.
func (g *gate) arm(cmd *exec.Cmd) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cmd = cmd
	return cmd.Start()
}

func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cmd != nil && g.cmd.Process != nil {
		_ = g.cmd.Process.Kill() // SIGKILL; one that is dead already is as good
	}
}
