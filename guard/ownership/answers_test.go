package ownership_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// serve puts guard in front of a handler, with one rule for one pattern.
func serve(t testing.TB, pattern string, r *ownership.Rule, store ownership.Store, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	_, front := between(t, h, ownership.Options{Store: store, Rules: map[string][]*ownership.Rule{pattern: {r}}, Log: slog.New(slog.DiscardHandler)}, guard.Options{Routes: []*guard.Route{{Pattern: pattern}}})
	return front
}

func owning(t testing.TB, ids ...string) ownership.Store {
	t.Helper()
	m := &ownership.Memory{}
	for _, id := range ids {
		tenant, id, _ := strings.Cut(id, ":")
		if _, err := m.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "chat", ID: id}, Tenant: tenant}}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// get asks with more fields of the header: names and values in turn.
func get(t testing.TB, target string, header ...string) (status int, body string, broken error) {
	t.Helper()
	req, err := http.NewRequest("GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer acme")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// post sends a body of a type, "" for none, and gives the status.
func post(t testing.TB, target, kind, body string) int {
	t.Helper()
	req, err := http.NewRequest("POST", target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer acme")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // only the status is asked
	return res.StatusCode
}

// TestUndecided: what cannot be read is not passed on, whole or in part.
func TestUndecided(t *testing.T) {
	id, title := path(t, "$.id"), path(t, "$.title")
	list := &ownership.Rule{List: &ownership.List{Items: path(t, "$.data"), Kind: "chat", ID: &id, Tenant: []ownership.Path{within(t, "org")}}, Counts: []ownership.Field{{Path: path(t, "$.total")}}, Max: 200}
	item := &ownership.Rule{Path: []ownership.Ref{{Name: "id", Kind: "chat"}}, Tenant: []ownership.Path{path(t, "$.org")}, Unknown: ownership.Verify, Max: 200}
	const json, lines, events = "application/json", "application/x-ndjson", "text/event-stream"
	for name, c := range map[string]struct {
		rule       *ownership.Rule
		kind, body string
		status     int
		want       string
	}{
		"list":                   {list, json, `{"data":[{"id":"a"},{"id":"b"},{"id":"new","org":"acme"}],"total":3}`, 200, `{"data":[{"id":"a"},{"id":"new","org":"acme"}],"total":2}`},
		"every item":             {list, json, `{"data": [ {"id":"b"} ] }`, 200, `{"data": [] }`},
		"a byte order mark":      {list, json, "\ufeff{\"data\":[{\"id\":\"b\"},{\"id\":\"a\"}]}", 200, "\ufeff{\"data\":[{\"id\":\"a\"}]}"},
		"optional":               {&ownership.Rule{List: &ownership.List{Items: path(t, "$.data"), Kind: "chat", ID: &id, Optional: true}}, json, `{"data":[{"id":"b"}]}`, 200, `{"data":[]}`},
		"optional, no list":      {&ownership.Rule{List: &ownership.List{Items: path(t, "$.data"), Kind: "chat", ID: &id, Optional: true}}, json, `{}`, 200, `{}`},
		"several lists":          {&ownership.Rule{List: &ownership.List{Items: path(t, "$.x"), Kind: "chat", ID: &id}, More: []*ownership.List{{Items: path(t, "$.y"), Kind: "chat", ID: &title, Drop: []ownership.Path{path(t, "$.z")}}}}, json, `{"x":[{"id":"b"},{"id":"a"}],"y":[{"title":"a"},{"title":"b"}],"z":2}`, 200, `{"x":[{"id":"a"}],"y":[{"title":"a"}],"z":null}`},
		"a list in an item":      {&ownership.Rule{List: &ownership.List{Items: path(t, "$.x"), Kind: "chat", ID: &id}, More: []*ownership.List{{Items: path(t, "$.x[*].y"), Kind: "chat", ID: &id}}}, json, `{"x":[{"id":"b","y":[]},{"id":"a","y":[{"id":"b"},{"id":"a"}]}]}`, 200, `{"x":[{"id":"a","y":[{"id":"a"}]}]}`},
		"one list, two rules":    {&ownership.Rule{List: &ownership.List{Items: path(t, "$.x"), Kind: "chat", ID: &id}, More: []*ownership.List{{Items: path(t, "x"), Kind: "chat", ID: &title}}}, json, `{"x":[{"id":"a","title":"a"},{"id":"b","title":"a"},{"id":"a","title":"b"},{"id":"a","title":"a","n":1}]}`, 200, `{"x":[{"id":"a","title":"a"},{"id":"a","title":"a","n":1}]}`},
		"the second list lacks":  {&ownership.Rule{List: &ownership.List{Items: path(t, "$.x"), Kind: "chat", ID: &id}, More: []*ownership.List{{Items: path(t, "$.y"), Kind: "chat", ID: &id}}}, json, `{"x":[],"q":[{"id":"b"}]}`, 502, ""},
		"kinds of items":         {&ownership.Rule{List: &ownership.List{Items: path(t, "$"), KindAt: &id, ID: &title}}, json, `[{"id":"chat","title":"a"},{"id":"chat","title":"b"},{"id":"file","title":"a"},{"title":"a"}]`, 200, `[{"id":"chat","title":"a"}]`},
		"no list":                {list, json, `{"items":[{"id":"b"}]}`, 502, ""},
		"an object for a list":   {list, json, `{"data":{"id":"b"}}`, 502, ""},
		"null for a list":        {list, json, `{"data":null}`, 200, `{"data":null}`},
		"two lists":              {list, json, `{"data":[],"data":[{"id":"b"}]}`, 200, `{"data":[],"data":[]}`},
		"an item without an id":  {list, json, `{"data":[{"name":"b"},"b",null]}`, 200, `{"data":[]}`},
		"an object for an id":    {list, json, `{"data":[{"id":{"is":"b"}}]}`, 200, `{"data":[]}`},
		"two ids":                {list, json, `{"data":[{"id":"a","id":"b"}]}`, 200, `{"data":[]}`},
		"another's by its field": {list, json, `{"data":[{"id":"a","org":"globex"}]}`, 200, `{"data":[]}`},
		"a count of words":       {list, json, `{"data":[],"total":"three"}`, 502, ""},
		"no JSON":                {list, json, `{"data":[{"id":"b"}]`, 502, ""},
		"two texts":              {list, json, `{"data":[]}{"data":[{"id":"b"}]}`, 502, ""},
		"deep":                   {list, json, strings.Repeat("[", 90) + strings.Repeat("]", 90), 502, ""},
		"not UTF-8":              {list, json, "{\"data\":[\"\xff\"]}", 502, ""},
		"too long":               {list, json, `{"data":[],"x":"` + strings.Repeat("b", 300) + `"}`, 502, ""},
		"another type":           {list, "text/csv", "b\n", 502, ""},
		"no type":                {list, "", `{"data":[{"id":"b"}]}`, 502, ""},
		"empty":                  {list, json, "", 200, ""},
		"item":                   {item, json, `{"org":"acme"}`, 200, `{"org":"acme"}`},
		"item of another":        {item, json, `{"org":"globex"}`, 404, ""},
		"item of two":            {item, json, `{"org":"acme","ORG":"globex"}`, 404, ""},
		"item of nobody":         {item, json, `{"name":"b"}`, 404, ""},
		"item of null":           {item, json, `{"org":null}`, 404, ""},
		"item of a list":         {item, json, `{"org":["acme"]}`, 404, ""},
		"item without words":     {item, "image/png", "b", 404, ""},
		"item as a stream":       {item, events, "data: {\"org\":\"acme\"}\n\ndata: {\"org\":\"globex\"}\n\ndata: {}\n\n", 200, "data: {\"org\":\"acme\"}\n\n"},
		"item as a stream, text": {item, events, "data: words\n\n", -1, ""},
		"lines":                  {list, lines, "{\"id\":\"a\"}\n{\"id\":\"b\"}\r\n\n{\"id\":\"a\", \"x\":1}", 200, "{\"id\":\"a\"}\n\n{\"id\":\"a\", \"x\":1}"},
		"lines cut off":          {list, lines, "{\"id\":\"a\"}\n{\"id\":\"b\",\"te", -1, ""},
		"lines that are long":    {list, lines, "{\"id\":\"" + strings.Repeat("b", 1<<20) + "\"}\n", -1, ""},
		"events":                 {list, events, "id: 1\r\ndata: {\"id\":\"a\"}\r\n\r\ndata: {\"id\":\"b\"}\n\ndata:{\"type\":\"done\"}\n\ndata: [DONE]", 200, "id: 1\r\ndata: {\"id\":\"a\"}\r\n\r\ndata:{\"type\":\"done\"}\n\ndata: [DONE]"},
		"an event cut off":       {list, events, "data: {\"id\":\"b\",\"te", -1, ""},
		"a list cut off":         {list, events, "data: [ {\"id\":\"b\"},\n\n", -1, ""},
		"an event's other lines": {list, events, "data: {\"x\":1}\rdata: {\"id\":\"b\"}\n\n", -1, ""},
		"an event without end":   {list, events, strings.Repeat("data: b\n", 1<<18), -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			front := serve(t, "/x/{id}", c.rule, owning(t, "acme:a", "globex:b"), func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "new") {
					w.Header()["Content-Type"] = nil
					if c.kind != "" {
						w.Header().Set("Content-Type", c.kind)
					}
					_, _ = io.WriteString(w, c.body)
					return
				}
				w.WriteHeader(http.StatusNotFound)
			})
			status, body, broken := get(t, front.URL+"/x/new")
			if c.status == -1 {
				if broken == nil || strings.Contains(body, "b") {
					t.Errorf("%d %q %v", status, body, broken)
				}
				return
			}
			if status != c.status || c.status == 200 && body != c.want || broken != nil || c.status == 502 && strings.Contains(body, `"b`) {
				t.Errorf("%d %q %v, want %d %q", status, body, broken, c.status, c.want)
			}
		})
	}
}

