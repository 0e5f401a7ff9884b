package launchready

// RowIDs names the scorecard's rows in the checklist's order. A run of fewer is
// partial: it never says that the product is ready.
func RowIDs() []string {
	return []string{
		"auth", "isolation", "secrets", "input", "limits", "hygiene", "cors", "email", "https", "monitoring", "model", "latency", "operations",
	}
}

// Untested reports whether a check that the row needs could not be asked. The
// row's verdict may be worse than that, and then hides it.
func (r *RowReport) Untested() bool {
	for _, c := range r.Checks {
		if c.Required && c.Verdict == Unknown {
			return true
		}
	}
	return false
}

// AllPassed reports whether every row that the run asked for passed, or does not
// apply, and nothing cut the run short.
func (r *Report) AllPassed() bool {
	for _, row := range r.Rows {
		if row.Verdict == Unknown || row.Untested() {
			return false
		}
	}
	return len(r.Rows) > 0 && !r.Interrupted && r.Readiness != NotReady
}

// ExitCode is the exit code that a report stands for: 0 ready, 1 not ready, 3 not
// enough tested, 130 interrupted. A run of some rows is never ready; its 0 says
// that nothing in the rows asked for stands in the way. Where only what is new
// since a baseline decided, it is that.
func (r *Report) ExitCode() int {
	switch {
	case r.Interrupted:
		return 130
	case r.Baseline != nil && r.Baseline.Exit != nil:
		return *r.Baseline.Exit
	case r.Readiness == NotReady:
		return 1
	case r.Readiness == NotEnoughTested && !(r.Partial && r.AllPassed()):
		return 3
	}
	return 0
}
