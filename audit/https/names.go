package https

import lr "github.com/launchready/launchready"

// names are the checks of the domain's names.
func names() []*lr.Check { return []*lr.Check{} }
