package secretscan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/launchready/launchready/redact"
)

// Filter takes secrets out of a stream of text, such as a server's log, and passes on
// the rest as it comes. It knows what the scanner knows, the headers and fields of package
// redact, signatures of webhooks, and e-mail addresses.
type Filter struct {
	// Scanner finds keys by their form and by their names. It must be set.
	Scanner *Scanner
	// Known also takes out values that were registered; nil: none.
	Known *redact.Redactor
	// KeepAddresses leaves e-mail addresses in.
	KeepAddresses bool
}

// Filtered says what a filter took out.
type Filtered struct {
	Bytes     int64 // read
	Secrets   int   // keys, tokens, passwords and signatures
	Addresses int   // of e-mail
}

const (
	// longestLine is what is held back while a line does not end.
	longestLine = 1 << 20
	addressMark = "[email]"
)

// signatures are header fields that prove who sent a webhook; with the body they can be replayed.
var signatures = regexp.MustCompile(`(?i)((?:x-hub-signature(?:-256)?|stripe-signature|svix-signature|webhook-signature|x-slack-signature|x-shopify-hmac-sha256|x-twilio-signature|x-signature(?:-ed25519)?|x-gitlab-token|paddle-signature|x-paystack-signature|x-line-signature)\\*["']?\s{0,8}[:=]\s{0,8}\\*["']?)([^"'\r\n\\]{8,512})`)

// hasSignature passes over text without such a field at the speed of strings.Index.
func hasSignature(s string) bool {
	for _, w := range []string{"ignature", "IGNATURE", "hmac", "Hmac", "HMAC", "itlab-", "ITLAB-"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// Copy reads r to its end and writes what may be shown to w, line by line: what follows the
// log sees each line when it is whole. A private key over several lines is one mark.
func (f *Filter) Copy(ctx context.Context, w io.Writer, r io.Reader) (Filtered, error) {
	var out Filtered
	buf := make([]byte, 0, chunkSize)
	block := make([]byte, 64<<10)
	key := false // inside of a private key
	for {
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("redact: %w", err)
		}
		n, err := r.Read(block)
		out.Bytes += int64(n)
		buf = append(buf, block[:n]...)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return out, fmt.Errorf("redact: read: %w", err)
		}
		cut := len(buf)
		if !last {
			cut = bytes.LastIndexByte(buf, '\n') + 1
			if cut == 0 && len(buf) >= longestLine {
				cut = f.cut(buf)
			}
		}
		if cut > 0 {
			text := f.lines(buf[:cut], &key, &out)
			if _, err := io.WriteString(w, text); err != nil {
				return out, fmt.Errorf("redact: write: %w", err)
			}
			buf = append(buf[:0], buf[cut:]...)
		}
		if last {
			return out, nil
		}
	}
}

// cut finds where a line that does not end may be broken: not inside of anything that is
// taken out, and not where something may have begun.
func (f *Filter) cut(buf []byte) int {
	end := len(buf) - overlap
	if i := bytes.LastIndexAny(buf[end/2:end], " \t,;\"'"); i >= 0 {
		end = end/2 + i + 1
	}
	for _, c := range f.Scanner.e.walk(&document{}, buf, f.Scanner.options.Now) {
		if c.from < end && c.to > end {
			end = c.from
		}
	}
	if end <= 0 {
		end = len(buf) - overlap
	}
	return end
}

// lines redacts whole lines, and drops those of a private key: up to its end, or to
// what cannot be a part of it, so that a header alone silences nothing.
func (f *Filter) lines(buf []byte, key *bool, out *Filtered) string {
	var b strings.Builder
	begins := true // rest is at the beginning of a line
	for rest := buf; len(rest) > 0; {
		if *key {
			var n int
			n, *key = keyLine(&b, rest, begins)
			if n == 0 && !*key && !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte('\n') // the key broke off; what comes is a line of its own
			}
			rest = rest[n:]
			begins = true
			continue
		}
		begin := keyHeader.FindIndex(rest)
		if begin == nil {
			b.WriteString(f.text(rest, out))
			break
		}
		b.WriteString(f.text(rest[:begin[0]], out))
		b.WriteString(keyMark)
		out.Secrets++
		rest = rest[begin[1]:]
		*key, begins = true, false
	}
	return b.String()
}

