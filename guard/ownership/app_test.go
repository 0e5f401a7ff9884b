package ownership_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// app is a small application of two tenants. A leaking one looks at ids and not
// at whose they are.
type app struct {
	leaks bool

	mu      sync.Mutex
	chats   map[string]*thing
	replies map[string]*thing
	made    int
	asked   []string // method and path
}

type thing struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Tenant string `json:"tenant_id,omitempty"`

	tenant, parent string
}

func newApp(leaks bool) *app {
	return &app{leaks: leaks, chats: map[string]*thing{}, replies: map[string]*thing{}}
}

// id makes ids of the same make and length.
func (a *app) id(kind string) string {
	a.made++
	return fmt.Sprintf("%s_%c4kq2v8r0m1x7c9t3b5n6%04d", kind, 'a'+a.made%20, a.made)
}

func (a *app) sees(t *thing, tenant string) bool { return t != nil && (a.leaks || t.tenant == tenant) }

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

func absent(w http.ResponseWriter, id string) {
	w.Header().Set("X-App", "absent")
	answer(w, 404, map[string]any{"code": "not_found", "detail": "there is no " + id + " here"})
}

func (a *app) all(tenant string) (out []*thing) {
	for _, id := range slices.Sorted(maps.Keys(a.chats)) {
		if c := a.chats[id]; a.sees(c, tenant) {
			out = append(out, c)
		}
	}
	return out
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ws" {
		a.socket(w, r)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.Path)
	tenant := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	seg := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var c *thing
	if len(seg) > 1 {
		c = a.chats[seg[1]]
	}
	body, _ := io.ReadAll(r.Body)
	m := r.Method + " " + seg[0]
	switch {
	case m == "POST chats" && len(seg) == 1:
		c := &thing{ID: a.id("chat"), Title: "of " + tenant, tenant: tenant}
		a.chats[c.ID] = c
		answer(w, 201, c)
	case m == "POST files":
		f := &thing{ID: a.id("file"), tenant: tenant}
		a.chats[f.ID] = f
		w.Header().Set("Location", "http://app.test/files/"+f.ID+"?v=1#top")
		w.WriteHeader(201)
	case m == "GET files" && a.sees(c, tenant):
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, "\x00bytes of "+c.tenant)
	case m == "GET chats" && len(seg) == 1:
		w.Header().Set("ETag", `"1"`)
		answer(w, 200, map[string]any{"data": a.all(tenant), "total": len(a.all(tenant)), "facets": []int{len(a.all(tenant))}})
	case m == "GET search":
		out := []map[string]any{}
		for _, c := range a.all(tenant) {
			out = append(out, map[string]any{"hit": map[string]string{"chat": c.ID}, "tenant_id": c.tenant, "snippet": c.Title})
		}
		answer(w, 200, out)
	case m == "GET count":
		answer(w, 200, map[string]int{"count": len(a.all(tenant))})
	case m == "GET export" && r.URL.Query().Get("format") == "csv":
		w.Header().Set("Content-Type", "text/csv")
		for _, c := range a.all(tenant) {
			_, _ = fmt.Fprintf(w, "%s,%s\n", c.ID, c.Title)
		}
	case m == "GET export":
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, c := range a.all(tenant) {
			_ = json.NewEncoder(w).Encode(c)
			_ = http.NewResponseController(w).Flush()
		}
	case m == "GET events":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, ": hello\n\nevent: word\ndata: some text\n\n")
		for _, c := range a.all(tenant) {
			_, _ = fmt.Fprintf(w, "id: 1\ndata: {\"chat_id\":\ndata: %q, \"text\":\"of %s\"}\n\n", c.ID, c.tenant)
		}
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	case m == "POST batch":
		var in struct{ IDs []string }
		_ = json.Unmarshal(body, &in)
		for _, id := range in.IDs {
			if a.sees(a.chats[id], tenant) {
				delete(a.chats, id)
			}
		}
		answer(w, 200, map[string]int{"deleted": len(in.IDs)})
	case m == "GET note": // by query
		if c := a.chats[r.URL.Query().Get("chat_id")]; a.sees(c, tenant) {
			answer(w, 200, c)
			return
		}
		absent(w, r.URL.Query().Get("chat_id"))
	case m == "GET docs" && a.sees(c, tenant): // says whose it is
		answer(w, 200, thing{ID: c.ID, Title: c.Title, Tenant: c.tenant})
	case len(seg) > 1 && !a.sees(c, tenant):
		absent(w, seg[1])
	case m == "GET chats" && len(seg) == 4:
		if p := a.replies[seg[3]]; a.sees(p, tenant) && (a.leaks || p.parent == seg[1]) {
			answer(w, 200, p)
			return
		}
		absent(w, seg[3])
	case m == "POST chats" && len(seg) == 3:
		p := &thing{ID: a.id("msg"), Title: "reply of " + tenant, tenant: tenant, parent: seg[1]}
		a.replies[p.ID] = p
		answer(w, 201, map[string]any{"message": p})
	case m == "GET chats":
		answer(w, 200, c)
	case m == "PATCH chats":
		c.Title = "changed by " + tenant
		answer(w, 200, c)
	case m == "DELETE chats":
		delete(a.chats, c.ID)
		w.WriteHeader(204)
	default:
		absent(w, r.URL.Path)
	}
}

