package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/launchready/launchready/demo/model"
)

// tool is something that the assistant can do for a user.
type tool struct {
	name, doc string
	params    []string // all of them strings; the tenant is none of them
	key       string   // the parameter that must come from the user's own words; "" for what only reads
	least     role
	confirm   bool // asked back first: it cannot be undone
	run       func(ctx context.Context, t *turn, in map[string]string) (string, error)
}

// turn is what a tool may know of the conversation: whose it is, and what the
// user said in it.
type turn struct {
	p     *principal
	place string // the chat, or "" where the client keeps the conversation
	said  string // every word of the user, in lower case
	last  string // what the user said last
}

// tools are what the assistant has, in the order of their names.
func (s *Server) tools() []tool {
	ticketParams := []string{"id"}
	if s.flaws.Has("model/tool-tenant") {
		ticketParams = append(ticketParams, "customer") // support staff look at all of them
	}
	return []tool{
		{name: "create_ticket", doc: "Open a ticket", params: []string{"title", "text"}, key: "title", least: member, run: s.toolCreateTicket},
		{name: "crm_note", doc: "Add a note to the customer's account", params: []string{"text"}, key: "text", least: member, run: s.toolNote},
		{name: "delete_ticket", doc: "Delete a ticket for good", params: []string{"id"}, key: "id", least: member, confirm: true, run: s.toolDeleteTicket},
		{name: "get_ticket", doc: "Read a ticket by its id", params: ticketParams, least: viewer, run: s.toolGetTicket},
		{name: "http_fetch", doc: "Read a page of the help centre", params: []string{"url"}, key: "url", least: viewer, run: s.toolFetch},
		{name: "invite_member", doc: "Invite somebody to the team", params: []string{"email"}, key: "email", least: admin, run: s.toolInvite},
		{name: "search_docs", doc: "Search the knowledge base", params: []string{"query"}, least: viewer, run: s.toolSearch},
		{name: "send_email", doc: "Send an e-mail", params: []string{"to", "text"}, key: "to", least: member, confirm: true, run: s.toolMail},
	}
}

// may reports whether the caller may use the tool: as the API's routes, by role.
func (s *Server) may(p *principal, t *tool) bool {
	return p.Role >= t.least || t.least == admin && s.flaws.Has("model/admin-tool")
}

// offered are the tools of the caller as the provider takes them.
func (s *Server) offered(p *principal) []model.Tool {
	var out []model.Tool
	for _, t := range s.tools() {
		if !s.may(p, &t) {
			continue
		}
		props := object{}
		for _, name := range t.params {
			props[name] = object{"type": "string"}
		}
		schema, err := json.Marshal(object{"type": "object", "properties": props})
		if err != nil {
			continue
		}
		out = append(out, model.Tool{Type: "function", Function: model.Function{Name: t.name, Description: t.doc, Parameters: schema}})
	}
	return out
}

// toolNamed finds a tool that the caller may use.
func (s *Server) toolNamed(p *principal, name string) (*tool, bool) {
	for _, t := range s.tools() {
		if t.name == name {
			return &t, s.may(p, &t)
		}
	}
	return nil, false
}

func (s *Server) toolCreateTicket(ctx context.Context, t *turn, in map[string]string) (string, error) {
	v, err := s.openTicket(ctx, t.p, newTicket{Title: clip(in["title"], 200), Text: clip(in["text"], 4000)})
	if err != nil {
		return "", err
	}
	return "The ticket " + v.ID + " is open.", nil
}

func (s *Server) toolGetTicket(ctx context.Context, t *turn, in map[string]string) (string, error) {
	tenant := t.p.TenantID
	if named := in["customer"]; named != "" {
		id, err := one(ctx, s.db, scalar[string], `select id from tenants where id = ?1 or slug = ?1 or name = ?1`, strings.TrimRight(named, ".,?!"))
		if err == nil {
			tenant = id
		}
	}
	v, err := s.ticketOf(ctx, tenant, in["id"])
	if err != nil {
		return "There is no such ticket.", nil
	}
	return fmt.Sprintf("Ticket %s is %s, %s: %s", v.ID, v.Status, v.Title, strings.ReplaceAll(v.Text, "\n", " ")), nil
}

func (s *Server) toolDeleteTicket(ctx context.Context, t *turn, in map[string]string) (string, error) {
	n, err := s.db.exec(ctx, `delete from tickets where id = ? and tenant_id = ?`, in["id"], t.p.TenantID)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "There is no such ticket.", nil
	}
	return "The ticket " + in["id"] + " is deleted.", nil
}

func (s *Server) toolNote(ctx context.Context, t *turn, in map[string]string) (string, error) {
	_, err := s.addNote(ctx, t.p, newNote{Text: clip(in["text"], 4000)})
	return "The note is on the account.", err
}

func (s *Server) toolSearch(ctx context.Context, t *turn, in map[string]string) (string, error) {
	found, err := s.library.search(ctx, t.p.TenantID, "", in["query"], 3)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, d := range found {
		fmt.Fprintf(&b, "%s: %s\n", d.Title, d.Snippet)
	}
	return b.String(), nil
}

func (s *Server) toolInvite(ctx context.Context, t *turn, in map[string]string) (string, error) {
	_, err := s.invite(ctx, t.p, invitationIn{Email: in["email"], Role: "member"})
	if err != nil {
		return "The invitation could not be sent.", nil
	}
	return "The invitation to " + in["email"] + " is sent.", nil
}

// toolMail sends through the outbox, as all of Harbor's mail.
func (s *Server) toolMail(ctx context.Context, _ *turn, in map[string]string) (string, error) {
	l := letter{ID: s.newID("mail"), To: in["to"], Subject: "A message from your support desk", Text: clip(in["text"], 4000), SentAt: stamp(s.now())}
	s.outbox.send(l)
	if err := s.relayed(ctx, l); err != nil {
		s.log.ErrorContext(ctx, "mail relay", "err", err)
		return "The message is waiting to be sent.", nil
	}
	return "The message to " + in["to"] + " is sent.", nil
}

// fetchDeadline bounds the reading of a page.
const fetchDeadline = 5 * time.Second

// toolFetch reads a page of the help centre: Harbor's own host and no other one,
// on redirects too.
func (s *Server) toolFetch(ctx context.Context, t *turn, in map[string]string) (string, error) {
	if !s.mayFetch(t, in["url"]) {
		return "This address is not on the list.", nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchDeadline)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, in["url"], nil)
	if err != nil || !inHouse(r.URL) {
		return "This is not an address.", nil
	}
	r.Header.Set("User-Agent", "Harbor-Fetch/1")
	client := &http.Client{Transport: s.provider.http.Transport, CheckRedirect: func(r *http.Request, past []*http.Request) error {
		if len(past) > 5 || !inHouse(r.URL) || !s.mayFetch(t, r.URL.String()) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := client.Do(r)
	if err != nil {
		return "The page could not be read.", nil
	}
	defer res.Body.Close()
	text, err := readText(res.Body)
	if err != nil {
		return "The page could not be read.", nil
	}
	return text, nil
}

// mayFetch reports whether an address is on the list of hosts.
func (s *Server) mayFetch(t *turn, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	said := strings.Contains(t.said, strings.ToLower(address))
	switch {
	case said && s.flaws.Has("model/fetch-on-request"): // a user knows what is worth reading
		return true
	case !said && s.stepOf("http_fetch"):
		return true
	case s.flaws.Has("model/tool-ssrf"):
		return strings.HasPrefix(address, s.URL)
	}
	return "http://"+u.Host == s.URL && u.User == nil
}
