package export

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// replay is the test of a finding that Hurl cannot tell: one line of shell.
func (g *regression) replay(why string) []byte {
	flags := ""
	if g.o.Replay != nil {
		if flags = g.o.Replay(g.check.ID); flags != "" {
			flags = " " + flags
		}
	}
	var h hurl
	h.add("#!/bin/sh")
	h.add("# %s  %s: %s", g.finding.ID, g.check.ID, comment(g.check.Title))
	h.add("# %s", comment(g.finding.Subject))
	h.add("#\n# No Hurl file: %s. The audit asks again,\n# with fresh tokens and objects. 0 is fixed, 1 is open, 2 could not start, 3 could not be told.", comment(why))
	h.add("exec launchready audit replay %s %s%s \"$@\"", word(g.check.ID), word(comment(g.finding.Subject)), flags)
	return []byte(h.b.String())
}

// variablesFile lists what the Hurl files are given. A secret is named and has no
// value: as long as nobody gives one, Hurl stops at the file that needs it.
func variablesFile(o Options, vars []variable) []byte {
	var h hurl
	h.add("# What the regression tests of %s are given. Hurl reads it by --variables-file.", comment(o.Product))
	h.add("#\n# Secrets stay out of this file: give each that is named below by the environment,\n# HURL_VARIABLE_name=value, or in a copy that is in no repository.")
	for _, secret := range []bool{false, true} {
		for _, v := range vars {
			if v.secret != secret {
				continue
			}
			h.add("\n# %s", comment(v.says))
			switch {
			case secret, v.value == "":
				h.add("#%s=", v.name)
			default:
				h.add("%s=%s", v.name, comment(v.value))
			}
		}
	}
	return []byte(h.b.String())
}

// readme says what the folder holds and how it is run.
func readme(rep *lr.Report, s *Suite) []byte {
	var files, lines int
	for _, t := range s.Tests {
		if t.Why == "" {
			files++
		} else {
			lines++
		}
	}
	var h hurl
	h.add("# Regression tests of %s\n", comment(rep.Product))
	h.add("One test for each confirmed finding of run %s: %d for Hurl, %d that ask by the audit.", comment(rep.Run), files, lines)
	h.add("Each is red as long as the finding is open, and green once it is fixed.\n")
	h.add("    hurl --test --jobs 1 --variables-file variables.env *.hurl")
	if lines > 0 {
		h.add("    for t in *.sh; do sh \"$t\" -c FOLDER/launchready.yaml || exit 1; done")
	}
	h.add("")
	h.add("`variables.env` lists what the files are given, and holds no secret: tokens and passwords come by the")
	h.add("environment (`HURL_VARIABLE_token_…=…`). They need Hurl 8 or newer. `--jobs 1` keeps tests that count apart.\n")
	h.add("A test that lacks something is red, never green: the owner is shown the same first, a token shows that it is")
	h.add("good, and what is refused because it is stale or because the target is busy is no fix. A file that stops at an")
	h.add("assertion leaves the object behind that it made: it is the owner's, and its text begins with `lrx`.")
	if lines > 0 {
		h.add("\n## Asked by the audit\n\nHurl cannot tell these. `launchready audit replay` is their test, and the `.sh` file is that one line. It needs\n`launchready` on the path, and takes its flags: `-c` names the configuration, `--target` another address.\n")
		h.add("| test | check | why |\n|---|---|---|")
		for _, t := range s.Tests {
			if t.Why != "" {
				h.add("| `%s` | %s | %s |", t.File, t.Check, cell(t.Why))
			}
		}
	}
	if len(s.Left) > 0 {
		h.add("\n## Without a test\n")
		for _, l := range s.Left {
			h.add("- %s", cell(l))
		}
	}
	return []byte(h.b.String())
}

func cell(s string) string { return strings.ReplaceAll(comment(fmt.Sprint(s)), "|", `\|`) }
