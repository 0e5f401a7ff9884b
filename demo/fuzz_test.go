package demo

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzCRMSignature holds that what is accepted carries the HMAC of the body
// under a time in the window.
func FuzzCRMSignature(f *testing.F) {
	s := &Server{crmKey: "whsec_fuzz", now: func() time.Time { return time.Unix(1000, 0) }}
	good := signature(s.crmKey, "1000", []byte("{}"))
	for _, header := range []string{"t=1000,v1=" + good, "t=1000,v1=00", "t=,v1=", "t=99999999999999999999,v1=ff", "t=1000,t=1001,v1=a,v1=b", "v1=" + good} {
		f.Add(header, []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		if !s.signedByCRM(header, body) {
			return
		}
		for part := range strings.SplitSeq(header, ",") {
			at, ok := strings.CutPrefix(strings.TrimSpace(part), "t=")
			n, err := strconv.ParseInt(at, 10, 64)
			if ok && err == nil && n >= 700 && n <= 1300 && strings.Contains(header, signature(s.crmKey, at, body)) {
				return
			}
		}
		t.Errorf("accepted %q", header)
	})
}

// FuzzToken holds that nothing is a token but what the server signed: the
// corpus starts from a good one.
func FuzzToken(f *testing.F) {
	now := func() time.Time { return time.Unix(1000, 0) }
	ts, err := newTokens(signingKey(f).private, flawSet{}, now)
	if err != nil {
		f.Fatal(err)
	}
	good, err := ts.sign(claims{Issuer: issuer, Audience: audienceAPI, Subject: "usr_1", Expires: 2000})
	if err != nil {
		f.Fatal(err)
	}
	signed, _, _ := cutLast(good)
	if c, err := ts.verify(good, audienceAPI); err != nil || c.Subject != "usr_1" {
		f.Fatalf("own token: %v", err)
	}
	for _, seed := range []string{good, "", ".", "..", "a.b.c", good + "=", signed + ".", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiIsImp3ayI6e319.e30.AA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := ts.verify(token, audienceAPI)
		if part, _, ok := cutLast(token); err == nil && (!ok || part != signed || c.Subject != "usr_1") {
			t.Errorf("accepted %q as %+v", token, c)
		}
	})
}

// cutLast cuts the signature off.
func cutLast(token string) (signed, sig string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return token, "", false
	}
	return token[:i], token[i+1:], true
}

// FuzzTidied holds that an address that was tidied has nothing left to tidy.
func FuzzTidied(f *testing.F) {
	for _, seed := range []string{"/v1/me", "//v1/me", "/v1/./me", "/v1;a=b/me;c", "/v1/../v1/me/", "", ";", "/;/;/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: path}
		var got string
		tidied(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path })).ServeHTTP(httptest.NewRecorder(), r)
		if !strings.HasPrefix(got, "/") || strings.Contains(got, "//") || strings.Contains(got, ";") || strings.Contains(got+"/", "/../") || strings.Contains(got+"/", "/./") {
			t.Errorf("%q was tidied to %q", path, got)
		}
	})
}

// FuzzDecode holds that a body is taken, or refused as the caller's fault.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"email":"a@b.test","name":"A","role":"member","password":"long enough"}`, "", "null", "[]", `{"email":[]}`, `{"scopes":[1]}`, "{}{}", strings.Repeat("[", 10000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
		in, err := decode[memberIn](r)
		var p *problem
		if err != nil && (!errors.As(err, &p) || p.Status < 400 || p.Status >= 500) {
			t.Errorf("got %v, want a problem of the caller's", err)
		}
		if err == nil && (roleOf(in.Role) < viewer || len(in.Password) < 8 || !json.Valid(body)) {
			t.Errorf("accepted %q as %+v", body, in)
		}
	})
}
