package sample_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/sample"
)

// samples is every report of the package, made anew.
func samples() map[string]*lr.Report {
	return map[string]*lr.Report{"flawed": sample.Flawed(), "clean": sample.Clean(), "hostile": sample.Hostile(1000), "rerun": sample.Rerun(), "compared": sample.Compared()}
}

// TestSamplesAreReports: what renderers are tested on is what a run could write:
// every row of the scorecard in its order, verdicts that follow from the checks,
// and ids that belong to their findings.
func TestSamplesAreReports(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) {
			if r.Schema != lr.ReportSchema || r.Run == "" || r.Started.IsZero() || r.Readiness == "" {
				t.Errorf("its frame: schema %q, run %q, started %s, readiness %q", r.Schema, r.Run, r.Started, r.Readiness)
			}
			var ids []string
			for _, row := range r.Rows {
				ids = append(ids, row.ID)
				worst := lr.Skipped
				for _, c := range row.Checks {
					if !strings.HasPrefix(c.ID, row.ID+"/") || c.Title == "" {
						t.Errorf("check %q (%q) in row %s", c.ID, c.Title, row.ID)
					}
					if c.Verdict == lr.Failed != (len(c.Findings) > 0) && c.Waived == nil {
						t.Errorf("%s %s with %d findings", c.ID, c.Verdict, len(c.Findings))
					}
					if c.Verdict != lr.Unknown || c.Required {
						worst = lr.Worse(worst, c.Verdict)
					}
					for _, f := range c.Findings {
						findingHolds(t, name, c, f)
					}
				}
				if name != "compared" && row.Verdict != worst {
					t.Errorf("row %s is %s, and its checks come to %s", row.ID, row.Verdict, worst)
				}
			}
			if !reflect.DeepEqual(ids, lr.RowIDs()) {
				t.Errorf("rows %q, want %q", ids, lr.RowIDs())
			}
			if (r.Readiness == lr.Ready) == (count(r) > 0) {
				t.Errorf("%s with %d findings", r.Readiness, count(r))
			}
		})
	}
}

func findingHolds(t *testing.T, name string, c lr.CheckReport, f lr.Finding) {
	t.Helper()
	if name != "hostile" && (f.ID != lr.Fingerprint(c.ID, f.Subject) || f.Replay != "launchready audit replay "+f.ID) {
		t.Errorf("%s: id %s and replay %q of %s", c.ID, f.ID, f.Replay, f.Subject)
	}
	if f.Message == "" || len(f.Evidence) == 0 && c.Waived == nil || f.Severity == 0 {
		t.Errorf("%s of %s: severity %s, message %q, %d items of evidence", f.ID, c.ID, f.Severity, f.Message, len(f.Evidence))
	}
}

func count(r *lr.Report) (n int) {
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			n += len(c.Findings)
		}
	}
	return n
}

// TestSamplesAreTheirOwn: a test that changes one changes no other's.
func TestSamplesAreTheirOwn(t *testing.T) {
	before := samples()
	for _, r := range samples() {
		r.Rows[0].Checks[0].Title, r.Rows[0].Reason, r.Product = "changed", "changed", "changed"
		for i := range r.Rows[0].Checks[0].Findings {
			r.Rows[0].Checks[0].Findings[i].Message = "changed"
		}
	}
	if after := samples(); !reflect.DeepEqual(before, after) {
		t.Error("a change of one report shows in the next")
	}
}

// TestHostileReachesEveryText: no text that a target or a bot could control is
// left as it was.
func TestHostileReachesEveryText(t *testing.T) {
	r := sample.Hostile(5000)
	for _, row := range r.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				for what, s := range map[string]string{"subject": f.Subject, "message": f.Message, "fix": f.Fix, "replay": f.Replay, "guard": f.Guard} {
					if s != sample.Attack {
						t.Errorf("%s: the %s is %q", c.ID, what, s)
					}
				}
				for _, e := range f.Evidence {
					if len(e.Response) != len(sample.Attack)+5000 || e.Request != sample.Attack || e.Text != sample.Attack {
						t.Errorf("%s: evidence of %d bytes, request %q", c.ID, len(e.Response), e.Request)
					}
				}
			}
		}
	}
	for _, must := range []string{"<script>", "]]>", "-->", "\x1b[", "::error::", "\u202e", "```", "$(id)", "{{.}}", "\x00"} {
		if !strings.Contains(sample.Attack, must) {
			t.Errorf("the attack lacks %q", must)
		}
	}
}

// TestComparedAndRerun: of each state there is one to be drawn.
func TestComparedAndRerun(t *testing.T) {
	for name, r := range map[string]*lr.Report{"compared": sample.Compared(), "rerun": sample.Rerun()} {
		if r.Baseline == nil || len(r.Baseline.Fixed) == 0 || len(r.Baseline.Unproven) == 0 {
			t.Fatalf("%s: baseline %+v", name, r.Baseline)
		}
		states := map[string]int{}
		for _, row := range r.Rows {
			for _, c := range row.Checks {
				for _, f := range c.Findings {
					states[f.State]++
				}
			}
		}
		if states[lr.StateNew] != 1 || states[lr.StateUnchanged] == 0 || states[""] != 0 {
			t.Errorf("%s: states %v", name, states)
		}
	}
}

// TestSamplesSurviveJSON: convert reads what json wrote.
func TestSamplesSurviveJSON(t *testing.T) {
	for name, r := range samples() {
		if name == "hostile" { // not UTF-8, which JSON cannot hold
			continue
		}
		first, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back lr.Report
		if err := json.Unmarshal(first, &back); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(&back)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s changes on its way through JSON: %v", name, err)
		}
	}
}
