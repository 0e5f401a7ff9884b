package ownership_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// TestHostileRequests: ids in the words of frameworks other than the policy's, at
// another place than the policy says, and under another method, reach nobody.
func TestHostileRequests(t *testing.T) {
	reached := ""
	body, query := &ownership.Rule{Body: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}}, &ownership.Rule{Query: []ownership.Ref{{Name: "chat_id", Kind: "chat"}}}
	rooted := &ownership.Rule{Body: []ownership.Field{{Path: path(t, "$.chat_id"), Kind: "chat"}, {Path: path(t, "$.items[*].id"), Kind: "chat"}}}
	const json, form = "application/json", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		rule              *ownership.Rule
		query, kind, body string
		want              int
	}{
		"PHP's dot":                      {query, "chat.id=b", "", "", 404},
		"PHP's blank":                    {query, "chat+id=b", "", "", 404},
		"PHP's bracket":                  {query, "chat[id=b", "", "", 404},
		"PHP's end at a NUL":             {query, "chat_id%00x=b", "", "", 404},
		"PHP's blanks in front":          {query, "%20chat_id=b", "", "", 404},
		"PHP's dot in a form":            {body, "", form, "chat.id=b", 404},
		"PHP's dot, own":                 {query, "chat.id=a", "", "", 200},
		"a body's id in the query":       {body, "chat_id=b", json, `{}`, 404},
		"a body's id in the query, own":  {body, "chat_id=a", json, `{"chat_id":"a"}`, 200},
		"a root's id in the query":       {rooted, "chat_id=b", json, `{"chat_id":"a"}`, 404},
		"another's name in the query":    {rooted, "id=b", json, `{"chat_id":"a"}`, 200},
		"a query's id in a form":         {query, "", form, "chat_id=b", 404},
		"a query's id in JSON":           {query, "x=1", json, `{"Chat_Id":"b"}`, 404},
		"a query's id in JSON, own":      {query, "chat_id=a", json, `{"chat_id":"a","x":{"chat_id":"b"}}`, 200},
		"a query's id in bad JSON":       {query, "", json, `{"chat_id":"b"`, 400},
		"a file beside a query's id":     {query, "chat_id=a", "application/octet-stream", "\x00chat_id=b", 200},
		"a patch of JSON":                {body, "", "application/json-patch+json", `[{"op":"replace","path":"/chat_id","value":"b"}]`, 415},
		"another method in the query":    {query, "_method=DELETE", "", "", 400},
		"another method in a form":       {body, "", form, "chat_id=a&_method=delete", 400},
		"another method in the query, 2": {query, "%5Fmethod=PUT", "", "", 400},
		"its own method in a form":       {body, "", form, "chat_id=a&_method=post", 200},
		"another method, no rule's form": {query, "chat_id=a", form, "_method=PATCH", 400},
	} {
		t.Run(name, func(t *testing.T) {
			reached = "nothing"
			front := serve(t, "/x", c.rule, owning(t, "acme:a", "globex:b"), func(_ http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				reached = r.URL.RawQuery + string(b)
			})
			status := post(t, front.URL+"/x?"+c.query, c.kind, c.body)
			if status != c.want || c.want == 200 && reached != c.query+c.body {
				t.Errorf("%d, want %d; reached %q", status, c.want, reached)
			}
			// What names nothing may have been asked in its place.
			if c.want != 200 && reached != "nothing" && (c.want != 404 || strings.HasSuffix(reached, "=b") || strings.Contains(reached, `"b"`)) {
				t.Errorf("reached %q", reached)
			}
		})
	}
}

