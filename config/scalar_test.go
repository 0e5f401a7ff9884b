package config

import (
	"encoding"
	"strings"
	"testing"
)

// TestScalars reads each kind of text, and what must be refused with which words.
func TestScalars(t *testing.T) {
	type result interface {
		encoding.TextUnmarshaler
		String() string
	}
	for _, tc := range []struct {
		name string
		into result
		in   string
		want string // how it reads back
		err  string
	}{
		{"rate a second", new(Rate), "50/s", "50/s", ""},
		{"rate a minute", new(Rate), "600/m", "10/s", ""},
		{"rate in words", new(Rate), "30 / minute", "30/m", ""},
		{"rate an hour", new(Rate), "3600/h", "1/s", ""},
		{"fraction", new(Rate), "0.5/s", "30/m", ""},
		{"no limit", new(Rate), "0", "0", ""},
		{"no limit in a word", new(Rate), "None", "0", ""},
		{"zero a second is no way to say no limit", new(Rate), "0/s", "", "write 0 alone for no limit"},
		{"too fast", new(Rate), "9999999/s", "", "at most 1000000/s"},
		{"negative rate", new(Rate), "-5/s", "", "is not a rate"},
		{"empty rate", new(Rate), "", "", "is not a rate"},
		{"rate with exponent", new(Rate), "1e3/s", "", "is not a rate"},

		{"day", new(Date), "2027-01-31", "2027-01-31", ""},
		{"leap day", new(Date), "2028-02-29", "2028-02-29", ""},
		{"no leap day", new(Date), "2027-02-29", "", "is not a day"},
		{"time of day", new(Date), "2027-01-31T00:00:00Z", "", "is not a day"},

		{"URL", new(URL), "https://x.test/base", "https://x.test/base", ""},
		{"URL with port", new(URL), " http://127.0.0.1:8080 ", "http://127.0.0.1:8080", ""},
		{"URL of IPv6", new(URL), "http://[::1]:80", "http://[::1]:80", ""},
		{"URL without scheme", new(URL), "x.test:443", "", "must start with https://"},
		{"URL of a file", new(URL), "file:///etc/passwd", "", `scheme "file" cannot be audited`},
		{"URL with control", new(URL), "http://x\x7f.test", "", "not a URL"},
		{"URL with a user", new(URL), "https://u@x.test", "", "user name or password in a URL"},
		{"URL with a fragment", new(URL), "https://x.test/#a", "", "no fragment"},
		{"URL with port 0", new(URL), "https://x.test:0", "", "between 1 and 65535"},

		{"request", new(RequestLine), "post /auth/login", "POST /auth/login", ""},
		{"request without method", new(RequestLine), "/me", "GET /me", ""},
		{"request with query", new(RequestLine), "GET /mail?to=$user", "GET /mail?to=$user", ""},
		{"request to another host", new(RequestLine), "POST https://id.x.test/token", "POST https://id.x.test/token", ""},
		{"request with much space", new(RequestLine), "  GET    /me  ", "GET /me", ""},
		{"request with a line break", new(RequestLine), "GET /me\r\nX: y", "", "a path has no spaces"},
		{"request without slash", new(RequestLine), "GET me", "", "must start with /"},
		{"no request", new(RequestLine), "", "", "must start with /"},
		{"odd method", new(RequestLine), "BREW /pot", "", `"BREW" is not an HTTP method`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.into.UnmarshalText([]byte(tc.in))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tc.into.String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			// What reads back is read again to the same.
			if err := tc.into.UnmarshalText([]byte(tc.want)); err != nil || tc.into.String() != tc.want {
				t.Errorf("%q does not read back: %v", tc.want, err)
			}
		})
	}
}

func TestPlacesPatternsAndSends(t *testing.T) {
	place, pattern, send := new(Place), new(Pattern), new(Send)
	for _, tc := range []struct {
		name string
		into encoding.TextUnmarshaler
		in   string
		ok   bool
	}{
		{"pointer", place, "/data/token", true},
		{"header", place, "header:X-Auth-Token", true},
		{"header with space", place, "header: X-Auth-Token", true},
		{"cookie", place, "cookie:sid", true},
		{"all cookies", place, "cookie", true},
		{"bare name", place, "token", false},
		{"header without a name", place, "header:", false},
		{"header with a bad name", place, "header:a b", false},
		{"another kind", place, "body:token", false},

		{"path", pattern, "/admin/**", true},
		{"method and path", pattern, "GET /articles/{id}", true},
		{"lower-case method", pattern, "get /x", true},
		{"no slash", pattern, "admin", false},
		{"odd method", pattern, "FETCH /x", false},
		{"method alone", pattern, "GET", false},

		{"bearer", send, "Authorization: Bearer {token}", true},
		{"API key", send, "X-API-Key: {token}", true},
		{"cookie", send, "Cookie: sid={token}", true},
		{"query", send, "query: access_token={token}", true},
		{"no token", send, "X-API-Key: abc", false},
		{"no value", send, "X-API-Key:", false},
		{"no colon", send, "Bearer {token}", false},
		{"a name with a space", send, "X Key: {token}", false},
	} {
		t.Run(tc.name+" "+tc.in, func(t *testing.T) {
			if err := tc.into.UnmarshalText([]byte(tc.in)); (err == nil) != tc.ok {
				t.Errorf("got %v, want accepted %v", err, tc.ok)
			}
		})
	}
	if name, value := Send("Authorization:  Bearer {token} ").Parts(); name != "Authorization" || value != "Bearer {token}" {
		t.Errorf("got %q and %q", name, value)
	}
}

func TestEnvironmentIsInferredOnTheSafeSide(t *testing.T) {
	for host, want := range map[string]string{
		"localhost": "development", "app.localhost": "development", "127.0.0.1": "development", "::1": "development", "10.1.2.3": "development",
		"dev.acme.io": "development", "staging.acme.io": "staging", "acme-staging.fly.dev": "staging", "preview.acme.io": "staging",
		"qa.acme.io": "test", "x.test": "test", "acme.example": "test",
		"acme.io": "production", "app.acme.io": "production", "8.8.8.8": "production", "devout.io": "production", "latest.acme.io": "production", "": "",
	} {
		if got := environmentOf(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}

func TestDomainOf(t *testing.T) {
	for host, want := range map[string]string{"acme.io": "acme.io", "app.acme.io": "acme.io", "a.b.acme.io": "acme.io", "127.0.0.1": "", "localhost": "", "::1": "", "": ""} {
		if got := domainOf(host); got != want {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}
