package demo

import "testing"

func TestMembers(t *testing.T) {
	w := start(t)
	boss, foreign, self := w.as("admin@acme.test"), w.as("admin@globex.test"), w.as("member@acme.test")
	body := map[string]any{"email": "nora@acme.test", "name": "Nora Canary", "role": "member", "password": "long enough"}
	made := w.do(boss, "POST", "/v1/members", body).want(201).lacks("long enough").lacks("hash")
	id := made.str("id")
	at := "/v1/members/" + id
	if got := made.Header.Get("Location"); got != at {
		t.Errorf("Location is %q, want %q", got, at)
	}
	w.do(boss, "POST", "/v1/members", body).want(409).lacks("Nora")
	w.do(foreign, "POST", "/v1/members", body).want(409).lacks("Nora").lacks("acme")
	w.do(self, "GET", at, nil).want(200).has("Nora Canary")
	w.do(self, "GET", "/v1/members", nil).want(200).has("Nora Canary").lacks("globex")

	t.Run("another tenant", func(t *testing.T) {
		missing := w.do(foreign, "GET", "/v1/members/usr_none", nil).want(404)
		got := w.do(foreign, "GET", at, nil).want(404).lacks("Nora")
		if got.str("detail") != missing.str("detail") {
			t.Error("a foreign member and a missing one answer differently")
		}
		w.do(foreign, "PATCH", at, map[string]any{"name": "Taken"}).want(404).lacks("Nora")
		w.do(foreign, "DELETE", at, nil).want(404)
		w.do(foreign, "POST", "/v1/admin/users/"+id+"/disable", nil).want(404)
		w.do(foreign, "GET", "/v1/tenants/"+boss.TenantID+"/members", nil).want(404).lacks("Nora")
		w.do(boss, "GET", at, nil).want(200).has("Nora Canary").has(`"active"`)
	})
	t.Run("changes", func(t *testing.T) {
		w.do(boss, "PATCH", at, map[string]any{"name": "Nora Lane", "role": "viewer", "tenant_id": foreign.TenantID}).want(200).has("Nora Lane").has(`"viewer"`)
		w.do(boss, "PATCH", at, map[string]any{"role": "owner"}).want(403)
		w.do(boss, "PATCH", at, map[string]any{"status": "gone"}).want(422)
		w.do(boss, "PATCH", "/v1/members/"+w.as("owner@acme.test").ID, map[string]any{"role": "viewer"}).want(403)
		w.do(boss, "GET", at, nil).want(200).has("Nora Lane").has(`"viewer"`)
	})
	t.Run("status", func(t *testing.T) {
		w.do(boss, "POST", "/v1/admin/users/"+id+"/disable", nil).want(200)
		if w.signsIn("nora@acme.test", "long enough") {
			t.Error("a disabled user signs in")
		}
		w.do(boss, "POST", "/v1/admin/users/"+id+"/enable", nil).want(200)
		if !w.signsIn("nora@acme.test", "long enough") {
			t.Error("an enabled user does not sign in")
		}
		w.do(boss, "POST", "/v1/admin/users/"+boss.ID+"/disable", nil).want(409)
	})
	t.Run("removal", func(t *testing.T) {
		w.do(boss, "DELETE", at, nil).want(204)
		w.do(boss, "GET", at, nil).want(404)
		w.do(boss, "GET", "/v1/members", nil).want(200).lacks("Nora")
		w.do(boss, "GET", "/v1/admin/users", nil).want(200).lacks("Nora")
		w.do(boss, "POST", "/v1/members", body).want(201)
	})
}

