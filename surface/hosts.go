package surface

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/launchready/launchready/surface/har"
)

// hostCount counts the requests of a recording by host.
type hostCount struct {
	at map[string]*hostUse
}

type hostUse struct {
	base   url.URL
	count  int // requests that tell of an application
	weight int
}

const maxHosts = 1000

func newHostCount() *hostCount { return &hostCount{at: map[string]*hostUse{}} }

// countHosts reads a recording once for its hosts.
func countHosts(ctx context.Context, r io.Reader) (*hostCount, error) {
	h := newHostCount()
	_, err := har.Read(r, har.Options{MaxBody: 2 << 10}, func(e *har.Entry) error {
		h.count(e)
		return ctx.Err()
	})
	return h, err
}

func (h *hostCount) count(e *har.Entry) {
	key := siteOf(e.URL)
	u := h.at[key]
	if u == nil {
		if len(h.at) >= maxHosts {
			return
		}
		scheme := "http"
		if e.URL.Scheme == "https" || e.URL.Scheme == "wss" {
			scheme = "https"
		}
		u = &hostUse{base: url.URL{Scheme: scheme, Host: e.URL.Host}}
		h.at[key] = u
	}
	u.count++
	if !Traffic(e) {
		return
	}
	u.weight++
	if strings.Contains(e.Content.Type, "json") {
		u.weight += 2
	}
	if e.Method != http.MethodGet {
		u.weight += 2
	}
	if _, _, ok := LoginOf(e); ok {
		u.weight += 1000 // where people sign in
	}
}

// most is the host that the recording is of: the one where somebody signs in,
// or else the one that most of it talks to.
func (h *hostCount) most() *url.URL {
	var best *hostUse
	for _, k := range slices.Sorted(maps.Keys(h.at)) {
		if u := h.at[k]; best == nil || u.weight > best.weight {
			best = u
		}
	}
	if best == nil {
		return nil
	}
	u := best.base
	return &u
}

func (h *hostCount) of(base *url.URL) int {
	if u := h.at[siteOf(base)]; u != nil {
		return u.count
	}
	return 0
}

func (h *hostCount) others(base *url.URL) int {
	n := 0
	for k, u := range h.at {
		if k != siteOf(base) {
			n += u.count
		}
	}
	return n
}

func (h *hostCount) names() string { return h.without(nil) }

// without names the hosts beside one, the busiest first.
func (h *hostCount) without(base *url.URL) string {
	var all []*hostUse
	for k, u := range h.at {
		if base == nil || k != siteOf(base) {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *hostUse) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.base.Host, b.base.Host))
	})
	var names []string
	for _, u := range all[:min(len(all), 5)] {
		names = append(names, fmt.Sprintf("%s (%d)", u.base.Host, u.count))
	}
	if len(all) > 5 {
		names = append(names, fmt.Sprintf("and %d more", len(all)-5))
	}
	return strings.Join(names, ", ")
}

// siteOf is host and port of a URL, the usual port spelled out. http and https
// on their usual ports are one site: recordings begin with a redirect.
func siteOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	port := u.Port()
	if port == "" || port == "80" || port == "443" {
		return strings.ToLower(u.Hostname())
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// SameSite reports that two addresses are of one host and port.
func SameSite(a, b *url.URL) bool { return siteOf(a) == siteOf(b) }

func hostOf(u *url.URL) string {
	if u == nil {
		return "any host"
	}
	return u.Host
}

// LoginOf finds the user name and the password in a request that signs in.
func LoginOf(e *har.Entry) (user, password string, ok bool) {
	if e.Method != http.MethodPost {
		return "", "", false
	}
	var body any
	if form, isForm := FormOf(e); isForm {
		m := map[string]any{}
		for k, v := range form {
			m[k] = v
		}
		body = m
	} else if body, ok = JSON(e.Sent.Text); !ok {
		return "", "", false
	}
	user, password = loginIn(body, 0)
	return user, password, user != "" && password != ""
}

// loginIn finds a user name and a password in a body.
func loginIn(v any, depth int) (user, password string) {
	m, _ := v.(map[string]any)
	if depth > 3 {
		return "", ""
	}
	for _, k := range sortedKeys(m) {
		text, _ := m[k].(string)
		switch w := strings.Join(wordsOf(k), ""); {
		case text == "":
			if u, p := loginIn(m[k], depth+1); p != "" {
				user, password = cmp.Or(user, u), cmp.Or(password, p)
			}
		case oneOf(w, "password", "passwd", "pass", "pwd"):
			password = text
		case oneOf(w, "email", "username", "user", "login", "emailaddress", "useremail", "identifier", "mail", "loginname"):
			user = cmp.Or(user, text)
		}
	}
	return user, password
}

// LoginIn finds a user name and a password in a decoded body.
func LoginIn(body any) (user, password string) { return loginIn(body, 0) }

// FormOf reads the form that a request of a recording sends.
func FormOf(e *har.Entry) (map[string]string, bool) {
	if mediaType(cmp.Or(e.Header.Get("Content-Type"), e.Sent.Type)) != "application/x-www-form-urlencoded" {
		return nil, false
	}
	out := map[string]string{}
	if q, err := url.ParseQuery(string(e.Sent.Text)); err == nil {
		for k, v := range q {
			out[k] = v[0]
		}
	}
	for _, p := range e.Sent.Params {
		if _, have := out[p.Name]; !have {
			out[p.Name] = p.Value
		}
	}
	return out, true
}

// JSON decodes a body, whole.
func JSON(text []byte) (any, bool) {
	var v any
	if len(text) == 0 || json.Unmarshal(text, &v) != nil {
		return nil, false
	}
	return v, true
}

// CredentialName reports a name under which credentials travel.
func CredentialName(name string) bool { return credential(name) }

// KeyLike reports a value that is a key by its looks.
func KeyLike(value string) bool { return keyLike(value) }
