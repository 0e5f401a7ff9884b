package launchready_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/report"
)

// uncounted are flaws by which questions are not counted, so that how they are
// counted otherwise cannot be seen, and what is drafted for slots hides theirs.
var uncounted = []string{"limits/chat-burst", "limits/token-cap", "limits/organisation", "limits/other-endpoint", "limits/socket-messages", "limits/login-guessing", "limits/login-spraying", "limits/reset-flood"}

// TestReadinessGuard closes the loop. A demo with every flaw whose check names a
// directive is audited; guard stands in front by the policy that is drafted from
// that very report, beside the description and the owners of what was there, as
// its makers would put them; and each of those checks passes. What the owner is
// answered is the same to the byte. Flaws that hide one another have a demo each.
func TestReadinessGuard(t *testing.T) {
	t.Parallel()
	groups := map[string][]string{}
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			switch {
			case c.Guard == "":
			case slices.Contains(uncounted, c.ID):
				groups["uncounted"] = append(groups["uncounted"], c.ID)
			case c.Guard == "model":
				groups["model"] = append(groups["model"], c.ID)
			case row.ID == "limits":
				groups["counted"] = append(groups["counted"], c.ID)
			case row.ID == "input" || row.ID == "model" || c.Guard == "validate":
				groups["bodies"] = append(groups["bodies"], c.ID)
			default:
				groups["access"] = append(groups["access"], c.ID)
			}
		}
	}
	for name, ids := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closeLoop(t, ids)
		})
	}
}

func closeLoop(t *testing.T, ids []string) {
	t.Helper()
	s, dir := startDemo(t, 1, ids)
	direct := auditAt(t, dir, s.Config(), ids)
	for _, id := range ids {
		if v := verdictOf(direct, id); v != lr.Failed {
			t.Errorf("direct: %s: %s: %s", id, v, whatOf(direct, id))
		}
	}
	front, drafted := standGuard(t, s, dir, direct)
	for id, why := range drafted.Open {
		t.Errorf("%s is not stopped: %s", id, why)
	}
	behind := auditAt(t, dir, bytes.ReplaceAll(s.Config(), []byte(s.URL), []byte(front)), ids)
	for _, id := range ids {
		if v := verdictOf(behind, id); v != lr.Passed {
			t.Errorf("behind guard: %s: %s: %s", id, v, whatOf(behind, id))
		}
	}
	if t.Failed() {
		t.Logf("by this policy:\n%s", drafted.Text)
	}
	sameForTheOwner(t, direct, s, front)
}

// wholeLoop is what launchready demo does: every flaw that guard may stand in front of
// is on at one time, and each finding that guard is for is decided, and stopped.
func wholeLoop(t *testing.T, seed int64, direct *lr.Report) {
	t.Helper()
	// As long as the application signs by a guessable secret, a token may be anybody's.
	flaws := slices.DeleteFunc(checkIDs(), func(id string) bool { return id == "auth/weak-token-secret" })
	s, dir := startDemo(t, seed, flaws)
	front, drafted := standGuard(t, s, dir, direct)
	text := bytes.ReplaceAll(s.Config(), []byte(s.URL), []byte(front))
	list := report.Behind(direct, auditAt(t, dir, text, drafted.Checks), drafted.Open)
	if open := report.OpenChecks(list); len(open) > 0 {
		for _, g := range list {
			if g.Behind == report.Undecided {
				t.Logf("asked again: %s: %s: %s", g.Check, g.Subject, g.Why)
			}
		}
		list = report.Settled(list, report.Behind(direct, auditAt(t, dir, text, open), drafted.Open))
	}
	stopped := map[string]bool{}
	for _, g := range list {
		if g.Behind == report.Undecided || g.Behind == report.Through {
			t.Errorf("behind guard: %s: %s is %s: %s", g.Check, g.Subject, g.Behind, g.Why)
		}
		stopped[g.Check] = stopped[g.Check] || g.Behind == report.Blocked
	}
	for _, row := range audit.Scorecard() {
		for _, c := range row.Checks {
			if c.Guard != "" && verdictOf(direct, c.ID) == lr.Failed && !stopped[c.ID] {
				t.Errorf("behind guard: %s stopped nothing", c.ID)
			}
		}
	}
}

