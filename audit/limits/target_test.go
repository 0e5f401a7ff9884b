package limits

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/probe"
)

// bot is a chat application of the tests, whose behaviour each of them sets.
type bot struct {
	take    func(r *http.Request) (leave func(), ok bool) // nil takes everything
	pace    time.Duration                                 // between two pieces of a long answer
	longest int                                           // words of an answer; 0 is as many as asked for
	obeys   bool                                          // the client's max_tokens, upwards too
	goesOn  bool                                          // when the reader has gone
	calls   int                                           // of the provider for one question while it fails; 0 does not ask it then
	deaf    bool                                          // the provider counts nothing
	noMend  bool
	sulks   int  // questions that it still does not ask when the provider is well again
	noise   bool // others ask the provider, too
	items   int  // that the list has
	cap     int  // of its page; 0 is none, and below 0 too long a page is refused
	raw     http.HandlerFunc

	mu     sync.Mutex
	asked  int // of the provider
	wrote  int // tokens
	broken int // status of the provider
	failed bool
}

var times = regexp.MustCompile(`Repeat the word (\w+) (\d+) times`)

func (b *bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/chat/completions":
		if b.raw != nil {
			b.raw(w, r)
			return
		}
		b.answer(w, r)
	case "GET /v1/me":
		fmt.Fprint(w, `{"id":"u"}`)
	case "GET /items":
		b.list(w, r)
	case "GET /provider":
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.noise {
			b.asked++
		}
		fmt.Fprintf(w, `{"data":{"calls":%d,"tokens":%d}}`, b.asked, b.wrote)
	case "PUT /provider":
		var in struct{ Status int }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Status < 400 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.broken = in.Status
	case "DELETE /provider":
		if b.noMend {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.broken = 0
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// provider counts a question's calls and tells whether it is well.
func (b *bot) provider() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.deaf:
	case b.broken != 0:
		b.asked, b.failed = b.asked+b.calls, true
	case b.failed && b.sulks > 0:
		b.sulks--
		return false
	default:
		b.asked++
	}
	return b.broken == 0
}

func (b *bot) answer(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages  []struct{ Content string }
		Stream    bool
		MaxTokens int `json:"max_tokens"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Messages) == 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if b.take != nil {
		leave, ok := b.take(r)
		if !ok {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		defer leave()
	}
	if !b.provider() {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	words := []string{"hello"}
	if m := times.FindStringSubmatch(in.Messages[len(in.Messages)-1].Content); m != nil {
		n, _ := strconv.Atoi(m[2])
		if b.longest > 0 && n > b.longest && !(b.obeys && in.MaxTokens > 0) {
			n = b.longest
		}
		if in.MaxTokens > 0 {
			n = min(n, in.MaxTokens)
		}
		words = words[:0]
		for range n {
			words = append(words, m[1])
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; i < len(words); i += 40 {
		if i > 0 {
			<-time.After(b.pace)
		}
		piece := strings.Join(words[i:min(i+40, len(words))], " ") + " "
		b.mu.Lock()
		b.wrote += len(piece) / 4
		b.mu.Unlock()
		_, err := fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", piece)
		if err == nil {
			err = http.NewResponseController(w).Flush()
		}
		if (err != nil || r.Context().Err() != nil) && !b.goesOn {
			return
		}
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func (b *bot) list(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || b.cap < 0 && limit > -b.cap {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	n := min(limit, b.items)
	if b.cap > 0 {
		n = min(n, b.cap)
	}
	fmt.Fprintf(w, `{"data":[%s]}`, strings.TrimSuffix(strings.Repeat("{},", n), ","))
}

// cast makes users out of nothing.
type cast struct {
	lr.Cast
	mu sync.Mutex
	n  int
}

func (c *cast) Spare(_ context.Context, tenant, role string) (*lr.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if tenant == "" {
		tenant = fmt.Sprint("new-", c.n)
	}
	return &lr.Account{Identity: lr.Identity{Name: fmt.Sprint("spare-", c.n), Tenant: tenant, Role: role}, Spare: true}, nil
}

func (c *cast) SignInRequest(context.Context, *lr.Account, string, lr.Secret) (*lr.Request, error) {
	return nil, lr.ErrNoSignIn
}

// desk builds plain requests.
type desk struct{ lr.Stage }

func (desk) Request(_ context.Context, rt *lr.Route, _ *lr.Object, _ *lr.Account) (*lr.Request, error) {
	return &lr.Request{Method: rt.Method, Path: rt.Path, Route: rt}, nil
}

func (desk) Canary(string) string { return "lr1-r-t-1-0123456789abcdef01234567" }

// endpoint is the bot's, spoken to as OpenAI's clients do.
type endpoint struct {
	*chat.Endpoint
	skills lr.Skills
}

func (e endpoint) Skills() lr.Skills     { return e.skills }
func (e endpoint) Twins() []lr.Assistant { return nil }

// asks runs a check against a handler and returns what it said.
func asks(t *testing.T, check *lr.Check, h http.Handler, change ...func(*lr.Trial)) []lr.Outcome {
	t.Helper()
	out, err := tried(t, check, h, change...)
	if err != nil {
		t.Fatalf("%s: %v", check.ID, err)
	}
	return out
}

func tried(t *testing.T, check *lr.Check, h http.Handler, change ...func(*lr.Trial)) ([]lr.Outcome, error) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: base, Retries: -1, LostAfter: 10_000, StreamFor: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	shape, _ := chat.Preset("openai", "")
	body := map[string]any{"stream": true}
	for k, v := range shape.Send.Body.(map[string]any) {
		body[k] = v
	}
	body["stream"] = true
	shape.Send.Body = body
	as := &lr.Account{Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"}, WhoAmI: &lr.Route{Method: "GET", Path: "/v1/me"}}
	var mu sync.Mutex
	var out []lr.Outcome
	tr := &lr.Trial{
		Check: check, Target: &lr.Target{Base: base, Accounts: []*lr.Account{as}, Spend: true, Load: true}, HTTP: c, Cast: &cast{}, Stage: desk{}, Memo: &lr.Memo{}, Now: time.Now, Seed: 1, Profile: lr.Quick,
		Log:       slog.New(slog.DiscardHandler),
		Assistant: endpoint{&chat.Endpoint{Client: c, Shape: shape}, lr.Skills{Subject: "POST /v1/chat/completions", Computes: []string{"join"}, Streams: true}},
		Report: func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, o)
		},
	}
	for _, f := range change {
		f(tr)
	}
	err = check.Run(t.Context(), tr)
	return out, err
}
