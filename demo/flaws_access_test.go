package demo

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// raw sends a request line byte for byte and returns the reply.
func (w *world) raw(target string, headers ...string) *answer {
	w.t.Helper()
	host := strings.TrimPrefix(w.s.URL, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		w.t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n\r\n", target, host, strings.Join(headers, "\r\n"))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(res.Body).WriteTo(&b); err != nil {
		w.t.Fatal(err)
	}
	return &answer{t: w.t, Status: res.StatusCode, Header: res.Header, Body: b.String()}
}

// secretOf is a value that only the tenant's own view of the route holds.
func (w *world) secretOf(email, path, field string) string {
	w.t.Helper()
	return w.do(w.as(email), "GET", path, nil).want(200).str(field)
}

var accessFlaws = map[string]symptom{
	"auth/no-credential": func(w *world) bool {
		memo := w.secretOf("member@acme.test", "/v1/billing/invoices", "data.0.memo")
		w.do(w.as("member@globex.test"), "GET", "/v1/billing/invoices", nil).want(200).lacks(memo)
		w.do(bearer("x.y.z"), "GET", "/v1/billing/invoices", nil).want(401).lacks(memo)
		return strings.Contains(w.do(anon, "GET", "/v1/billing/invoices", nil).Body, memo)
	},
	"auth/no-credential-write": func(w *world) bool {
		c := w.as("member@acme.test")
		id := w.do(c, "POST", "/v1/chats", map[string]any{"title": "Open"}).want(201).str("id")
		w.do(anon, "PATCH", "/v1/chats/"+id, map[string]any{"title": "Taken"}).want(401)
		w.do(w.as("member@globex.test"), "POST", "/v1/chats/"+id+"/archive", nil).want(404)
		w.do(anon, "POST", "/v1/chats/"+id+"/archive", nil).want(200, 401)
		return strings.Contains(w.do(c, "GET", "/v1/chats/"+id, nil).want(200).Body, `"archived":true`)
	},
	"auth/empty-credential": func(w *world) bool {
		hits := 0
		words := []string{"Bearer ", "Bearer null", "Bearer undefined", "Bearer []", `Bearer ""`}
		for _, value := range words {
			if strings.Contains(w.do(caller{header: "Authorization", value: value}, "GET", "/v1/me", nil).Body, "owner@acme.test") {
				hits++
			}
			w.do(caller{header: "Authorization", value: value}, "PATCH", "/v1/me", map[string]any{"name": "x"}).want(401)
		}
		return hits == len(words)
	},
	"auth/garbage-credential": func(w *world) bool {
		account := w.secretOf("member@acme.test", "/v1/usage", "account")
		hits := 0
		for _, token := range []string{"garbage", "x.y.z", "AAAA.BBBB.CCCC"} {
			w.do(bearer(token), "GET", "/v1/me", nil).want(401)
			if strings.Contains(w.do(bearer(token), "GET", "/v1/usage", nil).Body, account) {
				hits++
			}
		}
		w.alone(func() {
			for _, token := range []string{"", "null", "undefined"} {
				w.do(bearer(token), "GET", "/v1/usage", nil).want(401).lacks(account)
			}
		})
		w.do(anon, "GET", "/v1/usage", nil).want(401).lacks(account)
		return hits == 3
	},
	"auth/token-in-query": func(w *world) bool {
		c := w.as("member@acme.test")
		return strings.Contains(w.do(anon, "GET", "/v1/me?access_token="+c.token(), nil).Body, "member@acme.test")
	},
	"auth/method-override": func(w *world) bool {
		c, target := w.as("viewer@acme.test"), ""
		target = w.do(w.as("admin@acme.test"), "POST", "/v1/members", map[string]any{"email": "target@acme.test", "name": "Target", "role": "viewer", "password": "long enough"}).want(201).str("id")
		w.do(c, "PATCH", "/v1/members/"+target, map[string]any{"name": "Changed"}).want(403)
		w.do(c, "GET", "/v1/members/"+target, map[string]any{"name": "Changed"}, "X-HTTP-Method-Override", "PATCH")
		w.do(anon, "GET", "/v1/members/"+target, map[string]any{"name": "Anonymous"}, "X-HTTP-Method-Override", "PATCH").want(401)
		w.do(w.as("admin@globex.test"), "GET", "/v1/members/"+target, map[string]any{"name": "Foreign"}, "X-HTTP-Method-Override", "PATCH").want(404)
		return w.do(w.as("admin@acme.test"), "GET", "/v1/members/"+target, nil).want(200).str("name") == "Changed"
	},
	"auth/path-normalisation": func(w *world) bool {
		const mail = "owner@acme.test"
		w.do(anon, "GET", "/v1/members", nil).want(401).lacks(mail)
		hits := 0
		targets := []string{"//v1/members", "/./v1/members", "/%761/members", "/v1;x/members", "/v1//members", "/v1/x/%2e%2e/members"}
		for _, target := range targets {
			if strings.Contains(w.raw(target).Body, mail) {
				hits++
			}
		}
		w.raw("/.well-known/jwks.json", "X-Original-URL: /v1/members").want(200).lacks(mail)
		return hits == len(targets)
	},
	"auth/undeclared-route": func(w *world) bool {
		w.do(anon, "GET", "/openapi.json", nil).want(200).lacks("debug")
		return strings.Contains(w.do(anon, "GET", "/v1/debug/users", nil).Body, "admin@acme.test")
	},
	"auth/function-level": func(w *world) bool {
		secret := w.secretOf("admin@acme.test", "/v1/admin/users", "data.0.directory_id")
		c := w.as("member@acme.test")
		w.do(c, "GET", "/v1/admin/audit-log", nil).want(403)
		w.do(anon, "GET", "/v1/admin/users", nil).want(401).lacks(secret)
		w.do(w.as("admin@globex.test"), "GET", "/v1/admin/users", nil).want(200).lacks(secret)
		return strings.Contains(w.do(c, "GET", "/v1/admin/users", nil).Body, secret)
	},
	"auth/function-level-write": func(w *world) bool {
		boss, c := w.as("admin@acme.test"), w.as("member@acme.test")
		id := w.do(boss, "POST", "/v1/invitations", map[string]any{"email": "late@acme.test", "role": "viewer"}).want(201).str("id")
		w.do(c, "POST", "/v1/invitations", map[string]any{"email": "later@acme.test", "role": "viewer"}).want(403)
		w.do(w.as("viewer@acme.test"), "DELETE", "/v1/invitations/"+id, nil).want(403)
		w.do(c, "DELETE", "/v1/invitations/"+id, nil).want(204, 403)
		return !strings.Contains(w.do(boss, "GET", "/v1/invitations", nil).want(200).Body, id)
	},
	"auth/api-key-scope": func(w *world) bool {
		boss := w.as("admin@acme.test")
		made := w.do(boss, "POST", "/v1/api-keys", map[string]any{"name": "read only", "scopes": []string{"members:read"}}).want(201)
		key := caller{header: "X-API-Key", value: made.str("secret")}
		w.do(key, "GET", "/v1/members", nil).want(200).has("member@acme.test")
		email := "by-key@acme.test"
		w.do(key, "POST", "/v1/members", map[string]any{"email": email, "name": "By key", "role": "viewer", "password": "long enough"}).want(201, 403)
		wrote := strings.Contains(w.do(boss, "GET", "/v1/members", nil).Body, email)
		ruled := w.do(key, "GET", "/v1/admin/users", nil).Status == 200
		if wrote != ruled {
			w.t.Errorf("wrote %v, read admin route %v", wrote, ruled)
		}
		return wrote && ruled
	},
}

