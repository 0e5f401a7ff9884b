package secretscan

import (
	"strings"
	"testing"
)

func segmentFilter(t *testing.T) *Filter {
	t.Helper()
	return &Filter{Scanner: newScanner(t, Options{})}
}

func TestPlain(t *testing.T) {
	f := segmentFilter(t)
	for text, want := range map[string]bool{
		"The refund policy covers 14 days, see page 3.\n": true,
		"漢字 ünï":            true,
		"":                  true,
		"the token ":        false,
		"a:b ":              false,
		"jane@acme.test ":   false,
		"half-hearted ":     false,
		"AKIAIOSFODNN7EXA ": false,
	} {
		if got := f.Plain([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
		if out := f.Segment(&Segment{}, []byte(text), &Filtered{}); want && out != text {
			t.Errorf("%q is plain and becomes %q", text, out)
		}
	}
}

func TestOpens(t *testing.T) {
	f := segmentFilter(t)
	for text, want := range map[string]bool{
		"the password: ":            true,
		"the password ":             true, // a sign may follow
		"the password is ":          false,
		"keys, tokens and secrets ": true, // the last one
		"keys, tokens and more ":    false,
		"Authorization: Bearer ":    true,
		"--token ":                  true,
		"ENV ":                      true,
		"run docker ":               true,
		"Set-Cookie: sid=1; ":       true,
		"X-Hub-Signature: ":         true,
		"-----BEGIN RSA ":           true,
		"do you have a token? Yes ": false,
		"plain words ":              false,
	} {
		if got := f.Opens([]byte(text)); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// TestSegments: what a piece means depends on those before it.
func TestSegments(t *testing.T) {
	f := segmentFilter(t)
	line := random40 + random32[:20] + "\n"
	for name, c := range map[string]struct {
		pieces  []string
		has     string
		gone    string
		secrets int
	}{
		"a private key over lines":     {[]string{"-----BEGIN RSA " + "PRIVATE KEY-----\n", line, line, "-----END RSA " + "PRIVATE KEY-----\n", "done\n"}, "done", random40[:12], 1},
		"a header begins a line":       {[]string{"Cookies: a=1 b=2 c\n"}, "Cookies:", "b=2", 1},
		"in the middle it is a word":   {[]string{"Eat the ", "Cookies: two or three\n"}, "two or three", "[secret]", 0},
		"a line behind it begins anew": {[]string{"Eat the ", "rest\n", "Cookies: a=1 b=2 c\n"}, "rest", "b=2", 1},
	} {
		s, out, n := &Segment{}, strings.Builder{}, Filtered{}
		for _, p := range c.pieces {
			out.WriteString(f.Segment(s, []byte(p), &n))
		}
		if got := out.String(); !strings.Contains(got, c.has) || strings.Contains(got, c.gone) || n.Secrets != c.secrets {
			t.Errorf("%s: %q, %d secrets", name, got, n.Secrets)
		}
		if s.Key() {
			t.Errorf("%s: still inside of a key", name)
		}
	}
}
