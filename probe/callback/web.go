package callback

import (
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// take answers a web request. What carries no nonce of ours is told nothing.
func (l *Listener) take(w http.ResponseWriter, r *http.Request) {
	nonce, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
	body, err := io.ReadAll(io.LimitReader(r.Body, maxText))
	if err != nil {
		body = nil // what came is no matter: the hit is
	}
	text := rest
	if r.URL.RawQuery != "" {
		text += "?" + query(r)
	}
	if len(body) > 0 {
		text += "\n" + valid(body)
	}
	h := lr.Hit{Nonce: nonce, Kind: "http", From: r.RemoteAddr, Agent: cut(r.UserAgent(), 512), Line: cut(r.Method+" "+r.URL.RequestURI(), 4096), Text: cut(text, maxText)}
	h.Answer = http.StatusOK
	l.mu.Lock()
	if p, ok := l.known[nonce]; ok && p.Status != 0 {
		h.Answer = p.Status
	}
	l.mu.Unlock()
	p, ok := l.record(h)
	if !ok || !strings.HasPrefix(r.URL.Path, prefix) {
		http.NotFound(w, r)
		return
	}
	for k, v := range p.Header {
		w.Header().Set(k, v)
	}
	if p.Type != "" {
		w.Header().Set("Content-Type", p.Type)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(h.Answer)
	if r.Method != http.MethodHead {
		w.Write(p.Body) //nolint:errcheck // the caller has gone
	}
}

// query is the query decoded, as far as it can be: data travels in it.
func query(r *http.Request) string {
	var b strings.Builder
	for k, vs := range r.URL.Query() {
		for _, v := range vs {
			if b.Len() > 0 {
				b.WriteByte('&')
			}
			b.WriteString(k + "=" + v)
		}
	}
	if b.Len() == 0 {
		return r.URL.RawQuery
	}
	return b.String()
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }

// cut keeps the first n bytes, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
