package demo

import (
	"context"
	"net/http"
)

func (s *Server) shareRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/chats/{chat_id}/share", id: "shareChat", tag: "sharing", summary: "Make a link by which anyone may read the conversation", access: member, scope: "chats:write", out: share{}, status: 201,
			links: []link{{"getShared", "share_token", "$response.body#/token"}}, handle: s.shareChat},
		{method: "GET", pattern: "/v1/chats/{chat_id}/share", id: "getShare", tag: "sharing", summary: "The conversation's link", access: viewer, scope: "chats:read", out: share{}, handle: s.getShare},
		{method: "DELETE", pattern: "/v1/chats/{chat_id}/share", id: "unshareChat", tag: "sharing", summary: "Revoke the link", access: member, scope: "chats:write", status: 204, handle: s.unshareChat},
		{method: "GET", pattern: "/v1/shared/{share_token}", id: "getShared", tag: "sharing", summary: "A shared conversation, for who has the link", out: sharedChat{}, refusals: []int{404}, handle: s.getShared},
	}
}

type share struct {
	Token     string `json:"token" api:"example=n6j2h8wd4kq2v8r0m1x7c9t3b5"`
	URL       string `json:"url" api:"example=/v1/shared/n6j2h8wd4kq2v8r0m1x7c9t3b5"`
	CreatedBy string `json:"created_by"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

// sharedChat is what the holder of a link sees: no ids and no names.
type sharedChat struct {
	Title    string       `json:"title" api:"example=Invoice question"`
	Messages []sharedTurn `json:"messages"`
}

type sharedTurn struct {
	Role      string `json:"role" api:"example=user"`
	Content   string `json:"content"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

func (s *Server) shareOf(ctx context.Context, c chat) (share, error) {
	sh, err := one(ctx, s.db, func(r scanner) (sh share, err error) {
		return sh, r.Scan(&sh.Token, &sh.CreatedBy, &sh.CreatedAt)
	}, `select token, created_by, created_at from shares where chat_id = ? and tenant_id = ? and revoked_at is null`, c.ID, c.tenant)
	sh.URL = "/v1/shared/" + sh.Token
	return sh, err
}

func (s *Server) shareChat(w http.ResponseWriter, r *http.Request) error {
	p := who(r)
	c, err := s.chatOf(r.Context(), p.TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	if sh, err := s.shareOf(r.Context(), c); err == nil {
		return reply(w, http.StatusCreated, sh) // the link stays the same until it is revoked
	}
	_, err = s.db.exec(r.Context(), `insert into shares (id, token, tenant_id, chat_id, created_by, created_at) values (?, ?, ?, ?, ?, ?)`,
		s.newID("shr"), s.randomText(16), c.tenant, c.ID, p.UserID, stamp(s.now()))
	if err != nil {
		return err
	}
	sh, err := s.shareOf(r.Context(), c)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, sh)
}

func (s *Server) getShare(w http.ResponseWriter, r *http.Request) error {
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	sh, err := s.shareOf(r.Context(), c)
	if err != nil {
		return absent(err, "share")
	}
	return reply(w, http.StatusOK, sh)
}

func (s *Server) unshareChat(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `update shares set revoked_at = ? where chat_id = ? and tenant_id = ? and revoked_at is null`, stamp(s.now()), r.PathValue("chat_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("share")
	}
	return reply(w, http.StatusNoContent, nil)
}

func (s *Server) getShared(w http.ResponseWriter, r *http.Request) error {
	q := `select c.title, c.id, c.tenant_id from shares sh join chats c on c.id = sh.chat_id where sh.token = ? and sh.revoked_at is null`
	if s.flaws.Has("isolation/share-link") {
		q = `select c.title, c.id, c.tenant_id from shares sh join chats c on c.id = sh.chat_id where sh.token = ?`
	}
	c, err := one(r.Context(), s.db, func(r scanner) (c chat, err error) {
		return c, r.Scan(&c.Title, &c.ID, &c.tenant)
	}, q, r.PathValue("share_token"))
	if err != nil {
		return s.missingShare(w, err)
	}
	ms, err := s.messagesOf(r.Context(), c.tenant, c.ID, 1000)
	if err != nil {
		return err
	}
	out := sharedChat{c.Title, make([]sharedTurn, len(ms))}
	for i, m := range ms {
		out.Messages[i] = sharedTurn{m.Role, m.Content, m.CreatedAt}
	}
	return reply(w, http.StatusOK, out)
}
