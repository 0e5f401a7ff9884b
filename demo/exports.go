package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

func (s *Server) exportRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/exports", id: "createExport", tag: "exports", summary: "Export what the tenant has", access: member, scope: "exports:write", in: newExport{}, out: export{}, status: 202,
			links: []link{{"getExport", "export_id", "$response.body#/id"}, {"downloadExport", "export_id", "$response.body#/id"}}, handle: s.createExport},
		{method: "GET", pattern: "/v1/exports/{export_id}", id: "getExport", tag: "exports", summary: "How far an export is", access: viewer, scope: "exports:write", out: export{}, handle: s.getExport},
		{method: "GET", pattern: "/v1/exports/{export_id}/download", id: "downloadExport", tag: "exports", summary: "The exported data", access: viewer, scope: "exports:write", out: exported{}, handle: s.downloadExport},
		{method: "DELETE", pattern: "/v1/exports/{export_id}", id: "deleteExport", tag: "exports", summary: "Delete an export; one that is not there is no error", access: member, scope: "exports:write", status: 204, handle: s.deleteExport},
		{method: "GET", pattern: "/v1/chats/{chat_id}/export", id: "exportChat", tag: "exports", summary: "One conversation as Markdown, JSON or a table", access: viewer, scope: "chats:read", outType: []string{"text/markdown", "application/json", "text/csv"}, handle: s.exportChat,
			query: []param{{name: "format", in: "query", kind: "string", doc: "md, json or csv", example: "json"}, {name: "width", in: "query", kind: "integer", doc: "where the lines of Markdown break, 20 to 400", example: 80}}},
	}
}

type newExport struct {
	Kind string `json:"kind" api:"required,enum=chats|documents,example=chats"`
}

type export struct {
	ID        string `json:"id" api:"readonly,example=exp_9t3b5n6j2h8wd4kq2v8r0m1x7c"`
	Kind      string `json:"kind" api:"example=chats"`
	Status    string `json:"status" api:"enum=ready,example=ready"`
	Size      int    `json:"size" api:"example=20480"`
	CreatedBy string `json:"created_by"`
	CreatedAt string `json:"created_at" api:"format=date-time"`
}

// exported is what an export holds: the one list or the other, by its kind.
type exported struct {
	Chats     []exportedChat `json:"chats,omitempty"`
	Documents []document     `json:"documents,omitempty"`
}

type exportedChat struct {
	Chat     chat      `json:"chat"`
	Messages []message `json:"messages"`
}

const exportColumns = `id, kind, status, length(content), user_id, created_at`

func scanExport(r scanner) (e export, err error) {
	return e, r.Scan(&e.ID, &e.Kind, &e.Status, &e.Size, &e.CreatedBy, &e.CreatedAt)
}

func (s *Server) createExport(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newExport](r)
	if err != nil {
		return err
	}
	p := who(r)
	content, err := s.collect(r.Context(), p.TenantID, in.Kind)
	if err != nil {
		return err
	}
	e, err := one(r.Context(), s.db, scanExport, `insert into exports (id, tenant_id, user_id, kind, status, content, created_at) values (?, ?, ?, ?, 'ready', ?, ?) returning `+exportColumns,
		s.newID("exp"), p.TenantID, p.UserID, in.Kind, content, stamp(s.now()))
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/exports/"+e.ID)
	return reply(w, http.StatusAccepted, e)
}

// collect gathers the tenant's data of the kind.
func (s *Server) collect(ctx context.Context, tenant, kind string) ([]byte, error) {
	if kind == "documents" {
		docs, err := many(ctx, s.db, scanDocument, `select `+documentColumns+` from documents where tenant_id = ? order by rowid`, tenant)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{"documents": docs})
	}
	chatQuery, messageQuery, args := `select `+chatColumns+` from chats where tenant_id = ? order by rowid`, `select `+messageColumns+` from messages where tenant_id = ? order by rowid`, []any{tenant}
	if s.flaws.Has("isolation/export-leak") {
		chatQuery, messageQuery, args = `select `+chatColumns+` from chats order by rowid`, `select `+messageColumns+` from messages order by rowid`, nil
	}
	chats, err := many(ctx, s.db, scanChat, chatQuery, args...)
	if err != nil {
		return nil, err
	}
	messages, err := many(ctx, s.db, scanMessage, messageQuery, args...)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(chats))
	out := make([]exportedChat, len(chats))
	for i, c := range chats {
		at[c.ID], out[i] = i, exportedChat{c, []message{}}
	}
	for _, m := range messages {
		if i, ok := at[m.ChatID]; ok {
			out[i].Messages = append(out[i].Messages, m)
		}
	}
	return json.Marshal(map[string]any{"chats": out})
}

func (s *Server) getExport(w http.ResponseWriter, r *http.Request) error {
	e, err := one(r.Context(), s.db, scanExport, `select `+exportColumns+` from exports where id = ? and tenant_id = ?`, r.PathValue("export_id"), who(r).TenantID)
	if err != nil {
		return absent(err, "export")
	}
	return reply(w, http.StatusOK, e)
}

func (s *Server) downloadExport(w http.ResponseWriter, r *http.Request) error {
	b, err := one(r.Context(), s.db, scalar[[]byte], `select content from exports where id = ? and tenant_id = ?`, r.PathValue("export_id"), who(r).TenantID)
	if err != nil {
		return absent(err, "export")
	}
	attach(w, "harbor-export.json", "application/json")
	w.Write(b) //nolint:errcheck // the caller has gone
	return nil
}

// deleteExport is idempotent: what the caller does not have is gone already.
func (s *Server) deleteExport(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.db.exec(r.Context(), `delete from exports where id = ? and tenant_id = ?`, r.PathValue("export_id"), who(r).TenantID); err != nil {
		return err
	}
	return reply(w, http.StatusNoContent, nil)
}

func (s *Server) exportChat(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	if format != "" && format != "md" && format != "json" && format != "csv" {
		return invalid(fieldError{"format", "must be md, json or csv"})
	}
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil {
		return err
	}
	ms, err := s.messagesOf(r.Context(), c.tenant, c.ID, 10000)
	if err != nil {
		return err
	}
	if format == "json" {
		return reply(w, http.StatusOK, exportedChat{c, ms})
	}
	if format == "csv" {
		return s.exportTable(w, c, ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", c.Title)
	for _, m := range ms {
		fmt.Fprintf(&b, "\n**%s** (%s)\n\n%s\n", m.Role, m.CreatedAt, m.Content)
	}
	text, err := s.folded(r, b.String())
	if err != nil {
		return err
	}
	attach(w, slugify(c.Title)+".md", "text/markdown; charset=utf-8")
	w.Write([]byte(text)) //nolint:errcheck // the caller has gone
	return nil
}
