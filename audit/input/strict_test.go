package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// strict is an API of notes that takes what its description allows and nothing
// else. A test loosens one thing.
type strict struct {
	*hostileApp
	// media, read and judge are the steps of a creation; keep is what is stored.
	media func(r *http.Request) bool
	read  func(r *http.Request) ([]byte, bool)
	parse func([]byte) (map[string]any, bool)
	judge func(map[string]any) bool
	keep  func(in map[string]any) map[string]any
	list  func(w http.ResponseWriter, notes []any)
}

func f64(f float64) *float64 { return &f }

// noteSchema is the description of a note.
func noteSchema() *lr.Schema {
	return &lr.Schema{Type: "object", Required: []string{"title"}, Properties: map[string]*lr.Schema{
		"title": {Type: "string", MinLength: 1, MaxLength: 200},
		"level": {Type: "integer", Minimum: f64(1), Maximum: f64(5)},
		"kind":  {Type: "string", Enum: []any{"plain", "loud"}},
		"mail":  {Type: "string", Format: "email", MaxLength: 100},
		"code":  {Type: "string", Pattern: "^[A-Z]{3}$"},
		"tags":  {Type: "array", MaxItems: 3, Items: &lr.Schema{Type: "string", MaxLength: 40}},
		"lines": {Type: "array", Items: &lr.Schema{Type: "string"}},
		"meta":  {Type: "object", Open: true},
	}}
}

func newStrict() *strict {
	a := &strict{hostileApp: newHostileApp()}
	a.media = func(r *http.Request) bool {
		mt, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		return err == nil && mt == "application/json"
	}
	a.read = func(r *http.Request) ([]byte, bool) {
		b, err := io.ReadAll(io.LimitReader(r.Body, mega+1))
		return b, err == nil && len(b) <= mega
	}
	a.parse = func(b []byte) (map[string]any, bool) {
		var v map[string]any
		return v, json.Unmarshal(b, &v) == nil && v != nil
	}
	a.judge = rightNote
	a.keep = func(in map[string]any) map[string]any { return in }
	a.list = func(w http.ResponseWriter, notes []any) { a.say(w, 200, map[string]any{"data": notes}) }
	a.shape = func(rt *lr.Route) {
		if rt.Method == "POST" && rt.Path == "/notes" {
			rt.Body = &lr.Body{Type: "application/json", Required: true, Schema: noteSchema()}
		}
	}
	a.on(`POST /notes {"title":"hello"}`, func(w http.ResponseWriter, r *http.Request) {
		if !a.media(r) {
			a.say(w, 415, map[string]any{"title": "JSON only"})
			return
		}
		b, ok := a.read(r)
		if !ok {
			a.say(w, 413, map[string]any{"title": "too large"})
			return
		}
		in, ok := a.parse(b)
		if !ok {
			a.say(w, 400, map[string]any{"title": "no JSON"})
			return
		}
		if !a.judge(in) {
			a.say(w, 422, map[string]any{"title": "not valid"})
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.n++
		id := fmt.Sprintf("note_%08x", a.n*7919)
		note := map[string]any{}
		for k, v := range a.keep(in) {
			note[k] = v
		}
		note["id"] = id
		a.notes[id] = note
		a.say(w, 201, note)
	})
	a.on("GET /notes?title", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		notes := []any{}
		for _, v := range a.notes {
			notes = append(notes, v)
		}
		a.list(w, notes)
	})
	return a
}

// rightNote judges a note; members that it does not know are dropped.
func rightNote(in map[string]any) bool {
	for name := range in {
		if noteSchema().Properties[name] == nil {
			delete(in, name)
		}
	}
	for name, of := range members1 {
		if v, had := in[name]; had && v == nil && name != "title" {
			delete(in, name) // as if it were absent
		} else if (had || name == "title") && !of(v) {
			return false
		}
	}
	return true
}

func textOf(least, most int) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && len(s) >= least && len(s) <= most
	}
}

var members1 = map[string]func(any) bool{
	"title": textOf(1, 200),
	"level": func(v any) bool { f, ok := v.(float64); return ok && f >= 1 && f <= 5 && f == float64(int(f)) },
	"kind":  func(v any) bool { return v == "plain" || v == "loud" },
	"mail":  func(v any) bool { s, _ := v.(string); return len(s) <= 100 && strings.Contains(s, "@") },
	"code":  func(v any) bool { s, _ := v.(string); return len(s) == 3 && s == strings.ToUpper(s) },
	"tags":  func(v any) bool { return textList(v, 3) },
	"lines": func(v any) bool { return textList(v, 100) },
	"meta":  func(v any) bool { m, ok := v.(map[string]any); return ok && depthOf(marshalled(m)) < 20 },
}

func textList(v any, most int) bool {
	l, ok := v.([]any)
	return ok && len(l) <= most && !slices.ContainsFunc(l, func(e any) bool { s, ok := e.(string); return !ok || len(s) > 40 })
}

func marshalled(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// without judges all but these members.
func without(names ...string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		kept := map[string]any{}
		for _, n := range names {
			if v, had := in[n]; had {
				kept[n] = v
				delete(in, n)
			}
			if n == "title" {
				in[n] = "stands in"
			}
		}
		if !rightNote(in) {
			return false
		}
		if slices.Contains(names, "title") {
			delete(in, "title")
		}
		for n, v := range kept {
			in[n] = v
		}
		return true
	}
}

// unlimited reads whatever comes.
func unlimited(r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(r.Body)
	return b, err == nil
}

// firstValue reads one value and leaves what follows.
func firstValue(b []byte) (map[string]any, bool) {
	var v map[string]any
	return v, json.NewDecoder(bytes.NewReader(b)).Decode(&v) == nil && v != nil
}

// firstMembers is an object by the first of each name.
func firstMembers(b []byte) map[string]any {
	dec := json.NewDecoder(bytes.NewReader(b))
	out := map[string]any{}
	if _, err := dec.Token(); err != nil {
		return nil
	}
	for dec.More() {
		name, err := dec.Token()
		var v any
		if err = errors.Join(err, dec.Decode(&v)); err != nil {
			return nil
		}
		key, _ := name.(string)
		if _, had := out[key]; !had {
			out[key] = v
		}
	}
	return out
}
