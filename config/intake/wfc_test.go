package intake_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/launchready/launchready/config/intake"
)

// intakeOf reads a text that must be readable.
func intakeOf(t *testing.T, file, text string) *intake.Intake {
	t.Helper()
	in, err := intake.Read(file, []byte(text))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return in
}

// person is an identity on one line, secrets as they are: tests make them up.
func person(id intake.Identity) string {
	out := id.Name + " tenant=" + id.Tenant + " role=" + id.Role + " user=" + id.User
	for _, s := range []struct{ field, value string }{{"password", id.Password.Reveal()}, {"token", id.Token.Reveal()}, {"cookie", id.Cookie.Reveal()}} {
		if s.value != "" {
			out += " " + s.field + "=" + s.value
		}
		if r := id.References[s.field]; r != "" {
			out += " " + s.field + "=>" + r
		}
	}
	if id.Send != "" {
		out += " send=" + id.Send
	}
	for name, v := range id.Headers {
		out += " " + name + "=" + v.Reveal()
	}
	for field, ref := range id.References {
		if strings.HasPrefix(field, "headers.") {
			out += " " + field + "=>" + ref
		}
	}
	return out
}

func persons(in *intake.Intake) []string {
	var out []string
	for _, id := range in.Identities {
		out = append(out, person(id))
	}
	return out
}

