package sarif_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/sample"
	"github.com/launchready/launchready/report/sarif"
)

var update = flag.Bool("update", false, "write the golden files")

func draw(t *testing.T, r *lr.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := sarif.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples() map[string]*lr.Report {
	return map[string]*lr.Report{
		"flawed": sample.Flawed(), "clean": sample.Clean(), "rerun": sample.Rerun(), "hostile": sample.Hostile(10), "empty": {Readiness: lr.NotEnoughTested, Tool: "launchready 0.1.0"},
	}
}

func TestGolden(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			got, path := draw(t, r), filepath.Join("testdata", name+".sarif")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; run with -update and read the diff", path)
			}
		})
	}
}

// doc is the part of a log that the tests look at.
type doc struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					HelpURI    string `json:"helpUri"`
					Help       struct{ Text, Markdown string }
					Properties struct {
						Tags      []string
						Precision string
						Severity  string `json:"security-severity"`
					}
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful bool
			ExitCode            int
			ExitCodeDescription string
			Notes               []struct {
				Level   string
				Message struct{ Text string }
				Rule    struct{ ID string } `json:"associatedRule"`
			} `json:"toolExecutionNotifications"`
		}
		Results []struct {
			RuleID    string `json:"ruleId"`
			RuleIndex int    `json:"ruleIndex"`
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				Physical struct {
					Artifact struct{ URI string } `json:"artifactLocation"`
					Region   any
				} `json:"physicalLocation"`
				Logical []struct{ FullyQualifiedName string } `json:"logicalLocations"`
			}
			Fingerprints map[string]string `json:"partialFingerprints"`
			State        string            `json:"baselineState"`
			Suppressions []struct{ Status, Justification string }
			Request      struct{ Method, Target string } `json:"webRequest"`
			Response     struct {
				StatusCode int
				Body       struct{ Text string }
			} `json:"webResponse"`
		}
	}
}

func read(t *testing.T, r *lr.Report) doc {
	t.Helper()
	var d doc
	if err := json.Unmarshal(draw(t, r), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWhatGitHubNeeds holds every result to what code scanning refuses, or shows
// wrongly: one bad result costs the whole file.
func TestWhatGitHubNeeds(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			run := read(t, r).Runs[0]
			if run.Results == nil || run.Tool.Driver.Rules == nil {
				t.Fatal("an array is null")
			}
			seen := map[string]bool{}
			for i, res := range run.Results {
				if len(res.Locations) != 1 {
					t.Fatalf("result %d has %d locations", i, len(res.Locations))
				}
				at := res.Locations[0]
				if uri := at.Physical.Artifact.URI; uri == "" || strings.HasPrefix(uri, "/") || strings.Contains(uri, "..") || strings.Contains(uri, ":") {
					t.Errorf("result %d: address %q", i, uri)
				}
				if at.Physical.Region != nil {
					t.Errorf("result %d has a region: the uploader would warn of its fingerprint", i)
				}
				if len(at.Logical) != 1 || at.Logical[0].FullyQualifiedName == "" {
					t.Errorf("result %d has no route", i)
				}
				if run.Tool.Driver.Rules[res.RuleIndex].ID != res.RuleID {
					t.Errorf("result %d: rule %d is not %s", i, res.RuleIndex, res.RuleID)
				}
				print := res.Fingerprints["primaryLocationLineHash"]
				if print == "" || seen[print+res.RuleID] && name != "hostile" {
					t.Errorf("result %d: fingerprint %q is missing or not its own", i, print)
				}
				seen[print+res.RuleID] = true
				if res.Suppressions == nil {
					t.Errorf("result %d does not say whether it is suppressed", i)
				}
			}
			for _, rule := range run.Tool.Driver.Rules {
				if rule.Help.Text == "" || len(rule.Properties.Tags) > 20 || rule.Properties.Tags[0] != "security" {
					t.Errorf("rule %s: help %q, tags %v", rule.ID, rule.Help.Text, rule.Properties.Tags)
				}
				if !strings.HasPrefix(rule.HelpURI, "https://github.com/launchready/launchready/blob/main/docs/checks/") {
					t.Errorf("rule %s: help at %s", rule.ID, rule.HelpURI)
				}
			}
		})
	}
}

