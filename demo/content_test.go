package demo

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
)

// things are objects of one tenant, made over the API, by path parameter. Each
// holds its own canary.
type things struct {
	chat, message, file, slug, document, export, share, canary string
	prompt                                                     int
}

func (w *world) upload(c caller, name, mediaType, content string, headers ...string) *answer {
	w.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {mediaType}})
	if err != nil {
		w.t.Fatal(err)
	}
	part.Write([]byte(content)) //nolint:errcheck // a buffer
	form.WriteField("metadata", `{"source":"test"}`)
	form.Close() //nolint:errcheck // a buffer
	return w.do(c, "POST", "/v1/files", &b, append([]string{"Content-Type", form.FormDataContentType()}, headers...)...)
}

// make fills a tenant: everything is created by the caller and holds the canary.
func (w *world) make(c caller, canary string) things {
	w.t.Helper()
	o := things{canary: canary}
	o.chat = w.do(c, "POST", "/v1/chats", map[string]any{"title": "Chat " + canary, "metadata": map[string]any{"ref": canary}}).want(201).str("id")
	o.message = w.do(c, "POST", "/v1/chats/"+o.chat+"/messages", map[string]any{"content": "Our code is " + canary + "."}).want(201).str("id")
	w.do(c, "POST", "/v1/chats/"+o.chat+"/messages/"+o.message+"/feedback", map[string]any{"rating": "up", "comment": "good " + canary}).want(201)
	o.file = w.upload(c, canary+".txt", "text/plain", "file of "+canary).want(201).str("id")
	o.slug = w.do(c, "POST", "/v1/collections", map[string]any{"name": "Base " + w.s.randomText(5), "description": canary}).want(201).str("slug")
	o.document = w.do(c, "POST", "/v1/collections/"+o.slug+"/documents", map[string]any{"title": "Doc " + canary, "text": "The vault word is " + canary + "."}).want(201).str("id")
	o.prompt = int(w.do(c, "POST", "/v1/prompts", map[string]any{"title": "Prompt " + canary, "text": "Say " + canary}).want(201).get("number").(float64))
	o.export = w.do(c, "POST", "/v1/exports", map[string]any{"kind": "chats"}).want(202).str("id")
	o.share = w.do(c, "POST", "/v1/chats/"+o.chat+"/share", map[string]any{}).want(201).str("token")
	return o
}

// path fills a pattern with the keys of the objects.
func (o things) path(pattern string) string {
	return strings.NewReplacer("{chat_id}", o.chat, "{message_id}", o.message, "{file_id}", o.file, "{slug}", o.slug, "{document_id}", o.document,
		"{export_id}", o.export, "{prompt_number}", fmt.Sprint(o.prompt), "{share_token}", o.share).Replace(pattern)
}

var requestIDs = regexp.MustCompile(`"request_id":"[^"]*"`)

func anonymised(body string) string { return requestIDs.ReplaceAllString(body, `"request_id":""`) }

// objectRoutes are the routes of a tenant's own objects.
var objectRoutes = []struct {
	method, pattern string
	body            any
	role            string // the least role
	silent          bool   // answers 204 for what is not there
}{
	{"GET", "/v1/chats/{chat_id}", nil, "viewer", false},
	{"PATCH", "/v1/chats/{chat_id}", map[string]any{"title": "renamed"}, "member", false},
	{"POST", "/v1/chats/{chat_id}/archive", nil, "member", false},
	{"GET", "/v1/chats/{chat_id}/messages", nil, "viewer", false},
	{"POST", "/v1/chats/{chat_id}/messages", map[string]any{"content": "hello"}, "member", false},
	{"GET", "/v1/chats/{chat_id}/messages/{message_id}", nil, "viewer", false},
	{"PATCH", "/v1/chats/{chat_id}/messages/{message_id}", map[string]any{"content": "corrected"}, "member", false},
	{"GET", "/v1/chats/{chat_id}/messages/{message_id}/feedback", nil, "viewer", false},
	{"POST", "/v1/chats/{chat_id}/messages/{message_id}/feedback", map[string]any{"rating": "down"}, "member", false},
	{"GET", "/v1/chats/{chat_id}/stream", nil, "viewer", false},
	{"POST", "/v1/chats/{chat_id}/stream", map[string]any{"content": "hello"}, "member", false},
	{"GET", "/v1/chats/{chat_id}/export", nil, "viewer", false},
	{"GET", "/v1/chats/{chat_id}/share", nil, "viewer", false},
	{"POST", "/v1/chats/{chat_id}/share", nil, "member", false},
	{"GET", "/app/chats/{chat_id}", nil, "viewer", false},
	{"GET", "/v1/files/{file_id}", nil, "viewer", false},
	{"GET", "/v1/files/{file_id}/content", nil, "viewer", false},
	{"POST", "/v1/files/{file_id}/link", nil, "viewer", false},
	{"GET", "/v1/collections/{slug}", nil, "viewer", false},
	{"PATCH", "/v1/collections/{slug}", map[string]any{"description": "changed"}, "member", false},
	{"GET", "/v1/collections/{slug}/documents", nil, "viewer", false},
	{"POST", "/v1/collections/{slug}/documents", map[string]any{"title": "t", "text": "x"}, "member", false},
	{"GET", "/v1/collections/{slug}/documents/{document_id}", nil, "viewer", false},
	{"PUT", "/v1/collections/{slug}/documents/{document_id}", map[string]any{"title": "t2", "text": "x2"}, "member", false},
	{"GET", "/v1/exports/{export_id}", nil, "viewer", false},
	{"GET", "/v1/exports/{export_id}/download", nil, "viewer", false},
	{"DELETE", "/v1/exports/{export_id}", nil, "member", true},
	{"DELETE", "/v1/chats/{chat_id}/messages/{message_id}", nil, "member", false},
	{"DELETE", "/v1/chats/{chat_id}/share", nil, "member", false},
	{"DELETE", "/v1/collections/{slug}/documents/{document_id}", nil, "member", false},
	{"DELETE", "/v1/collections/{slug}", nil, "member", false},
	{"DELETE", "/v1/files/{file_id}", nil, "member", false},
	{"DELETE", "/v1/chats/{chat_id}", nil, "member", false},
}

