package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func httpClient() *http.Client { return &http.Client{Timeout: 20 * time.Second} }

func TestFitted(t *testing.T) {
	for name, c := range map[string]struct {
		template, path string
		keys           []string
		fits           bool
	}{
		"no key":                     {"/v1/chats", "/v1/chats", nil, true},
		"one key":                    {"/v1/chats/{id}", "/v1/chats/7", []string{"7"}, true},
		"two":                        {"/a/{x}/b/{y}", "/a/1/b/2", []string{"1", "2"}, true},
		"a key with an ending":       {"/avatars/{id}.svg", "/avatars/u1.svg", []string{"u1"}, true},
		"without the ending":         {"/avatars/{id}.svg", "/avatars/u1", nil, false},
		"nothing but the ending":     {"/avatars/{id}.svg", "/avatars/.svg", nil, false},
		"another word":               {"/v1/chats", "/v1/files", nil, false},
		"longer":                     {"/v1/chats/{id}", "/v1/chats/7/messages", nil, false},
		"empty key":                  {"/v1/chats/{id}", "/v1/chats/", nil, false},
		"brackets the wrong way":     {"/a/}x{", "/a/}x{", nil, true},
		"a double slash is no match": {"/v1/chats", "//v1/chats", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			keys, ok := fitted(c.template, c.path)
			if ok != c.fits || !slices.Equal(keys, c.keys) {
				t.Errorf("got %v %v, want %v %v", keys, ok, c.keys, c.fits)
			}
		})
	}
}

func TestOperationOf(t *testing.T) {
	routes := []string{"GET /v1/chats/{chat_id}", "GET /v1/chats/count", "POST /v1/chats"}
	for path, want := range map[string]string{
		"GET /v1/chats/count": "GET /v1/chats/count", // the fewest keys
		"GET /v1/chats/9":     "GET /v1/chats/{chat_id}",
		"PUT /v1/chats/9":     "PUT /v1/chats/9", // no such operation: as it came
	} {
		method, rest, _ := strings.Cut(path, " ")
		if got, _ := operationOf(routes, method, rest); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestMeter sends through a meter what a tool might, and reads what was counted.
func TestMeter(t *testing.T) {
	var seen []string
	var target *httptest.Server
	target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.RequestURI)
		switch {
		case r.URL.Path == "/openapi.json":
			fmt.Fprintf(w, `{"servers": [{"url": %q}]}`, target.URL)
		case r.Method == "POST" && r.URL.Path == "/v1/chats":
			w.Header().Set("Location", "/v1/chats/mine")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"number": 7, "tags": ["own"]}`)
		case r.Method == "POST" && r.URL.Path == "/v1/search":
			fmt.Fprint(w, `{"data": ["theirs"]}`)
		case r.URL.Path == "/v1/chats/missing":
			w.WriteHeader(http.StatusNotFound)
		default:
			fmt.Fprint(w, "kept")
		}
	}))
	defer target.Close()
	m, err := newMeter(target.URL, []string{"POST /v1/chats", "GET /v1/chats/{id}", "DELETE /v1/chats/{id}", "PATCH /v1/chats/{id}", "POST /v1/search"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	send := func(method, path string) string {
		t.Helper()
		r, err := http.NewRequest(method, m.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := httpClient().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := send("POST", "/v1/chats"); got != `{"number": 7, "tags": ["own"]}` {
		t.Errorf("the reply came as %q", got)
	}
	send("DELETE", "/v1/chats/mine") // its own, by Location
	send("PATCH", "/v1/chats/7")     // by a number of the reply
	send("DELETE", "/v1/chats/own")  // by a text of it
	send("POST", "/v1/search")
	send("DELETE", "/v1/chats/theirs") // found, not made
	send("PATCH", "/v1/chats/theirs")
	send("DELETE", "/v1/chats/missing") // refused: nothing happened
	send("GET", "/v1/chats/theirs")
	if got := send("GET", "//v1/%2e%2e/chats;a=b?x=%zz&y=;"); got != "kept" {
		t.Errorf("the odd address was answered %q", got)
	}
	if spec := send("GET", "/openapi.json"); !strings.Contains(spec, m.URL) || strings.Contains(spec, target.URL) {
		t.Errorf("the description leads past the meter: %s", spec)
	}
	got := m.read()
	if got.requests != 11 || got.changed != 2 || got.deleted != 1 {
		t.Errorf("counted %+v, want 11 requests, 2 changes, 1 deletion", got)
	}
	if want := map[string]int{"DELETE /v1/chats/{id}": 1, "PATCH /v1/chats/{id}": 1}; !maps.Equal(got.hurt, want) {
		t.Errorf("hurt %v, want %v", got.hurt, want)
	}
	if got.operations != 7 {
		t.Errorf("%d operations, want 7", got.operations)
	}
	if !slices.Contains(seen, "GET //v1/%2e%2e/chats;a=b?x=%zz&y=;") {
		t.Errorf("the odd address did not arrive as it was sent: %q", seen)
	}
}