func TestMeaning(t *testing.T) {
	run := read(t, sample.Rerun()).Runs[0]
	rules := map[string]int{}
	for i, r := range run.Tool.Driver.Rules {
		rules[r.ID] = i
	}
	for _, c := range []struct{ rule, severity, precision string }{
		{"auth/no-credential", "9.5", "very-high"}, {"email/dmarc-present", "8.0", "very-high"}, {"auth/user-enumeration", "5.5", "very-high"},
		{"isolation/existence-oracle", "3.0", "very-high"}, {"isolation/predictable-id", "5.5", "medium"}, {"secrets/repository", "9.5", "very-high"},
	} {
		i, ok := rules[c.rule]
		if !ok {
			t.Fatalf("no rule %s", c.rule)
		}
		if p := run.Tool.Driver.Rules[i].Properties; p.Severity != c.severity || p.Precision != c.precision {
			t.Errorf("%s: severity %s, precision %s; want %s, %s", c.rule, p.Severity, p.Precision, c.severity, c.precision)
		}
	}
	levels, states, accepted := map[string]string{}, map[string]string{}, ""
	for _, res := range run.Results {
		levels[res.RuleID], states[res.RuleID] = res.Level, res.State
		if len(res.Suppressions) > 0 {
			accepted = res.RuleID + " " + res.Suppressions[0].Status + ": " + res.Suppressions[0].Justification
		}
		if res.RuleID == "isolation/foreign-read" && (res.Request.Method != "GET" || res.Response.StatusCode != 200 || !strings.Contains(res.Response.Body.Text, "lr1-7f3a09")) {
			t.Errorf("the exchange is not there: %+v %+v", res.Request, res.Response)
		}
	}
	for rule, want := range map[string]string{"auth/no-credential": "error", "email/dmarc-present": "error", "auth/user-enumeration": "warning", "isolation/existence-oracle": "note", "isolation/predictable-id": "warning"} {
		if levels[rule] != want {
			t.Errorf("%s: level %q, want %q", rule, levels[rule], want)
		}
	}
	if states["auth/alg-none"] != "new" || states["auth/no-credential"] != "unchanged" {
		t.Errorf("states: %v", states)
	}
	if accepted != "https/hsts-preload accepted: The apex still serves a legacy page over HTTP until the move in January. (accepted by cto@harbor.test until 2027-01-31)" {
		t.Errorf("accepted: %q", accepted)
	}
	inv := run.Invocations[0]
	if !inv.ExecutionSuccessful || inv.ExitCode != 1 {
		t.Errorf("invocation: %+v", inv)
	}
	open := map[string]string{}
	for _, n := range inv.Notes {
		open[n.Rule.ID] = n.Level
	}
	if open["monitoring/alert-drill"] != "warning" || open["auth/password-reset"] != "note" || open["isolation/foreign-read"] != "note" {
		t.Errorf("what could not be asked: %v", open)
	}
}

// TestExitCodeOfNew: the log has the exit code of the run, which --fail-on-new
// makes another.
func TestExitCodeOfNew(t *testing.T) {
	r := sample.Compared()
	r.Baseline.Exit = new(int)
	if inv := read(t, r).Runs[0].Invocations[0]; inv.ExitCode != 0 || !strings.HasSuffix(inv.ExitCodeDescription, "of what is new since run "+r.Baseline.Run) {
		t.Errorf("invocation: %+v", inv)
	}
	r.Baseline.Exit = nil
	if inv := read(t, r).Runs[0].Invocations[0]; inv.ExitCode != 1 {
		t.Errorf("without --fail-on-new: %+v", inv)
	}
}

