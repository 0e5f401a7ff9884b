package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// segment is one part of a path between slashes.
type segment struct {
	text  string // as it stands in the template
	param string // name, when the segment is or begins with a parameter
	tail  string // what follows the parameter: ".svg", ":archive"
}

// shape is a route taken apart.
type shape struct {
	rt   *lr.Route
	segs []segment
	fold []string // the folded path's parts
	verb string   // "create", "list", "archive": what the path says is done
	base int      // segs[:base] are the place that the verb works on
	noun string   // for RPC style: the folded noun of getChat, "chat"
	many bool     // the noun was a plural: getChats
	own  *collection
	at   scope
	all  []string // every word of the path's literals
	prop map[string]*lr.Schema
}

// scope is what a route's path ends in.
type scope uint8

const (
	nowhere scope = iota
	onMany        // a collection
	onItem        // one object, by its key
	onPart        // something below an object that has no objects of its own
	onOnly        // a thing of which there is one: /tenant, /chats/{id}/share
	onView        // a name below a collection: /chats/recent
)

func newShape(rt *lr.Route) *shape {
	s := &shape{rt: rt, segs: split(rt.Path), prop: map[string]*lr.Schema{}}
	s.fold = strings.Split(foldPath(s.segs), "/")
	for _, g := range s.segs {
		if g.param == "" {
			s.all = append(s.all, wordsOf(g.text)...)
		}
	}
	if rt.Body != nil {
		gather(s.prop, rt.Body.Schema, 0)
	}
	return s
}

// gather collects the names of a body's members: of its alternatives too, and
// of one wrapping object, as in {"user": {"email": …}}.
func gather(into map[string]*lr.Schema, s *lr.Schema, depth int) {
	if s == nil || depth > 3 {
		return
	}
	for name, p := range s.Properties {
		if _, have := into[name]; !have {
			into[name] = p
		}
		if p != nil && len(s.Properties) == 1 {
			gather(into, p, depth+1)
		}
	}
	for _, o := range s.OneOf {
		gather(into, o, depth+1)
	}
}

func split(path string) []segment {
	var out []segment
	for raw := range strings.SplitSeq(path, "/") {
		if raw == "" {
			continue
		}
		g := segment{text: raw}
		if raw == "{}" { // of a Resource
			g.param = "{}"
		} else if strings.HasPrefix(raw, "{") {
			if i := strings.IndexByte(raw, '}'); i > 0 {
				g.param, g.tail = raw[1:i], raw[i+1:]
			}
		}
		out = append(out, g)
	}
	return out
}

// last is the final segment, or the zero segment of "/".
func (s *shape) last() segment {
	if len(s.segs) == 0 {
		return segment{}
	}
	return s.segs[len(s.segs)-1]
}

// tip is the last literal of the path, in lower case and without separators:
// "signup" for sign-up, signUp and sign_up.
func (s *shape) tip() string {
	for i := len(s.segs) - 1; i >= 0; i-- {
		if s.segs[i].param == "" {
			text := s.segs[i].text
			if j := strings.LastIndexByte(text, '.'); j > 0 && s.rt.Method == "POST" {
				text = text[j+1:] // auth.login
			}
			return strings.Join(wordsOf(text), "")
		}
	}
	return ""
}

// item reports that the path ends in a parameter.
func (s *shape) item() bool { return s.last().param != "" }

// has reports a word among the path's literals.
func (s *shape) has(words ...string) bool {
	for _, w := range s.all {
		for _, x := range words {
			if w == x {
				return true
			}
		}
	}
	return false
}

// props reports a body member with one of the names, spelled in any way.
func (s *shape) props(names ...string) bool {
	for p := range s.prop {
		j := strings.Join(wordsOf(p), "")
		for _, n := range names {
			if j == n {
				return true
			}
		}
	}
	return false
}

// unnamed reports that nothing is known of the body.
func (s *shape) unnamed() bool { return len(s.prop) == 0 }

func (s *shape) accepts(parts ...string) bool {
	for _, mt := range s.rt.Accepts {
		for _, p := range parts {
			if strings.Contains(mt, p) {
				return true
			}
		}
	}
	return false
}

// emptied writes segments as lr.Route.Resource does: "/v1/chats/{}/messages".
func emptied(segs []segment) string {
	var b strings.Builder
	for _, g := range segs {
		b.WriteByte('/')
		if g.param != "" {
			b.WriteString("{}")
		} else {
			b.WriteString(g.text)
		}
	}
	return b.String()
}

// foldPath makes collection paths comparable whatever the number and spelling
// of their nouns: /v1/chats/{id}, /v1/chat/{id}.
func foldPath(segs []segment) string {
	var b strings.Builder
	for _, g := range segs {
		b.WriteByte('/')
		switch {
		case g.param != "":
			b.WriteString("{}")
		case frame(g.text) || meWord(g.text):
			b.WriteString(strings.ToLower(g.text))
		default:
			b.WriteString(fold(g.text))
		}
	}
	return b.String()
}

func meWord(seg string) bool {
	switch strings.ToLower(seg) {
	case "me", "self", "myself", "@me", "~", "whoami":
		return true
	}
	return false
}
