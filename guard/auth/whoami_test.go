package auth_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
)

// TestWhoAmIByPost: an application that says who is signed in to a POST only is asked so,
// for its tokens and for its sessions, with the credential and without a body.
func TestWhoAmIByPost(t *testing.T) {
	var asked, status atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		b, _ := io.ReadAll(r.Body)
		_, key := r.Header["Idempotency-Key"]
		known := r.Header.Get("Authorization") == "Bearer right-token" || r.Header.Get("Cookie") == "sid=right"
		switch code := int(status.Load()); {
		case r.Method != http.MethodPost:
			w.WriteHeader(http.StatusNotFound)
		case len(b) > 0 || r.ContentLength != 0 || key || r.Header.Get("Origin") != "":
			w.WriteHeader(http.StatusInternalServerError)
		case !known:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"result":{"id":"ann","org":"acme"}}`)
		}
	}))
	t.Cleanup(app.Close)
	s := newStand(t)
	for kind, c := range map[string]struct {
		name, right, wrong string
		with               func(fill func(*auth.WhoAmI)) auth.Options
	}{
		"bearer": {"Authorization", "Bearer right-token", "Bearer wrong-token", func(fill func(*auth.WhoAmI)) auth.Options {
			b := &auth.Bearer{Header: "Authorization", Scheme: "Bearer"}
			fill(&b.WhoAmI)
			return auth.Options{Bearer: b}
		}},
		"session": {"Cookie", "sid=right", "sid=wrong", func(fill func(*auth.WhoAmI)) auth.Options {
			b := &auth.Session{Cookie: "sid", Origins: http.NewCrossOriginProtection()}
			fill(&b.WhoAmI)
			return auth.Options{Session: b}
		}},
	} {
		for _, method := range []string{"POST", ""} {
			o := c.with(func(w *auth.WhoAmI) {
				w.URL, w.Method, w.Subject, w.Tenant, w.Cache = app.URL+"/me", method, "result.id", "result.org", 10*time.Second
			})
			o.Now = s.clock
			var who *guard.Principal
			h := s.guard(auth.New(o), told{&who})
			status.Store(200)
			want := map[string]int{"POST": 200, "": 401}[method]
			before := asked.Load()
			for range 3 {
				if got, _ := s.ask(h, "GET", "/x", "", c.name, c.right); got != want {
					t.Errorf("%s by %q: %d, want %d", kind, method, got, want)
				}
			}
			if method == "" {
				continue
			}
			if n := asked.Load() - before; n != 1 || who == nil || who.Subject != "ann" || who.Tenant != "acme" {
				t.Errorf("%s: %+v after %d questions", kind, who, n)
			}
			if got, _ := s.ask(h, "GET", "/x", "", c.name, c.wrong); got != 401 {
				t.Errorf("%s, wrong: %d", kind, got)
			}
			if got, _ := s.ask(h, "POST", "http://example.com/x", "", c.name, c.right, "Sec-Fetch-Site", "cross-site"); got != map[string]int{"bearer": 200, "session": 403}[kind] {
				t.Errorf("%s, of another page: %d", kind, got)
			}
			for code, want := range map[int]int{201: 200, 204: 503, 500: 503, 403: 401} {
				s.now = s.now.Add(11 * time.Second) // what was verified is forgotten
				status.Store(int32(code))
				if got, _ := s.ask(h, "GET", "/x", "", c.name, c.right); got != want {
					t.Errorf("%s, answered %d: %d, want %d", kind, code, got, want)
				}
			}
			s.now = s.now.Add(11 * time.Second)
		}
	}
}

// TestWhoAmIOnAClosedConnection: a connection that was kept and that the application
// closes is no outage: it is asked again on another, by POST too.
func TestWhoAmIOnAClosedConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var asked atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // each connection answers once, reads the next question and ends
				defer c.Close()
				in := bufio.NewReader(c)
				for n := range 2 {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					asked.Add(1)
					if n == 0 && r.Method == http.MethodPost {
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"+`{"id":"ann"}`)
					}
				}
			}()
		}
	}()
	s := newStand(t)
	h := s.guard(auth.New(auth.Options{Now: s.clock, Bearer: &auth.Bearer{Header: "Authorization", Scheme: "Bearer",
		WhoAmI: auth.WhoAmI{URL: "http://" + l.Addr().String() + "/me", Method: "POST", Subject: "id", Client: &http.Client{Transport: &http.Transport{}}}}}))
	var got []int
	for range 3 {
		code, _ := s.ask(h, "GET", "/x", "", "Authorization", "Bearer right-token")
		got = append(got, code)
	}
	if !slices.Equal(got, []int{200, 200, 200}) || asked.Load() < 4 {
		t.Errorf("%v after %d questions", got, asked.Load())
	}
}
