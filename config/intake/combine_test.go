package intake_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
)

// TestMerge: the routes of one file, the identities of another.
func TestCombine(t *testing.T) {
	routes := intakeOf(t, "routes.txt", "GET /v1/chats\n")
	auth := intakeOf(t, "auth.yaml", "auth:\n  - {name: acme_user, fixedHeaders: [{name: X-Key, value: k-1}]}\n  - {name: globex_user, fixedHeaders: [{name: X-Key, value: k-2}]}\n")
	pasted := intakeOf(t, "-", "curl https://x.test/v1/me -H 'X-Key: k-1'\n")
	all := merged(t, routes, auth, pasted)
	if all.Spec != "routes.txt" || all.Target != "https://x.test" || !reflect.DeepEqual(all.Routes, []string{"GET /v1/me"}) {
		t.Errorf("got %q, %q, %q", all.Spec, all.Target, all.Routes)
	}
	want := []string{"acme_user tenant=acme role=user user= token=k-1 send=X-Key: {token}", "globex_user tenant=globex role=user user= token=k-2 send=X-Key: {token}"}
	if got := persons(all); !reflect.DeepEqual(got, want) {
		t.Errorf("identities, of which one has the token that was pasted:\ngot  %q\nwant %q", got, want)
	}
}

func TestCombineConflicts(t *testing.T) {
	login := func(file, path, user, password string) *intake.Intake {
		return intakeOf(t, file, fmt.Sprintf("configs: {bbTargetUrl: 'http://%s.test'}\nauth:\n  - {name: %s, loginEndpointAuth: {endpoint: %s, verb: POST, payloadRaw: '{\"user\":\"%s\",\"password\":\"%s\"}'}}\n", strings.TrimSuffix(file, ".yaml"), user, path, user, password))
	}
	for _, tc := range []struct {
		name    string
		files   []*intake.Intake
		want    []string
		people  int
		not     string
		signsIn string
	}{
		{"the target", []*intake.Intake{login("a.yaml", "/l", "u", "p1"), login("b.yaml", "/l", "v", "p2")},
			[]string{"a.yaml and b.yaml differ in the target: http://a.test is taken, http://b.test is not"}, 2, "", "POST /l"},
		{"the sign-in", []*intake.Intake{login("a.yaml", "/l", "u", "p1"), login("b.yaml", "/m", "v", "p2")},
			[]string{"differ in the sign-in: POST /l is taken, POST /m is not", "v of b.yaml signs in by what is not taken"}, 1, "", "POST /l"},
		{"a password", []*intake.Intake{login("a.yaml", "/l", "u", "first-secret"), login("b.yaml", "/l", "u", "second-secret")},
			[]string{"a.yaml and b.yaml differ in the password of u: the first is taken"}, 1, "secret", "POST /l"},
		{"a tenant and a role", []*intake.Intake{
			intakeOf(t, "a.yaml", "subjects: [{name: s, role: x, token: t-1, attributes: {tenant: one}}]\nresources: []\n"),
			intakeOf(t, "b.yaml", "subjects: [{name: s, role: y, token: t-1, attributes: {tenant: two}}]\nresources: []\n")},
			[]string{"differ in the tenant of s", "differ in the role of s"}, 1, "", ""},
		{"descriptions", []*intake.Intake{intakeOf(t, "a.txt", "GET /a\n"), intakeOf(t, "b.txt", "GET /b\n")}, []string{"a.txt and b.txt differ in the API's description"}, 0, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all, conflicts := intake.Combine(tc.files...)
			got := strings.Join(conflicts, "\n")
			for _, w := range tc.want {
				if !strings.Contains(got, w) {
					t.Errorf("no conflict says %q in:\n%s", w, got)
				}
			}
			if len(all.Identities) != tc.people {
				t.Errorf("got %q, want %d identities", persons(all), tc.people)
			}
			if tc.not != "" && strings.Contains(got, tc.not) {
				t.Errorf("a conflict tells a secret: %s", got)
			}
			if tc.signsIn != "" && all.SignIn.Request != tc.signsIn {
				t.Errorf("sign-in: got %s", all.SignIn.Request)
			}
		})
	}
}

// TestMergeSecrets: two files may name their secrets alike.
func TestCombineSecrets(t *testing.T) {
	file := func(name, user, secret string) *intake.Intake {
		return intakeOf(t, name, fmt.Sprintf(`auth: [{name: %s, loginEndpointAuth: {endpoint: /l, verb: POST, payloadRaw: '{"user":"%s","password":"p","client_secret":"%s"}'}}]`, user, user, secret))
	}
	all, _ := intake.Combine(file("b.yaml", "v", "two"), file("a.yaml", "u", "one"))
	if len(all.Secrets) != 1 || all.Secrets["SIGN_IN_CLIENT_SECRET"].Reveal() != "two" || all.SignIn.JSON["client_secret"] != "${secret:SIGN_IN_CLIENT_SECRET}" {
		t.Errorf("got %d secrets, and %v", len(all.Secrets), all.SignIn.JSON)
	}
}

