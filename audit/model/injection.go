package model

import lr "github.com/launchready/launchready"

// injection lists the checks of what the model can be told, and be made to tell.
func injection() []*lr.Check {
	return []*lr.Check{}
}
