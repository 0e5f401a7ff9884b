package ownership_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard/ownership"
)

// TestSocketMakes: what a message says was made is the caller's before the caller is
// told; one that names another tenant, or another's as made, is dropped and teaches
// nothing, and so is an id that guard itself asked for in another's place.
func TestSocketMakes(t *testing.T) {
	says := []string{
		`{"made":{"id":"new"},"chat_id":"new"}`,
		`{"chat_id":"new","text":"x"}`,
		`{"made":{"id":"b"},"text":"of another"}`,
		`{"org":"globex","made":{"id":"theirs"},"text":"of another"}`,
		`{"tenant":{"org":"globex"},"made":{"id":"theirs"},"text":"of another"}`,
		`{"text":{"made":{"id":"guessed"}}}`,
	}
	store := owning(t, "globex:b")
	r := &ownership.Rule{Tenant: []ownership.Path{path(t, "$.tenant.org")}, Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.made.id")}},
		Messages: &ownership.Messages{Socket: true, IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}, Tenant: []ownership.Path{path(t, "$.org")}}}
	front := serve(t, "/x", r, store, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		var in struct {
			ID string `json:"chat_id"`
		}
		_, b, err := c.Read(r.Context())
		if err != nil || json.Unmarshal(b, &in) != nil {
			return
		}
		for _, s := range append(says, `{"made":{"id":"`+in.ID+`"},"text":"last"}`) {
			_ = c.Write(r.Context(), websocket.MessageText, []byte(s)) // the caller sees what is missing
		}
		_, _, _ = c.Read(r.Context()) // until the caller leaves
	})
	c, _, err := websocket.Dial(t.Context(), front.URL+"/x", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer acme"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(`{"chat_id":"b"}`)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a message that is lost fails this test alone
	defer cancel()
	for _, want := range []string{says[0], says[1], says[5], `{"made":{"id":"b"},"text":"last"}`} {
		_, b, err := c.Read(ctx)
		if err != nil || string(b) != want || strings.Contains(string(b), "of another") {
			t.Fatalf("%s %v, want %s", b, err, want)
		}
	}
	for id, want := range map[string]string{"new": "acme", "b": "globex", "theirs": "", "guessed": ""} {
		if is, err := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id}); is.Tenant != want || err != nil {
			t.Errorf("%s is %+v, %v; want %q", id, is, err, want)
		}
	}
	if n, err := store.Count(t.Context(), "chat", "acme"); n != 1 || err != nil {
		t.Errorf("acme has %d, %v", n, err)
	}
}
