package term

import (
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// TestFix: steps that were told are not told again, whatever check they follow.
func TestFix(t *testing.T) {
	bundle, page := &lr.CheckReport{ID: "secrets/bundle"}, &lr.CheckReport{ID: "secrets/page"}
	const steps = "\n\nRotation at a.test:\n1. Make a new key.\n2. Revoke the old one."
	list := []report.Entry{
		{Check: bundle, Finding: &lr.Finding{Fix: "Change it." + steps}},
		{Check: bundle, Finding: &lr.Finding{Fix: "Change it." + steps}},
		{Check: bundle, Finding: &lr.Finding{Fix: "Change it.\n\nRotation:\n1. Ask."}},
		{Check: page, Finding: &lr.Finding{Fix: "Build anew." + steps}},
		{Check: page, Finding: &lr.Finding{Fix: "Build anew."}},
		{Check: page, Finding: &lr.Finding{Fix: ""}},
	}
	for i, want := range []string{
		"Change it." + steps,
		"as above",
		"as above\n\nRotation:\n1. Ask.",
		"Build anew.\nRotation at a.test: as under 1",
		"Build anew.",
		"",
	} {
		if got := fix(i, list); got != want {
			t.Errorf("%d: got %q, want %q", i+1, got, want)
		}
	}
}
