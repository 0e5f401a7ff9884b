package launchready

import "fmt"

// Verdict is what a check, a row or a run came to. The zero value is Unknown:
// what was not asked, or could not be, is never a pass.
type Verdict uint8

const (
	Unknown Verdict = iota // could not be asked; the reason says why
	Passed                 // asked, and right
	Failed                 // asked, and wrong
	Skipped                // not applicable, or waived
)

var verdictNames = [...]string{"unknown", "passed", "failed", "skipped"}

func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// MarshalText writes the verdict as its lower-case word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word that MarshalText writes.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("verdict %q: want unknown, passed, failed or skipped", b)
}

// Worse rolls two verdicts up: Failed > Unknown > Passed > Skipped.
func Worse(a, b Verdict) Verdict {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

func (v Verdict) rank() int {
	switch v {
	case Failed:
		return 3
	case Unknown:
		return 2
	case Passed:
		return 1
	default:
		return 0
	}
}
