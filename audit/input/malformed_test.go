package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// TestMalformed puts applications to the checks: each fault by itself, and right
// behaviours that look like it.
func TestMalformed(t *testing.T) {
	t.Parallel()
	const made = "POST /notes"
	for name, tc := range map[string]struct {
		check  string
		change func(*strict)
		failed []string
	}{
		"any type":                     {"input/schema-type", func(a *strict) { a.judge = without("tags") }, []string{made}},
		"any type of a text":           {"input/schema-type", func(a *strict) { a.judge = without("title") }, []string{made}},
		"a number becomes a text":      {"input/schema-type", func(a *strict) { a.judge = coerced }, nil},
		"every type as it should be":   {"input/schema-type", func(*strict) {}, nil},
		"any length":                   {"input/schema-bounds", func(a *strict) { a.judge = loose("title", func(v any) bool { return textOf(0, 1<<20)(v) }) }, []string{made}},
		"any number":                   {"input/schema-bounds", func(a *strict) { a.judge = loose("level", func(v any) bool { _, ok := v.(float64); return ok }) }, []string{made}},
		"any number of tags":           {"input/schema-bounds", func(a *strict) { a.judge = loose("tags", func(v any) bool { return textList(v, 100) }) }, []string{made}},
		"a long text is cut":           {"input/schema-bounds", func(a *strict) { a.judge = clipped }, nil},
		"every bound":                  {"input/schema-bounds", func(*strict) {}, nil},
		"any kind":                     {"input/schema-enum", func(a *strict) { a.judge = without("kind") }, []string{made}},
		"an unknown kind is the usual": {"input/schema-enum", func(a *strict) { a.judge = usualKind }, nil},
		"no title":                     {"input/schema-required", func(a *strict) { a.judge = without("title") }, []string{made}},
		"a title is given":             {"input/schema-required", func(a *strict) { a.judge = titled }, nil},
		"a title is asked for":         {"input/schema-required", func(*strict) {}, nil},
		"any member":                   {"input/schema-extra", func(a *strict) { a.judge = open1 }, []string{made}},
		"an unknown member is ignored": {"input/schema-extra", func(*strict) {}, nil},
		"any address":                  {"input/schema-format", func(a *strict) { a.judge = without("mail") }, []string{made}},
		"any pattern":                  {"input/schema-format", func(a *strict) { a.judge = without("code") }, []string{made}},
		"every format":                 {"input/schema-format", func(*strict) {}, nil},
		"the first judged, the last kept": {"input/duplicate-keys", func(a *strict) {
			a.parse = func(b []byte) (map[string]any, bool) {
				in, ok := firstValue(b)
				return in, ok && rightNote(firstMembers(b))
			}
			a.judge = func(map[string]any) bool { return true }
		}, nil}, // see below: nothing else is judged
		"the last judged and kept": {"input/duplicate-keys", func(*strict) {}, nil},
		"text behind the value":    {"input/malformed-json", func(a *strict) { a.parse = firstValue }, []string{made}},
		"a lenient dialect":        {"input/malformed-json", func(a *strict) { a.parse = lenient }, []string{made}},
		"only JSON":                {"input/malformed-json", func(*strict) {}, nil},
		"any media type":           {"input/content-type", func(a *strict) { a.media = func(*http.Request) bool { return true } }, []string{made}},
		"JSON by its type":         {"input/content-type", func(*strict) {}, nil},
		"a body of any size":       {"input/body-size", func(a *strict) { a.read = unlimited }, []string{made}},
		"a limit":                  {"input/body-size", func(*strict) {}, nil},
		"a connection that is cut": {"input/body-size", func(a *strict) { a.front = cutOff }, nil},
		"any size, by a server that cut once": {"input/body-size", func(a *strict) {
			a.read = unlimited
			var cut sync.Once
			a.front = func(w http.ResponseWriter, r *http.Request) bool {
				if r.ContentLength > mega {
					cut.Do(func() { cutOff(w, r) })
				}
				return false
			}
		}, []string{made}},
		"a limit by the length told": {"input/streamed-size", func(a *strict) {
			a.read = func(r *http.Request) ([]byte, bool) {
				if r.ContentLength > mega {
					return nil, false
				}
				return unlimited(r)
			}
		}, []string{made}},
		"a limit while reading":   {"input/streamed-size", func(*strict) {}, nil},
		"any depth":               {"input/deep-json", func(a *strict) { a.judge = without("meta") }, []string{made}},
		"any number of lines":     {"input/deep-json", func(a *strict) { a.judge = without("lines") }, []string{made}},
		"bounded":                 {"input/deep-json", func(*strict) {}, nil},
		"a parser that gives up":  {"input/deep-json", func(a *strict) { a.parse = shaky }, []string{made}},
		"a level of one byte":     {"input/huge-number", func(a *strict) { a.parse = oneByte }, []string{made}},
		"a level is clamped":      {"input/huge-number", func(a *strict) { a.judge = clamped }, nil},
		"a number as it was sent": {"input/huge-number", func(*strict) {}, nil},
		"a list written by hand":  {"input/control-text", func(a *strict) { a.list = byHand }, []string{made}},
		"a list that breaks": {"input/control-text", func(a *strict) {
			a.list = func(w http.ResponseWriter, notes []any) {
				if strings.Contains(fmt.Sprint(notes...), "\x00") {
					panic("a NUL")
				}
				a.say(w, 200, map[string]any{"data": notes})
			}
		}, []string{made}},
		"a list as JSON": {"input/control-text", func(*strict) {}, nil},
		"a title of spaces breaks it": {"input/fuzz", func(a *strict) {
			a.judge = func(in map[string]any) bool {
				ok := rightNote(in)
				return ok && strings.Fields(in["title"].(string))[0] != ""
			}
		}, []string{made}},
		"it breaks on anything": {"input/fuzz", func(a *strict) {
			a.judge = func(in map[string]any) bool {
				return in["title"].(string) != "\x00" && strings.Fields(strings.ReplaceAll(in["title"].(string), "\x00", " "))[1] == ""
			}
		}, nil},
		"nothing breaks it":    {"input/fuzz", func(*strict) {}, nil},
		"a header of any size": {"input/header-size", func(*strict) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newStrict()
			tr := hostileTrial(t, a.hostileApp)
			tc.change(a)
			v := putHostile(t, tc.check, tr)
			switch name {
			case "the first judged, the last kept":
				if len(v.failed) != 1 {
					t.Errorf("not found: %s", v.says)
				}
				return
			case "it breaks on anything":
				if len(v.failed) > 0 || len(v.passed) > 0 {
					t.Errorf("judged: %s", v.says)
				}
				return
			}
			v.wants(t, tc.failed...)
		})
	}
}

