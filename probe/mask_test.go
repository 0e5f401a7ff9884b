package probe_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestSecretsAreMasked(t *testing.T) {
	const password, token, refresh = `p"ss/w?rd+ü 1`, "opaque-token-0001", "opaque-refresh-0002"
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(429) })
	var log bytes.Buffer
	var all []*lr.Exchange
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, OnExchange: func(x *lr.Exchange) { all = append(all, x) },
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	c.Mask(lr.NewSecret(password), lr.NewSecret("ab"), lr.Secret{})
	a := bearer("a", token)
	a.Credential.Refresh = lr.NewSecret(refresh)
	jwt := "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."
	for _, r := range []*lr.Request{
		{Method: "POST", Path: "/login", Body: []byte(`{"password":"p\"ss/w?rd+ü 1","pin":"ab","abc":"cab"}`)},
		{Method: "POST", Path: "/login", Body: []byte("pin=ab&cab=abc")},
		{Method: "POST", Path: "/login", Body: []byte("cab=abc&pin=ab")},
		{Method: "POST", Path: "/login", Body: []byte("password=p%22ss%2Fw%3Frd%2B%C3%BC+1")},
		{Method: "GET", Path: "/t/" + token + "?refresh=" + refresh},
		{Method: "GET", Path: "/", Header: http.Header{"X-Basic": {base64.StdEncoding.EncodeToString([]byte(token))}, "X-Jwt": {"Bearer " + jwt}}},
		{Method: "GET", Path: "/?access_token=" + jwt},
	} {
		do(t, c, a, r)
	}
	out := log.String()
	for _, x := range all {
		out += fmt.Sprintln(x.URL, x.Request, string(x.Sent))
	}
	for _, bad := range []string{password, `p\"ss`, "p%22ss", token, refresh, base64.StdEncoding.EncodeToString([]byte(token)), "eyJzdWIi"} {
		if strings.Contains(out, bad) {
			t.Errorf("records or log show %q:\n%s", bad, out)
		}
	}
	for _, want := range []string{`"pin":"[secret]","abc":"cab"`, "pin=[secret]&cab=abc", "cab=abc&pin=[secret]"} {
		if !strings.Contains(out, want) {
			t.Errorf("a short value is not masked alone: want %q in\n%s", want, out)
		}
	}
	if got := c.Redact("x " + token + " y"); got != "x [secret] y" {
		t.Errorf("Redact: got %q", got)
	}
}

func TestRedactExchange(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-New", "tok-123456789")
		fmt.Fprint(w, "reflected tok-123456789")
	})
	c := client(t, probe.Options{Base: base})
	x := do(t, c, bearer("a", "tok-123456789"), get("/"))
	if string(x.Body) != "reflected tok-123456789" {
		t.Errorf("checks must see the reply as it was, got %q", x.Body)
	}
	y := c.RedactExchange(x)
	if string(y.Body) != "reflected [secret]" || y.Header.Get("X-New") != "[secret]" {
		t.Errorf("got %q %v", y.Body, y.Header)
	}
	if string(x.Body) != "reflected tok-123456789" {
		t.Error("the original was changed")
	}
}

func TestPrivate(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a private request carries the account's credential")
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "session-value-77"})
		w.Header().Set("X-Auth-Token", "header-value-88")
		w.Header().Set("X-Own-Name-For-It", "header-value-99")
		fmt.Fprint(w, `{"access_token":"body-value-99"}`)
	})
	var told *lr.Exchange
	c := client(t, probe.Options{Base: base, OnExchange: func(x *lr.Exchange) { told = x }})
	x, err := c.Private(t.Context(), bearer("acme_member", "tok-123456789"), &lr.Request{Method: "POST", Path: "/login"})
	if err != nil || string(x.Body) != `{"access_token":"body-value-99"}` || x.Header.Get("X-Auth-Token") != "header-value-88" {
		t.Fatalf("got %v, %v", x, err)
	}
	rec := fmt.Sprint(told.Header, string(told.Body))
	for _, bad := range []string{"session-value-77", "header-value-88", "header-value-99", "body-value-99"} {
		if strings.Contains(rec, bad) {
			t.Errorf("the record shows %q: %s", bad, rec)
		}
	}
	if told.Status != 200 || told.As != "acme_member" {
		t.Errorf("got %+v", told)
	}
}
