package ownership_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
)

// canned is an upstream that costs nothing.
type canned struct{ kind, body string }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {c.kind}},
		Body: io.NopCloser(strings.NewReader(c.body)), ContentLength: int64(len(c.body)), Request: r}, nil
}

// BenchmarkKeeper is what the stage adds to a pipeline without it ("bare"), for
// owners that are in memory.
func BenchmarkKeeper(b *testing.B) {
	id := path(b, "$.id")
	store := &ownership.Recent{Store: &ownership.Memory{}}
	var claims []ownership.Claim
	page, lines := `{"data":[`, ""
	for i := range 50 {
		o := "chat_4kq2v8r0m1x7c9t3b5n6j2h8" + strconv.Itoa(10+i)
		claims = append(claims, ownership.Claim{Object: ownership.Object{Kind: "chat", ID: o}, Tenant: "acme"})
		item := `{"id":"` + o + `","title":"Invoice question","metadata":{"a":[1,2]},"archived":false}`
		page += map[bool]string{true: ","}[i > 0] + item
		lines += item + "\n"
	}
	page += `],"total":50}`
	if _, err := store.Claim(b.Context(), claims); err != nil {
		b.Fatal(err)
	}
	ref := []ownership.Ref{{Name: "chat_id", Kind: "chat"}}
	list := &ownership.List{Items: path(b, "$.data"), Kind: "chat", ID: &id}
	one := `{"id":"` + claims[0].ID + `","tenant_id":"acme","text":"` + strings.Repeat("a", 900) + `"}`
	const json = "application/json"
	for _, c := range []struct {
		name string
		up   canned
		rule *ownership.Rule
	}{
		{"bare/1KB", canned{json, one}, nil},
		{"path/1KB", canned{json, one}, &ownership.Rule{Path: ref}},
		{"path+tenant/1KB", canned{json, one}, &ownership.Rule{Path: ref, Tenant: []ownership.Path{path(b, "$.tenant_id")}}},
		{"bare/50 items", canned{json, page}, nil},
		{"list/50 items", canned{json, page}, &ownership.Rule{List: list, Counts: []ownership.Field{{Path: path(b, "$.total")}}}},
		{"bare/50 lines", canned{"application/x-ndjson", lines}, nil},
		{"lines/50 lines", canned{"application/x-ndjson", lines}, &ownership.Rule{List: list}},
	} {
		b.Run(c.name, func(b *testing.B) {
			rules := map[string][]*ownership.Rule{}
			if c.rule != nil {
				rules["/chats/{chat_id}"] = []*ownership.Rule{c.rule}
			}
			k := ownership.New(ownership.Options{Store: store, Rules: rules})
			o := guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app.test"}, Routes: []*guard.Route{{Pattern: "/chats/{chat_id}"}}, Dial: c.up, Checks: []guard.Check{bearer{}}}
			if c.rule != nil {
				o.Checks, o.Taps = append(o.Checks, k), []guard.Tap{k}
			}
			p, err := guard.New(o)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/chats/"+claims[0].ID, nil)
				r.Header.Set("Authorization", "Bearer acme")
				w := httptest.NewRecorder()
				p.ServeHTTP(w, r)
				if w.Code != 200 || w.Body.Len() != len(c.up.body) {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
