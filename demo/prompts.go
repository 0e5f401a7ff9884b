package demo

import (
	"net/http"
	"strconv"
)

func (s *Server) promptRoutes() []route {
	number := []param{{name: "prompt_number", in: "path", kind: "integer", doc: "its number within the tenant", example: 1, required: true}}
	return []route{
		{method: "GET", pattern: "/v1/prompts", id: "listPrompts", tag: "prompts", summary: "Saved prompts", access: viewer, scope: "prompts:read", out: page[savedPrompt]{}, handle: s.listPrompts},
		{method: "POST", pattern: "/v1/prompts", id: "createPrompt", tag: "prompts", summary: "Save a prompt", access: member, scope: "prompts:write", in: promptText{}, out: savedPrompt{}, status: 201,
			links: []link{{"getPrompt", "prompt_number", "$response.body#/number"}}, handle: s.createPrompt},
		{method: "GET", pattern: "/v1/prompts/{prompt_number}", id: "getPrompt", tag: "prompts", summary: "One saved prompt", access: viewer, scope: "prompts:read", query: number, out: savedPrompt{}, handle: s.getPrompt},
		{method: "PUT", pattern: "/v1/prompts/{prompt_number}", id: "replacePrompt", tag: "prompts", summary: "Replace a saved prompt", access: member, scope: "prompts:write", query: number, in: promptText{}, out: savedPrompt{}, handle: s.replacePrompt},
		{method: "DELETE", pattern: "/v1/prompts/{prompt_number}", id: "deletePrompt", tag: "prompts", summary: "Delete a saved prompt", access: member, scope: "prompts:write", query: number, status: 204, handle: s.deletePrompt},
	}
}

// savedPrompt is numbered within its tenant.
type savedPrompt struct {
	Number    int    `json:"number" api:"readonly,example=1"`
	Title     string `json:"title" api:"example=Polite refusal"`
	Text      string `json:"text" api:"example=Decline kindly and offer an alternative."`
	CreatedBy string `json:"created_by" api:"readonly"`
	CreatedAt string `json:"created_at" api:"readonly,format=date-time"`
	UpdatedAt string `json:"updated_at" api:"readonly,format=date-time"`
	Filled    string `json:"filled,omitempty" api:"readonly,doc=the text with {{name}} and {{company}} filled in; of one prompt"`
}

type promptText struct {
	Title string `json:"title" api:"required,max=200,example=Polite refusal"`
	Text  string `json:"text" api:"required,max=8000,example=Decline kindly and offer an alternative."`
}

const promptColumns = `number, title, text, created_by, created_at, updated_at`

func scanPrompt(r scanner) (p savedPrompt, err error) {
	return p, r.Scan(&p.Number, &p.Title, &p.Text, &p.CreatedBy, &p.CreatedAt, &p.UpdatedAt)
}

// promptNumber reads the number in the path; what is no number is no prompt.
func promptNumber(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("prompt_number"))
	if err != nil {
		return 0, notFound("prompt")
	}
	return n, nil
}

func (s *Server) listPrompts(w http.ResponseWriter, r *http.Request) error {
	ps, err := many(r.Context(), s.db, scanPrompt, `select `+promptColumns+` from prompts where tenant_id = ? order by number`, who(r).TenantID)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, page[savedPrompt]{Data: ps})
}

func (s *Server) createPrompt(w http.ResponseWriter, r *http.Request) error {
	if s.flaws.Has("input/content-type") {
		r.Header.Del("Content-Type") // the extension for editors sends text/plain
	}
	in, err := decode[promptText](r)
	if err != nil {
		return err
	}
	p, now := who(r), stamp(s.now())
	made, err := one(r.Context(), s.db, scanPrompt, `insert into prompts (tenant_id, `+promptColumns+`)
		select ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?5 from prompts where tenant_id = ?1 returning `+promptColumns, p.TenantID, in.Title, in.Text, p.UserID, now)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/prompts/"+strconv.Itoa(made.Number))
	return reply(w, http.StatusCreated, made)
}

func (s *Server) getPrompt(w http.ResponseWriter, r *http.Request) error {
	n, err := promptNumber(r)
	if err != nil {
		return err
	}
	p, err := one(r.Context(), s.db, scanPrompt, `select `+promptColumns+` from prompts where tenant_id = ? and number = ?`, who(r).TenantID, n)
	if err != nil {
		return absent(err, "prompt")
	}
	if p.Filled, err = s.filledIn(r.Context(), who(r), p.Text); err != nil {
		return err
	}
	return reply(w, http.StatusOK, p)
}

func (s *Server) replacePrompt(w http.ResponseWriter, r *http.Request) error {
	n, err := promptNumber(r)
	if err != nil {
		return err
	}
	in, err := decode[promptText](r)
	if err != nil {
		return err
	}
	p, err := one(r.Context(), s.db, scanPrompt, `update prompts set title = ?, text = ?, updated_at = ? where tenant_id = ? and number = ? returning `+promptColumns,
		in.Title, in.Text, stamp(s.now()), who(r).TenantID, n)
	if err != nil {
		return absent(err, "prompt")
	}
	return reply(w, http.StatusOK, p)
}

func (s *Server) deletePrompt(w http.ResponseWriter, r *http.Request) error {
	n, err := promptNumber(r)
	if err != nil {
		return err
	}
	gone, err := s.db.exec(r.Context(), `delete from prompts where tenant_id = ? and number = ?`, who(r).TenantID, n)
	if err != nil {
		return err
	}
	if gone == 0 {
		return notFound("prompt")
	}
	return reply(w, http.StatusNoContent, nil)
}
