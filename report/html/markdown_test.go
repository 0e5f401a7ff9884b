package html

import (
	"reflect"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []block
	}{
		{"empty", "", nil},
		{"paragraphs", "a\nb\n\nc", []block{{Kind: "p", Spans: []span{{"", "a b"}}}, {Kind: "p", Spans: []span{{"", "c"}}}}},
		{"inline", "use `x` and **y**.", []block{{Kind: "p", Spans: []span{{"", "use "}, {"code", "x"}, {"", " and "}, {"strong", "y"}, {"", "."}}}}},
		{"lists", "do:\n- a\n- b\n1. c", []block{{Kind: "p", Spans: []span{{"", "do:"}}}, {Kind: "ul", Items: [][]span{{{"", "a"}}, {{"", "b"}}}}, {Kind: "ol", Items: [][]span{{{"", "c"}}}}}},
		{"code", "```go\na\n  b\n```\nc", []block{{Kind: "pre", Code: "a\n  b"}, {Kind: "p", Spans: []span{{"", "c"}}}}},
		{"code left open", "```\na", []block{{Kind: "pre", Code: "a"}}},
		{"heading", "## Fix\nx", []block{{Kind: "p", Spans: []span{{"", "Fix x"}}}}},
		{"markup stays text", "<b>[x](javascript:y)</b>", []block{{Kind: "p", Spans: []span{{"", "<b>[x](javascript:y)</b>"}}}}},
		{"marks left open", "a `b **c", []block{{Kind: "p", Spans: []span{{"", "a `b **c"}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := markdown(c.in); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestHref(t *testing.T) {
	for _, c := range []struct {
		ref  lr.Ref
		want string
	}{
		{lr.Ref{Source: "CWE", ID: "306"}, "https://cwe.mitre.org/data/definitions/306.html"},
		{lr.Ref{Source: "RFC", ID: "8725 3.1"}, "https://www.rfc-editor.org/rfc/rfc8725"},
		{lr.Ref{Source: "CWE", ID: "javascript:1"}, ""},
		{lr.Ref{Source: "OWASP API", ID: "API2:2023"}, ""},
	} {
		if got := href(c.ref); got != c.want {
			t.Errorf("%v: got %q, want %q", c.ref, got, c.want)
		}
	}
}

func TestMarkWitness(t *testing.T) {
	for _, c := range []struct {
		name, text string
		witness    []string
		want       []segment
	}{
		{"none", "abc", nil, []segment{{"abc", false}}},
		{"once", "a lr1-x b", []string{"lr1-x"}, []segment{{"a ", false}, {"lr1-x", true}, {" b", false}}},
		{"longest first", "lr1-xy", []string{"lr1-x", "lr1-xy"}, []segment{{"lr1-xy", true}}},
		{"too short to mean anything", "aaaa", []string{"a", ""}, []segment{{"aaaa", false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mark(c.text, c.witness); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if n := len(mark(strings.Repeat("abc ", 1<<16), []string{"abc"})); n > 70 {
		t.Errorf("%d segments: marks are not bounded", n)
	}
}

func TestRing(t *testing.T) {
	for n, want := range map[int]string{0: "of 0 passed", 1: "of 1 passed", 13: "of 13 passed"} {
		r := &lr.Report{Rows: make([]lr.RowReport, n)}
		got := newRing(r)
		if len(got.Arcs) != n || got.Small != want || got.Big != "0" {
			t.Errorf("%d rows: %d arcs, %q, %q", n, len(got.Arcs), got.Big, got.Small)
		}
		for _, a := range got.Arcs {
			if strings.Contains(a.D, "NaN") || a.Class != "unknown" {
				t.Errorf("%d rows: arc %+v", n, a)
			}
		}
	}
}
