package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func Example() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken-of-acme" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"title":"hello"}`)
	}))
	defer target.Close()
	base, _ := url.Parse(target.URL)

	c, err := probe.New(probe.Options{Base: base, Budget: lr.Budget{Requests: 10}})
	if err != nil {
		fmt.Println(err)
		return
	}
	member := &lr.Account{
		Identity:   lr.Identity{Name: "acme_member"},
		Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer t0ken-of-acme")}},
	}
	for _, as := range []*lr.Account{nil, member} {
		x, err := c.Do(context.Background(), as, &lr.Request{Method: "GET", Path: "/v1/chats/1"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %d %q %q\n", x.As, x.Status, x.Body, x.Request.Get("Authorization"))
	}
	// Output:
	// anonymous 401 "" ""
	// acme_member 200 "{\"title\":\"hello\"}" "Bearer [secret]"
}
