package ownership_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// shape is what a caller can compare: all but what is new in every answer.
func shape(r reply, id string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(r.header)) {
		if k != "Date" && k != "X-Request-Id" {
			b.WriteString(k + ": " + strings.Join(r.header[k], ",") + "\n")
		}
	}
	return strings.ReplaceAll(http.StatusText(r.status)+"\n"+b.String()+r.body, id, "ID")
}

// TestForeign: what names another tenant's object is answered as what names
// nothing is by the application itself, and changes nothing.
func TestForeign(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	theirs, mine := s.make("acme", "/chats"), s.make("globex", "/chats")
	reply := s.make("acme", "/chats/"+theirs+"/messages")
	file := s.make("acme", "/files")
	const none, noReply, noFile = "chat_z0k02v8r0m1x7c9t3b5n60000", "msg_z0k02v8r0m1x7c9t3b5n60000", "file_z0k02v8r0m1x7c9t3b5n60000"
	for name, c := range map[string]struct{ method, target, body, id, none string }{
		"read":           {"GET", "/chats/{}", "", theirs, none},
		"update":         {"PATCH", "/chats/{}", `{"title":"x"}`, theirs, none},
		"delete":         {"DELETE", "/chats/{}", "", theirs, none},
		"create below":   {"POST", "/chats/{}/messages", `{}`, theirs, none},
		"nested parent":  {"GET", "/chats/" + mine + "/messages/{}", "", reply, noReply},
		"foreign parent": {"GET", "/chats/{}/messages/" + noReply, "", theirs, none},
		"query":          {"GET", "/note?chat_id={}", "", theirs, none},
		"query batch":    {"GET", "/note?chat_id=" + mine + ",{}", "", theirs, none},
		"query again":    {"GET", "/note?chat_id=" + mine + "&CHAT_ID[]={}", "", theirs, none},
		"body batch":     {"POST", "/batch", `{"ids":["` + mine + `","{}"]}`, theirs, none},
		"body, cased":    {"POST", "/batch", `{"IDs":["{}"]}`, theirs, none},
		"body, nested":   {"POST", "/batch", `{"a":[{"ids":[["{}"]]}]}`, theirs, none},
		"body, twice":    {"POST", "/batch", `{"ids":["{}"],"ids":["` + mine + `"]}`, theirs, none},
		"body, escaped":  {"POST", "/batch", `{"\u0069ds":["\u0063{}"]}`, theirs[1:], none[1:]},
		"download":       {"GET", "/files/{}", "", file, noFile},
	} {
		t.Run(name, func(t *testing.T) {
			foreign := s.do("globex", c.method, strings.ReplaceAll(c.target, "{}", c.id), strings.ReplaceAll(c.body, "{}", c.id))
			missing := s.do("globex", c.method, strings.ReplaceAll(c.target, "{}", c.none), strings.ReplaceAll(c.body, "{}", c.none))
			want := 404
			if name == "query again" { // the first is read, and it is the caller's
				want = 200
			}
			if foreign.status != want || strings.Contains(foreign.body, "acme") {
				t.Errorf("foreign: %d %s", foreign.status, foreign.body)
			}
			if f, m := shape(foreign, c.id), shape(missing, c.none); f != m && !strings.Contains(f, "urn:request:") {
				t.Errorf("a foreign id:\n%s\nand a missing one:\n%s", f, m)
			}
			if strings.Contains(c.target, "{}") && c.method == "GET" && !strings.Contains(c.target, ",") && !strings.Contains(c.target, "&") && foreign.header.Get("X-App") != "absent" {
				t.Errorf("it is not the application that said so: %v %s", foreign.header, foreign.body)
			}
		})
	}
	if c := s.app.chats[theirs]; c == nil || c.Title != "of acme" || len(s.app.replies) != 1 || s.app.chats[mine] == nil {
		t.Errorf("something changed: %+v", c)
	}
	for _, line := range s.app.asked {
		if method, _, _ := strings.Cut(line, " "); method != "GET" && strings.Contains(line, theirs) && line != "POST /chats/"+theirs+"/messages" {
			t.Errorf("the application was asked: %s", line)
		}
	}
	if log := s.log.String(); strings.Contains(log, theirs) || strings.Contains(log, file) {
		t.Error("the log names an id")
	}
}

