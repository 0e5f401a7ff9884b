package edge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	fake "github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/cloudflare"
	"github.com/launchready/launchready/edge/edgetest"
	"github.com/launchready/launchready/edge/update"
	api "github.com/launchready/launchready/probe/cloudflare"
)

// order is what the child process is told to do.
type order struct {
	Driver, Server, API, Dir, Plan string
	Back                           bool
}

func (o order) bench() *bench {
	n := edgetest.Network{Addr: o.Server}
	if o.Driver == "rfc2136" {
		return &bench{servers: edge.NameServers{Network: n, Zone: zone}, network: n,
			driver: &update.Driver{Zone: zone, Server: o.Server, Dial: n.Dial, Key: "launchready", Secret: lr.NewSecret(keySecret), Timeout: 5 * time.Second, Most: 300}}
	}
	client := api.New(o.API, lr.NewSecret("write-token-of-the-test"), n)
	client.Pause = func(context.Context, time.Duration) error { return nil }
	return &bench{network: n, driver: &cloudflare.Driver{Client: client, Zone: zone}}
}

func (o order) do(ctx context.Context) error {
	run := o.bench().run(o.Dir)
	if o.Back {
		_, err := run.Back(ctx)
		return err
	}
	b, err := os.ReadFile(o.Plan)
	if err != nil {
		return err
	}
	d, err := edge.Read(b)
	if err != nil {
		return err
	}
	_, err = run.Do(ctx, d.Plans)
	return err
}

const childVariable = "LAUNCHREADY_EDGE_TEST_ORDER"

// TestChild is the process that is killed.
func TestChild(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		t.Skip("it is run by the tests that kill it")
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	if err := o.do(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// killer counts what a server is asked, and kills the child at one point.
type killer struct {
	mu    sync.Mutex
	n     int
	at    int // 0 never
	child *exec.Cmd
	died  chan struct{}
}

// pass counts a point; false where the child was killed there.
func (k *killer) pass() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.n++; k.at == 0 || k.n != k.at || k.child == nil {
		return true
	}
	_ = k.child.Process.Kill()
	<-k.died
	return false
}

// spawn runs the order in a process and waits for its end; killed says that it was
// not by itself.
func (k *killer) spawn(t *testing.T, o order, at int) (killed bool) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.timeout=60s")
	c.Env = append(os.Environ(), childVariable+"="+string(text))
	died := make(chan struct{})
	k.mu.Lock()
	k.n, k.at, k.child, k.died = 0, at, c, died
	if err := c.Start(); err != nil {
		k.mu.Unlock()
		t.Fatal(err)
	}
	k.mu.Unlock()
	go func() { _ = c.Wait(); close(died) }()
	<-died
	k.mu.Lock()
	k.at, k.child = 0, nil
	k.mu.Unlock()
	return !c.ProcessState.Exited()
}

// rehearsal is a server that a child can be killed at.
type rehearsal struct {
	order
	killer *killer
	dump   func() string
	bare   []string // moments without SPF or MX
}

func (r *rehearsal) look(records []string) {
	has := func(part string) bool {
		return slices.ContainsFunc(records, func(l string) bool { return strings.Contains(l, part) })
	}
	if !has("harbor.test TXT \"v=spf1") || !has("harbor.test MX 10") {
		r.bare = append(r.bare, strings.Join(records, "\n"))
	}
}

func rehearse(t *testing.T, driver string) *rehearsal {
	t.Helper()
	k := &killer{}
	r := &rehearsal{killer: k, order: order{Driver: driver, Dir: t.TempDir()}}
	if driver == "rfc2136" {
		pass := func(*dns.Msg) bool { return k.pass() }
		s := edgetest.Start(t, zone, zoneText(), edgetest.Options{Key: "launchready", Secret: keySecret, Beyond: beyond, Before: pass, After: pass, Watch: func(rrs []dns.RR) {
			var out []string
			for _, rr := range rrs {
				out = append(out, line(rr))
			}
			r.look(out)
		}})
		r.Server, r.dump = s.Addr, s.Dump
	} else {
		z := cloudZone(t)
		s, err := fake.New(fake.Options{Token: "write-token-of-the-test", Zones: []*fake.Zone{z}, Page: 20, Hook: func(*http.Request) bool { return k.pass() }, After: func(*http.Request) bool {
			var out []string
			for _, rec := range z.Records { // the server holds its lock
				data := rec.Content
				if rec.Priority != nil {
					data = fmt.Sprintf("%d %s", *rec.Priority, data)
				}
				out = append(out, rec.Name+" "+rec.Type+" "+data)
			}
			r.look(out)
			return k.pass()
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		others := edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{Beyond: beyond})
		r.API, r.Server, r.dump = s.URL, others.Addr, func() string { return s.Dump(zone) }
	}
	in := intent()
	if driver == "cloudflare" {
		in.Edge = &edge.Provider{API: []string{"/v1/"}, Limits: []edge.Limit{{Path: "/v1/auth/", Requests: 20, Seconds: 60}}, WAF: true}
	}
	p, _ := r.bench().plan(t, in)
	b, err := json.Marshal(edge.Document{Schema: edge.Schema, Plans: []*edge.Plan{p}})
	if err != nil {
		t.Fatal(err)
	}
	r.Plan = filepath.Join(r.Dir, "plan.json")
	if err := os.WriteFile(r.Plan, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestKilled kills the apply, or the roll-back, at ten points that chance picks,
// with SIGKILL, and does it again: the zone ends where it would have, and at no
// moment was it without SPF or MX.
func TestKilled(t *testing.T) {
	for _, driver := range []string{"rfc2136", "cloudflare"} {
		t.Run(driver, func(t *testing.T) {
			r := rehearse(t, driver)
			before := r.dump()
			r.killer.n = 0
			if err := r.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			points, applied := r.killer.n, r.dump()
			if points < 8 || applied == before {
				t.Fatalf("an apply passes %d points only", points)
			}
			chance := rand.New(rand.NewPCG(1, 2))
			for i := range 10 {
				at := 1 + chance.IntN(points)
				back := i%3 == 2
				t.Run(fmt.Sprintf("at=%d,back=%t", at, back), func(t *testing.T) {
					r := rehearse(t, driver)
					o := r.order
					if back {
						if err := o.do(t.Context()); err != nil {
							t.Fatal(err)
						}
						o.Back = true
					}
					if killed := r.killer.spawn(t, o, at); !killed && !back {
						t.Fatal("it was not killed")
					}
					info, err := os.Stat(filepath.Join(o.Dir, edge.JournalFile))
					if err == nil && info.Mode().Perm() != 0o600 {
						t.Errorf("the journal has mode %o", info.Mode().Perm())
					}
					if r.dump() != before && err != nil {
						t.Errorf("the zone was changed before the journal was there: %v", err)
					}
					if !back {
						if err := o.do(t.Context()); err != nil {
							t.Fatalf("resume: %v", err)
						}
						if got := r.dump(); got != applied {
							t.Errorf("resumed, the zone is not as after an apply:\n%s", diff(applied, got))
						}
						o.Back = true
					}
					if err := o.do(t.Context()); err != nil && !strings.Contains(err.Error(), "nothing to take back") {
						t.Fatalf("roll back: %v", err)
					}
					if got := r.dump(); got != before {
						t.Errorf("rolled back, the zone is not as before:\n%s", diff(before, got))
					}
					if len(r.bare) > 0 {
						t.Errorf("at a moment there was no SPF or no MX:\n%s", r.bare[0])
					}
				})
			}
		})
	}
}
