package audit

import (
	"context"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// hall is a listener by hand.
type hall struct {
	next int
	hits map[string][]lr.Hit
}

func (h *hall) Bait(lr.Page) lr.Bait {
	h.next++
	return lr.Bait{Nonce: strings.Repeat("n", h.next)}
}
func (h *hall) Hits(n string) []lr.Hit                    { return h.hits[n] }
func (h *hall) Wait(_ context.Context, n string) []lr.Hit { return h.hits[n] }

func TestSweep(t *testing.T) {
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	hit := lr.Hit{Nonce: "n", Kind: "http", From: "10.0.0.9", At: noon.Add(20 * time.Second), Line: "GET /cb/n"}
	for _, tc := range []struct {
		name          string
		during, after map[string][]lr.Hit
		verdict       lr.Verdict
		want          int
	}{
		{"late", nil, map[string][]lr.Hit{"n": {hit}}, lr.Passed, 1},
		{"nothing came", nil, nil, lr.Passed, 0},
		{"it came in time, and again", map[string][]lr.Hit{"n": {hit}}, map[string][]lr.Hit{"n": {hit, hit}}, lr.Passed, 0},
		{"an address of nobody's", nil, map[string][]lr.Hit{"zzz": {hit}}, lr.Passed, 0},
		{"the check found it already", nil, map[string][]lr.Hit{"n": {hit}}, lr.Failed, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &hall{hits: tc.during}
			e := &ear{Listener: h, now: func() time.Time { return noon }}
			e.Bait(lr.Page{})
			e.end()
			h.hits = tc.after
			c := &lr.Check{ID: "model/x"}
			res := &result{check: c, outcomes: []lr.Outcome{{Verdict: tc.verdict, Confidence: lr.Confirmed}}}
			r := &run{results: map[string]*result{c.ID: res}, ears: map[string]*ear{c.ID: e}}
			r.sweep()
			got := res.outcomes[1:]
			if len(got) != tc.want {
				t.Fatalf("got %+v", got)
			}
			if tc.want > 0 && (got[0].Confidence != lr.Suspected || !strings.HasPrefix(got[0].Message, "20s after") || !strings.Contains(got[0].Evidence.Records[0], "10.0.0.9")) {
				t.Errorf("got %+v", got[0])
			}
		})
	}
}
