package export_test

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/export"
)

// notForHurl are the checks whose findings the audit itself has to ask again, and
// why Hurl cannot, as it is said in the report's place.
var notForHurl = map[string]string{
	"auth/alg-confusion":        unsigned,
	"auth/token-key-header":     unsigned + "; " + fetched,
	"auth/weak-token-secret":    unsigned,
	"auth/websocket-credential": socket,
	"cors/websocket-origin":     socket,
	"isolation/websocket-leak":  socket,
}

const (
	unsigned = "its token needs a signature, which Hurl cannot make"
	fetched  = "its evidence is no request that can be sent again" // the target fetches a key where the audit listens
	socket   = "what leaks goes over a WebSocket, which Hurl does not speak"
)

// TestRegressionOnTheDemo is the promise of export --regression: with every flaw,
// each confirmed finding has a test, which is red there, green on the clean demo,
// and red with any of its values gone stale.
func TestRegressionOnTheDemo(t *testing.T) {
	flawed := serve(t, "all")
	rep, err := audit.Run(t.Context(), flawed.audit)
	if err != nil {
		t.Fatal(err)
	}
	suite := export.Regression(rep, flawed.options)
	checks := confirmed(rep)
	if len(suite.Tests) != len(checks) {
		t.Errorf("%d tests for %d confirmed findings", len(suite.Tests), len(checks))
	}
	var files []export.Test
	replayed := map[string]string{}
	for _, test := range suite.Tests {
		id, suffix, _ := strings.Cut(test.File, ".")
		switch {
		case checks[id] == "" || checks[id] != test.Check:
			t.Errorf("%s is of %s, and no finding is: %q", test.File, test.Check, checks[id])
		case suffix == "hurl" && test.Why == "":
			files = append(files, test)
		case suffix == "sh" && test.Why != "":
			if why := replayed[test.Check]; why != "" && why != test.Why {
				test.Why = why + "; " + test.Why
			}
			replayed[test.Check] = test.Why
			shell(t, test)
		default:
			t.Errorf("%s, of which is said %q", test.File, test.Why)
		}
		delete(checks, id)
	}
	for id, check := range checks {
		t.Errorf("%s of %s has no test", id, check)
	}
	if !maps.Equal(replayed, notForHurl) {
		t.Errorf("the audit has to ask\n%q, want\n%q", replayed, notForHurl)
	}
	clean := serve(t)
	given := map[*harbor]map[string]string{flawed: flawed.values(t), clean: clean.values(t)}
	listed(t, suite, given[clean])
	for _, test := range files {
		t.Run(test.Check+" "+test.File, func(t *testing.T) {
			text := string(test.Text)
			parses(t, text)
			secretless(t, text, given[flawed])
			if strings.Contains(text, "own_") && !strings.Contains(text, "\nown_") {
				t.Errorf("an object of the caller's is taken from outside:\n%s", text)
			}
			if ok, out := hurl(t, test.Text, env(given[flawed], "")); ok {
				t.Errorf("green where the flaw is:\n%s\n%s", text, out)
			} else if at := failed(text, out); strings.Contains(at, "Else ") {
				t.Errorf("red where the flaw is, but at a control: %s\n%s\n%s", at, text, out)
			}
			if ok, out := hurl(t, test.Text, env(given[clean], "")); !ok {
				t.Errorf("red where it is not:\n%s\n%s", text, out)
			}
			for name := range given[clean] {
				if name != "base_url" && regexp.MustCompile(`[{"]`+name+`[}"]`).MatchString(text) {
					if ok, _ := hurl(t, test.Text, env(given[clean], name)); ok {
						t.Errorf("green with a stale %s:\n%s", name, text)
					}
				}
			}
		})
	}
}

// confirmed is the check of each confirmed finding.
func confirmed(rep *lr.Report) map[string]string {
	out := map[string]string{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				if f.Confidence == lr.Confirmed {
					out[f.ID] = c.ID
				}
			}
		}
	}
	return out
}

// values are what all tests are given on the demo, with fresh tokens.
func (h *harbor) values(t *testing.T) map[string]string {
	t.Helper()
	out := maps.Clone(h.given)
	for who, token := range h.cast(t) {
		out["token_"+who] = token
	}
	return out
}

// env is a variables file, with one value that went stale.
func env(values map[string]string, stale string) string {
	var b strings.Builder
	for name, v := range values {
		if name == stale {
			v = "stale"
		}
		b.WriteString(name + "=" + v + "\n")
	}
	return b.String()
}

// failed is the note above the request at which a run failed.
func failed(text, out string) string {
	lines := strings.Split(text, "\n")
	m := regexp.MustCompile(`\.hurl:(\d+):`).FindStringSubmatch(out)
	if m == nil {
		return ""
	}
	note := ""
	for i, l := range lines {
		if i+1 > number(m[1]) {
			break
		}
		if strings.HasPrefix(l, "# ") && !strings.HasPrefix(l, "# @") {
			note = l
		}
	}
	return note
}

func number(s string) int {
	n := 0
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

func secretless(t *testing.T, text string, values map[string]string) {
	t.Helper()
	for name, v := range values {
		if (strings.Contains(name, "password") || strings.Contains(name, "token")) && strings.Contains(text, v) {
			t.Errorf("it holds %s:\n%s", name, text)
		}
	}
	if strings.Contains(text, "eyJhbGciOiJSUzI1NiIs") || strings.Contains(text, "[secret]") {
		t.Errorf("it holds a token, or a mask in the place of one:\n%s", text)
	}
}

// listed holds the variables file to what the files use, and its secrets back.
func listed(t *testing.T, suite *export.Suite, values map[string]string) {
	t.Helper()
	text := string(suite.Variables)
	secretless(t, text, values)
	for name := range values {
		used := slices.ContainsFunc(suite.Tests, func(test export.Test) bool { return strings.Contains(string(test.Text), "#   "+name+": ") })
		set := regexp.MustCompile(`(?m)^` + name + `=\S`).MatchString(text)
		named := regexp.MustCompile(`(?m)^#` + name + `=$`).MatchString(text)
		if secret := !strings.HasPrefix(name, "user_") && name != "base_url"; used && (secret && !named || !secret && !set) || !used && (set || named) {
			t.Errorf("%s: used %t, set %t, named %t:\n%s", name, used, set, named, text)
		}
	}
	if !strings.Contains(string(suite.Readme), "launchready audit replay") || !strings.Contains(string(suite.Readme), "| auth/alg-confusion |") {
		t.Errorf("the README does not say which findings the audit asks:\n%s", suite.Readme)
	}
}

// shell holds a line of shell to a POSIX shell.
func shell(t *testing.T, test export.Test) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(test.Text)), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "exec launchready audit replay '"+test.Check+"' '") {
		t.Errorf("%s ends with %q", test.File, last)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		return
	}
	cmd := exec.CommandContext(t.Context(), sh, "-n")
	cmd.Stdin = strings.NewReader(string(test.Text))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s is no shell: %v\n%s", test.File, err, out)
	}
}
