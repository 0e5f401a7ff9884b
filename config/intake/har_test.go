package intake_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config/intake"
)

// step is an exchange of a recording as a test writes it.
type step struct {
	request string // "POST /login {body}"
	header  map[string]string
	cookie  string // "a=b; c=d"
	status  int
	set     []string // Set-Cookie lines
	reply   string
	back    map[string]string // further fields of the reply
	form    bool
}

func tape(t *testing.T, steps ...step) []byte {
	t.Helper()
	entries := []any{}
	for _, s := range steps {
		method, rest, _ := strings.Cut(s.request, " ")
		path, body, _ := strings.Cut(rest, " ")
		fields := func(m map[string]string) []any {
			out := []any{}
			for k, v := range m {
				out = append(out, map[string]any{"name": k, "value": v})
			}
			return out
		}
		sent, jar := fields(s.header), []any{}
		if s.cookie != "" {
			sent = append(sent, map[string]any{"name": "Cookie", "value": s.cookie})
			for part := range strings.SplitSeq(s.cookie, "; ") {
				k, v, _ := strings.Cut(part, "=")
				jar = append(jar, map[string]any{"name": k, "value": v})
			}
		}
		rq := map[string]any{"method": method, "url": "https://acme.test" + path, "headers": sent, "cookies": jar}
		if body != "" {
			media := "application/json"
			if s.form {
				media = "application/x-www-form-urlencoded"
			}
			rq["postData"] = map[string]any{"mimeType": media, "text": body}
		}
		got := fields(s.back)
		for _, c := range s.set {
			got = append(got, map[string]any{"name": "Set-Cookie", "value": c})
		}
		if s.status == 0 {
			s.status = 200
		}
		entries = append(entries, map[string]any{"_resourceType": "fetch", "request": rq,
			"response": map[string]any{"status": s.status, "headers": got, "content": map[string]any{"mimeType": "application/json", "text": s.reply}}})
	}
	b, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, text []byte) *intake.Intake {
	t.Helper()
	in, err := intake.Read("session.har", text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// people writes who was found, with the secrets: for comparison alone.
func people(in *intake.Intake) string {
	var out []string
	for _, id := range in.Identities {
		s := fmt.Sprintf("%s tenant=%s role=%s user=%s", id.Name, id.Tenant, id.Role, id.User)
		for name, v := range map[string]lr.Secret{"password": id.Password, "token": id.Token, "cookie": id.Cookie} {
			if !v.IsZero() {
				s += " " + name + "=" + v.Reveal()
			}
		}
		if id.Send != "" {
			s += " send=" + id.Send
		}
		for name, v := range id.Headers {
			s += " " + name + ":" + v.Reveal()
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func jwt(t *testing.T, claims string) string {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("signature"))
}

const (
	tokenA = "tok-aaaaaaaaaaaaaaaa1"
	tokenB = "tok-bbbbbbbbbbbbbbbb2"
)

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

// TestRecordingTellsWhoItWas walks the ways in which applications sign people in.
func TestRecordingTellsWhoItWas(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps []step
		sign  string // request | json or form | token | send
		who   string // whoami
		want  string
	}{
		{"a token in the reply, sent as bearer", []step{
			{request: `POST /auth/login {"email": "ann@acme.test", "password": "pw-ann", "remember": true}`, reply: `{"data": {"access_token": "` + tokenA + `"}}`},
			{request: "GET /me", header: bearer(tokenA), reply: `{"id": "1", "email": "ann@acme.test", "role": "admin", "tenant": {"id": "t1", "slug": "acme"}}`},
			{request: `POST /auth/login {"email": "bob@globex.test", "password": "pw-bob", "remember": true}`, reply: `{"data": {"access_token": "` + tokenB + `"}}`},
			{request: "GET /me", header: bearer(tokenB), reply: `{"id": "2", "email": "bob@globex.test", "role": "member", "tenant": {"id": "t2", "slug": "globex"}}`},
		}, `POST /auth/login map[email:$user password:$password remember:true] /data/access_token `, "GET /me",
			"acme_admin tenant=acme role=admin user=ann@acme.test password=pw-ann\nglobex_member tenant=globex role=member user=bob@globex.test password=pw-bob"},
		{"a session cookie, and a header of the page", []step{
			{request: `POST /login {"user": "ann", "password": "pw-ann"}`, set: []string{"sid=cookie-of-ann-1; HttpOnly", "theme=dark"}, reply: `{}`},
			{request: "GET /me", cookie: "sid=cookie-of-ann-1; theme=dark", header: map[string]string{"X-Requested-With": "page", "Accept": "*/*"}, reply: `{"username": "ann", "workspace": "Blue Sky"}`},
			{request: `POST /chats {"title": "x"}`, cookie: "sid=cookie-of-ann-1; theme=dark", header: map[string]string{"X-Requested-With": "page"}},
		}, `POST /login map[password:$password user:$user] cookie:sid `, "GET /me", "blue_sky_ann tenant=blue_sky role= user=ann password=pw-ann X-Requested-With:page"},
		{"a form", []step{
			{request: "POST /session username=ann%40acme.test&password=pw-ann&csrf_token=momentary", form: true, status: 302, set: []string{"_app_session=cookie-of-ann-1"}},
			{request: "GET /account", cookie: "_app_session=cookie-of-ann-1", reply: `{"email": "ann@acme.test"}`},
		}, `POST /session map[password:$password username:$user] cookie:_app_session `, "GET /account", "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann"},
		{"a token in a header of its own", []step{
			{request: `POST /login {"login": "ann@acme.test", "password": "pw-ann"}`, back: map[string]string{"X-Auth-Token": tokenA}, reply: `{}`},
			{request: "GET /me", header: map[string]string{"X-Auth-Token": tokenA}, reply: `{"email": "ann@acme.test"}`},
		}, `POST /login map[login:$user password:$password] header:X-Auth-Token X-Auth-Token: {token}`, "GET /me", "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann"},
		{"tokens that nobody saw given", []step{
			{request: "GET /me", header: bearer(jwt(t, `{"email":"ann@acme.test","tid":"acme","role":"owner"}`)), reply: `{"id": 1}`},
			{request: "GET /chats", header: map[string]string{"X-Api-Key": "key-1234567890"}, reply: `[]`},
		}, "", "GET /me", "acme_owner tenant=acme role=owner user=ann@acme.test token=" + jwt(t, `{"email":"ann@acme.test","tid":"acme","role":"owner"}`) +
			"\nrecorded tenant= role= user= token=key-1234567890 send=X-Api-Key: {token}"},
		{"a cookie that nobody saw set", []step{
			{request: "GET /me", cookie: "sid=abcdefghijklmnop; _ga=GA1.2.3", reply: `{"email": "ann@acme.test", "org_id": "o1"}`},
		}, "", "GET /me", "acme_ann tenant=acme role= user=ann@acme.test cookie=sid=abcdefghijklmnop; _ga=GA1.2.3"},
		{"one user who signs in twice, and a refused one", []step{
			{request: `POST /login {"email": "ann@acme.test", "password": "wrong"}`, status: 401, reply: `{"error": "no"}`},
			{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenA + `"}`}, {request: "GET /chats", header: bearer(tokenA)},
			{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenB + `"}`}, {request: "GET /chats", header: bearer(tokenB)},
		}, `POST /login map[email:$user password:$password] /token `, "", "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann"},
		{"a token that was renewed", []step{
			{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenA + `", "refresh_token": "ref-aaaaaaaaaaaaaaaaaa"}`}, {request: "GET /chats", header: bearer(tokenA)},
			{request: `POST /auth/refresh {"refresh_token": "ref-aaaaaaaaaaaaaaaaaa"}`, header: bearer(tokenA), reply: `{"token": "` + tokenB + `"}`}, {request: "GET /chats", header: bearer(tokenB)},
		}, `POST /login map[email:$user password:$password] /token `, "", "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann"},
		{"a sanitised recording", []step{
			{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{}`}, {request: "GET /me", reply: `{"email": "ann@acme.test"}`},
		}, `POST /login map[email:$user password:$password]  `, "GET /me", "acme_ann tenant=acme role= user=ann@acme.test password=pw-ann"},
		{"a password that is changed signs nobody in", []step{
			{request: `POST /auth/password/change {"user": "ann", "password": "new"}`, header: bearer(tokenA), status: 204},
		}, "", "", "recorded tenant= role= user= token=" + tokenA},
		{"users of a mail service have no company", []step{
			{request: `POST /login {"email": "ann@gmail.com", "password": "pw"}`, reply: `{"token": "` + tokenA + `"}`},
		}, `POST /login map[email:$user password:$password]  `, "", "ann tenant= role= user=ann@gmail.com password=pw"},
		{"one customer, told by whoami for one user and by the mail domain for the other", []step{
			{request: "GET /x", header: bearer(jwt(t, `{"email":"bob@acme.test"}`)), reply: `{}`},
			{request: "GET /me", header: bearer(tokenA), reply: `{"email": "ann@acme.test", "tenant": {"id": "t1", "slug": "acme"}}`},
		}, "", "GET /me", "acme_bob tenant=acme role= user=bob@acme.test token=" + jwt(t, `{"email":"bob@acme.test"}`) + "\nacme_ann tenant=acme role= user=ann@acme.test token=" + tokenA},
		{"a user who signs in and one session of the same that nobody saw given", []step{
			{request: "GET /x", header: bearer(jwt(t, `{"email":"ann@gmail.com"}`)), reply: `{}`},
			{request: `POST /login {"email": "ann@gmail.com", "password": "pw"}`, reply: `{"token": "` + tokenA + `"}`}, {request: "GET /me", header: bearer(tokenA), reply: `{"email": "ann@gmail.com", "org_name": "Acme"}`},
		}, "POST /login map[email:$user password:$password] /token ", "GET /me", "acme_ann tenant=acme role= user=ann@gmail.com password=pw"},
		{"two customers that share an opaque id's look", []step{
			{request: "GET /me", header: bearer(tokenA), reply: `{"email": "a@x.acme.co.uk", "tenant_id": "0b8f4a62-6a50-4b6e-9df3-9a2a3f1d7c11"}`},
			{request: "GET /me", header: bearer(tokenB), reply: `{"email": "b@x.acme.co.uk", "tenant_id": "1b8f4a62-6a50-4b6e-9df3-9a2a3f1d7c11"}`},
		}, "", "GET /me", "acme_a tenant=acme role= user=a@x.acme.co.uk token=" + tokenA + "\nacme_2_b tenant=acme_2 role= user=b@x.acme.co.uk token=" + tokenB},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := read(t, tape(t, tc.steps...))
			sign := ""
			if s := in.SignIn; s != nil {
				body := fmt.Sprint(s.JSON)
				if s.Form != nil {
					body = fmt.Sprint(s.Form)
				}
				sign = strings.Join([]string{s.Request, body, s.Token, s.Send}, " ")
			}
			if sign != tc.sign {
				t.Errorf("sign-in: got %q, want %q", sign, tc.sign)
			}
			if got := people(in); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if in.WhoAmI != tc.who || in.Target != "https://acme.test" || in.Spec != "session.har" || in.Format != "HAR 1.2" {
				t.Errorf("got whoami %q of %q by %q, %s", in.WhoAmI, in.Target, in.Spec, in.Format)
			}
		})
	}
}

func TestRecordingTellsWhatItLeavesOut(t *testing.T) {
	in := read(t, tape(t, step{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann", "captcha_token": "momentary", "device": "0b8f4a62-6a50-4b6e-9df3-9a2a3f1d7c11"}`, reply: `{"token": "` + tokenA + `"}`},
		step{request: "GET /healthz"}, step{request: "GET /v1/admin/users"}))
	all := strings.Join(in.Warnings, "\n")
	for _, want := range []string{"also sent captcha_token", "also sent device", "tenant of ann@acme.test is told by the mail domain alone", "no request in it carries a credential"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning says %q: %s", want, all)
		}
	}
	if fmt.Sprint(in.Public, in.Admin) != "[GET /healthz] [/v1/admin/**]" {
		t.Errorf("got public %v, admin %v", in.Public, in.Admin)
	}
	if strings.Contains(all, "momentary") {
		t.Error("a warning tells a secret")
	}
}

func TestOpenReadsFilesAndRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	whole := tape(t, step{request: `POST /login {"email": "ann@acme.test", "password": "pw-ann"}`, reply: `{"token": "` + tokenA + `"}`}, step{request: "GET /me", header: bearer(tokenA)})
	in, err := intake.Open(t.Context(), write("a.har", whole))
	if err != nil || len(in.Identities) != 1 || !strings.Contains(in.Summary(), "https://acme.test; 2 routes; sign-in by POST /login; whoami by GET /me; 1 user in 1 tenant: acme_ann") {
		t.Fatalf("got %+v, %v", in, err)
	}
	for name, tc := range map[string]struct {
		text []byte
		want string
	}{
		"cut.har":   {whole[:len(whole)-30], "the recording ends in the middle"},
		"empty.har": {tape(t), "holds no request"},
		"other.txt": {[]byte("hello"), "no format that is known here"},
	} {
		if _, err := intake.Open(t.Context(), write(name, tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	for _, file := range []string{filepath.Join(dir, "none.har"), dir} {
		if _, err := intake.Open(t.Context(), file); err == nil {
			t.Errorf("%s: no error", file)
		}
	}
}
