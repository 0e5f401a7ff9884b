package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

var errNoCredential = errors.New("no credential")

// The session cookie, and its twin for front ends on other sites: SameSite=None
// makes a browser send it from there, so the CORS policy is what guards it.
const (
	cookieName = "harbor_session"
	embedName  = "harbor_embed"
)

// authenticated lets a request through that carries a live credential: a bearer
// token, an API key or the session cookie, the first of them that is there.
func (s *Server) authenticated(rt *route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := s.authenticate(r)
		switch {
		case errors.Is(err, errNoCredential) && rt.access == guest:
			p, err = nobody, nil
		case errors.Is(err, errMalformed) && rt.legacy:
			p, err = s.service(r.Context()) // the first version's tokens were opaque, and the first customer's
		}
		if err != nil {
			if rt.page && strings.Contains(r.Header.Get("Accept"), "text/html") {
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			s.refuse(w, r, s.credentialProblem(r, err))
			return
		}
		if p.ByCookie && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("X-Requested-With") != "harbor" {
			// A form on another site cannot set this header.
			s.refuse(w, r, forbidden("writes with the session cookie need the header X-Requested-With: harbor"))
			return
		}
		next.ServeHTTP(w, withPrincipal(r, p))
	})
}

// credentialProblem is the one refusal for every fault of a credential.
func (s *Server) credentialProblem(r *http.Request, err error) error {
	if errors.Is(err, errNoCredential) {
		return unauthorized("sign in first")
	}
	s.log.DebugContext(r.Context(), "credential refused", "request_id", requestID(r), "reason", err)
	if s.flaws.Has("hygiene/echoed-secret") {
		return unauthorized("the credential " + r.Header.Get("Authorization") + " is not valid")
	}
	return unauthorized("the credential is not valid")
}

// lostCredential are the words that clients send when they have lost their token.
var lostCredential = map[string]bool{"": true, "null": true, "undefined": true, "none": true, "nil": true,
	"[]": true, "{}": true, `""`: true, "''": true, "false": true, "0": true, "NaN": true, "[object Object]": true}

func (s *Server) authenticate(r *http.Request) (*principal, error) {
	if h := r.Header.Get("Authorization"); h != "" || len(r.Header.Values("Authorization")) > 0 {
		scheme, token, _ := strings.Cut(h, " ")
		token = strings.TrimSpace(token)
		if lostCredential[token] {
			if s.flaws.Has("auth/empty-credential") && r.Method == http.MethodGet {
				return s.service(r.Context())
			}
			return nil, errNoCredential
		}
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, errMalformed
		}
		return s.byToken(r.Context(), token)
	}
	if token := r.URL.Query().Get("access_token"); token != "" && s.flaws.Has("auth/token-in-query") {
		return s.byToken(r.Context(), token)
	}
	if key := r.Header.Get("X-API-Key"); key != "" {
		return s.byKey(r.Context(), key)
	}
	for _, name := range []string{cookieName, embedName} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return s.byCookie(r.Context(), c.Value)
		}
	}
	return nil, errNoCredential
}

// byToken reads the principal of an access token. The signature may have been
// verified before; whether session and user are alive is asked each time.
func (s *Server) byToken(ctx context.Context, token string) (*principal, error) {
	c, err := s.tokens.verify(token, audienceAPI)
	if err != nil {
		return nil, err
	}
	p := &principal{UserID: c.Subject, TenantID: c.Tenant, SessionID: c.Session}
	return p, s.alive(ctx, p)
}

// alive fails when the principal's session has ended or its user may not sign
// in, and fills in the role as it is now.
func (s *Server) alive(ctx context.Context, p *principal) error {
	type state struct{ role, status, revoked string }
	st, err := one(ctx, s.db, func(r scanner) (st state, err error) {
		return st, r.Scan(&st.role, &st.status, &st.revoked)
	}, `select u.role, u.status, coalesce(s.revoked_at, '') from users u, sessions s where u.id = ? and s.id = ?`, p.UserID, p.SessionID)
	if err != nil {
		return err
	}
	if st.revoked != "" {
		return errors.New("session has ended")
	}
	if st.status != "active" && !s.flaws.Has("auth/disabled-user-token") {
		return errors.New("user is not active")
	}
	p.Role = roleOf(st.role)
	return nil
}

func (s *Server) byCookie(ctx context.Context, value string) (*principal, error) {
	p, err := one(ctx, s.db, func(r scanner) (*principal, error) {
		p := &principal{ByCookie: true}
		return p, r.Scan(&p.SessionID, &p.UserID, &p.TenantID)
	}, `select id, user_id, tenant_id from sessions where cookie_hash = ? and expires_at > ?`, digest(value), stamp(s.now()))
	if err != nil {
		return nil, err
	}
	return p, s.alive(ctx, p)
}

func (s *Server) byKey(ctx context.Context, secret string) (*principal, error) {
	var scopes, status, role string
	p, err := one(ctx, s.db, func(r scanner) (*principal, error) {
		p := &principal{ByKey: true}
		return p, r.Scan(&p.UserID, &p.TenantID, &scopes, &status, &role)
	}, `select u.id, u.tenant_id, k.scopes, u.status, u.role from api_keys k join users u on u.id = k.user_id
		where k.secret_hash = ? and k.revoked_at is null`, digest(secret))
	if err != nil {
		return nil, err
	}
	if status != "active" {
		return nil, errors.New("the key's user is not active")
	}
	p.Role = roleOf(role)
	return p, json.Unmarshal([]byte(scopes), &p.Scopes)
}

// service is the principal of calls from inside: jobs and health pages.
func (s *Server) service(ctx context.Context) (*principal, error) {
	return one(ctx, s.db, func(r scanner) (*principal, error) {
		p := &principal{Role: owner}
		return p, r.Scan(&p.UserID, &p.TenantID)
	}, `select u.id, u.tenant_id from users u join tenants t on t.id = u.tenant_id where u.role = 'owner' order by t.created_at, t.slug limit 1`)
}
