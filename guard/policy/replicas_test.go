package policy_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/store/redis/redistest"
)

const (
	replicaPolicy = "LAUNCHREADY_TEST_REPLICA"
	replicaRedis  = "LAUNCHREADY_TEST_REDIS"
	replicaLedger = "LAUNCHREADY_TEST_LEDGER"
)

// TestReplica is guard in a process of its own, for TestReplicas. It ends when its
// stdin does.
func TestReplica(t *testing.T) {
	text := os.Getenv(replicaPolicy)
	if text == "" {
		t.Skip("TestReplicas runs it")
	}
	s := &policy.State{Env: os.LookupEnv}
	front := httptest.NewServer(serve(t, s, "%s", text))
	second := httptest.NewServer(serveModel(t, s, "%s", text))
	fmt.Println(front.URL, second.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	front.Close()
	second.Close()
	_ = s.Close()
}

type replica struct {
	url, model string
	cmd        *exec.Cmd
}

func newReplica(t *testing.T, text, redis, ledger string) *replica {
	t.Helper()
	r := &replica{cmd: exec.Command(os.Args[0], "-test.run", "^TestReplica$")}
	r.cmd.Env = append(os.Environ(), replicaPolicy+"="+text, replicaRedis+"="+redis, replicaLedger+"="+ledger)
	in, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = r.cmd.Wait() // it may have been killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &r.url, &r.model); err != nil {
		t.Fatal(err)
	}
	return r
}

