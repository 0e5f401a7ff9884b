package auth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// endpoint is one line of the bureau's table, from which its router and its
// specification are made.
type endpoint struct {
	method, path string
	rank         int               // the least role; 0 needs no credential
	body         map[string]string // field => type, required; "x?" is optional
	stream       bool
	hidden       bool // not in the specification
	handle       func(w http.ResponseWriter, r *http.Request, c *caller)
}

func fields(r *http.Request) map[string]any {
	out := map[string]any{}
	json.NewDecoder(r.Body).Decode(&out) //nolint:errcheck // an empty body is no fields
	return out
}

func text(m map[string]any, k string) string { s, _ := m[k].(string); return s }

type answer = map[string]any

func profile(p *person) answer {
	return answer{"id": p.ID, "email": p.Email, "name": p.Name, "role": p.Role, "status": p.Status, "tenant_id": p.Tenant}
}

func shown(n *note) answer { return answer{"id": n.ID, "text": n.Text, "pinned": n.Pinned} }

func (b *bureau) table() []endpoint {
	return slices.Concat(b.accountEndpoints(), b.noteEndpoints(), b.otherEndpoints(), b.strangeEndpoints())
}

func (b *bureau) accountEndpoints() []endpoint {
	return []endpoint{
		{"POST", "/login", 0, map[string]string{"email": "string", "password": "string", "expires_in?": "integer", "cookie?": "boolean"}, false, false, b.login},
		{"POST", "/refresh", 0, map[string]string{"refresh_token": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, _ *caller) {
			token := text(fields(r), "refresh_token")
			v := b.sessions[b.refreshes[token]]
			if v == nil || v.over && !b.faults["logout"] {
				say(w, 401, answer{"error": "sign in again"})
				return
			}
			session := b.refreshes[token]
			if !b.faults["reuse"] {
				delete(b.refreshes, token)
			}
			say(w, 200, b.grant(b.users[v.user], session, time.Minute))
		}},
		{"POST", "/logout", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			if v := b.sessions[c.session]; v != nil {
				v.over = true
			}
			w.WriteHeader(204)
		}},
		{"GET", "/me", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) { say(w, 200, profile(c.orFirst(b))) }},
		{"PATCH", "/me", 1, map[string]string{"name?": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			in := fields(r)
			if n := text(in, "name"); n != "" {
				c.Name = n
			}
			if role := text(in, "role"); role != "" && b.faults["mass"] {
				c.Role = role
			} else if b.faults["fragile"] && (role == "admin" || role == "manager" && !b.faults["no-manager"]) {
				c.Role, c.Status = role, map[string]string{"admin": "broken", "manager": "active"}[role]
			}
			out := profile(c.person)
			for k, v := range in { // the trap: it echoes what it does not store
				out[k] = v
			}
			say(w, 200, out)
		}},
		{"POST", "/signup", 0, b.signUpBody(), false, false, b.signUp},
		{"GET", "/members", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			out := []answer{}
			for _, p := range b.users {
				if c.person != nil && p.Tenant == c.Tenant && p.Status != "deleted" {
					out = append(out, profile(p))
				}
			}
			say(w, 200, answer{"data": out})
		}},
		{"POST", "/members", 3, map[string]string{"email": "string", "name": "string", "role": "role", "password": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			in := fields(r)
			p := b.addUser(c.Tenant, text(in, "email"), text(in, "role"), text(in, "password"))
			p.Name = text(in, "name")
			say(w, 201, profile(p))
		}},
		{"GET", "/members/{member_id}", 1, nil, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			p := b.users[r.PathValue("member_id")]
			if p == nil || c.person == nil || p.Tenant != c.Tenant || p.Status == "deleted" {
				say(w, 404, answer{"error": "no such member"})
				return
			}
			say(w, 200, profile(p))
		}},
		{"PATCH", "/members/{member_id}", 3, map[string]string{"name?": "string", "status?": "status"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			p := b.users[r.PathValue("member_id")]
			if p == nil || p.Tenant != c.Tenant {
				say(w, 404, answer{"error": "no such member"})
				return
			}
			in := fields(r)
			if s := text(in, "status"); s != "" {
				p.Status = s
			}
			if n := text(in, "name"); n != "" {
				p.Name = n
			}
			say(w, 200, profile(p))
		}},
		{"GET", "/admin/users", 3, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			out := []answer{}
			for _, p := range b.users {
				if c.person != nil && p.Tenant == c.Tenant {
					v := profile(p)
					v["directory_id"] = p.Directory
					out = append(out, v)
				}
			}
			say(w, 200, answer{"data": out})
		}},
		{"POST", "/forgot", 0, map[string]string{"email": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, _ *caller) {
			p := b.byEmail(text(fields(r), "email"))
			if b.faults["forgot-strict"] {
				say(w, 422, answer{"error": "a captcha is missing"})
				return
			}
			if p == nil {
				if b.faults["enumerate-forgot"] {
					say(w, 404, answer{"error": "no such user"})
					return
				}
				say(w, 202, answer{"status": "a mail is on its way"})
				return
			}
			token := b.id("rst")
			b.resets[token] = p.ID
			b.mail[p.Email] = append(b.mail[p.Email], "Set a new password: https://bureau.test/reset?token="+token)
			out := answer{"status": "a mail is on its way"}
			if b.faults["token-in-reply"] {
				out["token"] = token
			}
			say(w, 202, out)
		}},
		{"POST", "/reset", 0, map[string]string{"token": "string", "password": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, _ *caller) {
			in := fields(r)
			p := b.users[b.resets[text(in, "token")]]
			if p == nil {
				say(w, 400, answer{"error": "the link is not valid any more"})
				return
			}
			p.Password = text(in, "password")
			if !b.faults["reset-again"] {
				delete(b.resets, text(in, "token"))
			}
			w.WriteHeader(204)
		}},
		{"GET", "/mail", 0, nil, false, true, func(w http.ResponseWriter, r *http.Request, _ *caller) {
			if r.Header.Get("X-Dev") != "open" {
				w.WriteHeader(404)
				return
			}
			say(w, 200, answer{"letters": b.mail[r.URL.Query().Get("to")]})
		}},
	}
}