func loose(name string, of func(any) bool) func(map[string]any) bool {
	return func(in map[string]any) bool {
		v, had := in[name]
		if had && !of(v) {
			return false
		}
		if !had {
			return rightNote(in)
		}
		return without(name)(in)
	}
}

func open1(in map[string]any) bool {
	more := map[string]any{}
	for n, v := range in {
		if noteSchema().Properties[n] == nil {
			more[n] = v
		}
	}
	ok := rightNote(in)
	for n, v := range more {
		in[n] = v
	}
	return ok
}

func coerced(in map[string]any) bool {
	if f, ok := in["title"].(float64); ok {
		in["title"] = fmt.Sprint(int(f))
	}
	return rightNote(in)
}

func clipped(in map[string]any) bool {
	if s, ok := in["title"].(string); ok && len(s) > 200 {
		in["title"] = s[:200]
	}
	return rightNote(in)
}

func usualKind(in map[string]any) bool {
	if _, had := in["kind"]; had && !members1["kind"](in["kind"]) {
		in["kind"] = "plain"
	}
	return rightNote(in)
}

func titled(in map[string]any) bool {
	if in["title"] == nil {
		in["title"] = "Untitled"
	}
	return rightNote(in)
}

func clamped(in map[string]any) bool {
	if f, ok := in["level"].(float64); ok {
		in["level"] = min(max(f, 1), 5)
	}
	return rightNote(in)
}

// lenient also reads single quotes, and a comma before the end.
func lenient(b []byte) (map[string]any, bool) {
	return firstValue([]byte(strings.ReplaceAll(strings.ReplaceAll(string(b), "'", `"`), ",}", "}")))
}

// shaky breaks where it is nested deeply.
func shaky(b []byte) (map[string]any, bool) {
	if depthOf(b) > 50_000 {
		panic("stack exhausted")
	}
	return firstValue(b)
}

var levelOf = regexp.MustCompile(`"level":(\d+)`)