func TestCompressed(t *testing.T) {
	front := serve(t, "/x", &ownership.Rule{Counts: []ownership.Field{{Path: path(t, "n"), Kind: "chat"}}}, owning(t), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("Range") != "" {
			t.Errorf("asked with %v", r.Header)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	if status, _, err := get(t, front.URL+"/x", "Range", "bytes=0-10"); status != 502 {
		t.Errorf("%d %v", status, err)
	}
}

// TestProven: a route that the audit has shown to be isolated teaches, and only it.
func TestProven(t *testing.T) {
	id := path(t, "$.id")
	store := owning(t, "globex:b")
	front := serve(t, "/x", &ownership.Rule{Proven: true, List: &ownership.List{Items: path(t, "$"), Kind: "chat", ID: &id}}, store, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"id":"seen"},{"id":"b"}]`)
	})
	if status, body, err := get(t, front.URL+"/x"); status != 200 || body != `[{"id":"seen"}]` || err != nil {
		t.Errorf("%d %s %v", status, body, err)
	}
	for id, tenant := range map[string]string{"seen": "acme", "b": "globex"} {
		if is, _ := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id}); is.Tenant != tenant {
			t.Errorf("%s is %+v", id, is)
		}
	}
}

// TestLeaves: a caller that leaves before a create is answered has its object all
// the same.
func TestLeaves(t *testing.T) {
	store := owning(t)
	in, out, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	front := serve(t, "/x", &ownership.Rule{Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.id")}}}, store, func(w http.ResponseWriter, r *http.Request) {
		close(in)
		<-out
		ended <- r.Context().Err()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"late"}`)
	})
	left := make(chan (<-chan struct{}), 1)
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		left <- r.Context().Done()
		front.Config.Handler.ServeHTTP(w, r)
	}))
	defer outer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "POST", outer.URL+"/x", nil)
	req.Header.Set("Authorization", "Bearer acme")
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-in
	cancel()
	<-gone
	<-<-left // guard knows
	close(out)
	if err := <-ended; err != nil {
		t.Errorf("the application was told to stop: %v", err)
	}
	outer.Close() // waits for the handler
	if is, _ := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: "late"}); is.Tenant != "acme" {
		t.Errorf("%+v", is)
	}
}

