package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests of this package speak to a real Harbor over HTTP.

var testKey = sync.OnceValues(NewKey) // one key for all servers: making it takes a moment

func signingKey(t testing.TB) *Key {
	t.Helper()
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// world is a running Harbor and a client of it.
type world struct {
	t testing.TB
	s *Server
	c *http.Client

	owner   testing.TB // who started it; its folders last as long
	tree    string     // where laid has written the repository; "" before
	crowded bool       // other flaws are on as well
	looking sync.Mutex // held while a test looks at a world that several share

	mu    sync.Mutex
	clock time.Time // what the server takes for now, when set
	users map[string]caller
}

// caller is a signed-in user, or nobody when it is zero.
type caller struct {
	header, value         string // the credential
	ID, TenantID, Refresh string
}

var anon caller

func start(t testing.TB, flaws ...string) *world {
	t.Helper()
	w := &world{t: t, owner: t, users: map[string]caller{}, crowded: len(flaws) > 1 || len(flaws) == 1 && flaws[0] == "all"}
	s, err := New(Options{Flaws: flaws, Seed: 1, Key: signingKey(t), Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.c.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	w.s = s
	w.c = &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w
}

// sees looks for a symptom on behalf of a test, which is not always the one that
// started the world.
func (w *world) sees(t *testing.T, show symptom) bool {
	t.Helper()
	w.looking.Lock()
	defer w.looking.Unlock()
	w.t = t
	return show(w)
}

// now is the server's clock; forward moves it.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clock.IsZero() {
		return time.Now()
	}
	return w.clock
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clock.IsZero() {
		w.clock = time.Now()
	}
	w.clock = w.clock.Add(d)
}

// alone runs what shows that a flaw is narrow: it holds while no other is on.
func (w *world) alone(f func()) {
	w.t.Helper()
	if !w.crowded {
		f()
	}
}

// answer is a reply, read to its end.
type answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   string
}

// as signs a seeded user in, once: as("member@acme.test").
func (w *world) as(email string) caller {
	w.t.Helper()
	if c, ok := w.users[email]; ok {
		return c
	}
	c := w.signIn(email, w.s.Password(email))
	w.users[email] = c
	return c
}

// signIn makes a new session.
func (w *world) signIn(email, password string) caller {
	w.t.Helper()
	a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": password}).want(200)
	return w.bearer(a.str("access_token"), a.str("refresh_token"))
}

func (w *world) bearer(access, refresh string) caller {
	w.t.Helper()
	c := caller{header: "Authorization", value: "Bearer " + access, Refresh: refresh}
	me := w.do(c, "GET", "/v1/me", nil).want(200)
	c.ID, c.TenantID = me.str("id"), me.str("tenant.id")
	return c
}

// do sends a request; a body is JSON unless it is an io.Reader. Headers are
// given as pairs.
func (w *world) do(c caller, method, path string, body any, headers ...string) *answer {
	w.t.Helper()
	var rd io.Reader
	switch b := body.(type) {
	case nil:
	case io.Reader:
		rd = b
	default:
		j, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		rd = bytes.NewReader(j)
	}
	r, err := http.NewRequest(method, w.s.URL+path, rd)
	if err != nil {
		w.t.Fatal(err)
	}
	if rd != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.header != "" {
		r.Header.Set(c.header, c.value)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.c.Do(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: read: %v", method, path, err)
	}
	a := &answer{t: w.t, Status: res.StatusCode, Header: res.Header, Body: string(b)}
	if len(w.s.flaws) == 0 {
		c, err := theContract()
		if err != nil {
			w.t.Fatal(err)
		}
		c.conforms(w.t, r, a)
	}
	return a
}

// request is one that the test sends itself.
func (w *world) request(c caller, path, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest("POST", w.s.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(c.header, c.value)
	return r
}

// want fails the test unless the status is one of these.
func (a *answer) want(statuses ...int) *answer {
	a.t.Helper()
	for _, s := range statuses {
		if a.Status == s {
			return a
		}
	}
	a.t.Fatalf("got status %d, want %v; body: %.300s", a.Status, statuses, a.Body)
	return a
}

// has fails the test unless the body contains the text.
func (a *answer) has(text string) *answer {
	a.t.Helper()
	if !strings.Contains(a.Body, text) {
		a.t.Errorf("body lacks %q: %.300s", text, a.Body)
	}
	return a
}

// lacks fails the test if the body contains the text.
func (a *answer) lacks(text string) *answer {
	a.t.Helper()
	if text == "" || strings.Contains(a.Body, text) {
		a.t.Errorf("body must not have %q: %.300s", text, a.Body)
	}
	return a
}

// get reads a value by its path in the JSON body: "data.0.id".
func (a *answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		a.t.Fatalf("body is not JSON: %.300s", a.Body)
	}
	for _, key := range strings.Split(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[key]
		case []any:
			i := 0
			for _, d := range key {
				i = i*10 + int(d-'0')
			}
			if i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// str reads a string by its path.
func (a *answer) str(path string) string {
	a.t.Helper()
	s, ok := a.get(path).(string)
	if !ok {
		a.t.Fatalf("no string at %q: %.300s", path, a.Body)
	}
	return s
}
