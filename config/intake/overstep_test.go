package intake_test

import (
	"reflect"
	"testing"

	"github.com/launchready/launchready/config/intake"
)

const matrix = `
roles: [anonymous, user, admin]
modules:
  rest: {base_url: "http://127.0.0.1:8000/"}
subjects:
  - {name: alice, role: user, token: "${ALICE_TOKEN}", marker: "alice@corp", attributes: {user_id: u1, tenant: acme}}
  - {name: bob, role: user, token: bob-token-1, attributes: {user_id: u2, tenant: globex}}
  - {name: root, role: admin, headers: {X-API-Key: "root-key-1", X-Tenant: acme}, attributes: {user_id: u9, tenant: acme}}
  - {name: anon, role: anonymous, token: null}
resources:
  - name: get_user
    request: {method: GET, path: "/users/{id}"}
    type: object
    owner: id
  - name: list_users
    request: {method: GET, path: "/admin/users", query: {page: 1}}
    type: function
    forbidden_fields: [password_hash]
  - name: get_article
    request: {method: GET, path: "/articles/{slug}"}
    type: object
    owner: slug
    objects: {alice: hello}
  - name: health
    request: {method: GET, path: /health}
  - name: add_order
    request: {method: POST, path: /orders, body: {title: hi, api_key: "secret-key-in-body"}}
  - name: get_order
    request: {method: GET, path: "/orders/{id}"}
    type: object
    owner: id
    objects: {alice: "{{alice_order}}", bob: "{{bob_order}}"}
  - name: read_doc
    call: {server: docs, tool: read}
policy:
  get_user: {allow: [{role: user, scope: own}, {role: admin, scope: any}]}
  list_users: {allow: [{role: admin}]}
  get_article: {allow: [{role: user, scope: any}, {role: admin}]}
  health: {allow: [{role: anonymous}, {role: user}, {role: admin}]}
  add_order: {allow: [{role: user, condition: "subject.tenant == target.tenant"}]}
setup:
  - {name: seed a, as: alice, request: {method: POST, path: /orders, body: {title: A, cost: 3}}, extract: {alice_order: "$.data.id"}}
  - {name: seed b, as: bob, request: {method: POST, path: /orders, body: {title: B}}, extract: {bob_order: "$.data.id"}}
teardown:
  - {as: alice, request: {method: DELETE, path: "/orders/{{alice_order}}"}}
`

func TestOverstep(t *testing.T) {
	in := intakeOf(t, "matrix.yaml", matrix)
	if in.Format != "overstep matrix" || in.Target != "http://127.0.0.1:8000" {
		t.Errorf("got %s of %s", in.Format, in.Target)
	}
	wantPeople := []string{"alice tenant=acme role=user user= token=>${env:ALICE_TOKEN}", "bob tenant=globex role=user user= token=bob-token-1",
		"root tenant=acme role=admin user= token=root-key-1 send=X-API-Key: {token} X-Tenant=acme"}
	if got := persons(in); !reflect.DeepEqual(got, wantPeople) {
		t.Errorf("identities:\ngot  %q\nwant %q", got, wantPeople)
	}
	wantRoutes := []string{"GET /users/{id}", "GET /admin/users?page=", "GET /articles/{slug}", "GET /health", `POST /orders {"api_key":"text","title":"hi"}`, "GET /orders/{id}"}
	if !reflect.DeepEqual(in.Routes, wantRoutes) {
		t.Errorf("routes:\ngot  %q\nwant %q", in.Routes, wantRoutes)
	}
	for name, got := range map[string][2][]string{
		"public": {in.Public, {"GET /health"}}, "admin": {in.Admin, {"GET /admin/users"}}, "shared": {in.Shared, {"GET /articles/{slug}"}},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("%s: got %q, want %q", name, got[0], got[1])
		}
	}
	wantObjects := []intake.Object{
		{Name: "user", Read: "GET /users/{id}", IDs: map[string]string{"acme": "u1", "globex": "u2"}},
		{Name: "article", Read: "GET /articles/{slug}", IDs: map[string]string{"acme": "hello"}},
		{Name: "order", Create: "POST /orders", ID: "/data/id", Read: "GET /orders/{id}", IDs: map[string]string{}, Body: in.Objects[len(in.Objects)-1].Body},
	}
	if !reflect.DeepEqual(in.Objects, wantObjects) {
		t.Errorf("objects:\ngot  %+v\nwant %+v", in.Objects, wantObjects)
	}
	if got := in.Objects[2].Body["title"]; got != "A" {
		t.Errorf("the body of a fixture: got %v", got)
	}
	warned(t, in, "marker is not taken, since the audit writes its own: alice", "forbidden_fields is not taken", "a call or read of MCP is not taken: read_doc",
		"a condition of the policy is not taken: it is what the audit finds out: add_order", "teardown (1 steps) is not needed")
}

