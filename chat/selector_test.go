package chat

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestSelector(t *testing.T) {
	for _, c := range []struct {
		name, selector, event, frame string
		want                         []any
	}{
		{"member", "/a/b", "", `{"a":{"b":"x"}}`, []any{"x"}},
		{"whole", "", "", `"x"`, []any{"x"}},
		{"every element", "/a/*/t", "", `{"a":[{"t":"1"},{"u":"2"},{"t":"3"}]}`, []any{"1", "3"}},
		{"one element", "/a/1", "", `{"a":["x","y"]}`, []any{"y"}},
		{"no such element", "/a/7", "", `{"a":["x","y"]}`, nil},
		{"every member, sorted", "/*", "", `{"b":"2","a":"1"}`, []any{"1", "2"}},
		{"escaped", "/a~1b/c~0d", "", `{"a/b":{"c~d":"x"}}`, []any{"x"}},
		{"condition holds", "/delta where /type=text", "", `{"type":"text","delta":"x"}`, []any{"x"}},
		{"condition does not hold", "/delta where /type=text", "", `{"type":"other","delta":"x"}`, nil},
		{"one of several", "/a where /e=m,n", "", `{"e":"n","a":"x"}`, []any{"x"}},
		{"event", "/a where event=done", "done", `{"a":"x"}`, []any{"x"}},
		{"other event", "/a where event=done", "token", `{"a":"x"}`, nil},
		{"number in a condition", "/a where /n=3", "", `{"n":3,"a":"x"}`, []any{"x"}},
		{"whole with a condition", " where event=0", "0", `"x"`, []any{"x"}},
		{"through a text", "/a/b", "", `{"a":"x"}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSelector(c.selector)
			if err != nil {
				t.Fatal(err)
			}
			if s.String() != c.selector {
				t.Errorf("written as %q, want %q", s.String(), c.selector)
			}
			var v any
			if err := json.Unmarshal([]byte(c.frame), &v); err != nil {
				t.Fatal(err)
			}
			if got := s.Select(Frame{c.event, v}); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestSelectorRefused(t *testing.T) {
	for _, s := range []string{"a", "a/b", "/a where x", "/a where x=y", "/a where =y", "/a where /b=", strings.Repeat("/a", 300)} {
		if got, err := ParseSelector(s); !errors.Is(err, ErrSelector) {
			t.Errorf("%.40q: got %v, %v; want ErrSelector", s, got, err)
		}
	}
}

// TestPresets holds the shapes that stand in code: every selector was read.
func TestPresets(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Presets() {
		if seen[s.Name] {
			t.Errorf("%s stands twice", s.Name)
		}
		seen[s.Name] = true
		if len(s.Text) == 0 {
			t.Errorf("%s says nothing of where the answer is", s.Name)
		}
		vars := strings.Join(Variables(s.Send.Body), " ")
		if !strings.Contains(vars, "$message") && !strings.Contains(vars, "$parts") {
			t.Errorf("%s sends no message: %s", s.Name, vars)
		}
		if got, ok := Preset(s.Name, "/x"); !ok || got.Send.Path != "/x" {
			t.Errorf("%s is not found by its name", s.Name)
		}
	}
	if _, ok := Preset("none", ""); ok {
		t.Error("an unknown preset was found")
	}
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{"", "/a/*/b", "/a where /type=x,y", " where event=0", "/~1~0"} {
		f.Add(s, `{"a":[{"b":1}],"type":"x"}`)
	}
	f.Fuzz(func(t *testing.T, text, frame string) {
		s, err := ParseSelector(text)
		if err != nil {
			return
		}
		again, err := ParseSelector(s.String())
		if err != nil || again.String() != s.String() {
			t.Errorf("%q is written as %q, which reads as %q (%v)", text, s.String(), again.String(), err)
		}
		s.Select(Frame{"x", decode(frame)})
	})
}
