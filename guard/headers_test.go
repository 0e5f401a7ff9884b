package guard_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
)

// TestHeaders: what reaches the application of the fields that a caller sends.
func TestHeaders(t *testing.T) {
	var seen http.Header
	var trailer http.Header
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen, trailer = r.Header.Clone(), r.Trailer
	}))
	defer app.Close()
	p := pipeline(t, app.URL, guard.Options{Keep: map[string]bool{"x-tenant-id": true}})
	for line, want := range map[string]string{
		"X-Request-Color: red":                           "X-Request-Color",
		"X-Tenant-ID: acme":                              "X-Tenant-Id",
		"X_Tenant_ID: acme":                              "",
		"X_Tenant-Id: acme":                              "",
		"x-user-id: eve":                                 "",
		"X_USER_ID: eve":                                 "",
		"X-Forwarded-User: eve":                          "",
		"X_Forwarded_Host: eve":                          "",
		"x-guard_assertion: eve":                         "",
		"X-Goog-Authenticated-User-Email: eve":           "",
		"SCRIPT_NAME: /eve":                              "",
		"Script-Name: /eve":                              "",
		"PATH_INFO: /eve":                                "",
		"X-Script-Name: /eve":                            "",
		"X-Envoy-Original-Path: /eve":                    "",
		"X-Original-Path: /eve":                          "",
		"X-Url: /eve":                                    "",
		"X-Forwarded: for=eve":                           "",
		"Fastly-Client-IP: eve":                          "",
		"Fly-Client-IP: eve":                             "",
		"X-Envoy-External-Address: eve":                  "",
		"X-Azure-ClientIP: eve":                          "",
		"CF-Connecting-IPv6: eve":                        "",
		"X-SSL-Client-S-DN: eve":                         "",
		"SSL_CLIENT_VERIFY: eve":                         "",
		"X-Consumer-Custom-ID: eve":                      "",
		"X-Userinfo: eve":                                "",
		"Remote_User: eve":                               "",
		"Connection: Upgrade\r\nUpgrade: h2c":            "",
		"Connection: upgrade\r\nUpgrade: websocket, h2c": "",
		"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA": "",
		"Connection: x-request-color\r\nX-Request-Color: red":         "refused",
		"Connection: close, authorization":                            "refused",
	} {
		seen = nil
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /a HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "192.0.2.1:1"
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if want == "refused" {
			if w.Code != http.StatusBadRequest || seen != nil {
				t.Errorf("%q: %d, the application saw %v", line, w.Code, seen)
			}
			continue
		}
		for k := range seen {
			switch k {
			case "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "User-Agent", "Accept-Encoding", want:
			default:
				t.Errorf("%q: the application saw %s", line, k)
			}
		}
		if w.Code != 200 || want != "" && seen[want] == nil || strings.Contains(fmt.Sprint(seen), "eve") {
			t.Errorf("%q: %d, the application saw %v", line, w.Code, seen)
		}
	}
	front := httptest.NewServer(p)
	defer front.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL, io.MultiReader(strings.NewReader("a")))
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = http.Header{"X-User-Id": {"eve"}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 200 || len(trailer) != 0 {
		t.Errorf("%d, the application saw the trailers %v", res.StatusCode, trailer)
	}
}

func BenchmarkEmpty(b *testing.B) {
	p := pipeline(b, "http://app.test", guard.Options{Dial: nothing{}})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/a", http.NoBody)
		r.Header.Set("Authorization", "Bearer x")
		p.ServeHTTP(httptest.NewRecorder(), r)
	}
}

type nothing struct{}

func (nothing) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
