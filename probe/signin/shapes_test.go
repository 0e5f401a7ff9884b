package signin_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
)

// TestShapesOfFrameworks signs in the way that widespread frameworks want it,
// with the right password and with a wrong one.
func TestShapesOfFrameworks(t *testing.T) {
	const right = "pass1" // as short as people choose them
	body := func(r *http.Request) string { b, _ := io.ReadAll(r.Body); return string(b) }
	json := func(w http.ResponseWriter, status int, s string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, s)
	}
	page := `<form method=post action=/login><input type=hidden name=_csrf value=c5rf><input name=username><input type=password name=password></form>`
	for _, tc := range []struct {
		name   string
		method signin.Method
		serve  func(w http.ResponseWriter, r *http.Request)
		cred   string // what the credential must hold, as "place name=value"
	}{
		{"Flask: auth_token, failure with 200", signin.Method{Call: signin.Call{Request: "POST /users/v1/login", JSON: map[string]any{"username": "$user", "password": "$password"}}},
			func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(body(r), `"password":"pass1"`) {
					json(w, 200, `{"auth_token":"flask-token-01","message":"Successfully logged in.","status":"success"}`)
					return
				}
				json(w, 200, `{"status":"fail","message":"Password is not correct for the given username."}`)
			}, "header Authorization=Bearer flask-token-01"},
		{"Django REST: form body, Token scheme", signin.Method{Call: signin.Call{Request: "POST /api-token-auth/", Form: map[string]string{"username": "$user", "password": "$password"}}, Send: "Authorization: Token {token}"},
			func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("password") == right {
					json(w, 200, `{"token":"django-token-01"}`)
					return
				}
				json(w, 400, `{"non_field_errors":["Unable to log in with provided credentials."]}`)
			}, "header Authorization=Token django-token-01"},
		{"Spring: form, session cookie, redirects either way", signin.Method{Page: "/login"},
			func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "anonymous-session"})
					io.WriteString(w, page)
					return
				}
				if r.FormValue("_csrf") != "c5rf" || r.FormValue("password") != right {
					http.Redirect(w, r, "/login?error", http.StatusFound)
					return
				}
				http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "signed-in-session"})
				http.Redirect(w, r, "/", http.StatusFound)
			}, "cookie JSESSIONID=signed-in-session"},
		{"Express: the page's session goes on", signin.Method{Page: "/login"},
			func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					http.SetCookie(w, &http.Cookie{Name: "connect.sid", Value: "s%3Aexpress-session"})
					io.WriteString(w, page)
					return
				}
				if r.FormValue("password") != right {
					io.WriteString(w, "<p>wrong</p>"+page)
					return
				}
				http.Redirect(w, r, "/home", http.StatusFound)
			}, "cookie connect.sid=s%3Aexpress-session"},
		{"PHP: a cookie for everyone, refusal with 200", signin.Method{Call: signin.Call{Request: "POST /login.php", Form: map[string]string{"u": "$user", "p": "$password"}}},
			func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: "php-session-01"})
				json(w, 200, fmt.Sprintf(`{"success":%v}`, r.FormValue("p") == right))
			}, "cookie PHPSESSID=php-session-01"},
		{"Devise: token in the reply's Authorization", signin.Method{Call: signin.Call{Request: "POST /users/sign_in", JSON: map[string]any{"user": map[string]any{"email": "$user", "password": "$password"}}}},
			func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(body(r), `{"user":{"email":"name1","password":"pass1"}}`) {
					json(w, 401, `{"error":"Invalid Email or password."}`)
					return
				}
				w.Header().Set("Authorization", "Bearer devise-token-01")
				json(w, 200, `{"id":7}`)
			}, "header Authorization=Bearer devise-token-01"},
		{"GraphQL: errors with 200", signin.Method{Call: signin.Call{Request: "POST /graphql", JSON: map[string]any{"query": "mutation($$u:String!,$$p:String!){login(u:$$u,p:$$p){token}}", "variables": map[string]any{"u": "$user", "p": "$password"}}}},
			func(w http.ResponseWriter, r *http.Request) {
				b := body(r)
				if !strings.Contains(b, "mutation($u:String!") || !strings.Contains(b, `"p":"pass1"`) {
					json(w, 200, `{"errors":[{"message":"bad credentials"}],"data":{"login":null}}`)
					return
				}
				json(w, 200, `{"data":{"login":{"token":"graphql-token-01"}}}`)
			}, "header Authorization=Bearer graphql-token-01"},
		{"key beside the sign-in", signin.Method{Call: signin.Call{Request: "POST /auth/v1/token?grant_type=password", Header: map[string]string{"apikey": "anon-key-01"}, JSON: map[string]any{"email": "$user", "password": "$password"}}},
			func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("apikey") != "anon-key-01" || r.URL.RawQuery != "grant_type=password" || !strings.Contains(body(r), `"pass1"`) {
					json(w, 400, `{"error":"invalid_grant"}`)
					return
				}
				json(w, 200, `{"access_token":"supa-token-01","refresh_token":"supa-refresh-01","expires_in":3600,"user":{"id":"u"}}`)
			}, "header Authorization=Bearer supa-token-01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(tc.serve))
			defer server.Close()
			base, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			client, err := probe.New(probe.Options{Base: base, OnExchange: func(x *lr.Exchange) {
				fmt.Fprintln(&notes, x.URL, x.Request, string(x.Sent), x.Header, string(x.Body))
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			try := func(password string) (*lr.Account, []signin.Problem) {
				c, err := signin.New(signin.Options{HTTP: client, Method: &tc.method, Identities: []signin.Identity{identity("one", "t", "member", "name1", password)}})
				if err != nil {
					t.Fatal(err)
				}
				return c.Accounts()[0], c.Preflight(t.Context())
			}
			a, ps := try(right)
			if len(ps) != 0 {
				t.Fatalf("the right password: %v", ps)
			}
			var got []string
			for k, v := range a.Credential.Header {
				got = append(got, "header "+k+"="+v.Reveal())
			}
			for k, v := range a.Credential.Cookie {
				got = append(got, "cookie "+k+"="+v.Reveal())
			}
			if len(got) != 1 || got[0] != tc.cred {
				t.Errorf("got %q, want %q", got, tc.cred)
			}
			_, ps = try("wrong")
			if len(ps) != 1 || !ps[0].Fatal || ps[0].Do == "" {
				t.Errorf("a wrong password: got %v, want one fatal problem with advice", ps)
			}
			for _, bad := range []string{`"pass1"`, "=pass1", `"wrong"`, "=wrong"} {
				if strings.Contains(notes.String(), bad) {
					t.Errorf("records show %s:\n%s", bad, notes.String())
				}
			}
		})
	}
}
