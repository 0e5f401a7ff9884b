package input

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRegexDenialOnABusyMachine: answers that wait for a processor now and then hide no
// text whose time grows faster than its length, and make none of one that is quick.
func TestRegexDenialOnABusyMachine(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	quick := func(int) time.Duration { return 0 }
	squared := func(n int) time.Duration { return 240 * ms * time.Duration(n*n) / (16 << 10 * 16 << 10) }
	none := func(bool, int, int) time.Duration { return 0 }
	firsts := func(hard bool, most int) func(bool, int, int) time.Duration {
		return func(h bool, _, asked int) time.Duration {
			if h == hard && asked <= most {
				return 50 * ms
			}
			return 0
		}
	}
	const screens = 4 << 10 // the length of a gap that decides whether more is asked
	hidden := func(hard bool, n, asked int) time.Duration {
		if hard || n != screens || asked > 3 {
			return 0
		}
		return time.Duration(asked) * 40 * ms
	}
	for name, tc := range map[string]struct {
		gap    func(n int) time.Duration                   // what a gap of that length takes
		waits  func(hard bool, n, asked int) time.Duration // and how much longer the answer to a text of that length comes when it is asked once more
		failed bool
	}{
		"squared": {squared, none, true},
		"and the first plain one of each length waits":       {squared, firsts(false, 1), true},
		"and the first two plain ones wait":                  {squared, firsts(false, 2), true},
		"and all plain ones wait at the length that screens": {squared, hidden, true},
		"quick":                                {quick, none, false},
		"quick, and the first plain ones wait": {quick, firsts(false, 2), false},
		"quick, and all plain ones wait there": {quick, hidden, false},
		"quick, and the first hard ones wait":  {quick, firsts(true, 2), false},
		"quick, and all hard ones wait at one length": {quick, func(hard bool, n, _ int) time.Duration {
			if hard && n == screens {
				return 50 * ms
			}
			return 0
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			came := map[string]int{}
			v := putHostile(t, "input/regex-denial", hostileTrial(t, gapped(func(title string) {
				gap, long := strings.Count(title, " "), len(title)-len("lrlr")
				hard := gap > 0 || strings.HasPrefix(title, "aa")
				mu.Lock()
				came[fmt.Sprint(hard, long)]++
				asked := came[fmt.Sprint(hard, long)]
				mu.Unlock()
				time.Sleep(tc.gap(gap) + tc.waits(hard, long, asked))
			})))
			if tc.failed {
				v.wants(t, "POST /notes")
			} else {
				v.wants(t)
			}
		})
	}
}

// TestRegexDenialUnscreened: a door whose screening was cut short is open, however much
// was answered before.
func TestRegexDenialUnscreened(t *testing.T) {
	t.Parallel()
	a := gapped(func(string) {})
	tr := hostileTrial(t, a)
	a.front = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.ContentLength < 4<<10 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	if v := putHostile(t, "input/regex-denial", tr); !slices.Contains(v.open, "POST /notes") || slices.Contains(v.passed, "POST /notes") || len(v.failed) > 0 {
		t.Errorf("want POST /notes open:\n%s", v.says)
	}
}

// gapped is an application that does something with each title before it keeps it.
func gapped(judge func(title string)) *hostileApp {
	a := newHostileApp()
	a.on(`POST /notes {"title":"hello"}`, func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Title string }
		b, err := io.ReadAll(r.Body)
		if err == nil && json.Unmarshal(b, &in) == nil {
			judge(in.Title)
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		a.make(w, r, func(title string) string { return title })
	})
	return a
}
