package latency

import (
	"context"
	"fmt"
	"io"
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
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/probe"
)

// desk is an assistant behind a real server.
type desk struct {
	chat.Endpoint
	streams bool
}

func (d *desk) Skills() lr.Skills {
	return lr.Skills{Subject: "POST /v1/chat/completions", Streams: d.streams}
}
func (d *desk) Twins() []lr.Assistant { return nil }

// asked runs the check against a handler and returns its one outcome, however
// busy this machine is: what is tested is what follows from the times.
func asked(t *testing.T, rate float64, streams bool, h http.HandlerFunc) lr.Outcome {
	t.Helper()
	return askedWithin(t, time.Hour, rate, streams, h)
}

func askedWithin(t *testing.T, lag time.Duration, rate float64, streams bool, h http.HandlerFunc) lr.Outcome {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	shape, ok := chat.Preset("openai", "/v1/chat/completions")
	if !ok {
		t.Fatal("no preset")
	}
	var out []lr.Outcome
	trial := &lr.Trial{
		Check: p95, Target: &lr.Target{Base: base, Normal: rate, Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a"}}, {Identity: lr.Identity{Name: "b", Role: "viewer"}}}},
		HTTP: c, Assistant: &desk{Endpoint: chat.Endpoint{Shape: shape, Client: c}, streams: streams}, Profile: lr.Quick,
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Report: func(o lr.Outcome) { out = append(out, o) },
	}
	if err := measure(t.Context(), trial, lag); err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("got %d outcomes, want 1: %+v", len(out), out)
	}
	return out[0]
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":%q}}]}`, text)
}

// TestVerdict: a fast target passes with its figures, one that refuses one in ten
// at a normal rate fails however fast it is, and one that answers nobody before
// the measurement is not judged.
func TestVerdict(t *testing.T) {
	var n atomic.Int32
	for _, c := range []struct {
		name    string
		h       http.HandlerFunc
		verdict lr.Verdict
		says    string
	}{
		{"fast", func(w http.ResponseWriter, r *http.Request) { say(w, "yes") }, lr.Passed, "p95 to the whole reply is "},
		{"refuses one in ten", func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%10 == 0 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			say(w, "yes")
		}, lr.Failed, "got no answer"},
		{"answers nobody", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, lr.Unknown, "did not answer the questions before"},
		{"says nothing", func(w http.ResponseWriter, r *http.Request) { say(w, "") }, lr.Unknown, "did not answer the questions before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := asked(t, 200, false, c.h)
			if o.Verdict != c.verdict || !strings.Contains(o.Message, c.says) {
				t.Errorf("got %s: %s", o.Verdict, o.Message)
			}
			if c.verdict == lr.Passed && (o.Latency == nil || o.Latency.N != quickSize || o.Latency.Decisive.P50 <= 0 || len(o.Latency.Buckets) == 0) {
				t.Errorf("figures: %+v", o.Latency)
			}
		})
	}
}

// TestOmission: a target that stands still once makes everyone wait who comes
// meanwhile. A client that waits for its answer would meet one slow reply.
func TestOmission(t *testing.T) {
	var mu sync.Mutex
	var n atomic.Int32
	o := asked(t, 50, false, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		if n.Add(1) == warmUps+3 {
			hold(700 * time.Millisecond) // the test's subject: the target stands still
		}
		mu.Unlock()
		say(w, "yes")
	})
	if o.Verdict != lr.Failed || o.Latency.Decisive.P90 < 500 {
		t.Errorf("got %s, %+v", o.Verdict, o.Latency.Decisive)
	}
}

// TestStream: of a stream the first byte counts, and the head that was sent
// before the model spoke is none.
func TestStream(t *testing.T) {
	h := func(before, after time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			hold(before)
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"ye\"}}]}\n\n")
			w.(http.Flusher).Flush()
			hold(after)
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"s\"}}]}\n\ndata: [DONE]\n\n")
		}
	}
	slow := asked(t, 100, true, h(600*time.Millisecond, 0))
	if slow.Verdict != lr.Failed || !strings.Contains(slow.Message, "first byte") {
		t.Errorf("a late first byte: %s: %s", slow.Verdict, slow.Message)
	}
	long := asked(t, 100, true, h(0, 600*time.Millisecond))
	if m := long.Latency; m == nil || m.Decisive.P50 > m.Last.P50-500 || m.Last.P50 < 600 {
		t.Errorf("an early first byte of a long reply: %s: %s: %+v", long.Verdict, long.Message, m)
	}
}

// TestProviderIsTakenOff: what Server-Timing gives to the model is not the product's.
func TestProviderIsTakenOff(t *testing.T) {
	o := asked(t, 100, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server-Timing", "db;dur=2, model;desc=gpt;dur=580")
		hold(600 * time.Millisecond)
		say(w, "yes")
	})
	if m := o.Latency; m == nil || (m.Provider.P50 != 580 || m.Last.P50 < 600 || m.Decisive.P50 > m.Last.P50-500) {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(o.Message, "less the model provider's share") {
		t.Error(o.Message)
	}
}

// TestBusyMachine: who sends late cannot time another.
func TestBusyMachine(t *testing.T) {
	o := askedWithin(t, -1, 200, false, func(w http.ResponseWriter, _ *http.Request) { say(w, "yes") })
	if o.Verdict != lr.Unknown || !strings.Contains(o.Message, "too busy") || o.Latency != nil {
		t.Errorf("got %s: %s", o.Verdict, o.Message)
	}
}

// hold is the time that a server takes.
func hold(d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	<-ctx.Done()
}