// startDemo starts a demo in a folder of its own.
func startDemo(t *testing.T, seed int64, flaws []string) (s *demo.Server, dir string) {
	t.Helper()
	key, err := demoKey()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	s, err = demo.New(demo.Options{Flaws: flaws, Seed: seed, Key: key, Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// standGuard drafts a policy from the report and puts guard in front by it, and before
// the model.
func standGuard(t *testing.T, s *demo.Server, dir string, direct *lr.Report) (front string, drafted *policy.Drafted) {
	t.Helper()
	if direct.Description == nil {
		t.Fatal("the report names no description")
	}
	_, _, spec := call(t, http.MethodGet, s.URL+"/openapi.json", "", "")
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	provider, providerKey := s.Provider()
	drafted, err := policy.Draft(direct, policy.Sketch{Listen: "127.0.0.1:0", Upstream: s.URL, AdminRole: "admin", Auth: demoTokens(s.URL), Description: []byte(spec), DescriptionFile: "openapi.json", Model: demoModel(provider)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("guard.yaml", drafted.Text)
	if err != nil {
		t.Fatal(err)
	}
	importOwners(t, s, p, dir)
	state := &policy.State{Folder: dir}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Errorf("close the stores: %v", err)
		}
	})
	pipe, err := p.Build(state)
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(pipe)
	t.Cleanup(at.Close)
	s.StandBehind(pipe)
	proxy, err := p.BuildModel(state, func(string) (string, bool) { return providerKey, true })
	if err != nil {
		t.Fatal(err)
	}
	egress := httptest.NewServer(proxy)
	t.Cleanup(egress.Close)
	s.AskModelAt(egress.URL, "lrk_harbor")
	return at.URL, drafted
}

// importOwners tells guard whose the objects are that were there before it.
func importOwners(t *testing.T, s *demo.Server, p *policy.Policy, dir string) {
	t.Helper()
	store, err := p.OpenOwners(t.Context(), &policy.State{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	if store == nil {
		return
	}
	list, err := s.Owners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := ownership.Import{Store: store}.CSV(t.Context(), bytes.NewReader(list))
	if err := errors.Join(err, store.Close()); err != nil || got.Objects == 0 || got.Conflict > 0 {
		t.Fatalf("import: %+v, %v", got, err)
	}
}

func demoTokens(url string) *policy.Auth {
	return &policy.Auth{Issuer: "https://harbor.test", Audience: "harbor-api", JWKS: url + "/.well-known/jwks.json", TenantClaim: "tid", RolesClaim: "role"}
}

// demoModel is what only Harbor's makers know of how it asks its model.
func demoModel(provider string) *policy.Model {
	m := &policy.Model{Listen: "127.0.0.1:8081", Models: []string{"harbor-*"}, Provenance: "off", Redact: &policy.ModelRedact{Prompts: []string{"none"}, Completions: []string{"none"}},
		Providers: map[string]policy.ModelProvider{"openai": {URL: provider, Key: "${env:PROVIDER_KEY}", TokensField: "max_tokens"}},
		Keys:      []policy.ModelKey{{Name: "harbor", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("lrk_harbor"))), Tenant: "harbor"}}}
	for _, name := range []string{"create_ticket", "crm_note", "delete_ticket", "get_ticket", "http_fetch", "invite_member", "search_docs", "send_email"} {
		m.Tools = append(m.Tools, policy.ModelTool{Name: name})
	}
	return m
}

// sameForTheOwner asks every read without a key as a member, with and without
// guard, and an event stream.
func sameForTheOwner(t *testing.T, r *lr.Report, s *demo.Server, front string) {
	t.Helper()
	password := ""
	for line := range strings.Lines(string(s.Secrets())) {
		if v, ok := strings.CutPrefix(line, "ACME_MEMBER_PASSWORD="); ok {
			password = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	_, _, reply := call(t, http.MethodPost, s.URL+"/v1/auth/login", "", fmt.Sprintf(`{"email":"member@acme.test","password":%q}`, password))
	var in struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(reply), &in); err != nil || in.Token == "" {
		t.Fatalf("sign in: %v: %s", err, reply)
	}
	asked := 0
	same := func(path string) string {
		status, kind, body := call(t, http.MethodGet, s.URL+path, in.Token, "")
		if status >= 400 { // an error is what hygiene may rewrite
			return ""
		}
		asked++
		gs, gk, gb := call(t, http.MethodGet, front+path, in.Token, "")
		if gs != status || gk != kind || gb != body {
			t.Errorf("%s: %d %s of %d bytes, and behind guard %d %s of %d bytes", path, status, kind, len(body), gs, gk, len(gb))
		}
		return body
	}
	leaks := map[string]bool{} // what was answered without guard is not the owner's alone
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				leaks[f.Subject] = leaks[f.Subject] || row.ID == "isolation"
			}
		}
	}
	for _, rt := range r.Routes {
		if leaks["GET "+rt.Path] || rt.Method != http.MethodGet || strings.ContainsAny(rt.Path, "{*") || !rt.Declared || rt.Kind == "websocket" || strings.HasPrefix(rt.Path, "/v1/admin") || rt.Path == "/metrics" {
			continue
		}
		same(rt.Path)
	}
	// What is written through guard is there, and streams as it does without.
	id := func(method, path, body string) string {
		t.Helper()
		status, _, reply := call(t, method, front+path, in.Token, body)
		var made struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal([]byte(reply), &made); err != nil || status != http.StatusCreated || made.ID == "" {
			t.Fatalf("%s %s: %d %s", method, path, status, reply)
		}
		return made.ID
	}
	chat := "/v1/chats/" + id(http.MethodPost, "/v1/chats", `{"title":"behind guard"}`)
	message := chat + "/messages/" + id(http.MethodPost, chat+"/messages", `{"content":"What is 19 + 23?"}`)
	if same(chat) == "" || same(chat+"/messages") == "" || same(message) == "" {
		t.Error("what was made through guard cannot be read")
	}
	for _, path := range []string{message + "/stream", chat + "/stream"} {
		if body := same(path); strings.Count(body, "data: ") < 2 {
			t.Errorf("%s is no stream: %q", path, body)
		}
	}
	if asked < 20 {
		t.Errorf("only %d reads were compared", asked)
	}
}

func call(t *testing.T, method, url, token, body string) (status int, kind, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

func verdictOf(r *lr.Report, id string) lr.Verdict {
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			if c.ID == id {
				return c.Verdict
			}
		}
	}
	return lr.Skipped
}

func auditAt(t *testing.T, dir string, text []byte, ids []string) *lr.Report {
	t.Helper()
	c, err := config.Parse("launchready.yaml", text, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	a, err := assembly.New(ctx, c, assembly.Options{Only: ids, Mutate: true, Load: true, Profile: profile, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	a.Audit.Browser = nil
	rep, err := audit.Run(ctx, a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if c.Seconds > 0.7 {
				t.Logf("%s took %.1f s", c.ID, c.Seconds)
			}
		}
	}
	t.Logf("%s: %.1f s, %d requests", c.Target.URL.String(), rep.Seconds, rep.Requests)
	return rep
}
