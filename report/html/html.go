// Package html draws a report as one self-contained file: no network, no script
// needed to read it, the same words on a screen, on paper and to a screen
// reader. What a target wrote is shown, never run: html/template escapes by
// context, report.Inert defuses what escapes do not, and a Content-Security-
// Policy in the file forbids everything but its own style and script.
package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

//go:embed page.tmpl finding.tmpl style.css script.js
var files embed.FS

// Write draws the report.
func Write(w io.Writer, r *lr.Report) error {
	return execute(w, "report", newPage(report.Tidy(r)))
}

// WriteComparison draws what changed between two reports of one product, with
// the evidence of both.
func WriteComparison(w io.Writer, before, after *lr.Report) error {
	return execute(w, "comparison", newComparison(report.Tidy(before), report.Tidy(after)))
}

func execute(w io.Writer, name string, data any) error {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return fmt.Errorf("draw the report: %w", err)
	}
	script, err := files.ReadFile("script.js")
	if err != nil {
		return fmt.Errorf("draw the report: %w", err)
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"line":  line,
		"inert": func(s string) string { return report.Inert(report.Bound(s, mostText)) },
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // ours, embedded
		"script": func() template.JS { // ours, embedded
			return template.JS(script) //nolint:gosec // likewise
		},
		"policy":   func() string { return policy(style, script) },
		"markdown": markdown,
		"spans":    func(s string) []span { return spans(line(s)) },
		"class":    class,
		"symbol":   symbol,
		"date":     func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"upper":    func(s fmt.Stringer) string { return capital(s.String()) },
		"percent":  func(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) },
		"seconds":  func(f float64) string { return took(time.Duration(f * float64(time.Second))) },
		"took":     took,
		"how":      how,
		"count":    report.Count,
		"chance":   report.Chance,
		"talked":   report.Talked,
		"href":     href,
		"infront":  func() string { return capital(report.InFront()) },
		"aside":    func(directive string) string { return strings.TrimSpace(lr.Aside(directive)) },
		"mark":     markOf,
		"gone":     newGone,
		"plot":     newPlot,
		"gaps":     gaps,
		"ring": func(id string, r ring) any {
			return struct {
				ID   string
				Ring ring
			}{id, r}
		},
	}).ParseFS(files, "*.tmpl")
	if err != nil {
		return fmt.Errorf("draw the report: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("draw the report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// line is text on one line, of a length that a reader reads.
func line(s string) string { return report.Line(report.Bound(s, mostLine)) }

// policy allows the file's own style and script by their hash, and nothing else.
func policy(style, script []byte) string {
	hash := func(b []byte) string {
		sum := sha256.Sum256(b)
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; img-src data:; base-uri 'none'; form-action 'none'"
}

func class(v any) string {
	switch v := v.(type) {
	case lr.Verdict:
		return v.String()
	case lr.Severity:
		return v.String()
	case *lr.Report:
		return report.Standing(v).String()
	}
	return "unknown"
}

func symbol(v any) string { return markOf(class(v)) }

func markOf(class string) string {
	switch class {
	case "passed":
		return "✓"
	case "failed":
		return "✗"
	case "skipped":
		return "–"
	}
	return "?"
}

func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// gaps counts what is unknown by what it is: the ring counts rows, and a row may
// pass while checks of it are open.
func gaps(list []report.Gap) string {
	rows := 0
	for _, g := range list {
		if g.Check == nil {
			rows++
		}
	}
	switch checks := len(list) - rows; {
	case rows == 0:
		return report.Count(checks, "check")
	case checks == 0:
		return report.Count(rows, "row")
	default:
		return report.Count(checks, "check") + ", " + report.Count(rows, "row")
	}
}

// how says by what or whom a work item is done.
func how(s string) string {
	switch s {
	case "senior engineer":
		return "by a senior engineer"
	}
	return report.How(s)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
