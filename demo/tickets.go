package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

func (s *Server) ticketRoutes() []route {
	id := "$response.body#/id"
	return []route{
		{method: "GET", pattern: "/v1/tickets", id: "listTickets", tag: "tickets", summary: "Tickets of the tenant, newest first", access: viewer, scope: "tickets:read", out: page[ticket]{}, query: []param{limitParam}, handle: s.listTickets},
		{method: "POST", pattern: "/v1/tickets", id: "createTicket", tag: "tickets", summary: "Open a ticket", access: member, scope: "tickets:write", in: newTicket{}, out: ticket{}, status: 201,
			links: []link{{"getTicket", "ticket_id", id}}, handle: s.createTicket},
		{method: "GET", pattern: "/v1/tickets/{ticket_id}", id: "getTicket", tag: "tickets", summary: "One ticket", access: viewer, scope: "tickets:read", out: ticket{}, handle: s.getTicket},
		{method: "DELETE", pattern: "/v1/tickets/{ticket_id}", id: "deleteTicket", tag: "tickets", summary: "Delete a ticket", access: member, scope: "tickets:write", status: 204, handle: s.deleteTicket},
		{method: "GET", pattern: "/v1/crm/notes", id: "listNotes", tag: "tickets", summary: "Notes on the tenant's account, newest first", access: viewer, scope: "tickets:read", out: page[note]{}, query: []param{limitParam}, handle: s.listNotes},
		{method: "POST", pattern: "/v1/crm/notes", id: "createNote", tag: "tickets", summary: "Add a note to the account", access: member, scope: "tickets:write", in: newNote{}, out: note{}, status: 201, handle: s.createNote},
		{method: "DELETE", pattern: "/v1/crm/notes/{note_id}", id: "deleteNote", tag: "tickets", summary: "Delete a note", access: member, scope: "tickets:write", status: 204, handle: s.deleteNote},
	}
}

type ticket struct {
	ID        string `json:"id" api:"readonly,example=tkt_6b5n6j2h8wd4kq2v8r0m1x7c9t"`
	Title     string `json:"title" api:"example=Printer on fire"`
	Text      string `json:"text" api:"example=It began this morning."`
	Category  string `json:"category" api:"example=question"`
	Priority  int    `json:"priority" api:"example=3"`
	Contact   string `json:"contact"`
	Tags      any    `json:"tags"`
	Status    string `json:"status" api:"readonly,enum=open,example=open"`
	CreatedBy string `json:"created_by" api:"readonly"`
	CreatedAt string `json:"created_at" api:"readonly,format=date-time"`

	more map[string]any // members of the integration that opened it
}

var ticketType = reflect.TypeFor[ticket]()

// MarshalJSON writes what an integration added beside the rest.
func (v ticket) MarshalJSON() ([]byte, error) {
	type plain ticket
	b, err := json.Marshal(plain(v))
	if err != nil || len(v.more) == 0 {
		return b, err
	}
	more, err := json.Marshal(v.more)
	if err != nil {
		return nil, err
	}
	return slices.Concat(b[:len(b)-1], []byte{','}, more[1:]), nil
}

type note struct {
	ID        string `json:"id" api:"readonly,example=note_8wd4kq2v8r0m1x7c9t6b5n6j2h"`
	Text      string `json:"text" api:"example=Prefers to be called in the morning."`
	CreatedBy string `json:"created_by" api:"readonly"`
	CreatedAt string `json:"created_at" api:"readonly,format=date-time"`
}

type newNote struct {
	Text string `json:"text" api:"required,max=4000,example=Prefers to be called in the morning."`
}

const (
	ticketColumns = `id, title, text, category, priority, contact, tags, more, status, user_id, created_at`
	noteColumns   = `id, text, user_id, created_at`
)

func scanTicket(r scanner) (v ticket, err error) {
	var tags, more string
	if err := r.Scan(&v.ID, &v.Title, &v.Text, &v.Category, &v.Priority, &v.Contact, &tags, &more, &v.Status, &v.CreatedBy, &v.CreatedAt); err != nil {
		return v, err
	}
	return v, errors.Join(json.Unmarshal([]byte(tags), &v.Tags), json.Unmarshal([]byte(more), &v.more))
}

func scanNote(r scanner) (v note, err error) {
	return v, r.Scan(&v.ID, &v.Text, &v.CreatedBy, &v.CreatedAt)
}