// socket tells of the chat that a message asks for, and of one that none asked for.
func (a *app) socket(w http.ResponseWriter, r *http.Request) {
	tenant := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, b, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if string(b) == "bye" {
			_ = c.Close(4001, "")
			return
		}
		var in struct {
			ChatID string `json:"chat_id"`
		}
		_ = json.Unmarshal(b, &in)
		a.mu.Lock()
		chat := a.chats[in.ChatID]
		sees := a.sees(chat, tenant)
		var other string
		for id, o := range a.chats {
			if a.leaks && o.tenant != tenant {
				other = id
			}
		}
		a.mu.Unlock()
		if other != "" {
			_ = c.Write(r.Context(), kind, fmt.Appendf(nil, `{"type":"news","chat_id":%q,"text":"of another"}`, other))
		}
		if !sees {
			_ = c.Write(r.Context(), kind, fmt.Appendf(nil, `{"type":"error","chat_id":%q,"detail":"no chat %s"}`, in.ChatID, in.ChatID))
			continue
		}
		_ = c.Write(r.Context(), kind, fmt.Appendf(nil, `{ "type":"subscribed", "chat_id":%q,"text":"of %s"}`, chat.ID, chat.tenant))
	}
}

// bearer takes the token for the tenant.
type bearer struct{}

func (bearer) Name() string      { return "auth" }
func (bearer) Needs() guard.Need { return guard.NeedRoute }
func (bearer) Gives() guard.Need { return guard.NeedClaims }
func (bearer) Check(x *guard.Exchange) *guard.Denial {
	if t, ok := strings.CutPrefix(x.Request.Header.Get("Authorization"), "Bearer "); ok {
		t, role, _ := strings.Cut(t, "/")
		x.Who = &guard.Principal{Subject: "somebody", Tenant: t, Roles: []string{role}}
	}
	return nil
}

