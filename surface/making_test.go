package surface_test

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// TestPutOnCollection holds when PUT on a collection makes an object, and when
// it changes or replaces what is there.
func TestPutOnCollection(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, route string
		kind         lr.Kind
		resource     string
		creates      bool
	}{
		"items and a list":            {"GET /projects\nPUT /projects\nGET /projects/{id}", "PUT /projects", lr.Create, "/projects", true},
		"items alone":                 {"PUT /filters {\"title\":\"t\"}\nDELETE /filters/{id}", "PUT /filters", lr.Create, "/filters", true},
		"a word for many":             {"GET /menu\nPUT /menu {\"name\":\"n\"}\nDELETE /menu/{item_id}", "PUT /menu", lr.Create, "/menu", true},
		"the body repeats the key":    {"GET /labels\nPUT /labels {\"id\":1,\"title\":\"t\"}\nPUT /labels/{id} {\"title\":\"t\"}", "PUT /labels", lr.Create, "/labels", true},
		"a list alone, told body":     {"GET /tags\nPUT /tags {\"name\":\"n\"}", "PUT /tags", lr.Create, "/tags", true},
		"a list alone, unknown body":  {"GET /tags\nPUT /tags", "PUT /tags", lr.Action, "/tags", false},
		"POST makes":                  {"POST /pets {\"name\":\"n\"}\nPUT /pets {\"id\":1,\"name\":\"n\"}\nGET /pets/{id}", "PUT /pets", lr.Update, "/pets", false},
		"POST makes, no key":          {"POST /pets {\"name\":\"n\"}\nPUT /pets {\"name\":\"n\"}\nGET /pets/{id}", "PUT /pets", lr.Action, "/pets", false},
		"the body replaces the list":  {"GET /repos/{id}/topics\nPUT /repos/{id}/topics {\"names\":[\"a\"]}\nGET /repos/{id}\nPOST /repos", "PUT /repos/{id}/topics", lr.Action, "/repos/{}/topics", false},
		"settings":                    {"GET /settings\nPUT /settings {\"a\":\"b\"}\nGET /settings/{key}", "PUT /settings", lr.Action, "/settings", false},
		"the key is in the query":     {"GET /chats\nPUT /chats?id=1 {\"title\":\"t\"}", "PUT /chats", lr.Update, "/chats", false},
		"below a parent":              {"PUT /projects\nGET /projects/{id}\nPUT /projects/{id}/tasks {\"title\":\"t\"}\nGET /tasks/{id}", "PUT /projects/{id}/tasks", lr.Create, "/projects/{}/tasks", true},
		"below, but made by POST":     {"PUT /projects\nGET /projects/{id}\nPUT /projects/{id}/tasks {\"title\":\"t\"}\nPOST /tasks\nGET /tasks/{id}", "PUT /projects/{id}/tasks", lr.Action, "/projects/{}/tasks", false},
		"below what nobody knows":     {"GET /{kind}/{id}/reactions\nPUT /{kind}/{id}/reactions {\"value\":\"v\"}", "PUT /{kind}/{id}/reactions", lr.Action, "/{}/{}/reactions", false},
		"one object":                  {"GET /chats\nPOST /chats\nPUT /chats/{id}", "PUT /chats/{id}", lr.Update, "/chats", false},
		"the caller":                  {"GET /profile\nPUT /profile", "PUT /profile", lr.Update, "/profile", false},
		"a deed below an object":      {"PUT /projects\nGET /projects/{id}\nPUT /projects/{id}/duplicate", "PUT /projects/{id}/duplicate", lr.Action, "/projects", false},
		"PATCH never makes":           {"GET /chats\nPATCH /chats\nGET /chats/{id}", "PATCH /chats", lr.Action, "/chats", false},
		"POST on a key beside it":     {"GET /teams\nPUT /teams\nPOST /teams/{id}", "POST /teams/{id}", lr.Update, "/teams", false},
		"role of a user in the body":  {"GET /users/{username}\nPUT /users/update_role {\"username\":\"u\",\"role\":\"r\"}", "PUT /users/update_role", lr.Update, "/users", false},
		"membership, with its routes": {"PUT /teams\nGET /teams/{id}\nPUT /teams/{id}/members {\"username\":\"u\"}\nDELETE /teams/{id}/members/{username}", "PUT /teams/{id}/members", lr.Create, "/teams/{}/members", true},
	} {
		t.Run(name, func(t *testing.T) {
			rt := find(t, list(t, tc.lines), tc.route)
			if rt.Kind != tc.kind || rt.Resource != tc.resource || surface.Creates(rt) != tc.creates {
				t.Errorf("got %s of %s, creates %v; want %s of %s, %v", rt.Kind, rt.Resource, surface.Creates(rt), tc.kind, tc.resource, tc.creates)
			}
		})
	}
}

