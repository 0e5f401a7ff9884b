package model_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/model"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/callback"
)

// endpoint is an assistant behind any handler, spoken to as OpenAI's clients do.
type endpoint struct {
	*chat.Endpoint
	skills lr.Skills
}

func (e endpoint) Skills() lr.Skills     { return e.skills }
func (e endpoint) Twins() []lr.Assistant { return nil }
func answerJSON(w http.ResponseWriter, said string) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"choices":[{"message":{"role":"assistant","content":"` + said + `"}}]}`)) //nolint:errcheck // the caller has gone
}

// trial is a trial of the check against the handler.
func trial(t *testing.T, id string, h http.HandlerFunc) (*lr.Trial, func() []lr.Outcome) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", h)
	mux.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnsupportedMediaType) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: base, Retries: -1, LostAfter: 1000, StreamFor: 300 * time.Millisecond,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	shape, _ := chat.Preset("openai", "")
	shape.Upload = &chat.Upload{Path: "/files", Field: "file"}
	l, err := callback.Listen(t.Context(), callback.Options{Nonce: func() string { return strings.ReplaceAll(time.Now().Format("150405.000000000"), ".", "n") }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // nothing is lost with it
	as := &lr.Account{Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"}}
	tr := &lr.Trial{
		Target: &lr.Target{Base: base, Accounts: []*lr.Account{as}, Spend: true, Mutate: true}, HTTP: c, Memo: &lr.Memo{}, Now: time.Now, Seed: 1, Profile: lr.Quick,
		Log: slog.New(slog.DiscardHandler), Listener: l,
		Assistant: endpoint{&chat.Endpoint{Client: short{c}, Shape: shape}, lr.Skills{Subject: "POST /v1/chat/completions", Computes: []string{"join", "initials"}, Remembers: true, Uploads: true}},
	}
	for _, ch := range model.Row().Checks {
		if ch.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if ch.ID == id {
			tr.Check = ch
		}
	}
	if tr.Check == nil {
		t.Fatalf("the row has no check %s", id)
	}
	var mu sync.Mutex
	var out []lr.Outcome
	tr.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, o)
	}
	return tr, func() []lr.Outcome { return out }
}

// short reads streams for a moment only: these tests have endless ones.
type short struct{ lr.Client }

func (s short) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	r.StreamFor = 100 * time.Millisecond
	return s.Client.Do(ctx, as, r)
}

// TestHostile: a target that breaks in any way is Unknown, and never blamed.
func TestHostile(t *testing.T) {
	var n atomic.Int64
	for name, h := range map[string]http.HandlerFunc{
		"never ends": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for {
				if _, err := w.Write([]byte(": wait\n\n")); err != nil || r.Context().Err() != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		},
		"fails":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "boom", http.StatusInternalServerError) },
		"is busy":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusTooManyRequests) },
		"is down":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusServiceUnavailable) },
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"drops the stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"The se")) //nolint:errcheck // dropped
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"sends no UTF-8": func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, "\xff\xfe\xc3") },
		"sends nonsense": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write([]byte("data: {\ndata: [[[\n\n\x00event\n\ndata: [DONE]\n\n")) //nolint:errcheck // nonsense
		},
		"changes its shape": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte([]string{`{"answer":"x"}`, `[]`, `"no"`, `{"choices":{}}`}[n.Add(1)%4])) //nolint:errcheck // short
		},
		"refuses everything": func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, "I'm sorry, I can only help with questions about our products.")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, id := range told {
				if id == "model/stored-document" || id == "model/stored-memory" || id == "model/tool-output" {
					continue // they need the stage: TestRefusing walks them
				}
				tr, out := trial(t, id, h)
				err := tr.Check.Run(t.Context(), tr)
				if err != nil && !errors.Is(err, lr.ErrLost) {
					t.Errorf("%s: %v", id, err)
				}
				for _, o := range out() {
					if o.Verdict != lr.Unknown && o.Verdict != lr.Skipped {
						t.Errorf("%s: %s: %s", id, o.Verdict, o.Message)
					}
				}
			}
		})
	}
}

// TestBudget: what the money does not reach is not asked and not passed.
func TestBudget(t *testing.T) {
	for _, id := range told {
		tr, out := trial(t, id, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
		tr.Assistant = poor{tr.Assistant}
		if id == "model/stored-document" || id == "model/stored-memory" || id == "model/tool-output" {
			continue
		}
		if err := tr.Check.Run(t.Context(), tr); !errors.Is(err, lr.ErrMoney) {
			t.Errorf("%s: got %v, want the budget's error; outcomes %v", id, err, out())
		}
	}
}

// poor has no money left.
type poor struct{ lr.Assistant }

func (poor) Ask(context.Context, *lr.Account, lr.Message) (*lr.Answer, error) {
	return nil, lr.ErrMoney
}
func (poor) Put(context.Context, *lr.Account, lr.File) (string, []*lr.Exchange, error) {
	return "", nil, lr.ErrMoney
}

// TestEcho: an endpoint that repeats what it is sent obeys nothing.
func TestEcho(t *testing.T) {
	for _, id := range []string{"model/direct-injection", "model/role-tag", "model/encoded-instruction", "model/smuggled-unicode", "model/client-role", "model/client-parameters", "model/prompt-leak", "model/secret-in-reply"} {
		tr, out := trial(t, id, func(w http.ResponseWriter, r *http.Request) {
			var b strings.Builder
			buf := make([]byte, 1<<20)
			k, _ := r.Body.Read(buf)
			for _, c := range string(buf[:k]) {
				if c == '"' || c == '\\' || c < ' ' {
					c = ' '
				}
				b.WriteRune(c)
			}
			answerJSON(w, b.String())
		})
		if err := tr.Check.Run(t.Context(), tr); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for _, o := range out() {
			if o.Verdict == lr.Failed {
				t.Errorf("%s: an echo is taken for obedience: %s", id, o.Message)
			}
		}
	}
}

// TestComputesNothing: an assistant that solves no question is not known to obey
// or not to obey.
func TestComputesNothing(t *testing.T) {
	for _, id := range []string{"model/direct-injection", "model/client-role", "model/client-parameters", "model/file-text"} {
		tr, out := trial(t, id, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, "Yes.") })
		e := tr.Assistant.(endpoint)
		e.skills.Computes = []string{"multiply"}
		tr.Assistant = e
		if err := tr.Check.Run(t.Context(), tr); err != nil {
			t.Error(err)
		}
		if got := out(); len(got) != 1 || got[0].Verdict != lr.Unknown || !strings.Contains(got[0].Message, "could be recognised") {
			t.Errorf("%s: got %+v, want one Unknown", id, got)
		}
	}
}
