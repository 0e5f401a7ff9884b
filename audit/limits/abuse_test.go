package limits

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// is fails the test unless the outcomes are one of the verdict, whose message
// has the text.
func is(t *testing.T, got []lr.Outcome, want lr.Verdict, says string) {
	t.Helper()
	if len(got) != 1 || got[0].Verdict != want || !strings.Contains(got[0].Message, says) {
		t.Errorf("got %d outcomes, %+v; want %s with %q", len(got), words(got), want, says)
	}
}

func words(os []lr.Outcome) (out []string) {
	for _, o := range os {
		out = append(out, o.Verdict.String()+": "+o.Message)
	}
	return out
}

// atMost takes so many at one time; the others are refused, or wait.
func atMost(n int, waits bool) func(*http.Request) (func(), bool) {
	slots := make(chan struct{}, n)
	return func(r *http.Request) (func(), bool) {
		leave := func() { <-slots }
		if waits {
			select {
			case slots <- struct{}{}:
				return leave, true
			case <-r.Context().Done():
				return nil, false
			}
		}
		select {
		case slots <- struct{}{}:
			return leave, true
		default:
			return nil, false
		}
	}
}

func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		b    *bot
		want lr.Verdict
		says string
	}{
		"nothing bounds them":   {&bot{pace: 60 * time.Millisecond}, lr.Failed, "16 long answers that one user opened at once were all written at one moment"},
		"above four refused":    {&bot{pace: 60 * time.Millisecond, take: atMost(4, false)}, lr.Passed, "were refused"},
		"one after another":     {&bot{pace: 30 * time.Millisecond, take: atMost(1, true)}, lr.Passed, "the others waited"},
		"they end at once":      {&bot{}, lr.Unknown, "too short to be under way"},
		"it repeats nothing":    {&bot{longest: 1, pace: time.Millisecond}, lr.Unknown, "a long answer did not come"},
		"it refuses everything": {&bot{take: func(*http.Request) (func(), bool) { return nil, false }}, lr.Unknown, "a long answer did not come"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is(t, asks(t, concurrentRuns, c.b), c.want, c.says)
		})
	}
}

func TestConcurrentOrganisation(t *testing.T) {
	t.Parallel()
	is(t, asks(t, concurrentOrganisation, &bot{pace: 60 * time.Millisecond}), lr.Failed, "24 long answers that three users")
	is(t, asks(t, concurrentOrganisation, &bot{pace: 60 * time.Millisecond, take: atMost(6, false)}), lr.Passed, "were refused")
}

// rounds is a way to the model whose long answers come, or are refused, as each
// round of the same size says.
type rounds struct {
	lr.Assistant
	size  int
	each  []string // "late": every other one after the first; "together", "refused"
	mu    sync.Mutex
	asked int
}

func (r *rounds) Skills() lr.Skills { return lr.Skills{} }

func (r *rounds) Ask(_ context.Context, _ *lr.Account, m lr.Message) (*lr.Answer, error) {
	r.mu.Lock()
	n := r.asked
	r.asked++
	r.mu.Unlock()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	x := &lr.Exchange{Status: 200, Started: at, FirstByte: 5 * time.Millisecond, Took: 500 * time.Millisecond}
	switch how := r.each[n/r.size]; {
	case how == "refused" && n%r.size >= r.size/2:
		x.Status = 429
		return &lr.Answer{Exchanges: []*lr.Exchange{x}}, nil
	case how == "late" && n%r.size >= r.size*3/4:
		x.Started = at.Add(time.Minute)
	}
	word := strings.Fields(m.Text)[3] // "Repeat the word X …"
	return &lr.Answer{Text: strings.Repeat(word+" ", longWords), Exchanges: []*lr.Exchange{x}}, nil
}