// oneByte keeps the level in a byte before anything judges it.
func oneByte(b []byte) (map[string]any, bool) {
	return firstValue(levelOf.ReplaceAllFunc(b, func(m []byte) []byte {
		n, err := strconv.ParseUint(string(levelOf.FindSubmatch(m)[1]), 10, 64)
		if err != nil {
			return m
		}
		return fmt.Appendf(nil, `"level":%d`, byte(n))
	}))
}

// byHand writes JSON as Go quotes texts.
func byHand(w http.ResponseWriter, notes []any) {
	w.Header().Set("Content-Type", "application/json")
	var lines []string
	for _, n := range notes {
		m, _ := n.(map[string]any)
		title, _ := m["title"].(string)
		lines = append(lines, fmt.Sprintf(`{"id":%q,"title":%q}`, m["id"], title))
	}
	fmt.Fprintf(w, `{"data":[%s]}`, strings.Join(lines, ","))
}

// cutOff drops the connection of a large body.
func cutOff(_ http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength > mega {
		panic(http.ErrAbortHandler)
	}
	return false
}

// TestMalformedOnHostileTargets: what is busy, broken, gone or never ends fails
// nothing and passes nothing.
func TestMalformedOnHostileTargets(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"broken":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"dropped":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"not ours": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(201)
			w.Write([]byte("<h1>\xff\x00</h1>"))
		},
		"without end": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			flood, pace := []byte(strings.Repeat("data: {\n", 512)), time.NewTicker(time.Millisecond)
			defer pace.Stop() // a flood without a pause takes the processor from the tests beside it
			for r.Context().Err() == nil {
				if _, err := w.Write(flood); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				<-pace.C
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, known := range []bool{false, true} {
				for _, c := range malformed() {
					if c.Needs&lr.Chat != 0 {
						continue
					}
					a := newStrict()
					tr := hostileTrial(t, a.hostileApp)
					tr.Check = c
					if known { // it worked until now
						if _, err := makersOf(t.Context(), tr); err != nil {
							t.Fatal(err)
						}
					}
					a.front = func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true }
					tr.Report = func(o lr.Outcome) {
						if o.Verdict == lr.Failed || o.Verdict == lr.Passed && !strings.Contains(c.ID, "-size") {
							t.Errorf("%s: %s %s: %s", c.ID, o.Verdict, o.Subject, o.Message)
						}
					}
					if err := c.Run(t.Context(), tr); err != nil && !errors.Is(err, lr.ErrLost) {
						t.Errorf("%s: %v", c.ID, err)
					}
				}
			}
		})
	}
}

// TestHeaderSize reads a header of two megabytes, and refuses one.
func TestHeaderSize(t *testing.T) {
	t.Parallel()
	a := newStrict()
	tr := hostileTrial(t, a.hostileApp) // Go's own limit is one megabyte
	putHostile(t, "input/header-size", tr).wants(t)
	b := newStrict()
	s := httptest.NewUnstartedServer(b)
	s.Config.MaxHeaderBytes = 64 << 20
	s.Start()
	putHostile(t, "input/header-size", trialAt(t, b.hostileApp, s)).wants(t, application)
}

// asker is an assistant behind a handler.
type asker struct {
	*chat.Endpoint
	skills lr.Skills
}

func (a asker) Skills() lr.Skills   { return a.skills }
func (asker) Twins() []lr.Assistant { return nil }

var joinQuestion = regexp.MustCompile(`(\d), (\d), (\d)[^:]*: (\w+), (\w+), (\w+)$`)

// answers is what an assistant says that joins parts, and knows nothing else.
func answers(said string) string {
	m := joinQuestion.FindStringSubmatch(said)
	if m == nil {
		return "I do not know."
	}
	out := ""
	for _, d := range m[1:4] {
		out += m[3+d[0]-'0']
	}
	return out
}

