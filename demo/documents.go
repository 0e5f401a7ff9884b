package demo

import "net/http"

func (s *Server) documentRoutes() []route {
	id := "$response.body#/id"
	return []route{
		{method: "GET", pattern: "/v1/collections/{slug}/documents", id: "listDocuments", tag: "knowledge", summary: "Documents of a collection", access: viewer, scope: "documents:read", out: page[document]{}, handle: s.listDocuments,
			query: []param{{name: "title", in: "query", kind: "string", doc: "only documents with this in the title", example: "Refund"}}},
		{method: "POST", pattern: "/v1/collections/{slug}/documents", id: "createDocument", tag: "knowledge", summary: "Add a document", access: member, scope: "documents:write", in: documentText{}, out: document{}, status: 201,
			links: []link{{"getDocument", "document_id", id}, {"replaceDocument", "document_id", id}}, handle: s.createDocument},
		{method: "GET", pattern: "/v1/collections/{slug}/documents/{document_id}", id: "getDocument", tag: "knowledge", summary: "One document", access: viewer, scope: "documents:read", out: document{}, handle: s.getDocument},
		{method: "PUT", pattern: "/v1/collections/{slug}/documents/{document_id}", id: "replaceDocument", tag: "knowledge", summary: "Replace a document", access: member, scope: "documents:write", in: documentText{}, out: document{}, handle: s.replaceDocument},
		{method: "DELETE", pattern: "/v1/collections/{slug}/documents/{document_id}", id: "deleteDocument", tag: "knowledge", summary: "Delete a document", access: member, scope: "documents:write", status: 204, handle: s.deleteDocument},
		{method: "POST", pattern: "/v1/ask", id: "ask", tag: "knowledge", summary: "Ask the knowledge base", access: viewer, scope: "documents:read", in: question{}, out: answered{}, refusals: []int{429, 404, 502}, handle: s.ask},
	}
}

type document struct {
	ID        string `json:"id" api:"readonly,example=doc_3b5n6j2h8wd4kq2v8r0m1x7c9t"`
	Title     string `json:"title" api:"example=Refund policy"`
	Text      string `json:"text" api:"example=Refunds are paid within 14 days."`
	CreatedAt string `json:"created_at" api:"readonly,format=date-time"`
	UpdatedAt string `json:"updated_at" api:"readonly,format=date-time"`
}

type documentText struct {
	Title string `json:"title" api:"required,max=200,example=Refund policy"`
	Text  string `json:"text" api:"required,max=100000,example=Refunds are paid within 14 days."`
}

const (
	documentColumns = `id, title, text, created_at, updated_at`
	// inCollection narrows to the caller's collection of the slug.
	inCollection = ` tenant_id = ?1 and collection_id = (select c.id from collections c where c.tenant_id = ?1 and c.slug = ?2)`
)

func scanDocument(r scanner) (d document, err error) {
	return d, r.Scan(&d.ID, &d.Title, &d.Text, &d.CreatedAt, &d.UpdatedAt)
}

func (s *Server) listDocuments(w http.ResponseWriter, r *http.Request) error {
	c, err := s.collectionOf(r.Context(), who(r).TenantID, r.PathValue("slug"))
	if err != nil {
		return err
	}
	where, args := s.titled(r)
	ds, err := many(r.Context(), s.db, scanDocument, `select `+documentColumns+` from documents where`+inCollection+where+` order by created_at, id`, append([]any{who(r).TenantID, c.Slug}, args...)...)
	if err != nil && s.flaws.Has("input/sql-injection") {
		return invalid(fieldError{"title", "cannot be looked for"})
	}
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[document]{Data: ds})
}

func (s *Server) createDocument(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[documentText](r)
	if err != nil {
		return err
	}
	p, slug, now := who(r), r.PathValue("slug"), stamp(s.now())
	d := document{s.newID("doc"), in.Title, in.Text, now, now}
	n, err := s.db.exec(r.Context(), `insert into documents (`+documentColumns+`, tenant_id, collection_id)
		select ?, ?, ?, ?, ?, tenant_id, id from collections where tenant_id = ? and slug = ?`, d.ID, d.Title, d.Text, now, now, p.TenantID, slug)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("collection")
	}
	s.library.changed(p.TenantID)
	w.Header().Set("Location", "/v1/collections/"+slug+"/documents/"+d.ID)
	return reply(w, http.StatusCreated, d)
}

func (s *Server) getDocument(w http.ResponseWriter, r *http.Request) error {
	d, err := one(r.Context(), s.db, scanDocument, `select `+documentColumns+` from documents where`+inCollection+` and id = ?3`, who(r).TenantID, r.PathValue("slug"), r.PathValue("document_id"))
	if err != nil {
		return absent(err, "document")
	}
	return reply(w, http.StatusOK, d)
}

func (s *Server) replaceDocument(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[documentText](r)
	if err != nil {
		return err
	}
	q, args := `update documents set title = ?4, text = ?5, updated_at = ?6 where`+inCollection+` and id = ?3`,
		[]any{who(r).TenantID, r.PathValue("slug"), r.PathValue("document_id"), in.Title, in.Text, stamp(s.now())}
	if s.flaws.Has("isolation/foreign-update") {
		q, args = `update documents set title = ?2, text = ?3, updated_at = ?4 where id = ?1`, args[2:]
	}
	var tenant string
	d, err := one(r.Context(), s.db, func(r scanner) (d document, err error) {
		return d, r.Scan(&d.ID, &d.Title, &d.Text, &d.CreatedAt, &d.UpdatedAt, &tenant)
	}, q+` returning `+documentColumns+`, tenant_id`, args...)
	if err != nil {
		return absent(err, "document")
	}
	s.library.changed(tenant)
	return reply(w, http.StatusOK, d)
}

func (s *Server) deleteDocument(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from documents where`+inCollection+` and id = ?3`, who(r).TenantID, r.PathValue("slug"), r.PathValue("document_id"))
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("document")
	}
	s.forget(who(r).TenantID)
	return reply(w, http.StatusNoContent, nil)
}
