package main

import (
	"fmt"
	"log/slog"
	"time"
)

// handler writes logs in the form that was asked for, at the program's own time.
func (p *program) handler(level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey && p.now != nil {
			a.Value = slog.TimeValue(p.now())
		}
		return a
	}}
	if p.logFormat == "json" {
		return slog.NewJSONHandler(p.err, o)
	}
	return slog.NewTextHandler(p.err, o)
}

// events is the log of what happens, for machines: with --log-format json every
// line of stderr is one JSON object.
func (p *program) events() *slog.Logger { return slog.New(p.handler(slog.LevelInfo)) }

// progress is one line for a person who waits.
func (p *program) progress(format string, args ...any) {
	switch {
	case p.quiet:
	case p.logFormat == "json":
		p.events().Info("note", "text", fmt.Sprintf(format, args...))
	default:
		fmt.Fprintf(p.err, format+"\n", args...)
	}
}

// warn tells what a person should know though the program goes on.
func (p *program) warn(format string, args ...any) {
	switch {
	case p.quiet:
	case p.logFormat == "json":
		p.events().Warn("warning", "text", fmt.Sprintf(format, args...))
	default:
		fmt.Fprintf(p.err, "launchready: warning: "+format+"\n", args...)
	}
}

// fault tells why the program ends.
func (p *program) fault(text string) {
	if p.logFormat == "json" {
		p.events().Error("failed", "error", text)
		return
	}
	fmt.Fprintf(p.err, "launchready: %s\n", text)
}

// ticks are those of the wall clock.
func ticks(every time.Duration) (<-chan time.Time, func()) {
	t := time.NewTicker(every)
	return t.C, t.Stop
}
