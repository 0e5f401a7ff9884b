package secretscan

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// bearer looks at the token after the word "Bearer" (RFC 6750).
func (w *walker) bearer(at, end int) {
	if at > 0 && isWord(w.data[at-1]) {
		return
	}
	p, sep := end, 0
	for p < len(w.data) && p-end < 8 {
		switch c := w.data[p]; {
		case isBlank(c) || c == '+':
			sep++
			p++
			continue
		case c == '%' && p+2 < len(w.data) && w.data[p+1] == '2' && w.data[p+2] == '0':
			sep++
			p += 3
			continue
		}
		break
	}
	if sep == 0 {
		return
	}
	from := p
	for p < len(w.data) && p-from < 2048 && (isToken(w.data[p]) || w.data[p] == '%') {
		p++
	}
	for p > from && w.data[p-1] == '.' {
		p--
	}
	if p-from < 16 {
		return
	}
	c := candidate{rule: w.e.bearer, from: from, to: p, value: string(w.data[from:p]), name: "Authorization", random: true}
	if !isRandom(c.value) {
		return
	}
	if v, reason := grammar(c.value); v != "" && v != UUID {
		c.verdict, c.reason = v, reason
	} else if w.d.test {
		c.verdict, c.reason = Test, reasonTested
	} else {
		c.verdict, c.reason = Secret, "a token in an Authorization header"
	}
	w.add(rankHeader, c)
}

// basic looks at user and password after the word "Basic" (RFC 7617).
func (w *walker) basic(at, end int) {
	if at > 0 && isWord(w.data[at-1]) {
		return
	}
	p := end
	for p < len(w.data) && p-end < 512 && (isLetter(w.data[p]) || isDigit(w.data[p]) || w.data[p] == '+' || w.data[p] == '/' || w.data[p] == '-' || w.data[p] == '_') {
		p++
	}
	raw := strings.TrimRight(string(w.data[end:p]), "=")
	for p < len(w.data) && w.data[p] == '=' {
		p++
	}
	if len(raw) < 8 {
		return
	}
	plain, err := base64.RawStdEncoding.DecodeString(raw)
	if err != nil {
		if plain, err = base64.RawURLEncoding.DecodeString(raw); err != nil {
			return
		}
	}
	w.userAndPassword(end, p, string(plain), "a user and a password in an Authorization header", w.e.basic)
}

// userAndPassword judges "user:password" that stands, encoded or not, at data[from:to].
func (w *walker) userAndPassword(from, to int, pair, reason string, r *rule) {
	user, password, ok := strings.Cut(pair, ":")
	if !ok || password == "" && !isRandom(user) || !isText([]byte(pair)) {
		return
	}
	if password == "" || password == "x-oauth-basic" || password == "X" {
		password = user
	}
	c := candidate{rule: r, from: from, to: to, value: password, name: "Authorization", random: isRandom(password)}
	judgeURL(&c, user, "-", w.d)
	if c.verdict == Secret {
		c.reason = reason
	}
	w.add(rankHeader, c)
}

// command looks at the password on a command line.
func (w *walker) command(at, end int, kind action) {
	if at > 0 && (isWord(w.data[at-1]) || w.data[at-1] == '-') || w.d.format == source && kind == onCommand {
		return
	}
	stop := end
	for stop < len(w.data) && stop-end < 600 {
		if w.data[stop] == '\n' && (stop == 0 || w.data[stop-1] != '\\') {
			break
		}
		stop++
	}
	line := w.data[end:stop]
	program := strings.Fields(string(w.data[at:end]))[0]
	for i := 0; i < len(line); {
		for i < len(line) && (isBlank(line[i]) || line[i] == '\n' || line[i] == '\\') {
			i++
		}
		start := i
		for i < len(line) && !isBlank(line[i]) && line[i] != '\n' {
			i++
		}
		flag := string(line[start:i])
		switch {
		case flag == "-p" && (kind == onLogin || program == "sshpass"), flag == "--password" || flag == "--pass":
			i = w.argument(end, line, i, "")
		case strings.HasPrefix(flag, "--password="):
			w.argument(end, line, start+len("--password="), "")
		case (program == "mysql" || program == "mysqldump" || program == "sshpass") && strings.HasPrefix(flag, "-p") && len(flag) > 4:
			w.argument(end, line, start+2, "")
		case program == "redis-cli" && flag == "-a":
			i = w.argument(end, line, i, "")
		case (program == "curl" || program == "wget") && (flag == "-u" || flag == "--user"):
			i = w.argument(end, line, i, ":")
		}
	}
}

// argument judges the word of a command line at line[i:], which begins at data[base]; with
// a separator, what stands behind it.
func (w *walker) argument(base int, line []byte, i int, separator string) int {
	for i < len(line) && (isBlank(line[i]) || line[i] == '\n' || line[i] == '\\') {
		i++
	}
	from, quote := i, byte(0)
	if i < len(line) && (line[i] == '"' || line[i] == '\'') {
		quote = line[i]
		from++
		i++
	}
	for i < len(line) && (quote != 0 && line[i] != quote || quote == 0 && !isBlank(line[i]) && bytes.IndexByte([]byte("\"'`;|&<>\n"), line[i]) < 0) {
		i++
	}
	text := string(line[from:i])
	if text == "" || strings.ContainsAny(text[:1], "-$") {
		return i
	}
	user := "-"
	if separator != "" {
		u, password, ok := strings.Cut(text, separator)
		if !ok || strings.Contains(text, "://") {
			return i
		}
		from, user = from+len(u)+1, u
		if text = password; text == "" {
			text, from = u, from-len(u)-1
		}
	}
	c := candidate{rule: w.e.login, from: base + from, to: base + from + len(text), value: text, name: "password", random: isRandom(text)}
	judgeURL(&c, user, "-", w.d)
	if c.verdict == Secret {
		c.reason = "a password on a command line"
	}
	if len(text) >= 6 {
		w.add(rankHeader, c)
	}
	return i
}

// cookies looks at the sessions in a Cookie or Set-Cookie header.
func (w *walker) cookies(end int) {
	stop := end
	for stop < len(w.data) && stop-end < 4096 && w.data[stop] != '\n' && w.data[stop] != '\r' && w.data[stop] != '"' {
		stop++
	}
	at := end
	for at < stop {
		length := bytes.IndexByte(w.data[at:stop], ';')
		if length < 0 {
			length = stop - at
		}
		name, value, ok := bytes.Cut(w.data[at:at+length], []byte("="))
		if ok && isSession(strings.TrimSpace(string(name))) && len(value) >= 16 {
			from := at + len(name) + 1
			c := candidate{rule: w.e.cookie, from: from, to: from + len(value), value: string(value), name: strings.TrimSpace(string(name)), random: true}
			switch {
			case !isRandom(c.value) || isPlaceholder(c.value, strings.ToLower(c.value)):
			case w.d.test:
				c.verdict, c.reason = Test, reasonTested
			default:
				c.verdict, c.reason = Secret, "the cookie of a session"
			}
			w.add(rankHeader, c)
		}
		at += length + 1
	}
}

// isSession reports names of cookies that sign a user in.
func isSession(name string) bool {
	low := strings.ToLower(name)
	for _, s := range []string{"session", "sess", "sid", "auth", "token", "jwt", "remember", "login", "identity"} {
		if strings.Contains(low, s) && !strings.Contains(low, "csrf") && !strings.Contains(low, "xsrf") {
			return true
		}
	}
	return false
}