func path(t testing.TB, s string) ownership.Path {
	t.Helper()
	p, err := ownership.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func within(t testing.TB, s string) ownership.Path {
	t.Helper()
	p, err := ownership.Direct(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rules of the application, in the words of a policy.
func rules(t testing.TB) map[string][]*ownership.Rule {
	chat := []ownership.Ref{{Name: "chat_id", Kind: "chat"}}
	id := func(s string) *ownership.Path { p := within(t, s); return &p }
	list := &ownership.List{Items: path(t, "$.data"), Kind: "chat", ID: id("id"), Drop: []ownership.Path{path(t, "$.facets")}}
	return map[string][]*ownership.Rule{
		"/chats": {
			{Methods: []string{"POST"}, Creates: []ownership.Create{{Kind: "chat", ID: path(t, "$.id")}}},
			{Methods: []string{"GET"}, List: list, Counts: []ownership.Field{{Path: path(t, "$.total")}}},
		},
		"/chats/{chat_id}": {{Path: chat, Deletes: "chat_id"}},
		"/chats/{chat_id}/messages": {{Path: chat,
			Creates: []ownership.Create{{Kind: "message", ID: path(t, "$.message.id")}}}},
		"/chats/{chat_id}/messages/{message_id}": {{Path: append(chat[:1:1], ownership.Ref{Name: "message_id", Kind: "message"})}},
		"/files":                                 {{Creates: []ownership.Create{{Kind: "file", Location: true}}}},
		"/files/{file_id}":                       {{Path: []ownership.Ref{{Name: "file_id", Kind: "file"}}, Tenant: []ownership.Path{path(t, "tenant_id")}}},
		"/search":                                {{List: &ownership.List{Items: path(t, "$"), Kind: "chat", ID: id("$.hit.chat"), Tenant: []ownership.Path{within(t, "tenant_id")}}}},
		"/count":                                 {{Counts: []ownership.Field{{Path: path(t, "$.count"), Kind: "chat"}}}},
		"/export":                                {{List: &ownership.List{Kind: "chat", ID: id("id")}}},
		"/events":                                {{Messages: &ownership.Messages{IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}}}},
		"/batch":                                 {{Body: []ownership.Field{{Path: path(t, "ids"), Kind: "chat"}}}},
		"/note":                                  {{Query: chat}},
		"/docs/{doc_id}":                         {{Path: []ownership.Ref{{Name: "doc_id", Kind: "doc"}}, Tenant: []ownership.Path{path(t, "tenant_id")}, Unknown: ownership.Verify}},
		"/ws":                                    {{Messages: &ownership.Messages{Socket: true, IDs: []ownership.Field{{Path: path(t, "chat_id"), Kind: "chat"}}}}},
	}
}

// stand is the application with guard in front.
type stand struct {
	t      testing.TB
	app    *app
	direct string
	front  string
	log    *strings.Builder
	store  ownership.Store
}

type setting struct {
	leaks bool
	store ownership.Store
	mode  guard.Mode
	edit  func(*ownership.Options)
}

func newStand(t testing.TB, set setting) *stand {
	t.Helper()
	s := &stand{t: t, app: newApp(set.leaks), log: &strings.Builder{}, store: set.store}
	if s.store == nil {
		s.store = &ownership.Recent{Store: &ownership.Memory{}}
	}
	log := slog.New(slog.NewTextHandler(&locked{w: s.log}, nil))
	o := ownership.Options{Store: s.store, Rules: rules(t), Exempt: []string{"support"}, Log: log}
	if set.edit != nil {
		set.edit(&o)
	}
	g := guard.Options{Log: log}
	for p := range o.Rules {
		g.Routes = append(g.Routes, &guard.Route{Pattern: p})
	}
	if set.mode != "" {
		g.Modes = map[string]guard.Mode{"ownership": set.mode}
	}
	back, front := between(t, s.app, o, g)
	s.direct, s.front = back.URL, front.URL
	return s
}

// between puts guard in front of an application; of g its routes are needed.
func between(t testing.TB, app http.Handler, o ownership.Options, g guard.Options) (back, front *httptest.Server) {
	t.Helper()
	back = httptest.NewServer(app)
	t.Cleanup(back.Close)
	u, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	k := ownership.New(o)
	g.Upstream, g.Checks, g.Taps = u, []guard.Check{bearer{}, k}, []guard.Tap{k}
	p, err := guard.New(g)
	if err != nil {
		t.Fatal(err)
	}
	front = httptest.NewServer(p)
	t.Cleanup(front.Close)
	return back, front
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

type reply struct {
	status int
	body   string
	header http.Header
	broken bool
}

func (s *stand) at(base, tenant, method, target, body string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, base+target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+tenant)
	req.Header.Set("Accept-Encoding", "identity")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, string(b), res.Header, err != nil}
}

func (s *stand) do(tenant, method, target, body string) reply {
	s.t.Helper()
	return s.at(s.front, tenant, method, target, body)
}

// make creates by way of guard, and gives the id.
func (s *stand) make(tenant, target string) string {
	s.t.Helper()
	r := s.do(tenant, "POST", target, `{}`)
	if r.status != 201 {
		s.t.Fatalf("POST %s: %d %s", target, r.status, r.body)
	}
	if l := r.header.Get("Location"); l != "" {
		l, _, _ = strings.Cut(l, "?")
		return l[strings.LastIndexByte(l, '/')+1:]
	}
	var v struct {
		ID      string
		Message struct{ ID string }
	}
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		s.t.Fatal(err)
	}
	return v.ID + v.Message.ID
}