// TestTenants: what an inference rests on, and that a weak one makes no tenant
// where a strong one could.
func TestTenants(t *testing.T) {
	token := func(org string) string { return unsigned(`{"org_id":"` + org + `"}`) }
	for _, tc := range []struct{ name, subjects, want string }{
		{"addresses", "{name: a, token: t1, attributes: {email: a@acme.test}}, {name: b, token: t2, attributes: {email: b@eu.globex.co.uk}}", "acme globex"},
		{"addresses of anybody", "{name: a, token: t1, attributes: {email: a@gmail.com}}, {name: b, token: t2, attributes: {email: b@example.com}}", "- -"},
		{"two companies that sound alike", "{name: a, token: t1, attributes: {email: a@acme.test}}, {name: b, token: t2, attributes: {email: b@acme.io}}", "acme_test acme_io"},
		{"names", "{name: acme_admin, token: t1}, {name: globex-user2, token: t2}, {name: root, token: t3}", "acme globex -"},
		{"one name alone", "{name: test_admin, token: t1}, {name: test_user, token: t2}", "- -"},
		{"a token beats an address, which joins it", "{name: a, token: " + token("o1") + ", attributes: {email: a@acme.test}}, {name: b, token: t2, attributes: {email: b@acme.test}}, {name: c, token: t3, attributes: {email: c@globex.test}}", "o1 o1 -"},
		{"a name joins what a token told", "{name: x, token: " + token("acme") + "}, {name: acme_user, token: t2}, {name: globex_user, token: t3}", "acme acme -"},
		{"an attribute", "{name: a, token: t1, attributes: {org_id: 7}}, {name: b, token: t2, attributes: {org_id: 8}}", "7 8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := intakeOf(t, "m.yaml", "subjects: ["+tc.subjects+"]\nresources: []\n")
			var got []string
			for _, id := range in.Identities {
				if id.Tenant == "" {
					id.Tenant = "-"
				}
				got = append(got, id.Tenant)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %s", got, tc.want)
			}
		})
	}
}

// TestSecretsStayPrivate puts a secret of its own into every place of every
// format and looks for it everywhere but in the credentials file.
func TestSecretsStayPrivate(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		kept             int // how many reach the credentials file
	}{
		{"WFC", "auth.yaml", `
auth:
  - {name: a, fixedHeaders: [{name: Authorization, value: "Bearer §"}, {name: X-Api-Key, value: §}, {name: X-Odd, value: §}]}
  - {name: b, fixedHeaders: [{name: Cookie, value: "sid=§"}]}
  - {name: c, loginEndpointAuth: {endpoint: /l, verb: POST, payloadRaw: '{"email":"c@x.io","password":"§","client_secret":"§"}', headers: [{name: X-App-Token, value: §}]}}
  - {name: d, loginEndpointAuth: {endpoint: /m, verb: POST, payloadRaw: '{"email":"d@x.io","password":"§"}'}}
configs: {header0: "X-Key: §"}
`, 7},
		{"overstep", "m.yaml", `
subjects:
  - {name: a, token: §, marker: §, headers: {X-Api-Key: §, Cookie: "sid=§"}, attributes: {tenant: acme}}
  - {name: b, auth: {provider: p, vars: {u: b@x.io, p: §}}, attributes: {tenant: globex}}
  - {name: c, token: "${C:-§}", attributes: {tenant: globex}}
auth: {providers: [{name: p, request: {method: POST, path: /l, body: {email: "{{u}}", password: "{{p}}", api_key: §}, headers: {X-Token: §}}}]}
resources:
  - {name: r, type: object, owner: id, request: {method: GET, path: "/r/{id}"}, objects: {a: "1", b: "{{x}}"}}
  - {name: s, request: {method: POST, path: /r, body: {token: §}}}
setup: [{as: b, request: {method: POST, path: /r, body: {secret: §}}, extract: {x: $.id}}]
`, 7},
		{"Hadrian", "auth.yaml", "method: basic\nroles:\n  a: {username: u, password: §}\n  b: {credentials: \"v:§\"}\n", 2},
		{"curl", "-", `X=§
curl https://x.test/login --json '{"email":"a@x.io","password":"§","captcha":"§"}'
curl https://x.test/v1/chats/1?api_key=§ -H 'Authorization: Bearer §' -H 'X-Csrf-Token: §' -b 'sid=§' -d '{"title":"x","token":"§","nested":{"password":"§"}}'
curl -u sk_live:§ https://x.test/b
echo § | curl https://other.test/§ -H 'X-Key: §'
curl https://user:§@x.test/c --data-raw 'plain §'
`, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := 0
			text := strings.Join(strings.Split(tc.text, "§"), "§")
			for strings.Contains(text, "§") {
				n++
				text = strings.Replace(text, "§", fmt.Sprintf("s3cr3t-%02d-value", n), 1)
			}
			in := intakeOf(t, tc.file, text)
			all, conflicts := intake.Combine(in)
			yaml, credentials, _, err := drafted(t, all)
			if err != nil {
				t.Fatalf("%v\n%s", err, yaml)
			}
			f := draft.Facts{Intake: all}
			shown := map[string]string{"the YAML": yaml, "a warning": strings.Join(in.Warnings, "\n"), "what was taken": strings.Join(in.Taken(), "\n"),
				"a conflict": strings.Join(conflicts, "\n"), "what is missing": strings.Join(f.Missing(), "\n"), "a print": fmt.Sprintf("%+v", *in.SignIn) + fmt.Sprint(in.Identities)}
			kept := 0
			for i := 1; i <= n; i++ {
				secret := fmt.Sprintf("s3cr3t-%02d-value", i)
				for where, s := range shown {
					if strings.Contains(s, secret) {
						t.Errorf("%s shows secret %d:\n%s", where, i, s)
					}
				}
				if strings.Contains(credentials, secret) {
					kept++
				}
			}
			if kept != tc.kept {
				t.Errorf("the credentials file holds %d of %d secrets, want %d", kept, n, tc.kept)
			}
		})
	}
}