var tenantFlaws = map[string]symptom{
	"isolation/list-leak": func(w *world) bool {
		name := "Canary " + w.s.randomText(8)
		w.do(w.as("admin@acme.test"), "POST", "/v1/members", map[string]any{"email": "canary@acme.test", "name": name, "role": "viewer", "password": "long enough"}).want(201)
		c := w.as("member@globex.test")
		w.do(c, "GET", "/v1/tenants/"+c.TenantID+"/members", nil).want(200).lacks(name)
		w.do(anon, "GET", "/v1/members", nil).want(401).lacks(name)
		return strings.Contains(w.do(c, "GET", "/v1/members", nil).want(200).Body, name)
	},
	"isolation/tenant-swap": func(w *world) bool {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		account := w.secretOf("member@acme.test", "/v1/usage", "account")
		hits := 0
		for _, swapped := range []*answer{
			w.do(b, "GET", "/v1/tenant", nil, "X-Tenant-ID", a.TenantID),
			w.do(b, "GET", "/v1/tenant?tenant_id="+a.TenantID, nil),
			w.do(b, "GET", "/v1/usage", nil, "X-Tenant-ID", a.TenantID),
			w.do(b, "GET", "/v1/usage?tenant_id="+a.TenantID, nil),
		} {
			if strings.Contains(swapped.want(200).Body, account) {
				hits++
			}
		}
		w.do(b, "GET", "/v1/tenants/"+a.TenantID+"/usage", nil, "X-Tenant-ID", a.TenantID).want(404).lacks(account)
		return hits == 4
	},
	"isolation/cookie-scope": func(w *world) bool {
		_, c := w.cookieOf("member@acme.test", w.s.Password("member@acme.test"))
		return c.Domain == "harbor.test"
	},
	"isolation/error-text": func(w *world) bool {
		canary := "canary-" + w.s.randomText(8)
		body := map[string]any{"url": "https://hooks.example.test/in", "description": canary, "events": []string{"chat.created"}}
		w.do(w.as("admin@acme.test"), "POST", "/v1/webhook-endpoints", body).want(201)
		w.do(w.as("admin@acme.test"), "POST", "/v1/webhook-endpoints", body).want(409).has(canary)
		body["description"] = "mine"
		return strings.Contains(w.do(w.as("admin@globex.test"), "POST", "/v1/webhook-endpoints", body).Body, canary)
	},
}
