package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
)

func Example() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/auth/login":
			fmt.Fprint(w, `{"access_token":"issued-to-acme"}`)
		case strings.HasSuffix(r.Header.Get("Authorization"), "issued-to-acme"):
			fmt.Fprint(w, `{"user":{"id":"usr_1"},"tenant":{"id":"ten_acme"}}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer target.Close()
	base, _ := url.Parse(target.URL)
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		fmt.Println(err)
		return
	}
	cast, err := signin.New(signin.Options{
		HTTP: client,
		Method: &signin.Method{
			Call:  signin.Call{Request: "POST /auth/login", JSON: map[string]any{"email": "$user", "password": "$password"}},
			Token: "/access_token", Send: "Authorization: Bearer {token}",
		},
		WhoAmI: "GET /me",
		Identities: []signin.Identity{{
			Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"},
			Password: lr.NewSecret("correct horse battery"),
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Use(cast)
	for _, p := range cast.Preflight(context.Background()) {
		fmt.Println(p)
	}
	for _, a := range cast.Accounts() {
		fmt.Println(a.Name, a.UserID, a.TenantID, a.Credential.Header["Authorization"])
	}
	// Output: acme_member usr_1 ten_acme [secret]
}
