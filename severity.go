package launchready

import "fmt"

// Severity follows impact on the buyer's data, not how easily the target obeyed.
// The zero value is no severity and is refused in a check.
type Severity uint8

const (
	_        Severity = iota
	Info              // worth knowing, nothing to fix before launch
	Low               // hardening
	Medium            // helps an attacker who has something else
	High              // customer data or money at risk under a condition
	Critical          // customer data readable or changeable by anyone who tries
)

var severityNames = [...]string{"none", "info", "low", "medium", "high", "critical"}

func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// MarshalText writes the severity as its lower-case word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word that MarshalText writes.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, n := range severityNames {
		if n == string(b) && i > 0 {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity %q: want info, low, medium, high or critical", b)
}
