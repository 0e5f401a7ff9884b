package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func (s *Server) authRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/auth/signup", id: "signUp", tag: "auth", summary: "Set up a company and its owner",
			in: signUpIn{}, out: signedUp{}, status: 201, refusals: []int{409}, handle: s.signUp},
		{method: "POST", pattern: "/v1/auth/login", id: "signIn", tag: "auth", summary: "Sign in with e-mail and password",
			in: signInIn{}, out: grant{}, refusals: []int{401, 429}, handle: s.signIn},
		{method: "POST", pattern: "/v1/auth/refresh", id: "refreshToken", tag: "auth", summary: "Exchange a refresh token, which works once",
			in: refreshIn{}, out: grant{}, refusals: []int{401}, handle: s.refresh},
		{method: "POST", pattern: "/v1/auth/logout", id: "signOut", tag: "auth", summary: "End this session",
			access: viewer, status: 204, handle: s.signOut},
		{method: "POST", pattern: "/v1/auth/password/forgot", id: "forgotPassword", tag: "auth", summary: "Have a reset link sent",
			in: forgotIn{}, out: accepted{}, status: 202, handle: s.forgotPassword},
		{method: "POST", pattern: "/v1/auth/password/reset", id: "resetPassword", tag: "auth", summary: "Set a new password with the token of a reset link",
			in: resetIn{}, status: 204, refusals: []int{400}, handle: s.resetPassword},
		{method: "POST", pattern: "/v1/auth/password/change", id: "changePassword", tag: "auth", summary: "Change one's own password",
			access: viewer, in: changeIn{}, status: 204, handle: s.changePassword},
		{method: "GET", pattern: "/v1/auth/sessions", id: "listSessions", tag: "auth", summary: "One's own sessions",
			access: viewer, out: page[session]{}, handle: s.listSessions},
		{method: "DELETE", pattern: "/v1/auth/sessions/{session_id}", id: "endSession", tag: "auth", summary: "End one of one's own sessions",
			access: viewer, status: 204, handle: s.endSession},
	}
}

type signInIn struct {
	Email     string `json:"email" api:"format=email,max=254,example=member@acme.test"`
	Password  string `json:"password" api:"writeonly,format=password,max=200,example=correct horse battery"`
	Cookie    *bool  `json:"cookie,omitempty" api:"doc=also set the session cookie, for browsers"`
	ExpiresIn *int   `json:"expires_in,omitempty" api:"min=1,max=900,doc=seconds that the access token lives"`
}

// grant is what signing in gives.
type grant struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	TokenType    string `json:"token_type" api:"example=Bearer"`
	ExpiresIn    int    `json:"expires_in" api:"example=900"`
}

// user is the row that signing in reads.
type user struct {
	ID, TenantID, Role, Status string
	Hash                       []byte
}

func scanUser(r scanner) (u user, err error) {
	return u, r.Scan(&u.ID, &u.TenantID, &u.Role, &u.Status, &u.Hash)
}

func (s *Server) userByEmail(ctx context.Context, email string) (user, error) {
	return one(ctx, s.db, scanUser, `select id, tenant_id, role, status, password_hash from users where email = ?`, email)
}

// wrongPassword is compared with when there is no user, so that the time taken
// does not tell (ASVS v5.0.0-6.3.8).
var wrongPassword = []byte("$2a$04$JyUFKCVIFkJhxVLNT9kSSeRzY51gckWjZaNZBNZlNMCArBuhHzKuq")

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[signInIn](r)
	if err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if s.attempts.take(host+" "+in.Email, attemptsAllowed) && !s.flaws.Has("limits/login-guessing") {
		return tooManyAttempts()
	}
	u, err := s.userByEmail(r.Context(), in.Email)
	switch {
	case errors.Is(err, errNoRow):
		if s.flaws.Has("auth/user-enumeration") {
			if s.attempts.take(host, failuresAllowed) && !s.flaws.Has("limits/login-spraying") {
				return tooManyAttempts()
			}
			return notFound("account")
		}
		u = user{Hash: wrongPassword}
	case err != nil:
		return err
	}
	if bcrypt.CompareHashAndPassword(u.Hash, []byte(in.Password)) != nil || u.Status != "active" {
		if s.attempts.take(host, failuresAllowed) && !s.flaws.Has("limits/login-spraying") {
			return tooManyAttempts()
		}
		if !s.flaws.Has("operations/security-event") {
			s.log.WarnContext(r.Context(), "sign-in failed", "request_id", requestID(r), "from", host)
		}
		return unauthorized("e-mail or password is wrong")
	}
	g, err := s.openSession(w, r, u, in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, g)
}