// asks asks the provider with a key through each replica n times at the same time.
func asks(n int, key, text string, replicas ...*replica) map[int]int {
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for i := range n * len(replicas) {
		wg.Go(func() {
			kind := []string{"chat/completions", "responses", "messages", "chat/completions"}[i%4]
			code := 0
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, replicas[i%len(replicas)].model+"/v1/"+kind, strings.NewReader(prompt(kind, text, i%8 < 4)))
			if err == nil {
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+key)
				if res, err := http.DefaultClient.Do(r); err == nil {
					defer res.Body.Close()
					if code = res.StatusCode; code == 200 {
						if _, err := io.Copy(io.Discard, res.Body); err != nil {
							code = 0
						}
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	wg.Wait()
	return got
}

func (r *replica) ask(path string) int {
	res, err := http.Post(r.url+path, "application/json", strings.NewReader("{}"))
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}

// crowd asks n times of each replica at the same time and counts the answers.
func crowd(n int, path string, replicas ...*replica) map[int]int {
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for _, r := range replicas {
		turns := make(chan struct{}, n)
		for range n {
			turns <- struct{}{}
		}
		close(turns)
		for range 16 {
			wg.Go(func() {
				for range turns {
					code := r.ask(path)
					mu.Lock()
					got[code]++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return got
}

// TestReplicasBudget: of a crowd on every kind of route of two processes on one Postgres
// one is let in; when both processes are killed while that one is under way, a third
// lets nobody in for its budget.
func TestReplicasBudget(t *testing.T) {
	d := pgtest.New(t)
	const crowd = 30
	app := newCrossing(t)
	app.wait, app.crowd = make(chan struct{}), crowd
	held := app.wait
	dearest := 0
	for i := range kinds {
		dearest = max(dearest, reserves(i))
	}
	text := fmt.Sprintf(both, app.URL, float64(dearest+40)/1e6, app.URL, app.URL, sha256.Sum256([]byte(virtual)), "${env:"+replicaLedger+"}")
	var pairs []*pair
	var replicas []*replica
	for range 3 {
		r := newReplica(t, text, "", d.URL)
		replicas = append(replicas, r)
		pairs = append(pairs, &pair{t: t, front: &httptest.Server{URL: r.url}, second: &httptest.Server{URL: r.model}})
	}
	// The one that is let in stays under way until its process is gone.
	app.wait = make(chan struct{})
	app.known.Store(-1 << 20)
	defer close(app.wait)
	var refused, broken atomic.Int32
	var wg sync.WaitGroup
	for n := range crowd {
		wg.Go(func() {
			switch status := pairs[n%2].ask((n/2)%len(kinds), held); status {
			case 429, 503: // a database that has more to do than it can
				if refused.Add(1) == crowd-1 {
					close(held)
				}
			case 0, 101, 200: // it broke off
				broken.Add(1)
			default:
				t.Errorf("%s: status %d", kinds[(n/2)%len(kinds)].name, status)
			}
		})
	}
	<-held
	for _, r := range replicas[:2] {
		if err := r.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if app.asked.Load() != 1 || broken.Load() != 1 {
		t.Errorf("of a crowd %d reached the application, %d were refused", app.asked.Load(), refused.Load())
	}
	for i, k := range kinds {
		if status := pairs[2].ask(i, held); status != 429 {
			t.Errorf("%s after kill -9 of both: %d", k.name, status)
		}
	}
	if app.asked.Load() != 1 {
		t.Errorf("%d reached the application", app.asked.Load())
	}
}

// TestReplicas: two processes on one Redis and one Postgres hold a limit to the
// request and admit one for a budget of one; kill -9 of one frees its slot when
// its lease ends and gives its budget to nobody; without Redis nobody new comes in.
func TestReplicas(t *testing.T) {
	redis := redistest.Start(t)
	d := pgtest.New(t)
	var asked atomic.Int32
	in := make(chan struct{}, 10)
	to := provider(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			b, _ := io.ReadAll(r.Body)
			if strings.Contains(string(b), "hang on this") {
				in <- struct{}{}
			}
			r.Body = io.NopCloser(strings.NewReader(string(b)))
			to.Config.Handler.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/slow" {
			in <- struct{}{}
			<-r.Context().Done()
		}
	}))
	t.Cleanup(app.Close)
	const most = 200
	text := fmt.Sprintf(`version: 1
listen: 127.0.0.1:0
upstream: %s
limits:
  free: {per: class, requests: %d, window: 10h}
  one: {per: class, concurrent: 1}
  many: {per: class, requests: 100000, window: 1m}
routes:
  - {path: /free, public: true, limits: [free]}
  - {path: /slow, public: true, limits: [one]}
  - {path: /held, public: true, limits: [one]}
  - {path: /chat, public: true, chat: true, limits: [many]}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 0.000300}
state: {counters: "${env:%s}", ledger: "${env:%s}", lease: 1s, patience: 20s}
model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}, anthropic: {url: "%s", key: "${env:OPENAI_API_KEY}"}}
  keys: [{name: acme, sha256: "%x", tenant: acme}, {name: other, sha256: "%x", tenant: other}]
  models: [m]
  max_tokens: 100
  spend: {key_day: 0.000350, total_day: 1}
unsafe: [charged at the front /chat]
`, app.URL, most, replicaRedis, replicaLedger, app.URL, app.URL, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)))
	a, b := newReplica(t, text, redis.URL, d.URL), newReplica(t, text, redis.URL, d.URL)

	got := crowd(2*most, "/free", a, b)
	if got[200] > most || got[200]+got[503] < most || got[200]+got[429]+got[503] != 4*most { // 503: a store that was too slow, and may have counted
		t.Errorf("of %d: %v", 4*most, got)
	}
	asked.Store(0)
	if got := crowd(25, "/chat", a, b); got[200] != 1 || got[200]+got[429]+got[503] != 50 || asked.Load() != 1 {
		t.Errorf("a budget for one: %v, the application was asked %d times", got, asked.Load())
	}

	asked.Store(0)
	if got := asks(12, virtual, "tell nothing", a, b); got[200] != 1 || got[200]+got[429]+got[503] != 24 || asked.Load() != 1 {
		t.Errorf("a budget for one at the model: %v, the provider was asked %d times", got, asked.Load())
	}

	held := make(chan map[int]int)
	go func() { held <- asks(1, ofTenant, "hang on this", a) }() // it dies with the process
	<-in
	broken := make(chan int)
	go func() { broken <- a.ask("/slow") }()
	<-in
	if code := b.ask("/held"); code != 429 {
		t.Errorf("a slot that another process holds: %d", code)
	}
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := <-held; got[0] != 1 {
		t.Errorf("a stream of a process that was killed: %v", got)
	}
	if code := <-broken; code != 0 {
		t.Errorf("a process that was killed answers %d", code)
	}
	for code := b.ask("/held"); code != 200; code = b.ask("/held") { // until the lease ends
		if code != 429 {
			t.Fatalf("the slot of a dead process: %d", code)
		}
		time.Sleep(20 * time.Millisecond)
	}
	c := newReplica(t, text, redis.URL, d.URL)
	if got := crowd(5, "/chat", b, c); got[429]+got[503] != 10 {
		t.Errorf("after kill -9 the budget is another's: %v", got)
	}

	asked.Store(0)
	if got := asks(4, ofTenant, "tell nothing", b, c); got[429]+got[503] != 8 || asked.Load() != 0 {
		t.Errorf("after kill -9 the model's budget is another's: %v, asked %d times", got, asked.Load())
	}

	// Who waits at one replica is let in when the other is gone and its lease ends, each
	// once, and a place in the queue of a dead process holds no slot.
	queued := text + "queue: {depth: 10, wait: 1m}\n"
	q, e := newReplica(t, queued, redis.URL, d.URL), newReplica(t, queued, redis.URL, d.URL)
	go func() { broken <- q.ask("/slow") }()
	<-in
	waits := make(chan int)
	for range 3 {
		go func() { waits <- e.ask("/held") }()
	}
	go func() { broken <- q.ask("/held") }()
	select {
	case code := <-waits:
		t.Errorf("a slot that another process holds was given: %d", code)
	case <-time.After(100 * time.Millisecond): // they wait
	}
	if err := q.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if code := <-broken; code != 0 {
			t.Errorf("a process that was killed answers %d", code)
		}
	}
	for range 3 {
		if code := <-waits; code != 200 {
			t.Errorf("who waited gets %d", code)
		}
	}
	if code := e.ask("/held"); code != 200 {
		t.Errorf("the next one gets %d", code)
	}

	redis.Down()
	if got := crowd(5, "/held", b, c); got[503] != 10 {
		t.Errorf("without Redis: %v", got)
	}
}