func signInOf(t *testing.T, s *intake.SignIn) string {
	t.Helper()
	if s == nil {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range m {
		if v == nil || v == "" || v == false {
			delete(m, k)
		}
	}
	b, err = json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// warned holds the warnings to texts, each of which one must hold; without texts
// there must be none.
func warned(t *testing.T, in *intake.Intake, want ...string) {
	t.Helper()
	all := strings.Join(in.Warnings, "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("no warning says %q in:\n%s", w, all)
		}
	}
	if len(want) == 0 && all != "" {
		t.Errorf("warned:\n%s", all)
	}
}

func TestWFC(t *testing.T) {
	for _, tc := range []struct {
		name, file, text string
		signIn           string
		people           []string
		warned           []string
	}{
		{"static headers", "auth.yaml", `
auth:
  - name: ann
    fixedHeaders:
      - {name: Authorization, value: "Bearer ann-token-1"}
  - name: bob
    fixedHeaders:
      - name: X-API-Key
        value: " bob-key-2 "
      - name: X-Tenant
        value: globex
`, "", []string{"ann tenant= role= user= token=ann-token-1", "bob tenant=globex role= user= token=bob-key-2 send=X-API-Key: {token} X-Tenant=globex"}, nil},
		{"another scheme", "auth.yaml", "auth: [{name: a, fixedHeaders: [{name: authorization, value: ApiKey k-1}]}]\n", "",
			[]string{"a tenant= role= user= token=k-1 send=Authorization: ApiKey {token}"}, nil},
		{"cookies by a template", "auth.yml", `
auth:
  - name: ann
    loginEndpointAuth:
      payloadRaw: "{\"username\": \"ann\", \"password\": \"pw-1\"}"
  - name: ben
    loginEndpointAuth:
      payloadUserPwd: {username: ben, password: 456, usernameField: username, passwordField: password}
authTemplate:
  loginEndpointAuth: {endpoint: /login, verb: POST, contentType: application/json, expectCookies: true}
`, `{"JSON":{"password":"$password","username":"$user"},"Request":"POST /login","Token":"cookie"}`,
			[]string{"ann tenant= role= user=ann password=pw-1", "ben tenant= role= user=ben password=456"}, nil},
		{"token in the body", "auth.yaml", `
schemaVersion: "0.2.0"
auth:
  - name: acme_admin
    loginEndpointAuth:
      payloadRaw: '{"usernameOrEmail": "admin@acme.test", "password": "pw-1", "remember": true, "note": "5$"}'
  - name: globex_user
    loginEndpointAuth:
      payloadRaw: '{"usernameOrEmail": "u@globex.test", "password": "${GLOBEX_PW}", "remember": true, "note": "5$"}'
authTemplate:
  loginEndpointAuth:
    endpoint: api/auth/signin
    verb: POST
    contentType: application/json
    token: {extractFrom: body, extractSelector: /data/accessToken, sendIn: header, sendName: X-Auth, sendTemplate: "JWT {token}"}
`, `{"JSON":{"note":"5$$","password":"$password","remember":true,"usernameOrEmail":"$user"},"Request":"POST /api/auth/signin","Send":"X-Auth: JWT {token}","Token":"/data/accessToken"}`,
			[]string{"acme_admin tenant=acme role=admin user=admin@acme.test password=pw-1", "globex_user tenant=globex role=user user=u@globex.test password=>${env:GLOBEX_PW}"}, nil},
		{"token in a header, sent in the query, on another host", "auth.json", `{"auth": [
	{"name": "a", "loginEndpointAuth": {"externalEndpointURL": "https://id.acme.test/token", "verb": "POST",
	 "payloadRaw": "user=a%40acme.test&password=p%26w", "contentType": "application/x-www-form-urlencoded",
	 "token": {"extractFrom": "header", "extractSelector": "X-Access-Token", "sendIn": "query", "sendName": "access_token"}}}]}`,
			`{"Form":{"password":"$password","user":"$user"},"Request":"POST https://id.acme.test/token","Send":"query: access_token={token}","Token":"header:X-Access-Token"}`,
			[]string{"a tenant=acme role= user=a@acme.test password=p&w"}, nil},
		{"EvoMaster before the standard, in TOML", "em.toml", `
[configs]
bbTargetUrl = "http://localhost:8081"
[[auth]]
name = "admin"
[auth.loginEndpointAuth]
payloadUserPwd = {username = "admin", password = "222222", usernameField = "username", passwordField = "password"}
[authTemplate.loginEndpointAuth]
endpoint = "/api/v1/users/login"
verb = "POST"
contentType = "application/json"
token = {headerPrefix = "Bearer ", extractFromField = "/data/token", httpHeaderName = "Authorization"}
`, `{"JSON":{"password":"$password","username":"$user"},"Request":"POST /api/v1/users/login","Token":"/data/token"}`,
			[]string{"admin tenant= role=admin user=admin password=222222"}, nil},
		{"a secret in the body is no part of the template", "auth.yaml", `
auth:
  - name: a
    loginEndpointAuth: {endpoint: /t, verb: POST, payloadRaw: '{"email":"a@x.io","password":"p","client_secret":"cs-9","org":"acme"}', headers: [{name: X-Api-Key, value: key-7}]}
`, `{"Headers":{"X-Api-Key":"${secret:SIGN_IN_X_API_KEY}"},"JSON":{"client_secret":"${secret:SIGN_IN_CLIENT_SECRET}","email":"$user","org":"$tenant","password":"$password"},"Request":"POST /t"}`,
			[]string{"a tenant=acme role= user=a@x.io password=p"}, nil},
		{"the sign-in of most counts", "auth.yaml", `
auth:
  - {name: a, loginEndpointAuth: {endpoint: /one, verb: POST, payloadRaw: '{"user":"a","password":"p1"}'}}
  - {name: b, loginEndpointAuth: {endpoint: /two, verb: POST, payloadRaw: '{"user":"b","password":"p2"}'}}
  - {name: c, loginEndpointAuth: {endpoint: /two, verb: POST, payloadRaw: '{"user":"c","password":"p3"}'}}
  - {name: d, createUsers: {endpoint: /users, verb: POST}}
  - {name: e, requireMockHandling: true, loginEndpointAuth: {endpoint: /two, verb: POST, headers: [{name: Authorization, value: Basic ZTpw}]}}
`, `{"JSON":{"password":"$password","user":"$user"},"Request":"POST /two"}`,
			[]string{"b tenant= role= user=b password=p2", "c tenant= role= user=c password=p3"},
			[]string{"a signs in otherwise (POST /one)", "createUsers is not taken", "requireMockHandling", "e signs in by a header of its own"}},
		{"merge keys and aliases", "auth.yaml", `
base: &base {endpoint: /l, verb: POST}
auth:
  - name: a
    loginEndpointAuth: {<<: *base, payloadRaw: '{"user":"a","password":"p1"}'}
`, `{"JSON":{"password":"$password","user":"$user"},"Request":"POST /l"}`, []string{"a tenant= role= user=a password=p1"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := intakeOf(t, tc.file, tc.text)
			if in.Format != "WFC auth" || in.File != tc.file {
				t.Errorf("got %s of %s", in.Format, in.File)
			}
			if got := signInOf(t, in.SignIn); got != tc.signIn {
				t.Errorf("sign-in:\ngot  %s\nwant %s", got, tc.signIn)
			}
			if got := persons(in); !reflect.DeepEqual(got, tc.people) {
				t.Errorf("identities:\ngot  %q\nwant %q", got, tc.people)
			}
			warned(t, in, tc.warned...)
		})
	}
}

func TestWFCTarget(t *testing.T) {
	in := intakeOf(t, "em.yaml", "configs: {bbTargetUrl: 'http://127.0.0.1:9', bbSwaggerUrl: 'file://api.yaml', header0: 'X-A: secret-in-header-1'}\nauth:\n  - {name: a, fixedHeaders: [{name: X-K, value: v}]}\n")
	if in.Target != "http://127.0.0.1:9" || in.Spec != "api.yaml" {
		t.Errorf("got %q and %q", in.Target, in.Spec)
	}
	warned(t, in, "configs.header0")
	other := intakeOf(t, "a.json", `{"auth":[{"name":"a","loginEndpointAuth":{"externalEndpointURL":"https://id.acme.test:8443/t","verb":"POST","payloadRaw":"user=a&password=b"}}]}`)
	if !reflect.DeepEqual(other.Hosts, []string{"id.acme.test:8443"}) {
		t.Errorf("hosts: got %v", other.Hosts)
	}
}

// broken are files of every kind that must be refused, with a place where the
// syntax has one, and without a value of theirs in the error.
func TestBrokenFiles(t *testing.T) {
	const s = "sup3r-s3cret-value"
	for _, tc := range []struct{ name, file, text, want string }{
		{"YAML", "a.yaml", "auth:\n  - name: a\n   password: " + s + "\n", "a.yaml:3:4: not valid YAML here"},
		{"YAML, a quote that stays open", "a.yaml", "auth:\n  - name: \"" + s + "\n", "not valid YAML here"},
		{"JSON", "a.json", "{\n \"auth\": [{\"name\" \"" + s + "\"}]}", "a.json:2:"},
		{"JSON that ends", "a.json", "{\"auth\": [{\"name\": \"" + s, "not valid JSON"},
		{"TOML", "a.toml", "[[auth]]\nname = \"a\npassword = \"" + s + "\"\n", "a.toml:2"},
		{"no list", "a.yaml", "auth: {name: " + s + "}\n", "a.yaml:1:7: auth must be a list, not keys with values"},
		{"no users", "a.yaml", "authTemplate: {}\n", "a.yaml:1:1: auth is missing"},
		{"a text for a user", "a.yaml", "auth:\n  - " + s + "\n", "a.yaml:2:5: auth[0] must be keys with values, not a text"},
		{"no name", "a.yaml", "auth:\n  - fixedHeaders: [{name: A, value: " + s + "}]\n", "a.yaml:2:5: auth[0]: name is missing"},
		{"the same name", "a.yaml", "auth:\n  - {name: a, fixedHeaders: [{name: A, value: b}]}\n  - {name: a, fixedHeaders: [{name: A, value: c}]}\n", `a.yaml:3:12: auth[1].name: two users have the name "a"`},
		{"a key twice", "a.yaml", "auth: []\nauth: []\n", `a.yaml:2:1: key "auth" stands twice: first at line 1`},
		{"a name in the template", "a.yaml", "auth: []\nauthTemplate: {name: x}\n", "a.yaml:2:22: authTemplate.name"},
		{"no way in", "a.yaml", "auth:\n  - {name: a}\n", `auth[0] says neither fixedHeaders nor loginEndpointAuth`},
		{"a verb that is none", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, verb: FETCH, payloadRaw: '" + s + "'}\n", "a.yaml:3:45: auth[0].loginEndpointAuth.verb is none of POST"},
		{"no endpoint", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {verb: POST, payloadRaw: 'x'}\n", "endpoint or externalEndpointURL is missing"},
		{"no verb", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, payloadRaw: 'x'}\n", "verb is missing"},
		{"nobody signs in", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, verb: POST}\n", "neither by payloadRaw nor by payloadUserPwd"},
		{"half a password", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, verb: POST, payloadUserPwd: {username: a, usernameField: b, passwordField: c}}\n", "payloadUserPwd: password is missing"},
		{"a token that is not sent", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, verb: POST, payloadRaw: 'user=a&password=" + s + "', token: {extractFrom: body, extractSelector: /t, sendIn: header, sendName: A, sendTemplate: Bearer}}\n", "sendTemplate has no {token} in it"},
		{"a selector missing", "a.yaml", "auth:\n  - name: a\n    loginEndpointAuth: {endpoint: /x, verb: POST, payloadRaw: 'user=a&password=" + s + "', token: {extractFrom: body, sendIn: header, sendName: A}}\n", "extractSelector is missing"},
		{"a list for a text", "a.yaml", "auth:\n  - name: [" + s + "]\n", "a.yaml:2:11: auth[0].name must be a text, not a list"},
		{"a flag that is none", "a.yaml", "auth:\n  - {name: a, requireMockHandling: " + s + "}\n", "requireMockHandling must be true or false"},
		{"cyclic anchors", "a.yaml", "auth: &a\n  - *a\n", "nested or repeated too deeply"},
		{"a billion laughs", "a.yaml", laughs(), "nested or repeated too deeply"},
		{"deep YAML", "a.yaml", "auth:\n  " + strings.Repeat("- ", 60) + "a\n", "nested or repeated too deeply"},
		{"very deep YAML", "a.yaml", "auth:\n  " + strings.Repeat("[", 20000) + "\n", "not valid YAML here"},
		{"deep JSON", "a.json", `{"auth":` + strings.Repeat("[", 5000), "nested or repeated too deeply"},
		{"deep TOML", "a.toml", "[[auth]]\nname = " + strings.Repeat("[", 5000), "nested or repeated too deeply"},
		{"10 MB", "a.yaml", "auth:\n" + strings.Repeat("  - {name: a, fixedHeaders: []}\n", 10<<20/32), "larger than 1 MiB"},
		{"keys without end", "a.json", `{"auth": {` + strings.TrimSuffix(manyKeys(3000), ",") + `}}`, "more than 2000 keys"},
		{"overstep: no subjects", "m.yaml", "subjects: {}\nresources: []\n", "m.yaml:1:11: subjects must be a list"},
		{"overstep: before 1.0", "m.yaml", "base_url: http://x\nsubjects: []\nresources: []\n", "m.yaml:1:11: base_url at the top"},
		{"overstep: the same name", "m.yaml", "subjects:\n  - {name: a, token: " + s + "}\n  - {name: a}\nresources: []\n", `m.yaml:3:12: subjects[1].name: two subjects have the name "a"`},
		{"overstep: an unknown provider", "m.yaml", "subjects:\n  - {name: a, auth: {provider: p, vars: {password: " + s + "}}}\nresources: []\n", `there is no provider "p"`},
		{"overstep: a method that is none", "m.yaml", "subjects: []\nresources:\n  - {name: r, request: {method: LOOK, path: /x}}\n", "m.yaml:3:33: resources[0].request.method is none of GET"},
		{"overstep: no request", "m.yaml", "subjects: []\nresources:\n  - {name: r}\n", "m.yaml:3:5: resources[0] has no request, call or read"},
		{"overstep: a scope that is none", "m.yaml", "subjects: []\nresources: []\npolicy: {r: {allow: [{role: a, scope: mine}]}}\n", "scope is none of own, any"},
		{"Hadrian: a method that is none", "auth.yaml", "method: digest\nroles: {a: {token: " + s + "}}\n", "auth.yaml:1:9: method is none of bearer, basic, api_key, cookie"},
		{"Hadrian: no key", "auth.yaml", "method: api_key\nroles: {a: {api_key: " + s + "}}\n", "key_name is missing"},
		{"Hadrian: a cookie with spaces", "auth.yaml", "method: cookie\ncookie_name: a b\nroles: {a: {cookie: " + s + "}}\n", "auth.yaml:2:14: cookie_name is no name of a cookie"},
		{"Hadrian: roles in a list", "auth.yaml", "method: bearer\nroles: [a]\n", "auth.yaml:2:8: roles must be keys with values, not a list"},
		{"Hadrian: nobody", "auth.yaml", "method: bearer\nroles: {}\n", "roles is empty"},
		{"Hadrian: a permission that is none", "roles.yaml", "objects: [a]\nroles:\n  - {name: x, permissions: [read]}\n", "roles.yaml:3:29: roles[0].permissions[0] must be action:object:scope"},
		{"curl: an open quote", "-", "curl https://x.test \\\n  -H 'Authorization: Bearer " + s + "\n", "-:2:6: the single quote that begins here is never closed"},
		{"curl: an open double quote", "-", "curl \"https://x.test/" + s + "\n", "-:1:6: the double quote"},
		{"curl: a command inside", "-", "curl https://x.test -H \"Authorization: Bearer $(cat " + s + ")\"\n", "-:1:47: a command inside the command is not run"},
		{"curl: no address", "-", "curl -H 'Authorization: Bearer " + s + "'\n", "-:1:1: the curl command that begins here has no address"},
		{"curl: no value", "-", "curl https://x.test -H\n", "-:1:21: the option that begins here has no value"},
		{"curl: an address that is none", "-", "curl 'http://[" + s + "'\n", "has no address that can be read"},
		{"curl: of cmd, an open quote", "-", "curl ^\"https://x.test^\" ^\r\n -H ^\"Authorization: " + s + "\r\n", "never closed"},
		{"curl: nothing of it", "-", "curl\n", "no curl command with an address"},
		{"curl: 20 MB", "-", "curl https://x.test -d '" + strings.Repeat("x", 20<<20) + "'", "larger than 16 MiB"},
		{"a description on stdin", "-", "GET /a\n", "save it and name the file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, err := intake.Read(tc.file, []byte(tc.text))
			if err == nil {
				t.Fatalf("got %d identities and no error", len(in.Identities))
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
			if strings.Contains(err.Error(), s) || len(err.Error()) > 4000 {
				t.Errorf("the error tells a secret or too much: %.300s", err)
			}
		})
	}
}

func laughs() string {
	b := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'h'; c++ {
		b += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 10), ",") + "]\n"
	}
	return b + "auth: *g\n"
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`"k` + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + `":1,`)
	}
	return b.String()
}