// TestUnreadForm: a body that frameworks read as a form or as JSON, and guard does not, is
// no way for an id or a method past it.
func TestUnreadForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	query, none := &ownership.Rule{Query: []ownership.Ref{{Name: "chat_id", Kind: "chat"}}}, &ownership.Rule{Path: []ownership.Ref{{Name: "id", Kind: "chat"}}}
	for name, c := range map[string]struct {
		rule   *ownership.Rule
		header http.Header
		body   string
		want   int
	}{
		"another charset":            {query, http.Header{"Content-Type": {form + "; charset=iso-8859-1"}}, "chat_id=b", 415},
		"an encoding that is none":   {query, http.Header{"Content-Type": {form}, "Content-Encoding": {"identity"}}, "chat_id=b", 415},
		"two types":                  {query, http.Header{"Content-Type": {"text/plain", form}}, "chat_id=b", 415},
		"a parameter twice":          {query, http.Header{"Content-Type": {"application/json; charset=utf-8; charset=utf-16"}}, `{"chat_id":"b"}`, 415},
		"JSON in another charset":    {query, http.Header{"Content-Type": {"Application/JSON; charset=utf-16"}}, `{"chat_id":"b"}`, 415},
		"a method, another charset":  {none, http.Header{"Content-Type": {form + "; charset=latin1"}}, "_method=DELETE", 415},
		"a method, an encoding":      {none, http.Header{"Content-Type": {form}, "Content-Encoding": {"identity"}}, "_method=DELETE", 415},
		"an old name of JSON":        {query, http.Header{"Content-Type": {"text/x-json"}}, `{"chat_id":"b"}`, 415},
		"another old name of JSON":   {query, http.Header{"Content-Type": {"Application/JSONRequest; charset=utf-8"}}, `{"chat_id":"b"}`, 415},
		"lines of JSON":              {query, http.Header{"Content-Type": {"application/x-ndjson"}}, `{"chat_id":"b"}`, 200},
		"a file that is compressed":  {query, http.Header{"Content-Type": {"application/octet-stream"}, "Content-Encoding": {"gzip"}}, "chat_id=b", 200},
		"a file without a type":      {query, http.Header{}, "chat_id=b", 200},
		"a rule that names no query": {none, http.Header{"Content-Type": {"application/json; charset=utf-16"}}, `{"chat_id":"b"}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			reached := false
			front := serve(t, "/x", c.rule, owning(t, "acme:a", "globex:b"), func(http.ResponseWriter, *http.Request) { reached = true })
			r := httptest.NewRequest("POST", "/x", strings.NewReader(c.body))
			for k, v := range c.header {
				r.Header[k] = v
			}
			r.Header.Set("Authorization", "Bearer acme")
			w := httptest.NewRecorder()
			front.Config.Handler.ServeHTTP(w, r)
			if w.Code != c.want || reached != (c.want == 200) {
				t.Errorf("%d, want %d; the application was reached: %t", w.Code, c.want, reached)
			}
		})
	}
}

// TestHostileAnswers: what is another's does not come by an answer of another kind
// than the policy expects, nor beside the answer.
func TestHostileAnswers(t *testing.T) {
	id := path(t, "$.id")
	chat := []ownership.Ref{{Name: "id", Kind: "chat"}}
	byQuery := &ownership.Rule{Query: chat, Tenant: []ownership.Path{path(t, "org")}}
	byPath := &ownership.Rule{Path: chat, Tenant: []ownership.Path{path(t, "org")}}
	verified := &ownership.Rule{Path: chat, Tenant: []ownership.Path{path(t, "org")}, Unknown: ownership.Verify}
	list := &ownership.Rule{List: &ownership.List{Items: path(t, "$"), Kind: "chat", ID: &id}}
	events := &ownership.Rule{Messages: &ownership.Messages{IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}}}
	typed := func(w http.ResponseWriter, kind string, status int, text string) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	for name, c := range map[string]struct {
		rule   *ownership.Rule
		target string
		ask    string // a header of the request
		app    http.HandlerFunc
		status int    // 0: any but 200
		want   string // of the body
	}{
		"a table where no id was named": {byQuery, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) { typed(w, "text/csv", 200, "secret of globex\n") }, 502, ""},
		"a table of an own id":          {byQuery, "/x/1?id=a", "", func(w http.ResponseWriter, _ *http.Request) { typed(w, "text/csv", 200, "own\n") }, 200, "own\n"},
		"an error that shows another's": {byPath, "/x/a", "", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/a") {
				typed(w, "application/json", 409, `{"detail":"taken","by":{"org":"globex","text":"secret"}}`)
				return
			}
			w.WriteHeader(404)
		}, 404, ""},
		"an error of its own":      {byPath, "/x/a", "", func(w http.ResponseWriter, _ *http.Request) { typed(w, "application/json", 409, `{"org":"acme"}`) }, 409, `{"org":"acme"}`},
		"an error that is no JSON": {byPath, "/x/a", "", func(w http.ResponseWriter, _ *http.Request) { typed(w, "application/json", 500, `{"org":`) }, 500, `{"org":`},
		"a moved object": {byPath, "/x/a", "", func(w http.ResponseWriter, _ *http.Request) {
			typed(w, "application/json", 301, `{"org":"globex","text":"secret"}`)
		}, 0, ""},
		"events, told as one JSON": {events, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) {
			typed(w, "application/json", 200, `[{"chat_id":"b","text":"secret"}]`)
		}, 0, ""},
		"own events, told as JSON": {events, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) { typed(w, "application/json", 200, `[{"chat_id":"a"}]`) }, 200, `[{"chat_id":"a"}]`},
		"events, compressed secretly": {events, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Encoding"] = []string{"", "gzip"}
			typed(w, "text/event-stream", 200, "secret as it is compressed\n\n")
		}, 502, ""},
		"that it was not changed": {verified, "/x/unknown", "If-None-Match", func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !strings.HasSuffix(r.URL.Path, "/unknown"):
				w.WriteHeader(404)
			case r.Header.Get("If-None-Match") != "":
				w.Header().Set("Etag", "secret")
				w.WriteHeader(304)
			default:
				typed(w, "application/json", 200, `{"org":"globex","text":"secret"}`)
			}
		}, 404, ""},
		"a redirect to the bytes": {verified, "/x/unknown", "", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/unknown") {
				w.WriteHeader(404)
				return
			}
			w.Header().Set("Location", "https://bucket.test/secret?signed=1")
			w.WriteHeader(302)
		}, 404, ""},
		"a redirect of an own id": {verified, "/x/a", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://bucket.test/own")
			w.WriteHeader(302)
		}, 302, "/own"},
		"a trailer": {list, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Seen")
			typed(w, "application/json", 200, `[{"id":"b"},{"id":"a"}]`)
			w.Header().Set("X-Seen", "secret")
			w.Header().Set(http.TrailerPrefix+"X-More", "secret")
		}, 200, `[{"id":"a"}]`},
		"how many there are": {list, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Total-Count", "secret 2")
			w.Header().Set("Content-Range", "items 0-1/secret")
			typed(w, "application/json", 200, `[{"id":"b"},{"id":"a"}]`)
		}, 200, `[{"id":"a"}]`},
		"a trailer of a stream": {list, "/x/1", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Seen")
			typed(w, "application/x-ndjson", 200, "{\"id\":\"b\"}\n{\"id\":\"a\"}\n")
			w.Header().Set("X-Seen", "secret")
			w.Header().Set(http.TrailerPrefix+"X-More", "secret")
		}, 200, "{\"id\":\"a\"}\n"},
		"hints before it": {verified, "/x/unknown", "", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/unknown") {
				w.WriteHeader(404)
				return
			}
			w.Header().Set("Link", "</secret.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			typed(w, "application/json", 200, `{"org":"globex","text":"secret"}`)
		}, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			front := serve(t, "/x/{id}", c.rule, owning(t, "acme:a", "globex:b", "acme:1"), c.app)
			r, err := http.NewRequest("GET", front.URL+c.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer acme")
			if c.ask != "" {
				r.Header.Set(c.ask, "*")
			}
			all, hints := raw(t, r)
			if strings.Contains(all, "secret") {
				t.Errorf("it tells: %s", all)
			}
			if !strings.HasPrefix(all, fmt.Sprint("HTTP/1.1 ", c.status, " ")) && c.status > 0 || c.status == 0 && strings.HasPrefix(all, "HTTP/1.1 200 ") {
				t.Errorf("%s; want %d", all, c.status)
			}
			if c.want != "" && !strings.Contains(all, c.want) {
				t.Errorf("%s; want %q", all, c.want)
			}
			if hints > 0 {
				t.Errorf("%d answers before the answer", hints)
			}
		})
	}
}

// TestEventsAreNoSocket: a route whose events are judged opens no connection whose
// messages are not.
func TestEventsAreNoSocket(t *testing.T) {
	s := newStand(t, setting{leaks: true, edit: func(o *ownership.Options) { o.Rules["/ws"][0].Messages.Socket = false }})
	if status, _, err := get(t, s.front+"/ws", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-Websocket-Version", "13", "Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="); status != 502 {
		t.Errorf("%d %v", status, err)
	}
}

// TestHeadRule: a rule of HEAD alone judges the answer by whose length it tells.
func TestHeadRule(t *testing.T) {
	id := path(t, "$.id")
	long := `[{"id":"b","text":"` + strings.Repeat("x", 500) + `"}]`
	front := serve(t, "/x", &ownership.Rule{Methods: []string{"HEAD"}, List: &ownership.List{Items: path(t, "$"), Kind: "chat", ID: &id}}, owning(t, "globex:b"), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, long)
	})
	r := (&stand{t: t, front: front.URL}).do("acme", "HEAD", "/x", "")
	if r.status != 200 || r.header.Get("Content-Length") == fmt.Sprint(len(long)) {
		t.Errorf("%d %v", r.status, r.header)
	}
}

// TestUnheardMethod: a method that no rule can name reaches no other's object by that.
func TestUnheardMethod(t *testing.T) {
	ids := []ownership.Ref{{Name: "id", Kind: "chat"}}
	for name, rules := range map[string][]*ownership.Rule{
		"of all":         {{Methods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, Path: ids}},
		"reads are last": {{Methods: []string{"POST"}}, {Methods: []string{"GET"}, Path: ids}},
		"none that read": {{Methods: []string{"DELETE"}, Path: ids}},
	} {
		reached := ""
		app := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached = r.URL.Path })
		_, front := between(t, app, ownership.Options{Store: owning(t, "globex:b", "acme:a"), Rules: map[string][]*ownership.Rule{"/x/{id}": rules}}, guard.Options{Routes: []*guard.Route{{Pattern: "/x/{id}"}}})
		for _, method := range []string{"PURGE", "PROPFIND", "QUERY", "X"} {
			for id, want := range map[string]int{"a": 200, "b": 404} {
				reached = ""
				r := httptest.NewRequest(method, "/x/"+id, nil)
				r.Header.Set("Authorization", "Bearer acme")
				w := httptest.NewRecorder()
				front.Config.Handler.ServeHTTP(w, r)
				if w.Code != want || (reached == "/x/"+id) != (want == 200) {
					t.Errorf("%s: %s %s: %d, reached %q", name, method, id, w.Code, reached)
				}
			}
		}
	}
}

// TestPreflightRoute: a browser's question before a request, which a public route of
// the same path takes, has no credential and is no request for an object.
func TestPreflightRoute(t *testing.T) {
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	o := ownership.Options{Store: owning(t, "globex:b"), Rules: map[string][]*ownership.Rule{"/x/{id}": {{Path: []ownership.Ref{{Name: "id", Kind: "chat"}}}}}}
	_, front := between(t, app, o, guard.Options{Routes: []*guard.Route{{Pattern: "/x/{id}", Methods: []string{"GET"}}, {Pattern: "/x/{id}", Methods: []string{"OPTIONS"}, Public: true}}})
	for method, want := range map[string]int{"OPTIONS": 204, "GET": 404} {
		w := httptest.NewRecorder()
		front.Config.Handler.ServeHTTP(w, httptest.NewRequest(method, "/x/b", nil))
		if w.Code != want {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// TestResolvedCreate: a create that is answered by an old object of another tenant's,
// as where a thing is found or made, makes it nobody else's.
func TestResolvedCreate(t *testing.T) {
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("id") {
		case "old":
			_, _ = io.WriteString(w, `{"org":"globex"}`)
		case "down":
			w.WriteHeader(500)
		case "mine":
			_, _ = io.WriteString(w, `{"org":"acme"}`)
		default:
			w.WriteHeader(404)
		}
	}))
	t.Cleanup(owner.Close)
	answer := ""
	app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q}`, answer)
	})
	store := owning(t)
	_, front := between(t, app, ownership.Options{Store: store, Resolver: &ownership.Resolver{URL: owner.URL + "/?id={id}", Names: path(t, "$.org"), Timeout: 1e10, Keep: 1e10},
		Rules: map[string][]*ownership.Rule{"/x": {{Unknown: ownership.Resolve, Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.id")}}}}}}, guard.Options{Routes: []*guard.Route{{Pattern: "/x"}}})
	for id, want := range map[string]struct {
		status int
		tenant string
	}{"old": {404, ""}, "new": {200, "acme"}, "mine": {200, "acme"}, "down": {503, ""}} {
		answer = id
		r := httptest.NewRequest("POST", "/x", nil)
		r.Header.Set("Authorization", "Bearer acme")
		w := httptest.NewRecorder()
		front.Config.Handler.ServeHTTP(w, r)
		is, err := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id})
		if w.Code != want.status || is.Tenant != want.tenant || err != nil || want.status != 200 && strings.Contains(w.Body.String(), id) {
			t.Errorf("%s: %d %s, and it is %+v", id, w.Code, w.Body, is)
		}
	}
}

// raw is all that comes on the connection, trailers and all, and how many answers
// came before the last one.
func raw(t *testing.T, r *http.Request) (all string, hints int) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r.Close = true
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), strings.Count(string(b), "HTTP/1.1 1")
}

// TestStreamedCreate: what a stream says that it made is the caller's before the
// caller is told, and what is another's, or cannot be recorded, ends the stream.
func TestStreamedCreate(t *testing.T) {
	for name, c := range map[string]struct {
		kind, body, want string
		broken           bool
		owned            string
	}{
		"events":                {"text/event-stream", "data: {\"chat\":{\"id\":\"new\"}}\n\ndata: a word\n\ndata: {\"chat_id\":\"new\",\"text\":\"x\"}\n\ndata: {\"chat_id\":\"b\"}\n\n", "data: {\"chat\":{\"id\":\"new\"}}\n\ndata: a word\n\ndata: {\"chat_id\":\"new\",\"text\":\"x\"}\n\n", false, "new"},
		"lines":                 {"application/x-ndjson", "{\"chat\":{\"id\":\"new\"}}\n{\"chat_id\":\"new\"}\n", "{\"chat\":{\"id\":\"new\"}}\n{\"chat_id\":\"new\"}\n", false, "new"},
		"another's":             {"text/event-stream", "data: {\"chat\":{\"id\":\"b\"}}\n\n", "", true, ""},
		"not the path":          {"text/event-stream", "data: {\"text\":{\"chat\":{\"id\":\"guessed\"}}}\n\n", "data: {\"text\":{\"chat\":{\"id\":\"guessed\"}}}\n\n", false, ""},
		"another tenant's":      {"text/event-stream", "data: {\"org\":\"globex\",\"chat\":{\"id\":\"guessed\"}}\n\n", "", false, ""},
		"another tenant's line": {"application/x-ndjson", "{\"of\":\"globex\",\"chat\":{\"id\":\"guessed\"}}\n", "", false, ""},
		"at once":               {"application/json", "{\"chat\":{\"id\":\"new\"},\"chat_id\":\"new\"}", "{\"chat\":{\"id\":\"new\"},\"chat_id\":\"new\"}", false, "new"},
	} {
		t.Run(name, func(t *testing.T) {
			store := owning(t, "globex:b")
			r := &ownership.Rule{Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.chat.id")}},
				Messages: &ownership.Messages{IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}, Tenant: []ownership.Path{path(t, "$.org")}}}
			if name == "another tenant's line" {
				id := path(t, "$.chat_id")
				r.List = &ownership.List{Items: path(t, "$"), Kind: "chat", ID: &id, Tenant: []ownership.Path{path(t, "$.of")}}
			}
			front := serve(t, "/x", r, store, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				_, _ = io.WriteString(w, c.body)
			})
			got := (&stand{t: t, front: front.URL}).do("acme", "POST", "/x", "")
			if got.body != c.want || got.broken != c.broken {
				t.Errorf("%d %q, broken %t", got.status, got.body, got.broken)
			}
			for _, id := range []string{"new", "guessed"} {
				want := ""
				if id == c.owned {
					want = "acme"
				}
				if is, err := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id}); is.Tenant != want || err != nil {
					t.Errorf("%s is %+v, %v", id, is, err)
				}
			}
		})
	}
}