// Every route is asked by its owner, by nobody, by a viewer and by another
// tenant, for an object that is foreign and for one that does not exist.
func TestObjectRoutes(t *testing.T) {
	w := start(t)
	alice, victor, bob := w.as("member@acme.test"), w.as("viewer@acme.test"), w.as("member@globex.test")
	mine := w.make(alice, "KESTREL-4417")
	missing := mine
	missing.chat, missing.message, missing.file, missing.slug = "chat_00000000000000000000000000", "msg_0", "file_0", "no-such"
	missing.document, missing.export, missing.share = "doc_0", "exp_0", "nothing"
	for _, rt := range objectRoutes {
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			w := &world{t: t, s: w.s, c: w.c, users: w.users}
			path := mine.path(rt.pattern)
			w.do(anon, rt.method, path, rt.body).want(401).lacks(mine.canary)
			foreign := w.do(bob, rt.method, path, rt.body).lacks(mine.canary)
			nothing := w.do(bob, rt.method, missing.path(rt.pattern), rt.body)
			if rt.silent {
				foreign.want(204)
			} else {
				foreign.want(404)
			}
			if foreign.Status != nothing.Status || anonymised(foreign.Body) != anonymised(nothing.Body) {
				t.Errorf("foreign answers %d %s, missing %d %s: want the same", foreign.Status, foreign.Body, nothing.Status, nothing.Body)
			}
			if rt.role == "member" {
				w.do(victor, rt.method, path, rt.body).want(403).lacks(mine.canary)
			} else {
				w.do(victor, rt.method, path, rt.body).want(200)
			}
			w.do(alice, rt.method, path, rt.body).want(200, 201, 204)
		})
	}
}

// Lists and searches hold the caller's own objects and nobody else's.
func TestListsAreTheTenants(t *testing.T) {
	w := start(t)
	alice, bob := w.as("member@acme.test"), w.as("member@globex.test")
	mine := w.make(alice, "KESTREL-4417")
	theirs := w.make(bob, "MARIGOLD-9932")
	for _, c := range []struct {
		method, path string
		body         any
		ok           int
		has          string // format of the canary
	}{
		{"GET", "/v1/chats", nil, 200, "%s"},
		{"GET", "/v1/chats?tenant_id=" + bob.TenantID, nil, 200, "%s"},
		{"GET", "/v1/files", nil, 200, "%s"},
		{"GET", "/v1/prompts", nil, 200, "%s"},
		{"GET", "/v1/search?q=kestrel", nil, 200, "%s"},
		{"POST", "/v1/search", map[string]any{"query": "KESTREL"}, 200, "%s"},
		{"POST", "/v1/ask", map[string]any{"question": "What is the vault word?"}, 200, "%s"},
		{"POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": "What is the vault word?"}}}, 200, "%s"},
		{"GET", "/v1/exports/" + mine.export + "/download", nil, 200, "%s"},
		{"GET", "/v1/chats/" + mine.chat + "/export", nil, 200, "%s"},
		{"GET", "/v1/chats/" + mine.chat + "/export?format=json", nil, 200, "%s"},
		{"GET", "/v1/dashboard", nil, 200, "%s"},
		{"GET", "/v1/shared/" + mine.share, nil, 200, "%s"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := &world{t: t, s: w.s, c: w.c, users: w.users}
			w.do(alice, c.method, c.path, c.body).want(c.ok).has(mine.canary).lacks(theirs.canary)
		})
	}
	for _, path := range []string{"/v1/search?q=KESTREL-4417", "/v1/chats", "/v1/files", "/v1/collections", "/v1/dashboard"} {
		w.do(anon, "GET", path, nil).want(401).lacks(mine.canary)
		got := w.do(bob, "GET", path, nil).want(200)
		if strings.Contains(path, "search") {
			got.lacks(mine.chat).lacks(mine.file).lacks(mine.document)
			if n := strings.Count(got.Body, mine.canary); n != 1 {
				t.Errorf("got the canary %d times, want once, as the echo of the query", n)
			}
			continue
		}
		got.lacks(mine.canary)
	}
	if got := w.do(bob, "POST", "/v1/ask", map[string]any{"question": "What is the vault word?"}).want(200); !strings.Contains(got.str("answer"), theirs.canary) || got.str("citations.0.document_id") != theirs.document {
		t.Errorf("got %s, want the own document cited", got.Body)
	}
}

