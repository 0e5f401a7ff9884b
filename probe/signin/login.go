package signin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// errRefused says that the target answered and gave no credential.
var errRefused = errors.New("the sign-in was refused")

// granted is what a sign-in gave.
type granted struct {
	cred    lr.Credential
	cookies map[string]string
	reply   any
}

func random() string { return rand.Text() }

// login signs the identity in.
func (c *Cast) login(ctx context.Context, s *session) (granted, error) {
	switch s.m.Kind {
	case Given:
		return granted{cred: s.given()}, nil
	case Basic:
		return granted{cred: s.basic(c)}, nil
	}
	r, err := c.signInRequest(ctx, s, s.id.User, s.id.Password)
	if err != nil {
		return granted{}, err
	}
	x, err := c.o.HTTP.Private(ctx, s.account, r)
	if err != nil {
		return granted{}, err
	}
	var prior map[string]lr.Secret
	if s.m.Kind == Form && r.Credential != nil {
		prior = r.Credential.Cookie
	}
	return c.accept(s, x, prior)
}

// signInRequest builds the request that signs in as user.
func (c *Cast) signInRequest(ctx context.Context, s *session, user string, password lr.Secret) (*lr.Request, error) {
	like := session{id: s.id, m: s.m, account: s.account} // no more: the rest is whoever holds the turn's
	like.id.User, like.id.Password = user, password
	var r *lr.Request
	var err error
	switch s.m.Kind {
	case Template:
		r, err = s.m.request(like.vars(lr.Secret{}, lr.Secret{}))
	case Form:
		r, err = c.formRequest(ctx, &like)
	case OAuth2:
		r = like.tokenRequest(nil)
	default:
		return nil, fmt.Errorf("identity %s: %w", s.id.Name, lr.ErrNoSignIn)
	}
	if err != nil {
		return nil, err
	}
	for k, v := range s.id.Extra {
		if r.Header.Get(k) == "" {
			r.SetHeader(k, v)
		}
	}
	r.Note = "sign in " + s.id.Name
	r.Route = &lr.Route{Method: r.Method, Path: plain(r.Path), Kind: lr.SignIn, Source: "configuration"}
	return r, nil
}

