package cors

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// session is what a browser that is signed in sends by itself: the cookies of
// the sign-in. A bearer token or an API key is none of it: a page of another
// origin does not have it. A nil session is that of a target without cookies.
type session struct {
	victim  *lr.Account
	cookies []*http.Cookie
	lines   []lr.Secret  // as the target set them; none where only the configuration knows the cookies
	set     *lr.Exchange // the sign-in that set them
}

// signedIn finds the session that the victim's browser would have. It is asked
// once in a run.
func signedIn(ctx context.Context, t *lr.Trial) (*session, error) {
	return lr.Recall(ctx, t.Memo, "cors session", func(ctx context.Context) (*session, error) {
		victims := oracle.Victims(t.Target)
		if len(victims) == 0 {
			return nil, nil
		}
		return sessionOf(ctx, t, victims[0])
	})
}

func sessionOf(ctx context.Context, t *lr.Trial, a *lr.Account) (*session, error) {
	s := &session{victim: a}
	x, err := signIn(ctx, t, a)
	if err != nil {
		return nil, err
	}
	if x != nil && busy(x) {
		return nil, fmt.Errorf("signing in was answered %d, so what a signed-in browser sends is not known", x.Status)
	}
	if x != nil && x.Status < 400 {
		s.set = x
		for _, line := range x.Header.Values("Set-Cookie") {
			c, err := http.ParseSetCookie(line)
			if err == nil && c.Value != "" && c.MaxAge >= 0 {
				s.cookies, s.lines = append(s.cookies, c), append(s.lines, lr.NewSecret(line))
			}
		}
	}
	if len(s.cookies) == 0 {
		// How a cookie of the configuration is set is not known: it is taken to
		// be sent wherever a browser may send one.
		for name, v := range a.Credential.Cookie {
			//nolint:gosec // it is the target's, and only read
			s.cookies = append(s.cookies, &http.Cookie{Name: name, Value: v.Reveal(), SameSite: http.SameSiteNoneMode, Secure: t.Target.Base.Scheme == "https"})
		}
		s.set = nil
	}
	if len(s.cookies) == 0 {
		return nil, nil
	}
	ok, err := s.lives(ctx, t)
	if err != nil || !ok {
		return nil, err
	}
	return s, nil
}

// signIn signs the account in as its browser does: with the option that sets a
// cookie where the request has one. Nil where the account signs in by no request.
func signIn(ctx context.Context, t *lr.Trial, a *lr.Account) (*lr.Exchange, error) {
	if t.Cast == nil {
		return nil, nil
	}
	r, err := t.Cast.SignInRequest(ctx, a, a.User, t.Cast.Password(a))
	if err != nil {
		return nil, ended(ctx, err)
	}
	if f := cookieOption(t.Target.SignIn); f != "" {
		var m map[string]any
		if json.Unmarshal(r.Body, &m) == nil {
			m[f] = true
			if r.Body, err = json.Marshal(m); err != nil {
				return nil, err
			}
		}
	}
	r.Note = "sign in as a browser does"
	x, err := t.HTTP.Do(ctx, nil, r)
	return x, ended(ctx, err)
}

// cookieOption is the body's field that asks for a cookie.
func cookieOption(rt *lr.Route) string {
	if rt == nil || rt.Body == nil || rt.Body.Schema == nil {
		return ""
	}
	for name, sc := range rt.Body.Schema.Properties {
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name)) {
		case "cookie", "usecookie", "usecookies", "setcookie", "session", "remember", "rememberme":
			if sc != nil && sc.Type == "boolean" {
				return name
			}
		}
	}
	return ""
}

// lives reports whether the cookies alone let the account in, where there is a
// route that tells who is asking; elsewhere the replies decide.
func (s *session) lives(ctx context.Context, t *lr.Trial) (bool, error) {
	a := s.victim
	if a.WhoAmI == nil {
		return true, nil
	}
	r, err := t.Stage.Request(ctx, a.WhoAmI, nil, a)
	if err != nil {
		return true, ended(ctx, err)
	}
	c := lr.Credential{Cookie: s.all()}
	r.Credential, r.Note = &c, "who the cookie alone is"
	x, err := t.HTTP.Do(ctx, a, r)
	if err != nil {
		return true, ended(ctx, err)
	}
	return len(oracle.Find(oracle.Known(t, a.Tenant), x)) > 0, nil
}

func (s *session) all() map[string]lr.Secret {
	out := map[string]lr.Secret{}
	for _, c := range s.cookies {
		out[c.Name] = lr.NewSecret(c.Value)
	}
	return out
}

// from lists the cookies that a browser sends when a page of the origin asks for
// the path by script.
func (s *session) from(page, path string, base *url.URL) map[string]lr.Secret {
	if s == nil {
		return nil
	}
	out := map[string]lr.Secret{}
	for _, c := range s.cookies {
		if kept(c, base) && travels(c, sameSite(page, base)) && under(c.Path, path) {
			out[c.Name] = lr.NewSecret(c.Value)
		}
	}
	return out
}

// kept reports whether a browser keeps the cookie of a target at the base
// (RFC 6265bis, 5.7): one for another domain is dropped, and one that is Secure
// needs TLS or the own machine.
func kept(c *http.Cookie, base *url.URL) bool {
	host := strings.ToLower(base.Hostname())
	if d := strings.TrimPrefix(strings.ToLower(c.Domain), "."); d != "" && d != host && !strings.HasSuffix(host, "."+d) {
		return false
	}
	return !c.Secure || base.Scheme == "https" || loopback(host)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// travels reports whether a script's request takes the cookie along (RFC
// 6265bis, 5.8.3). A cookie that says nothing of SameSite is Lax in browsers.
func travels(c *http.Cookie, sameSite bool) bool {
	switch {
	case sameSite:
		return true
	case c.Partitioned: // kept apart for each site that embeds the target
		return false
	}
	return c.SameSite == http.SameSiteNoneMode
}

// under is the path-match of RFC 6265, 5.1.4.
func under(cookie, path string) bool {
	if !strings.HasPrefix(cookie, "/") || cookie == "/" {
		return true
	}
	path, _, _ = strings.Cut(path, "?")
	return path == cookie || strings.HasPrefix(path, strings.TrimSuffix(cookie, "/")+"/")
}

// says describes how the cookies are set, without their values.
func (s *session) says() string {
	if s == nil || len(s.cookies) == 0 {
		return "signing in sets no cookie that lets anybody in"
	}
	var out []string
	for _, c := range s.cookies {
		site := map[http.SameSite]string{http.SameSiteLaxMode: "Lax", http.SameSiteStrictMode: "Strict", http.SameSiteNoneMode: "None"}[c.SameSite]
		if site == "" {
			site = "not given, which browsers take for Lax"
		}
		out = append(out, c.Name+" is SameSite="+site)
	}
	slices.Sort(out)
	if s.set == nil {
		return "the session cookie is the configuration's, so how it is set is not known"
	}
	return "cookie " + strings.Join(out, ", ")
}

// ended passes an error on by which the run ends; any other says only that
// something could not be asked.
func ended(ctx context.Context, err error) error {
	if err != nil && oracle.Fatal(ctx, err) {
		return err
	}
	return nil
}
