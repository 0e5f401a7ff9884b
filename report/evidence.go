// Package report turns what the audit saw into what a reader may see: evidence
// that is masked, cut and inert, and commands that repeat it. The packages
// below it each draw one format from an lr.Report.
package report

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
)

const (
	bodyLimit   = 4 << 10   // of a body that a reader sees
	headerLimit = 2 << 10   // of one header value
	window      = 256 << 10 // of a body that is looked at around the witness
	margin      = 16 << 10  // at the window's edges, where a secret may be cut in two
)

// Evidence is the exchange as a reader may see it. The witness values are the
// ones that decided; the response is cut around the first of them. A nil
// redactor knows the shapes of credentials only.
func Evidence(x *lr.Exchange, witness []string, r *redact.Redactor) lr.EvidenceItem {
	if x == nil {
		return lr.EvidenceItem{Kind: "exchange"}
	}
	item := lr.EvidenceItem{
		Kind:     "exchange",
		Note:     Line(r.String(x.Note)),
		As:       Line(x.As),
		Request:  request(x, r),
		Response: response(x, witness, r),
		Status:   x.Status,
		Curl:     Curl(x, r),
		Took:     x.Took,
	}
	for _, w := range witness {
		item.Witness = append(item.Witness, shorten(Line(r.String(w)), 256))
	}
	return item
}

// Record is evidence of another kind than an exchange: DNS records, log lines,
// measurements.
func Record(kind, note string, lines []string, r *redact.Redactor) lr.EvidenceItem {
	text := r.String(strings.Join(lines, "\n"))
	return lr.EvidenceItem{Kind: kind, Note: Line(r.String(note)), Text: cut(Inert(text), 0)}
}

// Items turns the evidence of an outcome into items: its exchanges in order,
// of which the last holds the witness, then its records as the given kind.
func Items(e lr.Evidence, kind string, r *redact.Redactor) []lr.EvidenceItem {
	items := []lr.EvidenceItem{} // a finding's evidence is an array, never null
	for i, x := range e.Exchanges {
		var witness []string
		if i == len(e.Exchanges)-1 {
			witness = e.Witness
		}
		items = append(items, Evidence(x, witness, r))
	}
	if len(e.Records) > 0 {
		items = append(items, Record(kind, "", e.Records, r))
	}
	return items
}

