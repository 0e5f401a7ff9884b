package guard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
)

func TestStrict(t *testing.T) {
	wide := func(last string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range 40 {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return b.String() + `"` + last + `":1}`
	}
	for in, ok := range map[string]bool{
		`{}`: true, `[]`: true, ` {"a" : [1, -0.5e+3, "x\u00e9\ud83d\ude00\/", true, false, null] } `: true, `"x"`: true, `0`: true, "\"\U0010ffff\ufffe\"": true, `{"a":{"x":1},"b":{"x":1}}`: true,
		wide("z"): true, wide("K7"): false, wide("\u212a7"): false, `{"k":1,"\u212a":2}`: false, `{"a":1,"\u0061":2}`: false, `{"a":1,"A":2}`: false,
		``: false, ` `: false, `{`: false, `{"a"}`: false, `{"a":}`: false, `{"a":1,}`: false, `[1,]`: false, `[,1]`: false, `{a:1}`: false, `'a'`: false, `01`: false, `-`: false, `1.`: false, `.5`: false, `+1`: false, `1e`: false, `NaN`: false, `tru`: false,
		`{} {}`: false, `{}x`: false, "\xef\xbb\xbf{}": false, "\"\xff\"": false, "\"a\nb\"": false, `"\x"`: false, `"\u12"`: false, `"\ud800"`: false, `"\ud800x"`: false, `"\ud800\u0041"`: false, `"\udc00"`: false, `"\u0000"`: false, `"a`: false, `"\`: false,
		`1e999`: false, `1e-999999999`: false, `1e400`: false, `1e308`: true, `1e-400`: true, `1e0000000000000001`: true, strings.Repeat("9", 101): false,
		`[[[[1]]]]`: true, `[[[[[1]]]]]`: false, `/**/{}`: false, `{"a":1 "b":2}`: false, `[1 2]`: false, `]`: false,
	} {
		v, err := guard.Decode([]byte(in), 4)
		if (err == nil) != ok || (guard.Strict([]byte(in), 4, nil) == nil) != ok {
			t.Errorf("%.60q: %v, want right: %t", in, err, ok)
			continue
		}
		if !ok {
			continue
		}
		d := json.NewDecoder(strings.NewReader(in))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%.60q: %v, want %v (%v)", in, v, want, err)
		}
	}
}

func TestStrictTells(t *testing.T) {
	var got []string
	err := guard.Strict([]byte(`{"a":1,"b":{"c":"x"},"d":[true,{"e":null}]}`), 8, func(n string, v any) { got = append(got, fmt.Sprint(n, "=", v)) })
	if want := "[={} a=1 b={} c=x d=true d={} e=<nil>]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v %v, want %s", got, err, want)
	}
}

// FuzzDecode: what is taken is taken by encoding/json too, as the same value.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5e3,"\ud83d\ude00"],"b":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := guard.Decode(b, 16)
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%q: %v, want %v (%v)", b, v, want, err)
		}
	})
}

func BenchmarkStrict(b *testing.B) {
	body := []byte(`{"message":"` + strings.Repeat("a", 900) + `","options":{"stream":true,"n":1,"tags":["a","b"]}}`)
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if guard.Strict(body, 32, nil) != nil {
				b.Fatal()
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := guard.Decode(body, 32); err != nil {
				b.Fatal(err)
			}
		}
	})
}
