package audit

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

// answering is a client that keeps what it was given.
func answering(xs ...*lr.Exchange) *seen {
	s := newSeen(nil)
	for _, x := range xs {
		s.keep(x)
	}
	return s
}

func jsonAnswer(rt *lr.Route, as, body string) *lr.Exchange {
	return &lr.Exchange{Route: rt, As: as, Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

// TestPlaces: where objects are named is told of the surface and of answers, and
// what is nobody's alone is not.
func TestPlaces(t *testing.T) {
	const (
		chats, messages, members, tags = "/v1/chats", "/v1/chats/{}/messages", "/v1/members", "/v1/tags"
		a, b, m1, m2                   = "chat_7f3c19ab2d44e8c1", "chat_91bb04fe7a20c35d", "msg_5d0e8a71c3f94b26", "msg_c4a2977e10d8f3b5"
		ann, bob                       = "usr_2b7719cf03ae854d", "usr_e80c51b62f9d7a34"
	)
	key := func(res, field string) lr.Key { return lr.Key{Resource: res, Field: field} }
	list := &lr.Route{Method: "GET", Path: chats, Kind: lr.List, Resource: chats}
	create := &lr.Route{Method: "POST", Path: chats, Kind: lr.Create, Resource: chats}
	read := &lr.Route{Method: "GET", Path: "/v1/chats/{chat_id}", Kind: lr.Read, Resource: chats, Keys: map[string]lr.Key{"chat_id": key(chats, "id")}}
	say := &lr.Route{Method: "POST", Path: "/v1/chats/{chat_id}/messages", Kind: lr.ChatKind, Resource: messages, Keys: map[string]lr.Key{"chat_id": key(chats, "id")}}
	message := &lr.Route{Method: "GET", Path: "/v1/chats/{chat_id}/messages/{message_id}", Kind: lr.Read, Resource: messages, Keys: map[string]lr.Key{"chat_id": key(chats, "id"), "message_id": key(messages, "id")}}
	ask := &lr.Route{Method: "POST", Path: "/v1/ask", Kind: lr.ChatKind, Body: &lr.Body{Type: "application/json", Schema: &lr.Schema{Properties: map[string]*lr.Schema{"chatId": {}, "question": {}, "tenant_id": {}}}}}
	people := &lr.Route{Method: "GET", Path: members, Kind: lr.List, Resource: members}
	person := &lr.Route{Method: "GET", Path: "/v1/members/{id}", Kind: lr.Read, Resource: members, Keys: map[string]lr.Key{"id": key(members, "id")}}
	whoami := &lr.Route{Method: "GET", Path: "/v1/me", Kind: lr.WhoAmI}
	tagged := &lr.Route{Method: "GET", Path: tags, Kind: lr.List, Resource: tags}
	tag := &lr.Route{Method: "GET", Path: "/v1/tags/{slug}", Kind: lr.Read, Resource: tags, Keys: map[string]lr.Key{"slug": key(tags, "slug")}}
	export := &lr.Route{Method: "GET", Path: "/v1/export", Kind: lr.Download}
	ws := &lr.Route{Method: "GET", Path: "/v1/ws", Kind: lr.WebSocket}
	upload := &lr.Route{Method: "POST", Path: "/v1/files", Kind: lr.Upload, Body: &lr.Body{Type: "multipart/form-data", Schema: &lr.Schema{Properties: map[string]*lr.Schema{"file": {Format: "binary", MaxLength: 77}}}}}
	target := &lr.Target{
		Routes: []*lr.Route{list, create, read, say, message, ask, people, person, whoami, tagged, tag, export, ws, upload},
		Accounts: []*lr.Account{
			{Identity: lr.Identity{Name: "ann", Tenant: "acme"}, TenantID: "t1", UserID: ann},
			{Identity: lr.Identity{Name: "bob", Tenant: "globex"}, TenantID: "t2", UserID: bob},
		},
	}
	r := &run{Options: Options{Target: target}, results: map[string]*result{"isolation/list-leak": {outcomes: []lr.Outcome{
		{Subject: list.String(), Verdict: lr.Passed}, {Subject: people.String(), Verdict: lr.Passed}, {Subject: people.String(), Verdict: lr.Failed},
	}}}}
	r.seen = answering(
		jsonAnswer(create, "ann", `{"id":"`+a+`","title":"x","model":{"id":"small"}}`),
		jsonAnswer(create, "bob", `{"id":"`+b+`","title":"y","model":{"id":"small"}}`),
		jsonAnswer(say, "ann", `{"id":"`+m1+`","text":"q","role":"user","reply":{"id":"`+m2+`","text":"r","role":"bot"}}`),
		jsonAnswer(list, "ann", `{"data":[{"id":"`+a+`","tenant_id":"t1"}],"more":[]}`),
		jsonAnswer(people, "ann", `[{"id":"`+ann+`"},{"id":"`+bob+`"}]`),
		jsonAnswer(whoami, "ann", `{"id":"`+ann+`","org_id":"t1"}`),
		jsonAnswer(tagged, "ann", `{"data":[{"slug":"red"}]}`),
		jsonAnswer(export, "ann", `{"chats":[{"chat":{"id":"`+a+`"},"messages":[]}]}`),
		jsonAnswer(export, "nobody that is known", `{"chats":"none"}`),
		&lr.Exchange{Route: ws, As: "ann", Status: 101, Sent: []byte(`{"type":"subscribe","chat_id":"` + a + `"}`), Body: []byte("{\"type\":\"ok\"}\nnot JSON\n")},
	)
	routes := surfaceOf(target)
	r.put(routes)
	got := map[string]lr.RouteReport{}
	for _, x := range routes {
		got[x.Method+" "+x.Path] = lr.RouteReport{Names: x.Names, Makes: x.Makes, Shows: x.Shows, Tenant: x.Tenant, MaxFile: x.MaxFile}
	}
	path := func(name, kind string) lr.Place { return lr.Place{In: lr.InPathOf, At: name, Kind: kind} }
	answer := func(at, kind string) lr.Place { return lr.Place{In: lr.InAnswer, At: at, Kind: kind} }
	for name, want := range map[string]lr.RouteReport{
		list.String():    {Shows: []lr.Listing{{Items: "$.data", ID: "id", Kind: "chat", Tenant: "tenant_id", Isolated: true}}},
		create.String():  {Makes: []lr.Place{answer("$.id", "chat")}},
		say.String():     {Names: []lr.Place{path("chat_id", "chat")}, Makes: []lr.Place{answer("$.id", "message"), answer("$.reply.id", "message")}},
		message.String(): {Names: []lr.Place{path("chat_id", "chat"), path("message_id", "message")}},
		ask.String():     {Names: []lr.Place{{In: lr.InBodyOf, At: "chatId", Kind: "chat"}}, Tenant: []lr.Place{{In: lr.InBodyOf, At: "tenant_id"}}},
		people.String():  {Shows: []lr.Listing{{Items: "$", ID: "id", Kind: "member"}}},
		whoami.String():  {Makes: []lr.Place{answer("$.id", "member")}, Tenant: []lr.Place{answer("$.org_id", "")}},
		tag.String():     {}, // a slug is not one object's in the whole application
		tagged.String():  {},
		export.String():  {Shows: []lr.Listing{{Items: "$.chats", ID: "chat.id", Kind: "chat"}}},
		ws.String():      {Names: []lr.Place{{In: lr.InMessage, At: "chat_id", Kind: "chat"}}},
		upload.String():  {MaxFile: 77},
	} {
		if g := got[name]; !slices.Equal(g.Names, want.Names) || !slices.Equal(g.Makes, want.Makes) || !slices.Equal(g.Shows, want.Shows) || !slices.Equal(g.Tenant, want.Tenant) || g.MaxFile != want.MaxFile {
			t.Errorf("%s: got %+v, want %+v", name, g, want)
		}
	}
	text, err := json.Marshal(routes)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{a, b, m1, m2, ann, bob, "red"} { // no value of the target is kept
		if bytes.Contains(text, []byte(value)) {
			t.Errorf("the report holds %s", value)
		}
	}
}

// TestPlacesShared: what two tenants are shown by a list that tells nobody else's
// objects is for everybody, and so is what the owner says is shared.
func TestPlacesShared(t *testing.T) {
	const things = "/things"
	list := &lr.Route{Method: "GET", Path: things, Kind: lr.List, Resource: things}
	read := &lr.Route{Method: "GET", Path: "/things/{id}", Kind: lr.Read, Resource: things, Keys: map[string]lr.Key{"id": {Resource: things, Field: "id"}}}
	for name, c := range map[string]struct {
		second string
		shared []string
		want   bool
	}{
		"each its own":   {`[{"id":"thing_33aa81c7e9240fb6"}]`, nil, true},
		"one of both":    {`[{"id":"thing_b2c7f0819e6d43a5"},{"id":"thing_33aa81c7e9240fb6"}]`, nil, false},
		"said to be all": {`[{"id":"thing_33aa81c7e9240fb6"}]`, []string{"GET /things/*"}, false},
	} {
		target := &lr.Target{Routes: []*lr.Route{list, read}, Access: lr.Access{Shared: c.shared},
			Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a", Tenant: "x"}}, {Identity: lr.Identity{Name: "b", Tenant: "y"}}}}
		r := &run{Options: Options{Target: target}, results: map[string]*result{"isolation/list-leak": {outcomes: []lr.Outcome{{Subject: list.String(), Verdict: lr.Passed}}}}}
		r.seen = answering(jsonAnswer(list, "a", `[{"id":"thing_b2c7f0819e6d43a5"}]`), jsonAnswer(list, "b", c.second))
		routes := surfaceOf(target)
		r.put(routes)
		if got := len(routes[0].Shows) + len(routes[1].Names); (got == 2) != c.want {
			t.Errorf("%s: %+v", name, routes)
		}
	}
}

// TestPlacesOfDictionaries: where an answer has objects by their keys, by slugs or by
// users, those are the target's data, and no place is told by them.
func TestPlacesOfDictionaries(t *testing.T) {
	const (
		rooms, id, ann = "/rooms", "room_8d1f42c07b9e3a65", "ann"
	)
	list := &lr.Route{Method: "GET", Path: rooms, Kind: lr.List, Resource: rooms}
	create := &lr.Route{Method: "POST", Path: rooms, Kind: lr.Create, Resource: rooms}
	read := &lr.Route{Method: "GET", Path: "/rooms/{id}", Kind: lr.Read, Resource: rooms, Keys: map[string]lr.Key{"id": {Resource: rooms, Field: "id"}}}
	for name, c := range map[string]struct {
		made, listed string
		want         int // places
	}{
		"no dictionary":    {`{"room":{"id":"` + id + `"}}`, `{"rooms":[{"id":"` + id + `"}]}`, 2},
		"by the key":       {`{"` + id + `":{"id":"` + id + `"}}`, `{"` + id + `":[{"id":"` + id + `"}]}`, 0},
		"by a plain key":   {`{"lobby":{"id":"lobby"}}`, `{"lobby":[{"id":"lobby"}]}`, 0},
		"by the user":      {`{"` + ann + `":{"id":"` + id + `"}}`, `{"` + ann + `":[{"id":"` + id + `"}]}`, 0},
		"by an address":    {`{"ann@localhost":{"id":"` + id + `"}}`, `{"ann@localhost":[{"id":"` + id + `"}]}`, 0},
		"by a user within": {`{"id":"` + id + `"}`, `[{"` + ann + `":{"id":"` + id + `"}}]`, 1},
	} {
		target := &lr.Target{Routes: []*lr.Route{list, create, read}, Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a", Tenant: "x"}, UserID: ann}}}
		r := &run{Options: Options{Target: target}}
		r.seen = answering(jsonAnswer(create, "a", c.made), jsonAnswer(list, "a", c.listed))
		routes := surfaceOf(target)
		r.put(routes)
		got := 0
		for _, rt := range routes {
			got += len(rt.Makes) + len(rt.Shows)
		}
		if got != c.want {
			t.Errorf("%s: %d places, want %d: %+v", name, got, c.want, routes)
		}
	}
}

// TestPlacesOfManyAnswers: a list that an answer lacked is told of no route, and that of
// two members that say the tenant it is always the same that is told.
func TestPlacesOfManyAnswers(t *testing.T) {
	const notes = "/notes"
	get := &lr.Route{Method: "GET", Path: "/search", Kind: lr.Search, Resource: notes}
	post := &lr.Route{Method: "POST", Path: "/search", Kind: lr.Search, Resource: notes}
	list := &lr.Route{Method: "GET", Path: notes, Kind: lr.List, Resource: notes}
	read := &lr.Route{Method: "GET", Path: "/notes/{id}", Kind: lr.Read, Resource: notes, Keys: map[string]lr.Key{"id": {Resource: notes, Field: "id"}}}
	target := &lr.Target{Routes: []*lr.Route{get, post, list, read}, Accounts: []*lr.Account{{Identity: lr.Identity{Name: "a", Tenant: "x"}, TenantID: "t1"}}}
	for range 20 { // maps have another order each time
		r := &run{Options: Options{Target: target}}
		r.seen = answering(
			jsonAnswer(list, "a", `[{"id":"note_b2c7f0819e6d43a5","workspace_id":"t1","account_id":"t1","org":"t1"}]`),
			jsonAnswer(get, "a", `{"found":[{"id":"note_b2c7f0819e6d43a5"}]}`),
			jsonAnswer(get, "a", `{"nothing":true}`),
		)
		routes := surfaceOf(target)
		r.put(routes)
		for _, rt := range routes {
			want := []lr.Listing(nil)
			if rt.Path == notes {
				want = []lr.Listing{{Items: "$", ID: "id", Kind: "note", Tenant: "account_id"}}
			}
			if !slices.Equal(rt.Shows, want) {
				t.Errorf("%s %s: got %+v, want %+v", rt.Method, rt.Path, rt.Shows, want)
			}
		}
	}
}
