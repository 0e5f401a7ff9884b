package demo

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

func (s *Server) searchRoutes() []route {
	return []route{
		{method: "GET", pattern: "/v1/search", id: "search", tag: "search", summary: "Search conversations, files and knowledge", access: viewer, scope: "search:read", out: found{}, handle: s.searchByQuery,
			query: []param{{name: "q", in: "query", kind: "string", doc: "what to look for, 2 characters or more", example: "refund", required: true}}},
		{method: "POST", pattern: "/v1/search", id: "searchByBody", tag: "search", summary: "Search, with what to look for in the body", access: viewer, scope: "search:read", in: searched{}, out: found{}, handle: s.searchByBody},
	}
}

type searched struct {
	Query string `json:"query" api:"required,min=2,max=200,example=refund"`
}

type found struct {
	Query string `json:"query" api:"example=refund"`
	Data  []hit  `json:"data"`
}

// hit is an object in which the text stands.
type hit struct {
	Kind    string `json:"kind" api:"enum=chat|message|document|file|prompt"`
	ID      string `json:"id"`
	Parent  string `json:"parent,omitempty" api:"doc=the chat or collection it is in"`
	Title   string `json:"title"`
	Snippet string `json:"snippet"`
}

// searches are the places to look in, twenty hits of each; the first argument is the
// text, the second the tenant.
var searches = []struct{ kind, query string }{
	{"chat", `select id, '', title, title from chats where instr(lower(title || metadata), ?1) > 0`},
	{"message", `select id, chat_id, role, content from messages where instr(lower(content), ?1) > 0`},
	{"document", `select id, (select slug from collections c where c.id = collection_id), title, text from documents where instr(lower(title || ' ' || text), ?1) > 0`},
	{"file", `select id, '', name, case when media_type like 'text/%' then cast(substr(content, 1, 65536) as text) else name end from files where instr(lower(name || ' ' || case when media_type like 'text/%' then cast(substr(content, 1, 65536) as text) else '' end), ?1) > 0`},
	{"prompt", `select cast(number as text), '', title, text from prompts where instr(lower(title || ' ' || text), ?1) > 0`},
}

func (s *Server) searchByQuery(w http.ResponseWriter, r *http.Request) error {
	return s.search(w, r, r.URL.Query().Get("q"), "q")
}

func (s *Server) searchByBody(w http.ResponseWriter, r *http.Request) error {
	read := decode[searched]
	if s.flaws.Has("input/regex-denial") {
		read = squeezedSearch
	}
	in, err := read(r)
	if err != nil {
		return err
	}
	return s.search(w, r, in.Query, "query")
}

func (s *Server) search(w http.ResponseWriter, r *http.Request, text, field string) error {
	if n := utf8.RuneCountInString(text); n < 2 || n > 200 {
		return invalid(fieldError{field, "must have 2 to 200 characters"})
	}
	p, low := who(r), strings.ToLower(text)
	out := found{Query: text, Data: []hit{}}
	for _, place := range searches {
		q, args := place.query+` and tenant_id = ?2`, []any{low, p.TenantID}
		if s.flaws.Has("isolation/search-leak") {
			q, args = place.query, args[:1]
		}
		hits, err := many(r.Context(), s.db, func(r scanner) (h hit, err error) {
			h.Kind = place.kind
			if err := r.Scan(&h.ID, &h.Parent, &h.Title, &h.Snippet); err != nil {
				return h, err
			}
			h.Snippet = around(h.Snippet, strings.Index(strings.ToLower(h.Snippet), low))
			return h, nil
		}, q+` order by rowid desc limit 20`, args...)
		if err != nil {
			return err
		}
		out.Data = append(out.Data, hits...)
	}
	if err := s.used(r.Context(), p, "search", 1); err != nil {
		return err
	}
	return reply(w, http.StatusOK, out)
}
