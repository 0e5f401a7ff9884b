package export

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestFill(t *testing.T) {
	variable := func(field string) string { return "{{" + field + "}}" }
	for name, c := range map[string]struct {
		body string
		name func(string) string
		want string
		ok   bool
	}{
		"nothing is masked":       {`{"a": 1}`, variable, `{"a": 1}`, true},
		"a password":              {`{"email":"a@x.test","password":"[secret]"}`, variable, `{"email":"a@x.test","password":"{{password}}"}`, true},
		"within":                  {`{"user":{"keys":["[key]"]}}`, variable, `{"user":{"keys":["{{keys}}"]}}`, true},
		"letters that Go escapes": {`{"a":"<&>","b":"[secret]"}`, variable, `{"a":"<&>","b":"{{b}}"}`, true},
		"what is no text":         {`{"a":"[secret]"}`, func(string) string { return `{"lr":[1]}` }, `{"a":{"lr":[1]}}`, true},
		"a part of a text":        {`{"a":"Bearer [secret]"}`, variable, "", false},
		"nobody knows":            {`{"a":"[secret]"}`, func(string) string { return "" }, "", false},
		"no JSON":                 {`a=[secret]`, variable, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := fill(c.body, c.name)
			if ok != c.ok || ok && got != c.want {
				t.Errorf("got %s %t, want %s %t", got, ok, c.want, c.ok)
			}
		})
	}
}

// FuzzFill: what is filled has no mask left, and is JSON where it was.
func FuzzFill(f *testing.F) {
	f.Add(`{"password":"[secret]","a":["[key]",1,null]}`)
	f.Add(`[secret]`)
	f.Fuzz(func(t *testing.T, body string) {
		got, ok := fill(body, func(string) string { return "{{x}}" })
		if ok && masked(body) && (strings.Contains(got, `"[secret]"`) || strings.Contains(got, `"[key]"`) || !json.Valid([]byte(got))) {
			t.Errorf("%q becomes %q", body, got)
		}
	})
}

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		want          []string
	}{
		"nothing":            {`{"a":1}`, `{"a":1}`, nil},
		"a field":            {`{"role":"member","b":1}`, `{"role":"admin","b":1}`, []string{"$['role']"}},
		"within":             {`{"user":{"role":"member"}}`, `{"user":{"role":"admin"}}`, []string{"$['user']['role']"}},
		"gone":               {`{"a":1}`, `{}`, []string{"$['a']"}},
		"a time beside it":   {`{"a":1,"at":"2026-11-26T20:42:10Z"}`, `{"a":2,"at":"2026-11-26T20:42:11Z"}`, []string{"$['a']"}},
		"a time alone":       {`{"at":"2026-11-26T20:42:10Z"}`, `{"at":"2026-11-26T20:42:11Z"}`, []string{"$['at']"}},
		"a name that quotes": {`{"a'b":1}`, `{"a'b":2}`, nil},
		"cut":                {`{"a":1`, `{"a":2}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := changes(object(c.before), object(c.after)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestQuiet(t *testing.T) {
	for name, c := range map[string]struct {
		a, b  string
		alike bool
	}{
		"an id of the request":    {`{"detail":"no such chat","request_id":"req_8p0"}`, `{"detail":"no such chat","request_id":"req_0x7"}`, true},
		"the name that was asked": {`no user lrx12@x.test`, `no user lrx99@x.test`, true},
		"other words":             {`{"detail":"no such account"}`, `{"detail":"the password is wrong"}`, false},
		"a field more":            {`{"detail":"no"}`, `{"detail":"no","hint":"x"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := quiet(c.a) == quiet(c.b); got != c.alike {
				t.Errorf("alike: got %t for %q and %q", got, quiet(c.a), quiet(c.b))
			}
		})
	}
}

func TestFieldHolding(t *testing.T) {
	for name, c := range map[string]struct{ body, value, want string }{
		"the only one":  {`{"id":"inv_1","number":"AC-1001"}`, "AC-1001", "number"},
		"the first":     {`[{"number":"AC-1"},{"number":"AC-2"}]`, "AC-1", "number"},
		"not the first": {`[{"number":"AC-1"},{"number":"AC-2"}]`, "AC-2", ""},
		"a part of one": {`{"number":"AC-1001"}`, "AC-10", ""},
		"masked":        {`{"number":"[secret]"}`, "[secret]", ""},
		"no JSON":       {`<p>AC-1001</p>`, "AC-1001", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fieldHolding(c.body, c.value); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHurlLine(t *testing.T) {
	if got, want := hurlLine("--b\r\n\tx `y` \\ {{canary}}\r\n"), "`--b\\r\\n\\tx \\`y\\` \\\\ {{canary}}\\r\\n`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	border, raw := bordered("multipart/form-data; boundary=a1b2", "--a1b2\r\nx\r\n--a1b2--\r\n")
	if border != "multipart/form-data; boundary=launchready-boundary" || strings.Contains(raw, "a1b2") || !strings.HasSuffix(raw, "--launchready-boundary--\r\n") {
		t.Errorf("got %q\n%q", border, raw)
	}
}

func TestListsUsers(t *testing.T) {
	for name, c := range map[string]struct {
		body, witness string
		want          bool
	}{
		"an address":       {`{"email":"lr18564@acme.test"}`, "lr18564", true},
		"a login":          {`{"user_name":"lr18564"}`, "lr18564", true},
		"a title":          {`{"title":"lr18564"}`, "lr18564", false},
		"in another field": {`{"email":"a@x.test","name":"lr18564"}`, "lr18564", false},
		"no JSON":          {`lr18564`, "lr18564", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := listsUsers(lr.EvidenceItem{Response: "HTTP/1.1 200 OK\n\n" + c.body, Witness: []string{c.witness}}); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
