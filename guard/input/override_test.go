package input_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
)

// TestOverride: a body that names another method, as some frameworks let it, is taken
// where the policy has the same route for that, and nowhere else.
func TestOverride(t *testing.T) {
	const js, form, parts = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	multi := func(field, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + value + "\r\n--b--\r\n"
	}
	described := check(t, false, false)
	for name, c := range map[string]struct {
		check           input.Check
		path, kind, say string
		want            int
	}{
		"a form":                      {input.Check{}, "/two", form, "a=b&_method=DELETE", 400},
		"a form in another case":      {input.Check{}, "/two", form, "_METHOD=delete", 400},
		"a form, escaped":             {input.Check{}, "/two", form, "%5Fm%65thod=DELETE", 400},
		"a form of all methods":       {input.Check{}, "/all", form, "_method=DELETE", 200},
		"a form with its own":         {input.Check{}, "/two", form, "_method=POST", 200},
		"a form without":              {input.Check{}, "/two", form, "a=b", 200},
		"JSON":                        {input.Check{}, "/two", js, `{"_method":"DELETE"}`, 400},
		"JSON, escaped":               {input.Check{}, "/two", js, `{"\u005fm\u0065thod":"DELETE"}`, 400},
		"JSON in another case":        {input.Check{}, "/two", js, `{"_METHOD":"DELETE"}`, 400},
		"JSON of all methods":         {input.Check{}, "/all", js, `{"_method":"DELETE"}`, 200},
		"JSON, no text":               {input.Check{}, "/two", js, `{"_method":1}`, 200},
		"JSON, a value":               {input.Check{}, "/two", js, `{"a":"_method"}`, 200},
		"described JSON":              {described, "/v1/open", js, `{"_method":"DELETE"}`, 400},
		"described JSON without":      {described, "/v1/open", js, `{"a":"b"}`, 200},
		"described form":              {described, "/v1/chats", form, `title=a&_method=DELETE`, 400},
		"described form without":      {described, "/v1/chats", form, `title=a`, 200},
		"parts":                       {input.Check{Uploads: input.Uploads{}.Filled()}, "/two", parts, multi("_method", "DELETE"), 400},
		"parts with another name":     {input.Check{Uploads: input.Uploads{}.Filled()}, "/two", parts, multi("method", "DELETE"), 200},
		"parts of all methods' route": {input.Check{Uploads: input.Uploads{}.Filled()}, "/all", parts, multi("_method", "DELETE"), 200},
	} {
		p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Checks: []guard.Check{c.check}, Dial: probe(nil), Routes: []*guard.Route{
			{Pattern: "/two", Methods: []string{"POST"}}, {Pattern: "/two", Methods: []string{"DELETE"}, Roles: []string{"admin"}}, {Pattern: "/all"}, {Pattern: "/v1/{name}", Methods: []string{"POST"}}}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.say))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != c.want || w.Code == 200 && w.Body.String() != c.say {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
	}
}
