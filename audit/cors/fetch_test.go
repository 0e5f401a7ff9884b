package cors

import (
	"net/http"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// fields makes a header of "Name: value" lines; a name may come twice.
func fields(lines ...string) http.Header {
	h := http.Header{}
	for _, l := range lines {
		name, v, _ := strings.Cut(l, ": ")
		h.Add(name, v)
	}
	return h
}

// TestCORSCheck walks Fetch, 4.10, step by step.
func TestCORSCheck(t *testing.T) {
	const page = "https://app.example.com"
	const creds = "Access-Control-Allow-Credentials: true"
	allow := func(v string) string { return "Access-Control-Allow-Origin: " + v }
	for _, c := range []struct {
		clause string
		header []string
		origin string
		plain  bool // without credentials
		creds  bool // with them
	}{
		{"step 2: there is no field", nil, page, false, false},
		{"step 2: credentials alone allow nothing", []string{creds}, page, false, false},
		{"step 3: a wildcard, mode not include", []string{allow("*")}, page, true, false},
		{"step 3: a wildcard is refused with credentials", []string{allow("*"), creds}, page, true, false},
		{"step 4: the origin itself", []string{allow(page), creds}, page, true, true},
		{"step 4: another origin", []string{allow("https://other.example.com"), creds}, page, false, false},
		{"step 4: another scheme", []string{allow("http://app.example.com"), creds}, page, false, false},
		{"step 4: another port", []string{allow(page + ":8443"), creds}, page, false, false},
		{"step 4: case is not folded", []string{allow("https://APP.example.com"), creds}, page, false, false},
		{"step 4: a slash at the end", []string{allow(page + "/"), creds}, page, false, false},
		{"step 4: a pattern is no origin", []string{allow("https://*.example.com"), creds}, page, false, false},
		{"step 4: a list in one line", []string{allow(page + ", https://b.example.com"), creds}, page, false, false},
		{"step 4: a list with spaces", []string{allow(page + " https://b.example.com"), creds}, page, false, false},
		{"get a header: two lines are joined", []string{allow(page), allow(page), creds}, page, false, false},
		{"get a header: two wildcards are joined", []string{allow("*"), allow("*")}, page, false, false},
		{"get a header: spaces around are dropped", []string{allow("  " + page + "\t"), creds}, page, true, true},
		{"step 4: an opaque origin is null", []string{allow("null"), creds}, "null", true, true},
		{"step 4: null for a page that has an origin", []string{allow("null"), creds}, page, false, false},
		{"step 4: NULL is not null", []string{allow("NULL"), creds}, "null", false, false},
		{"step 5: no credentials asked for", []string{allow(page)}, page, true, false},
		{"step 7: True is not true", []string{allow(page), "Access-Control-Allow-Credentials: True"}, page, true, false},
		{"step 7: 1 is not true", []string{allow(page), "Access-Control-Allow-Credentials: 1"}, page, true, false},
		{"step 7: true twice is not true", []string{allow(page), creds, creds}, page, true, false},
		{"step 7: spaces around are dropped", []string{allow(page), "Access-Control-Allow-Credentials:  true "}, page, true, true},
		{"an empty value", []string{allow(""), creds}, page, false, false},
	} {
		t.Run(c.clause, func(t *testing.T) {
			h := fields(c.header...)
			if got := permits(h, c.origin, false); got != c.plain {
				t.Errorf("without credentials: got %v, want %v", got, c.plain)
			}
			if got := permits(h, c.origin, true); got != c.creds {
				t.Errorf("with credentials: got %v, want %v", got, c.creds)
			}
		})
	}
}

// TestPreflight walks Fetch, 4.8.
func TestPreflight(t *testing.T) {
	const page = "https://app.example.com"
	ok := []string{"Access-Control-Allow-Origin: " + page, "Access-Control-Allow-Credentials: true"}
	star := []string{"Access-Control-Allow-Origin: *"}
	for _, c := range []struct {
		clause      string
		status      int
		header      []string
		credentials bool
		method      string
		fields      []string
		want        bool
	}{
		{"step 7: a CORS check that fails", 204, nil, true, "GET", nil, false},
		{"step 7: a status that is not ok", 403, ok, true, "GET", nil, false},
		{"step 7: a redirect", 302, ok, true, "GET", nil, false},
		{"a safelisted method needs no list", 200, ok, true, "POST", nil, true},
		{"another method needs one", 200, ok, true, "DELETE", nil, false},
		{"a method of the list", 200, append(ok, "Access-Control-Allow-Methods: PUT, DELETE"), true, "DELETE", nil, true},
		{"methods have a case", 200, append(ok, "Access-Control-Allow-Methods: delete"), true, "DELETE", nil, false},
		{"a wildcard is no method with credentials", 200, append(ok, "Access-Control-Allow-Methods: *"), true, "DELETE", nil, false},
		{"a wildcard is every method without", 200, append(star, "Access-Control-Allow-Methods: *"), false, "DELETE", nil, true},
		{"a list that is none", 200, append(ok, "Access-Control-Allow-Methods: DELETE; PUT"), true, "DELETE", nil, false},
		{"two lines are one list", 200, append(ok, "Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Methods: DELETE"), true, "DELETE", nil, true},
		{"a field of the list, in any case", 200, append(ok, "Access-Control-Allow-Headers: X-Tenant"), true, "GET", []string{"x-tenant"}, true},
		{"a field that is not on it", 200, append(ok, "Access-Control-Allow-Headers: X-Tenant"), true, "GET", []string{"x-other"}, false},
		{"a wildcard is no field with credentials", 200, append(ok, "Access-Control-Allow-Headers: *"), true, "GET", []string{"x-tenant"}, false},
		{"a wildcard is every field without", 200, append(star, "Access-Control-Allow-Headers: *"), false, "GET", []string{"x-tenant"}, true},
		{"but not Authorization", 200, append(star, "Access-Control-Allow-Headers: *"), false, "GET", []string{"Authorization"}, false},
		{"Authorization by name", 200, append(star, "Access-Control-Allow-Headers: *, authorization"), false, "GET", []string{"Authorization"}, true},
		{"fields that are no list", 200, append(ok, "Access-Control-Allow-Headers: a b"), true, "GET", nil, false},
	} {
		t.Run(c.clause, func(t *testing.T) {
			x := &lr.Exchange{Status: c.status, Header: fields(c.header...)}
			if got := clears(x, page, c.credentials, c.method, c.fields...); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if clears(nil, page, false, "GET") {
		t.Error("no answer clears a request")
	}
}

func TestVariesAndStored(t *testing.T) {
	for value, want := range map[string]bool{"Vary: Origin": true, "Vary: origin": true, "Vary: Accept, ORIGIN": true, "Vary: *": true, "Vary: Accept-Encoding": false, "Vary: Origins": false, "Vary: ": false} {
		if got := varies(fields(value)); got != want {
			t.Errorf("%s: got %v, want %v", value, got, want)
		}
	}
	if !varies(fields("Vary: Accept", "Vary: Origin")) {
		t.Error("the second line of Vary is not read")
	}
	for name, c := range map[string]struct {
		status int
		header []string
		want   bool
	}{
		"a lifetime":                      {200, []string{"Cache-Control: public, max-age=60"}, true},
		"a lifetime for shared caches":    {200, []string{"Cache-Control: s-maxage=1"}, true},
		"a lifetime in quotes":            {200, []string{`Cache-Control: max-age="60"`}, true},
		"an end":                          {200, []string{"Expires: Wed, 21 Oct 2099 07:28:00 GMT"}, true},
		"a date to guess from":            {200, []string{"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"}, true},
		"nothing":                         {200, nil, false},
		"no lifetime":                     {200, []string{"Cache-Control: max-age=0, must-revalidate", "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"}, false},
		"an end that was":                 {200, []string{"Expires: 0"}, false},
		"not to be kept":                  {200, []string{"Cache-Control: max-age=60, no-store"}, false},
		"to be asked for again":           {200, []string{"Cache-Control: no-cache", "Expires: Wed, 21 Oct 2099 07:28:00 GMT"}, false},
		"a lifetime that is no number":    {200, []string{"Cache-Control: max-age=soon"}, false},
		"a refusal, which is of no worth": {404, []string{"Cache-Control: max-age=60"}, false},
	} {
		if got := stored(&lr.Exchange{Status: c.status, Header: fields(c.header...)}); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// FuzzFields reads what any server may send: nothing breaks, and what is let in
// with credentials is let in without, and never by a wildcard.
func FuzzFields(f *testing.F) {
	f.Add("https://app.example.com", "true", "GET, PUT", "x-a, *", "https://app.example.com")
	f.Add("*", "true", "*", "*", "null")
	f.Add("null", "TRUE", ",,,", "\x00", "null")
	f.Add("https://[::1]:99999", "", "(", "é", "https://[::1]:99999")
	f.Fuzz(func(t *testing.T, origin, credentials, methods, names, page string) {
		h := http.Header{"Access-Control-Allow-Origin": {origin}, "Access-Control-Allow-Credentials": {credentials}, "Access-Control-Allow-Methods": {methods}, "Access-Control-Allow-Headers": {names}, "Vary": {names}, "Cache-Control": {methods}}
		if permits(h, page, true) {
			if !permits(h, page, false) {
				t.Error("let in with credentials and not without")
			}
			if page != "*" && strings.TrimSpace(origin) == "*" {
				t.Error("a wildcard let credentials in")
			}
		}
		x := &lr.Exchange{Status: 200, Header: h}
		if clears(x, page, true, "PUT", "x-a") && !clears(x, page, false, "PUT", "x-a") {
			t.Error("cleared with credentials and not without")
		}
		values, ok := list(h, allowMethods)
		for _, v := range values {
			if !ok || !token(v) {
				t.Errorf("%q is no token", v)
			}
		}
		varies(h)
		stored(x)
	})
}

// FuzzOrigin reads what a page or an answer may name: what is an origin is
// written as it is read, and its neighbours are others.
func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"https://app.example.com", "http://localhost:3000", "https://[::1]:8443", "https://a.b.co.uk", "null", "https://*.example.com", "https://exa mple.com", "HTTPS://APP.EXAMPLE.COM:443"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, ok := parse(s)
		if !ok {
			return
		}
		again, ok := parse(o.String())
		if !ok || again != o {
			t.Fatalf("%q is written as %q, which reads as %+v", s, o, again)
		}
		for _, list := range [][]string{o.begins(), o.ends(), o.below(), o.plain(), o.beside()} {
			for _, n := range list {
				if n == o.String() {
					t.Errorf("%q is its own neighbour", n)
				}
			}
		}
	})
}
