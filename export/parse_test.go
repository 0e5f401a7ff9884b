package export

import (
	"os/exec"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		ok         bool
		path       string
		credential string
		header     string
	}{
		"plain":              {"GET /v1/chats/1?a=b HTTP/1.1\nHost: h\nAccept: */*\nUser-Agent: x", true, "/v1/chats/1?a=b", "", "Accept"},
		"a credential":       {"GET / HTTP/1.1\nAuthorization: Bearer [secret]", true, "/", "Bearer [secret]", ""},
		"odd spelling":       {"GET //v1/%2e HTTP/1.1\n", true, "//v1/%2e", "", ""},
		"a body":             {"POST / HTTP/1.1\nContent-Type: application/json\n\n{\"a\":1}", true, "/", "", ""},
		"a body that is cut": {"POST / HTTP/1.1\n\nabc … 12 bytes cut …", false, "", "", ""},
		"a masked body":      {"POST / HTTP/1.1\n\n{\"password\":\"[secret]\"}", true, "/", "", ""},
		"a masked address":   {"GET /?token=[secret] HTTP/1.1\n", true, "/?token=[secret]", "", ""},
		"nothing":            {"", false, "", "", ""},
		"no request line":    {"hello", false, "", "", ""},
		"a whole address":    {"GET http://evil.test/ HTTP/1.1", false, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, ok := parse(c.text)
			if ok != c.ok {
				t.Fatalf("got %t, want %t", ok, c.ok)
			}
			if !ok {
				return
			}
			if secret := strings.HasPrefix(name, "a masked"); p.secret() != secret {
				t.Errorf("it says that a value is masked: %t", !secret)
			}
			if got := p.bare + p.query; got != c.path || p.credential != c.credential {
				t.Errorf("got %q with %q", got, p.credential)
			}
			if _, has := p.header[c.header]; c.header != "" && !has || p.header["Host"] != "" || p.header["User-Agent"] != "" {
				t.Errorf("header: got %v", p.header)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("GET /v1/chats/1?a=b HTTP/1.1\nHost: h\n\nbody")
	f.Add("POST //x HTTP/1.1\nAuthorization: [secret]\n\n```")
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parse(text)
		if ok && (!strings.HasPrefix(p.bare, "/") || strings.Contains(p.body, "```")) {
			t.Errorf("got %+v", p)
		}
		if ok {
			match(&lr.Route{Path: "/v1/chats/{id}"}, p.bare)
		}
	})
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		route, path string
		want        map[string]string
		ok          bool
	}{
		"no key":       {"/v1/me", "/v1/me", map[string]string{}, true},
		"a key":        {"/v1/chats/{id}", "/v1/chats/7", map[string]string{"id": "7"}, true},
		"two keys":     {"/c/{a}/m/{b}", "/c/1/m/2", map[string]string{"a": "1", "b": "2"}, true},
		"another one":  {"/v1/chats/{id}", "/v1/files/7", nil, false},
		"too long":     {"/v1/chats/{id}", "/v1/chats/7/x", nil, false},
		"escaped":      {"/v1/chats/{id}", "/v1/chats/a%2fb", nil, false},
		"broken":       {"/v1/chats/{id}", "/v1/chats/%zz", nil, false},
		"an empty key": {"/v1/chats/{id}", "/v1/chats//", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := match(&lr.Route{Path: c.route}, c.path)
			if ok != c.ok || len(got) != len(c.want) {
				t.Fatalf("got %v %t, want %v %t", got, ok, c.want, c.ok)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s: got %q, want %q", k, got[k], v)
				}
			}
		})
	}
}

// FuzzWord: whatever the text, the shell sees it as it is, but for variables.
func FuzzWord(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("no sh")
	}
	f.Add("it's {{canary}} $HOME `id` \\ \"")
	f.Add("{{")
	f.Add("}}{{a}}{{B}}{{}}")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\x00") || len(text) > 4096 {
			return
		}
		cmd := exec.CommandContext(t.Context(), sh, "-c", "printf '%s.' "+word(text))
		cmd.Env = []string{"PATH=/nowhere"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q becomes %s: %v", text, word(text), err)
		}
		want := text
		for i := 0; i < len(want); { // unset variables are empty
			a := strings.Index(want[i:], "{{")
			b := strings.Index(want, "}}")
			if a < 0 || b < i+a || !variableName(want[i+a+2:b]) {
				break
			}
			want = want[:i+a] + want[b+2:]
			i += a
		}
		if got := strings.TrimSuffix(string(out), "."); got != want {
			t.Errorf("%q becomes %s, which is %q", text, word(text), got)
		}
	})
}
