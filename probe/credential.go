package probe

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// place puts the credential on the request. It returns the target to send and
// the same with the credential's parameters masked.
func place(h http.Header, target string, c lr.Credential) (string, string) {
	for _, k := range slices.Sorted(maps.Keys(c.Header)) {
		drop(h, k)
		h[http.CanonicalHeaderKey(k)] = []string{c.Header[k].Reveal()}
	}
	if len(c.Cookie) > 0 {
		var parts []string
		for _, line := range h["Cookie"] {
			for p := range strings.SplitSeq(line, ";") {
				name, _, _ := strings.Cut(strings.TrimSpace(p), "=")
				if _, ours := c.Cookie[name]; !ours && name != "" {
					parts = append(parts, strings.TrimSpace(p))
				}
			}
		}
		for _, k := range slices.Sorted(maps.Keys(c.Cookie)) {
			parts = append(parts, k+"="+c.Cookie[k].Reveal())
		}
		h["Cookie"] = []string{strings.Join(parts, "; ")}
	}
	shown := target
	for _, k := range slices.Sorted(maps.Keys(c.Query)) {
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		target += sep + url.QueryEscape(k) + "=" + url.QueryEscape(c.Query[k].Reveal())
		shown += sep + url.QueryEscape(k) + "=" + hidden
	}
	return target, shown
}

// drop removes a field in whatever case a check spelled it.
func drop(h http.Header, name string) {
	for k := range h {
		if strings.EqualFold(k, name) {
			delete(h, k)
		}
	}
}

// shownHeader is the header as records show it: the credential's values masked
// in their places whatever their length, known secrets masked everywhere.
func (c *Client) shownHeader(h http.Header, cred lr.Credential) http.Header {
	out := h.Clone()
	for k, v := range cred.Header {
		out[http.CanonicalHeaderKey(k)] = []string{shownValue(v.Reveal(), cred.Token.Reveal())}
	}
	if len(cred.Cookie) > 0 {
		for i, line := range out["Cookie"] {
			parts := strings.Split(line, "; ")
			for j, p := range parts {
				name, _, _ := strings.Cut(p, "=")
				if v, ours := cred.Cookie[name]; ours && !v.IsZero() {
					parts[j] = name + "=" + hidden
				}
			}
			out["Cookie"][i] = strings.Join(parts, "; ")
		}
	}
	return c.hideHeader(out)
}

// shownValue keeps the scheme word before a credential, which helps who reads
// the record and hides nothing.
func shownValue(v, token string) string {
	if v == "" {
		return v
	}
	scheme, rest, ok := strings.Cut(v, " ")
	if ok && rest != "" && (rest == token || knownScheme(scheme)) {
		return scheme + " " + hidden
	}
	return hidden
}

func knownScheme(s string) bool {
	switch strings.ToLower(s) {
	case "bearer", "basic", "token", "digest", "apikey", "api-key", "jwt", "dpop":
		return true
	}
	return false
}

// same reports whether two credentials would send the same.
func same(a, b lr.Credential) bool {
	return maps.Equal(a.Header, b.Header) && maps.Equal(a.Cookie, b.Cookie) && maps.Equal(a.Query, b.Query)
}