func TestInvitations(t *testing.T) {
	w := start(t)
	boss, foreign := w.as("admin@acme.test"), w.as("admin@globex.test")
	made := w.do(boss, "POST", "/v1/invitations", map[string]any{"email": "ivy@acme.test", "role": "member"}).want(201)
	id, token := made.str("id"), made.str("token")
	w.do(boss, "GET", "/v1/invitations", nil).want(200).has("ivy@acme.test").lacks(token)
	w.do(foreign, "GET", "/v1/invitations", nil).want(200).lacks("ivy@acme.test")
	w.do(foreign, "DELETE", "/v1/invitations/"+id, nil).want(404)
	if got := w.mailed("ivy@acme.test", "join"); got != token {
		t.Errorf("mailed token %q, want the one shown", got)
	}
	w.do(boss, "DELETE", "/v1/invitations/"+id, nil).want(204)
	accept := map[string]any{"token": token, "name": "Ivy", "password": "long enough"}
	w.do(anon, "POST", "/v1/invitations/accept", accept).want(410).lacks("acme")
	w.do(boss, "POST", "/v1/invitations", map[string]any{"email": "member@globex.test", "role": "member"}).want(409).lacks("globex")

	late := w.do(boss, "POST", "/v1/invitations", map[string]any{"email": "late@acme.test", "role": "member"}).want(201).str("token")
	w.forward(invitationLife)
	accept["token"] = late
	w.do(anon, "POST", "/v1/invitations/accept", accept).want(410)
}

// TestInvitationCannotTakeAForeignAccount invites an address that signs up
// elsewhere before the invitation is accepted.
func TestInvitationCannotTakeAForeignAccount(t *testing.T) {
	w := start(t)
	token := w.do(w.as("admin@acme.test"), "POST", "/v1/invitations", map[string]any{"email": "eve@elsewhere.test", "role": "member"}).want(201).str("token")
	w.do(anon, "POST", "/v1/auth/signup", map[string]any{"company": "Elsewhere", "name": "Eve", "email": "eve@elsewhere.test", "password": "her own password"}).want(201)
	w.do(anon, "POST", "/v1/invitations/accept", map[string]any{"token": token, "name": "Mallory", "password": "taken over"}).want(409).lacks("Elsewhere")
	if w.signsIn("eve@elsewhere.test", "taken over") || !w.signsIn("eve@elsewhere.test", "her own password") {
		t.Error("an invitation of one tenant reset the password of another's user")
	}
}

func TestKeys(t *testing.T) {
	w := start(t)
	c, colleague, foreign := w.as("member@acme.test"), w.as("admin@acme.test"), w.as("member@globex.test")
	made := w.do(c, "POST", "/v1/api-keys", map[string]any{"name": "nightly canary", "scopes": []string{"me:read", "tenant:read"}}).want(201)
	key, id := caller{header: "X-API-Key", value: made.str("secret")}, made.str("id")
	w.do(key, "GET", "/v1/me", nil).want(200).has("member@acme.test")
	w.do(key, "GET", "/v1/tenant", nil).want(200).has("Acme Corp").lacks("Globex")
	w.do(c, "GET", "/v1/api-keys", nil).want(200).has("nightly canary").lacks(key.value)
	for _, other := range []caller{colleague, foreign} {
		w.do(other, "GET", "/v1/api-keys", nil).want(200).lacks("nightly canary")
		w.do(other, "DELETE", "/v1/api-keys/"+id, nil).want(404)
	}
	w.do(key, "GET", "/v1/me", nil).want(200)
	w.do(c, "DELETE", "/v1/api-keys/"+id, nil).want(204)
	w.do(key, "GET", "/v1/me", nil).want(401).lacks("acme")
	w.do(c, "DELETE", "/v1/api-keys/"+id, nil).want(404)
}

func TestKeyDiesWithItsUser(t *testing.T) {
	w := start(t)
	c, _, _ := w.spare("member")
	key := caller{header: "X-API-Key", value: w.do(c, "POST", "/v1/api-keys", map[string]any{"name": "k", "scopes": []string{"me:read"}}).want(201).str("secret")}
	w.do(key, "GET", "/v1/me", nil).want(200)
	w.do(w.as("admin@acme.test"), "POST", "/v1/admin/users/"+c.ID+"/disable", nil).want(200)
	w.do(key, "GET", "/v1/me", nil).want(401)
}
