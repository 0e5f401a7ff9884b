package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo"
)

// said is one exchange of a recording as a test writes it.
func said(base, request, body string, header map[string]string, status int, reply string) entry {
	method, path, _ := strings.Cut(request, " ")
	fields := []any{}
	for k, v := range header {
		fields = append(fields, entry{"name": k, "value": v})
	}
	rq := entry{"method": method, "url": base + path, "headers": fields}
	if body != "" {
		rq["postData"] = entry{"mimeType": "application/json", "text": body}
	}
	return entry{"_resourceType": "fetch", "request": rq, "response": entry{"status": status,
		"headers": []any{entry{"name": "Set-Cookie", "value": "tracker=sesame-set-cookie-01; Path=/"}}, "content": entry{"mimeType": "application/json", "text": reply}}}
}

func taped(t *testing.T, entries ...entry) string {
	t.Helper()
	b, err := json.Marshal(entry{"log": entry{"version": "1.2", "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFromTellsNoSecret records a secret of its own in every place that a
// recording has, and looks for them in all that the program writes.
func TestFromTellsNoSecret(t *testing.T) {
	t.Parallel()
	s := served(t, "auth/token-after-logout", "isolation/list-leak", "auth/user-enumeration")
	bearer := func(token string) map[string]string { return map[string]string{"Authorization": "Bearer " + token} }
	var all []entry
	for _, tenant := range []string{"acme", "globex"} {
		mail, token := "member@"+tenant+".test", "sesame-access-"+tenant+"-0123456789"
		in := fmt.Sprintf(`{"email": %q, "password": %q, "device_secret": "sesame-device-0123456789"}`, mail, s.Password(mail))
		all = append(all,
			said(s.URL, "POST /v1/auth/login", in, nil, 200, fmt.Sprintf(`{"access_token": %q, "refresh_token": "sesame-refresh-0123456789"}`, token)),
			said(s.URL, "GET /v1/me", "", bearer(token), 200, fmt.Sprintf(`{"id": "usr_00000000", "email": %q, "role": "member", "note": "sesame-in-a-reply"}`, mail)),
			said(s.URL, "GET /v1/chats?limit=50&access_token=sesame-query-0123456789&sig=sesame-sig-0123456789&code=sesame-code", "", map[string]string{"Authorization": "Bearer " + token, "X-Api-Key": "sesame-key-0123456789", "X-CSRF-Token": "sesame-csrf-0123456789"}, 200, `{"data": [{"id": "chat_0123456789", "title": "x"}]}`),
			said(s.URL, "POST /v1/chats", `{"title": "x", "api_key": "sesame-body-0123456789", "nested": {"password": "sesame-nested-0123456789"}}`, bearer(token), 201, `{"id": "chat_0123456789", "secret": "sesame-made-0123456789"}`),
			said(s.URL, "GET /v1/shared/sesamepath0123456789", "", nil, 200, `{"title": "x"}`),
			said(s.URL, "GET /v1/members", "", bearer(token), 200, `{"data": [{"id": "usr_0123456789"}]}`),
			said(s.URL, "POST /v1/auth/logout", `{}`, map[string]string{"Authorization": "Bearer " + token, "Cookie": "sid=sesame-cookie-0123456789"}, 204, ""),
		)
	}
	socket := said(s.URL, "GET /v1/ws?ticket=sesame-ticket-0123456789", "", nil, 101, "")
	socket["_webSocketMessages"] = []any{entry{"type": "send", "data": `{"token": "sesame-message-0123456789"}`}}
	whole := taped(t, append(all, socket)...)
	dead := taped(t, said(s.URL, "GET /v1/me", "", bearer("sesame-dead-0123456789"), 200, `{"email": "member@acme.test"}`), said(s.URL, "GET /v1/me", "", map[string]string{"Cookie": "harbor_session=sesame-dead-cookie-0123456789"}, 200, `{"email": "member@globex.test"}`))
	for _, tc := range []struct {
		name, tape string
		verb       []string
		code       int
	}{
		{"an audit", whole, []string{"audit", "--mutate", "--rate", "0", "-v", "-o", "json=r.json", "-o", "html=r.html"}, exitNotReady},
		{"a plan", whole, []string{"audit", "plan", "-v"}, 0},
		{"credentials that died", dead, []string{"audit", "-v"}, exitSetup},
		{"a doctor of dead ones", dead, []string{"audit", "doctor"}, exitSetup},
		{"cut off in a secret", whole[:strings.Index(whole, "sesame-access")+20], []string{"audit"}, exitSetup},
		{"broken beside a secret", strings.Replace(whole, `"sesame-key`, `sesame-key`, 1), []string{"audit"}, exitSetup},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "session.har", tc.tape)
			var out, errw strings.Builder
			code := runIn(dir, append(tc.verb, "--from", "session.har"), strings.NewReader(""), &out, &errw, nil)
			if code != tc.code {
				t.Errorf("exit code: got %d, want %d: %.2000s", code, tc.code, errw.String())
			}
			holdsNone(t, "stdout", out.String(), s)
			holdsNone(t, "stderr", errw.String(), s)
			err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || d.Name() == "session.har" {
					return err
				}
				b, err := os.ReadFile(file)
				holdsNone(t, file, string(b), s)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "launchready.yaml")); err == nil {
				t.Error("a configuration was written")
			}
		})
	}
}

