package policy_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

// TestRehearsed: a finding of what the application broke on is stopped where the
// description forbids all of it, and where it is known what was sent.
func TestRehearsed(t *testing.T) {
	const api = `{"openapi": "3.1.0", "paths": {
		"/v1/chats": {"get": {"parameters": [{"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": "^[a-z]+$"}}], "responses": {}}},
		"/v1/ask": {"post": {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"name": {"type": "string", "pattern": "\\S"}}}}}}, "responses": {}}}}}`
	const head = " HTTP/1.1\nHost: app.test\nAuthorization: Bearer [secret]\nContent-Type: application/json"
	sent := func(line, body string, status int) lr.EvidenceItem {
		text := line + head
		if body != "" {
			text += "\n\n" + body
		}
		return lr.EvidenceItem{Kind: "exchange", Request: text, Status: status}
	}
	for name, c := range map[string]struct {
		subject string
		sent    []lr.EvidenceItem
		stopped bool
	}{
		"a blank name":               {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":"   "}`, 500)}, true},
		"a name":                     {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":"the"}`, 500)}, false},
		"no JSON":                    {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":`, 500)}, true},
		"one of two":                 {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" "}`, 500), sent("POST /v1/ask", `{"name":"a"}`, 500)}, false},
		"and one that was answered":  {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" "}`, 500), sent("POST /v1/ask", `{"name":"a"}`, 201)}, true},
		"what was answered alone":    {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" "}`, 422)}, false},
		"a query":                    {"GET /v1/chats", []lr.EvidenceItem{sent("GET /v1/chats?cursor=%3Cb%3E", "", 500)}, true},
		"another query":              {"GET /v1/chats", []lr.EvidenceItem{sent("GET /v1/chats?cursor=abc", "", 500)}, false},
		"a path with no meaning":     {"GET /v1/chats", []lr.EvidenceItem{sent("GET /v1/chats/%00", "", 500)}, true},
		"what is not described":      {"GET /v1/chats", []lr.EvidenceItem{sent("GET /v1/other?cursor=%3C", "", 500)}, false},
		"what was masked":            {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" ","password":"[secret]"}`, 500)}, false},
		"a token that was masked":    {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" ","next":"[jwt:RS256]"}`, 500)}, false},
		"what was cut":               {"POST /v1/ask", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" `+"\n… 9 kB more …", 500)}, false},
		"no request":                 {"POST /v1/ask", []lr.EvidenceItem{{Kind: "exchange", Request: "POST", Status: 500}}, false},
		"another kind of evidence":   {"POST /v1/ask", []lr.EvidenceItem{{Kind: "log", Text: "500, and 500 again"}}, false},
		"nothing":                    {"POST /v1/ask", nil, false},
		"the application as a whole": {"application", []lr.EvidenceItem{sent("POST /v1/ask", `{"name":" "}`, 500)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := placed(lr.CheckReport{ID: "input/fuzz", Findings: []lr.Finding{{ID: "lr-1", Guard: "validate", Subject: c.subject, Confidence: lr.Confirmed, Evidence: c.sent}}})
			d, err := policy.Draft(r, policy.Sketch{Listen: "127.0.0.1:0", Description: []byte(api), DescriptionFile: "openapi.json"})
			if err != nil {
				t.Fatal(err)
			}
			if why := d.Open["lr-1"]; (why == "") != c.stopped || why != "" && !strings.Contains(why, "right by its own description") {
				t.Errorf("not stopped: %q", why)
			}
			if !strings.Contains(string(d.Text), `openapi: {file: "openapi.json"`) {
				t.Errorf("the description is not named:\n%s", d.Text)
			}
		})
	}
}
