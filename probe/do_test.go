package probe_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]probe.Options{
		"no base":       {},
		"relative base": {Base: &url.URL{Path: "/api"}},
		"other scheme":  {Base: &url.URL{Scheme: "ftp", Host: "h"}},
		"user in base":  {Base: &url.URL{Scheme: "https", Host: "h", User: url.UserPassword("u", "hunter22")}},
		"bad scope":     {Base: &url.URL{Scheme: "https", Host: "h"}, Scope: []string{"https://h/x"}},
		"bad resolve":   {Base: &url.URL{Scheme: "https", Host: "h"}, Resolve: map[string]string{"h": "127.0.0.1"}},
		"no CA file":    {Base: &url.URL{Scheme: "https", Host: "h"}, CAFile: "testdata/none.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := probe.New(o)
			if err == nil {
				t.Fatal("got a client, want an error")
			}
			if strings.Contains(err.Error(), "hunter22") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}

func TestPathIsSentByteForByte(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.RequestURI) })
	for _, tc := range []struct{ name, base, path, want string }{
		{"plain", "", "/v1/chats/1?x=y", "/v1/chats/1?x=y"},
		{"dot segments", "", "/a/../b/./c", "/a/../b/./c"},
		{"encoded dots", "", "/a/%2e%2E/b", "/a/%2e%2E/b"},
		{"encoded slash", "", "/a%2Fb%2fc", "/a%2Fb%2fc"},
		{"double slash inside", "", "/a//b", "/a//b"},
		{"double slash first", "", "//a//b?q=%20", "//a//b?q=%20"},
		{"triple slash", "", "///x", "///x"},
		{"needless escape", "", "/%61?%41=%42", "/%61?%41=%42"},
		{"empty query", "", "/a?", "/a?"},
		{"semicolon and quotes", "", "/a;b='c'", "/a;b='c'"},
		{"utf-8 raw", "", "/é", "/é"},
		{"backslash", "", `/a\b`, `/a\b`},
		{"no slash first", "", "a", "/a"},
		{"below a base path", "/api/", "/v1", "/api/v1"},
		{"base path with escape", "/a%2Fb", "/v1", "/a%2Fb/v1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := client(t, probe.Options{Base: parse(t, base.String()+tc.base)})
			x := do(t, c, nil, get(tc.path))
			if got := string(x.Body); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if want := base.String() + tc.want; x.URL != want {
				t.Errorf("recorded URL: got %q, want %q", x.URL, want)
			}
		})
	}
}

func TestPathWithControlCharacterIsRefused(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("a request went out") })
	c := client(t, probe.Options{Base: base})
	for _, p := range []string{"/a\r\nX: y", "/a\x00", "/\x7f"} {
		if _, err := c.Do(t.Context(), nil, get(p)); err == nil {
			t.Errorf("%q: got no error", p)
		}
	}
	if n := c.Requests(); n != 0 {
		t.Errorf("counted %d requests, want 0", n)
	}
}

