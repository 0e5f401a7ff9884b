package secretscan

import (
	"bytes"
	"strings"
)

// Segment is where a text that comes in pieces stands between two of them. The zero
// value is its beginning.
type Segment struct {
	key bool // inside of a private key
	mid bool // the line has begun in a piece before
}

// Key reports that the text is inside of a private key: only whole lines may follow.
func (s *Segment) Key() bool { return s.key }

// Pass says that a piece was passed on without Filter.Segment, because it is Plain.
func (s *Segment) Pass(piece []byte) {
	line := piece
	if i := bytes.LastIndexByte(piece, '\n'); i >= 0 {
		s.mid = false
		line = piece[i+1:]
	}
	s.mid = s.mid || len(bytes.TrimLeft(line, " \t\r")) > 0
}

// middle stands for what of the line was before a piece: a header's value is the rest of
// its line, and a header begins one.
const middle = "x "

// Segment redacts one piece of a text. What it writes depends on the pieces before by s
// alone, so whoever cuts a text by what it says gets the same however it arrived.
// A piece that Opens does not hold may be cut off behind a blank; any other only where
// its line ends.
func (f *Filter) Segment(s *Segment, piece []byte, out *Filtered) string {
	mid := s.mid && !s.key
	s.Pass(piece)
	if !mid {
		return f.lines(piece, &s.key, out)
	}
	return strings.TrimPrefix(f.lines(append([]byte(middle), piece...), &s.key, out), middle)
}

// Plain reports a piece of words and numbers that nothing here would change or hold back.
// It is quick, and says false when in doubt.
func (f *Filter) Plain(piece []byte) bool {
	for _, c := range piece {
		if c < 0x80 && !isLetter(c) && !isDigit(c) && bytes.IndexByte([]byte(" \n\t.,!?;()*#"), c) < 0 {
			return false
		}
	}
	hit := false
	f.Scanner.e.words.scan(piece, func(uint16, int) { hit = true })
	return !hit
}

// headers are names of redact whose value is the rest of the line, and which are no
// keyword of the scanner.
var headers = [][]byte{[]byte("cookies"), []byte("signature"), []byte("csrf"), []byte("xsrf"), []byte("otp"), []byte("pwd"), []byte("code"), []byte("hmac"), []byte("sig")}

// leads are words that change what the next ones are: "ENV NAME value", "docker login -p".
var leads = [][]byte{[]byte("env"), []byte("set"), []byte("setenv"), []byte("-x"), []byte("-gx"), []byte("docker"), []byte("podman"), []byte("helm"), []byte("registry"), []byte("npm"), []byte("az"), []byte("oc")}

// Opens reports that a secret may have begun in the piece and go on behind it, as after
// "password: ": a name to which a value may still be given, a scheme, a command.
func (f *Filter) Opens(piece []byte) bool {
	open := false
	f.Scanner.e.words.scan(piece, func(word uint16, end int) {
		for _, t := range f.Scanner.e.triggers[word] {
			switch t.action {
			case onToken, onInfix, onJWT, onURL: // one word each
			case onName, onValue:
				open = open || assignable(piece, end-t.length, end)
			case onPEM, onBearer, onBasic, onLogin, onCommand, onCookie:
				open = true
			}
		}
	})
	last := bytes.TrimRight(piece, " \t")
	last = last[bytes.LastIndexAny(last, " \t\n")+1:]
	for _, w := range leads {
		open = open || bytes.EqualFold(last, w)
	}
	if open {
		return true
	}
	for rest := piece; ; {
		i := bytes.IndexAny(rest, ":=")
		if i < 0 {
			return bytes.Contains(piece, []byte(`name="`))
		}
		name := bytes.TrimRight(rest[:i], " \t\"'\\")
		for _, h := range headers {
			if len(name) >= len(h) && bytes.EqualFold(name[len(name)-len(h):], h) {
				return true
			}
		}
		rest = rest[i+1:]
	}
}

// assignable reports that the name around piece[from:to] was given something, or still
// may be: that no other word follows it.
func assignable(piece []byte, from, to int) bool {
	from, to = nameAround(piece, from, to)
	if from > 0 && piece[from-1] == '-' || piece[from] == '-' || spaced(piece, from, unknown) {
		return true
	}
	p := skipBlanks(piece, to)
	if p >= len(piece) {
		return true
	}
	switch c := piece[p]; c {
	case '=', ':', '>', '"', '\'', '`', '\\', ']', ')':
		return true
	case '|', '?', '!', '+':
		return p+1 >= len(piece) || piece[p+1] == c || piece[p+1] == '='
	}
	return false
}