// TestUnknownIsNoAlert: GitHub shows every result as an alert, so what was not
// asked and what passed are none.
func TestUnknownIsNoAlert(t *testing.T) {
	r := sample.Clean()
	r.Rows[0].Checks[0].Verdict, r.Rows[0].Checks[0].Reason = lr.Unknown, "no route is known"
	r.Readiness, r.Interrupted = lr.NotEnoughTested, true
	run := read(t, r).Runs[0]
	if len(run.Results) != 0 {
		t.Errorf("%d results of a run without a finding", len(run.Results))
	}
	inv := run.Invocations[0]
	if inv.ExecutionSuccessful || inv.ExitCode != 130 {
		t.Errorf("an interrupted run: %+v", inv)
	}
	if len(inv.Notes) != 1 || inv.Notes[0].Message.Text != "auth/no-credential could not be asked: no route is known" {
		t.Errorf("notes: %+v", inv.Notes)
	}
}

func TestPlace(t *testing.T) {
	for config, want := range map[string]string{
		"": "launchready.yaml", "ci/launchready.yaml": "ci/launchready.yaml", "./a b.yaml": "a%20b.yaml", "/etc/passwd": "launchready.yaml",
		"../up.yaml": "launchready.yaml", `c:\x.yaml`: "launchready.yaml", `ci\x.yaml`: "ci/x.yaml", "a/../../b": "launchready.yaml", "x%2f..": "x%252f..",
	} {
		r := sample.Flawed()
		r.Config = config
		if got := read(t, r).Runs[0].Results[0].Locations[0].Physical.Artifact.URI; got != want {
			t.Errorf("%q: got %q, want %q", config, got, want)
		}
	}
}

func TestMessagesAreText(t *testing.T) {
	r := sample.Flawed()
	r.Rows[0].Checks[0].Findings[0].Subject, r.Rows[0].Checks[0].Findings[0].Message = "GET /v1/{chat_id}/{0}", "see [it](https://evil.test)\\"
	got := read(t, r).Runs[0].Results[0].Message.Text
	if want := `GET /v1/{chat_id}/{{0}}: see \[it\](https://evil.test)\\. Ask again with: launchready audit replay lr-96983de48ad4`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHostileTextIsInert(t *testing.T) {
	got := draw(t, sample.Hostile(100))
	if !utf8.Valid(got) || !json.Valid(got) {
		t.Fatal("no UTF-8, or no JSON")
	}
	for _, bad := range []string{"<script", "</", "<img", "\x1b", "\u202e", "\u2028", "\x00"} {
		if bytes.Contains(got, []byte(bad)) {
			t.Errorf("has %q", bad)
		}
	}
	for _, rule := range read(t, sample.Hostile(100)).Runs[0].Tool.Driver.Rules {
		fenced := ""
		for _, l := range strings.Split(rule.Help.Markdown, "\n") {
			switch {
			case fenced == "" && strings.HasPrefix(l, "```"):
				fenced = l
			case l == fenced:
				fenced = ""
			case fenced == "" && (strings.HasPrefix(l, "<") || strings.HasPrefix(l, "@") || strings.HasPrefix(l, "[")):
				t.Errorf("rule %s: live help: %s", rule.ID, l)
			}
		}
		if fenced != "" {
			t.Errorf("rule %s: code without an end", rule.ID)
		}
	}
}

func TestSizeIsBounded(t *testing.T) {
	if got := draw(t, sample.Hostile(10<<20)); len(got) > 4<<20 {
		t.Errorf("%d bytes for a body of 10 MB", len(got))
	}
	many := sample.Flawed()
	c := &many.Rows[1].Checks[0]
	for i := range 10000 {
		f := c.Findings[0]
		f.Subject = fmt.Sprintf("GET /v1/things/%d", i)
		f.ID = lr.Fingerprint(c.ID, f.Subject)
		c.Findings = append(c.Findings, f)
		c.Open = append(c.Open, fmt.Sprintf("GET /v1/more/%d: busy", i))
	}
	got := draw(t, many)
	if len(got) > 20<<20 {
		t.Errorf("%d bytes for 10,000 findings", len(got))
	}
	run := read(t, many).Runs[0]
	if len(run.Results) != 5000 {
		t.Errorf("%d results; GitHub shows 5,000", len(run.Results))
	}
	if !bytes.Contains(got, []byte("findings of lesser severity are in the JSON report only")) {
		t.Error("what was left out is not said")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrors(t *testing.T) {
	if err := sarif.Write(broken{}, sample.Clean()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