// TestPromptSize asks assistants that read everything, that refuse, that cut, and
// that answer nothing.
func TestPromptSize(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit  int // of the description
		answer func(w http.ResponseWriter, said string)
		deaf   bool
		want   func(came) bool
	}{
		"over the limit": {2000, func(w http.ResponseWriter, said string) { fmt.Fprintf(w, `{"answer":%q}`, answers(said)) }, false, func(v came) bool { return len(v.failed) == 1 && strings.Contains(v.says, "2500") }},
		"no limit":       {0, func(w http.ResponseWriter, said string) { fmt.Fprintf(w, `{"answer":%q}`, answers(said)) }, false, func(v came) bool { return len(v.failed) == 1 && strings.Contains(v.says, "names none") }},
		"refused": {2000, func(w http.ResponseWriter, said string) {
			if len(said) > 2000 {
				w.WriteHeader(422)
			}
			fmt.Fprintf(w, `{"answer":%q}`, answers(said))
		}, false, func(v came) bool { return len(v.failed) == 1 }}, // the answer is there, whatever the status says
		"cut": {2000, func(w http.ResponseWriter, said string) {
			fmt.Fprintf(w, `{"answer":%q}`, answers(said[:min(len(said), 2000)]))
		}, false, func(v came) bool { return len(v.failed) == 0 && len(v.passed) == 1 }},
		"refused with 413": {2000, func(w http.ResponseWriter, said string) {
			if len(said) > 2000 {
				w.WriteHeader(413)
				return
			}
			fmt.Fprintf(w, `{"answer":%q}`, answers(said))
		}, false, func(v came) bool { return len(v.failed) == 0 && len(v.passed) == 1 }},
		"answers nothing":  {2000, func(w http.ResponseWriter, _ string) { fmt.Fprint(w, `{"answer":"Only about shoes."}`) }, false, func(v came) bool { return len(v.open) == 1 && len(v.passed)+len(v.failed) == 0 }},
		"computes nothing": {2000, func(w http.ResponseWriter, _ string) { fmt.Fprint(w, `{"answer":"?"}`) }, true, func(v came) bool { return len(v.open) == 1 }},
		"counted by what it holds": {2000, func(w http.ResponseWriter, said string) {
			if len(said) > 2000 {
				w.WriteHeader(429)
				return
			}
			fmt.Fprintf(w, `{"answer":%q}`, answers(said))
		}, false, func(v came) bool { return len(v.passed) == 1 && len(v.failed)+len(v.open) == 0 }},
		"busy with all that follows": {2000, func() func(w http.ResponseWriter, said string) {
			var asked atomic.Int32
			return func(w http.ResponseWriter, said string) {
				if asked.Add(1) > 1 {
					w.WriteHeader(429)
					return
				}
				fmt.Fprintf(w, `{"answer":%q}`, answers(said))
			}
		}(), false, func(v came) bool { return len(v.open) == 1 && len(v.passed)+len(v.failed) == 0 }},
		"busy for a while": {2000, func() func(w http.ResponseWriter, said string) {
			var asked atomic.Int32
			return func(w http.ResponseWriter, said string) {
				if n := asked.Add(1); n == 2 || n == 3 {
					w.WriteHeader(429)
					return
				}
				fmt.Fprintf(w, `{"answer":%q}`, answers(said))
			}
		}(), false, func(v came) bool { return len(v.failed) == 1 && strings.Contains(v.says, "2500") }},
		"busy with it": {2000, func(w http.ResponseWriter, said string) {
			if len(said) > 2000 {
				w.WriteHeader(503)
				return
			}
			fmt.Fprintf(w, `{"answer":%q}`, answers(said))
		}, false, func(v came) bool { return len(v.open) == 1 && len(v.passed)+len(v.failed) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newStrict()
			a.on(`POST /chat {"message":"hello"}`, func(w http.ResponseWriter, r *http.Request) {
				var in struct{ Message string }
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
					w.WriteHeader(400)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				tc.answer(w, in.Message)
			})
			tr := hostileTrial(t, a.hostileApp)
			text, err := chat.ParseSelector("/answer")
			if err != nil {
				t.Fatal(err)
			}
			ask := asker{&chat.Endpoint{Client: tr.HTTP, Shape: chat.Shape{Name: "custom", Text: []chat.Selector{text}, Send: chat.Template{Path: "/chat", Body: map[string]any{"message": "$message"}}}},
				lr.Skills{Subject: "POST /chat", Computes: []string{"join"}}}
			if tc.deaf {
				ask.skills.Computes = nil
			}
			for _, rt := range tr.Target.Routes {
				if rt.Path == "/chat" {
					ask.skills.Route = rt
					rt.Body = &lr.Body{Type: "application/json", Schema: &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{"message": {Type: "string", MaxLength: tc.limit}}}}
				}
			}
			tr.Assistant = ask
			if v := putHostile(t, "input/prompt-size", tr); !tc.want(v) {
				t.Errorf("%s", v.says)
			}
		})
	}
}
