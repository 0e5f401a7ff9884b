package launchready_test

import (
	"testing"

	lr "github.com/launchready/launchready"
)

func TestProviderFailing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		p          lr.Provider
		path, body string
	}{
		{"a body", lr.Provider{Fail: lr.Request{Method: "PUT", Path: "/fault"}, FailBody: map[string]any{"status": "$status", "calls": "$calls"}}, "/fault", `{"calls":7,"status":503}`},
		{"nested", lr.Provider{Fail: lr.Request{Method: "POST", Path: "/__admin/mappings"}, FailBody: map[string]any{"response": map[string]any{"status": "$status", "body": "n=$calls"}, "a": []any{"$calls", true}}},
			"/__admin/mappings", `{"a":[7,true],"response":{"body":"n=7","status":503}}`},
		{"the path", lr.Provider{Fail: lr.Request{Method: "POST", Path: "/fail/$status?n=$calls"}}, "/fail/503?n=7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := c.p.Failing(503, 7)
			if err != nil || r.Path != c.path || string(r.Body) != c.body {
				t.Errorf("got %s %s %v, want %s %s", r.Path, r.Body, err, c.path, c.body)
			}
			if want := map[bool]string{true: "application/json"}[c.body != ""]; r.Header.Get("Content-Type") != want {
				t.Errorf("got media type %q, want %q", r.Header.Get("Content-Type"), want)
			}
			if c.p.Fail.Body != nil || c.p.Fail.Header != nil {
				t.Error("the template was changed")
			}
		})
	}
}
