package signin

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

func TestParseSend(t *testing.T) {
	for in, want := range map[string]place{
		"":                              {"header", "Authorization", "Bearer {token}"},
		"Authorization: Bearer {token}": {"header", "Authorization", "Bearer {token}"},
		"X-API-Key: {token}":            {"header", "X-API-Key", "{token}"},
		"authorization:Token={token};v": {"header", "authorization", "Token={token};v"},
		"Cookie: sid={token}":           {"cookie", "sid", "{token}"},
		"cookie: sid=s%3A{token}.x":     {"cookie", "sid", "s%3A{token}.x"},
		"Query: access_token={token}":   {"query", "access_token", "{token}"},
	} {
		got, err := parseSend(in)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"Bearer {token}", "Authorization: Bearer", "Authorization: {token} {token}", "A B: {token}", ": {token}",
		"Cookie: {token}", "Cookie: a b={token}", "Cookie: {token}=x", "Query: ={token}", "X: a\r\nY: {token}", "Au\nth: {token}"} {
		if got, err := parseSend(in); err == nil {
			t.Errorf("%q: got %+v, want an error", in, got)
		}
	}
}

func TestPointer(t *testing.T) {
	// The document and the pointers of RFC 6901, 5.
	doc, ok := decode([]byte(`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`))
	if !ok {
		t.Fatal("the document is no JSON")
	}
	for ptr, want := range map[string]any{"/foo/0": "bar", "/": json.Number("0"), "/a~1b": json.Number("1"), "/c%d": json.Number("2"),
		"/e^f": json.Number("3"), "/g|h": json.Number("4"), `/i\j`: json.Number("5"), `/k"l`: json.Number("6"), "/ ": json.Number("7"), "/m~0n": json.Number("8")} {
		if got, err := pointer(doc, ptr); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", ptr, got, err, want)
		}
	}
	for _, ptr := range []string{"foo", "/none", "/foo/2", "/foo/-1", "/foo/00", "/foo/+1", "/foo/x", "/foo/0/x", "/a~01b"} {
		if got, err := pointer(doc, ptr); err == nil {
			t.Errorf("%q: got %v, want an error", ptr, got)
		}
	}
}

