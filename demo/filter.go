package demo

import (
	"html"
	"net/url"
	"strings"
)

// What the model says may hold what a document told it to say. Before a user is
// shown it, images that load from elsewhere, HTML, and links that run are made
// harmless. The filter works line by line and remembers code fences, so that a
// stream and a whole text come out the same wherever the stream is cut.

// unfiltered reports what a flawed server lets through.
func (s *Server) unfiltered(kind string) bool {
	switch kind {
	case "image":
		return s.flaws.Has("model/image-exfiltration")
	case "reference":
		return s.flaws.Has("model/reference-exfiltration")
	}
	return false
}

// cleaned is the whole text filtered.
func (s *Server) cleaned(text string) string {
	f := lineFilter{s: s}
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		b.WriteString(f.line(line))
	}
	return b.String()
}

// lineFilter filters lines in order.
type lineFilter struct {
	s     *Server
	fence string // of the code block that is open
}

func (f *lineFilter) line(line string) string {
	if !f.s.flaws.Has("model/prompt-leak") { // whatever talked the model into it
		line = strings.ReplaceAll(line, f.s.promptCanary(), "[withheld]")
	}
	bare := strings.TrimLeft(line, " ")
	if indent := len(line) - len(bare); indent <= 3 {
		mark := bare[:len(bare)-len(strings.TrimLeft(bare, fenceChar(bare)))]
		switch {
		case f.fence != "" && len(mark) >= len(f.fence) && strings.HasPrefix(mark, f.fence) && strings.TrimSpace(bare[len(mark):]) == "":
			f.fence = ""
			return line
		case f.fence == "" && len(mark) >= 3 && !(mark[0] == '`' && strings.Contains(bare[len(mark):], "`")):
			f.fence = mark
			return line
		}
	}
	if f.fence != "" {
		return line
	}
	return f.s.cleanLine(line)
}

// fenceChar is what a fence on the line would be made of (CommonMark, 4.5).
func fenceChar(line string) string {
	if strings.HasPrefix(line, "~") {
		return "~"
	}
	return "`"
}

func (s *Server) cleanLine(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch rest := line[i:]; {
		case rest[0] == '<':
			b.WriteString("&lt;")
			i++
		case strings.HasPrefix(rest, "!["):
			n, text := s.image(rest)
			b.WriteString(text)
			i += n
		case strings.HasPrefix(rest, "]("), strings.HasPrefix(rest, "]:"):
			n, text := s.destination(rest)
			b.WriteString(text)
			i += n
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

// image makes a link of an image, unless it is one of Harbor's own. An image by
// reference loads from wherever the definition says, so it is never one.
func (s *Server) image(rest string) (int, string) {
	end := strings.Index(rest, "](")
	if end < 0 || strings.Contains(rest[2:end], "[") {
		if s.unfiltered("reference") {
			return 2, "!["
		}
		return 2, "["
	}
	stop := strings.IndexAny(rest[end+2:], ") \t\n")
	if stop < 0 {
		return 2, "["
	}
	to := rest[end+2 : end+2+stop]
	if s.unfiltered("image") || s.own(to) {
		return 2, "!["
	}
	close := strings.IndexByte(rest[end:], ')')
	if close < 0 {
		return 2, "["
	}
	return end + close + 1, "[image: " + strings.NewReplacer("<", "&lt;", "!", "", "[", "", "]", "").Replace(rest[2:end]) + "]"
}

// own reports an address of Harbor's own.
func (s *Server) own(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.User == nil && (u.Scheme+"://"+u.Host == s.URL || u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, `\`))
}

// destination keeps the address of a link or of a definition when it leads
// somewhere, and drops one that runs.
func (s *Server) destination(rest string) (int, string) {
	skip := 2 + len(rest[2:]) - len(strings.TrimLeft(rest[2:], " \t<"))
	stop := strings.IndexAny(rest[skip:], ") \t\n>")
	if stop < 0 {
		stop = len(rest) - skip
	}
	to := rest[skip : skip+stop]
	if s.leads(to) {
		return skip + stop, strings.ReplaceAll(rest[:skip], "<", "") + strings.ReplaceAll(to, "<", "&lt;")
	}
	return skip + stop, strings.ReplaceAll(rest[:skip], "<", "") + "#"
}

// leads reports an address that leads somewhere instead of running.
func (s *Server) leads(to string) bool {
	if s.flaws.Has("model/active-markup") {
		return true // a link is a link
	}
	u, err := url.Parse(strings.ToLower(html.UnescapeString(to)))
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "", "http", "https", "mailto":
		return u.Scheme != "" || !strings.Contains(to, ":")
	}
	return false
}

// screen stands between the model's stream and who reads it.
type screen struct {
	token  func(string) error
	filter lineFilter
	held   string // a line whose rest has not come
	open   bool   // part of the line went out already
	raw    bool
}

// screen is made for the turn of a chat, or of a client's own conversation.
func (s *Server) screen(place string, token func(string) error) *screen {
	// With the flaw, the pieces of a chat's stream are taken to be too small to filter.
	raw := place != "" && s.flaws.Has("model/streaming-parity")
	return &screen{token: token, filter: lineFilter{s: s}, raw: raw}
}

// stream is what the provider's pieces go into; nil when nobody listens.
func (o *screen) stream() func(string) error {
	if o.token == nil {
		return nil
	}
	if o.raw {
		return o.token
	}
	return o.write
}

func (o *screen) write(piece string) error {
	o.held += piece
	for {
		line, rest, whole := strings.Cut(o.held, "\n")
		if whole {
			o.held = rest
			if err := o.pass(line + "\n"); err != nil {
				return err
			}
			o.open = false
			continue
		}
		// What no mark stands in yet may go at once: nothing that follows changes it.
		if n := o.harmless(); n > 0 {
			text := o.held[:n]
			o.held, o.open = o.held[n:], true
			return o.token(text)
		}
		return nil
	}
}

// harmless is how much of the held line cannot be part of anything.
func (o *screen) harmless() int {
	if o.filter.fence != "" || !o.open && strings.IndexAny(o.held, "`~ ") == 0 {
		return 0
	}
	if i := strings.IndexAny(o.held, "<![]"); i >= 0 {
		return i
	}
	return len(o.held)
}

// pass sends a line, or the end of one that has begun.
func (o *screen) pass(line string) error {
	text := ""
	if o.open {
		if o.filter.fence != "" {
			text = line
		} else {
			text = o.filter.s.cleanLine(line)
		}
	} else {
		text = o.filter.line(line)
	}
	if text == "" {
		return nil
	}
	return o.token(text)
}

// close sends what is held.
func (o *screen) close() error {
	if o.token == nil || o.held == "" {
		return nil
	}
	line := o.held
	o.held = ""
	err := o.pass(line)
	o.open = false
	return err
}
