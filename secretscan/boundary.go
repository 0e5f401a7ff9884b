package secretscan

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
func isBlank(c byte) bool  { return c == ' ' || c == '\t' }

// isToken are the bytes that keys, hashes and encodings are made of.
func isToken(c byte) bool {
	return isWord(c) || c == '-' || c == '.' || c == '+' || c == '/' || c == '=' || c == '~'
}

// startsToken reports whether a token may begin at data[at]: what stands before is
// no part of it. The letter of an escape ("\n", "%3D", "\u003d", a colour of a
// terminal) belongs to the escape.
func startsToken(data []byte, at int) bool {
	if at == 0 || !isWord(data[at-1]) {
		return true
	}
	if at >= 2 && data[at-2] == '\\' {
		switch data[at-1] {
		case 'n', 'r', 't', 'b', 'f', 'v', '0':
			return true
		}
	}
	if at >= 3 && data[at-3] == '%' && isHexDigit(data[at-2]) && isHexDigit(data[at-1]) {
		return true
	}
	if at >= 6 && data[at-6] == '\\' && data[at-5] == 'u' && isHexDigit(data[at-4]) && isHexDigit(data[at-3]) && isHexDigit(data[at-2]) && isHexDigit(data[at-1]) {
		return true
	}
	if data[at-1] == 'm' { // ESC [ 32 m
		i := at - 2
		for i >= 0 && at-i < 12 && (isDigit(data[i]) || data[i] == ';') {
			i--
		}
		return i >= 1 && data[i] == '[' && (data[i-1] == 0x1b || i >= 4 && string(data[i-4:i]) == `x1b` || data[i-1] == 'b' || data[i-1] == '3')
	}
	return false
}

// endsToken reports whether a token may end before data[at].
func endsToken(data []byte, at int) bool {
	return at >= len(data) || !isWord(data[at])
}

func isHexDigit(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// around extends data[from:to] over the bytes of a set on both sides, at most reach far.
func around(data []byte, from, to, reach int, in func(byte) bool) (int, int) {
	for n := 0; from > 0 && n < reach && in(data[from-1]); n++ {
		from--
	}
	for n := 0; to < len(data) && n < reach && in(data[to]); n++ {
		to++
	}
	return from, to
}
