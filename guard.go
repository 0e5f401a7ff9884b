package launchready

// NoGuard is what a reader is told wherever a guard directive is named, as long
// as the verb guard of this build does not apply every directive; "" once it
// does. A test of cmd/launchready holds it to that.
const NoGuard = "planned in part: see docs/guard.md"

// Directive is a guard directive in the words of a reader, which end with what
// this build does not do.
func Directive(name string) string { return name + planned() }

// planned is the note, in brackets after a blank, or nothing.
func planned() string {
	if NoGuard == "" {
		return ""
	}
	return " (" + NoGuard + ")"
}
