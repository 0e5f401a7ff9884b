package spend

import (
	"strings"
	"testing"
)

const openAI = `data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}

data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null}

data: {"id":"c","choices":[{"index":0,"delta":{"content":" w\u00f6rld\n"}}]}

data: {"id":"c","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46,"completion_tokens_details":{"reasoning_tokens":9,"completion_tokens":99}}}

data: [DONE]

`

const anthropic = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\r\n\r\n" +
	"event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi there\"}}\r\n\r\n" +
	"event: message_delta\r\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\r\n\r\nevent: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n"

var streams = map[string]struct {
	text         string
	sse          bool
	in, out      int64
	bytes, event int64
}{
	"OpenAI":         {openAI, true, 12, 34, 14, 2},
	"Anthropic":      {anthropic, true, 32, 15, 8, 1},
	"JSON":           {"{\n \"id\": \"x\",\n \"choices\": [ {\"message\": {\"role\": \"assistant\", \"content\": \"a\\\"b{\\\"usage\\\":{\\\"prompt_tokens\\\":9}}\"}} ],\n \"usage\": {\"prompt_tokens\": 7, \"completion_tokens\": 8}\n}", false, 7, 8, int64(len(`a"b{"usage":{"prompt_tokens":9}}`)), 0},
	"Responses":      {`{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4,"input_tokens_details":{"cached_tokens":1}}}}`, false, 3, 4, 0, 0},
	"plain":          {"data: Hello\n\ndata:world\n\nevent: x\nid: 7\n\n", true, 0, 0, 10, 2},
	"not the usage":  {`{"prompt_tokens":5,"data":{"completion_tokens":6},"usage":null,"u":{"prompt_tokens":7}}`, false, 0, 0, 0, 0},
	"fractions":      {`{"usage":{"prompt_tokens":1.5,"completion_tokens":-4,"output_tokens":1e3}}`, false, 0, 0, 0, 0},
	"great":          {`{"usage":{"prompt_tokens":99999999999999999999999999}}`, false, most, 0, 0, 0},
	"deep":           {strings.Repeat(`{"a":[`, 100) + `"text"`, false, 0, 0, 4, 0},
	"unended string": {"data: {\"content\":\"abc\ndata: {\"content\":\"de\"}\n", true, 0, 0, 5, 2},
}

func all(text string, sse bool, cuts ...int) *scan {
	s := &scan{sse: sse}
	last := 0
	for _, c := range append(cuts, len(text)) {
		s.write([]byte(text[last:c]))
		last = c
	}
	s.endLine()
	return s
}

