package demo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/launchready/launchready/demo/model"
)

func (s *Server) chatRoutes() []route {
	chatLinks := []link{{"getChat", "chat_id", "$response.body#/id"}, {"updateChat", "chat_id", "$response.body#/id"}, {"listMessages", "chat_id", "$response.body#/id"}}
	archiving := member
	if s.flaws.Has("auth/no-credential-write") {
		archiving = guest // the clean-up job calls it every night
	}
	return []route{
		{method: "GET", pattern: "/v1/chats", id: "listChats", tag: "chats", summary: "Conversations of the tenant, newest first", access: viewer, scope: "chats:read", out: page[chat]{}, handle: s.listChats,
			query: []param{limitParam, cursorParam, {name: "archived", in: "query", kind: "boolean", doc: "only archived ones, or only others"}}},
		{method: "POST", pattern: "/v1/chats", id: "createChat", tag: "chats", summary: "Start a conversation", access: member, scope: "chats:write", in: newChat{}, out: chat{}, status: 201, links: chatLinks, handle: s.once(s.createChat),
			query: []param{{name: "Idempotency-Key", in: "header", kind: "string", doc: "sent again with the same key, the request is done once", example: "8e03978e-40d5-43dd-bc93-6894a57f9324"}}},
		{method: "GET", pattern: "/v1/chats/count", id: "countChats", tag: "chats", summary: "How many conversations there are", access: viewer, scope: "chats:read", out: count{}, handle: s.countChats},
		{method: "GET", pattern: "/v1/chats/{chat_id}", id: "getChat", tag: "chats", summary: "One conversation", access: viewer, scope: "chats:read", out: chat{}, handle: s.getChat},
		{method: "PATCH", pattern: "/v1/chats/{chat_id}", id: "updateChat", tag: "chats", summary: "Rename a conversation or change its metadata", access: member, scope: "chats:write", in: chatChange{}, out: chat{}, handle: s.updateChat},
		{method: "DELETE", pattern: "/v1/chats/{chat_id}", id: "deleteChat", tag: "chats", summary: "Delete a conversation with its messages", access: member, scope: "chats:write", status: 204, handle: s.deleteChat},
		{method: "POST", pattern: "/v1/chats/{chat_id}/archive", id: "archiveChat", tag: "chats", summary: "Put a conversation away", access: archiving, scope: "chats:write", out: chat{}, handle: s.archiveChat},
	}
}

var (
	limitParam  = param{name: "limit", in: "query", kind: "integer", doc: "how many at most, 1 to 200", example: 50}
	cursorParam = param{name: "cursor", in: "query", kind: "string", pattern: "^[A-Za-z0-9_-]*$", doc: "next_cursor of the page before"}
)

type chat struct {
	ID        string         `json:"id" api:"readonly,example=chat_4kq2v8r0m1x7c9t3b5n6j2h8wd"`
	Title     string         `json:"title" api:"example=Invoice question"`
	Model     string         `json:"model" api:"example=harbor-small"`
	Metadata  map[string]any `json:"metadata"`
	Archived  bool           `json:"archived" api:"example=false"`
	CreatedBy string         `json:"created_by" api:"readonly"`
	CreatedAt string         `json:"created_at" api:"readonly,format=date-time"`
	UpdatedAt string         `json:"updated_at" api:"readonly,format=date-time"`

	tenant string
}

type newChat struct {
	Title    string         `json:"title" api:"required,max=200,example=Invoice question"`
	Model    string         `json:"model,omitempty" api:"enum=harbor-small|harbor-large,example=harbor-small"`
	Metadata map[string]any `json:"metadata,omitempty" api:"max=20"`
}

type chatChange struct {
	Title    *string         `json:"title,omitempty" api:"min=1,max=200,example=Invoice question"`
	Model    *string         `json:"model,omitempty" api:"enum=harbor-small|harbor-large,example=harbor-large"`
	Metadata *map[string]any `json:"metadata,omitempty" api:"max=20"`
	Archived *bool           `json:"archived,omitempty" api:"example=false"`
}

type count struct {
	Count int `json:"count" api:"example=12"`
}

const chatColumns = `id, tenant_id, title, model, metadata, archived, user_id, created_at, updated_at`

func scanChat(r scanner) (c chat, err error) {
	var meta string
	if err := r.Scan(&c.ID, &c.tenant, &c.Title, &c.Model, &meta, &c.Archived, &c.CreatedBy, &c.CreatedAt, &c.UpdatedAt); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(meta), &c.Metadata)
}

// chatOf reads a chat of the tenant.
func (s *Server) chatOf(ctx context.Context, tenant, id string) (chat, error) {
	c, err := one(ctx, s.db, scanChat, `select `+chatColumns+` from chats where id = ? and tenant_id = ?`, id, tenant)
	return c, absent(err, "chat")
}

// chatByID reads a chat of whichever tenant: for jobs, which have no caller.
func (s *Server) chatByID(ctx context.Context, id string) (chat, error) {
	c, err := one(ctx, s.db, scanChat, `select `+chatColumns+` from chats where id = ?`, id)
	return c, absent(err, "chat")
}

// absent names what is missing.
func absent(err error, what string) error {
	if errors.Is(err, errNoRow) {
		return notFound(what)
	}
	return err
}

