package launchready

// RowIDs names the scorecard's rows in the checklist's order. A run of fewer is
// partial: it never says that the product is ready.
func RowIDs() []string {
	return []string{
		"auth", "isolation", "secrets", "input", "limits", "hygiene", "cors", "email", "https", "monitoring", "model", "latency", "operations",
	}
}

// AllPassed reports whether every row that the run asked for passed, or does not
// apply, and nothing cut the run short.
func (r *Report) AllPassed() bool {
	for _, row := range r.Rows {
		if row.Verdict == Unknown {
			return false
		}
	}
	return len(r.Rows) > 0 && !r.Interrupted && r.Readiness != NotReady
}