// openTicket adds a ticket for the caller's tenant.
func (s *Server) openTicket(ctx context.Context, p *principal, in newTicket) (ticket, error) {
	v := ticket{ID: s.newID("tkt"), Title: in.Title, Text: in.Text, Category: in.Category, Priority: int(in.Priority), Contact: in.Contact, Tags: in.Odd,
		Status: "open", CreatedBy: p.UserID, CreatedAt: stamp(s.now()), more: in.More}
	if v.Category == "" {
		v.Category = "question"
	}
	if v.Priority == 0 {
		v.Priority = 3
	}
	if v.Tags == nil {
		v.Tags = append([]string{}, in.Tags...)
	}
	_, err := s.db.exec(ctx, `insert into tickets (`+ticketColumns+`, tenant_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, v.Title, v.Text, v.Category, v.Priority, v.Contact, jsonText(v.Tags), jsonText(v.more), v.Status, v.CreatedBy, v.CreatedAt, p.TenantID)
	return v, err
}

// ticketOf reads a ticket of the tenant.
func (s *Server) ticketOf(ctx context.Context, tenant, id string) (ticket, error) {
	v, err := one(ctx, s.db, scanTicket, `select `+ticketColumns+` from tickets where id = ? and tenant_id = ?`, id, tenant)
	return v, absent(err, "ticket")
}

func (s *Server) addNote(ctx context.Context, p *principal, in newNote) (note, error) {
	v := note{ID: s.newID("note"), Text: in.Text, CreatedBy: p.UserID, CreatedAt: stamp(s.now())}
	_, err := s.db.exec(ctx, `insert into crm_notes (`+noteColumns+`, tenant_id) values (?, ?, ?, ?, ?)`, v.ID, v.Text, v.CreatedBy, v.CreatedAt, p.TenantID)
	return v, err
}

func (s *Server) listTickets(w http.ResponseWriter, r *http.Request) error {
	most := mostListed
	if s.flaws.Has("limits/page-size") {
		most = math.MaxInt32 // the export asks for all of them
	}
	return listed(s, w, r, most, scanTicket, `select `+ticketColumns+` from tickets where tenant_id = ? order by rowid desc limit ?`)
}

func (s *Server) listNotes(w http.ResponseWriter, r *http.Request) error {
	q := `select ` + noteColumns + ` from crm_notes where tenant_id = ? order by rowid desc limit ?`
	if s.flaws.Has("input/control-text") {
		return s.writtenNotes(w, r, q)
	}
	return listed(s, w, r, mostListed, scanNote, q)
}

// writtenNotes writes the list by hand, which is faster than an encoder.
func (s *Server) writtenNotes(w http.ResponseWriter, r *http.Request, q string) error {
	limit, err := intQuery(r, "limit", 100, 1, 200)
	if err != nil {
		return err
	}
	list, err := many(r.Context(), s.db, scanNote, q, who(r).TenantID, limit)
	if err != nil {
		return err
	}
	lines := make([]string, len(list))
	for i, v := range list {
		lines[i] = fmt.Sprintf(`{"id":%q,"text":%q,"created_by":%q,"created_at":%q}`, v.ID, v.Text, v.CreatedBy, v.CreatedAt)
	}
	return reply(w, http.StatusOK, rawJSON(`{"data":[`+strings.Join(lines, ",")+`]}`))
}

// readNote reads the text of a note.
func (s *Server) readNote(r *http.Request) (newNote, error) {
	if !s.flaws.Has("input/malformed-json") || jsonBody(r) != nil {
		return decode[newNote](r)
	}
	var in newNote // of what came; the rest is the next request's
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return in, undecodable(err)
	}
	if faults := faultsOf(in); len(faults) > 0 {
		return in, invalid(faults...)
	}
	return in, nil
}

// mostListed is how many rows a page has at most.
const mostListed = 200

// listed answers with the rows of the caller's tenant.
func listed[T any](s *Server, w http.ResponseWriter, r *http.Request, most int, scan func(scanner) (T, error), q string) error {
	limit, err := intQuery(r, "limit", 100, 1, most)
	if err != nil {
		return err
	}
	list, err := many(r.Context(), s.db, scan, q, who(r).TenantID, limit)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[T]{Data: list})
}

func (s *Server) createTicket(w http.ResponseWriter, r *http.Request) error {
	in, err := s.readTicket(r)
	if err != nil {
		return err
	}
	v, err := s.openTicket(r.Context(), who(r), in)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/tickets/"+v.ID)
	return reply(w, http.StatusCreated, v)
}

func (s *Server) getTicket(w http.ResponseWriter, r *http.Request) error {
	v, err := s.ticketOf(r.Context(), who(r).TenantID, r.PathValue("ticket_id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, v)
}

func (s *Server) deleteTicket(w http.ResponseWriter, r *http.Request) error {
	return s.dropped(w, r, "ticket", `delete from tickets where id = ? and tenant_id = ?`, r.PathValue("ticket_id"))
}

func (s *Server) createNote(w http.ResponseWriter, r *http.Request) error {
	in, err := s.readNote(r)
	if err != nil {
		return err
	}
	v, err := s.addNote(r.Context(), who(r), in)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, v)
}

func (s *Server) deleteNote(w http.ResponseWriter, r *http.Request) error {
	return s.dropped(w, r, "note", `delete from crm_notes where id = ? and tenant_id = ?`, r.PathValue("note_id"))
}

// dropped deletes what is the caller's tenant's.
func (s *Server) dropped(w http.ResponseWriter, r *http.Request, what, q, id string) error {
	n, err := s.db.exec(r.Context(), q, id, who(r).TenantID)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound(what)
	}
	return reply(w, http.StatusNoContent, nil)
}