func holdsNone(t *testing.T, where, text string, s *demo.Server) {
	t.Helper()
	if i := strings.Index(text, "sesame"); i >= 0 {
		t.Errorf("%s holds a secret of the recording: …%q", where, text[max(i-60, 0):min(i+8, len(text))])
	}
	for _, user := range []string{"member@acme.test", "member@globex.test"} {
		if strings.Contains(text, s.Password(user)) {
			t.Errorf("%s holds the password of %s", where, user)
		}
	}
}

// TestAuditFromACollection audits by a collection and an environment of each
// user, with nothing else.
func TestAuditFromACollection(t *testing.T) {
	t.Parallel()
	s := served(t, "isolation/foreign-read")
	dir := t.TempDir()
	put(t, dir, "harbor.json", `{"info": {"name": "Harbor", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
		"auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]}, "item": [
		{"name": "in", "event": [{"listen": "test", "script": {"exec": ["pm.environment.set('token', pm.response.json().access_token)"]}}],
		 "request": {"method": "POST", "auth": {"type": "noauth"}, "url": "{{base}}/v1/auth/login", "body": {"mode": "raw", "raw": "{\"email\": \"{{email}}\", \"password\": \"{{password}}\"}"}}},
		{"name": "me", "request": "{{base}}/v1/me"}, {"name": "all", "request": "{{base}}/v1/chats"},
		{"name": "make", "event": [{"listen": "test", "script": {"exec": ["pm.environment.set('chat', pm.response.json().id)"]}}], "request": {"method": "POST", "url": "{{base}}/v1/chats", "body": {"mode": "raw", "raw": "{\"title\": \"x\"}"}}},
		{"name": "one", "request": "{{base}}/v1/chats/{{chat}}"}]}`)
	for _, tenant := range []string{"acme", "globex"} {
		mail := "member@" + tenant + ".test"
		put(t, dir, tenant+".json", fmt.Sprintf(`{"name": %q, "values": [{"key": "base", "value": %q}, {"key": "email", "value": %q}, {"key": "password", "value": %q, "type": "secret"}, {"key": "tenant", "value": %q}]}`, tenant, s.URL, mail, s.Password(mail), tenant))
	}
	rep, stderr := auditFrom(t, dir, []string{"--only", "auth,isolation"}, "harbor.json", "acme.json", "globex.json")
	if !strings.Contains(stderr, "5 routes; sign-in by POST /v1/auth/login; whoami by GET /v1/me; 2 users in 2 tenants: acme_member, globex_member") && !strings.Contains(stderr, "2 users in 2 tenants") {
		t.Errorf("stderr: %s", stderr)
	}
	if rep.Config != "harbor.json" {
		t.Errorf("the report points at %q, want the first file", rep.Config)
	}
	var found []string
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				found = append(found, c.ID+" "+f.Subject)
				if want := "launchready audit replay " + f.ID + " --from harbor.json --from acme.json --from globex.json"; f.Replay != want {
					t.Errorf("got the command %q, want %q", f.Replay, want)
					continue
				}
				var out, errw strings.Builder
				if code := runIn(dir, strings.Fields(f.Replay)[1:], strings.NewReader(""), &out, &errw, nil); code != exitNotReady || !strings.Contains(out.String(), "OPEN") {
					t.Errorf("%s: exit code %d: %s%s", f.Replay, code, out.String(), errw.String())
				}
			}
		}
	}
	if strings.Join(found, "\n") != "isolation/foreign-read GET /v1/chats/{chat}" {
		t.Errorf("got findings %v", found)
	}
}

// TestFromBesideAConfiguration holds that files add users to a launchready.yaml.
func TestFromBesideAConfiguration(t *testing.T) {
	t.Parallel()
	s := served(t)
	dir := t.TempDir()
	put(t, dir, demo.SecretsFile, string(s.Secrets()))
	put(t, dir, "launchready.yaml", string(s.Config()))
	put(t, dir, "session.har", taped(t,
		said(s.URL, "POST /v1/auth/login", fmt.Sprintf(`{"email": "viewer@globex.test", "password": %q}`, s.Password("viewer@globex.test")), nil, 200, `{"access_token": "sesame-access-0123456789"}`),
		said(s.URL, "GET /v1/me", "", map[string]string{"Authorization": "Bearer sesame-access-0123456789"}, 200, `{"email": "viewer@globex.test", "role": "viewer", "tenant": {"slug": "globex"}}`),
		said(s.URL, "POST /v1/auth/login", fmt.Sprintf(`{"email": "member@acme.test", "password": %q}`, s.Password("member@acme.test")), nil, 200, `{"access_token": "x"}`)))
	var out, errw strings.Builder
	if code := runIn(dir, []string{"audit", "doctor", "--from", "session.har"}, strings.NewReader(""), &out, &errw, nil); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out.String(), errw.String())
	}
	if !strings.Contains(errw.String(), "added globex_viewer\n") || !strings.Contains(out.String(), "globex_viewer") || strings.Contains(out.String(), "acme_member_2") {
		t.Errorf("got %s%s", out.String(), errw.String())
	}
}
