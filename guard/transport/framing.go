package transport

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
)

// framed is a connection of HTTP/1 on which every request begins and ends where every
// reader sees it. net/http is lenient where RFC 9112 lets it be, and gives the upstream
// a request of its own, so nothing is smuggled past guard; a proxy before it may have
// read the same bytes in another way. So these are refused with 400: lines that end in
// LF alone, folded fields (section 5.2), a length that comes twice or beside
// Transfer-Encoding (6.3), another coding than chunked, extensions of chunks (7.1.1).
type framed struct {
	net.Conn
	scan   scanner
	ahead  []byte      // was read before, and is looked at already
	pad    int         // bytes that the server still gets of a request that is refused
	tunnel atomic.Bool // it was hijacked, before its caller was told (RFC 6455 section 4.1: it waits for that)
}

// Read gives the server nothing of what breaks the framing: it then answers 400.
func (c *framed) Read(p []byte) (int, error) {
	if c.scan.broken { // the server may ask again before it obeys
		return c.refuse(p)
	}
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n > 0 && !c.tunnel.Load() {
		begun := peeked
		if c.scan.state == requestLine {
			begun = c.scan.n
		}
		if bad := c.scan.feed(p[:n]); bad != nil {
			c.pad = max(peeked-begun, 0)
			return c.refuse(p)
		}
	}
	return n, err
}

// peeked is how many bytes of a second request net/http waits for: where they do not come,
// it closes the connection and answers nothing.
const peeked = 4

// refuse gives no more than that, which ends no line and so is no request.
func (c *framed) refuse(p []byte) (int, error) {
	if c.pad > 0 {
		n := copy(p, "????"[:c.pad])
		c.pad -= n
		return n, nil
	}
	return 0, errFraming
}

var errFraming = errors.New("the framing of a request can be read in two ways")

type state uint8

const (
	requestLine state = iota
	field
	chunkSize
	trailer
	chunk    // data of one
	chunkEnd // CRLF after it
	body     // of a length
)

// scanner follows requests through the bytes of a connection. It keeps the beginning
// of the line that it is in.
type scanner struct {
	state state
	line  [160]byte
	n     int // of line, and beyond it
	cr    bool
	left  uint64 // of body or chunk

	length  int64 // -1: none
	chunked bool
	old     bool // before HTTP/1.1
	broken  bool
}

func (s *scanner) feed(b []byte) error {
	if s.broken {
		return errFraming
	}
	for len(b) > 0 {
		switch s.state {
		case body, chunk:
			take := min(uint64(len(b)), s.left)
			b, s.left = b[take:], s.left-take
			if s.left > 0 {
				return nil
			}
			if s.state == chunk {
				s.state = chunkEnd
			} else {
				s.state = requestLine
			}
		default:
			if n := s.run(b); n > 0 {
				b = b[n:]
				continue
			}
			c := b[0]
			b = b[1:]
			if !s.char(c) {
				s.broken = true
				return errFraming
			}
		}
	}
	return nil
}

// run takes the characters before the next that ends a line or breaks it, as char would
// one by one: most of what comes is a token or a cookie.
func (s *scanner) run(b []byte) int {
	if s.cr || s.state == chunkEnd || s.n == 0 && (b[0] == ' ' || b[0] == '\t') {
		return 0
	}
	for _, end := range [...]byte{'\r', '\n', 0} {
		if i := bytes.IndexByte(b, end); i >= 0 {
			b = b[:i]
		}
	}
	if s.n < len(s.line) {
		copy(s.line[s.n:], b)
	}
	s.n += len(b)
	return len(b)
}

// char takes one character of a line; false: the framing is broken.
func (s *scanner) char(c byte) bool {
	if s.cr {
		if c != '\n' {
			return false
		}
		s.cr = false
		ok := s.end()
		s.n = 0
		return ok
	}
	switch c {
	case '\r':
		s.cr = true
		return true
	case '\n', 0:
		return false
	}
	if s.state == chunkEnd || s.n == 0 && (c == ' ' || c == '\t') && s.state != requestLine {
		return false
	}
	if s.n < len(s.line) {
		s.line[s.n] = c
	}
	s.n++
	return true
}

// end judges the line that is whole.
func (s *scanner) end() bool {
	line := s.line[:min(s.n, len(s.line))]
	switch s.state {
	case requestLine:
		if s.n == 0 {
			return true // the server judges it
		}
		s.length, s.chunked = -1, false
		s.old = s.n <= len(s.line) && !strings.HasSuffix(string(line), " HTTP/1.1") // a longer one is judged as 1.1
		s.state = field
	case field:
		if s.n == 0 {
			return s.headEnd()
		}
		return s.field(line)
	case chunkSize:
		if s.n == 0 || s.n > 16 {
			return false
		}
		n, err := strconv.ParseUint(string(line), 16, 63)
		if err != nil || line[0] == '+' || line[0] == '-' {
			return false
		}
		if s.left, s.state = n, chunk; n == 0 {
			s.state = trailer
		}
	case chunkEnd:
		s.state = chunkSize
	case trailer:
		if s.n == 0 {
			s.state = requestLine
		}
	}
	return true
}

func (s *scanner) field(line []byte) bool {
	if c := line[0] | 0x20; c != 'c' && c != 't' {
		return true
	}
	name, value, ok := strings.Cut(string(line), ":")
	if !ok {
		return s.n > len(s.line) // the server refuses a short one
	}
	value = strings.Trim(value, " \t")
	switch {
	case strings.EqualFold(name, "Content-Length"):
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || s.length >= 0 || s.n > len(s.line) || value[0] == '+' {
			return false
		}
		s.length = int64(n) //nolint:gosec // 63 bits
	case strings.EqualFold(name, "Transfer-Encoding"):
		if s.chunked || s.old || !strings.EqualFold(value, "chunked") || s.n > len(s.line) {
			return false
		}
		s.chunked = true
	}
	return true
}

func (s *scanner) headEnd() bool {
	switch {
	case s.chunked && s.length >= 0:
		return false
	case s.chunked:
		s.state = chunkSize
	case s.length > 0:
		s.left, s.state = uint64(s.length), body //nolint:gosec // above 0
	default:
		s.state = requestLine
	}
	return true
}
