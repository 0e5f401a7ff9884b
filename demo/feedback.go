package demo

import "net/http"

func (s *Server) feedbackRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/chats/{chat_id}/messages/{message_id}/feedback", id: "createFeedback", tag: "messages", summary: "Rate a message", access: member, scope: "chats:write", in: newFeedback{}, out: feedback{}, status: 201, handle: s.createFeedback},
		{method: "GET", pattern: "/v1/chats/{chat_id}/messages/{message_id}/feedback", id: "listFeedback", tag: "messages", summary: "Ratings of a message", access: viewer, scope: "chats:read", out: page[feedback]{}, handle: s.listFeedback},
	}
}

type feedback struct {
	ID        string `json:"id" api:"readonly,example=fbk_8wd4kq2v8r0m1x7c9t3b5n6j2h"`
	Rating    string `json:"rating" api:"enum=up|down,example=up"`
	Comment   string `json:"comment" api:"example=That answered it."`
	CreatedBy string `json:"created_by"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

type newFeedback struct {
	Rating  string `json:"rating" api:"required,enum=up|down,example=up"`
	Comment string `json:"comment,omitempty" api:"max=2000,example=That answered it."`
}

// rated is the message of the path, in the caller's tenant.
func (s *Server) rated(r *http.Request) (message, error) {
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil {
		return message{}, err
	}
	return s.messageIn(r.Context(), c, r.PathValue("message_id"))
}

func (s *Server) createFeedback(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newFeedback](r)
	if err != nil {
		return err
	}
	m, err := s.rated(r)
	if err != nil {
		return err
	}
	p := who(r)
	f := feedback{s.newID("fbk"), in.Rating, in.Comment, p.UserID, stamp(s.now())}
	_, err = s.db.exec(r.Context(), `insert into feedback (id, tenant_id, chat_id, message_id, user_id, rating, comment, created_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID, p.TenantID, m.ChatID, m.ID, f.CreatedBy, f.Rating, f.Comment, f.CreatedAt)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, f)
}

func (s *Server) listFeedback(w http.ResponseWriter, r *http.Request) error {
	m, err := s.rated(r)
	if err != nil {
		return err
	}
	fs, err := many(r.Context(), s.db, func(r scanner) (f feedback, err error) {
		return f, r.Scan(&f.ID, &f.Rating, &f.Comment, &f.CreatedBy, &f.CreatedAt)
	}, `select id, rating, comment, user_id, created_at from feedback where message_id = ? and tenant_id = ? order by rowid`, m.ID, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[feedback]{Data: fs})
}
