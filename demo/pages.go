package demo

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	webpage "github.com/launchready/launchready/demo/page"
)

// pageRoutes are what a person opens in a browser.
func (s *Server) pageRoutes() []route {
	html := []string{"text/html"}
	return []route{
		{method: "GET", pattern: "/{$}", id: "getPage", tag: "pages", summary: "The chat page", outType: html, handle: s.asset("/")},
		{method: "GET", pattern: "/login", unlisted: true, handle: s.asset("/")},
		{method: "GET", pattern: "/assets/app.css", unlisted: true, handle: s.asset("/assets/app.css")},
		{method: "GET", pattern: "/assets/app.js", unlisted: true, handle: s.asset("/assets/app.js")},
		{method: "GET", pattern: "/app/chats/{chat_id}", id: "openChat", tag: "pages", summary: "One conversation as a page", access: viewer, scope: "chats:read", outType: html, page: true, handle: s.openChat},
		{method: "GET", pattern: "/app/articles/{article_id}", id: "openArticle", tag: "pages", summary: "One article of the help centre as a page", access: viewer, scope: "documents:read", outType: html, page: true, handle: s.openArticle},
	}
}

func (s *Server) asset(path string) handle {
	assets, err := webpage.Assets()
	for _, a := range assets {
		if a.Path == path {
			if path == "/assets/app.js" {
				a = a.With(s.payments())
			}
			if path == "/assets/app.js" && s.flaws.Has("secrets/page") {
				a = a.With([]byte(fmt.Sprintf("\nwindow.harbor = {\"billing\": {\"provider\": \"stripe\", \"secretKey\": %q}};\n", s.paymentKey("page"))))
			}
			return func(w http.ResponseWriter, r *http.Request) error {
				a.ServeHTTP(w, r)
				return nil
			}
		}
	}
	return func(http.ResponseWriter, *http.Request) error {
		return errors.Join(errors.New("page has no "+path), err)
	}
}

// payments is what the page knows of the payment provider: the key that is made to be
// seen. The flaw has the other one, back to front so that no scanner of the script minds.
func (s *Server) payments() []byte {
	keep := fmt.Sprintf("\nlocalStorage.setItem(\"harbor.payments\", JSON.stringify({\"provider\": \"stripe\", \"publishableKey\": %q}));\n", "pk_live_"+s.derived("publishable")[:24])
	if s.flaws.Has("secrets/browser-storage") {
		key := []byte(s.paymentKey("storage"))
		slices.Reverse(key)
		keep += fmt.Sprintf("localStorage.setItem(\"harbor.checkout\", [...%q].reverse().join(\"\"));\n", key)
	}
	return []byte(keep)
}

var chatPage = template.Must(template.New("chat").Funcs(template.FuncMap{"shown": shown}).Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Chat.Title}} · Harbor</title><link rel="stylesheet" href="/assets/app.css"></head>
<body><header><p class="brand">Harbor</p><a href="/">All conversations</a></header>
<main><h1>{{.Heading}}</h1>
<div id="messages">{{range .Messages}}<div class="turn {{.Role}}"><span class="from">{{if eq .Role "user"}}You{{else}}Harbor{{end}}</span>{{shown .}}</div>
{{end}}</div></main></body></html>
`))

func (s *Server) openChat(w http.ResponseWriter, r *http.Request) error {
	c, err := s.chatOf(r.Context(), who(r).TenantID, r.PathValue("chat_id"))
	if err != nil && s.flaws.Has("hygiene/echoed-input") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, err = fmt.Fprintf(w, "<!doctype html>\n<title>Harbor</title><h1>There is no conversation %s</h1>\n", r.PathValue("chat_id"))
		return err
	}
	if err != nil {
		return err
	}
	ms, err := s.messagesOf(r.Context(), c.tenant, c.ID, 200)
	if err != nil {
		return err
	}
	var heading any = c.Title
	if s.flaws.Has("input/active-markup") {
		heading = template.HTML(c.Title) //nolint:gosec // the flaw: titles may have emphasis
	}
	return render(w, chatPage, map[string]any{"Chat": c, "Messages": ms, "Heading": heading})
}

var articlePage = template.Must(template.New("article").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}} · Harbor</title><link rel="stylesheet" href="/assets/app.css"></head>
<body><main><h1>{{.Title}}</h1><pre>{{.Body}}</pre></main></body></html>
`))

func (s *Server) openArticle(w http.ResponseWriter, r *http.Request) error {
	a, err := one(r.Context(), s.db, scanArticle, `select id, title, body, updated_at from articles where id = ?`, r.PathValue("article_id"))
	if err != nil {
		return absent(err, "article")
	}
	return render(w, articlePage, a)
}

func render(w http.ResponseWriter, t *template.Template, data any) error {
	webpage.Secure(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	return t.Execute(w, data)
}
