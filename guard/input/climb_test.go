package input

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/launchready/launchready/guard"
)

func TestClimbs(t *testing.T) {
	for raw, want := range map[string]bool{
		"":                         false,
		"version=2":                false,
		"version=../2":             true,
		"version=..":               false, // it names a folder and nothing in it
		"version=%2e%2e%2fpasswd":  true,
		"version=%252e%252e%252fx": true,
		`version=..\..\win.ini`:    true,
		"version=....//....//x":    true,
		"q=and+so+on...+/+or+not":  false,
		"q=a/b/c":                  false,
		"q=1..2":                   false,
		"next=/docs/..%2f..%2fx":   true,
		"a=1&b=x/../y":             true,
		"q=100%25+of+../them":      false,
		"broken=%zz../":            false, // net/url refuses it where it is read
		"q=./x":                    false,
	} {
		if got := climbs(raw); got != want {
			t.Errorf("%q: %t", raw, got)
		}
	}
}

// FuzzClimbs: a value that is a plain path out of its folder is told however often
// it is encoded, up to three times.
func FuzzClimbs(f *testing.F) {
	f.Add("../x", uint8(1))
	f.Add("a/..%2f..", uint8(2))
	f.Fuzz(func(t *testing.T, v string, times uint8) {
		plain := false
		for i, s := range strings.Split(v, "/") {
			plain = plain || s == ".." && (i > 0 || strings.Contains(v, "/"))
		}
		text := v
		for range times%2 + 1 {
			text = url.QueryEscape(text)
		}
		if got := climbs("a=1&b=" + text); plain && !got {
			t.Errorf("%q as %q passes", v, text)
		}
	})
}

func TestOdd(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":"plain\ttext\nover \"lines\" \\u0007 and / \u00e9"}`: false,
		`{"a":"\u0007"}`:         true,
		`{"a":"\u001b[31m"}`:     true,
		`{"a":"\b"}`:             true,
		`{"a":"\u007f"}`:         true,
		`{"a":"\u0085"}`:         true,
		"{\"a\":\"\u0085\"}":     true,
		"{\"a\":\"\ufffe\"}":     true,
		`{"a":"\ud83d\ude00"}`:   false,
		`{"a":"\udbff\udfff"}`:   true,
		"{\"a\":\"\U0010ffff\"}": true,
		"{\"a\":\"\u202e\u200b, and a face: \U0001f600\"}": false,
		`{"a":"\u000a\u0009"}`:                             false,
		`{"a":"\`:                                          false, // JSON's own judge refuses it
		`{"a":"\u00`:                                       true,
	} {
		if got := odd([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// FuzzOdd: of JSON that guard reads, what passes has no text with such a character.
func FuzzOdd(f *testing.F) {
	f.Add([]byte(`{"a":"\u0001","b":["\ud83d\ude00"]}`))
	f.Add([]byte(`["\\u0001"]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := guard.Decode(b, guard.MaxDepth)
		if err != nil || odd(b) {
			return
		}
		out, err := json.Marshal(v)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return
		}
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case string:
				if strings.ContainsFunc(v, strange) {
					t.Errorf("%q passes", b)
				}
			case []any:
				for _, e := range v {
					walk(e)
				}
			case map[string]any:
				for k, e := range v {
					walk(k)
					walk(e)
				}
			}
		}
		walk(v)
	})
}
