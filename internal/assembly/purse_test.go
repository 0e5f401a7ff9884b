package assembly_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/demo/model"
	"github.com/launchready/launchready/probe"
)

// TestPurseHolds is the promise of the money budget: in 200 runs of random
// requests, sent from several sides at once through an application that fails,
// drops, delays and tells its usage as it likes, the provider never counts a token
// or a cent more than the budget.
func TestPurseHolds(t *testing.T) {
	const contextTokens, outputTokens = 340, 20 // which the requests nearly use up
	spentAll := 0
	for run := range 200 {
		r := rand.New(rand.NewPCG(uint64(run), 7))
		price := chat.Price{InPerMTok: 0.01 + r.Float64()*5, OutPerMTok: 0.01 + r.Float64()*20, Context: contextTokens, Output: outputTokens}
		o := chat.PurseOptions{USD: price.Worst() * (0.5 + r.Float64()*12), Price: price}
		if r.IntN(2) == 0 {
			o.Tokens = 200 + r.IntN(4000)
		}
		if r.IntN(20) == 0 {
			o.USD = 0
		}
		bill, purse, refused := purseRun(t, r, o, contextTokens, outputTokens)
		cost := (float64(bill.Prompt)*price.InPerMTok + float64(bill.Reply)*price.OutPerMTok) / 1e6
		if cost > o.USD+1e-12 || o.Tokens > 0 && bill.Prompt+bill.Reply > o.Tokens {
			t.Fatalf("run %d: the provider counts %+v, which is $%.9f, over a budget of $%.9f and %d tokens", run, bill, cost, o.USD, o.Tokens)
		}
		if s := purse.Spent(); s.USD+1e-9 < cost || s.Tokens < bill.Prompt+bill.Reply || s.USD > o.USD+1e-12 {
			t.Fatalf("run %d: the purse says %+v, the provider %+v ($%.9f)", run, s, bill, cost)
		}
		if o.USD == 0 && bill.Calls > 0 {
			t.Fatalf("run %d: asked without money", run)
		}
		if refused {
			spentAll++
		}
	}
	if spentAll < 50 {
		t.Errorf("only %d of 200 runs came to the end of their money: the test asks too little", spentAll)
	}
}

// purseRun sends random requests until the money is spent or 40 were sent.
func purseRun(t *testing.T, r *rand.Rand, o chat.PurseOptions, contextTokens, outputTokens int) (model.Bill, *chat.Purse, bool) {
	t.Helper()
	provider, err := model.New(model.Options{Seed: 1, Context: contextTokens, Output: outputTokens})
	if err != nil {
		t.Fatal(err)
	}
	defer provider.Close()
	app := httptest.NewServer(moody(provider.URL, r.Uint64()))
	defer app.Close()
	base, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	purse := chat.NewPurse(o)
	shape, _ := chat.Preset("openai", "/v1/chat/completions")
	purse.Guard([]chat.Shape{shape}, "POST /v1/summaries")
	client, err := probe.New(probe.Options{
		Base: base, Budget: lr.Budget{Requests: 10000, Wall: time.Minute}, Run: "t", Toll: purse.Toll, LostAfter: 10000, StreamFor: 2 * time.Second,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var wait sync.WaitGroup
	var mu sync.Mutex
	refused := false
	for range 1 + r.IntN(6) {
		seed := r.Uint64()
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range 8 {
				_, err := client.Do(t.Context(), nil, randomQuestion(r))
				if errors.Is(err, lr.ErrMoney) {
					mu.Lock()
					refused = true
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return provider.Bill(), purse, refused
}

// randomQuestion reaches the model by one of several spellings of one of two routes.
func randomQuestion(r *rand.Rand) *lr.Request {
	paths := []string{"/v1/chat/completions", "/v1/chat/completions/", "//v1/chat/completions", "/v1/chat/%63ompletions", "/V1/Chat/Completions", "/v1/chat/completions?x=1", "/v1/summaries"}
	usage := ""
	if r.IntN(2) == 0 {
		usage = `,"stream_options":{"include_usage":true}`
	}
	q := &lr.Request{Method: []string{"POST", "POST", "PUT"}[r.IntN(3)], Path: paths[r.IntN(len(paths))],
		Body: fmt.Appendf(nil, `{"messages":[{"role":"user","content":%q}],"stream":%t%s}`, "Please say this: "+strings.Repeat("word ", r.IntN(20)), r.IntN(2) == 0, usage)}
	q.SetHeader("Content-Type", "application/json")
	return q
}

// moody is an application in front of the provider. Whatever it answers, it has
// asked the provider before, but for the refusals that say that they did not.
func moody(provider string, seed uint64) http.Handler {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 3))
	draw := func(n int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(n) }
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mood := draw(10)
		if mood == 0 {
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return
		}
		var in model.Request
		if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		in.Messages = append([]model.Message{{Role: "system", Content: model.Text(strings.Repeat("Be brief. ", 120))}}, in.Messages...)
		b, err := json.Marshal(in)
		if err != nil {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		out, err := http.NewRequestWithContext(context.WithoutCancel(q.Context()), http.MethodPost, provider+"/v1/chat/completions", bytes.NewReader(b))
		if err != nil {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		res, err := http.DefaultClient.Do(out)
		if err != nil {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		switch mood {
		case 1:
			http.Error(w, "something broke after the model was asked", []int{500, 502, 503, 504}[draw(4)])
		case 2: // a filter behind the model
			http.Error(w, "not allowed", []int{400, 403, 422}[draw(3)])
		case 3: // the stream breaks in the middle
			w.Header().Set("Content-Length", fmt.Sprint(len(body)+10))
			w.Write(body[:len(body)/2]) //nolint:errcheck // the client sees what is missing
		case 4: // it tells no usage
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "an answer") //nolint:errcheck // likewise
		case 5: // the connection ends without an answer
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
			w.WriteHeader(res.StatusCode)
			w.Write(body) //nolint:errcheck // likewise
		}
	})
}
