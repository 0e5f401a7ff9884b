package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/launchready/launchready/report/sample"
)

// command is what GitHub reads a command from: a line that begins with :: after
// blanks, and ##[ anywhere.
var commandLine = regexp.MustCompile(`(?m)^[\s\p{Zs}\x{feff}]*::|##\[`)

func TestGuarded(t *testing.T) {
	for in, want := range map[string]string{
		"::error::x\n":              ": :error::x\n",
		"a\n  ::set-output n=x::\n": "a\n  : :set-output n=x::\n",
		"\u00a0\u3000::x":           "\u00a0\u3000: :x",
		"x ::error::":               "x ::error::",
		"a ##[add-mask]b ###[x]":    "a ## [add-mask]b ### [x]",
		":::x":                      ": ::x",
		"a::b # [c] #[d]":           "a::b # [c] #[d]",
		"\r::x":                     "\r: :x",
		"\xff::x":                   "\xff::x",
		"":                          "",
	} {
		var whole, parts bytes.Buffer
		g := &guarded{to: &whole, start: true}
		if n, err := g.Write([]byte(in)); err != nil || n != len(in) {
			t.Errorf("%q: wrote %d, %v", in, n, err)
		}
		if whole.String() != want {
			t.Errorf("%q: got %q, want %q", in, whole.String(), want)
		}
		g = &guarded{to: &parts, start: true}
		for _, r := range in { // as it may come, a piece at a time
			if _, err := g.Write([]byte(string(r))); err != nil {
				t.Fatal(err)
			}
		}
		if commandLine.MatchString(parts.String()) {
			t.Errorf("%q in pieces: %q", in, parts.String())
		}
	}
}

// TestNoFormatCommands: whatever a target wrote, a step's log holds no command of
// it, and what a program reads is the same.
func TestNoFormatCommands(t *testing.T) {
	r := sample.Hostile(10)
	const bad = "\n::error::forged\n ::add-mask::a ##[stop-commands]x"
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			for k := range r.Rows[i].Checks[j].Findings {
				f := &r.Rows[i].Checks[j].Findings[k]
				f.Fix, f.Message = bad, bad
				for n := range f.Evidence {
					f.Evidence[n].Response = bad
				}
			}
		}
	}
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			var out, errs bytes.Buffer
			p := &program{dir: t.TempDir(), out: &out, err: &errs, color: "never", verbose: true, environ: []string{"GITHUB_ACTIONS=true"}}
			p.guardLogs()
			outs := []output{{format, "-"}}
			if err := errors.Join(p.write(r, outs), p.conclude(r, outs)); err != nil {
				t.Fatal(err)
			}
			if m := commandLine.FindString(out.String()); m != "" {
				t.Errorf("stdout holds %q", m)
			}
			if m := commandLine.FindString(errs.String()); m != "" {
				t.Errorf("stderr holds %q", m)
			}
			if !strings.Contains(errs.String(), "NOT READY") {
				t.Error("the table is not on stderr")
			}
			switch format {
			case "json", "sarif":
				if !json.Valid(out.Bytes()) {
					t.Error("no JSON any more")
				}
			case "junit":
				if err := xml.Unmarshal(out.Bytes(), &struct{}{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
