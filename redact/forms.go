package redact

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

// Form is a way in which a value is written in traffic.
type Form struct {
	Name string // plain, url, json, html, base64
	Text string
}

// Forms lists the ways a value is written in traffic, the plain one first; no text
// stands twice.
func Forms(v string) []Form {
	set := map[string]struct{}{}
	var out []Form
	name := "plain"
	add := func(s string) {
		if _, ok := set[s]; !ok && len(s) >= shortest {
			set[s] = struct{}{}
			out = append(out, Form{name, s})
		}
	}
	add(v)
	name = "url"
	for _, s := range []string{url.QueryEscape(v), url.PathEscape(v), percent(v)} {
		add(s)
		add(lowerHex(s))
	}
	name = "json"
	for _, s := range escaped(v) {
		add(s)
		add(strings.ReplaceAll(s, "/", `\/`)) // PHP and others escape the slash
		for _, t := range escaped(s) {        // JSON inside a JSON string
			add(t)
		}
	}
	name = "html"
	h := html.EscapeString(v)
	add(h)
	add(strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(h))
	add(strings.NewReplacer("&#34;", "&quot;", "&#39;", "&apos;").Replace(h))
	name = "base64"
	for _, s := range base64Forms(v) {
		add(s)
	}
	return out
}

// escaped returns v as the inside of a JSON string, with and without the
// escapes that encoding/json adds for HTML.
func escaped(v string) []string {
	var out []string
	if b, err := json.Marshal(v); err == nil {
		out = append(out, string(b[1:len(b)-1]))
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err == nil {
		s := strings.TrimSuffix(b.String(), "\n")
		out = append(out, s[1:len(s)-1])
	}
	return out
}

// percent escapes every byte outside RFC 3986's unreserved set, as
// encodeURIComponent's stricter cousins do.
func percent(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// lowerHex writes the hex digits of percent-escapes in lower case (RFC 3986,
// 2.1: the cases are equivalent).
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			for j := i + 1; j <= i+2; j++ {
				if b[j] >= 'A' && b[j] <= 'F' {
					b[j] += 'a' - 'A'
				}
			}
			i += 2
		}
	}
	return string(b)
}

// base64Forms returns what base64 makes of v alone and of v inside something
// longer ("user:password"): at each of the three alignments, the characters
// that depend on v alone.
func base64Forms(v string) []string {
	var out []string
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		out = append(out, enc.EncodeToString([]byte(v)))
		raw := enc.WithPadding(base64.NoPadding)
		for shift := range 3 {
			s := raw.EncodeToString(append(make([]byte, shift), v...))
			from := (shift*8 + 5) / 6
			to := (shift + len(v)) * 8 / 6
			if to-from >= 8 { // shorter says nothing about v
				out = append(out, s[from:to])
			}
		}
	}
	return out
}
