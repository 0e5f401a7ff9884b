package oracle

import (
	"testing"

	lr "github.com/launchready/launchready"
)

func TestShape(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *lr.Exchange
		same bool
	}{
		{"values do not count", js(200, `{"id":1,"t":"x"}`), js(200, `{"t":"yy","id":2}`), true},
		{"lengths of lists do not count", js(200, `{"d":[{"a":1}]}`), js(200, `{"d":[{"a":1},{"a":2}]}`), true},
		{"an empty list counts", js(200, `{"d":[{"a":1}]}`), js(200, `{"d":[]}`), false},
		{"null counts", js(200, `{"d":null}`), js(200, `{"d":"x"}`), false},
		{"a flag's value counts", js(200, `{"success":true}`), js(200, `{"success":false}`), false},
		{"the class of the status counts", js(200, `{"a":1}`), js(404, `{"a":1}`), false},
		{"the status within its class does not", js(403, `{"a":1}`), js(404, `{"a":1}`), true},
		{"media type counts", js(200, `{"a":1}`), reply(200, "text/plain", `{"a":1}`), false},
		{"parameters of the media type do not", reply(200, "application/json; charset=utf-8", `{}`), js(200, `{}`), true},
		{"text is text", reply(200, "text/html", "<p>a"), reply(200, "text/html", "<p>another, longer"), true},
		{"nothing is not text", reply(200, "text/html", ""), reply(200, "text/html", "x"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := SameShape(c.a, c.b); got != c.same {
				t.Errorf("same shape is %v, want %v:\n%s\n%s", got, c.same, Shape(c.a), Shape(c.b))
			}
		})
	}
	if SameShape(nil, js(200, `{}`)) || SameShape(js(200, `{}`), nil) {
		t.Error("no reply has no shape")
	}
}

func TestDiff(t *testing.T) {
	state := func(exists bool, body map[string]any) *lr.State { return &lr.State{Exists: exists, Body: body} }
	for _, c := range []struct {
		name          string
		before, after *lr.State
		want          []string
	}{
		{"nothing", state(true, map[string]any{"a": 1.0}), state(true, map[string]any{"a": 1.0}), nil},
		{"a value", state(true, map[string]any{"a": 1.0, "b": "x"}), state(true, map[string]any{"a": 2.0, "b": "x"}), []string{"a"}},
		{"a nested value", state(true, map[string]any{"a": map[string]any{"b": 1.0}}), state(true, map[string]any{"a": map[string]any{"b": 2.0}}), []string{"a.b"}},
		{"a field that came", state(true, map[string]any{}), state(true, map[string]any{"c": "x"}), []string{"c"}},
		{"gone", state(true, map[string]any{"a": 1.0}), state(false, nil), []string{"\x00gone"}},
		{"no state", nil, state(true, nil), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Diff(c.before, c.after)
			if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHarvestKeepsWhatTells(t *testing.T) {
	x := js(200, `{"id":"550e8400-e29b-41d4-a716-446655440000","when":"2026-11-23T10:00:00Z","day":"2026-11-23","ok":true,"kind":"aaaaaaaaaa","n":3,
		"mail":"anna@acme.test","phone":15550100123,"short":"abc","deep":[{"note":"Quarterly figures of Acme"}]}`)
	got := map[string]bool{}
	for _, v := range Harvest(x) {
		got[v] = true
	}
	for _, want := range []string{"550e8400-e29b-41d4-a716-446655440000", "anna@acme.test", "15550100123", "Quarterly figures of Acme"} {
		if !got[want] {
			t.Errorf("lost %q", want)
		}
		delete(got, want)
	}
	for v := range got {
		t.Errorf("kept %q, which tells nothing", v)
	}
}
