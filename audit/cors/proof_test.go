package cors

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	lr "github.com/launchready/launchready"
	real "github.com/launchready/launchready/probe/browser"
)

// browser says what a real one might: it is for the answers that a real one
// cannot be made to give.
type browser struct {
	t    *testing.T
	give func(lr.Visit) (*lr.Sighting, error)

	mu     sync.Mutex
	visits []lr.Visit
}

func (b *browser) Read(_ context.Context, v lr.Visit) (*lr.Sighting, error) {
	b.mu.Lock()
	b.visits = append(b.visits, v)
	b.mu.Unlock()
	if b.give == nil {
		b.t.Error("the browser was asked")
		return nil, errors.New("not to be asked")
	}
	return b.give(v)
}

func (b *browser) Stay(context.Context, lr.Sojourn) (*lr.Kept, error) {
	b.t.Error("the browser was asked for the target's own page")
	return nil, errors.New("not to be asked")
}

// TestBrowserHasTheLastWord has the fields let a page in, and a browser say
// what comes of it.
func TestBrowserHasTheLastWord(t *testing.T) {
	reflect := express(func(o string) string { return o }, true)
	for _, c := range []struct {
		name string
		give func(lr.Visit) (*lr.Sighting, error)
		want string
		says string
	}{
		{"it reads nothing", func(lr.Visit) (*lr.Sighting, error) {
			return &lr.Sighting{Browser: "Chrome/1", Why: "TypeError: Failed to fetch"}, nil
		}, "suspected", "Failed to fetch"},
		{"it is not signed in", func(lr.Visit) (*lr.Sighting, error) {
			return &lr.Sighting{Browser: "Chrome/1", Readable: true, Status: 401, Body: []byte(`{"error":"sign in"}`)}, nil
		}, "suspected", "401 without the customer's data"},
		{"it does not start", func(lr.Visit) (*lr.Sighting, error) { return nil, errors.New("no sandbox") }, "high", "the fields of the reply decide: no sandbox"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTrial(t, &app{policy: reflect, cookie: travelling})
			b := &browser{t: t, give: c.give}
			tr.Browser = b
			os := tr.ask(t, reflectedOrigin)
			if got := worst(os); got != c.want {
				t.Errorf("got %s, want %s%s", got, c.want, lines(os))
			}
			said := ""
			for _, o := range os {
				if o.Verdict == lr.Failed && len(o.Evidence.Witness) > 0 {
					said += strings.Join(o.Evidence.Records, "\n")
					if c.want == "suspected" && o.Confidence != lr.Suspected {
						t.Errorf("a browser read nothing, and it is still confirmed: %s", o.Message)
					}
				}
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("the evidence says %q, want %q", said, c.says)
			}
			if len(b.visits) > proofs {
				t.Errorf("the browser was asked %d times, want at most %d", len(b.visits), proofs)
			}
			for _, v := range b.visits {
				if v.Origin != foreign || !strings.HasPrefix(v.URL, tr.base) || len(v.Cookies) != 1 || !strings.HasPrefix(v.Cookies[0].Reveal(), "sid=") {
					t.Errorf("got the visit %+v", v)
				}
			}
		})
	}
}

// TestProofsGoSideBySide: each visit waits for the other one, as long as the test
// may take.
func TestProofsGoSideBySide(t *testing.T) {
	tr := newTrial(t, &app{policy: express(func(o string) string { return o }, true), cookie: travelling})
	var both sync.WaitGroup
	both.Add(proofs)
	tr.Browser = &browser{t: t, give: func(lr.Visit) (*lr.Sighting, error) {
		both.Done()
		both.Wait()
		return nil, errors.New("no sandbox")
	}}
	if got := worst(tr.ask(t, reflectedOrigin)); got != "high" {
		t.Errorf("got %s, want high%s", got, lines(tr.out))
	}
}

// TestBrowserIsNotAskedWithoutCause runs the row where there is nothing to prove.
func TestBrowserIsNotAskedWithoutCause(t *testing.T) {
	for name, a := range map[string]*app{
		"a right policy":                {policy: express(in(frontEnd), true), cookie: travelling},
		"nothing is ambient":            {policy: express(func(o string) string { return o }, true)},
		"the cookie stays":              {policy: express(func(o string) string { return o }, true), cookie: "SameSite=Lax"},
		"nothing but a fault of caches": {policy: nginx(`^https://app\.acme-desk\.com$`), cookie: travelling, caching: "max-age=60"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTrial(t, a)
			tr.Browser = &browser{t: t}
			for _, c := range Row().Checks {
				if c.Needs&lr.Repository != 0 {
					continue // it asks the source, and no application
				}
				tr.ask(t, c)
			}
		})
	}
}

// chromium gives the trial a real browser; without one the test is skipped.
func (tr *trial) chromium(t *testing.T) {
	t.Helper()
	bin, err := real.Find(os.Getenv("LAUNCHREADY_CHROMIUM"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI the proof must be driven: make test installs one", err)
		}
		t.Skipf("%v: the proof is not driven", err)
	}
	b, err := real.New(real.Options{Binary: bin, Base: tr.Target.Base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	tr.Browser = b
}

// TestProvedInChromium has the real thing read a reply and a socket, and say no
// where the fields and the cookie's attributes leave it open.
func TestProvedInChromium(t *testing.T) {
	tr := newTrial(t, &app{policy: express(func(o string) string { return o }, true), cookie: travelling, open: func(*http.Request) bool { return true }})
	tr.chromium(t)
	for _, c := range []*lr.Check{reflectedOrigin, websocketOrigin} {
		proved := false
		for _, o := range tr.ask(t, c) {
			for _, r := range o.Evidence.Records {
				proved = proved || o.Confidence == lr.Confirmed && strings.Contains(r, "Chrome/")
			}
		}
		if !proved {
			t.Errorf("%s: no script of a browser's proved it%s", c.ID, lines(tr.out))
		}
	}
	for _, o := range tr.out {
		for _, x := range o.Evidence.Exchanges {
			if strings.Contains(x.Note, "Chrome") && (x.Status != 101 || len(x.Body) == 0) {
				t.Errorf("the script's view is %d %q", x.Status, x.Body)
			}
		}
	}
}

// TestChromiumContradicts has a target that the fields alone would convict: it
// serves the cookie's owner only to requests that no browser makes.
func TestChromiumContradicts(t *testing.T) {
	a := &app{cookie: travelling}
	reflect := express(func(o string) string { return o }, true)
	a.policy = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Ch-Ua") != "" {
			w.WriteHeader(http.StatusForbidden) // a resource isolation policy of its own
			return true
		}
		return reflect(w, r)
	}
	tr := newTrial(t, a)
	tr.chromium(t)
	for _, o := range tr.ask(t, reflectedOrigin) {
		if len(o.Evidence.Witness) > 0 && o.Confidence != lr.Suspected {
			t.Errorf("the browser read nothing, and it is still confirmed: %s", o.Message)
		}
	}
	if !strings.Contains(lines(tr.out), "suspected") {
		t.Errorf("nothing is suspected%s", lines(tr.out))
	}
}
