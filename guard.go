package launchready

// NoGuard is what a reader is told wherever a guard directive is named, as long
// as no verb of this build applies directives; "" once one does. A test of
// cmd/launchready compares it with the verbs.
const NoGuard = "planned: not in this build"

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