func request(x *lr.Exchange, r *redact.Redactor) string {
	var b strings.Builder
	target, host := x.URL, ""
	if u, err := url.Parse(x.URL); err == nil && u.Host != "" {
		host = u.Host
		if _, rest, ok := strings.Cut(x.URL, "://"+rawHost(x.URL)); ok {
			target = rest // byte for byte: u.Path would be normalised
		}
		if target == "" {
			target = "/"
		}
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\n", x.Method, target)
	if x.Request.Get("Host") == "" && host != "" {
		fmt.Fprintf(&b, "Host: %s\n", host)
	}
	headers(&b, x.Request)
	return compose(b.String(), x.Request, x.Sent, false, nil, r)
}

func response(x *lr.Exchange, witness []string, r *redact.Redactor) string {
	if x.Status == 0 {
		return ""
	}
	proto := x.Proto
	if proto == "" {
		proto = "HTTP/1.1"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s\n", proto, x.Status, http.StatusText(x.Status))
	headers(&b, x.Header)
	return compose(b.String(), x.Header, x.Body, x.Truncated, witness, r)
}

// rawHost is the authority of an absolute URL as it is written, userinfo included.
func rawHost(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

func headers(b *strings.Builder, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, v := range h[name] {
			// One header, one line: a value must not be able to write another.
			fmt.Fprintf(b, "%s: %s\n", Line(name), Line(v))
		}
	}
}

// compose puts head and body together. Redaction comes before cutting: half a
// secret is one that no rule knows any more.
func compose(head string, h http.Header, body []byte, truncated bool, witness []string, r *redact.Redactor) string {
	lines := strings.Split(strings.TrimRight(r.String(head), "\n"), "\n")
	for i, l := range lines {
		lines[i] = shorten(Inert(l), headerLimit)
	}
	out := strings.Join(lines, "\n")
	if len(body) == 0 {
		return out
	}
	if kind, ok := binary(h, body); ok {
		return out + "\n\n" + bytesOf(len(body), truncated) + " of " + kind
	}
	return out + "\n\n" + text(body, truncated, witness, r)
}

// text is the readable part of a body around the first witness found in it.
func text(body []byte, truncated bool, witness []string, r *redact.Redactor) string {
	at := find(body, witness)
	from, to := 0, len(body)
	if len(body) > window {
		from = max(0, at-window/2)
		to = min(len(body), from+window)
	}
	masked := r.String(string(body[from:to]))
	if cuts := from > 0 || to < len(body); cuts {
		// A secret that the window's edge cuts in two is masked no more, so
		// what lies at an edge is not shown.
		if from > 0 {
			masked = masked[min(margin, len(masked)):]
		}
		if to < len(body) {
			masked = masked[:max(0, len(masked)-margin)]
		}
	}
	seen := Inert(masked)
	kept := cut(seen, find([]byte(seen), inertAll(witness, r)))
	before, after := "", ""
	if from > 0 {
		before = fmt.Sprintf("… %s before this …\n", bytesOf(from+margin, false))
	}
	if to < len(body) || truncated {
		after = fmt.Sprintf("\n… %s more …", bytesOf(max(0, len(body)-to)+margin, truncated))
		if to == len(body) {
			after = "\n… the rest was not read …"
		}
	}
	return before + kept + after
}

func inertAll(list []string, r *redact.Redactor) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = Inert(r.String(s))
	}
	return out
}

// find is the place of the first witness that is in the body, or 0.
func find(body []byte, witness []string) int {
	for _, w := range witness {
		if w == "" {
			continue
		}
		if i := bytes.Index(body, []byte(w)); i >= 0 {
			return i
		}
	}
	return 0
}

// cut keeps bodyLimit bytes of s around at, and says how much it left out.
func cut(s string, at int) string {
	if len(s) <= bodyLimit {
		return s
	}
	from := max(0, min(at-bodyLimit/4, len(s)-bodyLimit))
	to := from + bodyLimit
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	out := s[from:to]
	if from > 0 {
		out = fmt.Sprintf("… %s cut …\n", bytesOf(from, false)) + out
	}
	if to < len(s) {
		out += fmt.Sprintf("\n… %s cut …", bytesOf(len(s)-to, false))
	}
	return out
}

// shorten cuts a line to n bytes at a character's start.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s… %s cut …", s[:n], bytesOf(len(s)-n, false))
}

// binary reports a body that is not for reading, and its kind.
func binary(h http.Header, body []byte) (kind string, ok bool) {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind == "" {
		kind = "data"
	}
	for _, family := range []string{"image/", "audio/", "video/", "font/"} {
		if strings.HasPrefix(kind, family) && kind != "image/svg+xml" {
			return Line(kind), true
		}
	}
	readable := strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "multipart/") ||
		slices.ContainsFunc([]string{"json", "xml", "urlencoded", "javascript", "graphql", "yaml", "event-stream"}, func(s string) bool { return strings.Contains(kind, s) })
	head := body[:min(len(body), 1024)]
	if readable {
		return "", false
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return Line(kind), true
	}
	// A few bad bytes are text with a fault; many are no text.
	bad := 0
	for b := head; len(b) > 0; {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 && len(b) >= utf8.UTFMax {
			bad++
		}
		b = b[n:]
	}
	return Line(kind), bad*10 > len(head)
}

// bytesOf is a number of bytes in words: "96,000 bytes".
func bytesOf(n int, more bool) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if more {
		s = "more than " + s
	}
	if n == 1 {
		return s + " byte"
	}
	return s + " bytes"
}
