package launchready

import "time"

// States of a finding in a run that was compared with an earlier one.
const (
	StateNew       = "new"       // the earlier run did not have it, or told less of it
	StateUnchanged = "unchanged" // the earlier run had it, or by chance alone may have missed it
)

// Baseline is what an earlier run had found and this one did not.
type Baseline struct {
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	// Fixed was asked again in this run, and is right.
	Fixed []FixedFinding `json:"fixed"`
	// Unproven did not come up again, but was not asked again either, or could
	// not be: it is not fixed until somebody asks.
	Unproven []FixedFinding `json:"unproven"`
	// Exit is the exit code of the run where only what is new decided it.
	Exit *int `json:"exit_code,omitempty"`
}

// FixedFinding is a finding of the earlier run.
type FixedFinding struct {
	ID      string `json:"id"`
	Check   string `json:"check"`
	Subject string `json:"subject"`
	Message string `json:"message"`
}
