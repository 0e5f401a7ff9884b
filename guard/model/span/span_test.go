package span_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/model/span"
)

func read(t *testing.T, src string) *span.Document {
	t.Helper()
	d := &span.Document{}
	if err := d.Read([]byte(src)); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return d
}

func TestGet(t *testing.T) {
	d := read(t, ` {"model":"m","n":[1,-2.5e3,{"a\u0062":"x\"\u00e9\ud83d\ude42\/"}],"t":true,"z":null} `)
	root := d.Root()
	if !d.Is(d.Get(root, "model"), "m") || d.Kind(d.Get(root, "t")) != span.True || d.Kind(d.Get(root, "z")) != span.Null || d.Get(root, "no") != span.None {
		t.Error("members are wrong")
	}
	n := d.First(d.Get(root, "n"))
	if i, ok := d.Int(n); !ok || i != 1 {
		t.Error("the number is wrong")
	}
	if got := d.Text(d.Get(d.Next(d.Next(n)), "ab")); got != "x\"é🙂/" {
		t.Errorf("got %q", got)
	}
	if d.Len(d.Get(root, "n")) != 3 || d.Get(d.Get(root, "model"), "x") != span.None {
		t.Error("a string has members, or the list another length")
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		do             func(d *span.Document)
	}{
		{"nothing", `{ "a" : 1.0 }`, `{ "a" : 1.0 }`, func(*span.Document) {}},
		{"a text", `{"a":"x","b":2}`, `{"a":"q\"\n\u0001é","b":2}`, func(d *span.Document) { d.SetText(d.Get(0, "a"), []byte("q\"\n\x01é")) }},
		{"a new member", `{"a":1}`, `{"b":2,"a":1}`, func(d *span.Document) { d.Put(0, "b", []byte("2")) }},
		{"a new member of nothing", `{}`, `{"b":2}`, func(d *span.Document) { d.Put(0, "b", []byte("2")) }},
		{"a member that is there", `{"a":1}`, `{"a":2}`, func(d *span.Document) { d.Put(0, "a", []byte("2")) }},
		{"drop the first", `{"a": 1, "b": 2, "c": 3}`, `{"b": 2,"c": 3}`, func(d *span.Document) { d.Drop(0, func(n span.Node) bool { return d.Key(n) == "a" }) }},
		{"drop the last", `[1, 2, 3]`, `[1,2]`, func(d *span.Document) { d.Drop(0, func(n span.Node) bool { return string(d.Raw(n)) == "3" }) }},
		{"drop all", `[1, 2]`, `[]`, func(d *span.Document) { d.Drop(0, func(span.Node) bool { return true }) }},
		{"drop again", `[1, 2, 3, 4]`, `[1,4]`, func(d *span.Document) {
			is := func(s string) func(span.Node) bool { return func(n span.Node) bool { return string(d.Raw(n)) == s } }
			if n := d.Drop(0, is("3")) + d.Drop(0, is("2")) + d.Drop(0, is("3")); n != 2 {
				t.Errorf("%d dropped", n)
			}
		}},
		{"drop what was replaced", `["x"]`, `[]`, func(d *span.Document) {
			d.SetText(1, []byte("y"))
			d.Drop(0, func(span.Node) bool { return true })
		}},
		{"drop within what stays", `[[1, 2], [1]]`, `[[2]]`, func(d *span.Document) {
			d.Drop(0, func(n span.Node) bool { return d.Len(n) == 1 })
			d.Drop(1, func(n span.Node) bool { return string(d.Raw(n)) == "1" })
		}},
		{"drop, put and set", `{"a":1,"b":{"c":"x"},"d":4}`, `{"e":5,"b":{"c":"y"},"d":4}`, func(d *span.Document) {
			d.SetText(d.Get(0, "b", "c"), []byte("y"))
			d.SetText(d.Get(0, "a"), []byte("gone with it"))
			d.Put(0, "e", []byte("5"))
			d.Drop(0, func(n span.Node) bool { return d.Key(n) == "a" })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := read(t, c.in)
			c.do(d)
			if got := string(d.Output()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !json.Valid(d.Output()) {
				t.Error("no JSON")
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, in := range []string{"", "{", `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a":1} x`, `"\x"`, `"\u12g4"`, "\"\n\"", "01", "1.", "-", "tru", `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, strings.Repeat("[", 100) + strings.Repeat("]", 100)} {
		if err := (&span.Document{}).Read([]byte(in)); err == nil {
			t.Errorf("%q is read", in)
		}
	}
}

// TestLoose: what some applications write is read where that is asked for, and every
// member of a name is found.
func TestLoose(t *testing.T) {
	const in = "\ufeff{\"a\":1,\"\\u0041\":2,\"a\":3,\"\u017f\":4,\"\":5}"
	if (&span.Document{}).Read([]byte(in)) == nil {
		t.Error("a mark of byte order is read")
	}
	d := &span.Document{Loose: true, Most: 6}
	if err := d.Read([]byte(in)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "123", "A": "123", "s": "4", "": "5", "b": ""} {
		got := ""
		for c := d.First(d.Root()); c != span.None; c = d.Next(c) {
			if d.Named(c, name) {
				got += string(d.Raw(c))
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if d.Named(d.Root(), "") {
		t.Error("what is no member has a name")
	}
	d.Set(d.First(d.Root()), []byte("7"))
	if got, want := string(d.Output()), strings.Replace(in, "1", "7", 1); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if d.Most = 5; d.Read([]byte(in)) == nil {
		t.Error("more values than may be are read")
	}
}

// FuzzRead: what is read is what encoding/json reads, but for what is deep or says a
// name twice, and comes out as it went in.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a":[1,"x\u00e9",{"b":null}],"c":-1.5e9}`, `"\ud83d"`, `[]`, ` {} `, `1E700`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		loose := &span.Document{Loose: true}
		if err := loose.Read(b); err == nil != json.Valid(b) && bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) <= span.MaxDepth && !bytes.HasPrefix(b, []byte("\ufeff")) {
			t.Fatalf("%q: %v, and encoding/json says %t", b, err, json.Valid(b))
		}
		d := &span.Document{}
		if d.Read(b) != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatalf("%q is read and is no JSON", b)
		}
		if !bytes.Equal(d.Output(), b) {
			t.Fatalf("%q came out as %q", b, d.Output())
		}
		var walk func(n span.Node)
		walk = func(n span.Node) {
			if d.Kind(n) == span.String {
				d.SetText(n, d.Bytes(n))
			}
			for c := d.First(n); c != span.None; c = d.Next(c) {
				walk(c)
			}
		}
		walk(d.Root())
		if x, y := value(t, b), value(t, d.Output()); !reflect.DeepEqual(x, y) {
			t.Errorf("%q became %q", b, d.Output())
		}
	})
}

// value is what a text says, with numbers as they are written: not all fit a float.
func value(t *testing.T, b []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Errorf("%q: %v", b, err)
	}
	return v
}
