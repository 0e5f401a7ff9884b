package surface_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// checkOrder fails unless the order holds every route once and, circles
// aside, every producer before its consumers.
func checkOrder(t *testing.T, routes []*lr.Route) []*lr.Route {
	t.Helper()
	got := surface.Order(routes)
	if len(got) != len(routes) {
		t.Fatalf("got %d routes, want %d", len(got), len(routes))
	}
	at := map[*lr.Route]int{}
	for i, rt := range got {
		if _, twice := at[rt]; twice {
			t.Fatalf("%s stands twice", rt)
		}
		at[rt] = i
	}
	for _, rt := range routes {
		for _, p := range surface.Producers(rt, routes) {
			if at[p] > at[rt] && !reaches(p, rt, routes, map[*lr.Route]bool{}) {
				t.Errorf("%s stands before %s, which makes what it needs", rt, p)
			}
		}
	}
	return got
}

// reaches reports that "to" is, over any number of steps, a producer of "from".
func reaches(from, to *lr.Route, routes []*lr.Route, seen map[*lr.Route]bool) bool {
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, p := range surface.Producers(from, routes) {
		if p == to || reaches(p, to, routes, seen) {
			return true
		}
	}
	return false
}

func TestOrderOfSpecs(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, f := range files {
		if strings.HasSuffix(f, ".golden") {
			continue
		}
		t.Run(filepath.Base(f), func(t *testing.T) {
			s, err := surface.Load(t.Context(), surface.Source{Location: f})
			if err != nil {
				t.Fatal(err)
			}
			got := checkOrder(t, s.Routes)
			lastRead, firstDelete := -1, len(got)
			for i, rt := range got {
				switch rt.Kind {
				case lr.Read, lr.List:
					lastRead = i
				case lr.Delete:
					firstDelete = min(firstDelete, i)
				}
			}
			if lastRead > firstDelete {
				t.Errorf("%s is read after %s", got[lastRead], got[firstDelete])
			}
		})
	}
}

func TestOrderPhases(t *testing.T) {
	routes := list(t, `POST /logout
DELETE /chats/{id}
DELETE /chats/{id}/messages/{mid}
PATCH /chats/{id}
GET /chats
GET /chats/{id}
POST /chats/{id}/messages {"body":"x"}
POST /chats {"title":"x"}
POST /register
POST /login`)
	want := `POST /register
POST /login
POST /chats
POST /chats/{id}/messages
GET /chats/{id}
GET /chats
PATCH /chats/{id}
DELETE /chats/{id}/messages/{mid}
DELETE /chats/{id}
POST /logout`
	if got := strings.Join(names(surface.Order(routes)), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestOrderIsTopological tries random nests of resources, circles included.
func TestOrderIsTopological(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			nouns := []string{"chats", "users", "files", "teams", "notes", "tags", "plans", "books"}
			var lines []string
			for range 30 {
				path := ""
				for range 1 + rnd.IntN(3) {
					noun := nouns[rnd.IntN(len(nouns))]
					path += "/" + noun + "/{" + strings.TrimSuffix(noun, "s") + "_id}"
				}
				coll := path[:strings.LastIndex(path, "/")]
				body := fmt.Sprintf(" {\"title\":\"x\",\"%s_id\":\"y\"}", strings.TrimSuffix(nouns[rnd.IntN(len(nouns))], "s"))
				lines = append(lines, []string{"POST " + coll + body, "GET " + path, "DELETE " + path, "GET " + coll, "PATCH " + path + body}[rnd.IntN(5)])
			}
			routes := list(t, strings.Join(lines, "\n"))
			got := checkOrder(t, routes)
			slices.Reverse(routes)
			if again := surface.Order(routes); !slices.Equal(names(again), names(got)) {
				t.Errorf("the order depends on the order of its input:\n%v\n%v", names(got), names(again))
			}
		})
	}
}

func TestOrderFollowsLinks(t *testing.T) {
	spec := `{"openapi":"3.1.0","info":{"title":"x"},"paths":{
"/a":{"post":{"operationId":"makeB","responses":{"201":{"links":{"read":{"operationId":"readZ","parameters":{"path.z":"$response.body#/z"}},"gone":{"operationId":"nowhere","parameters":{"z":"$response.body#/z"}}}}}}},
"/things/{z}/x":{"post":{"operationId":"readZ","parameters":[{"name":"z","in":"path","required":true,"schema":{"type":"string"}}],"responses":{}}}}}`
	s, err := surface.OpenAPI(t.Context(), []byte(spec), surface.Source{})
	if err != nil {
		t.Fatal(err)
	}
	if l := s.Routes[0].Links; len(l) != 1 || l[0] != (lr.Link{Operation: "readZ", Parameter: "z", Pointer: "/z"}) {
		t.Errorf("got links %v", l)
	}
	if !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, `"nowhere"`) }) {
		t.Errorf("got warnings %v, want one of the dead link", s.Warnings)
	}
}

// TestLinksByReference holds that a link may name its operation by where it
// stands, escaped as JSON pointers and URLs are.
func TestLinksByReference(t *testing.T) {
	for name, tc := range map[string]struct {
		ref, want, warn string
	}{
		"with an id":   {"#/paths/~1notes~1{id}/get", "readNote", ""},
		"escaped":      {"#/paths/~1notes~1%7Bid%7D/get", "readNote", ""},
		"without one":  {"https://a.test/x.json#/paths/~1notes~1{id}/delete", "DELETE /notes/{id}", ""},
		"no such path": {"#/paths/~1ghosts/get", "", "#/paths/~1ghosts/get, which is not there"},
		"no operation": {"#/paths", "", "which is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, `openapi: 3.1.0
info: {title: x}
paths:
  /notes: {post: {responses: {"201": {links: {l: {operationRef: '`+tc.ref+`', parameters: {path.id: '$response.body#/note/id', query.q: '$request.query.q'}}}}}}}
  '/notes/{id}': {parameters: [{name: id, in: path, required: true, schema: {type: string}}], get: {operationId: readNote}, delete: {}}`)
			var want []lr.Link
			if tc.want != "" {
				want = []lr.Link{{Operation: tc.want, Parameter: "id", Pointer: "/note/id"}}
			}
			if got := find(t, s.Routes, "POST /notes").Links; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if tc.warn != "" && !warned(s, tc.warn) || tc.warn == "" && len(s.Warnings) > 0 {
				t.Errorf("got warnings %q, want one with %q", s.Warnings, tc.warn)
			}
		})
	}
}
