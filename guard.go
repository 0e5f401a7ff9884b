package launchready

// NoGuard is what a reader is told of guard's directives as a whole, as long as guard
// init does not draft a stanza for every finding of each; "" once it does. A test of
// cmd/launchready holds it, and what LeftOpen says of each, to that.
const NoGuard = "drafted in part: see docs/guard.md"

const unknownDirective = "not known to this build"

// LeftOpen is what guard init does not draft of the findings that name a directive, in
// the words of a reader; "" where it drafts them all.
func LeftOpen(directive string) string {
	switch directive {
	case "authenticate", "block_paths", "canonical_path", "cors", "hide_headers", "idempotency", "ownership", "roles", "scrub_errors", "strip_headers", "tenant_binding", "websocket":
		return ""
	case "limits":
		return "what the messages of a WebSocket hold is not counted"
	case "model":
		return "without guard init --model it stands in comments"
	case "response_cache":
		return "a cache in front of guard is not held to it"
	case "validate":
		return "what the description allows passes, though the application breaks on it"
	}
	return unknownDirective
}

// Directive is a guard directive in the words of a reader, which end with what is to be
// done by hand.
func Directive(name string) string { return name + Aside(name) }

// Aside is what is to be done by hand for a directive, in brackets after a blank, or
// nothing.
func Aside(directive string) string {
	switch open := LeftOpen(directive); open {
	case "":
		return ""
	case unknownDirective:
		return " (" + open + ")"
	default:
		return " (drafted in part: " + open + ")"
	}
}