// orFirst is the caller, or where a fault lets nobody in, the first member.
func (c *caller) orFirst(b *bureau) *person {
	if c.person != nil {
		return c.person
	}
	return b.byEmail("member@acme.test")
}

func (b *bureau) login(w http.ResponseWriter, r *http.Request, _ *caller) {
	in := fields(r)
	p := b.byEmail(text(in, "email"))
	switch {
	case p == nil && b.faults["enumerate"]:
		say(w, 404, answer{"error": "no such user"})
		return
	case p == nil || p.Password != text(in, "password") || p.Status != "active":
		say(w, 401, answer{"error": "wrong e-mail or password", "request_id": b.id("req")})
		return
	}
	life := time.Hour
	if b.faults["short"] {
		life = 10 * time.Minute
	}
	if s, ok := in["expires_in"].(float64); ok {
		life = time.Duration(s) * time.Second
	}
	g := b.grant(p, "", life)
	if b.faults["visitor"] {
		http.SetCookie(w, &http.Cookie{Name: "visitor", Value: b.id("v"), Path: "/"})
	} else if in["cookie"] == true {
		value := b.id("c")
		if brought, err := r.Cookie("bureau"); err == nil && b.faults["fixation"] {
			value = brought.Value
		}
		b.cookies[value] = b.refreshes[g["refresh_token"].(string)]
		http.SetCookie(w, &http.Cookie{Name: "bureau", Value: value, Path: "/", HttpOnly: true})
	}
	say(w, 200, g)
}

func (b *bureau) noteEndpoints() []endpoint {
	find := func(r *http.Request, c *caller) *note {
		n := b.notes[r.PathValue("note_id")]
		if n == nil || c.person != nil && n.Tenant != c.Tenant {
			return nil
		}
		return n
	}
	on := func(do func(w http.ResponseWriter, r *http.Request, n *note)) func(http.ResponseWriter, *http.Request, *caller) {
		return func(w http.ResponseWriter, r *http.Request, c *caller) {
			n := find(r, c)
			if n == nil {
				say(w, 404, answer{"error": "no such note"})
				return
			}
			do(w, r, n)
		}
	}
	return []endpoint{
		{"GET", "/notes", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			out := []answer{}
			for _, n := range b.notes {
				if c.person == nil || n.Tenant == c.Tenant {
					out = append(out, shown(n))
				}
			}
			say(w, 200, answer{"data": out})
		}},
		{"POST", "/notes", 2, map[string]string{"text": "string"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			n := &note{ID: b.id("nte"), Tenant: c.orFirst(b).Tenant, Text: text(fields(r), "text")}
			b.notes[n.ID] = n
			say(w, 201, shown(n))
		}},
		{"GET", "/notes/{note_id}", 1, nil, false, false, on(func(w http.ResponseWriter, _ *http.Request, n *note) { say(w, 200, shown(n)) })},
		{"PATCH", "/notes/{note_id}", 2, map[string]string{"text?": "string"}, false, false, on(func(w http.ResponseWriter, r *http.Request, n *note) {
			n.Text = text(fields(r), "text")
			say(w, 200, shown(n))
		})},
		{"DELETE", "/notes/{note_id}", 2, nil, false, false, on(func(w http.ResponseWriter, _ *http.Request, n *note) {
			delete(b.notes, n.ID)
			w.WriteHeader(204)
		})},
		{"POST", "/notes/{note_id}/pin", 2, nil, false, false, on(func(w http.ResponseWriter, _ *http.Request, n *note) {
			n.Pinned = true
			say(w, 200, shown(n))
		})},
		{"GET", "/notes/{note_id}/events", 1, nil, true, false, on(func(w http.ResponseWriter, _ *http.Request, n *note) {
			w.Header().Set("Content-Type", "text/event-stream")
			half := len(n.Text) / 2
			fmt.Fprintf(w, "data: {\"t\":%q}\n\ndata: {\"t\":%q}\n\n", n.Text[:half], n.Text[half:])
		})},
		{"GET", "/usage", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			say(w, 200, answer{"account": c.orFirst(b).Tenant, "meter": "meter-" + c.orFirst(b).Directory})
		}},
		{"GET", "/ws", 1, nil, false, false, b.socket},
		{"POST", "/graphql", 1, map[string]string{"query": "string"}, false, false, b.graphql},
	}
}

