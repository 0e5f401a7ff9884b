package cors

import (
	"net/url"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]string{
		"https://app.example.com":      "https://app.example.com",
		"https://APP.example.com:443":  "https://app.example.com",
		"http://app.example.com:80/":   "http://app.example.com",
		"http://localhost:3000":        "http://localhost:3000",
		"https://[2001:db8::1]:8443":   "https://[2001:db8::1]:8443",
		"null":                         "",
		"":                             "",
		"*":                            "",
		"https://*.example.com":        "",
		"https://app.example.com/path": "",
		"https://user@app.example.com": "",
		"ftp://app.example.com":        "",
		"app.example.com":              "",
		"https://${HOST}":              "",
	} {
		o, ok := parse(s)
		if got := o.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q, %v, want %q", s, got, ok, want)
		}
	}
}

func TestNeighbours(t *testing.T) {
	for _, c := range []struct {
		of                                    string
		begins, ends, below, plain, otherport []string
	}{
		{"https://app.example.com",
			[]string{"https://app.example.com.launchready-evil.test"},
			[]string{"https://launchreadyexample.com", "https://appxexample.com"},
			[]string{"https://launchready-made-up.example.com", "https://launchready-made-up.app.example.com"},
			[]string{"http://app.example.com"},
			[]string{"https://app.example.com:8443"}},
		{"https://example.co.uk",
			[]string{"https://example.co.uk.launchready-evil.test"},
			[]string{"https://launchreadyexample.co.uk"},
			[]string{"https://launchready-made-up.example.co.uk"},
			[]string{"http://example.co.uk"},
			[]string{"https://example.co.uk:8443"}},
		{"http://localhost:3000",
			[]string{"http://localhost.launchready-evil.test"}, nil, nil, nil, []string{"http://localhost:3101"}},
		{"http://127.0.0.1:65500",
			[]string{"http://127.0.0.1.launchready-evil.test"}, nil, nil, nil, []string{"http://127.0.0.1:65399"}},
		// Whoever owns alice.github.io does not own github.io.
		{"https://alice.github.io",
			[]string{"https://alice.github.io.launchready-evil.test"},
			[]string{"https://launchreadyalice.github.io"},
			[]string{"https://launchready-made-up.alice.github.io"},
			[]string{"http://alice.github.io"}, []string{"https://alice.github.io:8443"}},
	} {
		t.Run(c.of, func(t *testing.T) {
			o, ok := parse(c.of)
			if !ok {
				t.Fatal("no origin")
			}
			for _, l := range []struct {
				what      string
				got, want []string
			}{{"begins", o.begins(), c.begins}, {"ends", o.ends(), c.ends}, {"below", o.below(), c.below}, {"plain", o.plain(), c.plain}, {"beside", o.beside(), c.otherport}} {
				if !slices.Equal(l.got, l.want) {
					t.Errorf("%s: got %v, want %v", l.what, l.got, l.want)
				}
			}
		})
	}
}

func TestSameSite(t *testing.T) {
	for _, c := range []struct {
		page, target string
		want         bool
	}{
		{"https://app.example.com", "https://api.example.com", true},
		{"https://example.com", "https://api.example.com", true},
		{"https://app.example.com:8443", "https://api.example.com", true},
		{"http://app.example.com", "https://api.example.com", false},
		{"https://example.org", "https://example.com", false},
		{"https://a.github.io", "https://b.github.io", false},
		{"http://127.0.0.1:3000", "http://127.0.0.1:8080", true},
		{"http://localhost:3000", "http://127.0.0.1:8080", false},
		{"http://localhost:3000", "http://localhost:8080", true},
		{"null", "https://example.com", false},
	} {
		target, err := url.Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameSite(c.page, target); got != c.want {
			t.Errorf("%s and %s: got %v, want %v", c.page, c.target, got, c.want)
		}
	}
}
