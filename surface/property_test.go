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

// descriptions loads every description of testdata.
func descriptions(t *testing.T) map[string][]*lr.Route {
	t.Helper()
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]*lr.Route{}
	for _, f := range files {
		if strings.HasSuffix(f, ".golden") {
			continue
		}
		s, err := surface.Load(t.Context(), surface.Source{Location: f})
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = s.Routes
	}
	if len(out) == 0 {
		t.Fatal("no descriptions")
	}
	return out
}

// sorted is describe, whatever the order of the routes.
func sorted(routes []*lr.Route) string {
	lines := strings.Split(describe(routes), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// differ names the lines that stand in one description only.
func differ(a, b string) string {
	var out []string
	in := strings.Split(b, "\n")
	for _, l := range strings.Split(a, "\n") {
		if !slices.Contains(in, l) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// TestOrderOfRoutesDoesNotMatter holds that what is inferred is the same however
// a description sorts its paths.
func TestOrderOfRoutesDoesNotMatter(t *testing.T) {
	for name, routes := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			want := sorted(routes)
			for seed := range uint64(5) {
				rand.New(rand.NewPCG(seed, 3)).Shuffle(len(routes), func(i, j int) { routes[i], routes[j] = routes[j], routes[i] })
				surface.Link(routes)
				if got := sorted(routes); got != want {
					t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, differ(got, want), differ(want, got))
				}
			}
		})
	}
}

// TestInferenceIsSound holds what must be true of any description.
func TestInferenceIsSound(t *testing.T) {
	for name, routes := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			for _, rt := range routes {
				switch rt.Kind {
				case lr.Create, lr.SignUp, lr.Update, lr.Delete, lr.Upload, lr.Invite:
					if rt.Method == "GET" && rt.Kind != lr.Invite {
						t.Errorf("%s is %s", rt, rt.Kind)
					}
				case lr.List, lr.WhoAmI, lr.Health:
					if rt.Method == "PUT" || rt.Method == "PATCH" || rt.Method == "DELETE" {
						t.Errorf("%s is %s", rt, rt.Kind)
					}
				}
				if surface.Creates(rt) && rt.Resource == "" {
					t.Errorf("%s makes nothing that has a name", rt)
				}
				for p, k := range rt.Keys {
					if k.Resource == "" {
						t.Errorf("%s: %s is the key of nothing", rt, p)
					}
					if surface.Creates(rt) && k.Resource == rt.Resource && slices.Contains(rt.PathParams(), p) {
						t.Errorf("%s makes what it needs: %s", rt, p)
					}
				}
			}
		})
	}
}

// TestSpellingDoesNotMatter holds that the same application is read alike, with
// whatever nouns, prefixes and ways to spell it is written.
func TestSpellingDoesNotMatter(t *testing.T) {
	const shape = `%[2]s %[1]s/%[3]s
GET %[1]s/%[3]s
GET %[1]s/%[3]s/{%[4]s}
%[5]s %[1]s/%[3]s/{%[4]s} {"note":"n"}
DELETE %[1]s/%[3]s/{%[4]s}
%[2]s %[1]s/%[3]s/{%[4]s}/parts {"note":"n"}
GET %[1]s/%[3]s/{%[4]s}/parts/{part_id}`
	want := []lr.Kind{lr.Create, lr.List, lr.Read, lr.Update, lr.Delete, lr.Create, lr.Read}
	for _, prefix := range []string{"", "/api", "/v1", "/api/v2", "/rest/2024-01-01"} {
		for _, way := range [][2]string{{"POST", "PUT"}, {"POST", "PATCH"}, {"PUT", "POST"}, {"PUT", "PUT"}, {"PUT", "PATCH"}} {
			for _, noun := range [][2]string{{"wagons", "id"}, {"wagons", "wagon_id"}, {"trainWagons", "trainWagonId"}, {"train-wagons", "wagonID"}, {"companies", "company"}, {"boxes", "slug"}, {"people", "person_uuid"}} {
				lines := fmt.Sprintf(shape, prefix, way[0], noun[0], noun[1], way[1])
				t.Run(fmt.Sprint(prefix, " ", way, " ", noun), func(t *testing.T) {
					routes := list(t, lines)
					home := prefix + "/" + noun[0]
					for i, rt := range routes {
						if rt.Kind != want[i] {
							t.Errorf("%s: got %s, want %s", rt, rt.Kind, want[i])
						}
						if res := map[bool]string{true: home + "/{}/parts", false: home}[i > 4]; rt.Resource != res {
							t.Errorf("%s: got %s, want %s", rt, rt.Resource, res)
						}
						if slices.Contains(rt.PathParams(), noun[1]) && rt.Keys[noun[1]].Resource != home {
							t.Errorf("%s: got keys %v, want those of %s", rt, rt.Keys, home)
						}
						if made := surface.Creates(rt); made != (want[i] == lr.Create) {
							t.Errorf("%s: got creates %v", rt, made)
						}
					}
				})
			}
		}
	}
}
