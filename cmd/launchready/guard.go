package main

import (
	"bytes"
	"io"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// GitHub reads commands out of a step's log, stdout and stderr alike: a line that
// begins with :: after blanks, and ##[ anywhere. What a target wrote gets into the
// log, so nothing of ours but the annotations may look like one.

// guardLogs stands between the program and the log of a step of GitHub Actions.
func (p *program) guardLogs() {
	if p.onGitHub() {
		p.err = &guarded{to: p.err, start: true}
		p.out = &guarded{to: p.out, start: true}
	}
}

// commands is stderr as it is, for annotations.
func (p *program) commands() io.Writer {
	if g, ok := p.err.(*guarded); ok {
		g.start = true
		return g.to
	}
	return p.err
}

// unguarded is the stream itself.
func unguarded(w io.Writer) io.Writer {
	if g, ok := w.(*guarded); ok {
		return g.to
	}
	return w
}

// result is stdout for a format. Formats have ways of their own to write a
// character so that a program reads the same; text gets a blank.
func (p *program) result(format string) io.Writer {
	g, ok := p.out.(*guarded)
	if !ok || format == "term" || format == "md" {
		return p.out
	}
	return escaped{to: g.to, json: format == "json" || format == "sarif"}
}

// guarded breaks what would be a command.
type guarded struct {
	to     io.Writer
	start  bool // only blanks since the line began
	colon  bool // and a colon
	hashes int  // in a row
}

func (g *guarded) Write(b []byte) (int, error) {
	var out bytes.Buffer
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == ':' && g.colon || r == '[' && g.hashes >= 2 {
			out.WriteByte(' ')
		}
		g.colon = r == ':' && g.start && !g.colon
		g.start = r == '\n' || r == '\r' || g.start && (unicode.IsSpace(r) || r == 0xfeff)
		if g.hashes++; r != '#' {
			g.hashes = 0
		}
		out.Write(b[i : i+n])
		i += n
	}
	if _, err := g.to.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// escaped writes the same characters in another way.
type escaped struct {
	to   io.Writer
	json bool
}

var lineCommand = regexp.MustCompile(`(?m)^([\s\p{Zs}\x{feff}]*)::`)

func (e escaped) Write(b []byte) (int, error) {
	var out []byte
	if e.json { // a line of JSON begins with no colon
		out = bytes.ReplaceAll(b, []byte("##["), []byte(`#\u0023[`))
	} else {
		out = bytes.ReplaceAll(b, []byte("##["), []byte("#&#35;["))
		out = lineCommand.ReplaceAll(out, []byte("$1&#58;:"))
	}
	if _, err := e.to.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}