// TestWriteLikeMissing: a write of a foreign object looks like one of an object
// that the caller has deleted, as soon as the application has said that once.
func TestWriteLikeMissing(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	theirs, mine := s.make("acme", "/chats"), s.make("globex", "/chats")
	for range 2 {
		s.do("globex", "DELETE", "/chats/"+mine, "")
	}
	gone, foreign := s.do("globex", "DELETE", "/chats/"+mine, ""), s.do("globex", "DELETE", "/chats/"+theirs, "")
	if a, b := shape(gone, mine), shape(foreign, theirs); a != b || gone.header.Get("X-App") != "absent" {
		t.Errorf("gone:\n%s\nforeign:\n%s", a, b)
	}
}

// TestTombstone: the id of what was deleted is nobody else's, even where the
// application gives it out again.
func TestTombstone(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	mine := s.make("acme", "/chats")
	if r := s.do("acme", "DELETE", "/chats/"+mine, ""); r.status != 204 {
		t.Fatalf("delete: %d %s", r.status, r.body)
	}
	s.app.made-- // it counts wrongly
	r := s.do("globex", "POST", "/chats", `{}`)
	if r.status != 404 || strings.Contains(r.body, mine) || s.app.chats[mine] == nil {
		t.Errorf("the id is given out again: %d %s", r.status, r.body)
	}
	if r := s.do("globex", "GET", "/chats/"+mine, ""); r.status != 404 {
		t.Errorf("and read by another: %d %s", r.status, r.body)
	}
	s.app.made--
	if r := s.do("acme", "POST", "/chats", `{}`); r.status != 201 {
		t.Errorf("and to its own tenant: %d %s", r.status, r.body)
	}
}

func TestLists(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	theirs, mine := s.make("acme", "/chats"), s.make("globex", "/chats")
	for name, c := range map[string]struct{ target, want string }{
		"list":   {"/chats", `{"data":[{"id":"` + mine + `","title":"of globex"}],"facets":null,"total":1}` + "\n"},
		"search": {"/search", `[{"hit":{"chat":"` + mine + `"},"snippet":"of globex","tenant_id":"globex"}]` + "\n"},
		"count":  {"/count", `{"count":1}` + "\n"},
		"export": {"/export", `{"id":"` + mine + `","title":"of globex"}` + "\n"},
		"stream": {"/events", ": hello\n\nevent: word\ndata: some text\n\nid: 1\ndata: {\"chat_id\":\ndata: \"" + mine + "\", \"text\":\"of globex\"}\n\ndata: [DONE]\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := s.at(s.direct, "globex", "GET", c.target, ""); name != "count" && !strings.Contains(r.body, theirs) {
				t.Fatalf("the application does not leak: %s", r.body)
			}
			r := s.do("globex", "GET", c.target, "")
			if r.status != 200 || r.body != c.want || r.broken || r.header.Get("Etag") != "" {
				t.Errorf("%d %q %v, want %q", r.status, r.body, r.header, c.want)
			}
			if h := s.do("globex", "HEAD", c.target, ""); h.status != 200 || h.body != "" {
				t.Errorf("HEAD: %d %q", h.status, h.body)
			}
		})
	}
	r := s.do("globex", "GET", "/export?format=csv", "")
	if rows, _ := csv.NewReader(strings.NewReader(r.body)).ReadAll(); r.status != 502 || strings.Contains(r.body, theirs) {
		t.Errorf("what cannot be filtered: %d %v", r.status, rows)
	}
	if h := s.do("globex", "HEAD", "/chats", ""); h.header.Get("Content-Length") == s.at(s.direct, "globex", "HEAD", "/chats", "").header.Get("Content-Length") {
		t.Error("the length of a list tells what it held")
	}
}

