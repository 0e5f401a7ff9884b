package intake_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
)

// unsigned is a token with claims and no signature worth the name.
func unsigned(claims string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"none"}`)) + "." + e([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestCurl(t *testing.T) {
	ann, bob := unsigned(`{"email":"ann@acme.test","org_id":"org-1","role":"admin"}`), unsigned(`{"sub":"2","https://x.test/tenant":"org-2","preferred_username":"bob"}`)
	for _, tc := range []struct {
		name, text     string
		target, signIn string
		people, routes []string
		warned         []string
	}{
		{"of a shell", "curl 'https://api.acme.test/v1/chats?limit=10' \\\n  -H 'accept: */*' \\\n  -H 'Authorization: Bearer tok-1' --compressed\n",
			"https://api.acme.test", "", []string{"user1 tenant= role=user user= token=tok-1"}, []string{"GET /v1/chats?limit=10"}, nil},
		{"a body", `curl -X POST https://x.test/v1/chats -H "Content-Type: application/json" -d '{"title":"it'\''s","n":1,"api_key":"k-9"}'`,
			"https://x.test", "", nil, []string{`POST /v1/chats {"api_key":"text","n":1,"title":"it's"}`}, nil},
		{"ANSI quotes", "curl https://x.test/a --data-raw $'{\"t\":\"caf\\u00e9 \\'x\\' \\x41\\041\\\\n\"}'\n", "https://x.test", "", nil, []string{`POST /a {"t":"café 'x' A!\n"}`}, nil},
		{"a sign-in", "curl -s https://x.test/auth/login --json '{\"email\":\"a@acme.test\",\"password\":\"pw-1\"}' | jq .\ncurl https://x.test/auth/login --json '{\"email\":\"b@globex.test\",\"password\":\"'\"$B_PW\"'\"}'\n",
			"https://x.test", `{"JSON":{"email":"$user","password":"$password"},"Request":"POST /auth/login"}`,
			[]string{"acme_a tenant=acme role= user=a@acme.test password=pw-1", "globex_b tenant=globex role= user=b@globex.test password=>${env:B_PW}"},
			[]string{`POST /auth/login {"email":"a@acme.test","password":"password"}`, `POST /auth/login {"email":"b@globex.test","password":"password"}`}, nil},
		{"a form", "curl https://x.test/login -d user=ann -d 'password=p w' -d remember=1", "https://x.test", `{"Form":{"password":"$password","remember":"1","user":"$user"},"Request":"POST /login"}`,
			[]string{"ann tenant= role= user=ann password=p w"}, []string{"POST /login"}, nil},
		{"claims of tokens", "curl https://x.test/me -H 'Authorization: Bearer " + ann + "'\ncurl https://x.test/me -H \"Authorization: Bearer " + bob + "\"\n",
			"https://x.test", "", []string{"acme_ann tenant=org-1 role=admin user=ann@acme.test token=" + ann, "bob tenant=org-2 role= user=bob token=" + bob}, []string{"GET /me"}, nil},
		{"a token and a sign-in of one user", "curl https://x.test/me -H 'Authorization: Bearer " + ann + "'\ncurl https://x.test/login --json '{\"email\":\"ann@acme.test\",\"password\":\"pw\"}'\n",
			"https://x.test", `{"JSON":{"email":"$user","password":"$password"},"Request":"POST /login"}`, []string{"acme_ann tenant=org-1 role=admin user=ann@acme.test password=pw"},
			[]string{"GET /me", `POST /login {"email":"ann@acme.test","password":"password"}`}, nil},
		{"references", "export TOKEN=never-shown\n$ curl \"$BASE/v1/chats/$ID\" -H \"Authorization: Bearer ${TOKEN:-never-shown}\" -H 'X-API-Key: {{api-key}}'\n", "", "",
			[]string{"user1 tenant= role=user user= token=>${env:TOKEN} headers.X-API-Key=>${env:API_KEY}"}, []string{"GET /v1/chats/{ID}"},
			[]string{"the address is in BASE", "the default of ${TOKEN} is not taken", "line 1 is no curl command"}},
		{"a variable in single quotes", "TOKEN=never-shown\ncurl https://x.test/a -H 'Authorization: Bearer $TOKEN'\n", "https://x.test", "", []string{"user1 tenant= role=user user= token=>${env:TOKEN}"}, []string{"GET /a"}, []string{"line 1 sets TOKEN"}},
		{"basic", "curl -u ann:p:w https://x.test/a\ncurl https://x.test/a -H 'Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ben:p2")) + "'\ncurl -u \"$U:$P\" https://x.test/a", "https://x.test", `{"Basic":true}`,
			[]string{"ann tenant= role= user=ann password=p:w", "ben tenant= role= user=ben password=p2", "user3 tenant= role=user user=${env:U} password=>${env:P}"}, []string{"GET /a"}, nil},
		{"an API key in the place of the user", "curl https://x.test/a -u key-1:", "https://x.test", "", []string{"user1 tenant= role=user user= token=a2V5LTE6 send=Authorization: Basic {token}"}, []string{"GET /a"}, nil},
		{"cookies of one session", "curl https://x.test/a -b '_ga=1; sid=s-1; theme=dark'\ncurl https://x.test/b -H 'Cookie: _ga=2; sid=s-1' -H 'X-CSRF-Token: c-1'\ncurl https://x.test/a -b 'sid=s-2' -b jar.txt",
			"https://x.test", "", []string{"user1 tenant= role=user user= cookie=_ga=1; sid=s-1; theme=dark", "user2 tenant= role=user user= cookie=sid=s-2"}, []string{"GET /a", "GET /b"}, []string{"a file of cookies"}},
		{"flags in one word", "curl -sSkXPUT -HX-Api-Key:k-1 --url https://x.test/v1/chats/0d3f2a1e-9c4b-4d8a-8f00-1b2c3d4e5f60 -d@body.json", "https://x.test", "",
			[]string{"user1 tenant= role=user user= token=k-1 send=X-Api-Key: {token}"}, []string{"PUT /v1/chats/{chat_id}"}, []string{"-k trusts", "a body in a file", "is no JSON"}},
		{"query by -G, next, several addresses", "curl -G https://x.test/s -d q=a --data-urlencode 'w=b c' --next -I https://x.test/h --next https://x.test/1 https://x.test/a?api_key=k-1\n", "https://x.test", "",
			[]string{"user1 tenant= role=user user= token=k-1 send=query: api_key={token}"}, []string{"GET /s?q=a&w=b+c", "GET /{id}", "GET /a"}, nil},
		{"multipart", "curl https://x.test/up -F title=hi -F file=@a.pdf -H 'X-Tenant-Id: t1'", "https://x.test", "", nil, []string{"POST /up"}, []string{"POST /up is no JSON"}},
		{"a browser's, for cmd", "curl ^\"https://x.test/v1/chats?a=1^&b=^%^20c^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  -H ^\"Authorization: Bearer tok^%^25^\" ^\r\n  --data-raw ^\"^{^\\^\"title^\\^\":^\\^\"a ^& b^\\^\"^}^\"\r\n", "https://x.test", "",
			[]string{"user1 tenant= role=user user= token=tok%25"}, []string{`POST /v1/chats?a=1&b=+c {"title":"a \u0026 b"}`}, nil},
		{"Firefox's, for cmd", `curl.exe "https://x.test/a" --compressed -X POST -H "Authorization: Bearer %ACCESS_TOKEN%" --data-raw "{""title"":""x\\y""}"`, "https://x.test", "",
			[]string{"user1 tenant= role=user user= token=>${env:ACCESS_TOKEN}"}, []string{`POST /a {"title":"x\\y"}`}, nil},
		{"the older browser's, for cmd", "curl \"https://x.test/a\" ^\n  -H \"Authorization: Bearer t-1\" ^\n  --data-binary \"{\\\"a\\\":\\\"b\\\"}\"\ncurl \"https://x.test/b\" ^\n -H \"Authorization: Bearer t-1\"\n", "https://x.test", "",
			[]string{"user1 tenant= role=user user= token=t-1"}, []string{`POST /a {"a":"b"}`, "GET /b"}, nil},
		{"other hosts", "curl https://cdn.test/a.js; curl https://x.test/a && curl https://x.test/b # mine\n", "https://x.test", "", nil, []string{"GET /a", "GET /b"}, []string{"1 requests to other hosts than x.test are left out: cdn.test"}},
		{"a sign-in on another host", "curl https://id.test/token -d grant_type=client_credentials -d client_id=c1 -d client_secret=s1 -d scope=all\ncurl x.test/a\n", "http://x.test",
			`{"OAuth2":{"Audience":"","Client":"body","ClientID":"","ClientSecret":"","Grant":"client_credentials","Scope":"all"},"Request":"POST https://id.test/token"}`,
			[]string{"c1 tenant= role= user=c1 password=s1"}, []string{"GET /a"}, nil},
		{"a body that looks like another file", "curl https://x.test/a -d '{\n\"subjects\": [],\n\"roles\": []\n}'", "https://x.test", "", nil, []string{`POST /a {"roles":[],"subjects":[]}`}, nil},
		{"bearer and redirections", "curl --oauth2-bearer t-1 https://x.test/a -o /dev/null 2>/dev/null > out.json", "https://x.test", "", []string{"user1 tenant= role=user user= token=t-1"}, []string{"GET /a"}, nil},
		{"a hash in a body", `curl https://x.test/a --json '{"a":"say \"hi # there"}'`, "https://x.test", "", nil, []string{`POST /a {"a":"say \"hi \u0023 there"}`}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := intakeOf(t, "-", tc.text)
			if in.Format != "curl commands" || in.Target != tc.target {
				t.Errorf("got %s of %q, want %q", in.Format, in.Target, tc.target)
			}
			if got := signInOf(t, in.SignIn); got != tc.signIn {
				t.Errorf("sign-in:\ngot  %s\nwant %s", got, tc.signIn)
			}
			if got := persons(in); !reflect.DeepEqual(got, tc.people) {
				t.Errorf("identities:\ngot  %q\nwant %q", got, tc.people)
			}
			if !reflect.DeepEqual(in.Routes, tc.routes) {
				t.Errorf("routes:\ngot  %q\nwant %q", in.Routes, tc.routes)
			}
			warned(t, in, tc.warned...)
			if s := strings.Join(in.Warnings, "\n"); strings.Contains(s, "never-shown") {
				t.Errorf("a warning tells a value: %s", s)
			}
			if yaml, _, _, err := drafted(t, in); err != nil {
				t.Errorf("the draft is refused: %v\n%s", err, yaml)
			}
		})
	}
}

