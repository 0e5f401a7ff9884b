package audit

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestReadinessRules(t *testing.T) {
	finding := func(s lr.Severity, c lr.Confidence) []lr.Finding { return []lr.Finding{{Severity: s, Confidence: c}} }
	fails := func(row string, s lr.Severity) lr.RowReport {
		return lr.RowReport{ID: row, Verdict: lr.Failed, Checks: []lr.CheckReport{{ID: row + "/x", Title: "X", Verdict: lr.Failed, Findings: finding(s, lr.Confirmed)}}}
	}
	right := lr.RowReport{ID: "auth", Verdict: lr.Passed, Checks: []lr.CheckReport{{ID: "auth/ok", Verdict: lr.Passed}}}
	unknown := lr.RowReport{ID: "isolation", Verdict: lr.Unknown, Reason: "could not be asked: isolation/x"}
	maybe := lr.RowReport{ID: "auth", Verdict: lr.Passed, Checks: []lr.CheckReport{{ID: "auth/x", Verdict: lr.Passed, Findings: finding(lr.Critical, lr.Suspected)}}}
	waived := fails("auth", lr.Critical)
	waived.Verdict = lr.Skipped
	waived.Checks = slices.Clone(waived.Checks)
	waived.Checks[0].Verdict, waived.Checks[0].Waived = lr.Skipped, &lr.Waiver{Check: "auth/x", Owner: "cto", Until: "2027-01-31", Reason: "behind a VPN"}

	for name, c := range map[string]struct {
		rows        []lr.RowReport
		failOn      lr.Severity
		interrupted bool
		want        lr.Readiness
		exit        int
		reasons     string // the first of them holds it
	}{
		"all right":                              {[]lr.RowReport{right}, lr.High, false, lr.Ready, ExitReady, ""},
		"nothing asked":                          {nil, lr.High, false, lr.NotEnoughTested, ExitNotTested, ""},
		"failed at fail_on":                      {[]lr.RowReport{fails("cors", lr.High)}, lr.High, false, lr.NotReady, ExitNotReady, "cors/x: X (high, 1 finding)"},
		"failed above fail_on":                   {[]lr.RowReport{fails("cors", lr.Critical)}, lr.High, false, lr.NotReady, ExitNotReady, "critical"},
		"failed below fail_on":                   {[]lr.RowReport{fails("cors", lr.Medium)}, lr.High, false, lr.Ready, ExitReady, ""},
		"fail_on low":                            {[]lr.RowReport{fails("cors", lr.Low)}, lr.Low, false, lr.NotReady, ExitNotReady, "cors/x"},
		"a secret whatever fail_on says":         {[]lr.RowReport{fails("secrets", lr.High)}, lr.Critical, false, lr.NotReady, ExitNotReady, "secrets/x"},
		"a bypass of auth whatever fail_on says": {[]lr.RowReport{fails("auth", lr.High)}, lr.Critical, false, lr.NotReady, ExitNotReady, "auth/x"},
		"a bypass of isolation likewise":         {[]lr.RowReport{fails("isolation", lr.High)}, lr.Critical, false, lr.NotReady, ExitNotReady, "isolation/x"},
		"the worst stands first":                 {[]lr.RowReport{fails("cors", lr.High), fails("errors", lr.Critical)}, lr.High, false, lr.NotReady, ExitNotReady, "errors/x: X (critical"},
		"no bypass: auth of medium severity":     {[]lr.RowReport{fails("auth", lr.Medium)}, lr.Critical, false, lr.Ready, ExitReady, ""},
		"high elsewhere under fail_on critical":  {[]lr.RowReport{fails("cors", lr.High)}, lr.Critical, false, lr.Ready, ExitReady, ""},
		"suspected never gates":                  {[]lr.RowReport{maybe}, lr.Info, false, lr.Ready, ExitReady, ""},
		"a row unknown":                          {[]lr.RowReport{right, unknown}, lr.High, false, lr.NotEnoughTested, ExitNotTested, "row isolation is unknown"},
		"failed beats unknown":                   {[]lr.RowReport{unknown, fails("auth", lr.High)}, lr.High, false, lr.NotReady, ExitNotReady, "auth/x"},
		"waived":                                 {[]lr.RowReport{right, waived}, lr.High, false, lr.ReadyWithRisks, ExitReady, "accepted by cto until 2027-01-31: behind a VPN"},
		"waived beside unknown":                  {[]lr.RowReport{waived, unknown}, lr.High, false, lr.NotEnoughTested, ExitNotTested, "row isolation"},
		"interrupted":                            {[]lr.RowReport{right}, lr.High, true, lr.NotEnoughTested, ExitInterrupted, "interrupted"},
		"interrupted after a failure":            {[]lr.RowReport{fails("auth", lr.High)}, lr.High, true, lr.NotReady, ExitInterrupted, "auth/x"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := &lr.Report{Rows: c.rows, FailOn: c.failOn, Interrupted: c.interrupted}
			got, reasons := readiness(rep)
			rep.Readiness = got
			if got != c.want || ExitCode(rep) != c.exit {
				t.Errorf("got %s and exit %d, want %s and %d", got, ExitCode(rep), c.want, c.exit)
			}
			if c.reasons != "" && (len(reasons) == 0 || !strings.Contains(reasons[0], c.reasons)) {
				t.Errorf("got reasons %q, want the first to say %q", reasons, c.reasons)
			}
			if c.want == lr.Ready && len(reasons) != 0 {
				t.Errorf("ready, and yet %q", reasons)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	rows := []lr.Row{
		{ID: "auth", Checks: []*lr.Check{{ID: "auth/a"}, {ID: "auth/b"}}},
		{ID: "isolation", Checks: []*lr.Check{{ID: "isolation/a"}}},
	}
	for name, c := range map[string]struct {
		only    []string
		want    string // ids of the checks that stay
		partial bool
		fails   string
	}{
		"all":               {nil, "auth/a auth/b isolation/a", false, ""},
		"a row":             {[]string{"auth"}, "auth/a auth/b", true, ""},
		"a check":           {[]string{"auth/b"}, "auth/b", true, ""},
		"row and its check": {[]string{"auth", "auth/b", " isolation/a "}, "auth/a auth/b isolation/a", false, ""},
		"one of each row":   {[]string{"isolation/a", "auth/a"}, "auth/a isolation/a", true, ""},
		"unknown":           {[]string{"auth", "isolatoin"}, "", false, "did you mean isolation"},
		"far off":           {[]string{"zzz"}, "", false, "no such row or check"},
		"empty words":       {[]string{"", " ", "auth/a"}, "auth/a", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, partial, err := Select(rows, c.only)
			if c.fails != "" {
				if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), `"`, ""), c.fails) {
					t.Fatalf("got error %v, want one that says %q", err, c.fails)
				}
				return
			}
			var ids []string
			for _, row := range got {
				for _, check := range row.Checks {
					ids = append(ids, check.ID)
				}
			}
			if err != nil || strings.Join(ids, " ") != c.want || partial != c.partial {
				t.Errorf("got %v, partial %t, error %v; want %s, partial %t", ids, partial, err, c.want, c.partial)
			}
		})
	}
	if len(rows[0].Checks) != 2 {
		t.Error("selecting changed the rows it was given")
	}
}
