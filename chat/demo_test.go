package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/surface"
)

// TestDetectDemo finds the ways to talk to a whole product by its description:
// OpenAI's shape beside its own, JSON beside a stream.
func TestDetectDemo(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing is lost with it
	sf, err := surface.Load(t.Context(), surface.Source{Location: s.URL + "/openapi.json", Fetch: get})
	if err != nil {
		t.Fatal(err)
	}
	as := signedIn(t, s)
	shapes := chat.FromRoutes(sf.Routes)
	for _, c := range shapes {
		for _, never := range []string{"archive", "share", "prompts"} {
			if strings.Contains(c.Send.Path, never) {
				t.Errorf("%s is proposed as a way to talk", c.Send.Path)
			}
		}
	}
	found := map[string]bool{}
	for _, c := range shapes {
		d := chat.Detector{Endpoint: endpoint(t, s.URL, chat.Shape{}), Random: rand.New(rand.NewPCG(1, 2))}
		got, err := d.Detect(t.Context(), as, []chat.Shape{blank(c)})
		if err != nil {
			t.Logf("%s: %v %q", c.Send.Path, err, got.Notes)
			continue
		}
		if !slices.Contains(got.Ops, chat.Join) {
			t.Errorf("%s: answers %v: %q", c.Send.Path, got.Ops, got.Notes)
		}
		found[c.Send.Path] = got.Remembers
	}
	for _, want := range []string{"/v1/chat/completions", "/v1/chats/$conversation/messages", "/v1/chats/$conversation/stream"} {
		if !found[want] {
			t.Errorf("%s was not found as a way to talk that remembers", want)
		}
	}
}

func get(ctx context.Context, u string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

func signedIn(t *testing.T, s *demo.Server) *lr.Account {
	t.Helper()
	const user = "member@acme.test"
	b, _ := json.Marshal(map[string]string{"email": user, "password": s.Password(user)})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/auth/login", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var v struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || v.Token == "" {
		t.Fatalf("sign in: status %d, %v", res.StatusCode, err)
	}
	return &lr.Account{Identity: lr.Identity{Name: "acme_member", User: user}, Credential: lr.Credential{
		Header: map[string]lr.Secret{"Authorization": lr.NewSecret(fmt.Sprintf("Bearer %s", v.Token))}, Token: lr.NewSecret(v.Token)}}
}
