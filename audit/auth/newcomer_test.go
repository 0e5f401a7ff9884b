package auth

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// desk mints canaries and builds sign-in requests; nothing else is asked of it.
type desk struct {
	lr.Stage
	lr.Cast
}

func (desk) Canary(string) string { return "lr1-abcdefghijklmnopqrstuvwxyz234567" }
func (desk) SignInRequest(_ context.Context, _ *lr.Account, user string, password lr.Secret) (*lr.Request, error) {
	b, err := json.Marshal(map[string]any{"user": map[string]any{"email": user, "password": password.Reveal()}})
	return &lr.Request{Body: b}, err
}

func TestRegistration(t *testing.T) {
	text := func(names ...string) map[string]*lr.Schema {
		out := map[string]*lr.Schema{}
		for _, n := range names {
			out[n] = &lr.Schema{Type: "string"}
		}
		return out
	}
	body := func(props map[string]*lr.Schema) *lr.Body { return &lr.Body{Schema: &lr.Schema{Properties: props}} }
	mina := &lr.Account{Identity: lr.Identity{User: "mina@acme.com"}}
	for _, c := range []struct {
		name  string
		body  *lr.Body
		built string // by the stage
		like  *lr.Account
		user  string // the one that signs in: its start
		holds []string
	}{
		{"nothing is required", body(text("username", "password", "email")), `{"username":"lrk1"}`, &lr.Account{Identity: lr.Identity{User: "name1"}}, "lrk1",
			[]string{`"username":"lrk1"`, `"email":"lr`, `@example.com"`, `"password":"Lr8!`}},
		{"signs in by address", body(text("username", "password", "email")), `{"username":"lrk1","email":"x@example.test"}`, mina, "lr", []string{`@acme.com"`}},
		{"inside an object", body(map[string]*lr.Schema{"user": {Properties: text("username", "password", "email")}}), `{}`, mina, "lr", []string{`{"user":{`, `"password":"Lr8!`, `@acme.com"`}},
		{"asked for twice", body(text("email", "password", "passwordConfirmation")), `{"password":"Lr1!aaaaaaaa"}`, mina, "lr", []string{`"password":"Lr`, `"passwordConfirmation":"Lr`}},
		{"without a schema", nil, `{"title":"lr1-x","name":"lr1-y"}`, mina, "lr", []string{`{"user":{`, `"username":"lr`, `"password":"Lr8!`, `@acme.com"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var built map[string]any
			if err := json.Unmarshal([]byte(c.built), &built); err != nil {
				t.Fatal(err)
			}
			got, p, err := registration(t.Context(), &lr.Trial{Stage: desk{}, Cast: desk{}}, &lr.Route{Body: c.body}, c.like, built)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.holds {
				if !strings.Contains(string(b), want) {
					t.Errorf("%s does not hold %s", b, want)
				}
			}
			if u := p.user(c.like); !strings.HasPrefix(u, c.user) || p.password == "" || strings.Contains(c.like.User, "@") != strings.Contains(u, "@") {
				t.Errorf("signs in as %q with %q", u, p.password)
			}
			if n := strings.Count(string(b), p.password); n != strings.Count(strings.ToLower(string(b)), `"password`) {
				t.Errorf("%s holds different passwords", b)
			}
			if strings.Contains(string(b), "example.test") {
				t.Errorf("%s has an address that takes no mail", b)
			}
		})
	}
}

func TestInside(t *testing.T) {
	for body, want := range map[string]string{
		`{"user":{"email":"a"}}`:                "email",
		`{"user":{}}`:                           "",
		`{"data":{"attributes":{"email":"a"}}}`: "email",
		`{"email":"a","user":{"name":"b"}}`:     "email user",
		`{"settings":{"theme":"dark"}}`:         "settings",
		`{"user":"a"}`:                          "user",
	} {
		var m map[string]any
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range []string{"email", "user", "settings"} {
			if _, ok := inside(m)[k]; ok {
				got = append(got, k)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: fields are %q, want %q", body, got, want)
		}
	}
}

func TestResetLogin(t *testing.T) {
	alba := &lr.Account{Identity: lr.Identity{User: "alba"}, Known: map[string]string{"user.email": "alba@example.com", "id": "7"}}
	for _, c := range []struct {
		field string
		a     *lr.Account
		want  string
	}{
		{"email", alba, "alba@example.com"},
		{"user_email", alba, "alba@example.com"},
		{"username", alba, "alba"},
		{"email", &lr.Account{Identity: lr.Identity{User: "alba"}}, ""},
		{"email", &lr.Account{Identity: lr.Identity{User: "alba@a.com"}}, "alba@a.com"},
	} {
		rt := &lr.Route{Body: &lr.Body{Schema: &lr.Schema{Properties: map[string]*lr.Schema{c.field: {Type: "string"}}}}}
		if got := resetLogin(rt, c.a); got != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.field, c.a.User, got, c.want)
		}
	}
}

func TestDescribes(t *testing.T) {
	for path, want := range map[string]bool{
		"/openapi.json": true, "/swagger-ui/index.html": true, "/docs": true, "/api/v1/docs.json": true, "/redoc": true, "/ui/": true, "/v3/api-docs": true, "/swagger.yaml": true,
		"/debug/users": false, "/admin/ui": false, "/documents": false, "/": false, "/metrics": false,
	} {
		if got := describes(path); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
	for body, want := range map[string]bool{
		`{"openapi":"3.0.1","paths":{}}`: true, "swagger: \"2.0\"\ninfo:\n": true, `{"paths":["/tmp"]}`: false, `[{"openapi":1}]`: false, "": false, "<html>": false,
	} {
		if got := description(&lr.Exchange{Body: []byte(body)}); got != want {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func TestExamplesAreNoWitness(t *testing.T) {
	rt := &lr.Route{
		Params: []lr.Param{{Example: "of a parameter", Schema: &lr.Schema{Default: "default1"}}},
		Body: &lr.Body{Example: map[string]any{"list": []any{"of a body"}}, Schema: &lr.Schema{Properties: map[string]*lr.Schema{
			"user": {Properties: map[string]*lr.Schema{"email": {Example: "mail1@mail.com"}}}}}},
	}
	samples := examples(&lr.Target{Routes: []*lr.Route{rt, {}}})
	got := withoutSamples([]string{"of a parameter", "default1", "of a body", "mail1@mail.com", "mail1@mail.com.br"}, samples)
	if len(got) != 1 || got[0] != "mail1@mail.com.br" {
		t.Errorf("left are %q", got)
	}
}
