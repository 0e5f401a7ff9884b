package demo

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTenant(t *testing.T) {
	w := start(t)
	boss, foreign := w.as("admin@acme.test"), w.as("admin@globex.test")
	w.do(boss, "PATCH", "/v1/tenant", map[string]any{"name": "Acme Canary", "id": foreign.TenantID, "plan": "enterprise"}).want(200).has("Acme Canary").has(`"business"`)
	w.do(foreign, "GET", "/v1/tenant", nil).want(200).has("Globex GmbH").lacks("Canary")
	w.do(foreign, "GET", "/v1/tenant", nil, "X-Tenant-ID", boss.TenantID).want(200).lacks("Canary")
	w.do(boss, "GET", "/v1/tenants/"+boss.TenantID, nil).want(200).has("Acme Canary")
	w.do(boss, "GET", "/v1/tenants/"+boss.TenantID+"/usage", nil).want(200).has(boss.ID)
	for _, path := range []string{"", "/members", "/usage"} {
		w.do(foreign, "GET", "/v1/tenants/"+boss.TenantID+path, nil).want(404).lacks("Canary").lacks(boss.ID)
	}
	w.do(boss, "PATCH", "/v1/tenant", map[string]any{"billing_email": "nowhere"}).want(422)
}

func TestUsage(t *testing.T) {
	w := start(t)
	c, foreign := w.as("member@acme.test"), w.as("member@globex.test")
	before := w.do(c, "GET", "/v1/usage", nil).want(200).has(c.ID).lacks(foreign.ID)
	if got := before.str("tenant_id"); got != c.TenantID {
		t.Errorf("got the usage of %s", got)
	}
	w.do(c, "GET", "/v1/usage?tenant_id="+foreign.TenantID, nil).want(200).has(c.TenantID).lacks(foreign.TenantID)
}

func TestBilling(t *testing.T) {
	w := start(t)
	boss, foreign := w.as("owner@acme.test"), w.as("owner@globex.test")
	w.do(boss, "GET", "/v1/billing/invoices", nil).want(200).has("Acme Corp").lacks("Globex")
	w.do(boss, "PATCH", "/v1/billing/plan", map[string]any{"plan": "enterprise"}).want(200).has("enterprise")
	w.do(foreign, "GET", "/v1/tenant", nil).want(200).has("business").lacks("enterprise")
	w.do(boss, "PATCH", "/v1/billing/plan", map[string]any{"plan": "free"}).want(422)
}

func TestAdmin(t *testing.T) {
	w := start(t)
	boss, foreign := w.as("admin@acme.test"), w.as("admin@globex.test")
	w.do(boss, "GET", "/v1/admin/settings", nil).want(200).has(`"retention_days":365`)
	w.do(boss, "PATCH", "/v1/admin/settings", map[string]any{"support_contact": "canary@acme.test", "retention_days": 30, "require_mfa": true}).want(200)
	w.do(boss, "GET", "/v1/admin/settings", nil).want(200).has("canary@acme.test").has(`"retention_days":30`).has("true")
	w.do(boss, "PATCH", "/v1/admin/settings", map[string]any{"retention_days": 0}).want(422)
	w.do(foreign, "GET", "/v1/admin/settings", nil).want(200).lacks("canary")
	w.do(boss, "GET", "/v1/admin/audit-log?limit=5", nil).want(200).has("settings.updated").has(boss.ID)
	w.do(foreign, "GET", "/v1/admin/audit-log", nil).want(200).lacks("settings.updated").lacks(boss.ID)
	w.do(boss, "GET", "/v1/admin/audit-log?limit=x", nil).want(422)
	w.do(boss, "GET", "/v1/admin/users", nil).want(200).has("dir_").lacks("globex").lacks("hash")
	w.do(boss, "GET", "/v1/admin/flags", nil).want(200).has("beta-search")
}