func (b *bureau) socket(w http.ResponseWriter, r *http.Request, c *caller) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // a test
	for range 3 {
		_, m, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		var in map[string]any
		if json.Unmarshal(m, &in) != nil || in["type"] != "subscribe" {
			continue
		}
		n := b.notes[text(in, "note_id")]
		reply := `{"error":"no such note"}`
		if n != nil && (c.person == nil || n.Tenant == c.Tenant) {
			j, _ := json.Marshal(shown(n)) //nolint:errchkjson // plain values
			reply = string(j)
		}
		if conn.Write(r.Context(), websocket.MessageText, []byte(reply)) != nil {
			return
		}
	}
	conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // a test
}

// schemaReply is what introspection shows.
const schemaReply = `{"data":{"__schema":{"queryType":{"name":"Query"},"types":[
 {"kind":"OBJECT","name":"Query","fields":[{"name":"notes","args":[],"type":{"kind":"LIST","ofType":{"kind":"OBJECT","name":"Note"}}},
   {"name":"note","args":[{"name":"id","type":{"kind":"NON_NULL"}}],"type":{"kind":"OBJECT","name":"Note"}}]},
 {"kind":"OBJECT","name":"Note","fields":[{"name":"id","args":[],"type":{"kind":"SCALAR","name":"ID"}},{"name":"text","args":[],"type":{"kind":"SCALAR","name":"String"}}]}]}}}`

// graphql understands the documents that a client of this schema sends.
func (b *bureau) graphql(w http.ResponseWriter, r *http.Request, c *caller) {
	body, _ := io.ReadAll(r.Body)
	run := func(query string) any {
		if strings.Contains(query, "__schema") {
			if c.person == nil && !b.faults["introspection"] {
				return answer{"errors": []answer{{"message": "introspection is off"}}}
			}
			return json.RawMessage(schemaReply)
		}
		if c.person == nil && !b.faults["graph-open"] {
			return answer{"errors": []answer{{"message": "sign in first"}}}
		}
		if n := strings.Count(query, "notes"); n > 10 && !b.faults["aliases"] {
			return answer{"errors": []answer{{"message": "too many fields"}}}
		}
		data := answer{}
		for i := range strings.Count(query, "notes") {
			list := []answer{}
			for _, n := range b.notes {
				if c.person == nil || n.Tenant == c.Tenant {
					list = append(list, shown(n))
				}
			}
			data[fmt.Sprint("f", i)] = list
		}
		return answer{"data": data}
	}
	var many []struct{ Query string }
	if json.Unmarshal(body, &many) == nil {
		if len(many) > 10 && !b.faults["batch"] {
			say(w, 400, answer{"error": "too many operations"})
			return
		}
		out := make([]any, len(many))
		for i, q := range many {
			out[i] = run(q.Query)
		}
		say(w, 200, out)
		return
	}
	var one struct{ Query string }
	json.Unmarshal(body, &one) //nolint:errcheck // an empty query is refused below
	say(w, 200, run(one.Query))
}

