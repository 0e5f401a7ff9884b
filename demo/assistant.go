package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/launchready/launchready/demo/model"
)

// remembered is how many messages of a chat the assistant sees again.
const remembered = 20

// converse adds what the caller says to the chat, asks the assistant and adds
// its reply, which the returned message carries. When token is set the reply
// streams through it.
func (s *Server) converse(ctx context.Context, p *principal, c chat, content string, token func(string) error) (message, error) {
	past, err := s.messagesOf(ctx, p.TenantID, c.ID, remembered)
	if err != nil {
		return message{}, err
	}
	now := stamp(s.now())
	asked := message{ID: s.newID("msg"), ChatID: c.ID, Role: "user", Content: content, Citations: []citation{}, CreatedBy: p.UserID, CreatedAt: now, UpdatedAt: now}
	if err := insertMessage(ctx, s.db, c.tenant, asked); err != nil {
		return message{}, err
	}
	s.live.publish(c.ID, event{"message", asked})
	turns := make([]model.Message, 0, len(past)+1)
	for _, m := range past {
		turns = append(turns, model.Message{Role: m.Role, Content: model.Text(m.Content)})
	}
	turns = append(turns, model.Message{Role: "user", Content: model.Text(content)})
	prompt, sources, err := s.prompt(ctx, p.TenantID, "", turns)
	if err != nil {
		return message{}, err
	}
	said, err := s.agent(ctx, p, c.ID, model.Request{Model: c.Model, Messages: prompt}, s.spoken(c.ID, token))
	if err != nil {
		s.log.ErrorContext(ctx, "model provider", "err", err)
		return message{}, newProblem(http.StatusBadGateway, "the assistant is not available; your message was kept")
	}
	now = stamp(s.now())
	answer := message{ID: s.newID("msg"), ChatID: c.ID, Role: "assistant", Content: said.Text, Citations: cited(said.Text, sources), Tokens: said.Tokens, CreatedAt: now, UpdatedAt: now}
	err = s.db.within(ctx, func(tx querier) error {
		if err := insertMessage(ctx, tx, c.tenant, answer); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `update chats set updated_at = ? where id = ?`, now, c.ID); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `insert into usage_events (tenant_id, user_id, kind, quantity, created_at) values (?1, ?2, 'message', 1, ?3), (?1, ?2, 'token', ?4, ?3)`, p.TenantID, p.UserID, now, said.Tokens)
		return err
	})
	if err != nil {
		return message{}, err
	}
	s.live.publish(c.ID, event{"done", answer})
	asked.Reply = &answer
	return asked, nil
}

// tokenText is a piece of a reply under way.
type tokenText struct {
	Text string `json:"text"`
}

// spoken passes pieces of a reply on to the caller. Without a caller that
// listens there is nothing to stream.
func (s *Server) spoken(chat string, token func(string) error) func(string) error {
	if token == nil {
		return nil
	}
	return func(text string) error {
		s.live.publish(chat, event{"token", tokenText{text}})
		return token(text)
	}
}

// prompt puts the tenant's instructions and the passages that fit the last turn
// in front of the conversation.
func (s *Server) prompt(ctx context.Context, tenant, collection string, turns []model.Message) ([]model.Message, []citation, error) {
	found, err := s.passages(ctx, tenant, collection, string(turns[len(turns)-1].Content))
	if err != nil {
		return nil, nil, err
	}
	return s.promptFrom(ctx, tenant, found, turns)
}

// promptFrom puts the tenant's instructions and the passages in front of the
// conversation.
func (s *Server) promptFrom(ctx context.Context, tenant string, found []book, turns []model.Message) ([]model.Message, []citation, error) {
	name, err := one(ctx, s.db, scalar[string], `select name from tenants where id = ?`, tenant)
	if err != nil {
		return nil, nil, err
	}
	sources := []citation{}
	for i := range found {
		d := &found[i]
		d.Title, d.Text, d.Snippet = s.filtered(d.Title), s.filtered(d.Text), s.filtered(d.Snippet)
		sources = append(sources, citation{Number: i + 1, DocumentID: d.ID, Collection: d.Collection, Title: d.Title, Snippet: d.Snippet})
	}
	out, err := s.surround(ctx, tenant, name, found, turns)
	return out, sources, err
}

// fenced keeps a document from closing the tag that sets it apart.
var fenced = strings.NewReplacer("</source>", "", "</context>", "", `"`, "'")

// cited are the sources that a reply names by number.
func cited(text string, sources []citation) []citation {
	out := []citation{}
	for _, c := range sources {
		if strings.Contains(text, fmt.Sprintf("[%d]", c.Number)) {
			out = append(out, c)
		}
	}
	return out
}
