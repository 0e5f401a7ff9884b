package report_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/report"
)

// arguments runs the command in a shell where curl prints its arguments, and
// where anything else that would run leaves a trace.
func arguments(t *testing.T, command string) []string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	cmd := exec.CommandContext(t.Context(), sh, "-c", `curl() { for a in "$@"; do printf '%s\036' "$a"; done; }`+"\n"+command)
	cmd.Env = []string{"TOKEN=tok en'\"$x", "COOKIE=coo;kie", "SECRET=s*", "PATH=/nowhere"}
	cmd.Dir = t.TempDir()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("the shell refuses it: %v %s\n%s", err, stderr.String(), command)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x1e"), "\x1e")
}

func has(args []string, want ...string) bool {
	return strings.Contains("\x1e"+strings.Join(args, "\x1e")+"\x1e", "\x1e"+strings.Join(want, "\x1e")+"\x1e")
}

func TestCurl(t *testing.T) {
	for _, c := range []struct {
		name string
		x    lr.Exchange
		want [][]string // consecutive arguments
		nots []string   // in the command
	}{
		{"get", lr.Exchange{Method: "GET", URL: "http://h.test/v1/me?a=b&c=d", Request: http.Header{"User-Agent": {"x"}, "Accept-Encoding": {"gzip"}}},
			[][]string{{"-sS", "-i", "http://h.test/v1/me?a=b&c=d"}}, []string{"-X", "User-Agent", "gzip", "--path-as-is"}},
		{"credential", lr.Exchange{Method: "GET", URL: "http://h.test/", Request: http.Header{"Authorization": {"Bearer [secret]"}, "X-Api-Key": {"[secret]"}}},
			[][]string{{"-H", "Authorization: Bearer tok en'\"$x"}, {"-H", "X-Api-Key: tok en'\"$x"}}, nil},
		{"unmasked credential", lr.Exchange{Method: "GET", URL: "http://h.test/?access_token=abcdefgh", Request: http.Header{"Authorization": {"Bearer abcdefgh"}}},
			[][]string{{"-H", "Authorization: Bearer tok en'\"$x", "http://h.test/?access_token=tok en'\"$x"}}, []string{"abcdefgh"}},
		{"cookies", lr.Exchange{Method: "GET", URL: "http://h.test/", Request: http.Header{"Cookie": {"sid=[secret]; theme=[secret]"}}},
			[][]string{{"-H", "Cookie: sid=coo;kie; theme=coo;kie"}}, nil},
		{"empty credential", lr.Exchange{Method: "GET", URL: "http://h.test/", Request: http.Header{"Authorization": {"Bearer null"}, "X-Empty": {""}}},
			[][]string{{"-H", "Authorization: Bearer null"}, {"-H", "X-Empty;"}}, []string{"$TOKEN"}},
		{"json body", lr.Exchange{Method: "PATCH", URL: "http://h.test/", Request: http.Header{"Content-Type": {"application/json"}}, Sent: []byte(`{"it's":"$HOME` + "`id`" + `\"","password":"hunter2"}`)},
			[][]string{{"-X", "PATCH"}, {"--data-raw", `{"it's":"$HOME` + "`id`" + `\"","password":"s*"}`}}, []string{"hunter2"}},
		{"body that begins with at", lr.Exchange{Method: "POST", URL: "http://h.test/", Sent: []byte("@/etc/passwd")}, [][]string{{"--data-raw", "@/etc/passwd"}, {"-H", "Content-Type:"}}, nil},
		{"binary body", lr.Exchange{Method: "POST", URL: "http://h.test/", Sent: []byte("a\x00b")}, [][]string{{"--data-binary", "@body.bin"}}, []string{"--data-raw"}},
		{"json with hidden text", lr.Exchange{Method: "POST", URL: "http://h.test/", Sent: []byte("{\"a\":\"\u202e\U000e0041\"}")}, [][]string{{"--data-raw", `{"a":"\u202e\udb40\udc41"}`}}, []string{"\u202e"}},
		{"dot segments", lr.Exchange{Method: "GET", URL: "http://h.test/v1/%2e%2E/admin"}, [][]string{{"--path-as-is", "http://h.test/v1/%2e%2E/admin"}}, nil},
		{"double slash", lr.Exchange{Method: "GET", URL: "http://h.test//v1/chats;x=1"}, [][]string{{"http://h.test//v1/chats;x=1"}}, nil},
		{"brackets", lr.Exchange{Method: "GET", URL: "http://h.test/?ids[]=1&q={a,b}"}, [][]string{{"--globoff", "http://h.test/?ids[]=1&q={a,b}"}}, nil},
		{"spaces and bytes in the path", lr.Exchange{Method: "GET", URL: "http://h.test/a b\xff\n"}, [][]string{{"http://h.test/a%20b%FF%0A"}}, nil},
		{"head", lr.Exchange{Method: "HEAD", URL: "http://h.test/"}, [][]string{{"--head"}}, []string{"-X"}},
		{"hostile method", lr.Exchange{Method: "GET;reboot", URL: "http://h.test/"}, [][]string{{"-X", "GET;reboot"}}, nil},
		{"event stream", lr.Exchange{Method: "GET", URL: "http://h.test/", Header: http.Header{"Content-Type": {"text/event-stream"}}}, [][]string{{"-N", "--max-time", "10"}}, nil},
		{"websocket", lr.Exchange{Method: "GET", URL: "ws://h.test/v1/ws", Status: 101, Sent: []byte("hi")}, [][]string{{"-H", "Upgrade: websocket"}, {"http://h.test/v1/ws"}}, []string{"--data"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := report.Curl(&c.x, redact.New())
			args := arguments(t, command)
			for _, want := range c.want {
				if !has(args, want...) {
					t.Errorf("lacks %q:\n%s\n%q", want, command, args)
				}
			}
			for _, not := range c.nots {
				if strings.Contains(command, not) {
					t.Errorf("has %q:\n%s", not, command)
				}
			}
		})
	}
	if got := report.Curl(nil, nil); got != "" {
		t.Errorf("no exchange: got %q", got)
	}
}

func FuzzCurl(f *testing.F) {
	f.Add("GET", "http://h.test/", "X-A", "v", "body")
	f.Add("POST", "http://h.test/$(id)`id`", "X-'; id; '", `"$HOME"`, `it's "$(id)" \`)
	f.Add("", "[secret]'[secret]", "Cookie", "a=[jwt:HS256]';b", "{\"a\":\"\u202e\"}")
	f.Fuzz(func(t *testing.T, method, url, name, value, body string) {
		x := &lr.Exchange{Method: method, URL: url, Request: http.Header{name: {value}}, Sent: []byte(body)}
		command := report.Curl(x, redact.New())
		// The only expansions are the three variables: with the quoted parts and
		// those removed, nothing that a shell acts on is left.
		rest := unquoted(t, command)
		for _, v := range []string{`"$TOKEN"`, `"$COOKIE"`, `"$SECRET"`, `\'`} {
			rest = strings.ReplaceAll(rest, v, "")
		}
		if strings.ContainsAny(rest, "$`\\\"'|&;<>(){}*?[]#~!\n\t") {
			t.Errorf("live in the shell: %q\n%s", rest, command)
		}
	})
}

// unquoted drops what is in single quotes.
func unquoted(t *testing.T, s string) string {
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case !in && s[i] == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
		case s[i] == '\'':
			in = !in
		case !in:
			b.WriteByte(s[i])
		}
	}
	if in {
		t.Errorf("a quote is left open: %s", s)
	}
	return b.String()
}