// TestStreamFlows: an event is passed on while the answer is open, and so is a
// comment that keeps it alive.
func TestStreamFlows(t *testing.T) {
	next := make(chan struct{})
	r := &ownership.Rule{Messages: &ownership.Messages{IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}}}
	front := serve(t, "/x", r, owning(t, "acme:a", "globex:b"), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, s := range []string{": alive\n", "data: {\"chat_id\":\"a\"}\n\n", "data: {\"in\":[{\"chat_id\":\"b\"}]}\n\nevent: end\n\n"} {
			_, _ = io.WriteString(w, s)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})
	req, _ := http.NewRequest("GET", front.URL+"/x", nil)
	req.Header.Set("Authorization", "Bearer acme")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := bufio.NewReader(res.Body)
	for i, want := range []string{": alive\n", "data: {\"chat_id\":\"a\"}\n", "\n", "event: end\n", "\n"} {
		if got, err := b.ReadString('\n'); got != want || err != nil {
			t.Fatalf("line %d: %q %v, want %q", i, got, err, want)
		}
		if i != 1 && i != 3 {
			if i == 4 {
				break
			}
			next <- struct{}{}
		}
	}
	close(next)
}

// TestRequests: a request whose ids cannot be read reaches nobody.
func TestRequests(t *testing.T) {
	reached := ""
	r := &ownership.Rule{Body: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}, Query: []ownership.Ref{{Name: "chat_id", Kind: "chat"}}}
	front := serve(t, "/x", r, owning(t, "acme:a", "globex:b", "acme:7"), func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		reached = r.URL.RawQuery + string(b)
	})
	many := `{"chat_id":["a"` + strings.Repeat(`,"a"`, 1000) + `]}`
	for name, c := range map[string]struct {
		query, kind, body string
		want              int
	}{
		"own":             {"chat_id=a", "application/json", `{"chat_id":["a",7,null],"x":1}`, 200},
		"own batch":       {"chat_id=a,7", "", "", 200},
		"number":          {"chat_id=007", "application/json", `{"chat_id":7}`, 200},
		"form":            {"", "application/x-www-form-urlencoded", "chat_id=a&x=b", 200},
		"none":            {"", "", "", 200},
		"form foreign":    {"", "application/x-www-form-urlencoded", "Chat_ID[]=b", 404},
		"form unread":     {"", "application/x-www-form-urlencoded", "chat_id=%zz", 400},
		"form nested":     {"", "application/x-www-form-urlencoded", "x[chat_id]=b", 404},
		"form operator":   {"", "application/x-www-form-urlencoded", "chat_id[$ne]=a", 400},
		"form of Latin 1": {"", "application/x-www-form-urlencoded;charset=latin1", "x=1", 415},
		"JSON of UTF-7":   {"", "application/json;charset=utf-7", `{"chat+AF8-id":"b"}`, 415},
		"own nested":      {"x[chat_id]=a", "", "", 200},
		"query operator":  {"chat_id[$ne]=a", "", "", 400},
		"query unread":    {"chat_id=%zz", "", "", 400},
		"query semicolon": {"x=1;chat_id=b", "", "", 400},
		"empty id":        {"chat_id=", "application/json", `{"chat_id":["",null]}`, 200},
		"object":          {"", "application/json", `{"chat_id":{"$ne":"a"}}`, 400},
		"true":            {"", "application/json", `{"chat_id":true}`, 404},
		"spelt otherwise": {"", "application/json", `{"chat_id":7.0}`, 404},
		"not JSON":        {"", "application/json", `{"chat_id":"a"`, 400},
		"other type":      {"", "text/plain", `{"chat_id":"b"}`, 415},
		"multipart":       {"", "multipart/form-data; boundary=x", "--x--", 415},
		"no type":         {"", "", `{"chat_id":"b"}`, 415},
		"too many":        {"", "application/json", many, 413},
		"long id":         {"chat_id=" + strings.Repeat("a", 300), "", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			reached = "nothing"
			status := post(t, front.URL+"/x?"+c.query, c.kind, c.body)
			want := "nothing"
			if c.want == 200 {
				want = c.query + c.body
			}
			if status != c.want || reached != want {
				t.Errorf("%d, want %d; reached %q", status, c.want, reached)
			}
		})
	}
}