func TestOverstepSignIn(t *testing.T) {
	for _, tc := range []struct {
		name, text, signIn string
		people             []string
		warned             []string
	}{
		{"a login request", `
subjects:
  - {name: a, role: user, auth: {provider: login, vars: {email: a@acme.test, pw: "${A_PW}", org: acme}}}
  - {name: b, role: admin, auth: {provider: login, vars: {email: b@globex.test, pw: pw-b, org: globex}}}
auth:
  providers:
    - name: login
      request: {method: POST, path: login, body: {email: "{{email}}", password: "{{pw}}", org: "{{org}}", client_secret: cs-1}, headers: {X-App: web}}
      token_path: $.data.tokens[0].jwt
      token_header: X-Auth
      token_format: "{token}"
resources: []
`, `{"Headers":{"X-App":"web"},"JSON":{"client_secret":"${secret:SIGN_IN_CLIENT_SECRET}","email":"$user","org":"$tenant","password":"$password"},"Request":"POST /login","Send":"X-Auth: {token}","Token":"/data/tokens/0/jwt"}`,
			[]string{"a tenant=acme role=user user=a@acme.test password=>${env:A_PW}", "b tenant=globex role=admin user=b@globex.test password=pw-b"}, nil},
		{"the password grant", `
subjects:
  - {name: a, auth: {provider: o, vars: {u: a@x.io, p: pw-a}}}
auth: {providers: [{name: o, type: oauth2_password, token_url: /oauth/token, client_id: web, client_secret: "${CS}", username: "{{u}}", password: "{{p}}", scope: openid, resource: x}]}
resources: []
`, `{"OAuth2":{"Audience":"","Client":"body","ClientID":"web","ClientSecret":"${env:CS}","Grant":"password","Scope":"openid"},"Request":"POST /oauth/token","Token":"/access_token"}`,
			[]string{"a tenant=x role=user user=a@x.io password=pw-a"}, []string{"resource and issuer"}},
		{"client credentials of another host", `
modules: {rest: {base_url: "https://api.acme.test"}}
subjects:
  - {name: svc, auth: {provider: o, vars: {id: client-1, s: secret-1}}}
auth: {providers: [{name: o, type: oauth2_client_credentials, base_url: "https://id.acme.test", token_url: token, client_id: "{{id}}", client_secret: "{{s}}"}]}
resources: []
`, `{"OAuth2":{"Audience":"","Client":"body","ClientID":"","ClientSecret":"","Grant":"client_credentials","Scope":""},"Request":"POST https://id.acme.test/token","Token":"/access_token"}`,
			[]string{"svc tenant= role=user user=client-1 password=secret-1"}, nil},
		{"found by an MCP server, and never filled in", `
subjects:
  - {name: a, auth: {provider: o}}
  - {name: b, token: PASTE_USER_TOKEN}
  - {name: c}
  - {name: d, token: "${X:-dflt-secret}"}
  - {name: e, token: "pre-${X}"}
  - {name: f, token: "${P}-${Q}"}
auth: {providers: [{name: o, type: oauth2_password, discover_from: docs}]}
resources: []
`, "", []string{"b tenant= role=user user= token=>${env:B_TOKEN}", "d tenant= role=user user= token=>${env:X}"},
			[]string{"discover_from", "the token of b was never filled in", "c has no credential", "the default of ${X} is not taken", "the token of e mixes text and references", "the token of f mixes"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := intakeOf(t, "m.yaml", tc.text)
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

func TestHadrian(t *testing.T) {
	for _, tc := range []struct {
		name, text, signIn string
		people             []string
		warned             []string
	}{
		{"bearer", "method: bearer\nroles:\n  admin: {token: \"${ADMIN_TOKEN}\"}\n  user1: {token: u1-token}\n  user2: {token: $USER2_TOKEN}\n  anonymous: {token: \"\"}\n  no_header: {no_auth: true}\n", "",
			[]string{"admin tenant= role=admin user= token=>${env:ADMIN_TOKEN}", "user1 tenant= role=user user= token=u1-token", "user2 tenant= role=user user= token=>${env:USER2_TOKEN}"},
			[]string{"anonymous sends no credential", "no_header sends no credential"}},
		{"basic", "method: basic\nroles:\n  admin: {username: \"${ADMIN_USER}\", password: \"${ADMIN_PASS}\"}\n  a: {credentials: \"ann:pw:1\"}\n  ro: {username: reader, password: \"\"}\n", `{"Basic":true}`,
			[]string{"admin tenant= role=admin user=${env:ADMIN_USER} password=>${env:ADMIN_PASS}", "a tenant= role= user=ann password=pw:1"}, []string{"ro sends no credential"}},
		{"API key in a header", "method: api_key\nlocation: header\nkey_name: X-API-Key\nroles: {svc: {api_key: key-1}}\n", "",
			[]string{"svc tenant= role= user= token=key-1 send=X-API-Key: {token}"}, nil},
		{"API key in the query", "method: api_key\nlocation: query\nkey_name: api_key\nroles: {svc: {api_key: \"${K}\"}}\n", "",
			[]string{"svc tenant= role= user= token=>${env:K} send=query: api_key={token}"}, nil},
		{"cookie", "method: cookie\ncookie_name: JSESSIONID\nroles: {acme_user: {cookie: abc}, globex_user: {cookie: \"${C}\"}}\n", "",
			[]string{"acme_user tenant=acme role=user user= cookie=JSESSIONID=abc", "globex_user tenant=globex role=user user= cookie=>JSESSIONID=${env:C}"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := intakeOf(t, "auth.yaml", tc.text)
			if got := signInOf(t, in.SignIn); got != tc.signIn {
				t.Errorf("sign-in: got %s, want %s", got, tc.signIn)
			}
			if got := persons(in); !reflect.DeepEqual(got, tc.people) {
				t.Errorf("identities:\ngot  %q\nwant %q", got, tc.people)
			}
			warned(t, in, tc.warned...)
			if _, _, _, err := drafted(t, in); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHadrianRoles: roles.yaml says who the roles of auth.yaml are.
func TestHadrianRoles(t *testing.T) {
	roles := intakeOf(t, "roles.yaml", `
objects: [chats]
roles:
  - {name: boss, level: 100, username: boss@acme.test, permissions: ["*:*:all"]}
  - {name: worker, level: 10, username: w@globex.test, permissions: ["read:chats:own"]}
endpoints:
  - {path: "/chats/{id}", object: chats, owner_field: user_id}
`)
	warned(t, roles, "endpoints (1) are paths without methods", "permissions are not taken")
	auth := intakeOf(t, "auth.yaml", "method: bearer\nroles: {boss: {token: t-1}, worker: {token: t-2}}\n")
	for name, all := range map[string]*intake.Intake{"auth first": merged(t, auth, roles), "roles first": merged(t, roles, auth)} {
		want := []string{"boss tenant=acme role=admin user=boss@acme.test token=t-1", "worker tenant=globex role= user=w@globex.test token=t-2"}
		if got := persons(all); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
		}
	}
}

func merged(t *testing.T, in ...*intake.Intake) *intake.Intake {
	t.Helper()
	all, conflicts := intake.Combine(in...)
	if len(conflicts) > 0 {
		t.Errorf("conflicts: %q", conflicts)
	}
	return all
}

func FuzzOverstep(f *testing.F) {
	f.Add(matrix)
	f.Add("subjects: [{name: a, auth: {provider: p, vars: {u: x, p: '${A}'}}}]\nresources: [{name: r, type: object, owner: id, request: {method: GET, path: '/x/{id}'}, objects: {a: '{{c}}'}}]\nauth: {providers: [{name: p, request: {method: POST, path: /l, body: {user: '{{u}}', password: '{{p}}'}}}]}\n")
	f.Add("subjects: [{name: a, auth: {provider: p}}]\nauth: {providers: [{name: p, type: oauth2_password, token_url: t, username: u, password: p, client_secret: c}]}\nresources: []\n")
	f.Fuzz(func(t *testing.T, text string) { hold(t, "matrix.yaml", text) })
}

func FuzzHadrian(f *testing.F) {
	f.Add("method: bearer\nroles: {a: {token: \"${T}\"}, b: {no_auth: true}}\n")
	f.Add("method: basic\nroles: {a: {username: u, password: p}, b: {credentials: \"x:y\"}}\n")
	f.Add("method: api_key\nlocation: query\nkey_name: k\nroles: {a: {api_key: v}}\n")
	f.Add("method: cookie\nroles: {acme_user: {cookie: v}, globex_admin: {cookie: $C_C}}\n")
	f.Add("objects: [a]\nroles: [{name: x, level: 3, username: a@b.io, permissions: ['read:a:own']}]\n")
	f.Fuzz(func(t *testing.T, text string) { hold(t, "auth.yaml", text) })
}
