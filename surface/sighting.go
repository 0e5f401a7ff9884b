package surface

import (
	"encoding/json"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// sighting is one request that somebody made or wrote down: an entry of a
// recording, a request of a collection. Values in it may be credentials, so it
// never leaves this package.
type sighting struct {
	method  string
	path    string // below the target's base; {name} where the source has a variable
	name    string
	tags    []string
	query   []seenParam
	media   string   // of the request's body; "" without one
	body    any      // decoded; a map of texts for forms
	files   []string // form fields that take files
	status  int      // 0 where no reply is known
	types   []string // media types of good replies
	reply   any      // decoded JSON, cut
	carries bool     // a credential went along
	socket  bool
	graph   bool
	flows   map[string]told // by path or query parameter: which reply told it
	route   *lr.Route       // what it became
	shape   string          // of the reply
}

// seenParam is a query parameter with a value that was sent.
type seenParam struct {
	name, value string
	optional    bool
}

// told says that a request's reply holds a value.
type told struct {
	by      *sighting
	pointer string
}

// ok reports a request that the application accepted, as far as is known.
func (s *sighting) ok() bool {
	return s.status == 0 || s.status == 101 || s.status >= 200 && s.status < 400
}

const (
	maxSightings = 20_000
	maxOrigins   = 100_000
	maxScalars   = 2_000 // of one reply
)

// traffic gathers sightings and makes routes of them.
type traffic struct {
	seen    []*sighting
	repeats map[string]*sighting
	origins map[string][]told
	left    int // sightings beyond the bound
	source  string
	warn    func(string, ...any)
}

func newTraffic(source string, warn func(string, ...any)) *traffic {
	return &traffic{repeats: map[string]*sighting{}, origins: map[string][]told{}, source: source, warn: warn}
}

// add takes a sighting. One that tells nothing new is counted with its like.
func (t *traffic) add(s *sighting) {
	s.shape = keysOf(s.reply)
	key := s.method + " " + s.path + "\x00" + s.media + "\x00" + keysOf(s.body) + "\x00" + s.shape + "\x00" + queryNames(s.query)
	if s.ok() {
		key += "+"
	}
	if old := t.repeats[key]; old != nil && old.carries == s.carries {
		t.tell(old, s.reply)
		for _, mt := range s.types {
			old.types = addType(old.types, mt)
		}
		return
	}
	if len(t.seen) >= maxSightings {
		t.left++
		return
	}
	t.repeats[key] = s
	t.seen = append(t.seen, s)
	t.tell(s, s.reply)
	s.reply = nil // it has been taken apart
}

// tell notes the values of a reply that a later request may send.
func (t *traffic) tell(s *sighting, reply any) {
	n := 0
	walkValues(reply, "", 0, func(pointer, value string) {
		if n++; n > maxScalars || len(t.origins) >= maxOrigins {
			return
		}
		if at := t.origins[value]; len(at) < 8 && !slices.ContainsFunc(at, func(o told) bool { return o.by == s }) {
			t.origins[value] = append(at, told{s, pointer})
		}
	})
}

// walkValues visits the values of a reply that may be keys, under names that
// keys have.
func walkValues(v any, pointer string, depth int, visit func(pointer, value string)) {
	if depth > 8 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			walkValues(v[k], pointer+"/"+strings.ReplaceAll(strings.ReplaceAll(k, "~", "~0"), "/", "~1"), depth+1, visit)
		}
	case []any:
		for _, e := range v[:min(len(v), 100)] {
			walkValues(e, pointer+"/0", depth+1, visit) // which element it was says nothing
		}
	case string, float64:
		if s := scalarText(v); s != "" && len(s) <= 128 && !strings.ContainsAny(s, " \n/") && keyName(pointerName(pointer)) {
			visit(pointer, s)
		}
	}
}

func pointerName(pointer string) string { return pointer[strings.LastIndexByte(pointer, '/')+1:] }

// keyName reports a member that may hold a key.
func keyName(name string) bool {
	w := wordsOf(name)
	return len(w) > 0 && (slices.Contains(keyWords, w[len(w)-1]) && w[len(w)-1] != "title" && w[len(w)-1] != "email" || idName(name) || strings.HasSuffix(strings.ToLower(name), "id"))
}

func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if b, err := json.Marshal(v); err == nil {
			return string(b)
		}
	}
	return ""
}

// keysOf is the shape of a JSON object: the names of its members.
func keysOf(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "{" + strings.Join(sortedKeys(v), ",") + "}"
	case []any:
		if len(v) > 0 {
			return "[" + keysOf(v[0]) + "]"
		}
		return "[]"
	case nil:
		return ""
	}
	return "."
}

func queryNames(q []seenParam) string {
	var names []string
	for _, p := range q {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return strings.Join(names, "&")
}

// cutJSON decodes JSON that came from outside and cuts what is long or deep. nil
// for what is no JSON.
func cutJSON(b []byte) any {
	var v any
	if len(b) == 0 || json.Unmarshal(b, &v) != nil {
		return nil
	}
	left := 4000
	return cutValue(v, 0, &left)
}

func cutValue(v any, depth int, left *int) any {
	if *left--; *left < 0 || depth > maxSchemaDepth {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range sortedKeys(v) {
			if *left > 0 {
				out[k] = cutValue(v[k], depth+1, left)
			}
		}
		return out
	case []any:
		out := make([]any, 0, min(len(v), 100))
		for _, e := range v[:min(len(v), 100)] {
			out = append(out, cutValue(e, depth+1, left))
		}
		return out
	case string:
		if short := shorten(v); len(short) < len(v) {
			return strings.Clone(short) // the rest of a long text must not stay in memory
		}
	}
	return v
}
