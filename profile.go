package launchready

import "fmt"

// Profile is how long a run may look: how often what is left to chance is tried.
type Profile uint8

const (
	Standard Profile = iota
	Quick            // a first look
	Deep             // for the week before the review
)

var profileNames = [...]string{"standard", "quick", "deep"}

func (p Profile) String() string {
	if int(p) < len(profileNames) {
		return profileNames[p]
	}
	return "profile?"
}

// ParseProfile reads the word that String writes; "" is Standard.
func ParseProfile(s string) (Profile, error) {
	if s == "" {
		return Standard, nil
	}
	for i, n := range profileNames {
		if n == s {
			return Profile(i), nil //nolint:gosec // three names
		}
	}
	return Standard, fmt.Errorf("profile %q: quick, standard or deep", s)
}

// Tries is how often a question whose answer is left to chance is put. No hit in
// n tries bounds the true rate at 95 % by 63 % (3), 45 % (5), 26 % (10) and 5 %
// (59).
func (p Profile) Tries(s Severity) int {
	switch {
	case p == Quick:
		return 3
	case p == Deep:
		return 59
	case s >= Critical:
		return 10
	}
	return 5
}
