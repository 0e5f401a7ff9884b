package chat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// library takes files, and reads each in after so many looks.
func library(t *testing.T, b *brain, looks int, last string) string {
	n := 0
	return serve(t, map[string]http.HandlerFunc{
		"POST /chat": func(w http.ResponseWriter, r *http.Request) {
			in, ok := body[struct {
				Message     string
				Attachments []struct{ FileID, Kind string }
			}](w, r)
			if !ok {
				return
			}
			said := b.say("c", in.Message)
			if len(in.Attachments) == 1 && in.Attachments[0].FileID == "f1" && in.Attachments[0].Kind == "doc" {
				said += " (with f1)"
			}
			answer(w, object{"reply": said})
		},
		"POST /files": func(w http.ResponseWriter, r *http.Request) {
			if _, _, err := r.FormFile("upload"); err != nil {
				http.Error(w, "{}", http.StatusBadRequest)
				return
			}
			answer(w, object{"id": "f1", "status": "processing"})
		},
		"GET /files/{id}": func(w http.ResponseWriter, _ *http.Request) {
			if n++; n < looks {
				answer(w, object{"id": "f1", "status": "indexing"})
				return
			}
			answer(w, object{"id": "f1", "status": last})
		},
	})
}

// libraryRoutes describe it: nothing says how a file is attached but the schema.
func libraryRoutes() []*lr.Route {
	text := &lr.Schema{Type: "string"}
	return []*lr.Route{
		{Method: "POST", Path: "/chat", Kind: lr.ChatKind, Body: &lr.Body{Type: "application/json", Schema: &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{
			"message": text,
			"attachments": {Type: "array", Items: &lr.Schema{Type: "object", Required: []string{"kind"}, Properties: map[string]*lr.Schema{
				"fileId": text, "kind": {Type: "string", Enum: []any{"doc"}}}}},
		}}}},
		{Method: "POST", Path: "/files", Kind: lr.Upload, Body: &lr.Body{Type: "multipart/form-data", Schema: &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{"upload": {Type: "string", Format: "binary"}}}}},
		{Method: "GET", Path: "/files/{file_id}", Kind: lr.Read},
		{Method: "GET", Path: "/files/{file_id}/content", Kind: lr.Download},
	}
}

// TestIngest finds how a file is uploaded, waited for and attached.
func TestIngest(t *testing.T) {
	routes := libraryRoutes()
	for _, c := range []struct {
		name  string
		looks int
		last  string
		says  string // "" is usable
	}{
		{"read in at the third look", 3, "ready", ""},
		{"in capitals", 1, "COMPLETED", ""},
		{"it cannot be read", 2, "failed", "could not be read in: failed"},
		{"it never ends", 1 << 30, "", "not ready in time"},
		{"a word that nobody knows", 1, "gargling", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := library(t, newBrain(), c.looks, c.last)
			a, _, err := chat.Meet(t.Context(), detector(t, base), nil, chat.FromRoutes(routes), routes)
			if err != nil {
				t.Fatal(err)
			}
			if !a.Skills().Uploads || a.Shape.Upload.Wait == nil || a.Shape.Upload.Wait.Path != "/files/$file" {
				t.Fatalf("upload: %+v", a.Shape.Upload)
			}
			id, xs, err := a.Put(t.Context(), nil, lr.File{Name: "a.txt", Type: "text/plain", Data: []byte("x")})
			if id != "f1" || len(xs) == 0 {
				t.Fatalf("id %q, %d exchanges", id, len(xs))
			}
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Ask(t.Context(), nil, lr.Message{Text: "hello", Files: []string{id}})
			if err != nil || !strings.Contains(got.Text, "(with f1)") {
				t.Errorf("the file is not attached: %q %v", got.Text, err)
			}
			if got, err := a.Ask(t.Context(), nil, lr.Message{Text: "hello"}); err != nil || strings.Contains(string(got.Last().Sent), "attachments") {
				t.Errorf("without a file it sends %s (%v)", got.Last().Sent, err)
			}
		})
	}
}

// TestIngestGone: a file that cannot be looked at any more is not waited for for ever.
func TestIngestGone(t *testing.T) {
	base := serve(t, map[string]http.HandlerFunc{"POST /files": func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"id": "f1"}) }})
	e := endpoint(t, base, chat.Shape{Upload: &chat.Upload{Path: "/files", ID: parse(t, "/id"), Wait: &chat.Template{Method: "GET", Path: "/files/$file"}}})
	if _, _, err := e.Put(t.Context(), nil, lr.File{Name: "a.txt", Type: "text/plain"}); !errors.Is(err, chat.ErrNotReady) {
		t.Errorf("got %v", err)
	}
}
