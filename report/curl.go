package report

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/redact"
)

// curlBody is the longest body that is put on a command line.
const curlBody = 8 << 10

// hop are header fields that curl writes by itself, or that describe the
// connection.
var hop = map[string]bool{
	"Content-Length": true, "Connection": true, "Accept-Encoding": true, "Transfer-Encoding": true, "User-Agent": true,
	"Sec-Websocket-Key": true, "Sec-Websocket-Version": true, "Sec-Websocket-Extensions": true, "Upgrade": true,
}

var mark = expr.Lazy(`\[(?:secret|key|jwt(?::[A-Za-z0-9-]{1,16})?)\]`)

// Curl is a POSIX shell command that repeats the exchange. Everything is
// single-quoted; where a credential was, the command reads $TOKEN, $COOKIE or,
// in a body, $SECRET from the environment.
func Curl(x *lr.Exchange, r *redact.Redactor) string {
	if x == nil {
		return ""
	}
	target := r.String(x.URL)
	args := []string{"curl", "-sS", "-i"}
	socket := x.Status == http.StatusSwitchingProtocols || strings.HasPrefix(target, "ws")
	if strings.HasPrefix(target, "ws") {
		target = "http" + strings.TrimPrefix(target, "ws")
	}
	if socket || strings.Contains(x.Header.Get("Content-Type"), "event-stream") {
		args = append(args, "-N", "--max-time", "10")
	}
	if strings.ContainsAny(mark().ReplaceAllString(target, ""), "[]{}") {
		args = append(args, "--globoff")
	}
	if dotted(target) {
		args = append(args, "--path-as-is")
	}
	switch {
	case x.Method == http.MethodHead:
		args = append(args, "--head")
	case x.Method == "" || x.Method == http.MethodGet && len(x.Sent) == 0:
	default:
		args = append(args, "-X", shell(x.Method, "TOKEN"))
	}
	names := make([]string, 0, len(x.Request))
	for name := range x.Request {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if hop[http.CanonicalHeaderKey(name)] {
			continue
		}
		for _, v := range x.Request[name] {
			variable := "TOKEN"
			if strings.EqualFold(name, "Cookie") {
				variable = "COOKIE"
			}
			h := r.String(name + ": " + v)
			if v == "" {
				h = name + ";" // curl's way to send a header without a value
			}
			args = append(args, "-H", shell(Line(h), variable))
		}
	}
	if socket {
		args = append(args, "-H", "'Connection: Upgrade'", "-H", "'Upgrade: websocket'", "-H", "'Sec-WebSocket-Version: 13'", "-H", "'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='")
	} else if len(x.Sent) > 0 {
		args = append(args, curlData(x, r)...)
	}
	return strings.Join(append(args, shell(escapeURL(target), "TOKEN")), " ")
}

// curlData is the body. One that a command line cannot hold is read from a file.
func curlData(x *lr.Exchange, r *redact.Redactor) []string {
	body := r.String(string(x.Sent))
	var args []string
	if x.Request.Get("Content-Type") == "" {
		args = append(args, "-H", "'Content-Type:'") // curl would say it is a form
	}
	if len(body) > curlBody || !utf8.ValidString(body) {
		return append(args, "--data-binary", "@body.bin")
	}
	if seen := Inert(body); seen != body {
		if !json.Valid([]byte(body)) {
			return append(args, "--data-binary", "@body.bin")
		}
		body = jsonEscape(body)
	}
	return append(args, "--data-raw", shell(body, "SECRET"))
}

// jsonEscape writes what does not show as JSON escapes: same value, inert text.
func jsonEscape(body string) string {
	var b strings.Builder
	for _, c := range body {
		switch {
		case c == '\r': // white space between tokens: JSON allows none inside strings
			b.WriteByte(' ')
		case c > 0xffff && acts(c):
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(c>>10), 0xdc00+(c&0x3ff))
		case acts(c) || c >= 0x7f && c < 0xa0:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// shell quotes s for a POSIX shell. Marks of the redactor become the variable,
// in double quotes, outside of the single ones.
func shell(s, variable string) string {
	var b strings.Builder
	at := 0
	quote := func(part string) {
		if part != "" {
			b.WriteString("'" + strings.ReplaceAll(part, "'", `'\''`) + "'")
		}
	}
	for _, m := range mark().FindAllStringIndex(s, -1) {
		quote(s[at:m[0]])
		b.WriteString(`"$` + variable + `"`)
		at = m[1]
	}
	quote(s[at:])
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}

// escapeURL percent-encodes what curl refuses in a URL and what does not show.
func escapeURL(u string) string {
	var b strings.Builder
	for i := range len(u) {
		if c := u[i]; c <= 0x20 || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(u[i])
	}
	return b.String()
}

// dotted reports dot segments, encoded or not, which curl would resolve.
func dotted(u string) bool {
	p, _, _ := strings.Cut(u, "?")
	for seg := range strings.SplitSeq(strings.ReplaceAll(strings.ToLower(p), "%2e", "."), "/") {
		if seg == "." || seg == ".." {
			return true
		}
	}
	return false
}
