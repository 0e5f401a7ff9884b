package redact

import "strings"

// secretWords are the last words of names whose values are credentials:
// "new_password", "X-Api-Key", "DB_PASSWORD", "shareToken". They are compared in
// lower case, without "-", "_" and ".".
var secretWords = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "accesskey", "privatekey", "secretkey",
	"servicekey", "signingkey", "credential", "credentials", "authorization", "cookie", "cookies", "sessionid",
	"signature", "csrf", "xsrf", "otp",
}

// longestName bounds how far back a name is read.
const longestName = 64

func secretName(name string) bool {
	var buf [24]byte // the longest word fits
	n := len(buf)
	for i := len(name) - 1; i >= 0 && n > 0; i-- {
		c := name[i]
		if c == '-' || c == '_' || c == '.' {
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		n--
		buf[n] = c
	}
	tail := string(buf[n:])
	for _, w := range secretWords {
		if strings.HasSuffix(tail, w) {
			return true
		}
	}
	return false
}

// fields masks the values of header fields, JSON members and form or query
// parameters with a credential's name. It goes from one ':' or '=' to the next
// and looks at the name before it, so it is linear.
func fields(s string) string {
	var b strings.Builder
	at := 0 // what is before has been written
	for i := 0; i < len(s); {
		d := strings.IndexAny(s[i:], ":=")
		if d < 0 {
			break
		}
		i += d
		from, to, f := field(s, i)
		if f == nil || from < at {
			i++
			continue
		}
		b.WriteString(s[at:from])
		b.WriteString(f(s[from:to]))
		at, i = to, max(to, i+1)
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}

// field finds the value that belongs to the delimiter at i, and how to mask it;
// nil when its name is no credential's.
func field(s string, i int) (from, to int, f func(string) string) {
	end := i
	for s[i] == ':' && end > 0 && i-end < 8 && isSpace(s[end-1]) {
		end--
	}
	quoted, slashes := false, 0
	if s[i] == ':' && end > 0 && s[end-1] == '"' {
		quoted = true
		for end--; end > 0 && s[end-1] == '\\'; end-- {
			slashes++
		}
	} else {
		end = i
	}
	start := end
	for start > 0 && end-start < longestName && isName(s[start-1]) {
		start--
	}
	name := s[start:end]
	switch {
	case quoted && secretName(name):
		return member(s, i+1, slashes)
	case quoted || name == "":
	case s[i] == '=' && (secretName(name) || start > 0 && (s[start-1] == '?' || s[start-1] == '&') && linkName(name)):
		to = i + 1
		for to < len(s) && !isSpace(s[to]) && strings.IndexByte(`&;"'<>`, s[to]) < 0 {
			if strings.HasPrefix(s[to:], withheld) {
				to += len(withheld)
				continue
			}
			to++
		}
		return i + 1, to, mask
	case s[i] == ':' && secretName(name) && startsLine(s, start):
		return headerValue(s, name, i+1)
	}
	return 0, 0, nil
}

// member is the value of a JSON member, which may be inside a JSON string
// itself: then its quotes have backslashes.
func member(s string, i, slashes int) (from, to int, f func(string) string) {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i < len(s) && slashes == 0 && (s[i] == '-' || isDigit(s[i])) {
		from = i
		for i < len(s) && strings.IndexByte("+-.eE0123456789", s[i]) >= 0 {
			i++
		}
		return from, i, func(string) string { return `"` + Mark + `"` }
	}
	if i+slashes >= len(s) || strings.Trim(s[i:i+slashes], `\`) != "" || s[i+slashes] != '"' {
		return 0, 0, nil
	}
	i += slashes + 1
	from = i
	for i < len(s) && s[i] != '"' && (slashes == 0 || s[i] != '\\') {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		i++
	}
	return from, i, mask
}

// headerValue is the rest of the line; cookies keep their names and attributes.
func headerValue(s, name string, i int) (from, to int, f func(string) string) {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	from, to = i, i
	for to < len(s) && s[to] != '\n' && s[to] != '\r' {
		to++
	}
	for to > from && isSpace(s[to-1]) {
		to--
	}
	switch strings.ToLower(name) {
	case "cookie":
		return from, to, maskCookies
	case "set-cookie", "set-cookie2":
		return from, to, func(v string) string {
			first, attributes, _ := strings.Cut(v, ";")
			return maskCookies(first) + v[len(v)-len(attributes)-min(1, len(v)-len(first)):]
		}
	}
	return from, to, mask
}

func maskCookies(v string) string {
	parts := strings.Split(v, ";")
	for i, p := range parts {
		name, value, ok := strings.Cut(p, "=")
		if !ok { // a cookie without a name
			space := p[:len(p)-len(strings.TrimLeft(p, " \t"))]
			parts[i] = space + mask(p[len(space):])
			continue
		}
		parts[i] = name + "=" + mask(value)
	}
	return strings.Join(parts, ";")
}

// linkName reports the parameters that make a link a capability.
func linkName(name string) bool {
	switch strings.ToLower(name) {
	case "sig", "code", "hmac":
		return true
	}
	return false
}

func startsLine(s string, i int) bool {
	for i > 0 && (s[i-1] == ' ' || s[i-1] == '\t' || s[i-1] == '>' || s[i-1] == '<') {
		i--
	}
	return i == 0 || s[i-1] == '\n' || s[i-1] == '\r'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || c == '_' || c == '-' || c == '.'
}
