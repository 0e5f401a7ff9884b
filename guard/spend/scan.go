package spend

// scan reads an answer byte by byte, JSON or an event stream, and finds in it
// what it says it used and how much text it holds. It keeps no more than a key's
// length of it, and what it finds is the same however the answer is cut.
type scan struct {
	sse bool

	line  int // of an event stream: see the constants
	match int // bytes of "data:" seen

	depth  int
	object uint64 // by depth: whether it is an object
	key    bool   // the next string is a name
	inText bool
	escape int // characters of an escape that are still to come
	name   [24]byte
	n      int // of the name; above its length: too long to be known
	kind   kind
	usage  int // the depth of the members of "usage"; 0: not in it
	number bool
	dead   bool // the rest of a number that is no whole one
	value  int64

	text     int64 // bytes of text
	lineText int64 // of this line
	events   int64 // lines that hold text
	found    Usage
}

// Usage is what an answer says it took.
type Usage struct {
	In, Out     int64 // tokens
	read, write int64 // of a cache
}

// total is all tokens of the prompt. Anthropic counts those of a cache beside
// the others, OpenAI among them.
func (u Usage) total() (in, out int64) { return u.In + u.read + u.write, u.Out }

func (u Usage) told() bool { return u.In+u.Out+u.read+u.write > 0 }

type kind uint8

const (
	other   kind = iota
	silent       // names and numbers of a protocol, no text
	inside       // tokens of the prompt
	outside      // tokens of the reply
	cached       // tokens of the prompt, read from a cache
	caching      // and written to it
	account      // the object that holds them
)

const (
	lineStart = iota
	lineOther
	lineLead // after "data:"
	lineJSON
	linePlain
)

const field = "data:"

// most is above any number of tokens, and far below an overflow.
const most = 1 << 40

func (s *scan) write(b []byte) {
	for _, c := range b {
		if !s.sse {
			s.json(c)
			continue
		}
		if c == '\n' || c == '\r' {
			s.endLine()
			continue
		}
		switch s.line {
		case lineStart:
			if c != field[s.match] {
				s.line = lineOther
			} else if s.match++; s.match == len(field) {
				s.line = lineLead
			}
		case lineLead:
			switch c {
			case ' ':
			case '{', '[', '"':
				s.line = lineJSON
				s.json(c)
			default:
				s.line = linePlain
				s.count(1)
			}
		case lineJSON:
			s.json(c)
		case linePlain:
			s.count(1)
		}
	}
}

func (s *scan) count(n int64) { s.text += n; s.lineText += n }

// endLine forgets what was open: an event's JSON is one line.
func (s *scan) endLine() {
	s.commit()
	if s.lineText > 0 {
		s.events++
	}
	s.line, s.match, s.lineText = lineStart, 0, 0
	s.depth, s.object, s.key, s.inText, s.escape, s.kind, s.usage = 0, 0, false, false, 0, other, 0
}

func (s *scan) json(c byte) {
	if s.inText {
		s.string(c)
		return
	}
	switch c {
	case '"':
		s.inText, s.n = true, 0
	case '{', '[':
		s.depth++
		bit := uint64(1) << (s.depth & 63)
		if c == '{' {
			s.object |= bit
			if s.kind == account && s.usage == 0 {
				s.usage = s.depth
			}
		} else {
			s.object &^= bit
		}
		s.key = c == '{'
	case '}', ']':
		s.commit()
		if s.depth == s.usage {
			s.usage = 0
		}
		if s.depth > 0 {
			s.depth--
		}
		s.key, s.kind = false, other
	case ':':
		s.key, s.number, s.dead, s.value = false, false, false, 0
	case ',':
		s.commit()
		s.key = s.depth > 0 && s.object&(1<<(s.depth&63)) != 0
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if !s.dead {
			s.number = true
			s.value = min(s.value*10+int64(c-'0'), most)
		}
	case '.', 'e', 'E', '-', '+':
		s.dead = true
	}
}

func (s *scan) string(c byte) {
	value := !s.key && s.kind != silent
	switch {
	case s.escape > 0:
		s.escape--
		if s.escape == 0 && c == 'u' {
			s.escape = -4
			if value {
				s.count(2) // of three, which most characters take
			}
		}
		if value {
			s.count(1)
		}
	case s.escape < 0:
		s.escape++
	case c == '\\':
		s.escape = 1
	case c == '"':
		s.inText = false
		if s.key {
			s.kind = known(s.name[:min(s.n, len(s.name))], s.n > len(s.name))
		}
	case s.key:
		if s.n < len(s.name) {
			s.name[s.n] = c
		}
		s.n = min(s.n+1, len(s.name)+1)
	case value:
		s.count(1)
	}
}

func known(name []byte, long bool) kind {
	if long {
		if string(name) == "cache_creation_input_tok" {
			return caching
		}
		return other
	}
	switch string(name) {
	case "usage":
		return account
	case "prompt_tokens", "input_tokens":
		return inside
	case "completion_tokens", "output_tokens":
		return outside
	case "cache_read_input_tokens":
		return cached
	case "id", "object", "model", "type", "role", "finish_reason", "stop_reason", "system_fingerprint", "service_tier", "event",
		"obfuscation", "signature", "item_id", "response_id", "call_id", "tool_call_id", "status":
		return silent
	}
	return other
}

// commit takes a number that has ended. A stream tells more than once, the last
// time the most.
func (s *scan) commit() {
	if s.number && !s.dead && s.usage > 0 && s.depth == s.usage {
		switch s.kind {
		case inside:
			s.found.In = max(s.found.In, s.value)
		case outside:
			s.found.Out = max(s.found.Out, s.value)
		case cached:
			s.found.read = max(s.found.read, s.value)
		case caching:
			s.found.write = max(s.found.write, s.value)
		}
	}
	s.number, s.dead, s.value = false, false, 0
}

// tokens is how many the text has at the least: a piece of a stream is one or
// more, and so are four bytes.
func (s *scan) tokens() int64 {
	n := s.events
	if s.lineText > 0 {
		n++
	}
	return max(n, (s.text+3)/4)
}
