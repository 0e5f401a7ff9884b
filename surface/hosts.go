package surface

import (
	"cmp"
	"context"
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

// countHosts reads a recording once for its hosts.
func countHosts(ctx context.Context, r io.Reader) (*hostCount, error) {
	h := &hostCount{at: map[string]*hostUse{}}
	_, err := har.Read(r, har.Options{}, func(e *har.Entry) error {
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
	if _, user := UserOf(e); user {
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

func sameSite(a, b *url.URL) bool { return siteOf(a) == siteOf(b) }

func hostOf(u *url.URL) string {
	if u == nil {
		return "any host"
	}
	return u.Host
}

// UserOf finds the user name in a request that signs in: one that takes a
// password beside it.
func UserOf(e *har.Entry) (user string, ok bool) {
	if e.Method != http.MethodPost {
		return "", false
	}
	s := &sighting{}
	(&conversion{}).sent(s, e)
	user, password := loginIn(s.body, 0)
	return user, user != "" && password
}

// loginIn finds a user name and a password in a body.
func loginIn(v any, depth int) (user string, password bool) {
	m, _ := v.(map[string]any)
	if depth > 3 {
		return "", false
	}
	for _, k := range sortedKeys(m) {
		text, _ := m[k].(string)
		switch w := strings.Join(wordsOf(k), ""); {
		case text == "":
			if u, p := loginIn(m[k], depth+1); p {
				user, password = cmp.Or(user, u), true
			}
		case oneOf(w, "password", "passwd", "pass", "pwd"):
			password = true
		case oneOf(w, "email", "username", "user", "login", "emailaddress", "useremail", "identifier", "mail", "loginname"):
			user = text
		}
	}
	return user, password
}