func plain(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// accept reads the reply to a sign-in. The cookies that were there before stay
// part of the session unless the reply replaces them: some applications keep
// the session of the page.
func (c *Cast) accept(s *session, x *lr.Exchange, prior map[string]lr.Secret) (granted, error) {
	if !x.OK() && (x.Status < 300 || x.Status > 399) {
		return granted{}, c.refusal(x, "")
	}
	if s.m.Kind == Form && (x.OK() && askedAgain(x.Body) || x.Status >= 300 && backToPage(x, s.m.Page)) {
		return granted{}, fmt.Errorf("%w: %s shows the sign-in form again", errRefused, asked(x))
	}
	t, err := s.m.read(x, c.o.Now(), prior)
	if err != nil {
		return granted{}, c.refusal(x, err.Error())
	}
	return c.grant(s, x, t), nil
}

func (c *Cast) grant(s *session, x *lr.Exchange, t tokens) granted {
	cred := s.carry(t)
	cred.Refresh = lr.NewSecret(t.refresh)
	cred.Expires = t.expires
	if cred.Expires.IsZero() {
		cred.Expires = claimedExpiry(claims(t.token), c.o.Now())
	}
	c.o.HTTP.Mask(cred.Token, cred.Refresh)
	for _, v := range t.cookies {
		if len(v) >= 12 { // shorter ones are "true" and "en"
			c.o.HTTP.Mask(lr.NewSecret(v))
		}
	}
	doc, _ := decode(x.Body)
	return granted{cred, t.cookies, doc}
}

// refusal tells what the server said, without what it was told.
func (c *Cast) refusal(x *lr.Exchange, why string) error {
	if why != "" {
		why = ": " + why
	}
	said := strings.Join(strings.Fields(c.o.HTTP.Redact(string(x.Body))), " ")
	if len(said) > 200 {
		said = strings.ToValidUTF8(said[:200], "") + "…"
	}
	if x.OK() && why != "" { // a reply that was meant to grant may hold what must not be shown
		said = ""
	}
	if said != "" {
		said = ": " + said
	}
	return fmt.Errorf("%w: %s answered %d%s%s", errRefused, asked(x), x.Status, why, said)
}

func asked(x *lr.Exchange) string {
	u, err := url.Parse(x.URL)
	if err != nil {
		return x.Method
	}
	return x.Method + " " + u.EscapedPath()
}

// carry places what was granted.
func (s *session) carry(t tokens) lr.Credential {
	w, _ := parseWhere(s.m.Token)
	send := s.m.Send
	if send == "" && w.in == "cookie" {
		send = "Cookie: " + w.name + "=" + tokenMark
	}
	var cred lr.Credential
	if t.token != "" {
		p, _ := parseSend(send) // plan has read it before
		cred = p.carry(t.token)
	} else {
		cred.Cookie = map[string]lr.Secret{}
		for k, v := range t.cookies {
			cred.Cookie[k] = lr.NewSecret(v)
		}
		cred.Token = sessionCookie(t.cookies)
		cred.Header = csrfHeaders(t.cookies)
	}
	return s.dress(cred)
}

// dress adds the identity's fixed headers.
func (s *session) dress(cred lr.Credential) lr.Credential {
	if len(s.id.Extra) > 0 && cred.Header == nil {
		cred.Header = map[string]lr.Secret{}
	}
	for k, v := range s.id.Extra {
		cred.Header[k] = lr.NewSecret(v)
	}
	return cred
}

// sessionCookie is the value of the cookie that most likely is the session.
func sessionCookie(cs map[string]string) lr.Secret {
	best, score := "", -1
	for name, v := range cs {
		n, low := min(len(v), 64), strings.ToLower(name)
		if strings.Contains(low, "sess") || strings.Contains(low, "sid") || strings.Contains(low, "auth") || strings.Contains(low, "token") {
			n += 100
		}
		if strings.Contains(low, "csrf") || strings.Contains(low, "xsrf") || strings.Contains(low, "refresh") {
			n -= 150
		}
		if n > score || (n == score && v < best) {
			best, score = v, n
		}
	}
	return lr.NewSecret(best)
}

// csrfHeaders repeats double-submit cookies in the headers under which the
// frameworks that set them look: Angular, axios and Laravel; Django.
func csrfHeaders(cs map[string]string) map[string]lr.Secret {
	out := map[string]lr.Secret{}
	for cookie, header := range map[string]string{"XSRF-TOKEN": "X-XSRF-TOKEN", "csrftoken": "X-CSRFToken"} {
		if v, ok := cs[cookie]; ok {
			if u, err := url.QueryUnescape(v); err == nil {
				v = u
			}
			out[header] = lr.NewSecret(v)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// given is the credential that the configuration holds.
func (s *session) given() lr.Credential {
	var cred lr.Credential
	if !s.id.Token.IsZero() {
		p, _ := parseSend(s.m.Send)
		cred = p.carry(s.id.Token.Reveal())
	}
	merge := func(dst *map[string]lr.Secret, src map[string]lr.Secret) {
		for k, v := range src {
			if *dst == nil {
				*dst = map[string]lr.Secret{}
			}
			(*dst)[k] = v
		}
	}
	merge(&cred.Header, s.id.Header)
	merge(&cred.Cookie, s.id.Cookie)
	merge(&cred.Query, s.id.Query)
	if cred.Token.IsZero() {
		cred.Token = core(s.id)
	}
	cred.Refresh = s.id.Refresh
	cred.Expires = claimedExpiry(claims(cred.Token.Reveal()), time.Time{})
	return s.dress(cred)
}

// core is the bare token among given values, when it is plain which it is.
func core(id Identity) lr.Secret {
	for k, v := range id.Header {
		if http.CanonicalHeaderKey(k) == "Authorization" {
			return lr.NewSecret(bare(v.Reveal()))
		}
	}
	if len(id.Header)+len(id.Cookie)+len(id.Query) == 1 {
		for _, set := range []map[string]lr.Secret{id.Header, id.Cookie, id.Query} {
			for _, v := range set {
				return lr.NewSecret(bare(v.Reveal()))
			}
		}
	}
	return lr.Secret{}
}

func (s *session) basic(c *Cast) lr.Credential {
	token := base64.StdEncoding.EncodeToString([]byte(s.id.User + ":" + s.id.Password.Reveal())) // RFC 7617, 2
	c.o.HTTP.Mask(lr.NewSecret(token))
	p, _ := parseSend("Authorization: Basic " + tokenMark)
	return s.dress(p.carry(token))
}