// TestReadsMakeNothing: a rule of a create that names no method learns nothing of
// reads, whose answer may be another's.
func TestReadsMakeNothing(t *testing.T) {
	store := owning(t)
	front := serve(t, "/x", &ownership.Rule{Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.id")}, {Kind: "chat", Location: true}}}, store, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("kind"))
		w.Header().Set("Location", "/x/guessed")
		_, _ = io.WriteString(w, r.URL.Query().Get("text"))
	})
	s := &stand{t: t, front: front.URL}
	for _, target := range []string{"/x?kind=application/json&text=%7B%22id%22:%22guessed%22%7D", "/x?kind=application/x-ndjson&text=%7B%22id%22:%22guessed%22%7D", "/x?kind=text/plain&text=x"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"} {
			if r := s.do("acme", method, target, ""); r.status != 200 {
				t.Errorf("%s %s: %d %s", method, target, r.status, r.body)
			}
		}
	}
	if is, err := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: "guessed"}); is.Tenant != "" || err != nil {
		t.Errorf("a read teaches %+v, %v", is, err)
	}
	if r := s.do("acme", "POST", "/x?kind=application/json&text=%7B%22id%22:%22made%22%7D", ""); r.status != 200 {
		t.Errorf("%d", r.status)
	}
	if is, err := store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: "made"}); is.Tenant != "acme" || err != nil {
		t.Errorf("a create teaches %+v, %v", is, err)
	}
}
