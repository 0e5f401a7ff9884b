package launchready_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/demo"
)

// recorder is a transport that writes what passes into a recording (HAR 1.2).
type recorder struct {
	mu      sync.Mutex
	entries []any
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	var sent []byte
	if q.Body != nil {
		var err error
		if sent, err = io.ReadAll(q.Body); err != nil {
			return nil, err
		}
		q.Body = io.NopCloser(bytes.NewReader(sent))
	}
	began := time.Now()
	res, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	var body []byte
	if res.StatusCode != http.StatusSwitchingProtocols {
		if body, err = io.ReadAll(res.Body); err != nil {
			return nil, err
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
	}
	asked := jsonObject{"method": q.Method, "url": q.URL.String(), "httpVersion": "HTTP/1.1", "headers": fieldsOf(q.Header), "cookies": cookiesOf(q.Cookies())}
	if len(sent) > 0 {
		asked["postData"] = jsonObject{"mimeType": q.Header.Get("Content-Type"), "text": string(sent)}
	}
	content := jsonObject{"size": len(body), "mimeType": res.Header.Get("Content-Type")}
	if utf8.Valid(body) {
		content["text"] = string(body)
	} else {
		content["text"], content["encoding"] = base64.StdEncoding.EncodeToString(body), "base64"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, jsonObject{"startedDateTime": began.UTC().Format(time.RFC3339Nano), "time": 1, "request": asked,
		"response": jsonObject{"status": res.StatusCode, "statusText": "", "headers": fieldsOf(res.Header), "cookies": cookiesOf(res.Cookies()), "content": content}})
	return res, nil
}

func fieldsOf(h http.Header) []any {
	out := []any{}
	for name, values := range h {
		for _, v := range values {
			out = append(out, jsonObject{"name": name, "value": v})
		}
	}
	return out
}

func cookiesOf(list []*http.Cookie) []any {
	out := []any{}
	for _, c := range list {
		out = append(out, jsonObject{"name": c.Name, "value": c.Value})
	}
	return out
}

func (r *recorder) har(t *testing.T) []byte {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	b, err := json.MarshalIndent(jsonObject{"log": jsonObject{"version": "1.2", "creator": jsonObject{"name": "test", "version": "1"}, "entries": r.entries}}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// visitor is somebody who works with the application over its API.
type visitor struct {
	t     *testing.T
	c     *http.Client
	base  string
	token string
	kept  map[string]string
}

// do sends a request, {names} in it filled in, and keeps values of the reply:
// "chat_id=id" keeps /id. It fails the test unless it is answered well.
func (v *visitor) do(method, path string, body any, keep ...string) []byte {
	v.t.Helper()
	for name, value := range v.kept {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	var rd io.Reader
	media := ""
	switch b := body.(type) {
	case nil:
	case string:
		for name, value := range v.kept {
			b = strings.ReplaceAll(b, "{"+name+"}", value)
		}
		rd, media = strings.NewReader(b), "application/json"
	case *bytes.Buffer:
		boundary, _, _ := strings.Cut(strings.TrimPrefix(b.String(), "--"), "\r\n")
		rd, media = b, "multipart/form-data; boundary="+boundary
	}
	q, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, rd)
	if err != nil {
		v.t.Fatal(err)
	}
	if media != "" {
		q.Header.Set("Content-Type", media)
	}
	if v.token != "" {
		q.Header.Set("Authorization", "Bearer "+v.token)
	}
	res, err := v.c.Do(q)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if res.StatusCode >= 400 && path != "/v1/webhooks/crm" && path != "/metrics" {
		v.t.Fatalf("%s %s answered %d: %s", method, path, res.StatusCode, text)
	}
	for _, k := range keep {
		name, field, _ := strings.Cut(k, "=")
		var m any
		if err := json.Unmarshal(text, &m); err != nil {
			v.t.Fatalf("%s %s: %v", method, path, err)
		}
		for part := range strings.SplitSeq(field, ".") {
			if list, ok := m.([]any); ok && len(list) > 0 {
				m = list[0]
			}
			in, _ := m.(map[string]any)
			m = in[part]
		}
		if n, ok := m.(float64); ok {
			m = string(encoded(v.t, n))
		}
		s, ok := m.(string)
		if !ok || s == "" {
			v.t.Fatalf("%s %s: nothing at %s in %s", method, path, field, text)
		}
		v.kept[name] = s
	}
	return text
}

func (v *visitor) upload(path string, keep ...string) {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "notes.txt")
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := part.Write([]byte("notes of a meeting")); err != nil {
		v.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		v.t.Fatal(err)
	}
	v.do("POST", path, &b, keep...)
}

func (v *visitor) mail(s *demo.Server, to string) string {
	v.t.Helper()
	q, err := http.NewRequestWithContext(v.t.Context(), "GET", s.URL+"/dev/outbox?to="+url.QueryEscape(to), nil)
	if err != nil {
		v.t.Fatal(err)
	}
	dev, _, _ := strings.Cut(strings.TrimPrefix(string(s.Secrets()), "DEV_TOKEN="), "\n")
	q.Header.Set("X-Dev-Token", dev)
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "token=")
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
	if end <= 0 {
		v.t.Fatalf("no token in the mail to %s", to)
	}
	return rest[:end]
}

// recorded works with every route of the demo as users of two tenants, and gives
// the recording of it.
func recorded(t *testing.T, s *demo.Server) []byte {
	t.Helper()
	rec := &recorder{}
	for _, tenant := range []string{"acme", "globex"} {
		page := &visitor{t: t, c: &http.Client{Transport: rec}, base: s.URL, kept: map[string]string{}}
		page.do("POST", "/v1/auth/login", string(encoded(t, jsonObject{"email": "viewer@" + tenant + ".test", "password": s.Password("viewer@" + tenant + ".test"), "cookie": true})))
		in := func(role string) *visitor {
			v := &visitor{t: t, c: &http.Client{Transport: rec, Timeout: 20 * time.Second}, base: s.URL, kept: map[string]string{}}
			mail := role + "@" + tenant + ".test"
			v.do("POST", "/v1/auth/login", string(encoded(t, jsonObject{"email": mail, "password": s.Password(mail)})), "access=access_token", "refresh=refresh_token")
			v.token = v.kept["access"]
			return v
		}
		works(t, s, in("member"), tenant)
		administers(t, s, in("owner"), tenant)
	}
	return rec.har(t)
}

// works is the day of a member.
func works(t *testing.T, s *demo.Server, v *visitor, tenant string) {
	t.Helper()
	for _, p := range []string{"/", "/docs", "/healthz", "/openapi.json", "/metrics", "/.well-known/jwks.json", "/v1/models", "/v1/dashboard", "/v1/usage", "/v1/chats/count", "/v1/articles", "/v1/reports", "/v1/billing/invoices", "/v1/auth/sessions", "/v1/search?q=refund"} {
		v.do("GET", p, nil)
	}
	v.do("GET", "/v1/me", nil, "user_id=id", "tenant_id=tenant.id")
	v.do("PATCH", "/v1/me", `{"locale":"en","name":"Mina Sato","timezone":"Europe/Berlin"}`)
	v.do("GET", "/v1/tenant", nil)
	v.do("GET", "/v1/tenants/{tenant_id}", nil)
	v.do("GET", "/v1/avatars/{user_id}", nil)
	v.do("GET", "/v1/articles", nil, "article_id=data.id")
	v.do("GET", "/v1/articles/{article_id}", nil)
	v.do("GET", "/v1/reports", nil, "report_id=data.id")
	v.do("GET", "/v1/reports/{report_id}", nil)
	for range 2 {
		v.do("POST", "/v1/chats", `{"title":"Invoice question","model":"harbor-small","metadata":{"ticket":"17"}}`, "chat_id=id")
		v.do("POST", "/v1/chats/{chat_id}/messages", `{"content":"How long do refunds take?"}`, "message_id=id")
	}
	v.do("GET", "/v1/chats?limit=50", nil)
	v.do("GET", "/v1/chats?archived=false&limit=1", nil, "cursor=next_cursor")
	v.do("GET", "/v1/chats?archived=false&limit=1&cursor={cursor}", nil)
	v.do("GET", "/v1/chats/{chat_id}", nil)
	v.do("PATCH", "/v1/chats/{chat_id}", `{"title":"Invoice answered","model":"harbor-large"}`)
	v.do("POST", "/v1/chats/{chat_id}/archive", nil)
	v.do("GET", "/app/chats/{chat_id}", nil)
	v.do("GET", "/v1/chats/{chat_id}/messages?limit=50", nil)
	v.do("GET", "/v1/chats/{chat_id}/messages/{message_id}", nil)
	v.do("PATCH", "/v1/chats/{chat_id}/messages/{message_id}?fields=content", `{"content":"How long does a refund take?"}`)
	v.do("POST", "/v1/chats/{chat_id}/messages/{message_id}/feedback", `{"rating":"up","comment":"That answered it."}`)
	v.do("GET", "/v1/chats/{chat_id}/messages/{message_id}/feedback", nil)
	v.do("GET", "/v1/chats/{chat_id}/messages/{message_id}/stream", nil)
	v.do("GET", "/v1/chats/{chat_id}/stream", nil)
	v.do("POST", "/v1/chats/{chat_id}/stream", `{"content":"How long do refunds take?"}`)
	v.do("GET", "/v1/chats/{chat_id}/export?format=json", nil)
	v.do("POST", "/v1/chats/{chat_id}/share", `{}`, "share_token=token")
	v.do("GET", "/v1/chats/{chat_id}/share", nil)
	v.do("GET", "/v1/shared/{share_token}", nil)
	v.do("DELETE", "/v1/chats/{chat_id}/share", nil)
	v.listens()
	v.do("POST", "/v1/chat/completions", `{"model":"harbor-small","max_tokens":256,"messages":[{"role":"user","content":"How long do refunds take?"}]}`)
	v.do("POST", "/v1/ask", `{"question":"How long do refunds take?"}`)
	v.do("POST", "/v1/search", `{"query":"refund"}`)
	v.do("POST", "/graphql", `{"query":"{ me { id email } }"}`)
	v.do("POST", "/v1/billing/plan/preview", `{"plan":"business","seats":25}`)
	v.upload("/v1/files", "file_id=id")
	v.do("GET", "/v1/files", nil)
	v.do("GET", "/v1/files/{file_id}", nil)
	v.do("GET", "/v1/files/{file_id}/content", nil)
	v.do("POST", "/v1/files/{file_id}/link", nil, "link=url")
	v.do("GET", v.kept["link"], nil)
	v.do("POST", "/v1/collections", `{"name":"Handbook of `+tenant+`","description":"How we work"}`, "slug=slug")
	v.do("GET", "/v1/collections", nil)
	v.do("GET", "/v1/collections/{slug}", nil)
	v.do("PATCH", "/v1/collections/{slug}", `{"name":"Handbook","description":"How we work here"}`)
	v.do("POST", "/v1/collections/{slug}/documents", `{"title":"Refund policy","text":"Refunds are paid within 14 days."}`, "document_id=id")
	v.do("GET", "/v1/collections/{slug}/documents", nil)
	v.do("GET", "/v1/collections/{slug}/documents/{document_id}", nil)
	v.do("PUT", "/v1/collections/{slug}/documents/{document_id}", `{"title":"Refund policy","text":"Refunds are paid within 7 days."}`)
	v.do("DELETE", "/v1/collections/{slug}/documents/{document_id}", nil)
	v.do("DELETE", "/v1/collections/{slug}", nil)
	v.do("POST", "/v1/prompts", `{"title":"Polite refusal","text":"Decline kindly and offer an alternative."}`, "prompt_number=number")
	v.do("GET", "/v1/prompts", nil)
	v.do("GET", "/v1/prompts/{prompt_number}", nil)
	v.do("PUT", "/v1/prompts/{prompt_number}", `{"title":"Polite refusal","text":"Decline and offer an alternative."}`)
	v.do("DELETE", "/v1/prompts/{prompt_number}", nil)
	v.do("POST", "/v1/exports", `{"kind":"chats"}`, "export_id=id")
	v.do("GET", "/v1/exports/{export_id}", nil)
	v.do("GET", "/v1/exports/{export_id}/download", nil)
	v.do("DELETE", "/v1/exports/{export_id}", nil)
	v.do("DELETE", "/v1/chats/{chat_id}/messages/{message_id}", nil)
	v.do("DELETE", "/v1/chats/{chat_id}", nil)
	v.do("DELETE", "/v1/files/{file_id}", nil)
	password := s.Password("member@" + tenant + ".test")
	v.do("POST", "/v1/auth/password/change", string(encoded(t, jsonObject{"current_password": password, "new_password": password})))
	v.do("POST", "/v1/auth/refresh", `{"refresh_token":"{refresh}"}`, "access=access_token")
	v.token = v.kept["access"]
	v.do("POST", "/v1/auth/logout", `{}`)
}

// administers is the day of an administrator.
func administers(t *testing.T, s *demo.Server, v *visitor, tenant string) {
	t.Helper()
	for _, p := range []string{"/v1/me", "/v1/admin/audit-log?limit=50", "/v1/admin/flags", "/v1/admin/settings", "/v1/api-keys", "/v1/invitations", "/v1/webhook-endpoints", "/v1/admin/users"} {
		v.do("GET", p, nil)
	}
	v.do("GET", "/v1/me", nil, "tenant_id=tenant.id")
	v.do("GET", "/v1/tenants/{tenant_id}/members", nil)
	v.do("GET", "/v1/tenants/{tenant_id}/usage", nil)
	v.do("PATCH", "/v1/tenant", `{"name":"`+tenant+` Corp","billing_email":"billing@`+tenant+`.test"}`)
	v.do("PATCH", "/v1/admin/settings", `{"retention_days":365,"support_contact":"it@acme.test"}`)
	v.do("PATCH", "/v1/billing/plan", `{"plan":"business"}`)
	v.do("GET", "/v1/billing/invoices", nil, "invoice_id=data.id")
	v.do("GET", "/v1/billing/invoices/{invoice_id}", nil)
	v.do("POST", "/v1/api-keys", `{"name":"nightly sync","scopes":["chats:read","files:read","prompts:read","documents:read"]}`, "key_id=id")
	v.do("DELETE", "/v1/api-keys/{key_id}", nil)
	v.do("POST", "/v1/webhook-endpoints", `{"description":"ticket system","events":["chat.created"],"url":"https://hooks.`+tenant+`.test/harbor"}`, "endpoint_id=id")
	v.do("GET", "/v1/webhook-endpoints/{endpoint_id}", nil)
	v.do("DELETE", "/v1/webhook-endpoints/{endpoint_id}", nil)
	v.do("POST", "/v1/webhooks/crm", `{"id":"crm-90412","tenant":"`+tenant+`","type":"contact.updated"}`)
	v.do("POST", "/v1/members", `{"email":"new@`+tenant+`.test","name":"Nora Lane","password":"correct horse battery","role":"member"}`, "member_id=id")
	v.do("GET", "/v1/members", nil)
	v.do("GET", "/v1/members/{member_id}", nil)
	v.do("PATCH", "/v1/members/{member_id}", `{"name":"Nora Lane","role":"member","status":"active"}`)
	v.do("POST", "/v1/admin/users/{member_id}/disable", nil)
	v.do("POST", "/v1/admin/users/{member_id}/enable", nil)
	v.do("DELETE", "/v1/members/{member_id}", nil)
	v.do("POST", "/v1/invitations", `{"email":"gone@`+tenant+`.test","role":"member"}`, "invitation_id=id")
	v.do("DELETE", "/v1/invitations/{invitation_id}", nil)
	guest := &visitor{t: t, c: v.c, base: v.base, kept: map[string]string{}}
	v.do("POST", "/v1/invitations", `{"email":"nora@`+tenant+`.test","role":"member"}`)
	guest.do("POST", "/v1/invitations/accept", string(encoded(t, jsonObject{"name": "Nora Lane", "password": "correct horse battery", "token": guest.mail(s, "nora@"+tenant+".test")})))
	guest.do("POST", "/v1/auth/password/forgot", `{"email":"nora@`+tenant+`.test"}`)
	guest.do("POST", "/v1/auth/password/reset", string(encoded(t, jsonObject{"password": "correct horse battery", "token": guest.mail(s, "nora@"+tenant+".test")})))
	guest.do("POST", "/v1/auth/signup", `{"company":"Initech `+tenant+`","email":"peter@initech-`+tenant+`.test","name":"Peter Gibbons","password":"correct horse battery"}`)
	v.do("GET", "/v1/auth/sessions", nil, "session_id=data.id")
	v.do("DELETE", "/v1/auth/sessions/{session_id}", nil)
}

// listens opens the WebSocket and hears its greeting.
func (v *visitor) listens() {
	v.t.Helper()
	c, _, err := websocket.Dial(v.t.Context(), v.base+"/v1/ws", &websocket.DialOptions{HTTPClient: v.c, HTTPHeader: http.Header{"Authorization": {"Bearer " + v.token}}})
	if err != nil {
		v.t.Fatal(err)
	}
	if err := c.CloseNow(); err != nil {
		v.t.Fatal(err)
	}
}