func (s *Server) listChats(w http.ResponseWriter, r *http.Request) error {
	limit, err := intQuery(r, "limit", 50, 1, 200)
	if err != nil {
		return err
	}
	after, err := s.readCursor(r)
	if err != nil {
		return err
	}
	// The filter is the caller's own tenant, whatever tenant_id the query says.
	q, args := `select `+chatColumns+` from chats where tenant_id = ? and (created_at, id) < (?, ?)`, []any{who(r).TenantID, after.at, after.id}
	if v := r.URL.Query().Get("archived"); v != "" {
		archived, err := strconv.ParseBool(v)
		switch {
		case err == nil:
			q, args = q+` and archived = ?`, append(args, archived)
		case s.flaws.Has("hygiene/database-text"):
			q, args = q+` and archived = json_extract(?, '$')`, append(args, v)
		default:
			return invalid(fieldError{"archived", "must be true or false"})
		}
	}
	chats, err := many(r.Context(), s.db, scanChat, q+` order by created_at desc, id desc limit ?`, append(args, limit+1)...)
	if err != nil && s.flaws.Has("hygiene/database-text") {
		return badRequest(err.Error())
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, cut(chats, limit, func(c chat) cursor { return cursor{c.CreatedAt, c.ID} }))
}

// cursor is the place in a list after which a page begins.
type cursor struct{ at, id string }

func (s *Server) readCursor(r *http.Request) (cursor, error) {
	text := r.URL.Query().Get("cursor")
	if text == "" {
		return cursor{at: "~"}, nil // sorts after every time
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if s.flaws.Has("hygiene/server-error") {
		parts := strings.Split(string(b), " ") // it is always one of ours
		return cursor{parts[0], parts[1]}, nil
	}
	at, id, ok := strings.Cut(string(b), " ")
	if err != nil || !ok {
		return cursor{}, invalid(fieldError{"cursor", "is not a cursor of this list"})
	}
	return cursor{at, id}, nil
}

// cut makes a page of rows that were read with one more than the limit.
func cut[T any](rows []T, limit int, place func(T) cursor) page[T] {
	if len(rows) <= limit {
		return page[T]{Data: rows}
	}
	last := place(rows[limit-1])
	return page[T]{Data: rows[:limit], Next: base64.RawURLEncoding.EncodeToString([]byte(last.at + " " + last.id))}
}

func (s *Server) createChat(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newChat](r)
	if err != nil {
		return err
	}
	if err := s.shallow(in.Metadata); err != nil {
		return err
	}
	p, now := who(r), stamp(s.now())
	c := chat{Title: in.Title, Model: in.Model, Metadata: in.Metadata, CreatedBy: p.UserID, CreatedAt: now, UpdatedAt: now, tenant: p.TenantID}
	if c.Model == "" {
		c.Model = model.Small
	}
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	if c.ID, err = s.newChatID(r.Context()); err != nil {
		return err
	}
	if err := insertChat(r.Context(), s.db, c); err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/chats/"+c.ID)
	return reply(w, http.StatusCreated, c)
}

func insertChat(ctx context.Context, db querier, c chat) error {
	_, err := db.exec(ctx, `insert into chats (`+chatColumns+`) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.tenant, c.Title, c.Model, jsonText(c.Metadata), c.Archived, c.CreatedBy, c.CreatedAt, c.UpdatedAt)
	return err
}

func (s *Server) newChatID(ctx context.Context) (string, error) {
	if s.flaws.Has("isolation/predictable-id") {
		return numberedChat(ctx, s.db)
	}
	return s.newID("chat"), nil
}

// numberedChat draws the next number of all chats.
func numberedChat(ctx context.Context, db querier) (string, error) {
	n, err := one(ctx, db, scalar[int64], `insert into chat_numbers default values returning number`)
	return strconv.FormatInt(1000+n, 10), err
}

func (s *Server) countChats(w http.ResponseWriter, r *http.Request) error {
	q, args := `select count(*) from chats where tenant_id = ?`, []any{who(r).TenantID}
	if s.flaws.Has("isolation/count-leak") {
		q, args = `select count(*) from chats`, nil
	}
	n, err := one(r.Context(), s.db, scalar[int], q, args...)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, count{n})
}

func (s *Server) getChat(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("chat_id")
	c, err := s.chatOf(r.Context(), who(r).TenantID, id)
	if err != nil && s.flaws.Has("isolation/foreign-read") {
		c, err = s.chatByID(r.Context(), id)
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, c)
}

func (s *Server) updateChat(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[chatChange](r)
	if err != nil {
		return err
	}
	var meta *string
	if in.Metadata != nil {
		if err := s.shallow(*in.Metadata); err != nil {
			return err
		}
		text := jsonText(*in.Metadata)
		meta = &text
	}
	return s.changeChat(w, r, `update chats set title = coalesce(?, title), model = coalesce(?, model), metadata = coalesce(?, metadata), archived = coalesce(?, archived), updated_at = ?`,
		in.Title, in.Model, meta, in.Archived, stamp(s.now()))
}

func (s *Server) archiveChat(w http.ResponseWriter, r *http.Request) error {
	return s.changeChat(w, r, `update chats set archived = 1, updated_at = ?`, stamp(s.now()))
}

// changeChat runs the update on the caller's chat in the path, or for a job on a
// chat of [everyTenant], and answers with what it has become.
func (s *Server) changeChat(w http.ResponseWriter, r *http.Request, update string, args ...any) error {
	c, err := one(r.Context(), s.db, scanChat, update+` where id = ? and (tenant_id = ? or ? = '') returning `+chatColumns, append(args, r.PathValue("chat_id"), who(r).TenantID, who(r).TenantID)...)
	if err != nil {
		return absent(err, "chat")
	}
	return reply(w, http.StatusOK, c)
}

func (s *Server) deleteChat(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from chats where id = ? and tenant_id = ?`, r.PathValue("chat_id"), who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("chat")
	}
	return reply(w, http.StatusNoContent, nil)
}