func TestExchangeRecords(t *testing.T) {
	var seen http.Header
	var host string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen, host = r.Header.Clone(), r.Host
		b, _ := io.ReadAll(r.Body)
		w.Header().Add("Set-Cookie", "a=1; HttpOnly")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s", r.Method, b)
	})
	var told []*lr.Exchange
	rt := &lr.Route{Method: "POST", Path: "/v1/chats"}
	c := client(t, probe.Options{Base: base, Version: "1.2.3", Run: "r42", Header: http.Header{"x-fixed": {"yes"}},
		OnExchange: func(x *lr.Exchange) { told = append(told, x) }})
	x := do(t, c, bearer("acme_member", "tok-123456789"), &lr.Request{Method: "POST", Path: "/v1/chats", Body: []byte(`{"t":"x"}`), Host: "other.test",
		Header: http.Header{"Content-Type": {"application/json"}}, Route: rt, Note: "owner control"})

	for name, want := range map[string]string{"User-Agent": "launchready/1.2.3 (run r42)", "X-Launchready-Run": "r42", "X-Fixed": "yes",
		"Authorization": "Bearer tok-123456789", "Content-Type": "application/json"} {
		if got := seen.Get(name); got != want {
			t.Errorf("sent %s: got %q, want %q", name, got, want)
		}
	}
	if host != "other.test" {
		t.Errorf("Host: got %q, want other.test", host)
	}
	if x.As != "acme_member" || x.Note != "owner control" || x.Route != rt || x.Method != "POST" || x.Status != 418 || x.Proto != "HTTP/1.1" || x.Attempts != 1 {
		t.Errorf("got %+v", x)
	}
	if string(x.Body) != `POST {"t":"x"}` || string(x.Sent) != `{"t":"x"}` || x.Truncated {
		t.Errorf("bodies: got %q sent %q truncated %v", x.Body, x.Sent, x.Truncated)
	}
	if got := x.Request.Get("Authorization"); got != "Bearer [secret]" {
		t.Errorf("recorded Authorization: got %q", got)
	}
	if got := x.Header["Set-Cookie"]; len(got) != 2 {
		t.Errorf("Set-Cookie: got %q, want both", got)
	}
	if x.FirstByte <= 0 || x.Took < x.FirstByte || x.Started.IsZero() {
		t.Errorf("times: started %v first %v took %v", x.Started, x.FirstByte, x.Took)
	}
	if len(told) != 1 || told[0] != x || c.Requests() != 1 || c.Bytes() != int64(len(x.Body)) {
		t.Errorf("told %d, requests %d, bytes %d", len(told), c.Requests(), c.Bytes())
	}
}

func TestCredentialPlaces(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s", r.Header.Get("X-API-Key"), r.Header.Get("Cookie"), r.URL.RawQuery)
	})
	c := client(t, probe.Options{Base: base})
	secret := func(k, v string) map[string]lr.Secret { return map[string]lr.Secret{k: lr.NewSecret(v)} }
	for _, tc := range []struct {
		name string
		cred lr.Credential
		r    *lr.Request
		want string
	}{
		{"header", lr.Credential{Header: secret("x-api-key", "sekret-value-1")}, get("/"), "sekret-value-1||"},
		{"header replaces what the check set", lr.Credential{Header: secret("X-API-Key", "sekret-value-1")},
			&lr.Request{Method: "GET", Path: "/", Header: http.Header{"x-api-key": {"mine"}}}, "sekret-value-1||"},
		{"cookie", lr.Credential{Cookie: secret("sid", "sekret-value-2")}, get("/"), "|sid=sekret-value-2|"},
		{"cookie beside others", lr.Credential{Cookie: secret("sid", "sekret-value-2")},
			&lr.Request{Method: "GET", Path: "/", Header: http.Header{"Cookie": {"lang=en; sid=old"}}}, "|lang=en; sid=sekret-value-2|"},
		{"query", lr.Credential{Query: secret("key", "sekret value/3")}, get("/"), "||key=sekret+value%2F3"},
		{"query beside others", lr.Credential{Query: secret("key", "sekret-value-3")}, get("/?a=b"), "||a=b&key=sekret-value-3"},
		{"short value", lr.Credential{Cookie: secret("s", "zq")}, get("/"), "|s=zq|"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := do(t, c, &lr.Account{Credential: tc.cred}, tc.r)
			if got := string(x.Body); got != tc.want {
				t.Errorf("sent: got %q, want %q", got, tc.want)
			}
			rec := x.URL + fmt.Sprint(x.Request)
			if !strings.Contains(rec, "[secret]") {
				t.Errorf("record shows no mask: %s", rec)
			}
			for _, bad := range []string{"sekret", "s=zq"} {
				if strings.Contains(rec, bad) {
					t.Errorf("record shows the credential: %s", rec)
				}
			}
		})
	}
}

func TestOwnCredentialOfARequest(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "auth=%q", r.Header.Values("Authorization"))
	})
	c := client(t, probe.Options{Base: base})
	r := get("/")
	r.Credential = &lr.Credential{}
	if x := do(t, c, bearer("a", "tok-123456789"), r); string(x.Body) != "auth=[]" || x.As != "a" {
		t.Errorf("an empty credential: got %s as %s", x.Body, x.As)
	}
	r.Credential = &lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("")}}
	if x := do(t, c, nil, r); string(x.Body) != `auth=[""]` || x.As != "anonymous" {
		t.Errorf("an empty value: got %s as %s", x.Body, x.As)
	}
}

