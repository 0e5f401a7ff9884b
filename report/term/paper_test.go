package term

import (
	"reflect"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestCells(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "漢字": 4, "ｆ": 2, "✓": 1, "…": 1} {
		if got := cells(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 5, "abc  "}, {"abcdef", 5, "abcd…"}, {"漢字漢字", 5, "漢字…"}, {"漢字漢字", 6, "漢字… "}, {"a\x1bb", 6, `a\x1bb`}, {"a\nb", 4, `a\nb`},
	} {
		got := fit(c.in, c.n)
		if got != c.want || cells(got) != c.n {
			t.Errorf("fit(%q, %d): got %q, %d wide, want %q", c.in, c.n, got, cells(got), c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"short", "a b", []string{"a b"}},
		{"at a space", "aaaa bbbb cccc dddd eeee", []string{"aaaa bbbb cccc", "dddd eeee"}},
		{"a long word", "aaaaaaaaaaaaaaaaaaaa", []string{"aaaaaaaaaaaaaaaa", "aaaa"}},
		{"wide characters", "漢字漢字漢字漢字漢字", []string{"漢字漢字漢字漢字", "漢字"}},
		{"lines stay", "a\nb", []string{"a", "b"}},
		{"indents stay", "  if x\n    y", []string{"  if x", "    y"}},
		{"escapes are written out", "\x1b[31mred", []string{`\x1b[31mred`}},
		{"empty", "", []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := wrap(c.in, 16); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestChopKeepsEveryByte(t *testing.T) {
	for _, s := range []string{"", "a  b   c", "漢字  漢字 aaaaaaaaaaaaaaaaaaaaaaaaaaaaa  "} {
		joined := ""
		for _, part := range chop(s, 16) {
			if cells(part) > 16 {
				t.Errorf("%q is %d wide", part, cells(part))
			}
			joined += part
		}
		if joined != s {
			t.Errorf("got %q, want %q", joined, s)
		}
	}
}

func TestVerdictWords(t *testing.T) {
	p := newPaper(Options{})
	for v, want := range map[lr.Verdict]string{lr.Passed: "✓ PASSED ", lr.Failed: "✗ FAILED ", lr.Unknown: "? UNKNOWN", lr.Skipped: "– SKIPPED"} {
		if got := p.verdict(v); got != want || cells(got) != 9 {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}