// TestCrowdOnceMore: what a busy machine leaves open is asked again, and a refusal
// that only the second round met proves nothing.
func TestCrowdOnceMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		each  []string
		asked int
		want  lr.Verdict
	}{
		"together at once":               {[]string{"together"}, 8, lr.Failed},
		"late, then together":            {[]string{"late", "together"}, 16, lr.Failed},
		"late twice":                     {[]string{"late", "late"}, 16, lr.Unknown},
		"late, then refused for the two": {[]string{"late", "refused"}, 16, lr.Unknown},
		"refused at once":                {[]string{"refused"}, 8, lr.Passed},
	} {
		t.Run(name, func(t *testing.T) {
			at := &rounds{size: 8, each: c.each}
			var got []lr.Outcome
			trial := &lr.Trial{Check: concurrentRuns, Seed: 1, Report: func(o lr.Outcome) { got = append(got, o) }}
			crowd, err := gather(t.Context(), trial, at, []*lr.Account{{}}, 8, &crowd{single: 500 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			crowd.judged(trial, "POST /ask", "that one user opened at once")
			if len(got) != 1 || got[0].Verdict != c.want || at.asked != c.asked {
				t.Errorf("got %v after %d questions, want %s after %d", words(got), at.asked, c.want, c.asked)
			}
		})
	}
}

func TestAtOneTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	x := func(start, first, took int) *lr.Exchange {
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		return &lr.Exchange{Started: at.Add(ms(start)), FirstByte: ms(first), Took: ms(took)}
	}
	for _, c := range []struct {
		name string
		xs   []*lr.Exchange
		want int
	}{
		{"none", nil, 0},
		{"side by side", []*lr.Exchange{x(0, 5, 500), x(10, 5, 500), x(20, 5, 500)}, 3},
		{"one after another, streamed", []*lr.Exchange{x(0, 5, 500), x(0, 505, 1000), x(0, 1005, 1500)}, 1},
		{"one after another, with an early first byte", []*lr.Exchange{x(0, 5, 500), x(0, 5, 1600), x(0, 5, 2700)}, 1},
		{"one after another, whole", []*lr.Exchange{x(0, 500, 500), x(0, 1000, 1000), x(0, 1500, 1500)}, 1},
		{"side by side, whole", []*lr.Exchange{x(0, 500, 500), x(10, 505, 505)}, 2},
	} {
		if got := atOneTime(c.xs, 500*time.Millisecond); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestClientMaxTokens(t *testing.T) {
	t.Parallel()
	is(t, asks(t, clientMaxTokens, &bot{longest: 600, obeys: true}), lr.Failed, "the client decides how long an answer is")
	is(t, asks(t, clientMaxTokens, &bot{longest: 600}), lr.Passed, "an answer ends after 600 words")
	is(t, asks(t, clientMaxTokens, &bot{longest: 3}), lr.Unknown, "the model wrote it 3 times")
	refuses := &bot{raw: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) }}
	is(t, asks(t, clientMaxTokens, refuses), lr.Passed, "refused with 422")
}

// door is the bot's provider, as a configuration names it.
func door(tr *lr.Trial) {
	tr.Target.Provider = &lr.Provider{
		Traffic: lr.Request{Method: "GET", Path: "/provider"}, Calls: "/data/calls", Tokens: "/data/tokens",
		Fail: lr.Request{Method: "PUT", Path: "/provider"}, FailBody: map[string]any{"status": "$status"}, Mend: lr.Request{Method: "DELETE", Path: "/provider"},
	}
}

func TestRetryStorm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		b    *bot
		want lr.Verdict
		says string
	}{
		"a dozen at once":  {&bot{calls: 12}, lr.Failed, "up to 12 times"},
		"three":            {&bot{calls: 3}, lr.Passed, "at most 3 times"},
		"it sulks after":   {&bot{calls: 3, sulks: failing + 2}, lr.Passed, "at most 3 times"},
		"it stops asking":  {&bot{}, lr.Unknown, "no question reached it"},
		"another provider": {&bot{calls: 9, deaf: true}, lr.Unknown, "made no call of the provider"},
		"others ask, too":  {&bot{calls: 9, noise: true}, lr.Unknown, "others ask the provider meanwhile"},
		"it stays broken":  {&bot{calls: 9, noMend: true}, lr.Unknown, "has to be done by hand now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is(t, asks(t, retryStorm, c.b, door), c.want, c.says)
			if c.b.broken != 0 && !c.b.noMend {
				t.Errorf("the provider was left failing with %d", c.b.broken)
			}
			if c.b.sulks > 0 {
				t.Errorf("%d questions will not be answered", c.b.sulks)
			}
		})
	}
	is(t, asks(t, retryStorm, &bot{calls: 9}), lr.Unknown, "configure provider")
	elsewhere := func(tr *lr.Trial) { door(tr); tr.Target.Provider.Calls = "/nowhere" }
	is(t, asks(t, retryStorm, &bot{calls: 9}, elsewhere), lr.Unknown, "without a number at /nowhere")
}

func TestAbandonedStream(t *testing.T) {
	t.Parallel()
	is(t, asks(t, abandonedStream, &bot{pace: 80 * time.Millisecond, goesOn: true}, door), lr.Failed, "was written to its end")
	is(t, asks(t, abandonedStream, &bot{pace: 80 * time.Millisecond}, door), lr.Passed, "that was given up ended")
	is(t, asks(t, abandonedStream, &bot{pace: 80 * time.Millisecond}), lr.Unknown, "configure provider.tokens")
	is(t, asks(t, abandonedStream, &bot{}, door), lr.Unknown, "too little to tell")
}

