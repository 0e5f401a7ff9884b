package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
)

// Session is the application's own, in a cookie. Whose it is, guard asks the
// application, at an address that says who is signed in.
type Session struct {
	Cookie                 string
	URL                    string
	Subject, Tenant, Roles string        // members of the answer, "user.id"
	Cache                  time.Duration // 0: every request is asked about
	Origins                *http.CrossOriginProtection
	Client                 *http.Client
}

// cookie finds the session's value; ok is false when it comes twice: servers differ
// in which one counts.
func (s *Session) cookie(h http.Header) (value string, ok bool) {
	n := 0
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.TrimSpace(name) == s.Cookie {
				value = v
				n++
			}
		}
	}
	return value, n < 2 && len(value) <= 8<<10
}

// remove takes the cookie out of a request that has another credential: the
// application must not take it for somebody else's.
func (s *Session) remove(h http.Header) {
	if s == nil {
		return
	}
	for i, line := range h["Cookie"] {
		if !strings.Contains(line, s.Cookie) {
			continue
		}
		var keep []string
		for part := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(part, "=")
			if strings.TrimSpace(name) != s.Cookie {
				keep = append(keep, strings.TrimSpace(part))
			}
		}
		h["Cookie"][i] = strings.Join(keep, "; ")
	}
}

// ownPage reports whether a request that could change something comes of a page of
// the application or of a listed origin, or of no browser (as net/http judges
// Sec-Fetch-Site and Origin). What opens a WebSocket could change everything.
func (s *Session) ownPage(r *http.Request) bool {
	if r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		as := *r
		as.Method = http.MethodPost
		r = &as
	}
	return s.Origins.Check(r) == nil
}

func (s *Session) ask(ctx context.Context, value string) (*guard.Principal, error) {
	ctx, cancel := outside(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, &Down{errors.New("the address cannot be asked")}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cookie", s.Cookie+"="+value)
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if s.Client != nil {
		c.Transport = s.Client.Transport
	}
	b, err := do(c, req)
	var st *status
	switch {
	case errors.As(err, &st) && (st.code == 401 || st.code == 403 || st.code == 404 || st.code/100 == 3): // a redirect to the sign-in page
		return nil, errors.New("the session is nobody's")
	case err != nil:
		return nil, &Down{err}
	}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return nil, errors.New("the session is nobody's: the application answers with no JSON")
	}
	subject, _ := member(v, s.Subject).(string)
	if subject == "" {
		return nil, errors.New("the session is nobody's")
	}
	tenant, _ := member(v, s.Tenant).(string)
	return &guard.Principal{Subject: subject, Tenant: tenant, Roles: listed(member(v, s.Roles))}, nil
}

func member(v any, path string) any {
	if path == "" {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
