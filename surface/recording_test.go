package surface_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// seen is an exchange as a test writes it: "POST /chats {body}" and the reply.
type seen struct {
	request string
	status  int
	reply   string
	header  map[string]string
	kind    string
	media   string // of the reply; application/json
	host    string
}

func tape(t *testing.T, all ...seen) string {
	t.Helper()
	entries := []any{}
	for _, s := range all {
		method, rest, _ := strings.Cut(s.request, " ")
		path, body, _ := strings.Cut(rest, " ")
		host := s.host
		if host == "" {
			host = "https://acme.test"
		}
		header := []any{}
		for k, v := range s.header {
			header = append(header, map[string]any{"name": k, "value": v})
		}
		rq := map[string]any{"method": method, "url": host + path, "headers": header}
		if body != "" {
			rq["postData"] = map[string]any{"mimeType": "application/json", "text": body}
		}
		if s.status == 0 {
			s.status = 200
		}
		if s.media == "" {
			s.media = "application/json"
		}
		entries = append(entries, map[string]any{"_resourceType": s.kind, "request": rq,
			"response": map[string]any{"status": s.status, "content": map[string]any{"mimeType": s.media, "text": s.reply}}})
	}
	b, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func recordingOf(t *testing.T, base, text string) (*surface.Surface, error) {
	t.Helper()
	src := surface.Source{Location: "session.har"}
	if base != "" {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		src.Base = u
	}
	return surface.Recording(t.Context(), strings.NewReader(text), src)
}

func routesIn(t *testing.T, text string) []*lr.Route {
	t.Helper()
	s, err := recordingOf(t, "", text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Routes
}

func paths(routes []*lr.Route) string {
	var out []string
	for _, rt := range routes {
		out = append(out, rt.String())
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// TestRecordingMakesTemplates holds which segments of concrete paths become
// parameters, and how they are called.
func TestRecordingMakesTemplates(t *testing.T) {
	for _, tc := range []struct {
		name string
		tape []seen
		want string
	}{
		{"by looks", []seen{{request: "GET /v1/chats/41"}, {request: "GET /v1/chats/42"}, {request: "GET /orgs/0b8f4a62-6a50-4b6e-9df3-9a2a3f1d7c11/users/usr_8f2k10ab"}, {request: "GET /v1/chats/count"}, {request: "GET /collectors"}},
			"GET /collectors\nGET /orgs/{org_id}/users/{user_id}\nGET /v1/chats/count\nGET /v1/chats/{chat_id}"},
		{"a slug that a reply told", []seen{{request: "GET /collections", reply: `{"data": [{"slug": "guides", "title": "Guides"}]}`}, {request: "GET /collections/guides", reply: `{"slug": "guides", "title": "Guides"}`}, {request: "GET /collections/guides/docs"}},
			"GET /collections\nGET /collections/{slug}\nGET /collections/{slug}/docs"},
		{"the same kind of object, opened by its address", []seen{{request: "GET /collections", reply: `[{"slug": "guides", "title": "G"}]`}, {request: "GET /collections/guides", reply: `{"slug": "guides", "title": "G"}`}, {request: "GET /collections/policies", reply: `{"slug": "policies", "title": "P"}`}},
			"GET /collections\nGET /collections/{slug}"},
		{"names that vary while the reply keeps its shape", []seen{{request: "GET /reports/alpha", reply: `{"name": "a", "sum": 1}`}, {request: "GET /reports/beta", reply: `{"name": "b", "sum": 2}`}, {request: "GET /reports/gamma", reply: `{"name": "c", "sum": 3}`}},
			"GET /reports/{report_id}"},
		{"names of different things stay", []seen{{request: "GET /reports/daily", reply: `{"sum": 1, "day": 1}`}, {request: "GET /reports/users", reply: `{"count": 2, "all": 3}`}, {request: "GET /reports/costs", reply: `{"eur": 3, "usd": 2}`}},
			"GET /reports/costs\nGET /reports/daily\nGET /reports/users"},
		{"a word that a reply holds by chance", []seen{{request: "GET /me", reply: `{"name": "settings"}`}, {request: "GET /v1/settings"}}, "GET /me\nGET /v1/settings"},
		{"a verb stays", []seen{{request: "GET /chats", reply: `[{"slug": "search"}]`}, {request: "GET /chats/search?q=x"}}, "GET /chats\nGET /chats/search"},
		{"a token without digits", []seen{{request: "GET /shared/abcdefghijklmnopqrstuvwx"}}, "GET /shared/{shared_id}"},
		{"a number told as number", []seen{{request: "POST /prompts {\"title\": \"x\"}", status: 201, reply: `{"number": 7}`}, {request: "GET /prompts/7"}, {request: "DELETE /prompts/7", status: 204}}, "DELETE /prompts/{prompt_number}\nGET /prompts/{prompt_number}\nPOST /prompts"},
		{"addresses that are not there", []seen{{request: "GET /me"}, {request: "GET /wp-admin/setup", status: 404}}, "GET /me"},
		{"an object that was missing once", []seen{{request: "GET /chats/1"}, {request: "GET /chats/2", status: 404}}, "GET /chats/{chat_id}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := paths(routesIn(t, tape(t, tc.tape...))); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestRecordingDropsWhatIsNoTraffic(t *testing.T) {
	routes := routesIn(t, tape(t,
		seen{request: "GET /v1/me"},
		seen{request: "OPTIONS /v1/me", header: map[string]string{"Access-Control-Request-Method": "GET"}},
		seen{request: "GET /app.js", media: "text/javascript"}, seen{request: "GET /bundle", kind: "script"}, seen{request: "GET /x.css", media: "text/css"},
		seen{request: "GET /logo", media: "image/png"}, seen{request: "GET /font", media: "font/woff2"}, seen{request: "GET /favicon.ico"}, seen{request: "POST /g/collect"},
		seen{request: "GET /_next/data/x.json"}, seen{request: "GET /blocked", status: -1},
		seen{request: "GET /v1/files/7/preview", media: "image/png", kind: "fetch"},
	))
	if got, want := paths(routes), "GET /v1/files/{file_id}/preview\nGET /v1/me"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRecordingFollowsValues holds the strongest sign of what a key names: a
// reply told it, and a later request sent it.
func TestRecordingFollowsValues(t *testing.T) {
	routes := routesIn(t, tape(t,
		seen{request: `POST /v1/threads {"title": "x"}`, status: 201, reply: `{"data": {"id": "thr_8f2k10ab", "owner": {"id": "usr_77777777"}}}`},
		seen{request: "GET /v1/talk/thr_8f2k10ab"},
		seen{request: `POST /v1/notes {"text": "x", "thread_id": "thr_8f2k10ab", "author": "usr_77777777"}`, status: 201, reply: `{"id": "n"}`},
		seen{request: "GET /v1/export?thread=thr_8f2k10ab&format=md"},
		seen{request: "GET /v1/people/usr_77777777"},
	))
	talk := find(t, routes, "GET /v1/talk/{talk_id}")
	if got := talk.Keys["talk_id"]; got != (lr.Key{Resource: "/v1/threads", Field: "id"}) {
		t.Errorf("the key of a talk: got %+v, want the thread whose id it is", got)
	}
	if got := find(t, routes, "GET /v1/people/{person_id}").Keys["person_id"].Resource; got == "/v1/threads" {
		t.Error("the owner of a thread was taken for a thread")
	}
	if got := find(t, routes, "POST /v1/notes").Keys["thread_id"].Resource; got != "/v1/threads" {
		t.Errorf("the thread of a note: got %q", got)
	}
	made := find(t, routes, "POST /v1/threads")
	if !slices.Contains(made.Links, lr.Link{Operation: "GET /v1/talk/{talk_id}", Parameter: "talk_id", Pointer: "/data/id"}) {
		t.Errorf("got links %v", made.Links)
	}
	// What is linked stays linked when routes are added.
	surface.Link(append(routes, &lr.Route{Method: "GET", Path: "/v1/other"}))
	if got := talk.Keys["talk_id"].Resource; got != "/v1/threads" {
		t.Errorf("after another Link: got %q", got)
	}
}

func TestRecordingInfersBodies(t *testing.T) {
	routes := routesIn(t, tape(t,
		seen{request: `POST /v1/chats {"title": "a", "role": "member", "count": 3, "tags": ["x"], "password": "sesame-1", "mail": "a@acme.test"}`, status: 201},
		seen{request: `POST /v1/chats {"title": "b", "role": "viewer", "count": 2.5, "note": null, "password": "sesame-2", "mail": "b@acme.test"}`, status: 201},
		seen{request: `POST /v1/chats {"wrong": true}`, status: 422},
		seen{request: "GET /v1/chats?limit=50&sort=new&token=sesame-3&cursor=abc"}, seen{request: "GET /v1/chats?limit=20&sort=old&token=sesame-4"},
	))
	b := find(t, routes, "POST /v1/chats").Body
	s := b.Schema
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"type", b.Type, "application/json"}, {"title", s.Properties["title"].Type, "string"}, {"number", s.Properties["count"].Type, "number"}, {"list", s.Properties["tags"].Type, "array"},
		{"role", fmt.Sprint(s.Properties["role"].Enum), "[member viewer]"}, {"mail", s.Properties["mail"].Format, "email"}, {"password", s.Properties["password"].Format, "password"},
		{"needed", s.Requires("title") && s.Requires("password"), true}, {"not needed", s.Requires("tags") || s.Requires("wrong"), false}, {"title takes any text", len(s.Properties["title"].Enum), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
	list := find(t, routes, "GET /v1/chats")
	q := map[string]lr.Param{}
	for _, p := range list.Params {
		q[p.Name] = p
	}
	if q["limit"].Required || q["limit"].Schema.Type != "integer" || !q["sort"].Required || fmt.Sprint(q["sort"].Schema.Enum) != "[new old]" || q["cursor"].Required || q["token"].Required {
		t.Errorf("got query %+v", q)
	}
	if text := fmt.Sprintf("%+v", everything(routes)); strings.Contains(text, "sesame") {
		t.Errorf("a secret of the recording stands in the routes: %s", text)
	}
}

// everything writes routes with all that hangs on them.
func everything(routes []*lr.Route) string {
	b, err := json.Marshal(routes)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestRecordingTellsWhatCarriedACredential(t *testing.T) {
	bearer := map[string]string{"Authorization": "Bearer x"}
	routes := routesIn(t, tape(t, seen{request: "GET /v1/me", status: 401}, seen{request: "GET /v1/me", header: bearer}, seen{request: "GET /v1/open", header: bearer}, seen{request: "GET /v1/open"}, seen{request: "GET /v1/none"}))
	for path, want := range map[string]bool{"GET /v1/me": true, "GET /v1/open": false, "GET /v1/none": false} {
		if rt := find(t, routes, path); rt.Secured != want || !rt.Shown || !rt.Declared {
			t.Errorf("%s: got secured %v, shown %v, declared %v", path, rt.Secured, rt.Shown, rt.Declared)
		}
	}
}

func TestRecordingKeepsToTheTarget(t *testing.T) {
	text := tape(t, seen{request: "GET /v1/me"}, seen{request: "GET /v1/x", host: "https://cdn.test"}, seen{request: "GET /v1/y", host: "https://cdn.test:8443"}, seen{request: "GET /api/v2/chats", host: "http://acme.test"})
	s, err := recordingOf(t, "https://ACME.test", text)
	if err != nil || paths(s.Routes) != "GET /api/v2/chats\nGET /v1/me" {
		t.Fatalf("got %v, %v", s, err)
	}
	if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, "2 requests to other hosts than ACME.test were left out: cdn.test (1), cdn.test:8443 (1)") {
		t.Errorf("got warnings %q", w)
	}
	below, err := recordingOf(t, "https://acme.test/api", text)
	if err != nil || paths(below.Routes) != "GET /v2/chats" {
		t.Errorf("below a base: got %v, %v", below, err)
	}
	for base, want := range map[string]string{
		"https://staging.test": "session.har: the recording holds no request to staging.test, only to acme.test (2), cdn.test (1), cdn.test:8443 (1): set target.url to the one that is audited",
	} {
		if _, err := recordingOf(t, base, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", base, err, want)
		}
	}
	if _, err := recordingOf(t, "", tape(t, seen{request: "GET /app.js"})); err == nil || !strings.Contains(err.Error(), "record a session in which somebody signs in") {
		t.Errorf("assets alone: got %v", err)
	}
}

func TestRecordingReadsOtherShapes(t *testing.T) {
	routes := routesIn(t, tape(t,
		seen{request: "GET /v1/ws", status: 101, host: "wss://acme.test", kind: "websocket"},
		seen{request: `POST /api {"query": "query Me { me { id } }"}`},
		seen{request: "GET /v1/updates", media: "text/event-stream"},
		seen{request: "POST /upload", header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}},
	))
	for request, kind := range map[string]lr.Kind{"GET /v1/ws": lr.WebSocket, "POST /api": lr.GraphQL, "GET /v1/updates": lr.Stream, "POST /upload": lr.Upload} {
		if got := find(t, routes, request).Kind; got != kind {
			t.Errorf("%s: got %s, want %s", request, got, kind)
		}
	}
}

func TestLoadKnowsARecordingByItsContent(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ text, want string }{
		"session.json":  {tape(t, seen{request: "GET /v1/me"}), ""},
		"cut.har":       {tape(t, seen{request: "GET /v1/me"})[:150], "cut.har:1:151: entry 1: the recording ends in the middle"},
		"empty.har":     {tape(t), "the HAR recording holds no request"},
		"late-log.json": {`{"comment": "x", "log": {"entries": []}}`, "HAR recording"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := surface.Load(t.Context(), surface.Source{Location: file})
		switch {
		case tc.want == "" && (err != nil || s.Format != "HAR 1.2" || len(s.Routes) != 1):
			t.Errorf("%s: got %+v, %v", name, s, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}