// TestOwner: whatever the owner calls, a sound application's answer comes byte
// for byte as without guard.
func TestOwner(t *testing.T) {
	s := newStand(t, setting{})
	for range 3 {
		s.make("globex", "/chats")
		s.make("acme", "/chats")
	}
	mine := s.make("acme", "/chats")
	reply := s.make("acme", "/chats/"+mine+"/messages")
	file := s.make("acme", "/files")
	if _, err := s.store.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "chat", ID: file}, Tenant: "acme"}, {Object: ownership.Object{Kind: "doc", ID: mine}, Tenant: "acme"}}); err != nil {
		t.Fatal(err) // the application lists it among chats
	}
	for _, c := range []struct{ method, target, body string }{
		{"GET", "/chats/" + mine, ""}, {"HEAD", "/chats/" + mine, ""}, {"PATCH", "/chats/" + mine, `{}`}, {"GET", "/chats/" + mine + "/messages/" + reply, ""}, {"GET", "/files/" + file, ""},
		{"GET", "/chats", ""}, {"GET", "/search", ""}, {"GET", "/count", ""}, {"GET", "/export", ""}, {"GET", "/events", ""}, {"GET", "/note?chat_id=" + mine, ""}, {"GET", "/docs/" + mine, ""},
		{"POST", "/batch", `{"ids":[]}`}, {"DELETE", "/chats/" + mine, ""}, {"GET", "/chats/" + mine, ""},
	} {
		t.Run(c.method+" "+strings.Trim(c.target, "/"), func(t *testing.T) {
			direct, front := s.at(s.direct, "acme", c.method, c.target, c.body), s.do("acme", c.method, c.target, c.body)
			if c.method == "DELETE" { // the second time it is gone
				direct, front = s.at(s.direct, "acme", c.method, c.target, c.body), s.do("acme", c.method, c.target, c.body)
			}
			if direct.status != front.status || direct.body != front.body {
				t.Errorf("direct: %d %q\nthrough guard: %d %q", direct.status, direct.body, front.status, front.body)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	s.app.chats["old_1234567890123"] = &thing{ID: "old_1234567890123", Title: "of acme", tenant: "acme"}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		if r := s.do("acme", method, "/chats/old_1234567890123", ""); r.status != 404 {
			t.Errorf("what nobody is known to own: %s %d %s", method, r.status, r.body)
		}
	}
	if r := s.do("globex", "GET", "/docs/old_1234567890123", ""); r.status != 404 || strings.Contains(r.body, "acme") {
		t.Errorf("an answer that names another tenant: %d %s", r.status, r.body)
	}
	if r := s.do("globex", "DELETE", "/docs/old_1234567890123", ""); r.status != 404 || s.app.chats["old_1234567890123"] == nil {
		t.Errorf("verifying a write is too late: %d", r.status)
	}
	if is, _ := s.store.Owner(t.Context(), ownership.Object{Kind: "doc", ID: "old_1234567890123"}); is.Tenant != "" {
		t.Errorf("a guess teaches: %+v", is)
	}
	if r := s.do("acme", "GET", "/docs/old_1234567890123", ""); r.status != 200 {
		t.Errorf("an answer that names the caller's: %d %s", r.status, r.body)
	}
	if is, _ := s.store.Owner(t.Context(), ownership.Object{Kind: "doc", ID: "old_1234567890123"}); is.Tenant != "acme" {
		t.Errorf("an answer that names the caller's teaches nothing: %+v", is)
	}
}

func TestCallers(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	mine := s.make("acme", "/chats")
	for who, want := range map[string]int{"acme": 200, "globex": 404, "": 404, "*": 404, "globex/support": 200, "globex/boss": 404} {
		if r := s.do(who, "GET", "/chats/"+mine, ""); r.status != want {
			t.Errorf("%q: %d, want %d", who, r.status, want)
		}
	}
	if err := s.store.Move(t.Context(), ownership.Claim{Object: ownership.Object{Kind: "chat", ID: mine}, Tenant: ownership.Shared}); err != nil {
		t.Fatal(err)
	}
	if r := s.do("globex", "GET", "/chats/"+mine, ""); r.status != 200 {
		t.Errorf("reading what is shared: %d", r.status)
	}
	for _, who := range []string{"globex", "acme", "*"} {
		if r := s.do(who, "PATCH", "/chats/"+mine, `{}`); r.status != 404 || s.app.chats[mine].Title != "of acme" {
			t.Errorf("%s changes what is shared: %d", who, r.status)
		}
	}
}

// TestObserve: nothing is refused or changed, and what a create makes is learned.
func TestObserve(t *testing.T) {
	s := newStand(t, setting{leaks: true, mode: guard.Observe})
	theirs, mine := s.make("acme", "/chats"), s.make("globex", "/chats")
	for _, target := range []string{"/chats/" + theirs, "/chats", "/search", "/export", "/events", "/count", "/docs/" + theirs} {
		direct, front := s.at(s.direct, "globex", "GET", target, ""), s.do("globex", "GET", target, "")
		if direct.status != front.status || direct.body != front.body {
			t.Errorf("%s: %d %q, direct %d %q", target, front.status, front.body, direct.status, direct.body)
		}
	}
	for id, tenant := range map[string]string{theirs: "acme", mine: "globex"} {
		if is, _ := s.store.Owner(t.Context(), ownership.Object{Kind: "chat", ID: id}); is.Tenant != tenant {
			t.Errorf("%s's: %+v", tenant, is)
		}
	}
	for _, want := range []string{"check=ownership", "a list holds what is not the caller's"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

// TestOutage: while the store fails, what is in memory goes on and the rest waits.
func TestOutage(t *testing.T) {
	f := &failing{Store: &ownership.Memory{}}
	s := newStand(t, setting{leaks: true, store: &ownership.Recent{Store: f}})
	mine := s.make("acme", "/chats")
	f.down = true
	if r := s.do("acme", "GET", "/chats/"+mine, ""); r.status != 200 {
		t.Errorf("what is in memory: %d %s", r.status, r.body)
	}
	if r := s.do("globex", "GET", "/chats/"+mine, ""); r.status != 404 {
		t.Errorf("and another's: %d %s", r.status, r.body)
	}
	for _, c := range []struct{ method, target string }{{"GET", "/chats/chat_other"}, {"POST", "/chats"}, {"DELETE", "/chats/chat_other"}} {
		r := s.do("acme", c.method, c.target, "")
		if r.status != 503 || r.header.Get("Retry-After") == "" || strings.Contains(r.body, "disk") {
			t.Errorf("%s %s: %d %s", c.method, c.target, r.status, r.body)
		}
	}
	if made := s.app.made; made != 1 {
		t.Errorf("while nothing can be recorded, %d more were made", made-1)
	}
	f.down = false
	if r := s.do("acme", "GET", "/chats/"+s.make("acme", "/chats"), ""); r.status != 200 {
		t.Errorf("with the store back: %d %s", r.status, r.body)
	}
}

// TestFullDisk: where a claim cannot be recorded, nothing more is made for a while, and
// what is known goes on.
func TestFullDisk(t *testing.T) {
	f, now := &failing{Store: &ownership.Memory{}}, time.Unix(1, 0)
	s := newStand(t, setting{leaks: true, store: f, edit: func(o *ownership.Options) { o.Now = func() time.Time { return now } }})
	mine := s.make("acme", "/chats")
	f.full = true
	for range 3 {
		if r := s.do("acme", "POST", "/chats", "{}"); r.status != 503 || r.header.Get("Retry-After") == "" || strings.Contains(r.body, "chat_") {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if s.app.made != 2 {
		t.Errorf("%d were made that nobody owns", s.app.made-1)
	}
	if r := s.do("acme", "GET", "/chats/"+mine, ""); r.status != 200 {
		t.Errorf("what is known: %d", r.status)
	}
	f.full, now = false, now.Add(6*time.Second)
	if r := s.do("acme", "GET", "/chats/"+s.make("acme", "/chats"), ""); r.status != 200 {
		t.Errorf("with room: %d", r.status)
	}
}

func TestSocket(t *testing.T) {
	s := newStand(t, setting{leaks: true})
	theirs, mine := s.make("acme", "/chats"), s.make("globex", "/chats")
	dial := func() *websocket.Conn {
		t.Helper()
		c, res, err := websocket.Dial(t.Context(), s.front+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer globex"}}, CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			t.Fatal(err)
		}
		if res.Header.Get("Sec-Websocket-Extensions") != "" {
			t.Error("messages are compressed")
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	say := func(c *websocket.Conn, kind websocket.MessageType, text string) string {
		t.Helper()
		if err := c.Write(t.Context(), kind, []byte(text)); err != nil {
			return err.Error()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a message that is lost fails this test alone
		defer cancel()
		_, b, err := c.Read(ctx)
		if err != nil {
			return websocket.CloseStatus(err).String()
		}
		return string(b)
	}
	c := dial()
	for range 2 {
		if got, want := say(c, websocket.MessageText, `{"chat_id":"`+mine+`"}`), `{ "type":"subscribed", "chat_id":"`+mine+`","text":"of globex"}`; got != want {
			t.Errorf("own: %s", got)
		}
		for _, id := range []string{theirs, "chat_z0k02v8r0m1x7c9t3b5n60000"} {
			if got, want := say(c, websocket.MessageText, `{"a":{"Chat_ID":"`+id+`"},"chat_id":"`+id+`"}`), `{"type":"error","chat_id":"`+id+`","detail":"no chat `+id+`"}`; got != want {
				t.Errorf("foreign or missing: %s, want %s", got, want)
			}
		}
	}
	for name, m := range map[string]struct {
		kind websocket.MessageType
		text string
	}{"no JSON": {websocket.MessageText, "chat " + theirs}, "binary": {websocket.MessageBinary, `{"chat_id":"` + mine + `"}`}, "an object for an id": {websocket.MessageText, `{"chat_id":{"$ne":null}}`}} {
		if got := say(dial(), m.kind, m.text); got != websocket.StatusPolicyViolation.String() {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestSocketEnds: the end that the application gives is the one that the caller
// gets; an opaque route passes what is no JSON.
func TestSocketEnds(t *testing.T) {
	s := newStand(t, setting{edit: func(o *ownership.Options) { o.Rules["/ws"][0].Messages.Opaque = true }})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.front+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer globex"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte("bye")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != 4001 {
		t.Errorf("%v", err)
	}
}

// TestNotFoundStaysHome: what the application answered to one tenant's missing
// object is told to no other.
func TestNotFoundStaysHome(t *testing.T) {
	named := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(r.Method + ": no such thing of " + r.Header.Get("Authorization") + " at " + r.URL.Path))
	}
	front := serve(t, "/x/{id}", &ownership.Rule{Path: []ownership.Ref{{Name: "id", Kind: "chat"}}}, owning(t, "acme:own_12345678", "globex:theirs_12345678"), named)
	s := &stand{t: t, front: front.URL}
	if r := s.do("acme", "DELETE", "/x/own_12345678", ""); r.status != 404 || r.body != "DELETE: no such thing of Bearer acme at /x/own_12345678" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := s.do("acme", "DELETE", "/x/theirs_12345678", ""); r.body != "DELETE: no such thing of Bearer acme at /x/theirs_12345678" {
		t.Errorf("its own tenant: %s", r.body)
	}
	if r := s.do("globex", "DELETE", "/x/own_12345678", ""); r.status != 404 || strings.Contains(r.body, "acme") {
		t.Errorf("another tenant: %s", r.body)
	}
}

// TestAtOnce: many tenants make and read at once, and none sees another's.
func TestAtOnce(t *testing.T) {
	s := newStand(t, setting{leaks: true, store: &ownership.Recent{Store: &ownership.Memory{}, Max: 3}})
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			tenant := fmt.Sprint("t", i)
			r := s.do(tenant, "POST", "/chats", `{}`)
			var v struct{ ID string }
			if err := json.Unmarshal([]byte(r.body), &v); err != nil || r.status != 201 {
				t.Errorf("%d %s", r.status, r.body)
				return
			}
			ids[i] = v.ID
			if r := s.do(tenant, "GET", "/chats/"+v.ID, ""); r.status != 200 { // at once
				t.Errorf("%s reads its own: %d", tenant, r.status)
			}
			if r := s.do(tenant, "GET", "/chats", ""); !strings.Contains(r.body, v.ID) || !strings.Contains(r.body, `"total":1}`) {
				t.Errorf("%s lists: %s", tenant, r.body)
			}
		})
	}
	wg.Wait()
	for i, id := range ids {
		if r := s.do(fmt.Sprint("t", (i+1)%len(ids)), "GET", "/chats/"+id, ""); r.status != 404 {
			t.Errorf("another reads %s: %d", id, r.status)
		}
	}
}