func ExampleCanonical() {
	fmt.Println(ownership.Canonical("007", false), ownership.Canonical("Notes", true))
	// Output: 7 notes
}

// TestReadsTeachNothing: who guesses an id and is answered does not become its
// owner, where unknown objects are let through or nothing is enforced.
func TestReadsTeachNothing(t *testing.T) {
	for _, r := range []*ownership.Rule{{Unknown: ownership.Allow, Counts: []ownership.Field{{Path: path(t, "n")}}}, {Unknown: ownership.Allow, Tenant: []ownership.Path{path(t, "org")}}} {
		r.Path = []ownership.Ref{{Name: "id", Kind: "chat"}}
		store := owning(t)
		front := serve(t, "/x/{id}", r, store, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"id":"guessed","n":1}`)
		})
		if status, body, err := get(t, front.URL+"/x/guessed"); status != 200 || err != nil {
			t.Errorf("%d %s %v", status, body, err)
		}
		if is, _ := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: "guessed"}); is.Tenant != "" {
			t.Errorf("a read teaches %+v", is)
		}
	}
}

// TestWriteIsNoRead: where the read of a missing object is answered with
// something, a write of another's is refused by guard itself.
func TestWriteIsNoRead(t *testing.T) {
	store := owning(t, "globex:b_1234567890123456", "acme:parent")
	var wrote string
	r := &ownership.Rule{Path: []ownership.Ref{{Name: "parent", Kind: "chat"}, {Name: "id", Kind: "chat"}}, Deletes: "id"}
	front := serve(t, "/x/{parent}/y/{id}", r, store, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" {
			wrote = r.Method + r.URL.Path
		}
		_, _ = io.WriteString(w, "something for everybody")
	})
	s := &stand{t: t, front: front.URL}
	if r := s.do("acme", "DELETE", "/x/parent/y/b_1234567890123456", ""); r.status != 404 || wrote != "" || strings.Contains(r.body, "everybody") {
		t.Errorf("%d %s, wrote %s", r.status, r.body, wrote)
	}
	if _, err := store.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "chat", ID: "child"}, Tenant: "acme"}}); err != nil {
		t.Fatal(err)
	}
	if r := s.do("acme", "DELETE", "/x/parent/y/child", ""); r.status != 200 {
		t.Errorf("%d", r.status)
	}
	for id, gone := range map[string]bool{"parent": false, "child": true} {
		if is, _ := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id}); is != (ownership.Owner{Tenant: "acme", Gone: gone}) {
			t.Errorf("%s is %+v", id, is)
		}
	}
}
