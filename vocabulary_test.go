package launchready_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestVerdict(t *testing.T) {
	var zero lr.Verdict
	if zero != lr.Unknown {
		t.Errorf("the zero value is %s: what was not asked must never pass", zero)
	}
	order := []lr.Verdict{lr.Skipped, lr.Passed, lr.Unknown, lr.Failed}
	for i, a := range order {
		for j, b := range order {
			if got, want := lr.Worse(a, b), order[max(i, j)]; got != want {
				t.Errorf("worse of %s and %s: got %s, want %s", a, b, got, want)
			}
		}
		var back lr.Verdict
		text, err := a.MarshalText()
		if err == nil {
			err = back.UnmarshalText(text)
		}
		if err != nil || back != a {
			t.Errorf("%s came back as %s, %v", a, back, err)
		}
	}
	for _, word := range []string{"", "Passed", "ok", "unknown "} {
		if v := lr.Passed; v.UnmarshalText([]byte(word)) == nil {
			t.Errorf("the word %q was read as %s", word, v)
		}
	}
	if got := lr.Verdict(9).String(); got != "verdict(9)" {
		t.Errorf("got %q", got)
	}
}

func TestSeverity(t *testing.T) {
	order := []lr.Severity{lr.Info, lr.Low, lr.Medium, lr.High, lr.Critical}
	if !slices.IsSorted(order) {
		t.Error("severities are not in order")
	}
	for _, s := range order {
		var back lr.Severity
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%s came back as %s, %v", s, back, err)
		}
	}
	for _, word := range []string{"", "none", "High", "severe", "severity(9)"} {
		if s := lr.Severity(0); s.UnmarshalText([]byte(word)) == nil {
			t.Errorf("the word %q was read as %s", word, s)
		}
	}
}

func TestConfidence(t *testing.T) {
	for word, want := range map[string]lr.Confidence{"confirmed": lr.Confirmed, "suspected": lr.Suspected, "": lr.Suspected, "sure": lr.Suspected} {
		c := lr.Confirmed
		if err := c.UnmarshalText([]byte(word)); err != nil || c != want {
			t.Errorf("%q: got %s, %v, want %s", word, c, err, want)
		}
	}
}

// A secret leaves by Reveal and by nothing else.
func TestSecret(t *testing.T) {
	const value = "hunter2-of-acme"
	s := lr.NewSecret(value)
	holder := struct {
		S   lr.Secret
		P   *lr.Secret
		M   map[string]lr.Secret
		Err error
	}{s, &s, map[string]lr.Secret{"Authorization": s}, fmt.Errorf("sign in with %v: %w", s, errors.New("refused"))}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", holder)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("signed in", "secret", s, "pointer", &s, "account", holder)
	}
	b, err := json.Marshal(map[string]any{"s": s, "m": holder.M})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	hexed := fmt.Sprintf("%x", value)
	if text := out.String(); strings.Contains(text, value) || strings.Contains(text, hexed) {
		t.Errorf("the secret was printed:\n%s", strings.ReplaceAll(text, value, "<<<here>>>"))
	}
	if s.Reveal() != value || s.IsZero() || !lr.NewSecret("").IsZero() {
		t.Error("the secret does not hold its value")
	}
}

