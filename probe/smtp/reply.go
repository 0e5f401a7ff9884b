package smtp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Reply is one answer of a server (RFC 5321 section 4.2).
type Reply struct {
	Code  int      // 0: none was read
	Lines []string // without code and line ends; what cannot be printed is left out
}

// positive reports that the server did what it was asked.
func (r Reply) positive() bool { return r.Code >= 200 && r.Code < 300 }

// transient reports a refusal for now (RFC 5321 section 4.2.1).
func (r Reply) transient() bool { return r.Code >= 400 && r.Code < 500 }

func (r Reply) String() string {
	if r.Code == 0 {
		return "no reply"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, strings.Join(r.Lines, " / ")))
}

// Bounds of a reply. RFC 5321 section 4.5.3.1.5 has 512 bytes a line; servers are
// more generous with themselves.
const (
	mostLine  = 2048
	mostLines = 100
	mostShown = 200 // of a line, kept
)

// ErrReply is an answer that is none of SMTP's.
var ErrReply = errors.New("not an SMTP reply")

// ReadReply reads one reply, however many lines it has, and no more than
// mostLines of mostLine bytes.
func ReadReply(r *bufio.Reader) (Reply, error) {
	var out Reply
	for {
		line, err := readLine(r)
		if err != nil {
			return out, err
		}
		code, text, last, err := parseLine(line)
		if err != nil {
			return out, err
		}
		if out.Code != 0 && code != out.Code {
			return out, fmt.Errorf("%w: its lines have the codes %d and %d", ErrReply, out.Code, code)
		}
		out.Code = code
		out.Lines = append(out.Lines, printable(text))
		if last {
			return out, nil
		}
		if len(out.Lines) == mostLines {
			return out, fmt.Errorf("%w: it has more than %d lines", ErrReply, mostLines)
		}
	}
}

// readLine reads to the end of a line, LF alone included, within the bound.
func readLine(r *bufio.Reader) (string, error) {
	var b []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && len(b) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(string(b), "\r"), nil
		}
		if len(b) == mostLine {
			return "", fmt.Errorf("%w: a line is longer than %d bytes", ErrReply, mostLine)
		}
		b = append(b, c)
	}
}

// parseLine reads "250-text", "250 text" or "250" alone (RFC 5321 section 4.2).
func parseLine(line string) (code int, text string, last bool, err error) {
	if len(line) < 3 {
		return 0, "", false, fmt.Errorf("%w: a line %q has no code", ErrReply, printable(line))
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, "", false, fmt.Errorf("%w: a line begins with %q", ErrReply, printable(line[:min(len(line), 20)]))
		}
		code = code*10 + int(line[i]-'0')
	}
	if code < 200 || code > 559 {
		return 0, "", false, fmt.Errorf("%w: it has the code %d", ErrReply, code)
	}
	switch {
	case len(line) == 3:
		return code, "", true, nil
	case line[3] == ' ':
		return code, line[4:], true, nil
	case line[3] == '-':
		return code, line[4:], false, nil
	}
	return 0, "", false, fmt.Errorf("%w: a line begins with %q", ErrReply, printable(line[:min(len(line), 20)]))
}

// printable is a line as it may stand in a report.
func printable(s string) string {
	var b strings.Builder
	for _, c := range s {
		if b.Len() >= mostShown {
			break
		}
		if c >= ' ' && c != 0x7f && c != '�' && (c < 0x80 || c > 0x9f) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// extensions reads the keywords of a reply to EHLO (RFC 5321 section 4.1.1.1):
// the first line is the server's name.
func extensions(r Reply) map[string]string {
	out := map[string]string{}
	for i, line := range r.Lines {
		if i == 0 {
			continue
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[strings.ToUpper(word)] = rest
	}
	return out
}