// openSession starts a session of the user, with a cookie when the caller wants
// one or had one, and issues its tokens.
func (s *Server) openSession(w http.ResponseWriter, r *http.Request, u user, in signInIn) (grant, error) {
	brought, err := r.Cookie(cookieName)
	var cookie, hash any
	if err == nil || in.Cookie != nil && *in.Cookie {
		value := s.randomText(32)
		if brought != nil && brought.Value != "" && s.flaws.Has("auth/session-fixation") {
			value = brought.Value
		}
		cookie, hash = value, digest(value)
	}
	id, now := s.newID("ses"), s.now()
	if hash != nil {
		if _, err := s.db.exec(r.Context(), `update sessions set cookie_hash = null where cookie_hash = ?`, hash); err != nil {
			return grant{}, err
		}
	}
	_, err = s.db.exec(r.Context(), `insert into sessions (id, user_id, tenant_id, cookie_hash, user_agent, created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?)`,
		id, u.ID, u.TenantID, hash, clip(r.UserAgent(), 200), stamp(now), stamp(now.Add(refreshLife)))
	if err != nil {
		return grant{}, err
	}
	if value, ok := cookie.(string); ok {
		http.SetCookie(w, s.sessionCookie(r, value))
		http.SetCookie(w, embedCookie(value))
	}
	life := accessLife
	if in.ExpiresIn != nil {
		life = time.Duration(*in.ExpiresIn) * time.Second
	}
	return s.issue(r.Context(), u, id, life)
}

func (s *Server) sessionCookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https", MaxAge: int(refreshLife.Seconds())}
	if s.flaws.Has("isolation/cookie-scope") {
		c.Domain = "harbor.test" // one sign-in for acme.harbor.test and globex.harbor.test
	}
	return c
}

// issue signs the tokens of a session.
func (s *Server) issue(ctx context.Context, u user, session string, life time.Duration) (grant, error) {
	now := s.now()
	c := claims{Issuer: issuer, Audience: audienceAPI, Subject: u.ID, Tenant: u.TenantID, Role: u.Role, Session: session,
		ID: s.newID("jti"), Issued: now.Unix(), Expires: now.Add(life).Unix()}
	access, err := s.tokens.sign(c)
	if err != nil {
		return grant{}, err
	}
	c.Audience, c.ID, c.Role, c.Expires = audienceRefresh, s.newID("rft"), "", now.Add(refreshLife).Unix()
	again, err := s.tokens.sign(c)
	if err != nil {
		return grant{}, err
	}
	_, err = s.db.exec(ctx, `insert into refresh_tokens (id, session_id, created_at, expires_at) values (?, ?, ?, ?)`,
		c.ID, session, stamp(now), stamp(now.Add(refreshLife)))
	return grant{AccessToken: access, RefreshToken: again, TokenType: "Bearer", ExpiresIn: int(life.Seconds())}, err
}

func clip(text string, n int) string {
	if len(text) > n {
		return text[:n]
	}
	return text
}

// embedCookie is the session cookie for front ends on other sites.
func embedCookie(value string) *http.Cookie {
	return &http.Cookie{Name: embedName, Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode, MaxAge: int(refreshLife.Seconds())}
}
