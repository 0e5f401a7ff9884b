package browser_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/browser"
)

// TestRead walks policies and cookies: what the script reads is Chromium's word.
func TestRead(t *testing.T) {
	reflect := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	none := func(http.ResponseWriter, *http.Request) {}
	star := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	const travels, stays = "sid=secret; Path=/; HttpOnly; Secure; SameSite=None", "sid=secret; Path=/; HttpOnly; SameSite=Lax"
	var mu sync.Mutex
	policy := none
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		p := policy
		mu.Unlock()
		p(w, r)
		if c, err := r.Cookie("sid"); err != nil || c.Value != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "private data for %s", r.Header.Get("Origin"))
	})
	for _, c := range []struct {
		name, origin, cookie string
		policy               func(http.ResponseWriter, *http.Request)
		readable             bool
		status               int
		body                 string
	}{
		{"reflected, the cookie travels", "https://evil.test", travels, reflect, true, 200, "private data for https://evil.test"},
		{"reflected, the cookie stays at home", "https://evil.test", stays, reflect, true, 401, ""},
		{"reflected, from a page without TLS", "http://evil.test", travels, reflect, true, 200, "private data for http://evil.test"},
		{"reflected, with a port", "https://evil.test:8443", travels, reflect, true, 200, "private data for https://evil.test:8443"},
		{"another port of the same host is the same site", "http://127.0.0.1:9", stays, reflect, true, 200, "private data for http://127.0.0.1:9"},
		{"null, from a sandboxed frame", "null", travels, reflect, true, 200, "private data for null"},
		{"no policy", "https://evil.test", travels, none, false, 0, ""},
		{"no policy, from a sandboxed frame", "null", travels, none, false, 0, ""},
		{"a wildcard with credentials", "https://evil.test", travels, star, false, 0, ""},
		{"a cookie for another domain", "https://evil.test", travels + "; Domain=other.test", reflect, true, 401, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			mu.Lock()
			policy = c.policy
			mu.Unlock()
			got, err := b.Read(t.Context(), lr.Visit{Origin: c.origin, URL: s.URL + "/v1/me", Cookies: cookies(c.cookie)})
			if err != nil {
				t.Fatal(err)
			}
			if got.Readable != c.readable || got.Status != c.status || string(got.Body) != c.body {
				t.Errorf("got readable %v, %d %q (%s), want %v, %d %q", got.Readable, got.Status, got.Body, got.Why, c.readable, c.status, c.body)
			}
			if !got.Readable && got.Why == "" {
				t.Error("nothing says why")
			}
			if !strings.Contains(got.Browser, "Chrom") {
				t.Errorf("the browser is %q", got.Browser)
			}
		})
	}
}

// TestSideBySide: visits at the same time have cookies of their own, and Close
// waits for them.
func TestSideBySide(t *testing.T) {
	const visits = 8
	var mu sync.Mutex
	at, most := 0, 0
	full := make(chan struct{})
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if at++; at > most {
			if most = at; most == 2 {
				close(full)
			}
		}
		mu.Unlock()
		select { // two are here at once, or nobody comes
		case <-full:
		case <-r.Context().Done():
		}
		mu.Lock()
		at--
		mu.Unlock()
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		var got []string
		for _, c := range r.Cookies() {
			got = append(got, c.Name+"="+c.Value)
		}
		fmt.Fprint(w, strings.Join(got, " "))
	})
	var all sync.WaitGroup
	for i := range visits {
		all.Go(func() {
			who := fmt.Sprintf("u%d=%d", i, i)
			got, err := b.Read(t.Context(), lr.Visit{Origin: fmt.Sprintf("https://evil%d.test", i), URL: s.URL + "/v1/me", Cookies: cookies(who + "; Secure; SameSite=None")})
			if err != nil {
				t.Errorf("%s: %v", who, err)
			} else if string(got.Body) != who {
				t.Errorf("%s: sent %q", who, got.Body)
			}
		})
	}
	all.Wait()
	if most > 4 {
		t.Errorf("%d visits at once, more than a browser is to make", most)
	}
}