// TestCurlObjects: an id that somebody asked for is of their tenant.
func TestCurlObjects(t *testing.T) {
	in := intakeOf(t, "-", "curl https://x.test/v1/chats/42 -H 'Authorization: Bearer "+unsigned(`{"org":"acme"}`)+"'\ncurl https://x.test/v1/chats/77 -H 'Authorization: Bearer "+unsigned(`{"org":"globex"}`)+"'\ncurl https://x.test/v1/chats/9 -H 'Authorization: Bearer opaque'\n")
	if len(in.Objects) != 1 || in.Objects[0].Name != "chat" || in.Objects[0].Read != "GET /v1/chats/{chat_id}" || !reflect.DeepEqual(in.Objects[0].IDs, map[string]string{"acme": "42", "globex": "77"}) {
		t.Errorf("got %+v", in.Objects)
	}
	if len(in.Identities) != 3 || in.Identities[2].Tenant != "" {
		t.Errorf("got %q", persons(in))
	}
}

func FuzzCurl(f *testing.F) {
	f.Add("curl 'https://x.test/a?b=c' -H 'Authorization: Bearer t' -b 'sid=1' --data-raw $'{\"a\":\"\\u0041\"}'")
	f.Add("curl ^\"https://x.test/v1^\" ^\n -H ^\"A: b^\" --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"\r\n")
	f.Add("curl \"$BASE/x\" -u \"$U:$P\" -G -d a=b --next -F x=@y https://x.test/1/2")
	f.Add("curl x.test/login --json '{\"email\":\"a@b.io\",\"password\":\"{{pw}}\"}'; curl x.test/c/1 -HX-Api-Key:k")
	f.Add("A=b curl.exe \"http://x/%ABCZ%\" -d \"{\"\"a\"\":1}\"")
	f.Fuzz(func(t *testing.T, text string) { hold(t, "-", "curl "+text) })
}
