package oracle

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"iter"
	"net/url"
	"sort"
	"strings"
	"unicode"

	lr "github.com/launchready/launchready"
)

const maxDecoded = 1 << 20 // bytes of one decoding; more is cut

// Decodings yields the texts in which a witness may hide: the header, the body
// as it is, and then its decodings, cheapest first. It stops when yield does.
func Decodings(x *lr.Exchange, yield func(string) bool) {
	if x == nil {
		return
	}
	body := string(x.Body)
	head := headerText(x)
	if !yield(body) || !yield(head) {
		return
	}
	if u := urlText(head); u != "" && !yield(u) {
		return
	}
	if body == "" {
		return
	}
	for _, decode := range []func(string) string{
		jsonText, streamText, htmlText, urlText, base64Text, gzipText, fold,
	} {
		if d := decode(body); d != "" && !yield(d) {
			return
		}
	}
}

func headerText(x *lr.Exchange) string {
	if len(x.Header) == 0 {
		return ""
	}
	var b strings.Builder
	names := make([]string, 0, len(x.Header))
	for k := range x.Header {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		for _, v := range x.Header[k] {
			b.WriteString(k)
			b.WriteString(": ")
			b.WriteString(v)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// jsonText is every string of a JSON body, unescaped, one a line.
func jsonText(s string) string {
	if !strings.Contains(s, `\`) {
		return ""
	}
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return ""
	}
	var b strings.Builder
	walkStrings(v, func(t string) { b.WriteString(t); b.WriteByte('\n') })
	return b.String()
}

func walkStrings(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			walkStrings(e, f)
		}
	case map[string]any:
		for k, e := range v {
			f(k)
			walkStrings(e, f)
		}
	}
}

// streamText joins what a stream gives in pieces: for server-sent events and
// for lines of JSON, each string leaf over all events.
func streamText(s string) string {
	if !strings.Contains(strings.TrimSpace(s), "\n") {
		return "" // one line is no stream, even where it is ended
	}
	leaves := map[string]*strings.Builder{}
	var order []string
	add := func(path, t string) {
		b := leaves[path]
		if b == nil {
			if len(leaves) > 256 {
				return
			}
			b = &strings.Builder{}
			leaves[path] = b
			order = append(order, path)
		}
		b.WriteString(t)
	}
	events := 0
	for _, line := range strings.Split(s, "\n") {
		line = strings.TrimSuffix(line, "\r")
		data, ok := strings.CutPrefix(line, "data:")
		if !ok {
			data = line
		}
		data = strings.TrimPrefix(data, " ")
		if data == "" || data == "[DONE]" {
			continue
		}
		var v any
		// A bare number or word is a piece of text, not JSON.
		if strings.IndexByte(`{["`, data[0]) >= 0 && json.Unmarshal([]byte(data), &v) == nil {
			events++
			joinLeaves("", v, add)
		} else if ok {
			events++
			add("data", data)
		}
	}
	if events < 2 {
		return ""
	}
	var b strings.Builder
	for _, p := range order {
		b.WriteString(leaves[p].String())
		b.WriteByte('\n')
	}
	return b.String()
}

func joinLeaves(path string, v any, add func(path, text string)) {
	switch v := v.(type) {
	case string:
		add(path, v)
	case []any:
		for i, e := range v {
			joinLeaves(fmt.Sprintf("%s/%d", path, i), e, add)
		}
	case map[string]any:
		for k, e := range v {
			joinLeaves(path+"/"+k, e, add)
		}
	}
}

func htmlText(s string) string {
	if !strings.Contains(s, "&") {
		return ""
	}
	return html.UnescapeString(s)
}

func urlText(s string) string {
	if !strings.Contains(s, "%") {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if u, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(u)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func base64Text(s string) string {
	var b strings.Builder
	for run := range base64Runs(s) {
		enc := base64.RawStdEncoding
		if strings.ContainsAny(run, "-_") {
			enc = base64.RawURLEncoding
		}
		d, err := enc.DecodeString(run[:len(run)-boolInt(len(run)%4 == 1)])
		if err != nil || !mostlyText(d) {
			continue
		}
		b.Write(d)
		b.WriteByte('\n')
		if b.Len() > maxDecoded {
			break
		}
	}
	return b.String()
}

// base64Runs yields the runs of the alphabets of RFC 4648, sections 4 and 5, that
// are long enough to hide a witness, at most 512. Every reply is searched, and a
// regular expression takes ten times as long.
func base64Runs(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start, found := 0, 0
		for i := 0; i <= len(s); i++ {
			if i < len(s) && base64Byte[s[i]] {
				continue
			}
			if i-start >= base64Least {
				if found++; found > 512 || !yield(s[start:i]) {
					return
				}
			}
			start = i + 1
		}
	}
}

const base64Least = 24 // characters: 18 bytes

var base64Byte = func() (is [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_" {
		is[c] = true
	}
	return is
}()

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func mostlyText(b []byte) bool {
	odd := 0
	for _, c := range b {
		if c < 9 || (c > 13 && c < 32) || c == 127 {
			odd++
		}
	}
	return odd*10 <= len(b)
}

func gzipText(s string) string {
	if !strings.HasPrefix(s, "\x1f\x8b") {
		return ""
	}
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	// A truncated body still tells what came before the cut.
	_, _ = io.CopyN(&b, z, maxDecoded)
	return b.String()
}

// fold keeps letters and digits in lower case: it undoes inserted white space,
// changed case, zero-width characters and separators.
func fold(s string) string {
	if len(s) > maxDecoded {
		s = s[:maxDecoded]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
