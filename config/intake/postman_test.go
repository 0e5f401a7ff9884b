package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/launchready/launchready/config/intake"
)

func collection(more string, items ...string) []byte {
	return []byte(`{"info": {"name": "Acme API", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, ` + more + `"item": [` + strings.Join(items, ",") + `]}`)
}

func environment(name string, values ...string) []byte {
	var list []string
	for i := 0; i < len(values); i += 2 {
		list = append(list, fmt.Sprintf(`{"key": %q, "value": %q, "enabled": true}`, values[i], values[i+1]))
	}
	return []byte(fmt.Sprintf(`{"name": %q, "values": [%s], "_postman_variable_scope": "environment"}`, name, strings.Join(list, ",")))
}

const (
	withBearer = `"auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]}, `
	signIn     = `{"name": "Sign in", "event": [{"listen": "test", "script": {"exec": ["pm.environment.set('token', pm.response.json().session.jwt)"]}}],
		"request": {"method": "POST", "auth": {"type": "noauth"}, "url": "{{baseUrl}}/auth/login", "body": {"mode": "raw", "raw": "{\"email\": \"{{email}}\", \"password\": \"{{password}}\", \"remember\": true}"}}}`
	me    = `{"name": "Me", "request": "{{baseUrl}}/me"}`
	chats = `{"name": "Chats", "request": "{{baseUrl}}/chats"}`
)

// TestCollectionTellsWhoAsks walks the ways in which collections keep credentials.
func TestCollectionTellsWhoAsks(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files [][]byte
		sign  string
		want  string
	}{
		{"signing in, with an environment of each user", [][]byte{collection(withBearer, signIn, me, chats),
			environment("Acme", "baseUrl", "https://acme.test", "email", "ann@acme.test", "password", "pw-ann"),
			environment("Globex", "baseUrl", "https://acme.test", "email", "bob@globex.test", "password", "pw-bob", "tenant", "Globex GmbH", "role", "admin")},
			"POST /auth/login map[email:$user password:$password remember:true] /session/jwt",
			"acme_ann tenant=acme role= user=ann@acme.test password=pw-ann\nglobex_gmbh_admin tenant=globex_gmbh role=admin user=bob@globex.test password=pw-bob"},
		{"tokens in environments", [][]byte{environment("Acme member", "token", "tok-1", "tenant", "acme"), collection(withBearer, me), environment("Globex member", "token", "tok-2", "tenant", "globex", "baseUrl", "https://acme.test")},
			"", "acme_acme_member tenant=acme role=acme_member user= token=tok-1\nglobex_globex_member tenant=globex role=globex_member user= token=tok-2"},
		{"auth of folders", [][]byte{collection(`"variable": [{"key": "baseUrl", "value": "https://acme.test"}], `,
			`{"name": "As Acme", "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "X-Key"}, {"key": "value", "value": "k-1"}]}, "item": [`+me+`]}`,
			`{"name": "As Globex", "auth": {"type": "basic", "basic": [{"key": "username", "value": "bob@globex.test"}, {"key": "password", "value": "pw"}]}, "item": [`+me+`]}`,
			`{"name": "Machine", "auth": {"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "tok-3"}, {"key": "headerPrefix", "value": "Token"}]}, "item": [`+me+`]}`,
			`{"name": "Query", "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "k"}, {"key": "value", "value": "k-4"}, {"key": "in", "value": "query"}]}, "item": [`+me+`]}`)},
			"", "as_acme tenant= role=as_acme user= token=k-1 send=X-Key: {token}\nglobex_bob tenant=globex role= user=bob@globex.test token=Ym9iQGdsb2JleC50ZXN0OnB3 send=Authorization: Basic {token}\n" +
				"machine tenant= role=machine user= token=tok-3 send=Authorization: Token {token}\nquery tenant= role=query user= token=k-4 send=Query: k={token}"},
		{"names of variables alone", [][]byte{collection(withBearer, signIn, me)}, "POST /auth/login map[email:$user password:$password remember:true] /session/jwt", ""},
		{"an environment alone", [][]byte{environment("Acme", "baseUrl", "https://acme.test", "access_token", jwt(t, `{"email": "ann@acme.test", "org": "acme"}`))}, "", "acme_ann tenant=acme role= user=ann@acme.test token=" + jwt(t, `{"email": "ann@acme.test", "org": "acme"}`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var all []*intake.Intake
			for i, f := range tc.files {
				in, err := intake.Read(fmt.Sprint(i, ".json"), f)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, in)
			}
			in, err := intake.Merge(all...)
			if err != nil {
				t.Fatal(err)
			}
			sign := ""
			if s := in.SignIn; s != nil {
				sign = fmt.Sprint(s.Request, " ", s.JSON, " ", s.Token)
			}
			if sign != tc.sign {
				t.Errorf("sign-in: got %q, want %q", sign, tc.sign)
			}
			if got := people(in); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if wantTarget := map[bool]string{true: "https://acme.test"}[tc.name != "names of variables alone"]; in.Target != wantTarget {
				t.Errorf("got target %q, want %q", in.Target, wantTarget)
			}
			if warned := strings.Contains(strings.Join(in.Warnings, ""), "give the environment that fills them"); warned != (tc.want == "") {
				t.Errorf("got warnings %q", in.Warnings)
			}
		})
	}
}

func TestReadRefusesWhatIsNoCollection(t *testing.T) {
	whole := collection("", me)
	for name, tc := range map[string]struct {
		text []byte
		want string
	}{
		"cut":         {whole[:len(whole)-9], "the file ends in the middle"},
		"version one": {[]byte(`{"id": "1", "order": [], "requests": []}`), "version 1.0: export it as Collection v2.1"},
		"empty":       {collection(""), "holds no request"},
		"cut env":     {environment("Acme", "a", "b")[:60], "no format that is known here"},
	} {
		if _, err := intake.Read(name+".json", tc.text); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), name+".json") {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestMergeTakesEachUserOnce(t *testing.T) {
	recorded := read(t, tape(t, step{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenA + `"}`}, step{request: "GET /me", header: bearer(tokenA), reply: `{"email": "ann@acme.test"}`}))
	again := read(t, tape(t, step{request: `POST /login {"email": "ANN@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenB + `"}`}, step{request: "GET /other", header: bearer(tokenB)},
		step{request: `POST /login {"email": "bob@acme.test", "password": "pw-bob"}`, reply: `{"token": "tok-cccccccccccccc"}`}))
	again.Spec = "second.har"
	in, err := intake.Merge(recorded, again)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := people(in), "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann\nacme_bob tenant=acme role= user=bob@acme.test password=pw-bob"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if in.Spec != "session.har" || !strings.Contains(strings.Join(in.Warnings, "\n"), "second.har describes routes too; those of session.har are asked") {
		t.Errorf("got %q, %q", in.Spec, in.Warnings)
	}
}
