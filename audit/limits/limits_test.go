package limits

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

func TestToldToWait(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, field, value string
		want               time.Duration
		ok                 bool
	}{
		{"nothing", "X-Other", "1", 0, false},
		{"seconds", "Retry-After", "7", 7 * time.Second, true},
		{"a date", "Retry-After", "Fri, 01 May 2026 12:00:30 GMT", 30 * time.Second, true},
		{"a date that is over", "Retry-After", "Fri, 01 May 2020 12:00:30 GMT", 0, true},
		{"nonsense", "Retry-After", "soon", 0, false},
		{"negative", "Retry-After", "-3", 0, false},
		{"reset in seconds", "X-RateLimit-Reset", "12", 12 * time.Second, true},
		{"reset at a moment", "X-RateLimit-Reset", "1777636860", time.Minute, true},
		{"structured", "RateLimit", `"user";r=0;t=12`, 12 * time.Second, true},
		{"structured without a time", "RateLimit", `"user";r=0`, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := toldToWait(http.Header{http.CanonicalHeaderKey(c.field): {c.value}}, now)
			if got != c.want || ok != c.ok {
				t.Errorf("got %s %v, want %s %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func FuzzToldToWait(f *testing.F) {
	f.Add("1", `"user";r=0;t=12`)
	f.Fuzz(func(t *testing.T, after, limit string) {
		d, ok := toldToWait(http.Header{"Retry-After": {after}, "Ratelimit": {limit}}, time.Unix(0, 0))
		if d < 0 || !ok && d != 0 {
			t.Errorf("%q %q: %s %v", after, limit, d, ok)
		}
	})
}

// TestSpellings: each is another text for what a tolerant router takes for the
// same address.
func TestSpellings(t *testing.T) {
	seen := map[string]bool{"/v1/ask": true}
	for _, s := range spellings {
		if s.of == nil {
			continue
		}
		got := s.of("/v1/ask")
		if seen[got] || !strings.HasPrefix(got, "/") {
			t.Errorf("%s: got %q", s.name, got)
		}
		seen[got] = true
	}
	for in, want := range map[string]string{"/v1/ask": "/v1/as%6B", "/1/2": "/1/2", "/a%2f": "/%61%2f"} {
		if got := encodedLetter(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestTally(t *testing.T) {
	x := func(status int, after string) *lr.Exchange {
		h := http.Header{}
		if after != "" {
			h.Set("Retry-After", after)
		}
		return &lr.Exchange{Status: status, Header: h}
	}
	b := &tally{}
	for _, c := range []struct {
		x    *lr.Exchange
		good bool
	}{{x(200, ""), true}, {x(200, ""), false}, {x(429, ""), false}, {x(503, "1"), false}, {x(503, ""), false}, {nil, false}} {
		b.add(c.x, c.good)
	}
	if b.sent != 6 || b.taken != 1 || b.refused != 2 || b.broken != 3 || !b.limited() {
		t.Errorf("got %+v", b)
	}
	if got := b.String(); got != "1 of 6 taken, 2 refused, 3 without an answer" {
		t.Errorf("got %q", got)
	}
	for _, c := range []struct {
		name        string
		plain, with tally
		want        bool
	}{
		{"passed by", tally{sent: 4, refused: 4}, tally{sent: 4, taken: 4}, true},
		{"both refused", tally{sent: 4, refused: 4}, tally{sent: 4, refused: 4}, false},
		{"the limit was over", tally{sent: 4, taken: 4}, tally{sent: 4, taken: 4}, false},
		{"once by luck", tally{sent: 4, refused: 4}, tally{sent: 4, taken: 1, refused: 3}, false},
		{"never asked", tally{}, tally{}, false},
	} {
		if got := passes(&c.plain, &c.with); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// A window that ends in the midst of a burst hides no limit, and a limit that is
// not there stays so.
func TestUnbroken(t *testing.T) {
	for _, c := range []struct {
		name    string
		allowed int // of the second window; the first ends after six
		limited bool
		sent    int
	}{{"a window ended", 8, true, 10}, {"no limit", 100, false, 10}, {"at once", 0, true, 10}} {
		var mu sync.Mutex
		n := 0
		b, err := unbroken(t.Context(), 10, func(context.Context, int) (*lr.Exchange, bool, error) {
			mu.Lock()
			defer mu.Unlock()
			n++
			if n > 6+c.allowed {
				return &lr.Exchange{Status: http.StatusTooManyRequests}, false, nil
			}
			return &lr.Exchange{Status: http.StatusUnauthorized}, true, nil
		})
		if err != nil || b.limited() != c.limited || b.sent != c.sent {
			t.Errorf("%s: got %s, %v", c.name, b, err)
		}
	}
}

func TestIDOf(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"a"}`: "a", `{"data":{"id":"b"}}`: "b", `{"id":12}`: "12", `{"uuid":"u"}`: "u", `[]`: "", `nope`: "", `{"id":{}}`: "", ``: "",
	} {
		if got := idOf(&lr.Exchange{Body: []byte(body)}); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	if got := string(altered([]byte(`{"n":1,"title":"x"}`))); got != `{"n":1,"title":"x again"}` {
		t.Errorf("got %s", got)
	}
	if got := string(altered([]byte(`nope`))); got != "nope" {
		t.Errorf("got %s", got)
	}
}

func TestLongest(t *testing.T) {
	for body, want := range map[string]int{`[1,2,3]`: 3, `{"data":[{"a":[]},{}]}`: 2, `{}`: 0, `x`: 0, `{"a":{"b":[1]}}`: 1} {
		if got := longest([]byte(body)); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
}

func TestResetRoute(t *testing.T) {
	schema := func(names ...string) *lr.Body {
		p := map[string]*lr.Schema{}
		for _, n := range names {
			p[n] = &lr.Schema{Type: "string"}
		}
		return &lr.Body{Schema: &lr.Schema{Properties: p}}
	}
	routes := []*lr.Route{
		{Method: "POST", Path: "/auth/reset", Body: schema("token", "password")},
		{Method: "POST", Path: "/users/{id}/reset", Body: schema("email")},
		{Method: "POST", Path: "/newsletter", Body: schema("email")},
		{Method: "POST", Path: "/auth/forgot", Body: schema("email")},
	}
	if rt, field := resetRoute(&lr.Target{Routes: routes}); rt != routes[3] || field != "email" {
		t.Errorf("got %v %q", rt, field)
	}
	if rt, _ := resetRoute(&lr.Target{Routes: routes[:3]}); rt != nil {
		t.Errorf("got %v, want none", rt)
	}
}
