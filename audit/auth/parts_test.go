package auth

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func TestSpellings(t *testing.T) {
	want := map[string]string{
		"two slashes in front":        "//v1/billing/invoices?limit=1",
		"a slash doubled inside":      "/v1//billing/invoices?limit=1",
		"a dot segment":               "/./v1/billing/invoices?limit=1",
		"a dot segment inside":        "/v1/./billing/invoices?limit=1",
		"a segment up":                "/launchready/../v1/billing/invoices?limit=1",
		"an encoded dot segment":      "/%2e/v1/billing/invoices?limit=1",
		"an encoded slash":            "/v1%2fbilling/invoices?limit=1",
		"an encoded letter":           "/v1/%62illing/invoices?limit=1",
		"a path parameter":            "/v1;launchready=1/billing/invoices?limit=1",
		"capital letters":             "/V1/BILLING/INVOICES?limit=1",
		"a slash at the end":          "/v1/billing/invoices/?limit=1",
		"an encoded space at the end": "/v1/billing/invoices%20?limit=1",
		".json at the end":            "/v1/billing/invoices.json?limit=1",
		"a backslash":                 `/v1\billing/invoices?limit=1`,
	}
	for _, s := range spellings {
		r := &lr.Request{Path: "/v1/billing/invoices?limit=1"}
		s.vary(r)
		if w, ok := want[s.name]; ok && r.Path != w {
			t.Errorf("%s: got %s, want %s", s.name, r.Path, w)
		} else if !ok && len(r.Header) == 0 {
			t.Errorf("%s changes neither the path nor a header", s.name)
		}
		// No spelling may break on the shortest addresses.
		for _, p := range []string{"/", "/a", "/a/", "/?x"} {
			r := &lr.Request{Path: p}
			s.vary(r)
			if !strings.HasPrefix(r.Path, "/") && !strings.HasPrefix(r.Path, "%2f") && !strings.HasPrefix(r.Path, `\`) && !strings.HasPrefix(r.Path, ";") {
				t.Errorf("%s of %s is %s", s.name, p, r.Path)
			}
		}
	}
}

func TestGroup(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/billing/invoices": "billing", "/api/v2/chats/{id}": "chats", "/me": "me", "/": "/", "/{tenant}/users": "users", "/rest/app/v10/Files": "files", "/vault": "vault",
	} {
		if got := group(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestSecretValue(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"password", "pass1", true}, {"api_key", "hk_1234", true}, {"clientSecret", "s3cr3t", true},
		{"password_changed_at", "2026-01-02", false}, {"secret_url", "https://x", false}, {"password", "****", false}, {"password", "", false}, {"title", "password", false}, {"password_policy", "strong", false},
	} {
		if got := secretValue(c.name, c.value); got != c.want {
			t.Errorf("%s=%q: got %v", c.name, c.value, got)
		}
	}
}

func TestTokenCandidates(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"link", "Set it: https://a.test/reset?token=rst_8fj2Kd0sLq1Zx7", "rst_8fj2Kd0sLq1Zx7"},
		{"encoded link", "https://a.test/go?u=%2Freset%3Ftoken%3Drst_8fj2Kd0sLq1Zx7", "rst_8fj2Kd0sLq1Zx7"},
		{"field", `{"token":"ivt_8fj2Kd0sLq1Zx7","email":"a@b.test"}`, "ivt_8fj2Kd0sLq1Zx7"},
		{"path", "https://a.test/invite/8fj2Kd0sLq1Zx7pQ", "8fj2Kd0sLq1Zx7pQ"},
		{"bare", "Your code:\n\n8fj2Kd0sLq1Zx7pQw3Er\n", "8fj2Kd0sLq1Zx7pQw3Er"},
		{"end of a sentence", "token=rst_8fj2Kd0sLq1Zx7.", "rst_8fj2Kd0sLq1Zx7"},
		{"nothing", "Dear user, all is well.", ""},
	} {
		got := tokenCandidates(c.text)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if len(got) > 6 {
			t.Errorf("%s: %d candidates", c.name, len(got))
		}
	}
}

func FuzzTokenCandidates(f *testing.F) {
	f.Add("https://a.test/reset?token=rst_8fj2Kd0sLq1Zx7")
	f.Add("%zz token: ")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range tokenCandidates(s) {
			if len(c) < 6 {
				t.Errorf("%q of %q is too short to be one", c, s)
			}
		}
	})
}

func TestNormal(t *testing.T) {
	x := func(status int, body string) *lr.Exchange {
		return &lr.Exchange{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	}
	for _, c := range []struct {
		name string
		a, b *lr.Exchange
		same bool
	}{
		{"ids and times", x(401, `{"id":"req_8fj2kd0slq1zx7","at":"2026-01-02T03:04:05Z"}`), x(401, `{"id":"req_pq3er8ty2ui4op","at":"2026-01-02T03:04:06.123Z"}`), true},
		{"uuids", x(401, `{"id":"6f1c0c1e-57c2-4b8e-9a0c-0d6d7c1d2e3f"}`), x(401, `{"id":"aa1c0c1e-57c2-4b8e-9a0c-0d6d7c1d2e30"}`), true},
		{"the name itself", x(401, `{"e":"no entry for U1@a.test"}`), x(401, `{"e":"no entry for U2@a.test"}`), true},
		{"another message", x(401, `{"e":"wrong password"}`), x(401, `{"e":"no such user"}`), false},
		{"another status", x(401, `{}`), x(404, `{}`), false},
	} {
		if got := normal(c.a, "U1@a.test") == normal(c.b, "U2@a.test"); got != c.same {
			t.Errorf("%s: alike %v, want %v", c.name, got, c.same)
		}
	}
}

func TestLookalike(t *testing.T) {
	for _, v := range []string{"deadbeef00112233", "kq8Zt0v1pQf5w2Lx", "s%3Aabc.9z"} {
		got := lookalike(v)
		if got == v || len(got) != len(v) {
			t.Errorf("%s became %s", v, got)
		}
		for i := range v {
			hex := strings.ContainsRune("0123456789abcdef", rune(v[i]))
			if hex != strings.ContainsRune("0123456789abcdef", rune(got[i])) {
				t.Errorf("%s became %s: %q is of another kind than %q", v, got, got[i], v[i])
			}
		}
	}
}

func TestScopeParts(t *testing.T) {
	for scope, want := range map[string]string{
		"chats:read": "chats read", "read:chats": "chats read", "files.write": "files write", "read_only": " read", "read": " read", "admin": " write", "chat-view": "chat read",
	} {
		noun, verb := scopeParts(scope)
		if scope == "read_only" {
			want = "only read"
		}
		if got := noun + " " + verb; got != want {
			t.Errorf("%s: got %q, want %q", scope, got, want)
		}
	}
}

func TestPrivileges(t *testing.T) {
	x := &lr.Exchange{Status: 200, Body: []byte(`{"data":{"role":"member","isAdmin":false,"name":"role"},"roles":[{"name":"b"},{"name":"a"}]}`)}
	got := privileges(x)
	for path, want := range map[string]string{"data.role": "member", "data.isAdmin": "false", "roles": "a b"} {
		if got[path] != want {
			t.Errorf("%s: got %q, want %q", path, got[path], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("got %v", got)
	}
	after := map[string]string{"data.role": "admin", "data.isAdmin": "false", "roles": "a b"}
	if g := gains(got, after, powers("admin")); !slices.Equal(g, []string{"data.role admin"}) {
		t.Errorf("gains are %q", g)
	}
	if g := gains(got, map[string]string{"data.role": "guest"}, powers("admin")); len(g) > 0 {
		t.Errorf("a change to something else is a gain: %q", g)
	}
}

func TestShows(t *testing.T) {
	a := &lr.Account{Identity: lr.Identity{User: "mina@acme.test"}, UserID: "7"}
	for _, c := range []struct {
		name string
		x    *lr.Exchange
		want bool
	}{
		{"own record", &lr.Exchange{Status: 200, Body: []byte(`{"id":7,"email":"mina@acme.test"}`)}, true},
		{"only a number that is the id", &lr.Exchange{Status: 200, Body: []byte(`{"id":7}`)}, true},
		{"inside a sentence", &lr.Exchange{Status: 200, Body: []byte(`{"message":"mina@acme.test is not signed in"}`)}, false},
		{"refused", &lr.Exchange{Status: 401, Body: []byte(`{"email":"mina@acme.test"}`)}, false},
		{"somebody else", &lr.Exchange{Status: 200, Body: []byte(`{"id":17,"email":"nora@acme.test"}`)}, false},
		{"nothing", nil, false},
	} {
		if got := len(shows(c.x, a)) > 0; got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestParseGraph(t *testing.T) {
	g, ok := parseGraph([]byte(`{"data":{"__schema":{"queryType":{"name":"Q"},"types":[
		{"kind":"OBJECT","name":"Q","fields":[
			{"name":"chats","args":[{"name":"limit","type":{"kind":"SCALAR"}}],"type":{"kind":"NON_NULL","ofType":{"kind":"LIST","ofType":{"kind":"OBJECT","name":"Chat"}}}},
			{"name":"chat","args":[{"name":"id","type":{"kind":"NON_NULL"}}],"type":{"kind":"OBJECT","name":"Chat"}},
			{"name":"version","args":[],"type":{"kind":"SCALAR","name":"String"}}]},
		{"kind":"OBJECT","name":"Chat","fields":[
			{"name":"id","args":[],"type":{"kind":"NON_NULL","ofType":{"kind":"SCALAR","name":"ID"}}},
			{"name":"owner","args":[],"type":{"kind":"OBJECT","name":"User"}},
			{"name":"page","args":[{"name":"n","type":{"kind":"NON_NULL"}}],"type":{"kind":"SCALAR","name":"Int"}}]},
		{"kind":"OBJECT","name":"User","fields":[{"name":"email","args":[],"type":{"kind":"SCALAR","name":"String"}},{"name":"chats","args":[],"type":{"kind":"OBJECT","name":"Chat"}}]}]}}}`))
	if !ok {
		t.Fatal("the schema was not read")
	}
	if got := g.queries(8); !slices.Equal(got, []string{"{ chats { id owner { email } } }"}) {
		t.Errorf("got %q", got)
	}
	for _, s := range []string{"", "null", `{"data":{"__schema":null}}`, `{"errors":[{"message":"off"}]}`, "<html>"} {
		if _, ok := parseGraph([]byte(s)); ok {
			t.Errorf("%q is a schema", s)
		}
	}
}

func FuzzParseGraph(f *testing.F) {
	f.Add([]byte(`{"data":{"__schema":{"queryType":{"name":"Q"},"types":[{"kind":"OBJECT","name":"Q","fields":[{"name":"q","type":{"kind":"OBJECT","name":"Q"}}]}]}}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, ok := parseGraph(b); ok && len(g.queries(8)) > 8 {
			t.Error("more queries than asked for")
		}
	})
}

func TestTallyFolds(t *testing.T) {
	bad := oracle.Judgement{Verdict: lr.Failed, Confidence: lr.Confirmed, Reason: "answered 200"}
	good := oracle.Judgement{Verdict: lr.Passed, Confidence: lr.Confirmed, Reason: "refused"}
	for _, c := range []struct {
		name     string
		bad, all int
		least    int
		want     int // findings
		subject  string
	}{
		{"one of many", 1, 6, 3, 1, "GET /0"},
		{"two of two, three are needed", 2, 2, 3, 2, "GET /0"},
		{"most", 4, 6, 3, 1, application},
		{"half", 3, 6, 3, 3, "GET /0"},
		{"the only one, one is enough", 1, 1, 1, 1, application},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := tally{routes: c.least > 1}
			for i := range c.all {
				j := good
				if i < c.bad {
					j = bad
				}
				y.add("GET /"+string(rune('0'+i)), "a way", j)
				y.add("GET /"+string(rune('0'+i)), "another way", good)
			}
			var failed, passed []string
			y.report(&lr.Trial{Report: func(o lr.Outcome) {
				if o.Verdict == lr.Failed {
					failed = append(failed, o.Subject)
					if named := o.Subject == application && c.least > 1; named != (len(o.Subjects) == c.bad) || !named && o.Subjects != nil {
						t.Errorf("the finding of %s names %q", o.Subject, o.Subjects)
					}
					if !strings.Contains(o.Message, "a way") || strings.Contains(o.Message, "another way") {
						t.Errorf("the message does not say which way was accepted: %s", o.Message)
					}
				} else {
					passed = append(passed, o.Subject)
				}
			}}, c.least, "It is open")
			if len(failed) != c.want || failed[0] != c.subject || len(passed) != c.all-c.bad {
				t.Errorf("failed %q, passed %q; want %d, the first %s", failed, passed, c.want, c.subject)
			}
		})
	}
}

func TestEchoes(t *testing.T) {
	owner := &lr.Exchange{Status: 200, Body: []byte(`{"id":"usr_1","email":"mina@acme.test"}`)}
	j := func(hits []string, status int, body string) oracle.Judgement {
		return oracle.Judgement{Hits: hits, Evidence: lr.Seen(owner, &lr.Exchange{Status: status, Body: []byte(body)})}
	}
	says := `{"sub":"usr_1"}`
	for _, c := range []struct {
		name string
		j    oracle.Judgement
		want bool
	}{
		{"refusal that names the subject", j([]string{"usr_1"}, 401, `{"error":"token of usr_1 has expired"}`), true},
		{"success in another shape", j([]string{"usr_1"}, 200, `{"success":false,"user":"usr_1"}`), true},
		{"the owner's own reply", j([]string{"usr_1"}, 200, `{"id":"usr_1","email":"mina@acme.test"}`), false},
		{"more than the token says", j([]string{"usr_1", "mina@acme.test"}, 401, `{}`), false},
	} {
		if got := echoes(c.j, says); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