func TestMatch(t *testing.T) {
	rt := func(s string) *lr.Route {
		method, path, _ := strings.Cut(s, " ")
		return &lr.Route{Method: method, Path: path}
	}
	for _, c := range []struct {
		pattern, route string
		want           bool
	}{
		{"/healthz", "GET /healthz", true},
		{"/healthz", "POST /healthz", true},
		{"GET /healthz", "GET /healthz", true},
		{"get /healthz", "GET /healthz", true},
		{"GET /healthz", "POST /healthz", false},
		{"/healthz", "GET /healthz/deep", false},
		{"/healthz/", "GET /healthz", true},
		{"/articles/{id}", "GET /articles/{slug}", true},
		{"/articles/*", "GET /articles/{slug}", true},
		{"/articles/*", "GET /articles", false},
		{"/articles/*", "GET /articles/{slug}/comments", false},
		{"/admin/**", "DELETE /admin/users/{id}", true},
		{"/admin/**", "GET /admin", true},
		{"/admin/**", "GET /administrators", false},
		{"/v*/status", "GET /v2/status", true},
		{"/", "GET /", true},
		{"/", "GET /x", false},
		{"/a[", "GET /a[", true},
		{"/a[{x}", "GET /a[b", false},
		{"/badges/{id}.svg", "GET /badges/{chat_id}.svg", true},
		{"/badges/{id}.svg", "GET /badges/1.svg", true},
		{"/badges/{id}.svg", "GET /badges/readme", false},
		{"/badges/{id}.svg", "GET /badges/{id}", false},
		{"/v{n}/status", "GET /v{version}/status", true},
		{"/users/{username}", "GET /users/_debug", true}, // nobody says that it is another route
		{"/{", "GET /x", false},
		{"", "GET /x", false},
	} {
		if got := lr.Match([]string{"/never", c.pattern}, rt(c.route)); got != c.want {
			t.Errorf("%q on %q: got %t, want %t", c.pattern, c.route, got, c.want)
		}
	}
	debug := &lr.Route{Method: "GET", Path: "/users/_debug", Beside: []string{"/users/{name}"}}
	for pattern, want := range map[string]bool{
		"/users/{username}": false, "GET /users/{username}/": false, "GET /users/_debug": true, "/users/*": true, "/users/**": true, "/{all}/_debug": true, "/users/{a}.svg": false,
	} {
		if got := lr.Match([]string{pattern}, debug); got != want {
			t.Errorf("%q on a route that the description names beside a template: got %t, want %t", pattern, got, want)
		}
	}
	if lr.Match(nil, rt("GET /")) {
		t.Error("no pattern covers nothing")
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"GET /a/{b}", "/**", "/[", "  ", "GET", "/a//b"} {
		f.Add(s, "/a/{id}")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		rt := &lr.Route{Method: "GET", Path: path}
		lr.Match([]string{pattern}, rt)
		for _, name := range rt.PathParams() {
			if !strings.Contains(path, "{"+name+"}") {
				t.Errorf("%q has no parameter %q", path, name)
			}
		}
	})
}

func TestCredentialWithToken(t *testing.T) {
	sec := lr.NewSecret
	old := lr.Credential{
		Header:  map[string]lr.Secret{"Authorization": sec("Bearer old-token"), "X-Org": sec("acme")},
		Cookie:  map[string]lr.Secret{"session": sec("old-token")},
		Query:   map[string]lr.Secret{"key": sec("k:old-token")},
		Token:   sec("old-token"),
		Refresh: sec("refresh"),
	}
	got := old.WithToken("new")
	for where, v := range map[string]string{
		"Bearer new": got.Header["Authorization"].Reveal(), "acme": got.Header["X-Org"].Reveal(), "new": got.Cookie["session"].Reveal(),
		"k:new": got.Query["key"].Reveal(), "refresh": got.Refresh.Reveal(),
	} {
		if v != where {
			t.Errorf("got %q, want %q", v, where)
		}
	}
	if got.Token.Reveal() != "new" || old.Header["Authorization"].Reveal() != "Bearer old-token" || old.Token.Reveal() != "old-token" {
		t.Error("the old credential is not the snapshot that it was")
	}
	empty := lr.Credential{}.WithToken("new")
	if empty.Header != nil || !empty.IsZero() {
		t.Errorf("a credential without places: got %+v", empty)
	}
	if c := (lr.Credential{Header: map[string]lr.Secret{"Authorization": sec("Bearer x")}}).WithToken("new"); c.Header["Authorization"].Reveal() != "Bearer x" {
		t.Error("a credential of unknown token was changed")
	}
}

func TestFingerprint(t *testing.T) {
	a := lr.Fingerprint("auth/no-credential", "GET /v1/chats/{id}")
	if a != lr.Fingerprint("auth/no-credential", "get /V1/chats/{id}") {
		t.Error("case changes the id")
	}
	for _, other := range []string{
		lr.Fingerprint("auth/no-credential", "GET /v1/chats"), lr.Fingerprint("auth/alg-none", "GET /v1/chats/{id}"), lr.Fingerprint("auth/no-credentialG", "ET /v1/chats/{id}"),
	} {
		if other == a {
			t.Error("two findings have one id")
		}
	}
	if want := "lr-"; !strings.HasPrefix(a, want) || len(a) != 15 {
		t.Errorf("got %q, want lr- and 12 digits: baselines depend on it", a)
	}
}

