package ownership

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/model/span"
)

func TestPath(t *testing.T) {
	const text = `{"id":"a","Tenant_ID":"x","data":[{"id":"b","tenant_id":"y"},{"id":7,"own":{"tenant\u005fid":"z"}}],"a.b":{"id":null},"id":"twice"}`
	d := newDocument()
	if err := read(d, []byte(text)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"$.id":           {"a", "twice"},
		"id":             {"a", "b", "7", "null", "twice"},
		"$..id":          {"a", "b", "7", "null", "twice"},
		"$.data[*].id":   {"b", "7"},
		"tenant_id":      {"x", "y", "z"},
		"$['a.b'].id":    {"null"},
		"$.data.id":      nil,
		"$.none[*].more": nil,
		"$[*].id":        nil,
	} {
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		p.find(d, d.Root(), func(i span.Node) {
			b, ok := d.Scalar(i)
			if !ok {
				t.Errorf("%s visits what is no value", path)
			}
			got = append(got, string(b))
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, bad := range []string{"", "a.b", "$.", "$x", "$[0]", "$.a[", "$['a", "$.a b", "$['']", "a[*]", "$....a"} {
		if p, err := ParsePath(bad); err == nil {
			t.Errorf("%q is accepted as %+v", bad, p)
		}
	}
}

// FuzzDocument: what is read is what encoding/json reads, and no more.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,null,"\u00e9\n"],"b":{}}`, ` [] `, `{"a":1,}`, `01`, `"\ud800"`, "\"\x01\"", `[1 2]`, `nul`, `{"a"}`, strings.Repeat("[", 70)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDocument()
		b = bytes.TrimPrefix(b, []byte("\ufeff"))
		err := read(d, b)
		if err == nil != json.Valid(b) && strings.Count(string(b), "[")+strings.Count(string(b), "{") <= span.MaxDepth && !strings.ContainsRune(string(b), '\uFFFD') {
			t.Fatalf("%q: %v, and encoding/json says %t", b, err, json.Valid(b))
		}
		if err != nil {
			return
		}
		for n := d.Root(); n < d.Behind(d.Root()); n++ {
			if d.Behind(n) <= n || d.Behind(n) > d.Behind(d.Root()) || !json.Valid(d.Raw(n)) {
				t.Fatalf("%q: node %d is %q", b, n, d.Raw(n))
			}
		}
		p, _ := ParsePath("a")
		p.find(d, d.Root(), func(i span.Node) { d.Scalar(i) })
	})
}
