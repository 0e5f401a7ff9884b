package main

import (
	"io"
	"os"
	"strconv"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// terminal reports whether a stream is one.
func terminal(s any) bool {
	f, ok := s.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// samePlace reports whether what is written to both is read as one: a terminal, a
// file, a pipe.
func samePlace(a, b io.Writer) bool {
	if a, b = unguarded(a), unguarded(b); a == b || terminal(a) && terminal(b) {
		return true
	}
	f, ok := a.(*os.File)
	g, both := b.(*os.File)
	if !ok || !both {
		return false
	}
	x, err := f.Stat()
	if err != nil {
		return false
	}
	y, err := g.Stat()
	return err == nil && os.SameFile(x, y)
}

// colored decides by flag, then NO_COLOR (no-color.org), then CLICOLOR_FORCE,
// then whether anybody sees it.
func (p *program) colored(w io.Writer) bool {
	switch p.color {
	case "always":
		return true
	case "never":
		return false
	}
	if v, ok := p.env("NO_COLOR"); ok && v != "" {
		return false
	}
	if v, ok := p.env("CLICOLOR_FORCE"); ok && v != "" && v != "0" {
		return true
	}
	if v, _ := p.env("TERM"); v == "dumb" {
		return false
	}
	return terminal(w)
}

// width is COLUMNS, as POSIX has it, else that of the terminal, 80 where there
// is none.
func (p *program) width(w io.Writer) int {
	if v, ok := p.env("COLUMNS"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return n
		}
	}
	if f, ok := w.(*os.File); ok && terminal(f) {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 80
}

// bold is the style of headings on stdout.
func (p *program) bold(s string) string {
	if p.colored(p.out) {
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return s
}

// interactive reports whether a person is there to be asked.
func (p *program) interactive() bool { return terminal(p.in) && terminal(p.err) }
