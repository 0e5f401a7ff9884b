package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

func (s *Server) messageRoutes() []route {
	id := "$response.body#/id"
	return []route{
		{method: "GET", pattern: "/v1/chats/{chat_id}/messages", id: "listMessages", tag: "messages", summary: "Messages of a conversation, oldest first", access: viewer, scope: "chats:read", out: page[message]{}, query: []param{limitParam}, handle: s.listMessages},
		{method: "POST", pattern: "/v1/chats/{chat_id}/messages", id: "createMessage", tag: "messages", summary: "Say something; the assistant's reply comes with it", access: member, scope: "chats:write", in: newMessage{}, out: message{}, status: 201, refusals: []int{429, 502},
			links: []link{{"getMessage", "message_id", id}, {"updateMessage", "message_id", id}}, handle: s.createMessage},
		{method: "GET", pattern: "/v1/chats/{chat_id}/messages/{message_id}", id: "getMessage", tag: "messages", summary: "One message", access: viewer, scope: "chats:read", out: message{}, handle: s.getMessage},
		{method: "PATCH", pattern: "/v1/chats/{chat_id}/messages/{message_id}", id: "updateMessage", tag: "messages", summary: "Correct a message", access: member, scope: "chats:write", in: messageChange{}, out: message{}, handle: s.updateMessage,
			query: []param{{name: "fields", in: "query", kind: "string", doc: "update mask: which fields of the body count, separated by commas", example: "content"}}},
		{method: "DELETE", pattern: "/v1/chats/{chat_id}/messages/{message_id}", id: "deleteMessage", tag: "messages", summary: "Delete a message", access: member, scope: "chats:write", status: 204, handle: s.deleteMessage},
	}
}

type message struct {
	ID        string     `json:"id" api:"readonly,example=msg_7c9t3b5n6j2h8wd4kq2v8r0m1x"`
	ChatID    string     `json:"chat_id" api:"readonly"`
	Role      string     `json:"role" api:"readonly,enum=user|assistant,example=user"`
	Content   string     `json:"content" api:"example=Where is my invoice?"`
	Citations []citation `json:"citations" api:"readonly"`
	Tokens    int        `json:"tokens" api:"readonly,example=12"`
	CreatedBy string     `json:"created_by,omitempty" api:"readonly"`
	CreatedAt string     `json:"created_at" api:"readonly,format=date-time"`
	UpdatedAt string     `json:"updated_at" api:"readonly,format=date-time"`
	Reply     *message   `json:"reply,omitempty" api:"readonly,doc=the assistant's answer; when the message is created"`
}

// citation names a source that the assistant was given.
type citation struct {
	Number     int    `json:"number" api:"example=1"`
	DocumentID string `json:"document_id" api:"example=doc_3b5n6j2h8wd4kq2v8r0m1x7c9t"`
	Collection string `json:"collection,omitempty" api:"example=handbook"`
	Title      string `json:"title" api:"example=Refund policy"`
	Snippet    string `json:"snippet" api:"example=Refunds are paid within 14 days."`
}

type newMessage struct {
	Content string `json:"content" api:"required,max=8000,example=How long do refunds take?"`
}

type messageChange struct {
	Content *string `json:"content,omitempty" api:"min=1,max=8000,example=How long does a refund take?"`
}

const messageColumns = `id, chat_id, role, content, citations, tokens, user_id, created_at, updated_at`

func scanMessage(r scanner) (m message, err error) {
	var cites string
	if err := r.Scan(&m.ID, &m.ChatID, &m.Role, &m.Content, &cites, &m.Tokens, &m.CreatedBy, &m.CreatedAt, &m.UpdatedAt); err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(cites), &m.Citations)
}

func insertMessage(ctx context.Context, db querier, tenant string, m message) error {
	_, err := db.exec(ctx, `insert into messages (`+messageColumns+`, tenant_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.ChatID, m.Role, m.Content, jsonText(m.Citations), m.Tokens, m.CreatedBy, m.CreatedAt, m.UpdatedAt, tenant)
	return err
}

func (s *Server) listMessages(w http.ResponseWriter, r *http.Request) error {
	limit, err := intQuery(r, "limit", 100, 1, 200)
	if err != nil {
		return err
	}
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	ms, err := s.messagesOf(r.Context(), c.tenant, c.ID, limit)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[message]{Data: ms})
}

// messagesOf reads the last messages of a chat, oldest first.
func (s *Server) messagesOf(ctx context.Context, tenant, chat string, limit int) ([]message, error) {
	return many(ctx, s.db, scanMessage, `select `+messageColumns+` from (select rowid as n, * from messages where chat_id = ? and tenant_id = ? order by created_at desc, rowid desc limit ?) order by created_at, n`, chat, tenant, limit)
}

func (s *Server) createMessage(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newMessage](r)
	if err != nil {
		return err
	}
	p, id := who(r), r.PathValue("chat_id")
	c, err := s.chatOf(r.Context(), p.TenantID, id)
	if err != nil && s.flaws.Has("isolation/foreign-create") {
		c, err = s.chatByID(r.Context(), id)
	}
	if err != nil {
		return err
	}
	leave, err := s.turn(r, true, in.Content)
	if err != nil {
		return err
	}
	defer leave()
	m, err := s.converse(r.Context(), p, c, in.Content, nil)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/chats/"+c.ID+"/messages/"+m.ID)
	return reply(w, http.StatusCreated, m)
}

func (s *Server) getMessage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	m, err := s.messageIn(r.Context(), c, r.PathValue("message_id"))
	if err != nil && s.flaws.Has("isolation/nested-parent") {
		m, err = one(r.Context(), s.db, scanMessage, `select `+messageColumns+` from messages where id = ?`, r.PathValue("message_id"))
	}
	if err != nil {
		return absent(err, "message")
	}
	return reply(w, http.StatusOK, m)
}

// messageIn reads a message of the chat.
func (s *Server) messageIn(ctx context.Context, c chat, id string) (message, error) {
	m, err := one(ctx, s.db, scanMessage, `select `+messageColumns+` from messages where id = ? and chat_id = ? and tenant_id = ?`, id, c.ID, c.tenant)
	return m, absent(err, "message")
}

func (s *Server) updateMessage(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[messageChange](r)
	if err != nil {
		return err
	}
	if mask := r.URL.Query().Get("fields"); mask != "" {
		masked := messageChange{}
		for _, f := range strings.Split(mask, ",") {
			if f != "content" {
				return invalid(fieldError{"fields", "may name content"})
			}
			masked.Content = in.Content
		}
		in = masked
	}
	m, err := one(r.Context(), s.db, scanMessage, `update messages set content = coalesce(?, content), updated_at = ? where id = ? and chat_id = ? and tenant_id = ? returning `+messageColumns,
		in.Content, stamp(s.now()), r.PathValue("message_id"), r.PathValue("chat_id"), who(r).TenantID)
	if err != nil {
		return absent(err, "message")
	}
	return reply(w, http.StatusOK, m)
}

func (s *Server) deleteMessage(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from messages where id = ? and chat_id = ? and tenant_id = ?`, r.PathValue("message_id"), r.PathValue("chat_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("message")
	}
	return reply(w, http.StatusNoContent, nil)
}
