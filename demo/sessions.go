package demo

import (
	"errors"
	"net/http"
)

type refreshIn struct {
	RefreshToken string `json:"refresh_token" api:"writeonly"`
}

// refresh exchanges a refresh token for new tokens. Each works once; one that
// comes again was stolen or replayed, and ends the session (RFC 9700, 4.14.2).
func (s *Server) refresh(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[refreshIn](r)
	if err != nil {
		return err
	}
	refused := unauthorized("the refresh token is not valid")
	c, err := s.tokens.verify(in.RefreshToken, audienceRefresh)
	if err != nil {
		return refused
	}
	p := &principal{UserID: c.Subject, TenantID: c.Tenant, SessionID: c.Session}
	if err := s.alive(r.Context(), p); err != nil {
		return refused
	}
	now := stamp(s.now())
	const known = `select count(*) from refresh_tokens where id = ? and session_id = ?`
	if n, err := one(r.Context(), s.db, scalar[int], known, c.ID, c.Session); err != nil || n == 0 {
		return errors.Join(err, refused)
	}
	if !s.flaws.Has("auth/refresh-reuse") {
		n, err := s.db.exec(r.Context(), `update refresh_tokens set used_at = ? where id = ? and used_at is null`, now, c.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := s.db.exec(r.Context(), `update sessions set revoked_at = ? where id = ?`, now, c.Session)
			return errors.Join(err, refused)
		}
	}
	g, err := s.issue(r.Context(), user{ID: p.UserID, TenantID: p.TenantID, Role: p.Role.String()}, c.Session, accessLife)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, g)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	if !s.flaws.Has("auth/token-after-logout") {
		if _, err := s.db.exec(r.Context(), `update sessions set revoked_at = ?, cookie_hash = null where id = ?`, stamp(s.now()), p.SessionID); err != nil {
			return err
		}
	}
	if p.ByCookie {
		for _, c := range []*http.Cookie{s.sessionCookie(r, ""), embedCookie("")} {
			c.MaxAge = -1
			http.SetCookie(w, c)
		}
	}
	return reply(w, http.StatusNoContent, nil)
}

type session struct {
	ID        string `json:"id" api:"readonly"`
	UserAgent string `json:"user_agent"`
	Current   bool   `json:"current"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
	ExpiresAt string `json:"expires_at" api:"format=date-time"`
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	list, err := many(r.Context(), s.db, func(row scanner) (v session, err error) {
		err = row.Scan(&v.ID, &v.UserAgent, &v.CreatedAt, &v.ExpiresAt)
		v.Current = v.ID == p.SessionID
		return v, err
	}, `select id, user_agent, created_at, expires_at from sessions where user_id = ? and revoked_at is null order by created_at desc limit 100`, p.UserID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[session]{Data: list})
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `update sessions set revoked_at = ?, cookie_hash = null where id = ? and user_id = ? and revoked_at is null`,
		stamp(s.now()), r.PathValue("session_id"), who(r).UserID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("session")
	}
	return reply(w, http.StatusNoContent, nil)
}
