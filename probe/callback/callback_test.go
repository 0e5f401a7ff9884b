package callback_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"sync"
	"testing"

	"github.com/launchready/launchready/probe/callback"

	lr "github.com/launchready/launchready"
)

func listen(t *testing.T, o callback.Options) *callback.Listener {
	t.Helper()
	n := 0
	var mu sync.Mutex
	o.Nonce = func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("nonce%08d", n)
	}
	l, err := callback.Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func send(t *testing.T, method, url, body string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "fetcher/1")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestWeb(t *testing.T) {
	l := listen(t, callback.Options{})
	if err := l.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := l.Bait(lr.Page{Status: 203, Type: "text/html", Header: map[string]string{"X-Extra": "yes"}, Body: []byte("<p>hello</p>")})
	status, body, header := send(t, "POST", b.URL+"/x?d=secret%20words", "the body")
	if status != 203 || body != "<p>hello</p>" || header.Get("X-Extra") != "yes" || header.Get("Content-Type") != "text/html" {
		t.Errorf("answered %d %q %v", status, body, header)
	}
	hits := l.Wait(t.Context(), b.Nonce)
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	h := hits[0]
	if h.Kind != "http" || h.Agent != "fetcher/1" || !strings.Contains(h.Text, "secret words") || !strings.Contains(h.Text, "the body") || !strings.HasPrefix(h.Line, "POST /cb/") || h.Answer != 203 || !strings.HasPrefix(h.From, "127.0.0.1:") {
		t.Errorf("hit %+v", h)
	}
}

// TestStranger: what carries no nonce that was handed out is no hit.
func TestStranger(t *testing.T) {
	l := listen(t, callback.Options{})
	b := l.Bait(lr.Page{Body: []byte("for the one")})
	for _, path := range []string{"/", "/cb/", "/cb/nonce99999999", "/robots.txt", "/" + b.Nonce} {
		base, _, _ := strings.Cut(b.URL, "/cb/")
		status, body, _ := send(t, "GET", base+path, "")
		if status != 404 || strings.Contains(body, "for the one") {
			t.Errorf("%s answered %d %q", path, status, body)
		}
	}
	if hits := l.Hits("nonce99999999"); len(hits) != 0 {
		t.Errorf("hits of a nonce that was never handed out: %+v", hits)
	}
}

// TestLarge: a hit keeps a bounded part.
func TestLarge(t *testing.T) {
	l := listen(t, callback.Options{})
	b := l.Bait(lr.Page{})
	send(t, "POST", b.URL, strings.Repeat("é", 4<<20))
	hits := l.Hits(b.Nonce)
	if len(hits) != 1 || len(hits[0].Text) > 70<<10 {
		t.Fatalf("%d hits, %d bytes", len(hits), len(hits[0].Text))
	}
}

func TestMail(t *testing.T) {
	l := listen(t, callback.Options{MailDomain: "audit.test"})
	b := l.Bait(lr.Page{})
	if b.Mail != b.Nonce+"@audit.test" {
		t.Errorf("address %q", b.Mail)
	}
	if err := smtp.SendMail(l.MailAddress(), nil, "bot@acme.test", []string{b.Mail}, []byte("Subject: report\r\n\r\nall the data\r\n")); err != nil {
		t.Fatal(err)
	}
	hits := l.Wait(t.Context(), b.Nonce)
	if len(hits) != 1 || hits[0].Kind != "smtp" || hits[0].Agent != "bot@acme.test" || !strings.Contains(hits[0].Text, "all the data") || hits[0].Line != b.Mail {
		t.Errorf("hits %+v", hits)
	}
	if err := smtp.SendMail(l.MailAddress(), nil, "bot@acme.test", []string{"somebody@else.test"}, []byte("x")); err == nil || !strings.Contains(err.Error(), "no such mailbox") {
		t.Errorf("mail for nobody: %v", err)
	}
}

// TestProve: an address that leads elsewhere is found out before it is used.
func TestProve(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	l := listen(t, callback.Options{URL: other.URL})
	if err := l.Prove(t.Context()); !errors.Is(err, callback.ErrUnreachable) || !strings.Contains(err.Error(), "is not it") {
		t.Errorf("got %v", err)
	}
	other.Close()
	if err := l.Prove(t.Context()); !errors.Is(err, callback.ErrUnreachable) {
		t.Errorf("nothing there: %v", err)
	}
}

func TestWaitEnds(t *testing.T) {
	l := listen(t, callback.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if hits := l.Wait(ctx, l.Bait(lr.Page{}).Nonce); len(hits) != 0 {
		t.Errorf("hits %+v", hits)
	}
}

func TestListenRefused(t *testing.T) {
	nonce := func() string { return "n" }
	for name, o := range map[string]callback.Options{
		"no nonces":       {},
		"no such address": {HTTP: "127.0.0.1:http-nonsense", Nonce: nonce},
		"no such mail":    {SMTP: "256.0.0.1:0", Nonce: nonce},
		"no url":          {URL: "somewhere", Nonce: nonce},
	} {
		if l, err := callback.Listen(t.Context(), o); err == nil {
			t.Errorf("%s: listens at %v", name, l.MailAddress())
		}
	}
}
