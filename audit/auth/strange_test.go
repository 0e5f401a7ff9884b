package auth_test

import (
	"net/http"
	"strings"
)

// signUpBody is what the specification says of a sign-up: all required, nothing
// required, or all inside an object.
func (b *bureau) signUpBody() map[string]string {
	switch {
	case b.faults["nested-signup"]:
		return map[string]string{"user": "{email? password? name?}"}
	case b.faults["loose-signup"]:
		return map[string]string{"email?": "string", "password?": "string", "name?": "string"}
	}
	return map[string]string{"email": "string", "password": "string", "name": "string"}
}

func (b *bureau) signUp(w http.ResponseWriter, r *http.Request, _ *caller) {
	in := fields(r)
	if b.faults["nested-signup"] {
		in, _ = in["user"].(map[string]any)
	}
	email, password := text(in, "email"), text(in, "password")
	if !strings.Contains(email, "@") || strings.HasSuffix(email, "@example.test") || len(password) < 8 || b.byEmail(email) != nil {
		say(w, 422, answer{"error": "an address that takes mail, and a password"})
		return
	}
	role := "viewer"
	if text(in, "role") != "" && b.faults["signup-role"] {
		role = text(in, "role")
	}
	say(w, 201, profile(b.addUser("ten_new", email, role, password)))
}

// strangeEndpoints are what some applications have and most do not.
func (b *bureau) strangeEndpoints() []endpoint {
	var out []endpoint
	if b.faults["grant"] {
		out = append(out, endpoint{"PUT", "/update_role", 3, map[string]string{"email": "string", "role": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, _ *caller) {
			in := fields(r)
			if p := b.byEmail(text(in, "email")); p != nil {
				p.Role = text(in, "role")
			}
			say(w, 200, answer{"status": "ok"})
		}})
	}
	if b.faults["described"] {
		out = append(out, endpoint{"GET", "/openapi.json", 0, nil, false, true, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			say(w, 200, answer{"openapi": "3.1.0", "paths": answer{}, "example": "member@acme.test"})
		}}, endpoint{"GET", "/internal/schema", 0, nil, false, true, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			say(w, 200, answer{"swagger": "2.0", "paths": answer{}, "example": "member@acme.test"})
		}})
	}
	return out
}
