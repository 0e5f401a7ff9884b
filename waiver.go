package launchready

import (
	"path"
	"strings"
	"time"
)

// Waiver accepts a risk: it stays visible.
type Waiver struct {
	Check string `json:"check"`
	// Subject narrows the waiver to findings there: a subject as reports name it,
	// or a pattern with * and **. Empty covers every finding of the check.
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
	Owner   string `json:"owner"`
	Until   string `json:"until"` // YYYY-MM-DD
}

// String names what the waiver covers.
func (w Waiver) String() string {
	if w.Subject == "" {
		return w.Check
	}
	return w.Check + " at " + w.Subject
}

// Holds reports whether the waiver still counts: to the end of its last day,
// anywhere on earth. One without a day that can be read never does.
func (w Waiver) Holds(now time.Time) bool {
	until, err := time.Parse(time.DateOnly, w.Until)
	return err == nil && now.Before(until.Add(36*time.Hour)) // a day ends last at UTC-12
}

// Covers reports whether the waiver is of a finding of the check at the subject.
// Unlike an access pattern, a {name} stands for no literal segment, so that the
// waiver of one route never hides the finding of another.
func (w Waiver) Covers(check, subject string) bool {
	if w.Check != check {
		return false
	}
	if w.Subject == "" || strings.EqualFold(w.Subject, subject) {
		return true
	}
	subject, _, _ = strings.Cut(subject, " as ")
	method, at, ok := strings.Cut(subject, " ")
	if !ok || !strings.HasPrefix(at, "/") {
		return false
	}
	wantMethod, pattern, ok := strings.Cut(w.Subject, " ")
	if !ok {
		wantMethod, pattern = method, w.Subject
	}
	return strings.EqualFold(wantMethod, method) && strings.HasPrefix(pattern, "/") && coversPath(splitPath(pattern), splitPath(at))
}

func coversPath(pat, p []string) bool {
	for len(pat) > 0 {
		if pat[0] == "**" {
			return true
		}
		if len(p) == 0 {
			return false
		}
		both := strings.HasPrefix(pat[0], "{") && strings.HasPrefix(p[0], "{")
		if ok, err := path.Match(pat[0], p[0]); !both && (err != nil || !ok) && pat[0] != p[0] {
			return false
		}
		pat, p = pat[1:], p[1:]
	}
	return len(p) == 0
}