const keyMark = "[key]"

// longestKeyRun is from where a run of base64 in the middle of a private key is taken for
// a part of it, whatever a log wrote before it.
const longestKeyRun = 40

// keyLine goes over one line, or what is left of it, inside of a private key. It returns how
// much was dealt with and whether the key goes on.
func keyLine(b *strings.Builder, rest []byte, begins bool) (int, bool) {
	line := rest
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		line = rest[:i+1]
	}
	if end := keyEnd.FindIndex(line); end != nil {
		return end[1], false
	}
	if !begins {
		for i, c := range line {
			if !isLetter(c) && !isDigit(c) && strings.IndexByte("+/=\\ \t\r\n,:-", c) < 0 {
				return i, false
			}
		}
		return len(line), true
	}
	if isKeyLine(line) {
		return len(line), true
	}
	from, to := base64Run(line)
	if to-from < longestKeyRun {
		return 0, false
	}
	b.Write(line[:from])
	b.WriteString(keyMark)
	b.Write(line[to:])
	return len(line), true
}

// isKeyLine reports lines of base64, and the header fields that RFC 1421 puts before them.
func isKeyLine(line []byte) bool {
	t := bytes.TrimSpace(line)
	if bytes.HasPrefix(t, []byte("Proc-Type:")) || bytes.HasPrefix(t, []byte("DEK-Info:")) {
		return true
	}
	from, to := base64Run(t)
	return to-from == len(t)
}

// base64Run is the longest run of base64 in a line, escapes of line breaks included.
func base64Run(line []byte) (from, to int) {
	start := 0
	for i := 0; i <= len(line); i++ {
		if i < len(line) && (isLetter(line[i]) || isDigit(line[i]) || strings.IndexByte("+/=\\", line[i]) >= 0) {
			continue
		}
		if i-start > to-from {
			from, to = start, i
		}
		start = i + 1
	}
	return from, to
}

var keyEnd = regexp.MustCompile(`-----END [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----`)

var keyHeader = regexp.MustCompile(`-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----`)

// text redacts one piece of text.
func (f *Filter) text(data []byte, out *Filtered) string {
	var b strings.Builder
	at := 0
	for _, c := range f.Scanner.e.walk(&document{}, data, f.Scanner.options.Now) {
		switch c.verdict {
		case Secret, Expired, Test:
		case Public, Placeholder, Hash, UUID, Integrity, Reference, Ordinary:
			continue
		}
		out.Secrets++
		b.Write(data[at:c.from])
		b.WriteString(redact.Mark)
		at = c.to
	}
	b.Write(data[at:])
	s := b.String()
	before := countMarks(s)
	if hasSignature(s) {
		s = signatures.ReplaceAllString(s, "${1}"+redact.Mark)
	}
	s = f.Known.String(s)
	out.Secrets += max(0, countMarks(s)-before)
	if f.KeepAddresses {
		return s
	}
	return addresses(s, &out.Addresses)
}

// countMarks counts what stands where a secret was.
func countMarks(s string) int {
	return strings.Count(s, redact.Mark) + strings.Count(s, keyMark) + strings.Count(s, "[jwt")
}

// addresses replaces what is before and behind each "@" where the two are an e-mail address
// (RFC 5321 as far as people use it).
func addresses(s string, n *int) string {
	var b strings.Builder
	at := 0
	for i := 0; i < len(s); {
		k := strings.IndexByte(s[i:], '@')
		if k < 0 {
			break
		}
		k += i
		i = k + 1
		from, to := k, k+1
		for from > at && k-from < 64 && (isWord(s[from-1]) || strings.IndexByte(".%+-", s[from-1]) >= 0) {
			from--
		}
		for to < len(s) && to-k < 255 && (isLetter(s[to]) || isDigit(s[to]) || s[to] == '-' || s[to] == '.') {
			to++
		}
		for to > k+1 && (s[to-1] == '.' || s[to-1] == '-') {
			to--
		}
		last := strings.LastIndexByte(s[k+1:to], '.')
		if from == k || last < 1 || to-(k+1+last+1) < 2 || !isLetter(s[to-1]) {
			continue
		}
		*n++
		b.WriteString(s[at:from])
		b.WriteString(addressMark)
		at, i = to, to
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}