func (b *bureau) otherEndpoints() []endpoint {
	out := []endpoint{
		{"GET", "/invitations", 3, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			out := []answer{}
			for _, i := range b.invitations {
				if i.Tenant == c.Tenant && !i.used {
					out = append(out, answer{"id": i.ID, "email": i.Email, "role": i.Role})
				}
			}
			say(w, 200, answer{"data": out})
		}},
		{"POST", "/invitations", 3, map[string]string{"email": "string", "role": "role"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			in := fields(r)
			i := &invite{ID: b.id("inv"), Tenant: c.Tenant, Email: text(in, "email"), Role: text(in, "role"), Token: b.id("ivt")}
			b.invitations[i.ID] = i
			say(w, 201, answer{"id": i.ID, "email": i.Email, "role": i.Role, "token": i.Token})
		}},
		{"DELETE", "/invitations/{invitation_id}", 3, nil, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			if i := b.invitations[r.PathValue("invitation_id")]; i != nil && i.Tenant == c.Tenant {
				delete(b.invitations, i.ID)
			}
			w.WriteHeader(204) // the trap: 204 whether it did something or not
		}},
		{"POST", "/invitations/accept", 0, map[string]string{"token": "string", "name": "string", "password": "string"}, false, false, b.accept},
		{"POST", "/api-keys", 2, map[string]string{"name": "string", "scopes": "scopes"}, false, false, func(w http.ResponseWriter, r *http.Request, c *caller) {
			in := fields(r)
			k := &apiKey{user: c.ID}
			list, _ := in["scopes"].([]any)
			for _, s := range list {
				k.scopes = append(k.scopes, fmt.Sprint(s))
			}
			secret := "bk_" + b.id("key")
			b.keys[secret] = k
			say(w, 201, answer{"id": b.id("kid"), "name": in["name"], "scopes": k.scopes, "secret": secret})
		}},
		{"GET", "/.well-known/jwks.json", 0, nil, false, false, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			keys := []answer{}
			if !b.faults["symmetric"] && !b.faults["weak"] {
				keys = append(keys, answer{"kty": "RSA", "kid": "key-1", "n": b64(b.key.N.Bytes()), "e": "AQAB"})
			}
			say(w, 200, answer{"keys": keys})
		}},
	}
	for i := range b.wide {
		out = append(out, endpoint{"GET", fmt.Sprintf("/reports/of-%d", i), 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			say(w, 200, answer{"report": fmt.Sprintf("%s %d", c.orFirst(b).Directory, i)})
		}})
	}
	if b.faults["debug"] {
		out = append(out, endpoint{"GET", "/debug/users", 0, nil, false, true, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			list := []answer{}
			for _, p := range b.users {
				list = append(list, profile(p))
			}
			say(w, 200, list)
		}})
	}
	if b.faults["passwords"] {
		out = append(out, endpoint{"GET", "/directory", 0, nil, false, false, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			list := []answer{}
			for _, p := range b.users {
				list = append(list, answer{"email": p.Email, "password": p.Password})
			}
			say(w, 200, answer{"users": list})
		}})
	}
	if b.faults["contact"] {
		out = append(out, endpoint{"GET", "/admin/contact", 1, nil, false, false, func(w http.ResponseWriter, _ *http.Request, c *caller) {
			for _, p := range b.users {
				if c.person != nil && p.Tenant == c.Tenant && p.Role == "admin" {
					out := answer{"name": "Support", "email": p.Email}
					if b.faults["contact-tells"] {
						out["directory_id"] = p.Directory
					}
					say(w, 200, out)
					return
				}
			}
			say(w, 404, answer{"error": "nobody administers"})
		}})
	}
	if b.faults["public-directory"] {
		out = append(out, endpoint{"GET", "/directory", 0, nil, false, false, func(w http.ResponseWriter, _ *http.Request, _ *caller) {
			list := []answer{}
			for _, p := range b.users {
				list = append(list, answer{"email": p.Email, "name": p.Name})
			}
			say(w, 200, answer{"users": list})
		}})
	}
	return out
}

func (b *bureau) accept(w http.ResponseWriter, r *http.Request, _ *caller) {
	in := fields(r)
	for _, i := range b.invitations {
		if i.Token != text(in, "token") {
			continue
		}
		if i.used && !b.faults["accept-again"] {
			break
		}
		i.used = true
		p := b.byEmail(i.Email)
		if p == nil {
			p = b.addUser(i.Tenant, i.Email, i.Role, "")
		}
		p.Password = text(in, "password")
		if role := text(in, "role"); role != "" && b.faults["accept-role"] {
			p.Role = role
		}
		say(w, 201, profile(p))
		return
	}
	say(w, 410, answer{"error": "the invitation is not valid any more"})
}