// TestScan holds that what is found is the same at every split.
func TestScan(t *testing.T) {
	for name, c := range streams {
		t.Run(name, func(t *testing.T) {
			want := all(c.text, c.sse)
			in, out := want.found.total()
			if in != c.in || out != c.out || want.text != c.bytes || c.sse && want.events != c.event {
				t.Errorf("in %d, out %d, %d bytes of text, %d events; want %+v", in, out, want.text, want.events, c)
			}
			for i := range len(c.text) {
				if got := all(c.text, c.sse, i); *got != *want {
					t.Fatalf("split at %d: %+v, whole %+v", i, got, want)
				}
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	for _, c := range streams {
		f.Add(c.text, c.sse, 7)
	}
	f.Fuzz(func(t *testing.T, text string, sse bool, cut int) {
		want := all(text, sse)
		if cut < 0 || cut > len(text) {
			cut = len(text) / 2
		}
		if got := all(text, sse, cut); *got != *want {
			t.Errorf("%+v, whole %+v", got, want)
		}
		in, out := want.found.total()
		if in < 0 || out < 0 || want.text < 0 || want.text > int64(len(text)) || want.tokens() > int64(len(text)) {
			t.Errorf("%+v", want)
		}
	})
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		want       string // the body that is sent, "" where it is the same
		model      string
		most, n    int64
		err        string
	}{
		"chat":              {"/v1/chat/completions", `{"model":"m","messages":[]}`, `{"max_completion_tokens":100,"model":"m","messages":[]}`, "m", 0, 1, ""},
		"said":              {"/v1/chat/completions", `{"model":"m","max_tokens":50,"messages":[]}`, "", "m", 50, 1, ""},
		"too many":          {"/v1/chat/completions", `{"model":"m","max_tokens": 5000 ,"messages":[],"max_completion_tokens":999}`, `{"model":"m","max_tokens": 100 ,"messages":[],"max_completion_tokens":100}`, "m", 100, 1, ""},
		"null":              {"/v1/messages", `{"model":"m","max_tokens":null,"messages":[]}`, `{"model":"m","max_tokens":100,"messages":[]}`, "m", 100, 1, ""},
		"responses":         {"/v1/responses", `{"model":"m","input":"x"}`, `{"max_output_tokens":100,"model":"m","input":"x"}`, "m", 0, 1, ""},
		"embeddings":        {"/v1/embeddings", `{"model":"m","input":"x"}`, "", "m", 0, 1, ""},
		"choices":           {"/v1/chat/completions", `{"n":3,"model":"m","messages":[],"max_tokens":9}`, "", "m", 9, 3, ""},
		"prompts":           {"/v1/completions", `{"best_of":2,"model":"m","prompt":["a","b"],"max_tokens":9}`, "", "m", 9, 4, ""},
		"application":       {"/chat", `{"message":"x"}`, "", "", 0, 1, ""},
		"application's own": {"/chat", `{"message":"x","max_tokens":101}`, `{"message":"x","max_tokens":100}`, "", 100, 1, ""},
		"text":              {"/chat", `hello`, "", "", 0, 1, ""},
		"nothing":           {"/chat", ``, "", "", 0, 1, ""},
		"twice":             {"/chat", `{"model":"a","Model":"b","messages":[]}`, "", "", 0, 1, "twice"},
		"bound twice":       {"/chat", `{"max_tokens":1,"max_tokens":9000}`, "", "", 0, 1, "twice"},
		"no number":         {"/chat", `{"max_tokens":"9000"}`, "", "", 0, 1, "number"},
		"negative":          {"/chat", `{"max_tokens":-1}`, "", "", 0, 1, "number"},
		"exponent":          {"/chat", `{"max_tokens":9e9}`, "", "", 0, 1, "number"},
		"no name":           {"/chat", `{"model":["m"],"messages":[]}`, "", "", 0, 1, "model"},
		"cut":               {"/chat", `{"model":`, "", "", 0, 1, "not valid"},
		"other case":        {"/v1/chat/completions", `{"model":"m","Max_Tokens":5000,"messages":[]}`, `{"max_completion_tokens":100,"model":"m","Max_Tokens":100,"messages":[]}`, "m", 0, 1, ""},
		"long s":            {"/chat", `{"max_token\u017f":5000}`, `{"max_token\u017f":100}`, "", 100, 1, ""},
		"more":              {"/chat", `{"model":"m","messages":[]} {"n":9}`, "", "", 0, 1, "follows"},
		"open":              {"/chat", `{"model":"m"`, "", "", 0, 1, "not valid"},
		"marked":            {"/chat", "\ufeff" + `{"model":"m","messages":[]}`, "", "", 0, 1, "not valid"},
		"UTF-16":            {"/chat", "\xff\xfe{\x00\"\x00", "", "", 0, 1, "not valid"},
		"UTF-16, big":       {"/chat", "\x00 \x00{\x00\"", "", "", 0, 1, "not valid"},
		"a film":            {"/chat", "\x00\x00\x00\x20ftyp", "", "", 0, 1, ""},
		"wraps":             {"/v1/completions", `{"model":"m","prompt":["a","b","c","d"],"n":4611686018427387904}`, "", "m", 0, 1, "completions"},
		"crowd":             {"/chat", `{"model":"m","messages":[],"n":999999999}`, "", "", 0, 1, "completions"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := read([]byte(c.body), c.path, 100)
			if c.err != "" || err != nil {
				if c.err == "" || err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, want %s", err, c.err)
				}
				return
			}
			want := c.want
			if want == "" {
				want = c.body
			}
			if string(r.body) != want || r.model != c.model || r.most != c.most || r.choices != c.n {
				t.Errorf("%s %+v", r.body, r)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"model":"m","max_tokens":5000,"messages":[],"n":2}`), "/v1/chat/completions")
	f.Fuzz(func(t *testing.T, b []byte, path string) {
		r, err := read(b, path, 100)
		if err != nil {
			return
		}
		again, err := read(r.body, path, 100)
		if err != nil || again.most > 100 || string(again.body) != string(r.body) {
			t.Errorf("%q becomes %q, then %q %v", b, r.body, again.body, err)
		}
	})
}
