package chat_test

import (
	"strings"
	"testing"

	"github.com/launchready/launchready/chat"
)

const table = `{
 "sample_spec": {"input_cost_per_token": "a number", "mode": "one of chat, image"},
 "gpt-x": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "max_input_tokens": 128000, "max_output_tokens": 16384, "mode": "chat"},
 "azure/GPT-Y": {"input_cost_per_token": 0, "output_cost_per_token": 1e-06, "max_input_tokens": "8192"},
 "pictures": {"input_cost_per_pixel": 1e-08}
}`

func TestReadTable(t *testing.T) {
	t.Parallel()
	got, err := chat.ReadTable(strings.NewReader(table))
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v, want two models", got, err)
	}
	for _, c := range []struct {
		name string
		want chat.Price
		ok   bool
	}{
		{"gpt-x", chat.Price{InPerMTok: 2.5, OutPerMTok: 10, Context: 128000, Output: 16384}, true},
		{"openai/GPT-X", chat.Price{InPerMTok: 2.5, OutPerMTok: 10, Context: 128000, Output: 16384}, true},
		{"azure/gpt-y", chat.Price{OutPerMTok: 1, Context: 8192}, true},
		{"gpt-z", chat.Price{}, false},
		{"", chat.Price{}, false},
	} {
		if p, ok := got.Of(c.name); ok != c.ok || p != c.want {
			t.Errorf("%q: got %+v %v, want %+v %v", c.name, p, ok, c.want, c.ok)
		}
	}
	for name, c := range map[string]struct{ in, want string }{
		"no JSON":        {"{", "no table of prices"},
		"a list":         {"[]", "no table of prices"},
		"nothing in it":  {"{}", "no entry with input_cost_per_token"},
		"a wrong price":  {`{"a": {"input_cost_per_token": -1, "output_cost_per_token": 1}}`, "its price is none"},
		"a dear price":   {`{"a": {"input_cost_per_token": 9, "output_cost_per_token": 1}}`, "its price is none"},
		"pictures alone": {`{"a": {"input_cost_per_pixel": 1}}`, "no entry"},
	} {
		if _, err := chat.ReadTable(strings.NewReader(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(table)
	f.Add(`{"a":{"input_cost_per_token":1e-300,"output_cost_per_token":0.5}}`)
	f.Fuzz(func(t *testing.T, in string) {
		got, err := chat.ReadTable(strings.NewReader(in))
		if err != nil {
			return
		}
		for name, p := range got {
			if !(p.InPerMTok >= 0 && p.OutPerMTok >= 0) || p.Context < 0 || p.Output < 0 {
				t.Errorf("%s: %+v", name, p)
			}
		}
	})
}