func TestTarget(t *testing.T) {
	acc := func(name, tenant string, spare bool) *lr.Account {
		return &lr.Account{Identity: lr.Identity{Name: name, Tenant: tenant}, Spare: spare}
	}
	a, b, c, none := acc("a", "acme", false), acc("b", "globex", false), acc("c", "globex", true), acc("n", "", false)
	target := &lr.Target{Accounts: []*lr.Account{none, b, a, c}}
	if got := target.Tenants(); !slices.Equal(got, []string{"globex", "acme"}) {
		t.Errorf("tenants: got %v, want them in order, once", got)
	}
	if got := target.Foreign(a); !slices.Equal(got, []*lr.Account{none, b}) {
		t.Errorf("foreign to acme: got %d accounts, want the spare left out", len(got))
	}
	for role, want := range map[string]bool{"admin": true, "Owner": true, "SUPERADMIN": true, "member": false, "": false, "administrators": false} {
		if got := (&lr.Account{Identity: lr.Identity{Role: role}}).Privileged(); got != want {
			t.Errorf("role %q: got %t, want %t", role, got, want)
		}
	}
}

func TestExchange(t *testing.T) {
	for status, want := range map[int][2]bool{
		200: {true, false}, 204: {true, false}, 299: {true, false}, 301: {false, true}, 302: {false, true}, 401: {false, true},
		403: {false, true}, 404: {false, true}, 405: {false, true}, 410: {false, true}, 429: {false, false}, 500: {false, false}, 502: {false, false}, 101: {false, false},
	} {
		x := &lr.Exchange{Status: status}
		if got := [2]bool{x.OK(), x.Denied()}; got != want {
			t.Errorf("%d: got OK and denied %v, want %v", status, got, want)
		}
	}
	var none *lr.Exchange
	if none.OK() {
		t.Error("no answer is OK")
	}
}

func TestRequestClone(t *testing.T) {
	r := &lr.Request{Method: "PUT", Header: http.Header{"A": {"1"}}, Body: []byte("body")}
	c := r.Clone()
	c.SetHeader("A", "2")
	c.Body[0] = 'B'
	if r.Header.Get("A") != "1" || string(r.Body) != "body" {
		t.Error("a change of the clone changed the request")
	}
	bare := (&lr.Request{}).Clone()
	if bare.Body != nil {
		t.Error("the clone of a request without body has one")
	}
	bare.SetHeader("X", "1")
	if bare.Header.Get("X") != "1" {
		t.Error("a header could not be set")
	}
}

func TestReportKeepsItsContract(t *testing.T) {
	rep := lr.Report{Schema: lr.ReportSchema, Readiness: lr.NotReady, FailOn: lr.High, Reasons: []string{}, Waivers: []lr.Waiver{}, Plan: []lr.WorkItem{}, Rows: []lr.RowReport{{
		ID: "auth", Verdict: lr.Failed, Checks: []lr.CheckReport{{ID: "auth/x", Verdict: lr.Failed, Severity: lr.Critical, Required: true,
			Findings: []lr.Finding{{ID: "lr-1", Confidence: lr.Confirmed, Severity: lr.Critical, Evidence: []lr.EvidenceItem{{Kind: "exchange"}}}}}}}}}
	b, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"schema":"launchready.report/v1"`, `"readiness":"not-ready"`, `"verdict":"failed"`, `"severity":"critical"`, `"confidence":"confirmed"`,
		`"required":true`, `"coverage":{"routes":0,"probed":0,"conclusive":0}`, `"waivers":[]`, `"plan":[]`, `"fail_on":"high"`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the report lacks %s:\n%s", want, b)
		}
	}
	var back lr.Report
	if err := json.Unmarshal(b, &back); err != nil || back.Rows[0].Checks[0].Findings[0].Confidence != lr.Confirmed {
		t.Errorf("the report does not come back: %v", err)
	}
}
