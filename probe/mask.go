package probe

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	lr "github.com/launchready/launchready"
)

// hidden stands where a secret was.
const hidden = "[secret]"

// shortest is the length below which a value is masked only where it stands
// alone, between quotes or as the value of a form field: replacing "ab"
// everywhere would make records unreadable and hide nothing.
const shortest = 6

var jwtLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`)

// masks is the set of secrets that records must not hold.
type masks struct {
	mu   sync.Mutex
	seen map[string]bool
	all  map[string]string                // what to replace, and by what
	with atomic.Pointer[strings.Replacer] // nil when there is none
	ends atomic.Pointer[[]string]         // "=" and a short value, for the end of a form
}

func newMasks() *masks { return &masks{seen: map[string]bool{}, all: map[string]string{}} }

func (m *masks) add(values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	grown := false
	put := func(old, by string) {
		if _, there := m.all[old]; !there {
			m.all[old], grown = by, true
		}
	}
	for _, v := range values {
		if v == "" || v == hidden || m.seen[v] {
			continue
		}
		m.seen[v] = true
		switch {
		case len(v) < shortest:
			put(`"`+v+`"`, `"`+hidden+`"`)
			put(`\"`+v+`\"`, `\"`+hidden+`\"`)
			put("="+url.QueryEscape(v)+"&", "="+hidden+"&")
			ends := []string{"=" + url.QueryEscape(v)}
			if old := m.ends.Load(); old != nil {
				ends = append(ends, *old...)
			}
			m.ends.Store(&ends)
		default:
			for _, form := range forms(v) {
				put(form, hidden)
			}
		}
	}
	if !grown {
		return
	}
	list := make([]string, 0, len(m.all))
	for v := range m.all {
		list = append(list, v)
	}
	// A Replacer takes the first match in argument order; the longest must win.
	sort.Slice(list, func(i, j int) bool {
		if len(list[i]) != len(list[j]) {
			return len(list[i]) > len(list[j])
		}
		return list[i] < list[j]
	})
	pairs := make([]string, 0, 2*len(list))
	for _, v := range list {
		pairs = append(pairs, v, m.all[v])
	}
	m.with.Store(strings.NewReplacer(pairs...))
}

// forms are the spellings in which a value travels. Servers echo what they got
// inside JSON strings, so JSON is counted twice.
func forms(v string) []string {
	raw := []byte(v)
	out := []string{v, url.QueryEscape(v), strings.ReplaceAll(url.QueryEscape(v), "+", "%20"), url.PathEscape(v),
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw)}
	for _, html := range []bool{true, false} {
		once := quoted(v, html)
		out = append(out, once, quoted(once, html), quoted(once, !html))
	}
	return out
}

// quoted is v as it stands inside a JSON string.
func quoted(v string, html bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if e.Encode(v) != nil {
		return v
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}

func (m *masks) hide(s string) string {
	if r := m.with.Load(); r != nil {
		s = r.Replace(s)
	}
	if ends := m.ends.Load(); ends != nil {
		for _, e := range *ends {
			if strings.HasSuffix(s, e) {
				s = s[:len(s)-len(e)] + "=" + hidden
			}
		}
	}
	if strings.Contains(s, "eyJ") {
		s = jwtLike.ReplaceAllString(s, hidden)
	}
	return s
}

// hideBytes is hide of what is copied once.
func (m *masks) hideBytes(b []byte) []byte {
	r := m.with.Load()
	if r == nil || m.ends.Load() != nil {
		return []byte(m.hide(string(b)))
	}
	var out bytes.Buffer
	out.Grow(len(b))
	_, _ = r.WriteString(&out, string(b)) // a buffer takes all
	if b = out.Bytes(); bytes.Contains(b, []byte("eyJ")) {
		return jwtLike.ReplaceAll(b, []byte(hidden))
	}
	return b
}

// Mask keeps the secrets out of all records from now on, in the spellings that
// URLs, JSON and base64 give them. Values under six bytes are replaced where
// they stand alone.
func (c *Client) Mask(secrets ...lr.Secret) {
	for _, s := range secrets {
		c.masks.add(s.Reveal())
	}
}

// Redact replaces the secrets that the client knows, and everything that looks
// like a JWT, for text that leaves the run: reports, logs, errors.
func (c *Client) Redact(s string) string { return c.masks.hide(s) }

// RedactExchange is the exchange with secrets replaced in the reply too.
func (c *Client) RedactExchange(x *lr.Exchange) *lr.Exchange {
	y := *x
	y.URL = c.masks.hide(x.URL)
	y.Request, y.Header = c.hideHeader(x.Request), c.hideHeader(x.Header)
	y.Sent, y.Body = c.hideBytes(x.Sent), c.hideBytes(x.Body)
	return &y
}

func (c *Client) hideHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for k, vs := range h {
		nv := make([]string, len(vs))
		for i, v := range vs {
			nv[i] = c.masks.hide(v)
		}
		out[k] = nv
	}
	return out
}

func (c *Client) hideBytes(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	return c.masks.hideBytes(b)
}