// TestPutNeedsKey holds the upsert: where the body must hold the key and nothing
// else changes an object, PUT on the collection does.
func TestPutNeedsKey(t *testing.T) {
	for name, tc := range map[string]struct {
		required, more string
		want           lr.Kind
	}{
		"key required":               {"[id]", "", lr.Update},
		"key optional":               {"[title]", "", lr.Create},
		"key required, PATCH exists": {"[id]", ", patch: {}", lr.Create},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, `openapi: 3.1.0
info: {title: x}
paths:
  /notes: {get: {}, put: {requestBody: {content: {application/json: {schema: {type: object, required: `+tc.required+`, properties: {id: {type: string}, title: {type: string}}}}}}}}
  '/notes/{id}': {parameters: [{name: id, in: path, required: true, schema: {type: string}}], get: {}`+tc.more+`}`)
			if got := find(t, s.Routes, "PUT /notes").Kind; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestMadeBelowAParent holds that objects which live at the top and are made
// below a parent go by the place where they are made, and not by a deeper one.
func TestMadeBelowAParent(t *testing.T) {
	routes := list(t, `PUT /projects {"title":"t"}
GET /projects/{id}
PUT /projects/{id}/buckets {"title":"t"}
DELETE /projects/{id}/buckets/{bucket}
PUT /projects/{id}/tasks {"title":"t"}
GET /projects/{id}/views/{view}/tasks
POST /projects/{id}/buckets/{bucket}/tasks {"task_id":1}
GET /tasks
POST /tasks/bulk {"ids":[1]}
GET /tasks/{id}
POST /tasks/{id} {"title":"t"}
DELETE /tasks/{id}
PUT /tasks/{id}/comments {"comment":"c"}
GET /tasks/{id}/comments/{comment_id}`)
	const tasks = "/projects/{}/tasks"
	for _, name := range []string{"GET /tasks", "GET /tasks/{id}", "POST /tasks/{id}", "DELETE /tasks/{id}", "POST /tasks/bulk",
		"GET /projects/{id}/views/{view}/tasks", "POST /projects/{id}/buckets/{bucket}/tasks"} {
		if rt := find(t, routes, name); rt.Resource != tasks {
			t.Errorf("%s: got resource %s, want %s", name, rt.Resource, tasks)
		}
	}
	if rt := find(t, routes, "POST /projects/{id}/buckets/{bucket}/tasks"); rt.Kind != lr.Action || rt.Keys["task_id"].Resource != tasks {
		t.Errorf("moving a task is %s with %v, want an action that names a task", rt.Kind, rt.Keys)
	}
	comment := find(t, routes, "PUT /tasks/{id}/comments")
	if comment.Keys["id"].Resource != tasks || comment.Resource != "/tasks/{}/comments" {
		t.Errorf("got %s with %v, want comments of tasks", comment.Resource, comment.Keys)
	}
	at := names(surface.Order(routes))
	chain := []string{"PUT /projects", "PUT /projects/{id}/tasks", "PUT /tasks/{id}/comments", "GET /tasks/{id}/comments/{comment_id}", "DELETE /tasks/{id}"}
	for i := 1; i < len(chain); i++ {
		if slices.Index(at, chain[i-1]) > slices.Index(at, chain[i]) {
			t.Errorf("%s stands before %s in %v", chain[i], chain[i-1], at)
		}
	}
}

// TestPutBelowByOwnKey holds that what is put below an object is known there by
// the key of what was put, which another collection makes.
func TestPutBelowByOwnKey(t *testing.T) {
	routes := list(t, `PUT /tasks {"title":"t"}
GET /tasks/{id}
PUT /labels {"title":"t"}
GET /labels/{id}
PUT /tasks/{task}/labels {"label_id":1}
GET /tasks/{task}/labels
DELETE /tasks/{task}/labels/{label}`)
	if got := find(t, routes, "PUT /tasks/{task}/labels").Keys["label_id"]; got != (lr.Key{Resource: "/labels", Field: "id"}) {
		t.Errorf("the body's label_id: got %+v", got)
	}
	off := find(t, routes, "DELETE /tasks/{task}/labels/{label}")
	if got := off.Keys["label"]; got != (lr.Key{Resource: "/tasks/{}/labels", Field: "label_id"}) || off.Resource != "/tasks/{}/labels" {
		t.Errorf("taking a label off: got %+v of %s: the label itself must stay", got, off.Resource)
	}
}

// TestPostWithoutInput holds that a described POST that takes nothing, on what
// has no objects to read, makes none.
func TestPostWithoutInput(t *testing.T) {
	const body = ", requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}"
	for name, tc := range map[string]struct {
		paths, route string
		want         lr.Kind
	}{
		"marks all as read":     {"/notes: {get: {}, post: {summary: Mark all}}, '/notes/{id}': {post: {summary: Mark one}}", "POST /notes", lr.Action},
		"no list":               {"/pings: {post: {operationId: ping}}", "POST /pings", lr.Action},
		"an object can be read": {"/exams: {post: {summary: Begin}}, '/exams/{id}': {get: {}}", "POST /exams", lr.Create},
		"or removed":            {"/keys: {get: {}, post: {summary: Mint}}, '/keys/{id}': {delete: {}}", "POST /keys", lr.Create},
		"or has parts":          {"/rooms: {post: {summary: Open}}, '/rooms/{id}/words': {post: {summary: Say" + body + "}}", "POST /rooms", lr.Create},
		"takes a body":          {"/notes: {get: {}, post: {summary: Write" + body + "}}", "POST /notes", lr.Create},
		"takes a query":         {"/notes: {get: {}, post: {summary: Write, parameters: [{name: text, in: query, schema: {type: string}}]}}", "POST /notes", lr.Create},
		"below an object":       {"/rooms: {get: {}, post: {summary: Open" + body + "}}, '/rooms/{id}': {get: {}}, '/rooms/{id}/share': {get: {}, post: {summary: Share}, delete: {}}", "POST /rooms/{id}/share", lr.Create},
		"a setting":             {"/user/settings/avatar: {get: {}, post: {summary: Choose" + body + "}}", "POST /user/settings/avatar", lr.Update},
		"undescribed":           {"/notes: {get: {}, post: {}}", "POST /notes", lr.Create},
	} {
		t.Run(name, func(t *testing.T) {
			paths := strings.ReplaceAll(tc.paths, "{id}': {", "{id}': {parameters: [{name: id, in: path, required: true, schema: {type: string}}], ")
			s := open(t, "openapi: 3.1.0\ninfo: {title: x}\npaths: {"+paths+"}")
			if rt := find(t, s.Routes, tc.route); rt.Kind != tc.want || surface.Creates(rt) != (tc.want == lr.Create) {
				t.Errorf("got %s, creates %v; want %s", rt.Kind, surface.Creates(rt), tc.want)
			}
		})
	}
}

// TestPicturesAreNoFiles holds that the upload of an avatar makes no file, and
// that of a file does.
func TestPicturesAreNoFiles(t *testing.T) {
	const images = "GET /images\nGET /images/{image}\n"
	for name, tc := range map[string]struct {
		lines, route, resource string
		creates                bool
	}{
		"the caller's avatar":  {images + "PUT /user/avatar/upload", "PUT /user/avatar/upload", "", false},
		"a project's":          {images + "POST /projects\nGET /projects/{id}\nPUT /projects/{id}/background/upload", "PUT /projects/{id}/background/upload", "/projects", false},
		"an image":             {images + "POST /images/upload", "POST /images/upload", "/images", true},
		"a file from anywhere": {"GET /files\nPOST /upload", "POST /upload", "/files", true},
	} {
		t.Run(name, func(t *testing.T) {
			rt := find(t, list(t, tc.lines), tc.route)
			if rt.Kind != lr.Upload || rt.Resource != tc.resource || surface.Creates(rt) != tc.creates {
				t.Errorf("got %s of %q, creates %v; want an upload of %q, %v", rt.Kind, rt.Resource, surface.Creates(rt), tc.resource, tc.creates)
			}
		})
	}
}
