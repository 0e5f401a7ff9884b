package oracle

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	lr "github.com/launchready/launchready"
)

func query(names ...string) []lr.Param {
	var out []lr.Param
	for _, n := range names {
		out = append(out, lr.Param{Name: n, In: lr.InQuery})
	}
	return out
}

func TestNextPage(t *testing.T) {
	base, err := url.Parse("https://api.acme.test/base")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		params []lr.Param
		path   string
		link   string
		body   string
		want   string // "" for none
	}{
		{"the end", nil, "/chats", "", `{"data":[{"id":1}]}`, ""},
		{"a Link field", nil, "/chats", `<https://api.acme.test/base/chats?after=7>; rel="next"`, `[]`, "/chats?after=7"},
		{"a Link field of several", nil, "/chats", `</base/chats?p=0>; rel="first", </base/chats?p=2>; rel=next`, `[]`, "/chats?p=2"},
		{"a Link field that only tells the first", nil, "/chats", `</base/chats?p=0>; rel="first"`, `[]`, ""},
		{"a Link field to another host", nil, "/chats", `<https://evil.test/chats?p=2>; rel="next"`, `[]`, ""},
		{"a link in the body", nil, "/chats", "", `{"next":"/base/chats?offset=20","results":[{"id":1}]}`, "/chats?offset=20"},
		{"a link in the body to another host", query("offset"), "/chats", "", `{"next":"https://evil.test/chats?offset=20"}`, ""},
		{"a link below links", nil, "/chats", "", `{"links":{"next":{"href":"/base/chats?page=2"}}}`, "/chats?page=2"},
		{"a cursor for a declared parameter", query("after"), "/chats?limit=5", "", `{"next_cursor":"abc+/="}`, "/chats?after=abc%2B%2F%3D&limit=5"},
		{"a cursor that begins like a path", nil, "/chats", "", `{"next_cursor":"/aGVsbG8="}`, "/chats?cursor=%2FaGVsbG8%3D"},
		{"a cursor for none", nil, "/chats", "", `{"meta":{"nextCursor":"abc"}}`, "/chats?cursor=abc"},
		{"a token for none", nil, "/chats", "", `{"nextPageToken":"abc"}`, "/chats?page_token=abc"},
		{"an empty cursor", nil, "/chats", "", `{"next_cursor":"","data":[{"id":1}]}`, ""},
		{"a null cursor", nil, "/chats", "", `{"next_cursor":null,"data":[{"id":1}]}`, ""},
		{"a page number, the first time", query("page"), "/chats", "", `[{"id":1}]`, "/chats?page=1"},
		{"a page number, further on", query("page"), "/chats?page=3", "", `[{"id":1}]`, "/chats?page=4"},
		{"a page number after an empty page", query("page"), "/chats?page=3", "", `[]`, ""},
		{"an offset", query("offset"), "/chats?offset=2", "", `{"data":[{"id":1},{"id":2}]}`, "/chats?offset=4"},
		{"an offset that is no number", query("offset"), "/chats?offset=x", "", `[1]`, "/chats?offset=1"},
		{"the same page again", nil, "/chats?cursor=abc", "", `{"next_cursor":"abc"}`, ""},
		{"no JSON", query("page"), "/chats", "", `<html>`, ""},
		{"a query that cannot be read", query("page"), "/chats?%zz", "", `[1]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := &lr.Exchange{Status: 200, Header: http.Header{}, Body: []byte(c.body)}
			if c.link != "" {
				x.Header.Set("Link", c.link)
			}
			r := &lr.Request{Method: "GET", Path: c.path}
			got := NextPage(base, &lr.Route{Method: "GET", Path: "/chats", Params: c.params}, r, x)
			switch {
			case got == nil && c.want != "":
				t.Errorf("got no further page, want %s", c.want)
			case got != nil && got.Path != c.want:
				t.Errorf("got %s, want %q", got.Path, c.want)
			}
			if r.Path != c.path {
				t.Errorf("the request itself was changed to %s", r.Path)
			}
		})
	}
	if got := NextPage(base, &lr.Route{}, &lr.Request{}, nil); got != nil {
		t.Errorf("no reply has a further page: %s", got.Path)
	}
	if got := NextPage(base, &lr.Route{Params: query("page")}, &lr.Request{}, &lr.Exchange{Status: 403, Body: []byte(`[1]`)}); got != nil {
		t.Errorf("a refusal has a further page: %s", got.Path)
	}
}

func FuzzNextPage(f *testing.F) {
	for _, s := range []string{`{"next":"/a?b=c"}`, `[{"id":1}]`, `{"meta":{"next_cursor":"x"}}`, `{"links":{"next":{"href":"//evil.test/"}}}`, `{"next":"http://[::1"}`} {
		f.Add(s, `</a>; rel="next"`)
	}
	base, err := url.Parse("https://api.acme.test/base")
	if err != nil {
		f.Fatal(err)
	}
	rt := &lr.Route{Method: "GET", Path: "/chats", Params: query("page", "offset")}
	f.Fuzz(func(t *testing.T, body, link string) {
		x := &lr.Exchange{Status: 200, Header: http.Header{"Link": {link}}, Body: []byte(body)}
		r := NextPage(base, rt, &lr.Request{Method: "GET", Path: "/chats"}, x)
		if r != nil && (r.Path == "" || r.Path == "/chats") {
			t.Errorf("the next page is %q", r.Path)
		}
		if r != nil && r.Path[0] != '/' {
			t.Errorf("the next page %q lies outside the target", r.Path)
		}
	})
}

func TestSaysPublic(t *testing.T) {
	for body, want := range map[string]bool{
		`{"visibility":"PUBLIC"}`:           true,
		`{"visibility":"protected"}`:        true,
		`{"is_public":true}`:                true,
		`{"article":{"published":true}}`:    true,
		`{"visibility":"private"}`:          false,
		`{"is_public":false}`:               false,
		`{"public":"yes"}`:                  false,
		`{"title":"public"}`:                false,
		`{"a":{"b":{"c":{"public":true}}}}`: false,
		`{}`:                                false,
	} {
		var m map[string]any
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		if got := saysPublic(m, 0); got != want {
			t.Errorf("saysPublic(%s) = %v, want %v", body, got, want)
		}
	}
}

func TestBeside(t *testing.T) {
	members := func(names ...string) *lr.Body {
		p := map[string]*lr.Schema{}
		for _, n := range names {
			p[n] = &lr.Schema{Type: "string"}
		}
		return &lr.Body{Schema: &lr.Schema{Type: "object", Properties: p}}
	}
	keys := map[string]lr.Key{"chat_id": {Resource: "/chats"}, "id": {Resource: "/notes"}, "odd": {}}
	for _, c := range []struct {
		name string
		rt   lr.Route
		want int
		asks bool
	}{
		{"nothing", lr.Route{Method: "GET", Path: "/notes", Kind: lr.List}, 0, false},
		{"a query of a list", lr.Route{Method: "GET", Path: "/notes", Kind: lr.List, Keys: keys, Params: query("chat_id")}, 1, false},
		{"a required query of a list", lr.Route{Method: "GET", Path: "/notes", Kind: lr.List, Keys: keys, Params: []lr.Param{{Name: "chat_id", In: lr.InQuery, Required: true}}}, 1, true},
		{"a query of a read", lr.Route{Method: "GET", Path: "/note", Kind: lr.Read, Keys: keys, Params: query("id")}, 1, true},
		{"the path itself", lr.Route{Method: "GET", Path: "/notes/{id}", Kind: lr.Read, Keys: keys}, 0, false},
		{"a body of a read", lr.Route{Method: "POST", Path: "/notes/get", Kind: lr.Read, Keys: keys, Body: members("id", "odd")}, 1, true},
		{"a body that GET does not send", lr.Route{Method: "GET", Path: "/note", Kind: lr.Read, Keys: keys, Body: members("id")}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Beside(&c.rt); len(got) != c.want {
				t.Errorf("Beside = %v, want %d names", got, c.want)
			}
			if got := asksByKey(&c.rt); got != c.asks {
				t.Errorf("asksByKey = %v, want %v", got, c.asks)
			}
		})
	}
}

func TestShows(t *testing.T) {
	for _, c := range []struct {
		rt   lr.Route
		want bool
	}{
		{lr.Route{Method: "GET", Path: "/chats", Kind: lr.List}, true},
		{lr.Route{Method: "GET", Path: "/chats/{id}/close", Kind: lr.Action}, false},
		{lr.Route{Method: "GET", Path: "/createdb", Kind: lr.Action}, false},
		{lr.Route{Method: "GET", Path: "/logout", Kind: lr.SignOut}, false},
		{lr.Route{Method: "GET", Path: "/ws", Kind: lr.WebSocket}, false},
		{lr.Route{Method: "GET", Path: "/invitations", Kind: lr.Invite}, true},
		{lr.Route{Method: "POST", Path: "/invitations", Kind: lr.Invite}, false},
		{lr.Route{Method: "POST", Path: "/search", Kind: lr.Search}, true},
		{lr.Route{Method: "DELETE", Path: "/search", Kind: lr.Search}, false},
		{lr.Route{Method: "POST", Path: "/chats/get", Resource: "/chats", Kind: lr.Read}, true},
		{lr.Route{Method: "POST", Path: "/chats/export", Resource: "/chats", Kind: lr.Export}, true},
		{lr.Route{Method: "POST", Path: "/exports", Resource: "/exports", Kind: lr.Export}, false},
		{lr.Route{Method: "POST", Path: "/chats", Resource: "/chats", Kind: lr.Create}, false},
	} {
		if got := Shows(&c.rt); got != c.want {
			t.Errorf("Shows(%s, %s) = %v, want %v", c.rt.String(), c.rt.Kind, got, c.want)
		}
	}
}

func TestMissingFor(t *testing.T) {
	o := &lr.Object{Resource: "/chats/{}/messages", ID: "msg_a1b2c3d4", Keys: map[string]string{"/chats": "chat_e5f6a7b8", "/chats/{}/messages": "msg_a1b2c3d4"}}
	keys := map[string]lr.Key{"chat_id": {Resource: "/chats"}, "message_id": {Resource: "/chats/{}/messages"}}
	list := &lr.Route{Method: "GET", Path: "/chats/{chat_id}/messages", Keys: keys}
	item := &lr.Route{Method: "GET", Path: "/chats/{chat_id}/messages/{message_id}", Keys: keys}
	if m := MissingFor(list, o); m.Keys["/chats"] == o.Keys["/chats"] {
		t.Error("the list of children is asked below the same parent")
	}
	m := MissingFor(item, o)
	if m.Keys["/chats"] != o.Keys["/chats"] || m.Keys["/chats/{}/messages"] == o.ID || m.ID == o.ID {
		t.Errorf("the missing child has keys %v", m.Keys)
	}
	if o.Keys["/chats"] != "chat_e5f6a7b8" || o.ID != "msg_a1b2c3d4" {
		t.Error("the object itself was changed")
	}
	if m := MissingFor(&lr.Route{Path: "/chats"}, o); m.Keys["/chats"] != o.Keys["/chats"] {
		t.Errorf("a route without a key has keys %v", m.Keys)
	}
	const uuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	if got := nonexistent(uuid); got == uuid || got[14] != '4' || got[19] != uuid[19] || len(got) != len(uuid) {
		t.Errorf("a missing UUID is %s", got)
	}
}

func TestDirectory(t *testing.T) {
	acme := &lr.Account{Identity: lr.Identity{Tenant: "acme", User: "member@acme.test"}, UserID: "usr_4f6a1c88", TenantID: "ten_4f6a1c88"}
	globex := &lr.Account{Identity: lr.Identity{Tenant: "globex", User: "member@globex.test"}, UserID: "usr_90b7e2d3", TenantID: "ten_90b7e2d3"}
	tr := &lr.Trial{Target: &lr.Target{Accounts: []*lr.Account{acme, globex}}}
	for _, c := range []struct {
		name string
		hits []string
		want bool
	}{
		{"an id of a user", []string{"usr_4f6a1c88"}, true},
		{"an address", []string{"usr_4f6a1c88", "member@acme.test"}, false},
		{"more than names", []string{"usr_4f6a1c88", "the plan for next year"}, false},
		{"another tenant's id", []string{"usr_90b7e2d3"}, false},
		{"nothing", nil, false},
	} {
		if got := directory(tr, acme, c.hits); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
