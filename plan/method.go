package plan

import (
	"fmt"

	lr "github.com/launchready/launchready"
)

// Method tells how hours come about, a sentence each. docs/plan.md and estimate
// --method say the same, from here.
func Method() []string {
	return []string{
		"Each check has three figures: hours for its first finding, for each further one, and for a fault of the whole application, which takes the place of the first. They hold the change, its test and asking again, by somebody who knows the code.",
		fmt.Sprintf("What is fixed together is one work item. Its costliest check counts whole, each other check with %g of its hours, because it is the same code and another test; further findings count in full.", SameCode),
		fmt.Sprintf("The range is %g to %g times the middle for work in code, and %g to %g times for settings in DNS, certificates and at the edge. Hours are rounded up to quarters.", codeLow, float64(codeHigh), edgeLow, edgeHigh),
		"The figures are judgement, not measurement: nobody has read the code. Correct them by your own when the first item is done.",
		fmt.Sprintf("Sums add low to low and high to high, so the range of a sum is the widest there is. A day has %d hours that go into the work.", HoursPerDay),
		"A work item is for a senior engineer where its findings are evidence of a red flag, or where the whole application has a critical fault that no directive in front stops. The senior rate prices it.",
		inFront(),
		"Only confirmed findings are priced. What was waived, is suspected, or could not be asked is listed, not priced.",
	}
}

func inFront() string {
	s := "Directives in front of the application stop findings until the cause is fixed. Their hours come on top, for a gateway that can apply them."
	if lr.NoGuard != "" {
		s += " That of launchready guard is " + lr.NoGuard + "."
	}
	return s
}