func TestTokenCap(t *testing.T) {
	t.Parallel()
	is(t, asks(t, tokenCap, &bot{}), lr.Failed, "met no limit of what they hold")
	budget := func() func(*http.Request) (func(), bool) {
		left := 40_000 // bytes that a user may send
		slot := make(chan struct{}, 1)
		return func(r *http.Request) (func(), bool) {
			slot <- struct{}{}
			defer func() { <-slot }()
			if int(r.ContentLength) < 1000 {
				return func() {}, true
			}
			left -= int(r.ContentLength)
			return func() {}, left > 0
		}
	}
	got := asks(t, tokenCap, &bot{take: budget()})
	is(t, got, lr.Passed, "met a limit after 3 of them")
	if a := got[0].Allowance; a == nil || a.Of != lr.AllowancePrompt || a.Taken != 3 || a.Refused != 1 || a.PromptTokens != 3000 || a.Wait != 1 {
		t.Errorf("got the allowance %+v", a)
	}
	is(t, asks(t, tokenCap, &bot{take: func(r *http.Request) (func(), bool) { return func() {}, r.ContentLength < 1000 }}), lr.Passed, "was refused with 429, while short ones are taken")
}

// TestInTurn: where a burst met a bound of what is under way, questions one after another
// show what else is counted.
func TestInTurn(t *testing.T) {
	t.Parallel()
	slots := func(tr *lr.Trial) { // three of a burst were taken
		if _, err := lr.Recall(t.Context(), tr.Memo, "limits/alone", func(context.Context) (*tally, error) { return &tally{sent: 40, taken: 3, refused: 37}, nil }); err != nil {
			t.Error(err)
		}
	}
	first := func(n int) func(*http.Request) (func(), bool) {
		var asked atomic.Int32
		return func(*http.Request) (func(), bool) { return func() {}, int(asked.Add(1)) <= n }
	}
	const opened = 1 + mostInTurn + colleagues // questions before those that are counted together
	for name, c := range map[string]struct {
		check *lr.Check
		b     *bot
		want  lr.Verdict
		says  string
	}{
		"an organisation that is counted":   {organisation, &bot{take: first(opened + 20)}, lr.Passed, "5 users of one organisation met a limit together: 20 of"},
		"one that is not":                   {organisation, &bot{}, lr.Unknown, "asked one question after another met no limit together"},
		"one whose users may ask three":     {organisation, &bot{take: first(4)}, lr.Unknown, "one user may ask 3 questions, which is too few"},
		"questions whose length counts not": {tokenCap, &bot{}, lr.Failed, "met no limit of what they hold"},
		"those of a user who may ask three": {tokenCap, &bot{take: first(4)}, lr.Unknown, "one user may ask 3 questions, which is too few"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is(t, asks(t, c.check, c.b, slots), c.want, c.says)
		})
	}
}

// guessed signs in at POST /login.
type guessed struct{ cast }

func (*guessed) SignInRequest(context.Context, *lr.Account, string, lr.Secret) (*lr.Request, error) {
	return &lr.Request{Method: "POST", Path: "/login", Body: []byte(`{}`)}, nil
}

// TestLoginGuessing: what has used a limit up before is waited for.
func TestLoginGuessing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		busy, free int // sign-ins that are refused at first, and those that are answered then
		want       lr.Verdict
		says       string
	}{
		"nothing slows it":          {0, 1000, lr.Failed, "nothing slows a guess"},
		"a limit":                   {0, 10, lr.Passed, "met a limit: 9 of 80 taken"},
		"a limit that was used up":  {3, 10, lr.Passed, "met a limit: 9 of 80 taken"},
		"one that does not open":    {1000, 0, lr.Unknown, "the first wrong password was answered 429"},
		"used up, and none of ours": {3, 1000, lr.Failed, "nothing slows a guess"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n := int(asked.Add(1)); n <= c.busy || n > c.busy+c.free {
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(http.StatusTooManyRequests)
					return
				}
				w.WriteHeader(http.StatusUnauthorized)
			})
			is(t, asks(t, loginGuessing, h, func(tr *lr.Trial) { tr.Cast = &guessed{} }), c.want, c.says)
		})
	}
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	list := func(tr *lr.Trial) {
		tr.Target.Routes = []*lr.Route{{Method: "GET", Path: "/items", Kind: lr.List, Resource: "/items", Params: []lr.Param{{Name: "limit", In: lr.InQuery}}}}
	}
	is(t, asks(t, pageSize, &bot{items: 1500}, list), lr.Failed, "held 1500 objects")
	is(t, asks(t, pageSize, &bot{items: 1500, cap: -200}, list), lr.Passed, "is refused with 422")
	is(t, asks(t, pageSize, &bot{items: 1500, cap: 100}, list), lr.Unknown, "too few to show whether it is cut")
	is(t, asks(t, pageSize, &bot{items: 3}, list), lr.Unknown, "the list holds 3 objects")
	got := asks(t, pageSize, &bot{items: 600}, list)
	if is(t, got, lr.Failed, "all there are"); got[0].Confidence != lr.Suspected {
		t.Error("a page of 600 is no proof that there is no cap: want it suspected")
	}
	is(t, asks(t, pageSize, &bot{}), lr.Skipped, "no list declares")
}

