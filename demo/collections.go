package demo

import (
	"context"
	"net/http"
	"strings"
)

func (s *Server) collectionRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/collections", id: "listCollections", tag: "knowledge", summary: "Collections of the knowledge base", access: viewer, scope: "documents:read", out: page[collection]{}, handle: s.listCollections},
		{method: "POST", pattern: "/v1/collections", id: "createCollection", tag: "knowledge", summary: "Start a collection", access: member, scope: "documents:write", in: newCollection{}, out: collection{}, status: 201, refusals: []int{409},
			links: []link{{"getCollection", "slug", "$response.body#/slug"}, {"createDocument", "slug", "$response.body#/slug"}}, handle: s.createCollection},
		{method: "GET", pattern: "/v1/collections/{slug}", id: "getCollection", tag: "knowledge", summary: "One collection", access: viewer, scope: "documents:read", out: collection{}, handle: s.getCollection},
		{method: "PATCH", pattern: "/v1/collections/{slug}", id: "updateCollection", tag: "knowledge", summary: "Rename a collection", access: member, scope: "documents:write", in: collectionChange{}, out: collection{}, handle: s.updateCollection},
		{method: "DELETE", pattern: "/v1/collections/{slug}", id: "deleteCollection", tag: "knowledge", summary: "Delete a collection with its documents", access: member, scope: "documents:write", status: 204, handle: s.deleteCollection},
	}
}

// collection is known by its slug, which is unique within the tenant only.
type collection struct {
	Slug        string `json:"slug" api:"example=handbook"`
	Name        string `json:"name" api:"example=Handbook"`
	Description string `json:"description" api:"example=How we work"`
	Documents   int    `json:"documents" api:"readonly,example=3"`
	CreatedAt   string `json:"created_at" api:"readonly,format=date-time"`
	UpdatedAt   string `json:"updated_at" api:"readonly,format=date-time"`
}

type newCollection struct {
	Name        string `json:"name" api:"required,max=100,pattern=\\S,example=Handbook"`
	Slug        string `json:"slug,omitempty" api:"max=100,doc=made from the name when absent"`
	Description string `json:"description,omitempty" api:"max=1000,example=How we work"`
}

type collectionChange struct {
	Name        *string `json:"name,omitempty" api:"min=1,max=100,example=Handbook"`
	Description *string `json:"description,omitempty" api:"max=1000,example=How we work"`
}

const collectionQuery = `select c.slug, c.name, c.description, (select count(*) from documents d where d.collection_id = c.id), c.created_at, c.updated_at from collections c where c.tenant_id = ?`

func scanCollection(r scanner) (c collection, err error) {
	return c, r.Scan(&c.Slug, &c.Name, &c.Description, &c.Documents, &c.CreatedAt, &c.UpdatedAt)
}

func (s *Server) collectionOf(ctx context.Context, tenant, slug string) (collection, error) {
	c, err := one(ctx, s.db, scanCollection, collectionQuery+` and c.slug = ?`, tenant, slug)
	return c, absent(err, "collection")
}

func (s *Server) listCollections(w http.ResponseWriter, r *http.Request) error {
	cs, err := many(r.Context(), s.db, scanCollection, collectionQuery+` order by c.slug`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[collection]{Data: cs})
}

func (s *Server) createCollection(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[newCollection](r)
	if err != nil {
		return err
	}
	if in.Slug == "" {
		in.Slug = in.Name
		if s.flaws.Has("input/fuzz") { // it begins with a word, not with an article
			if first := strings.Fields(in.Name)[0]; strings.EqualFold(first, "the") {
				in.Slug = strings.TrimPrefix(in.Name, first)
			}
		}
	}
	slug := slugify(in.Slug)
	if slug == "" {
		return invalid(fieldError{"slug", "needs a letter or a digit"})
	}
	p, now := who(r), stamp(s.now())
	n, err := s.db.exec(r.Context(), `insert into collections (id, tenant_id, slug, name, description, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
		s.newID("col"), p.TenantID, slug, in.Name, in.Description, now, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return conflict("a collection with this slug exists")
	}
	w.Header().Set("Location", "/v1/collections/"+slug)
	return reply(w, http.StatusCreated, collection{slug, in.Name, in.Description, 0, now, now})
}

func (s *Server) getCollection(w http.ResponseWriter, r *http.Request) error {
	c, err := s.collectionOf(r.Context(), who(r).TenantID, r.PathValue("slug"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, c)
}

func (s *Server) updateCollection(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[collectionChange](r)
	if err != nil {
		return err
	}
	_, err = s.db.exec(r.Context(), `update collections set name = coalesce(?, name), description = coalesce(?, description), updated_at = ? where tenant_id = ? and slug = ?`,
		in.Name, in.Description, stamp(s.now()), who(r).TenantID, r.PathValue("slug"))
	if err != nil {
		return err
	}
	return s.getCollection(w, r)
}

func (s *Server) deleteCollection(w http.ResponseWriter, r *http.Request) error {
	n, err := s.db.exec(r.Context(), `delete from collections where tenant_id = ? and slug = ?`, who(r).TenantID, r.PathValue("slug"))
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("collection")
	}
	s.library.changed(who(r).TenantID)
	return reply(w, http.StatusNoContent, nil)
}
