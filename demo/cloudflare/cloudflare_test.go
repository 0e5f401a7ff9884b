package cloudflare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/cloudflare"
)

const (
	write = "token-that-may-write"
	look  = "token-that-may-read"
	id    = "z1"
)

// api is a stand-in with one zone, and a client of it.
type api struct {
	t      *testing.T
	server *cloudflare.Server
	told   int
}

func open(t *testing.T) *api {
	t.Helper()
	a := &api{t: t}
	ten := uint16(10)
	s, err := cloudflare.New(cloudflare.Options{Token: write, Read: look, Expires: "2027-01-01T00:00:00Z", Page: 2, Changed: func(*cloudflare.Zone) { a.told++ }, Zones: []*cloudflare.Zone{{
		ID: id, Name: "harbor.test", DNSSEC: "active", Settings: map[string]any{"ssl": "full"},
		Records: []cloudflare.Record{
			{Name: "harbor.test", Type: "A", Content: "192.0.2.1"}, {Name: "harbor.test", Type: "TXT", Content: `"a"`, TTL: 300},
			{Name: "harbor.test", Type: "MX", Content: "mx.harbor.test", Priority: &ten}, {Name: "www.harbor.test", Type: "CNAME", Content: "harbor.test"},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	a.server = s
	return a
}

// ask sends a request; the answer is "200 result" or "status code message".
func (a *api) ask(token, method, path, body string) string {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var env struct {
		Success bool
		Errors  []struct {
			Code    int
			Message string
		}
		Result json.RawMessage
	}
	if err := json.Unmarshal(text, &env); err != nil {
		a.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	if bytes.Contains(text, []byte(write)) || bytes.Contains(text, []byte(look)) {
		a.t.Errorf("%s %s shows a token", method, path)
	}
	if env.Success != (len(env.Errors) == 0) || env.Success != (resp.StatusCode < 300) {
		a.t.Errorf("%s %s: %d, and its envelope says otherwise: %s", method, path, resp.StatusCode, text)
	}
	if !env.Success {
		return fmt.Sprint(resp.StatusCode, " ", env.Errors[0].Code, " ", env.Errors[0].Message)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(env.Result))
}

// TestRefusals are those of the real API, each by its code.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ token, method, path, body, want string }{
		"no token":               {"", "GET", "/zones", "", "403 9109"},
		"another token":          {"x", "GET", "/zones", "", "403 9109"},
		"one that only reads":    {look, "PATCH", "/zones/z1/settings/ssl", `{"value":"off"}`, "403 10000"},
		"another zone":           {write, "GET", "/zones/z2", "", "404 1001"},
		"nothing there":          {write, "GET", "/accounts", "", "404 7003"},
		"a setting that is none": {write, "PATCH", "/zones/z1/settings/sssl", `{"value":"x"}`, "400 1003"},
		"no JSON":                {write, "POST", "/zones/z1/dns_records/batch", `{`, "400 9207"},
		"a record that is gone":  {write, "POST", "/zones/z1/dns_records/batch", `{"deletes":[{"id":"nope"}]}`, "404 81044"},
		"no content":             {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"TXT","name":"x","ttl":60}]}`, "400 9020"},
		"no IPv4":                {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"A","name":"x","content":"::1"}]}`, "400 9005"},
		"no IPv6":                {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"AAAA","name":"x","content":"192.0.2.1"}]}`, "400 9006"},
		"no priority":            {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"MX","name":"x","content":"mx"}]}`, "400 9100"},
		"a text behind the edge": {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"TXT","name":"x","content":"y","proxied":true}]}`, "400 9004"},
		"kept for a second":      {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"TXT","name":"x","content":"y","ttl":5}]}`, "400 9021"},
		"twice":                  {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"A","name":"harbor.test","content":"192.0.2.1"}]}`, "400 81058"},
		"beside an alias":        {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"A","name":"www","content":"192.0.2.9"}]}`, "400 81053"},
		"no tag of CAA":          {write, "POST", "/zones/z1/dns_records/batch", `{"posts":[{"type":"CAA","name":"x","data":{"flags":0}}]}`, "400 9101"},
		"one that is good beside one that is not": {write, "POST", "/zones/z1/dns_records/batch",
			`{"posts":[{"type":"TXT","name":"x","content":"y"},{"type":"A","name":"y","content":"z"}]}`, "400 9005"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			before := a.server.Dump("harbor.test")
			if got := a.ask(c.token, c.method, c.path, c.body); !strings.HasPrefix(got, c.want+" ") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if a.server.Dump("harbor.test") != before || a.told != 0 {
				t.Error("what was refused changed something")
			}
		})
	}
}