func TestFoundToken(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		header http.Header
		want   string
	}{
		"access_token":               {`{"access_token":"t1","token_type":"bearer","id":"x"}`, nil, "t1"},
		"camel case":                 {`{"accessToken":"t1"}`, nil, "t1"},
		"jwt":                        {`{"jwt":"t1"}`, nil, "t1"},
		"auth_token":                 {`{"status":"success","message":"in","auth_token":"t1"}`, nil, "t1"},
		"data.token":                 {`{"data":{"token":"t1"}}`, nil, "t1"},
		"data.tokens.access_token":   {`{"data":{"tokens":{"access_token":"t1"}}}`, nil, "t1"},
		"token as an object":         {`{"token":{"access_token":"t1"}}`, nil, "t1"},
		"user.token":                 {`{"user":{"email":"a","token":"t1"}}`, nil, "t1"},
		"access before id":           {`{"id_token":"no","access_token":"t1"}`, nil, "t1"},
		"id_token alone":             {`{"id_token":"t1"}`, nil, "t1"},
		"scheme in the value":        {`{"token":"Bearer t1"}`, nil, "t1"},
		"GraphQL":                    {`{"data":{"tokenAuth":{"token":"t1","user":{"id":"1"}}}}`, nil, "t1"},
		"GraphQL errors":             {`{"errors":[{"message":"no"}],"data":{"tokenAuth":null}}`, nil, ""},
		"number is no token":         {`{"data":{"page":{"token":7}}}`, nil, ""},
		"Sanctum":                    {`{"token":"1|abcdef"}`, nil, "1|abcdef"},
		"Parse":                      {`{"objectId":"x","sessionToken":"r:t1"}`, nil, "r:t1"},
		"Django REST":                {`{"key":"t1"}`, nil, "t1"},
		"JSON text":                  {`"aaaabbbbccccdddd"`, nil, "aaaabbbbccccdddd"},
		"plain text":                 {"aaaabbbbccccdddd\n", nil, "aaaabbbbccccdddd"},
		"header":                     {`{}`, http.Header{"X-Access-Token": {"t1"}}, "t1"},
		"header with scheme":         {``, http.Header{"Authorization": {"Bearer t1"}}, "t1"},
		"a page is no token":         {"<html>hello world and more</html>", nil, ""},
		"a short word is no token":   {"ok", nil, ""},
		"an error is no token":       {`{"error":"bad credentials"}`, nil, ""},
		"null is no token":           {`{"token":null}`, nil, ""},
		"an empty token is no token": {`{"token":""}`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := &lr.Exchange{Status: 200, Header: tc.header, Body: []byte(tc.body)}
			if x.Header == nil {
				x.Header = http.Header{}
			}
			got, err := (&Method{}).read(x, time.Unix(0, 0), nil)
			if got.token != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, %v, want %q", got.token, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "bad credentials") {
				t.Errorf("the error quotes the reply: %v", err)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"":                              {},
		"900":                           now.Add(15 * time.Minute),
		"899.5":                         now.Add(899*time.Second + 500*time.Millisecond),
		"1777640400":                    time.Unix(1777640400, 0),
		"1777640400000":                 time.Unix(1777640400, 0),
		"2026-05-01T13:00:00Z":          now.Add(time.Hour),
		"2026-05-01T13:00:00.5Z":        now.Add(time.Hour + 500*time.Millisecond),
		"Fri, 01 May 2026 13:00:00 UTC": now.Add(time.Hour),
		"0":                             {},
		"-5":                            {},
		"1e300":                         {},
		"NaN":                           {},
		"never":                         {},
	} {
		if got := expiry(in, now); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

func TestReadForm(t *testing.T) {
	for name, tc := range map[string]struct {
		page string
		want form
		ok   bool
	}{
		"usual": {`<form action="/in"><input type="hidden" name="t" value="1&amp;2"><input name="u"><input type="password" name="p"></form>`,
			form{action: "/in", user: "u", password: "p", fields: map[string][]string{"t": {"1&2"}}}, true},
		"second form":       {`<form><input name=q></form><form><INPUT TYPE=Password NAME=p></form>`, form{password: "p", fields: map[string][]string{}}, true},
		"token in meta":     {`<meta name="csrf-token" content="abc"><form><input type=email name=e><input type=password name=p></form>`, form{user: "e", password: "p", csrf: "abc", fields: map[string][]string{}}, true},
		"no password field": {`<form><input name=q></form>`, form{}, false},
		"no form":           {`<input type=password name=p>`, form{}, false},
		"nothing":           {``, form{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := readForm([]byte(tc.page))
			if ok != tc.ok || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, %v, want %+v, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestWhoAmIShapes(t *testing.T) {
	for name, tc := range map[string]struct{ body, user, tenant string }{
		"nested":              {`{"user":{"id":"u1","email":"e"},"tenant":{"id":"t1"}}`, "u1", "t1"},
		"flat":                {`{"id":"u1","tenant_id":"t1"}`, "u1", "t1"},
		"numbers":             {`{"id":12345678901234567890,"org_id":7}`, "12345678901234567890", "7"},
		"wrapped":             {`{"data":{"user":{"uuid":"u1","organization":{"id":"t1"}}}}`, "u1", "t1"},
		"user before the top": {`{"id":"request-1","user":{"id":"u1"}}`, "u1", ""},
		"list of tenants":     {`{"sub":"u1","organizations":[{"id":"t1"},{"id":"t2"}]}`, "u1", "t1"},
		"name of the tenant":  {`{"username":"name1","company":"acme"}`, "name1", "acme"},
		"nobody":              {`{"user":null}`, "", ""},
		"a text":              {`"hello"`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc, _ := decode([]byte(tc.body))
			s := &session{account: &lr.Account{}}
			s.learn(doc)
			if s.account.UserID != tc.user || s.account.TenantID != tc.tenant {
				t.Errorf("got user %q tenant %q, want %q %q", s.account.UserID, s.account.TenantID, tc.user, tc.tenant)
			}
		})
	}
}

func TestFlattenIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	wide := `{"x":[` + strings.Repeat(`{"a":1,"b":2},`, 5000) + `0]}`
	for _, body := range []string{deep, wide, `{"long":"` + strings.Repeat("x", 5000) + `"}`} {
		doc, _ := decode([]byte(body))
		got := map[string]string{}
		flatten(got, "", doc, 0)
		if len(got) > 300 {
			t.Errorf("kept %d values", len(got))
		}
		for _, v := range got {
			if len(v) > 1024 {
				t.Errorf("kept a value of %d bytes", len(v))
			}
		}
	}
}

func FuzzParseSend(f *testing.F) {
	for _, s := range []string{"", "Authorization: Bearer {token}", "Cookie: a={token}", "Query: a={token}", "X:{token}", "Cookie: {token}", ":", "a: {token}{token}"} {
		f.Add(s, "tok")
	}
	f.Fuzz(func(t *testing.T, s, token string) {
		p, err := parseSend(s)
		if err != nil {
			return
		}
		c := p.carry(token)
		if len(c.Header)+len(c.Cookie)+len(c.Query) != 1 {
			t.Fatalf("%q: %d places", s, len(c.Header)+len(c.Cookie)+len(c.Query))
		}
		for _, m := range []map[string]lr.Secret{c.Header, c.Cookie, c.Query} {
			for k, v := range m {
				if !tokenName(k) || !strings.Contains(v.Reveal(), token) {
					t.Errorf("%q: %q does not carry the token", s, k)
				}
			}
		}
	})
}

func FuzzPointer(f *testing.F) {
	f.Add([]byte(`{"a":{"b":["x"]}}`), "/a/b/0")
	f.Add([]byte(`[1]`), "/-")
	f.Add([]byte(`{"":{"":1}}`), "//")
	f.Add([]byte(`null`), "")
	f.Add([]byte(`{"a~b":1}`), "/a~0b")
	f.Fuzz(func(t *testing.T, body []byte, ptr string) {
		doc, ok := decode(body)
		if !ok {
			return
		}
		v, err := pointer(doc, ptr)
		if err == nil && ptr == "" && !reflect.DeepEqual(v, doc) {
			t.Error("the empty pointer is the document")
		}
		if err == nil && ptr != "" && !strings.HasPrefix(ptr, "/") {
			t.Errorf("%q was taken for a pointer", ptr)
		}
		x := &lr.Exchange{Status: 200, Header: http.Header{}, Body: body}
		m := &Method{Token: ptr}
		if got, err := m.read(x, time.Unix(0, 0), nil); err == nil && got.token == "" {
			t.Error("a reply without token and cookie was accepted")
		}
	})
}

func FuzzClaims(f *testing.F) {
	b := base64.RawURLEncoding.EncodeToString
	f.Add(b([]byte(`{"alg":"none"}`)) + "." + b([]byte(`{"sub":"u","exp":1777640400}`)) + ".")
	f.Add("a.b.c")
	f.Add("..")
	f.Add(b([]byte(`{}`)) + "." + b([]byte(`{"exp":"1e400"}`)) + ".x")
	f.Fuzz(func(t *testing.T, s string) {
		c := claims(s)
		if c != nil && strings.Count(s, ".") != 2 {
			t.Errorf("%q was taken for a JWT", s)
		}
		claimedExpiry(c, time.Unix(0, 0))
		st := &session{account: &lr.Account{}, cred: lr.Credential{Token: lr.NewSecret(s)}}
		st.learn(nil)
	})
}
