package browser_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/probe/browser"
)

// TestHarbor has a stranger's page read the demo, flawed and clean: only the
// fault makes the difference.
func TestHarbor(t *testing.T) {
	bin := binary(t)
	key, err := demo.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	const stranger = "https://evil.test"
	for _, harbor := range []struct {
		name  string
		flaws []string
		reads []read
	}{
		{"flawed", []string{"cors/null-origin", "cors/scheme-origin", "cors/wildcard-credentials"}, []read{
			{"null", "null", "/v1/reports", "Answer times"},
			{"another scheme", "http://app.harbor.test", "/v1/members", "member@acme.test"},
			{"a wildcard with credentials, which browsers refuse", stranger, "/v1/usage", ""},
		}},
		{"clean", nil, []read{
			{"null", "null", "/v1/reports", ""},
			{"another scheme", "http://app.harbor.test", "/v1/members", ""},
			{"the web application itself", "https://app.harbor.test", "/v1/me", "member@acme.test"},
			{"a partner on the list", "https://desk.partner.test", "/v1/me", "member@acme.test"},
			{"public keys, which are open without credentials only", stranger, "/.well-known/jwks.json", ""},
		}},
	} {
		t.Run(harbor.name, func(t *testing.T) {
			s, err := demo.New(demo.Options{Flaws: harbor.flaws, Seed: 1, Key: key})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			base, err := url.Parse(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			b, err := browser.New(browser.Options{Binary: bin, Base: base})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.Close() })
			lines := signIn(t, s)
			for _, c := range harbor.reads {
				t.Run(c.name, func(t *testing.T) {
					got, err := b.Read(t.Context(), lr.Visit{Origin: c.origin, URL: s.URL + c.path, Cookies: lines})
					if err != nil {
						t.Fatal(err)
					}
					if got.Readable != (c.gets != "") || !strings.Contains(string(got.Body), c.gets) {
						t.Errorf("the script got %v %d %.200q (%s), want %q", got.Readable, got.Status, got.Body, got.Why, c.gets)
					}
					if strings.Contains(string(got.Body), "globex") {
						t.Error("the script got another tenant's data")
					}
				})
			}
		})
	}
}

// read is what a page of the origin asks for, and what its script gets: "" is
// nothing.
type read struct{ name, origin, path, gets string }

// signIn is the Set-Cookie lines of a member's sign-in.
func signIn(t *testing.T, s *demo.Server) []lr.Secret {
	t.Helper()
	body, err := json.Marshal(map[string]any{"email": "member@acme.test", "password": s.Password("member@acme.test"), "cookie": true})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(s.URL+"/v1/auth/login", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := res.Header.Values("Set-Cookie")
	if res.StatusCode != http.StatusOK || len(lines) == 0 {
		t.Fatalf("signing in answered %d with %d cookies", res.StatusCode, len(lines))
	}
	return cookies(lines...)
}