func TestSlowRequest(t *testing.T) {
	t.Parallel()
	is(t, asks(t, slowRequest, &bot{}), lr.Passed, "ordinary requests were answered")
	seats, take := &bot{}, atMost(8, true)
	held := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leave, ok := take(r)
		if !ok {
			return
		}
		defer leave()
		if r.Method == http.MethodPost {
			io.Copy(io.Discard, r.Body) //nolint:errcheck // it never comes to its end
			return
		}
		seats.ServeHTTP(w, r)
	})
	is(t, asks(t, slowRequest, held), lr.Failed, "got no answer within 3s, twice")
	down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	is(t, asks(t, slowRequest, down), lr.Unknown, "were not answered before")
}

// TestHostile: a target that breaks in any way is never blamed.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"fails":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "boom", http.StatusInternalServerError) },
		"is busy":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) },
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"drops the stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"lante")) //nolint:errcheck // dropped
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"sends no UTF-8": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte("{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}")) //nolint:errcheck // short
		},
		"sends nonsense": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write([]byte("data: {\ndata: [[[\n\n\x00event\n\ndata: [DONE]\n\n")) //nolint:errcheck // short
		},
		"refuses in words": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"choices":[{"message":{"content":"I can only help with our products."}}]}`)) //nolint:errcheck // short
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, check := range []*lr.Check{clientMaxTokens, retryStorm, abandonedStream, concurrentRuns, concurrentOrganisation, socketMessages} {
				out, err := tried(t, check, &bot{raw: h, calls: 1}, door)
				if err != nil && !errors.Is(err, lr.ErrLost) {
					t.Errorf("%s: %v", check.ID, err)
				}
				for _, o := range out {
					if o.Verdict == lr.Failed || o.Verdict == lr.Passed {
						t.Errorf("%s: %s: %s", check.ID, o.Verdict, o.Message)
					}
				}
			}
		})
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, pointer string
		want          int
		ok            bool
	}{
		{`{"calls":7}`, "/calls", 7, true}, {`{"a":[{"n":3}]}`, "/a/0/n", 3, true}, {`{"a/b":1,"c~d":2}`, "/a~1b", 1, true}, {`{"c~d":2}`, "/c~0d", 2, true},
		{`{"calls":"7"}`, "/calls", 0, false}, {`{"calls":-1}`, "/calls", -1, false}, {`{}`, "/calls", 0, false}, {`[1]`, "/4", 0, false}, {`nope`, "/calls", 0, false},
	} {
		if got, ok := numberAt([]byte(c.body), c.pointer); ok != c.ok || ok && got != c.want {
			t.Errorf("%s at %s: got %d %v, want %d %v", c.body, c.pointer, got, ok, c.want, c.ok)
		}
	}
	for body, want := range map[string]int{`{"totals":{"token":9},"users":[{"token":4}]}`: 9, `{"total_tokens":5,"token_limit":100,"max_tokens":50,"remaining_tokens":8}`: 5} {
		if got, ok := tokenSum([]byte(body)); !ok || got != want {
			t.Errorf("%s: got %d %v, want %d", body, got, ok, want)
		}
	}
	if _, ok := tokenSum([]byte(`{"messages":3}`)); ok {
		t.Error("messages are no tokens")
	}
	for path, want := range map[string]bool{"/v1/usage": true, "/billing/credits": true, "/v1/usages-report": false, "/me": false} {
		if usageRoute(path) != want {
			t.Errorf("%s: got %v", path, !want)
		}
	}
	for in, want := range map[string]string{"/x": "/x?limit=5", "/x?limit=50&a=b": "/x?a=b&limit=5", "/x?": "/x?limit=5"} {
		if got := withQuery(in, "limit", 5); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func FuzzMeter(f *testing.F) {
	f.Add(`{"a":[{"tokens":3}]}`, "/a/0/tokens")
	f.Fuzz(func(t *testing.T, body, pointer string) {
		if n, ok := numberAt([]byte(body), pointer); ok && n < 0 {
			t.Errorf("%s at %s: %d", body, pointer, n)
		}
		if n, ok := tokenSum([]byte(body)); ok && n < 0 {
			t.Errorf("%s: %d", body, n)
		}
	})
}
