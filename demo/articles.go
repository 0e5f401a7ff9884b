package demo

import "net/http"

func (s *Server) articleRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/articles", id: "listArticles", tag: "help", summary: "Harbor's help centre, the same for every customer", access: viewer, scope: "documents:read", out: page[article]{}, handle: s.listArticles},
		{method: "GET", pattern: "/v1/articles/{article_id}", id: "getArticle", tag: "help", summary: "One article of the help centre", access: viewer, scope: "documents:read", out: article{}, handle: s.getArticle},
	}
}

// article belongs to no tenant: everyone who is signed in may read it.
type article struct {
	ID        string `json:"id" api:"example=art_6j2h8wd4kq2v8r0m1x7c9t3b5n"`
	Title     string `json:"title" api:"example=Getting started"`
	Body      string `json:"body" api:"example=Invite your team first."`
	UpdatedAt string `json:"updated_at" api:"format=date-time"`
}

func scanArticle(r scanner) (a article, err error) {
	return a, r.Scan(&a.ID, &a.Title, &a.Body, &a.UpdatedAt)
}

func (s *Server) listArticles(w http.ResponseWriter, r *http.Request) error {
	as, err := many(r.Context(), s.db, scanArticle, `select id, title, body, updated_at from articles order by title`)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, max-age=60")
	return reply(w, http.StatusOK, page[article]{Data: as})
}

func (s *Server) getArticle(w http.ResponseWriter, r *http.Request) error {
	a, err := one(r.Context(), s.db, scanArticle, `select id, title, body, updated_at from articles where id = ?`, r.PathValue("article_id"))
	if err != nil {
		return absent(err, "article")
	}
	w.Header().Set("Cache-Control", "private, max-age=60")
	return reply(w, http.StatusOK, a)
}