func TestBudget(t *testing.T) {
	served := 0
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { served++ })
	t.Run("requests", func(t *testing.T) {
		c := client(t, probe.Options{Base: base, Budget: lr.Budget{Requests: 2}})
		do(t, c, nil, get("/"))
		do(t, c, nil, get("/"))
		_, err := c.Do(t.Context(), nil, get("/"))
		if !errors.Is(err, lr.ErrBudget) || served != 2 || c.Requests() != 2 {
			t.Errorf("got %v after %d requests (%d counted), want ErrBudget after 2", err, served, c.Requests())
		}
	})
	t.Run("wall", func(t *testing.T) {
		ck := newClock()
		c := client(t, probe.Options{Base: base, Budget: lr.Budget{Wall: time.Minute}, Now: ck.Now, Sleep: ck.Sleep})
		do(t, c, nil, get("/"))
		ck.Add(time.Minute)
		if _, err := c.Do(t.Context(), nil, get("/")); !errors.Is(err, lr.ErrBudget) {
			t.Errorf("got %v, want ErrBudget", err)
		}
	})
	t.Run("retries are counted", func(t *testing.T) {
		ck := newClock()
		busy := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(502) })
		c := client(t, probe.Options{Base: busy, Budget: lr.Budget{Requests: 2}, Now: ck.Now, Sleep: ck.Sleep})
		if _, err := c.Do(t.Context(), nil, get("/")); !errors.Is(err, lr.ErrBudget) {
			t.Errorf("got %v, want ErrBudget", err)
		}
	})
	t.Run("wall ends a request under way", func(t *testing.T) {
		hang := make(chan struct{})
		slow := serve(t, func(w http.ResponseWriter, r *http.Request) { <-hang })
		defer close(hang)
		c := client(t, probe.Options{Base: slow, Budget: lr.Budget{Wall: 30 * time.Millisecond}})
		if _, err := c.Do(t.Context(), nil, get("/")); !errors.Is(err, lr.ErrBudget) {
			t.Errorf("got %v, want ErrBudget", err)
		}
	})
}

func TestRateIsKept(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Budget: lr.Budget{Rate: 2}, Now: ck.Now, Sleep: ck.Sleep})
	start := ck.Now()
	for range 9 {
		do(t, c, nil, get("/"))
	}
	if got := ck.Now().Sub(start); got != 4*time.Second {
		t.Errorf("9 requests at 2/s took %v of the clock, want 4s", got)
	}
}

func TestContextEnds(t *testing.T) {
	hang := make(chan struct{})
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { <-hang })
	defer close(hang)
	c := client(t, probe.Options{Base: base})
	ctx, cancel := contextAfter(t, 20*time.Millisecond)
	defer cancel()
	if _, err := c.Do(ctx, nil, get("/")); !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
		t.Errorf("got %v, want the context's error", err)
	}
	if _, lost := c.Lost(); lost {
		t.Error("an ended context counts as a lost target")
	}
}

// TestWhatATimeIsMadeOf: the first byte is the body's, not the head's, which a
// stream sends before the model has said a word; connecting counts once.
func TestWhatATimeIsMadeOf(t *testing.T) {
	ck := newClock()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		ck.Add(3 * time.Second)
		fmt.Fprint(w, "data: a\n\n")
		w.(http.Flusher).Flush()
		ck.Add(2 * time.Second)
	})
	real := client(t, probe.Options{Base: base})
	first, second := do(t, real, nil, get("/")), do(t, real, nil, get("/"))
	if first.Connect <= 0 || first.Handshake != 0 || second.Connect != 0 {
		t.Errorf("connect: got %s and %s, handshake %s", first.Connect, second.Connect, first.Handshake)
	}
	x := do(t, client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep}), nil, get("/"))
	if x.FirstByte < 3*time.Second || x.Took < x.FirstByte {
		t.Errorf("first byte after %s of %s, want 3 s or more", x.FirstByte, x.Took)
	}
}