func TestUnknown(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "text": "hello\n", "a launchready.yaml": "version: 1\ntarget: {url: http://x}\nidentities: {}\n",
		"a lock file": `{"name":"x","lockfileVersion":3}`, "binary": "\x7fELF\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := intake.Read("f", []byte(text))
			if !errors.Is(err, intake.ErrUnknown) || !strings.Contains(err.Error(), "curl commands") {
				t.Errorf("got %v, want ErrUnknown with the formats", err)
			}
		})
	}
}

func TestDescription(t *testing.T) {
	for file, text := range map[string]string{
		"openapi.yaml": "openapi: 3.1.0\npaths: {}\n", "swagger.json": `{"swagger":"2.0","paths":{}}`, "routes.txt": "# ours\nGET /a\nPOST /a {\"x\":1}\n",
	} {
		if in := intakeOf(t, file, text); in.Spec != file || len(in.Identities) != 0 {
			t.Errorf("%s: got %+v", file, in)
		}
	}
}

func FuzzWFC(f *testing.F) {
	f.Add("auth:\n  - {name: a, loginEndpointAuth: {endpoint: /x, verb: POST, payloadRaw: '{\"u\":\"a\",\"password\":\"FUZZSECRET99\"}'}}\n")
	f.Add("auth: [{name: a, fixedHeaders: [{name: Authorization, value: Basic FUZZSECRET99}]}]\nauthTemplate: {loginEndpointAuth: {token: {extractFrom: header}}}\n")
	f.Add("[[auth]]\nname = \"a\"\n[auth.loginEndpointAuth]\npayloadUserPwd = {username = \"a\", password = \"FUZZSECRET99\"}\n")
	f.Add(`{"auth":[{"name":"a","fixedHeaders":[{"name":"Cookie","value":"sid=FUZZSECRET99"}]}],"configs":{"bbTargetUrl":"x"}}`)
	f.Add("auth: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) { hold(t, "auth.yaml", text) })
}
