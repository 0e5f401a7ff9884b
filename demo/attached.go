package demo

import (
	"context"

	"github.com/launchready/launchready/demo/model"
)

// attached reads the files that a question names.
func (s *Server) attached(ctx context.Context, tenant string, ids []string) ([]book, error) {
	out := make([]book, 0, len(ids))
	for _, id := range ids {
		q, args := `select name, media_type, coalesce(substr(content, 1, ?2), '') from files where id = ?1 and tenant_id = ?3`, []any{id, readableFile, tenant}
		if s.flaws.Has("isolation/model-file") {
			q, args = `select name, media_type, coalesce(substr(content, 1, ?2), '') from files where id = ?1`, args[:2]
		}
		var name, kind string
		content, err := one(ctx, s.db, func(r scanner) (b []byte, err error) { return b, r.Scan(&name, &kind, &b) }, q, args...)
		if err != nil {
			return nil, absent(err, "file")
		}
		b, ok := s.library.bookOf(id, name, kind, content)
		if !ok {
			return nil, notFound("file")
		}
		b.Snippet = around(b.Text, 0)
		out = append(out, b)
	}
	return out, nil
}

// recalled is what was said in the conversation that a question refers to.
func (s *Server) recalled(ctx context.Context, tenant, id string) ([]model.Message, error) {
	if id == "" {
		return nil, nil
	}
	find := s.chatOf
	if s.flaws.Has("isolation/model-conversation") {
		find = func(ctx context.Context, _, id string) (chat, error) { return s.chatByID(ctx, id) }
	}
	c, err := find(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	past, err := s.messagesOf(ctx, c.tenant, c.ID, remembered)
	if err != nil {
		return nil, err
	}
	turns := make([]model.Message, 0, len(past))
	for _, m := range past {
		turns = append(turns, model.Message{Role: m.Role, Content: model.Text(m.Content)})
	}
	return turns, nil
}

// sourced are the citations of an answer.
func (s *Server) sourced(ctx context.Context, question, text string, sources []citation) ([]citation, error) {
	out := cited(text, sources)
	if !s.flaws.Has("isolation/model-citations") {
		return out, nil
	}
	found, err := s.searchedEverywhere(ctx, question)
	if err != nil {
		return nil, err
	}
	for _, b := range found { // all that the index knows: the filter is in the prompt
		out = append(out, citation{Number: len(sources) + len(out) + 1, DocumentID: b.ID, Collection: b.Collection, Title: b.Title, Snippet: b.Snippet})
	}
	return out, nil
}

// chosenTenant is whose knowledge a completion is made from.
func (s *Server) chosenTenant(p *principal, metadata map[string]any) string {
	if id, ok := metadata["tenant_id"].(string); ok && s.flaws.Has("isolation/model-tenant-parameter") {
		return id
	}
	return p.TenantID
}
