package policy_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/record"
	"github.com/launchready/launchready/store/ledger"
)

// once is a policy whose front charges, and whose model's listener knows by the
// assertion what it has charged. A prompt's token costs a millionth of a dollar.
const once = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth:
  bearer: {secret: "${env:GUARD_CONTEXT_KEY}", subject: sub, tenant: tenant}
  assertion: {audience: app, secret: "${env:GUARD_CONTEXT_KEY}"}
limits: {all: {per: global, requests: 100000, window: 1h}}
routes: [{path: /chat, chat: true, limits: [all]}]
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 200, user_day: %.9f, total_day: 1}
model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}}
  keys: [{name: app, sha256: "%x", signed: true}]
  context: {key: "${env:GUARD_CONTEXT_KEY}"}
  models: [m]
  max_tokens: 100
  spend: {key_day: 1, tokens: {total_day: 1000000}}
state: {ledger: "%s"}
`

// chatbot asks its model through guard's listener, with the assertion that it got.
type chatbot struct {
	*httptest.Server
	model   atomic.Value // the listener's address
	refused atomic.Int32 // calls that the listener refused
	held    chan struct{}
	begun   chan struct{} // one comes for each piece of an answer that hangs
	over    chan struct{} // one comes for each request that is over
}

func newChatbot(t testing.TB) *chatbot {
	c := &chatbot{held: make(chan struct{}, 100), begun: make(chan struct{}, 100), over: make(chan struct{}, 100)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		defer func() { c.over <- struct{}{} }()
		assertion := r.Header.Get("X-Guard-Assertion")
		call := func(says string) {
			if status := c.call(r.Context(), w, assertion, says); status != http.StatusOK {
				c.refused.Add(1)
				w.WriteHeader(http.StatusBadGateway)
			}
		}
		for word := range strings.SplitSeq(string(b), ",") {
			switch word {
			case "call":
				call("hi")
			case "unknown":
				call("tell nothing")
			case "refused":
				call("refuse this")
			case "hang":
				call("hang on this")
			case "later":
				_, _ = io.WriteString(w, "the rest comes by mail")
				go func() {
					<-c.held
					c.call(context.Background(), httptest.NewRecorder(), assertion, "hi")
					c.over <- struct{}{}
				}()
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chatbot) call(ctx context.Context, w http.ResponseWriter, assertion, says string) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.model.Load().(string)+"/v1/chat/completions", strings.NewReader(prompt("chat/completions", says, strings.HasPrefix(says, "hang"))))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	r.Header.Set("X-Guard-Assertion", assertion)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	for b := make([]byte, 512); err == nil; {
		var n int
		if n, err = res.Body.Read(b); n > 0 && strings.HasPrefix(says, "hang") {
			_, _ = w.Write(b[:n])
			_ = http.NewResponseController(w).Flush()
			c.begun <- struct{}{}
		}
	}
	return res.StatusCode
}

// say asks the chatbot at a front as a user of acme; it leaves when it has read what it
// is told to.
func say(url, user, words, leave string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat", strings.NewReader(words))
	if err != nil {
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+header("acme", user))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	got := ""
	for b := make([]byte, 512); err == nil && (leave == "" || !strings.Contains(got, leave)); {
		var n int
		n, err = res.Body.Read(b)
		got += string(b[:n])
	}
	return res.StatusCode
}

// TestChargedOnce: a request whose model is asked through the listener costs what the
// listener measures, whatever the front has reserved, and nothing is lost of what the
// listener does not know.
func TestChargedOnce(t *testing.T) {
	to, bot := provider(t), newChatbot(t)
	file := filepath.Join(t.TempDir(), "guard.db")
	text := fmt.Sprintf(once, bot.URL, 1.0, to.URL, sha256.Sum256([]byte(virtual)), "sqlite:guard.db")
	metrics := record.NewMetrics()
	s := &policy.State{Folder: filepath.Dir(file), Env: environment, Spent: metrics.Spend()}
	done := make(chan struct{}, 100)
	inner := serve(t, s, "%s", text)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { done <- struct{}{} }() // also where the caller leaves
		inner.ServeHTTP(w, r)
	}))
	p, err := policy.Parse("guard.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := p.BuildModel(s, environment)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 100)
	second := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		asked <- struct{}{}
	}))
	bot.model.Store(second.URL)
	book, err := ledger.SQLite(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		front.Close()
		second.Close()
		if err := book.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	till := &till{t: t, book: book}
	const told = 7 + 2*11
	front200 := func(words string) int64 { return int64(len(words)) + 2*200 }
	listener := func(says string, stream bool) int64 {
		return int64(len(prompt("chat/completions", says, stream))) + 2*100
	}
	before, tokens := int64(0), int64(0)
	for _, c := range []struct {
		words, leave string
		calls        int
		status       int
		cost         int64 // of the user
	}{
		{"call", "", 1, 200, told},
		{"call,call,call", "", 3, 200, 3 * told},
		{"unknown", "", 1, 200, listener("tell nothing", false)},
		{"refused", "", 1, 502, 0},
		{"nothing", "", 0, 200, front200("nothing")},
		{"hang", "completion_tokens", 1, 200, listener("hang on this", true)},
		{"later", "", 1, 200, front200("later") + told}, // who asks when the front has ended
	} {
		if status := say(front.URL, "ann", c.words, c.leave); status != c.status {
			t.Fatalf("%s: %d", c.words, status)
		}
		<-bot.over
		<-done
		if c.words == "later" {
			bot.held <- struct{}{}
			<-bot.over
		}
		for range c.calls {
			<-asked
		}
		now := till.used("user/" + ann)
		if total := till.used("total"); now-before != c.cost || total != now {
			t.Errorf("%s: %d, want %d; %d and %d altogether", c.words, now-before, c.cost, now, total)
		}
		if n := till.used("tokens of total"); (n > tokens) != (c.calls > 0 && c.cost > 0) {
			t.Errorf("%s: %d tokens", c.words, n-tokens)
		} else {
			tokens = n
		}
		before = now
	}
	// What was settled at the front and at the model is what is charged, and nobody is named.
	w := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	settled := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		var v float64
		if rest, ok := strings.CutPrefix(line, "guard_spend_settled_total"); ok {
			labels, value, _ := strings.Cut(rest, "} ")
			if _, err := fmt.Sscan(value, &v); err != nil {
				t.Error(err)
			}
			settled[labels+"}"] = v
		}
	}
	money := settled[`{at="front",unit="dollars"}`] + settled[`{at="model",unit="dollars"}`]
	if math.Abs(money*1e6-float64(before)) > 0.5 || int64(settled[`{at="model",unit="tokens"}`]) != tokens || len(settled) != 3 {
		t.Errorf("the metrics tell of %v, and %d and %d tokens are charged", settled, before, tokens)
	}
	if strings.Contains(w.Body.String(), "acme") || strings.Contains(w.Body.String(), "ann") {
		t.Error("a caller is named in the metrics")
	}
}

// TestOnceReplicas: of a crowd at one replica, whose model is asked through another's
// listener, a budget for one lets one in, and that one's model is asked; what was drawn
// when both are killed stays charged, once.
func TestOnceReplicas(t *testing.T) {
	d := pgtest.New(t)
	key, _ := environment("GUARD_CONTEXT_KEY")
	t.Setenv("GUARD_CONTEXT_KEY", key)
	to, bot := provider(t), newChatbot(t)
	const front = int64(len("hang")) + 2*200 // is dearer than the call
	text := fmt.Sprintf(once, bot.URL, float64(front+99)/1e6, to.URL, sha256.Sum256([]byte(virtual)), "${env:"+replicaLedger+"}")
	a, b := newReplica(t, text, "", d.URL), newReplica(t, text, "", d.URL)
	bot.model.Store(b.model)
	book, err := ledger.Postgres(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	till := &till{t: t, book: book}
	reserved := int64(len(prompt("chat/completions", "hang on this", true))) + 2*100
	if reserved >= front || reserved < front/2 {
		t.Fatalf("the call reserves %d of %d", reserved, front)
	}
	var wg sync.WaitGroup
	got := make(chan int, 10)
	for range 10 {
		wg.Go(func() { got <- say(a.url, "ann", "hang", "") })
	}
	for range 9 { // one hangs
		if status := <-got; status != 429 && status != 503 {
			t.Errorf("one of the crowd: %d", status)
		}
	}
	<-bot.begun
	// What the front has left is as before, until one of them ends.
	if spent := till.used("user/" + ann); spent != front || bot.refused.Load() != 0 {
		t.Errorf("%d is reserved, want %d; %d calls were refused", spent, front, bot.refused.Load())
	}
	if err := a.cmd.Process.Kill(); err != nil { // the front first: the application's call ends with it
		t.Fatal(err)
	}
	wg.Wait()
	<-bot.over
	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if spent := till.used("user/" + ann); spent != front {
		t.Errorf("%d is charged after kill -9, want %d", spent, front)
	}
	c := newReplica(t, text, "", d.URL)
	bot.model.Store(c.model)
	if status := say(c.url, "ann", "hang", ""); status != 429 {
		t.Errorf("after kill -9 of both: %d", status)
	}
	if status := say(c.url, "bob", "call", ""); status != 200 {
		t.Errorf("another user: %d", status)
	}
}

// TestOnceIsSaid: where both charge, a policy by which the listener knows the front's
// requests is taken, and what it lacks for that is told.
func TestOnceIsSaid(t *testing.T) {
	base := fmt.Sprintf(once, "http://127.0.0.1:1", 1.0, "http://127.0.0.1:1", sha256.Sum256([]byte("a")), "memory")
	const said = "unsafe: [charged at the front /chat]\n"
	for name, c := range map[string]struct{ from, to, want, note string }{
		"as it is":          {"version", "version", "", "guard.yaml:8:10: /chat is charged once,"},
		"said all the same": {"state:", said + "state:", "", "is charged once,"},
		"no assertion":      {`  assertion: {audience: app, secret: "${env:GUARD_CONTEXT_KEY}"}` + "\n", "", ":7:10: /chat is charged by spend, and once more by model.spend for what it asks through the model's listener, since auth.assertion and model.context have not the same secret: say modes: {spend: off} there", ""},
		"another secret":    {`app, secret: "${env:GUARD_CONTEXT_KEY}"`, `app, secret: "${env:OTHER}"`, "have not the same secret", ""},
		"a key of Ed25519":  {`app, secret: "${env:GUARD_CONTEXT_KEY}"`, `app, key: "file:guard.pem"`, "have not the same secret", ""},
		"no context":        {"app, secret", "app, secret", "", "once"},
		"another audience":  {`context: {key`, `context: {audience: other, key`, "have not the same audience", ""},
		"the audience":      {`context: {key`, `context: {audience: app, key`, "", "once"},
		"a tenant's key":    {`signed: true}]`, fmt.Sprintf(`signed: true}, {name: acme, sha256: "%x", tenant: acme}]`, sha256.Sum256([]byte("b"))), "a call with key acme needs no assertion", ""},
		"a public route":    {"{path: /chat,", "{path: /chat, public: true,", "nobody signs in there", ""},
		"said twice":        {"{path: /chat,", "{path: /chat, public: true,", "", "/chat is charged twice for what it asks through the model's listener, since nobody"},
		"off at the route":  {"{path: /chat,", "{path: /chat, modes: {spend: off},", "", ""},
		"off everywhere":    {"version: 1", "version: 1\nmodes: {spend: off}", "", ""},
	} {
		text := strings.Replace(base, c.from, c.to, 1)
		if name == "said twice" {
			text += said
		}
		p, err := policy.Parse("guard.yaml", []byte(text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if got := strings.Join(p.Notes(), "\n"); (got == "") != (c.note == "") || !strings.Contains(got, c.note) {
			t.Errorf("%s: noted %q, want %q", name, got, c.note)
		}
	}
}
