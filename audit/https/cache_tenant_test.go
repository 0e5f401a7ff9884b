package https

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// keeper is an application that keeps the owner's answer for whoever asks next.
type keeper struct {
	deaf   bool // it gives what it keeps to who asks for what is fresh
	passes bool // it makes that anew, and keeps the old answer
	empty  bool // it keeps nothing
	busy   int  // the answer that says so, from the first on

	mu    sync.Mutex
	asked int
	had   bool // it has forgotten
}

const ownersAnswer = "the owner's 5f0c2e91"

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked++
	fresh := r.Header.Get("Cache-Control") == "no-cache"
	switch {
	case k.busy == k.asked:
		w.WriteHeader(http.StatusServiceUnavailable)
	case k.empty, k.had, fresh && !k.deaf:
		k.had = k.had || fresh && !k.passes
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = io.WriteString(w, ownersAnswer)
	}
}

// TestItself: a cache of the application's own is told from the edge's, which is blamed
// for what it keeps alone, and for nothing where it cannot be seen.
func TestItself(t *testing.T) {
	for name, c := range map[string]struct {
		app  *keeper
		edge bool // it keeps the owner's answer as well
		own  bool
		err  error
	}{
		"the edge's alone":                     {&keeper{empty: true}, true, false, nil},
		"the application's alone":              {&keeper{}, false, true, nil},
		"both":                                 {&keeper{}, true, false, nil},
		"the application's hears nothing":      {&keeper{deaf: true}, false, false, errOwnCache},
		"nor is the edge's seen behind it":     {&keeper{deaf: true}, true, false, errOwnCache},
		"the application's passes it by":       {&keeper{passes: true}, false, false, errOwnCache},
		"it is busy when it is asked first":    {&keeper{busy: 1}, true, false, errBusy},
		"when it is asked for what is fresh":   {&keeper{busy: 2}, true, false, errBusy},
		"when it is asked once more":           {&keeper{busy: 3}, true, false, errBusy},
		"the edge is busy when all is settled": {&keeper{busy: 4}, false, false, errBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := servers(t, c.app.ServeHTTP, func(w http.ResponseWriter, r *http.Request) {
				if c.edge {
					_, _ = io.WriteString(w, ownersAnswer)
					return
				}
				c.app.ServeHTTP(w, r)
			})
			base, err := url.Parse("http://" + n.plain)
			if err != nil {
				t.Fatal(err)
			}
			client, err := probe.New(probe.Options{Base: base, Retries: -1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			tr := &lr.Trial{HTTP: client, Memo: &lr.Memo{}, Now: time.Now, Target: &lr.Target{Base: base, Domain: &lr.DomainAccess{Name: "a.test", Network: n}}}
			own, err := itself(t.Context(), tr, &gate{host: "a.test"}, []string{ownersAnswer}, "/v1/notes", nil)
			if own != c.own || !errors.Is(err, c.err) {
				t.Errorf("got %v, %v, want %v, %v", own, err, c.own, c.err)
			}
		})
	}
}