func TestWebhookEndpoints(t *testing.T) {
	w := start(t)
	boss, foreign := w.as("admin@acme.test"), w.as("admin@globex.test")
	body := map[string]any{"url": "https://hooks.acme.test/canary", "events": []string{"chat.created"}, "description": "ours"}
	made := w.do(boss, "POST", "/v1/webhook-endpoints", body).want(201).has("whsec_")
	at := "/v1/webhook-endpoints/" + made.str("id")
	w.do(boss, "GET", at, nil).want(200).has("canary").lacks("whsec_")
	w.do(boss, "GET", "/v1/webhook-endpoints", nil).want(200).has("canary").lacks("whsec_")
	w.do(foreign, "GET", "/v1/webhook-endpoints", nil).want(200).lacks("canary")
	w.do(foreign, "GET", at, nil).want(404).lacks("canary")
	w.do(foreign, "DELETE", at, nil).want(404)
	w.do(foreign, "POST", "/v1/webhook-endpoints", body).want(201)
	for name, wrong := range map[string]any{"url": "file:///etc/passwd", "events": []string{"everything"}} {
		faulty := map[string]any{"url": "https://other.test", "events": []string{"chat.created"}}
		faulty[name] = wrong
		w.do(boss, "POST", "/v1/webhook-endpoints", faulty).want(422).has(name)
	}
	w.do(boss, "DELETE", at, nil).want(204)
	w.do(boss, "GET", at, nil).want(404)
}

func TestCRMWebhook(t *testing.T) {
	w := start(t)
	now := time.Now()
	body := `{"id":"crm-1","tenant":"acme","type":"contact.updated","data":{"name":"Kim"}}`
	stampAt := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	signed := func(key, at, body string) string { return "t=" + at + ",v1=" + signature(key, at, []byte(body)) }
	fresh := stampAt(0)
	for name, tc := range map[string]struct {
		body, header string
		status       int
	}{
		"signed":               {body, signed(w.s.crmKey, fresh, body), 202},
		"signed, again":        {body, signed(w.s.crmKey, fresh, body), 202},
		"no signature":         {body, "", 401},
		"another key":          {body, signed("whsec_other", fresh, body), 401},
		"another body":         {strings.Replace(body, "Kim", "Eve", 1), signed(w.s.crmKey, fresh, body), 401},
		"another time":         {body, "t=" + stampAt(time.Second) + ",v1=" + signature(w.s.crmKey, fresh, []byte(body)), 401},
		"too old":              {body, signed(w.s.crmKey, stampAt(-6*time.Minute), body), 401},
		"too early":            {body, signed(w.s.crmKey, stampAt(6*time.Minute), body), 401},
		"no time":              {body, "v1=" + signature(w.s.crmKey, "", []byte(body)), 401},
		"signed and no JSON":   {"{", signed(w.s.crmKey, fresh, "{"), 400},
		"signed and not valid": {"{}", signed(w.s.crmKey, fresh, "{}"), 422},
	} {
		t.Run(name, func(t *testing.T) {
			w.do(anon, "POST", "/v1/webhooks/crm", strings.NewReader(tc.body), "X-Harbor-Signature", tc.header).want(tc.status)
		})
	}
	n, err := one(t.Context(), w.s.db, scalar[int], `select count(*) from crm_events where id like 'crm-1%'`)
	if err != nil || n != 1 {
		t.Errorf("got %d events (%v), want the one that came twice", n, err)
	}
}

func TestServicePages(t *testing.T) {
	w := start(t)
	w.do(anon, "GET", "/healthz", nil).want(200).has("ok")
	w.do(anon, "GET", "/metrics", nil).want(401).lacks("harbor_http")
	w.do(anon, "GET", "/metrics", nil, "X-Metrics-Token", w.s.opsToken).want(200).has(`class="4xx"} 1`)
	w.do(anon, "GET", "/docs", nil).want(200).has("/v1/chats").lacks("/dev/outbox").lacks("debug")
	w.do(anon, "GET", "/dev/outbox?to=a@b.test", nil).want(401).lacks("data")
	w.do(w.as("owner@acme.test"), "GET", "/dev/outbox?to=a@b.test", nil).want(401)
}