func TestIDsAreRandom(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	seen := map[string]bool{}
	for range 20 {
		id := w.do(c, "POST", "/v1/chats", map[string]any{"title": "x"}).want(201).str("id")
		if !regexp.MustCompile(`^chat_[0-9a-z]{26}$`).MatchString(id) || seen[id[:12]] {
			t.Errorf("got id %q, want chat_ and 128 random bits", id)
		}
		seen[id[:12]] = true
	}
}

func TestPages(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	seen := map[string]bool{}
	for range 7 {
		w.do(c, "POST", "/v1/chats", map[string]any{"title": "paged"}).want(201)
	}
	path := "/v1/chats?limit=3"
	for pages := 0; ; pages++ {
		got := w.do(c, "GET", path, nil).want(200)
		for i := 0; got.get(fmt.Sprintf("data.%d.id", i)) != nil; i++ {
			id := got.str(fmt.Sprintf("data.%d.id", i))
			if seen[id] || i > 2 {
				t.Fatalf("got %s twice or more than three a page", id)
			}
			seen[id] = true
		}
		next, ok := got.get("next_cursor").(string)
		if !ok {
			break
		}
		path = "/v1/chats?limit=3&cursor=" + next
	}
	if len(seen) != 10 { // three are seeded
		t.Errorf("got %d chats over all pages, want 10", len(seen))
	}
	w.do(c, "GET", "/v1/chats?cursor=!", nil).want(422)
	w.do(c, "GET", "/v1/chats?limit=0", nil).want(422)
	w.do(c, "GET", "/v1/chats?archived=maybe", nil).want(422)
	w.do(c, "GET", "/v1/chats?archived=true", nil).want(200).lacks("paged")
}

func TestInvalidBodies(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	o := w.make(c, "KESTREL-4417")
	for _, tc := range []struct {
		name, method, pattern string
		body                  any
		status                int
	}{
		{"no title", "POST", "/v1/chats", map[string]any{}, 422},
		{"long title", "POST", "/v1/chats", map[string]any{"title": strings.Repeat("x", 201)}, 422},
		{"unknown model", "POST", "/v1/chats", map[string]any{"title": "x", "model": "gpt"}, 422},
		{"title of another type", "POST", "/v1/chats", map[string]any{"title": 7}, 422},
		{"no json", "POST", "/v1/chats", strings.NewReader("title=x"), 400},
		{"empty message", "POST", "/v1/chats/{chat_id}/messages", map[string]any{"content": ""}, 422},
		{"unknown mask", "PATCH", "/v1/chats/{chat_id}/messages/{message_id}?fields=role", map[string]any{"content": "x"}, 422},
		{"unknown rating", "POST", "/v1/chats/{chat_id}/messages/{message_id}/feedback", map[string]any{"rating": "meh"}, 422},
		{"unknown export", "POST", "/v1/exports", map[string]any{"kind": "secrets"}, 422},
		{"unknown format", "GET", "/v1/chats/{chat_id}/export?format=exe", nil, 422},
		{"short query", "GET", "/v1/search?q=x", nil, 422},
		{"a slug of nothing", "POST", "/v1/collections", map[string]any{"name": "!!!"}, 422},
		{"a slug twice", "POST", "/v1/collections", map[string]any{"name": "x", "slug": "handbook"}, 409},
		{"a prompt without number", "GET", "/v1/prompts/one", nil, 404},
		{"an unknown collection", "POST", "/v1/ask", map[string]any{"question": "x?", "collection": "none"}, 404},
		{"a system message", "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "system", "content": "obey"}}}, 422},
		{"no messages", "POST", "/v1/chat/completions", map[string]any{"messages": []any{}}, 422},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{t: t, s: w.s, c: w.c, users: w.users}
			a := w.do(c, tc.method, o.path(tc.pattern), tc.body).want(tc.status).lacks("sqlite").lacks(".go:")
			if ct := a.Header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("got content type %q, want problem+json", ct)
			}
		})
	}
}

func TestUpdateMask(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	o := w.make(c, "KESTREL-4417")
	path := o.path("/v1/chats/{chat_id}/messages/{message_id}")
	w.do(c, "PATCH", path+"?fields=content", map[string]any{"content": "masked"}).want(200).has("masked")
	w.do(c, "PATCH", path, map[string]any{"content": "plain", "role": "assistant"}).want(200).has("plain").has(`"role":"user"`)
	w.do(c, "GET", path, nil).want(200).has("plain").lacks("masked")
}
