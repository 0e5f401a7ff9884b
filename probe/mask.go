package probe

import (
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

// shortest is the length below which a value is masked only in its own place:
// replacing "ab" everywhere would make records unreadable and hide nothing.
const shortest = 6

var jwtLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`)

// masks is the set of secrets that records must not hold.
type masks struct {
	mu   sync.Mutex
	all  map[string]bool
	with atomic.Pointer[strings.Replacer] // nil when there is none
}

func newMasks() *masks { return &masks{all: map[string]bool{}} }

func (m *masks) add(values ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	grown := false
	for _, v := range values {
		if len(v) < shortest || v == hidden {
			continue
		}
		for _, form := range forms(v) {
			if !m.all[form] {
				m.all[form], grown = true, true
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
		pairs = append(pairs, v, hidden)
	}
	m.with.Store(strings.NewReplacer(pairs...))
}

// forms are the spellings in which a value travels.
func forms(v string) []string {
	out := []string{v}
	for _, f := range []string{url.QueryEscape(v), url.PathEscape(v), quoted(v), base64.StdEncoding.EncodeToString([]byte(v))} {
		if f != v {
			out = append(out, f)
		}
	}
	return out
}

func quoted(v string) string {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	return string(b[1 : len(b)-1])
}

func (m *masks) hide(s string) string {
	if r := m.with.Load(); r != nil {
		s = r.Replace(s)
	}
	if strings.Contains(s, "eyJ") {
		s = jwtLike.ReplaceAllString(s, hidden)
	}
	return s
}

// Mask keeps the secrets out of all records from now on, in the spellings that
// URLs, JSON and base64 give them. Values under six bytes are not replaced.
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
	return []byte(c.masks.hide(string(b)))
}
