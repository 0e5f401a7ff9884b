package input

import lr "github.com/launchready/launchready"

// malformed lists the checks of what a description forbids, and of what no
// parser should take.
func malformed() []*lr.Check {
	return []*lr.Check{}
}
