package launchready

// NoGuard is what a reader is told wherever a guard directive is named, as long
// as guard init does not draft a stanza for every directive; "" once it
// does. A test of cmd/launchready holds it to that.
const NoGuard = "drafted in part: see docs/guard.md"

// Directive is a guard directive in the words of a reader, which end with what
// is to be written by hand.
func Directive(name string) string { return name + planned() }

// planned is the note, in brackets after a blank, or nothing.
func planned() string {
	if NoGuard == "" {
		return ""
	}
	return " (" + NoGuard + ")"
}
