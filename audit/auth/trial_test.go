package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// spec is the bureau's specification, made from its table.
func (b *bureau) spec() []byte {
	paths := map[string]map[string]any{}
	for _, e := range b.endpoints {
		if e.hidden {
			continue
		}
		op := map[string]any{"responses": map[string]any{"200": map[string]any{"description": "OK", "content": map[string]any{"application/json": map[string]any{}}}}}
		if e.stream {
			op["responses"] = map[string]any{"200": map[string]any{"description": "OK", "content": map[string]any{"text/event-stream": map[string]any{}}}}
		}
		if e.rank > 0 {
			op["security"] = []any{map[string]any{"bearer": []any{}}}
		}
		if e.body != nil {
			op["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{"schema": schema(e.body)}}}
		}
		var params []any
		for seg := range strings.SplitSeq(e.path, "/") {
			if strings.HasPrefix(seg, "{") {
				params = append(params, map[string]any{"name": strings.Trim(seg, "{}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
			}
		}
		op["parameters"] = params
		if paths[e.path] == nil {
			paths[e.path] = map[string]any{}
		}
		paths[e.path][strings.ToLower(e.method)] = op
	}
	doc, err := json.Marshal(map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "Bureau", "version": "1"}, "paths": paths,
		"components": map[string]any{"securitySchemes": map[string]any{"bearer": map[string]any{"type": "http", "scheme": "bearer"}}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return doc
}

func schema(body map[string]string) map[string]any {
	props, need := map[string]any{}, []string{}
	for name, kind := range body {
		optional := strings.HasSuffix(name, "?")
		name = strings.TrimSuffix(name, "?")
		if !optional {
			need = append(need, name)
		}
		switch kind {
		case "role":
			props[name] = map[string]any{"type": "string", "enum": []string{"admin", "member", "viewer"}}
		case "status":
			props[name] = map[string]any{"type": "string", "enum": []string{"active", "disabled"}}
		case "scopes":
			props[name] = map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": []string{"notes:write", "notes:read", "usage:read", "members:read"}}}
		default:
			props[name] = map[string]any{"type": kind}
			if inner, ok := strings.CutPrefix(kind, "{"); ok {
				in := map[string]string{}
				for _, f := range strings.Fields(strings.TrimSuffix(inner, "}")) {
					in[f] = "string"
				}
				props[name] = schema(in)
			}
		}
	}
	slices.Sort(need)
	return map[string]any{"type": "object", "properties": props, "required": need}
}

// probeOf is a client without pauses: a test's target is not to be spared.
func probeOf(t *testing.T, base *url.URL) *probe.Client {
	t.Helper()
	c, err := probe.New(probe.Options{Base: base, Retries: -1, LostAfter: 1000, StreamFor: time.Second,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// put puts one check to the bureau and returns what it reported. Everything but
// the bureau is real: surface, client, sign-in and stage.
func put(t *testing.T, id string, b *bureau, change ...func(*lr.Trial)) []lr.Outcome {
	t.Helper()
	ctx := t.Context()
	base, err := url.Parse(b.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := surface.OpenAPI(ctx, b.spec(), surface.Source{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	client := probeOf(t, base)
	var ids []signin.Identity
	for _, name := range []string{"acme_admin", "acme_member", "acme_viewer", "globex_member"} {
		tenant, role, _ := strings.Cut(name, "_")
		id := signin.Identity{Identity: lr.Identity{Name: name, Tenant: tenant, Role: role, User: role + "@" + tenant + ".test"}, Password: lr.NewSecret("pw-" + tenant + "-" + role + "-71c")}
		if b.faults["given-expired"] && name == "acme_member" {
			id.Expired = lr.NewSecret(b.stale(id.User))
		}
		ids = append(ids, id)
	}
	cast, err := signin.New(signin.Options{HTTP: client, Identities: ids, WhoAmI: "GET /me", Run: "test", Now: b.now,
		SignUp: &signin.Call{Request: "POST /signup", JSON: map[string]any{"email": "$email", "password": "$password", "name": "$login"}},
		Method: &signin.Method{Kind: signin.Template, Call: signin.Call{Request: "POST /login", JSON: map[string]any{"email": "$user", "password": "$password"}},
			Token: "/access_token", RefreshToken: "/refresh_token", Send: "Authorization: Bearer {token}",
			Refresh: &signin.Call{Request: "POST /refresh", JSON: map[string]any{"refresh_token": "$refresh"}}}})
	if err != nil {
		t.Fatal(err)
	}
	client.Use(cast)
	for _, p := range cast.Preflight(ctx) {
		if p.Fatal {
			t.Fatal(p)
		}
	}
	target := &lr.Target{Product: "Bureau", Base: base, Routes: s.Routes, Accounts: cast.Accounts(), Mutate: true,
		Access:  lr.Access{Admin: []string{"/admin/**"}},
		Mailbox: &lr.Request{Method: "GET", Path: "/mail?to={user}", Header: http.Header{"X-Dev": {"open"}}}}
	for _, rt := range s.Routes {
		if rt.Path == "/login" {
			target.SignIn = rt
		}
	}
	target.Routes = append(target.Routes,
		&lr.Route{Method: "GET", Path: "/debug/users", Source: "well-known paths"},
		&lr.Route{Method: "GET", Path: "/openapi.json", Source: "well-known paths"},
		&lr.Route{Method: "GET", Path: "/internal/schema", Source: "well-known paths"})
	st := stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("test", nil), Run: "test"})
	cast.SetMembers(func(ctx context.Context, want signin.Identity) (signin.Identity, error) {
		var err error
		want.User, want.UserID, err = st.MakeUser(ctx, want.Tenant, want.Role, want.Password)
		return want, err
	})
	if err := st.Seed(ctx); err != nil {
		t.Fatal(err)
	}
	b.asked = client.Requests
	return run(t, id, &lr.Trial{Target: target, HTTP: client, Cast: cast, Stage: st, Now: b.now}, change...)
}

func run(t *testing.T, id string, trial *lr.Trial, change ...func(*lr.Trial)) []lr.Outcome {
	t.Helper()
	for _, c := range auth.Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if c.ID == id {
			trial.Check = c
		}
	}
	if trial.Check == nil {
		t.Fatalf("the row has no check %s", id)
	}
	var mu sync.Mutex
	var out []lr.Outcome
	trial.Log = slog.New(slog.DiscardHandler)
	trial.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, o)
	}
	for _, f := range change {
		f(trial)
	}
	if err := trial.Check.Run(t.Context(), trial); err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return out
}

// verdict is the worst of the outcomes, "suspected" for what is only suspected.
func verdict(out []lr.Outcome) string {
	v, suspected, unknown := lr.Skipped, false, 0
	for _, o := range out {
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Suspected:
			suspected = true
		case o.Verdict == lr.Unknown:
			unknown++
		default:
			v = lr.Worse(v, o.Verdict)
		}
	}
	switch {
	case v == lr.Failed:
		return "failed"
	case suspected:
		return "suspected"
	case unknown > 0 && (v != lr.Passed || unknown*5 > len(out)):
		return "unknown"
	}
	return v.String()
}

func tell(t *testing.T, out []lr.Outcome) {
	t.Helper()
	for _, o := range out {
		t.Logf("%s %s %s: %s", o.Confidence, o.Verdict, o.Subject, o.Message)
	}
}

// stale is a token of the user that expired an hour ago, of a session that is open.
func (b *bureau) stale(email string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now
	defer func() { b.now = now }()
	b.now = func() time.Time { return now().Add(-2 * time.Hour) }
	return b.grant(b.byEmail(email), "", time.Hour)["access_token"].(string)
}