// TestWebSocket opens sockets from another origin.
func TestWebSocket(t *testing.T) {
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: r.URL.Path != "/checked"})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		_, m, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if c, err := r.Cookie("sid"); err == nil && r.URL.Path == "/open" {
			_ = conn.Write(r.Context(), websocket.MessageText, []byte(c.Value+" hears "+string(m)))
		}
		_, _, _ = conn.Read(r.Context())
	})
	address := strings.Replace(s.URL, "http", "ws", 1)
	for _, c := range []struct {
		path     string
		readable bool
		status   int
		body     string
	}{
		{"/open", true, 101, "secret hears hello"},
		{"/silent", false, 101, ""},
		{"/checked", false, 0, ""},
	} {
		t.Run(c.path, func(t *testing.T) {
			got, err := b.Read(t.Context(), lr.Visit{Origin: "https://evil.test", URL: address + c.path, Send: []string{"hello", "again"},
				Cookies: cookies("sid=secret; Secure; SameSite=None")})
			if err != nil {
				t.Fatal(err)
			}
			if got.Readable != c.readable || got.Status != c.status || string(got.Body) != c.body {
				t.Errorf("got %+v, body %q", got, got.Body)
			}
		})
	}
}

// TestSecureTarget reads a target with TLS, where a certificate is not trusted.
func TestSecureTarget(t *testing.T) {
	bin := binary(t)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		fmt.Fprint(w, "private data ", len(r.Cookies()))
	}))
	t.Cleanup(s.Close)
	got, err := open(t, bin, s).Read(t.Context(), lr.Visit{Origin: "https://evil.test", URL: s.URL + "/", Cookies: cookies("sid=1; Secure; SameSite=None")})
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Body) != "private data 1" {
		t.Errorf("got %+v", got)
	}
}

// TestNothingElseIsAsked has a page try hosts that are not the target's.
func TestNothingElseIsAsked(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		asked++
		mu.Unlock()
	}))
	t.Cleanup(other.Close)
	b, s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/stolen", http.StatusFound)
	})
	got, err := b.Read(t.Context(), lr.Visit{Origin: "https://evil.test", URL: s.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Readable {
		t.Errorf("a redirect to another host was followed: %q", got.Body)
	}
	for _, address := range []string{other.URL + "/", "https://example.com/", "file:///etc/passwd", strings.Replace(s.URL, "http", "https", 1)} {
		if _, err := b.Read(t.Context(), lr.Visit{Origin: "https://evil.test", URL: address}); !errors.Is(err, lr.ErrScope) {
			t.Errorf("%s: got %v, want a refusal", address, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked != 0 {
		t.Errorf("another host was asked %d times", asked)
	}
}

func TestReadRefusesOrigins(t *testing.T) {
	b, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, origin := range []string{"", "evil.test", "https://evil.test/path", "https://user@evil.test", "file://", "chrome://version", "https://evil.test?x"} {
		if _, err := b.Read(t.Context(), lr.Visit{Origin: origin, URL: s.URL}); err == nil {
			t.Errorf("%q was taken for an origin", origin)
		}
	}
}

func TestClosedBrowserReadsNothing(t *testing.T) {
	b, s := serve(t, func(http.ResponseWriter, *http.Request) {})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), lr.Visit{Origin: "https://evil.test", URL: s.URL}); err == nil {
		t.Error("a closed browser read")
	}
}

func TestFind(t *testing.T) {
	if _, err := browser.Find("/no/such/chromium"); err == nil || errors.Is(err, browser.ErrNone) || !strings.Contains(err.Error(), "LAUNCHREADY_CHROMIUM") {
		t.Errorf("got %v, want an error that names the variable", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := browser.Find(""); !errors.Is(err, browser.ErrNone) {
		t.Errorf("got %v, want %v", err, browser.ErrNone)
	}
}
