package secretscan

import (
	"bytes"
	"strings"
)

// longestKey bounds a private key: RSA of 8,192 bits takes 6 KB, with escapes 7.
const longestKey = 12 << 10

// privateKeyAt reads the private key that begins at data[at]: its end, or -1 where
// there is a header alone. Line breaks may be escaped, and lines indented.
func privateKeyAt(data []byte, at int) (end int, encrypted bool) {
	window := data[at:min(len(data), at+longestKey)]
	if bytes.HasPrefix(window, []byte("PuTTY-User-Key-File-")) {
		i := bytes.Index(window, []byte("Private-Lines:"))
		if i < 0 {
			return -1, false
		}
		mac := bytes.Index(window[i:], []byte("Private-MAC:"))
		if mac < 0 || !puttyBody(window[i+len("Private-Lines:"):i+mac]) {
			return -1, false
		}
		return at + i + mac, !bytes.Contains(window[:i], []byte("Encryption: none"))
	}
	close := bytes.Index(window[10:min(len(window), 90)], []byte("-----"))
	if close < 0 {
		return -1, false
	}
	label := string(window[10 : 10+close])
	if !strings.Contains(label, "PRIVATE KEY") || strings.ContainsAny(label, "\"'\n<>%$") {
		return -1, false
	}
	body := 10 + close + 5
	stop := bytes.Index(window[body:], []byte("-----END"))
	text := window[body:]
	if stop >= 0 {
		text = window[body : body+stop]
	}
	letters, odd := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isLetter(c) || isDigit(c) || c == '+' || c == '/' || c == '=':
			letters++
		case c == '\\' && i+1 < len(text) && (text[i+1] == 'n' || text[i+1] == 'r' || text[i+1] == 't'):
			i++
		case c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\\' || c == '"' || c == '\'' || c == ',' || c == '+' || c == '-' || c == ':' || c == '#' || c == '*':
		default:
			odd++
		}
		if stop < 0 && (odd > 0 || letters > 2000) {
			break
		}
	}
	if letters < 60 || odd > 4 {
		return -1, false
	}
	encrypted = strings.Contains(label, "ENCRYPTED") || bytes.Contains(text[:min(len(text), 200)], []byte("ENCRYPTED"))
	if stop < 0 {
		return at + body + min(len(text), letters), encrypted
	}
	return at + body + stop, encrypted
}

// puttyBody reports a count of lines and base64, and not the program that writes them.
func puttyBody(b []byte) bool {
	count, body, ok := bytes.Cut(bytes.TrimLeft(b, " "), []byte("\n"))
	if !ok || len(count) == 0 || !isNumber(string(bytes.TrimSpace(count))) {
		return false
	}
	for _, c := range body {
		if !isLetter(c) && !isDigit(c) && bytes.IndexByte([]byte("+/= \r\n\t"), c) < 0 {
			return false
		}
	}
	return len(body) >= 40
}

// keyBody is the letters of a key: two copies that are wrapped in other ways are one secret.
func keyBody(text []byte) string {
	var b strings.Builder
	escape := false
	for _, c := range text {
		switch {
		case escape:
			escape = false
		case c == '\\':
			escape = true
		case isLetter(c) || isDigit(c) || c == '+' || c == '/' || c == '=':
			b.WriteByte(c)
		}
	}
	return b.String()
}

func judgeKey(c *candidate, encrypted bool, d *document) {
	c.random = false // nothing of it is shown
	body := c.value
	low := strings.ToLower(body)
	switch {
	case strings.Contains(low, "example") || strings.Contains(body, "...") || traitsOf(body).run > 24 || entropy(body) < 4 || sequence(low) > 12:
		c.verdict, c.reason = Placeholder, "a private key whose body nobody generated"
	case d.test:
		c.verdict, c.reason = Test, "a private key; "+reasonTested
	case encrypted:
		c.verdict, c.reason = Secret, "a private key, as safe as its passphrase is long"
	default:
		c.verdict, c.reason = Secret, "a private key without a passphrase"
	}
}
