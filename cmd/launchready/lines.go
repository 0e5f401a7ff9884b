package main

import (
	"fmt"
	"io"
	"strings"
)

// lines gathers a page, so that it is written whole or not at all.
type lines struct{ b strings.Builder }

func (l *lines) add(format string, args ...any) { fmt.Fprintf(&l.b, format+"\n", args...) }

func (l *lines) to(w io.Writer) error {
	if _, err := io.WriteString(w, l.b.String()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
