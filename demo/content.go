package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/launchready/launchready/demo/model"
)

// contentRoutes are the routes of what tenants own: conversations, files,
// knowledge, and what is made of them.
func (s *Server) contentRoutes() []route {
	return slices.Concat(
		s.chatRoutes(),
		s.messageRoutes(),
		s.feedbackRoutes(),
		s.streamRoutes(),
		s.websocketRoutes(),
		s.completionRoutes(),
		s.shareRoutes(),
		s.fileRoutes(),
		s.previewRoutes(),
		s.spoolRoutes(),
		s.collectionRoutes(),
		s.documentRoutes(),
		s.importRoutes(),
		s.promptRoutes(),
		s.articleRoutes(),
		s.searchRoutes(),
		s.exportRoutes(),
		s.reportRoutes(),
		s.ticketRoutes(),
		s.avatarRoutes(),
		s.pageRoutes(),
	)
}

// plantContent seeds the content of one tenant. Each tenant's texts hold values
// that only its seed decides, so that a leak can be told from a coincidence;
// titles and slugs are the same in all tenants.
func (s *Server) plantContent(tx querier, t seededTenant) error {
	ctx := context.Background()
	own := func(label string) string { return s.derived(label + " of " + t.Slug) }
	for _, step := range []func(context.Context, querier, seededTenant, func(string) string) error{
		s.plantChats, s.plantFiles, s.plantKnowledge, s.plantPrompts, s.plantReports, s.plantEvents,
	} {
		if err := step(ctx, tx, t, own); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) plantChats(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	for i, title := range []string{"Onboarding checklist", "Invoice question", "Contract " + own("contract")[:8]} {
		now := stamp(s.now().Add(time.Duration(i-10) * time.Minute))
		c := chat{ID: "chat_" + own("chat "+title), Title: title, Model: model.Small, Metadata: map[string]any{"channel": "web"},
			CreatedBy: t.Users["member"], CreatedAt: now, UpdatedAt: now, tenant: t.ID}
		if s.flaws.Has("isolation/predictable-id") {
			var err error
			if c.ID, err = numberedChat(ctx, tx); err != nil {
				return err
			}
		}
		if err := insertChat(ctx, tx, c); err != nil {
			return err
		}
		for j, m := range []message{
			{Role: "user", Content: fmt.Sprintf("Our reference is %s. What happens next?", own("reference " + title)[:12]), CreatedBy: t.Users["member"]},
			{Role: "assistant", Content: "Thanks, I have noted that for this conversation.", Tokens: 48},
		} {
			m.ID, m.ChatID, m.Citations, m.CreatedAt, m.UpdatedAt = "msg_"+own(fmt.Sprint("message ", j, title)), c.ID, []citation{}, now, now
			if err := insertMessage(ctx, tx, t.ID, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) plantFiles(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	for _, name := range []string{"contract.txt", "price-list.csv"} {
		content := fmt.Sprintf("%s, %s\nDiscount code %s, valid for this customer alone.\n", t.Name, name, own("file " + name)[:12])
		f := file{ID: "file_" + own("file id "+name), Name: name, MediaType: "text/plain", Size: len(content), Metadata: map[string]any{}, CreatedBy: t.Users["admin"], CreatedAt: stamp(s.now())}
		if err := insertFile(ctx, tx, t.ID, f, []byte(content)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) plantKnowledge(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	now := stamp(s.now())
	for _, slug := range []string{"handbook", "support"} {
		id := "col_" + own("collection "+slug)
		_, err := tx.exec(ctx, `insert into collections (id, tenant_id, slug, name, description, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)`,
			id, t.ID, slug, slug, "How "+t.Name+" does it", now, now)
		if err != nil {
			return err
		}
		for _, d := range []struct{ title, text string }{
			{"Refund policy", "Refunds are paid within 14 days. Approve refunds above 500 EUR with the code " + own("refund " + slug)[:12] + "."},
			{"Opening hours", "The support desk of " + t.Name + " is open from nine to five. After hours, call the duty line " + own("duty " + slug)[:10] + "."},
		} {
			_, err := tx.exec(ctx, `insert into documents (`+documentColumns+`, tenant_id, collection_id) values (?, ?, ?, ?, ?, ?, ?)`,
				"doc_"+own("document "+slug+d.title), d.title, d.text, now, now, t.ID, id)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) plantPrompts(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	now := stamp(s.now())
	for i, title := range []string{"Polite refusal", "Summary for managers"} {
		if _, err := tx.exec(ctx, `insert into prompts (tenant_id, `+promptColumns+`) values (?, ?, ?, ?, ?, ?, ?)`,
			t.ID, i+1, title, "Sign as "+t.Name+", desk "+own("desk " + title)[:8]+".", t.Users["admin"], now, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) plantReports(ctx context.Context, tx querier, t seededTenant, own func(string) string) error {
	now := stamp(s.now())
	for _, title := range []string{"Answer times", "Satisfaction"} {
		if _, err := tx.exec(ctx, `insert into reports (id, tenant_id, title, body, created_at) values (?, ?, ?, ?, ?)`,
			"rep_"+own("report "+title), t.ID, title, fmt.Sprintf("%s of %s; case %s led.", title, t.Name, own("case " + title)[:10]), now); err != nil {
			return err
		}
	}
	for _, a := range []struct{ title, body string }{
		{"Getting started", "Invite your team, add a collection and ask a first question."},
		{"Sharing a conversation", "A share link lets anyone who has it read one conversation until you revoke it."},
		{"Reading a stack trace", traceArticle},
		{"Adding the widget to your page", widgetArticle},
	} {
		if _, err := tx.exec(ctx, `insert into articles (id, title, body, updated_at) values (?, ?, ?, ?) on conflict do nothing`,
			"art_"+s.derived("article "+a.title), a.title, a.body, now); err != nil {
			return err
		}
	}
	return nil
}

// widgetArticle is a text about a script, which is none.
const widgetArticle = `Put this line before the end of your page:

<script src="https://widget.harbor.test/v1.js" data-tenant="acme"></script>

A search for "customer's" finds what your customers wrote, quotes and all.`

// traceArticle is a text about errors, which is none.
const traceArticle = `When your own code fails while it calls us, the trace tells where. The last line of the first part is the cause:

Traceback (most recent call last):
  File "/srv/app/support/client.py", line 42, in ask
    return session.post(url, json=body)
ValueError: title is required

goroutine 1 [running]:
main.main()
	/home/you/app/main.go:12 +0x1d

ERROR: duplicate key value violates unique constraint "users_email_key" (SQLSTATE 23505) means that the address is taken.`