// TestBatch makes changes as a whole, and tells of them once.
func TestBatch(t *testing.T) {
	a := open(t)
	byType := map[string]string{}
	for _, r := range a.server.Records("harbor.test") {
		byType[r.Type] = r.ID
	}
	body := fmt.Sprintf(`{"deletes":[{"id":%q}],"patches":[{"id":%q,"content":"\"b\""}],"posts":[{"type":"A","name":"API.harbor.test.","content":"192.0.2.2","ttl":300,"proxied":true},
		{"type":"CAA","name":"@.harbor.test","data":{"flags":0,"tag":"issue","value":"letsencrypt.org"}}]}`, byType["CNAME"], byType["TXT"])
	if got := a.ask(write, "POST", "/zones/z1/dns_records/batch", body); !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
	if a.told != 1 {
		t.Errorf("told %d times", a.told)
	}
	var lines []string
	for _, r := range a.server.Records("harbor.test") {
		lines = append(lines, fmt.Sprint(r.Name, " ", r.Type, " ", r.Content, " ", r.TTL, " ", r.Proxied))
		if r.Type == "TXT" && r.ID != byType["TXT"] {
			t.Error("a record that was changed has another id")
		}
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{`harbor.test TXT "b" 300 false`, "api.harbor.test A 192.0.2.2 1 true", `CAA 0 issue "letsencrypt.org" 1 false`} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %s in\n%s", want, all)
		}
	}
	if strings.Contains(all, "CNAME") {
		t.Error("what was deleted is there")
	}
}

// TestPages lists a few records a page, as the token that reads may.
func TestPages(t *testing.T) {
	a := open(t)
	for page, want := range map[string]int{"1": 2, "2": 2, "3": 0, "-1": 2, "99999999999999999999": 2} {
		got := a.ask(look, "GET", "/zones/z1/dns_records?per_page=500&page="+page, "")
		if n := strings.Count(got, `"content"`); n != want {
			t.Errorf("page %s: %d records, want %d: %s", page, n, want, got)
		}
	}
	if got := a.ask(look, "GET", "/user/tokens/verify", ""); !strings.Contains(got, "2027-01-01") {
		t.Error(got)
	}
	if got := a.ask(look, "GET", "/zones?name=other.test", ""); got != "200 []" {
		t.Error(got)
	}
}

// TestRules adds, changes and drops rules, and keeps those of others in their order.
func TestRules(t *testing.T) {
	a := open(t)
	const phase = "/zones/z1/rulesets/phases/http_ratelimit/entrypoint"
	if got := a.ask(look, "GET", phase, ""); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a phase without rules: %s", got)
	}
	got := a.ask(write, "POST", "/zones/z1/rulesets", `{"name":"n","kind":"zone","phase":"http_ratelimit","rules":[{"action":"block","expression":"a","ref":"theirs"}]}`)
	var set struct {
		ID    string
		Rules []struct{ ID, Ref string }
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "200 ")), &set); err != nil || len(set.Rules) != 1 {
		t.Fatalf("%v: %s", err, got)
	}
	if got := a.ask(write, "POST", "/zones/z1/rulesets/"+set.ID+"/rules", `{"action":"block","expression":"b","ref":"ours"}`); !strings.HasPrefix(got, "200 ") {
		t.Fatal(got)
	}
	if got = a.ask(look, "GET", phase, ""); strings.Index(got, `"theirs"`) > strings.Index(got, `"ours"`) || !strings.Contains(got, `"enabled":true`) {
		t.Errorf("the rules are %s", got)
	}
	if got := a.ask(write, "DELETE", "/zones/z1/rulesets/"+set.ID+"/rules/"+set.Rules[0].ID, ""); !strings.HasPrefix(got, "200 ") {
		t.Error(got)
	}
	if got = a.ask(look, "GET", phase, ""); strings.Contains(got, `"theirs"`) || !strings.Contains(got, `"ours"`) {
		t.Errorf("the rules are %s", got)
	}
}
