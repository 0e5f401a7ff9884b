package input

import lr "github.com/launchready/launchready"

// hostile lists the checks of what hostile text does, in fields, files and
// webhooks.
func hostile() []*lr.Check {
	return []*lr.Check{}
}
