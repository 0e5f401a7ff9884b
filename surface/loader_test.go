package surface

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func noWarn(t *testing.T) func(string, ...any) {
	return func(f string, a ...any) { t.Errorf("warned: "+f, a...) }
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct{ from, ref, want string }{
		{"specs/openapi.yaml", "paths/a.yaml", "specs/paths/a.yaml"},
		{"specs/openapi.yaml", "../common.yaml", "common.yaml"},
		{"specs/openapi.yaml", "./my%20file.yaml", "specs/my file.yaml"},
		{"specs/openapi.yaml", "/abs/a.yaml", "/abs/a.yaml"},
		{"specs/openapi.yaml", "https://a.test/x.yaml", "https://a.test/x.yaml"},
		{"https://a.test/docs/openapi.yaml", "paths/a.yaml", "https://a.test/docs/paths/a.yaml"},
		{"https://a.test/docs/openapi.yaml", "/a.yaml", "https://a.test/a.yaml"},
		{"https://a.test/docs/openapi.yaml", "../../../../etc/passwd", "https://a.test/etc/passwd"},
	} {
		got, err := join(tc.from, tc.ref)
		if err != nil || filepath.ToSlash(got) != tc.want {
			t.Errorf("%s from %s: got %s, %v; want %s", tc.ref, tc.from, got, err, tc.want)
		}
	}
}

func TestLoaderReadsOnce(t *testing.T) {
	calls := 0
	l := newLoader(t.Context(), Source{Location: "https://a.test/x", Fetch: func(context.Context, string) ([]byte, error) {
		calls++
		return nil, errors.New("down")
	}})
	for range 3 {
		if _, err := l.document("https://a.test/y"); err == nil || !strings.Contains(err.Error(), "down") {
			t.Errorf("got %v", err)
		}
	}
	if calls != 1 {
		t.Errorf("a dead document was asked for %d times, want once", calls)
	}
}

// A description may not make the reader fetch without end.
func TestLoaderBoundsDocuments(t *testing.T) {
	calls := 0
	l := newLoader(t.Context(), Source{Location: "https://a.test/0", Fetch: func(_ context.Context, u string) ([]byte, error) {
		calls++
		return []byte("{}"), nil
	}})
	var last error
	for i := range maxDocuments + 50 {
		_, last = l.document(fmt.Sprintf("https://a.test/%d", i))
	}
	if last == nil || calls > maxDocuments {
		t.Errorf("%d documents were fetched, last error %v", calls, last)
	}
}

func TestLoaderBoundsBytes(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big.json")
	if err := os.WriteFile(big, []byte(`{"a":"`+strings.Repeat("x", 500)+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	l := newLoader(t.Context(), Source{Location: big, MaxBytes: 600})
	if _, err := l.read(big); err != nil {
		t.Fatalf("within the bound: %v", err)
	}
	if _, err := l.read(big); err == nil || !strings.Contains(err.Error(), "600 bytes together") {
		t.Errorf("the sum is not bounded: %v", err)
	}
}

func TestWarningsAreBoundedAndDistinct(t *testing.T) {
	l := newLoader(t.Context(), Source{})
	for i := range 1000 {
		l.warn("same")
		l.warn("number %d", i)
	}
	got := l.warnings()
	if len(got) != maxWarnings+1 || !strings.HasPrefix(got[maxWarnings], "and ") {
		t.Errorf("got %d warnings, the last %q", len(got), got[len(got)-1])
	}
	if got[0] != "same" || got[1] != "number 0" || got[2] != "number 1" {
		t.Errorf("got %q", got[:3])
	}
}

func TestPointer(t *testing.T) {
	d, err := decode("x", []byte(`{"a/b":{"c~d":[1,{"e":2}]},"":{"z":3}}`), noWarn(t))
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]any{"/a~1b/c~0d/0": 1.0, "/a~1b/c~0d/1/e": 2.0} {
		if got, ok := d.pointer(p); !ok || got != want {
			t.Errorf("%s: got %v, %v; want %v", p, got, ok, want)
		}
	}
	for _, p := range []string{"/a", "/a~1b/c~0d/2", "/a~1b/c~0d/-1", "/a~1b/c~0d/x", "/a~1b/c~0d/0/deeper"} {
		if got, ok := d.pointer(p); ok {
			t.Errorf("%s: got %v, want nothing", p, got)
		}
	}
}

// YAML scalars become what JSON would hold.
func TestYAMLScalars(t *testing.T) {
	d, err := decode("x", []byte("int: 12\nfloat: 1.5\nbool: true\nno: no\nnull1: null\nnull2: ~\nquoted: '12'\ndate: 2024-01-01\nhex: 0x10\n200: code\nblock: |\n  12\n"), noWarn(t))
	if err != nil {
		t.Fatal(err)
	}
	m := d.root.(map[string]any)
	for k, want := range map[string]any{"int": 12.0, "float": 1.5, "bool": true, "no": "no", "null1": nil, "null2": nil, "quoted": "12", "date": "2024-01-01", "hex": 16.0, "200": "code", "block": "12\n"} {
		if got, ok := m[k]; !ok || got != want {
			t.Errorf("%s: got %#v, want %#v", k, got, want)
		}
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	for name, tc := range map[string]struct {
		data         string
		line, column int
	}{
		"JSON":           {"{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7},
		"JSON cut short": {"{\"a\": [1,\n2", 2, 2},
		"YAML tab":       {"a:\n\tb: 1\n", 2, 2},
		"YAML quote":     {"a: 1\nb: \"open\n", 2, 1},
		"empty":          {"   ", 1, 1},
		"YAML depth":     {"a: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000), 1, 1003},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode("spec", []byte(tc.data), func(string, ...any) {})
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if se.Line != tc.line || se.Column != tc.column {
				t.Errorf("got %d:%d, want %d:%d (%v)", se.Line, se.Column, tc.line, tc.column, err)
			}
			if !strings.HasPrefix(err.Error(), fmt.Sprintf("spec:%d:%d: ", se.Line, se.Column)) {
				t.Errorf("got %q", err)
			}
		})
	}
}

func TestDetect(t *testing.T) {
	for data, want := range map[string]string{
		"{}":                                "openapi",
		"openapi: 3.0.0":                    "openapi",
		"# c\n\"swagger\": '2.0'\n":         "openapi",
		"---\ninfo:\n  title: GET /x\n":     "openapi",
		"GET /a\nPOST /b":                   "routes",
		"# only\n\nDELETE /a # x":           "routes",
		"/a GET":                            "routes",
		"<html>":                            "a web page",
		"":                                  "empty",
		"nothing here":                      "",
		"x: 1\n":                            "openapi",
		"\ufeffopenapi: 3.1.0\npaths: {}\n": "openapi",
	} {
		if got := detect([]byte(data)); got != want {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
}
