package assembly

import (
	"encoding/json"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func text(names ...string) map[string]*lr.Schema {
	out := map[string]*lr.Schema{}
	for _, n := range names {
		out[n] = &lr.Schema{Type: "string"}
	}
	return out
}

func TestSignUpCall(t *testing.T) {
	least := 18.0
	for _, c := range []struct {
		name   string
		method string
		kind   lr.Kind
		media  string
		schema *lr.Schema
		want   string // the body's template; "" for none
	}{
		{"nothing is required", "POST", lr.SignUp, "application/json", &lr.Schema{Properties: text("username", "password", "email", "bio", "referral_code")},
			`{"email":"$email","password":"$password","username":"$login"}`},
		{"inside an object", "POST", lr.SignUp, "application/json",
			&lr.Schema{Required: []string{"user"}, Properties: map[string]*lr.Schema{"user": {Properties: text("username", "email", "password"), Required: []string{"email"}}}},
			`{"user":{"email":"$email","password":"$password","username":"$login"}}`},
		{"unique numbers and names", "POST", lr.SignUp, "application/json",
			&lr.Schema{Required: []string{"phone_number", "company_name", "username"}, Properties: text("username", "password", "phone_number", "company_name", "first_name")},
			`{"company_name":"$name","password":"$password","phone_number":"$phone","username":"$login"}`},
		{"other required fields", "POST", lr.SignUp, "application/json",
			&lr.Schema{Required: []string{"terms", "age", "plan", "coupon", "tags"}, Properties: map[string]*lr.Schema{
				"email": {Type: "string"}, "password": {Type: "string"}, "passwordConfirmation": {Type: "string"}, "terms": {Type: "boolean"}, "age": {Type: "integer", Minimum: &least},
				"plan": {Enum: []any{"free", "paid"}}, "coupon": {Type: "string", Example: "US$5"}, "tags": {Type: "array"}, "id": {Type: "string", ReadOnly: true}}},
			`{"age":18,"coupon":"US$$5","email":"$email","password":"$password","passwordConfirmation":"$password","plan":"free","tags":[],"terms":true}`},
		{"a form", "POST", lr.SignUp, "application/x-www-form-urlencoded", &lr.Schema{Properties: text("login", "password")}, `{"login":"$login","password":"$password"}`},
		{"no password", "POST", lr.SignUp, "application/json", &lr.Schema{Properties: text("email")}, ""},
		{"no login", "POST", lr.SignUp, "application/json", &lr.Schema{Properties: text("password", "first_name")}, ""},
		{"no schema", "POST", lr.SignUp, "application/json", nil, ""},
		{"another kind of route", "POST", lr.SignIn, "application/json", &lr.Schema{Properties: text("email", "password")}, ""},
		{"another method", "GET", lr.SignUp, "application/json", &lr.Schema{Properties: text("email", "password")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := signUpCall([]*lr.Route{{Method: c.method, Path: "/register", Kind: c.kind, Declared: true, Body: &lr.Body{Type: c.media, Schema: c.schema}}})
			if c.want == "" {
				if got != nil {
					t.Fatalf("got %+v, want none", got)
				}
				return
			}
			if got == nil || got.Request != "POST /register" {
				t.Fatalf("got %+v", got)
			}
			var body any = got.JSON
			if len(got.Form) > 0 {
				body = got.Form
			}
			if form := strings.Contains(c.media, "form"); form != (len(got.Form) > 0) || form != (got.JSON == nil) {
				t.Errorf("%s became %+v", c.media, got)
			}
			b, err := json.Marshal(body)
			if err != nil || string(b) != c.want {
				t.Errorf("got %s, %v\nwant %s", b, err, c.want)
			}
		})
	}
	if got := signUpCall([]*lr.Route{{Method: "POST", Path: "/{tenant}/register", Kind: lr.SignUp, Declared: true, Body: &lr.Body{Schema: &lr.Schema{Properties: text("email", "password")}}}}); got != nil {
		t.Errorf("a route with a key: got %+v", got)
	}
}
