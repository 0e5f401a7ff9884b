package model

import lr "github.com/launchready/launchready"

// tools lists the checks of what the model's tools do and what its answers carry.
func tools() []*lr.Check {
	return []*lr.Check{
		fetchOnRequest,
		toolSSRF,
		exfiltrationByFetch,
		mailByInjection,
		writeByInjection,
		adminTool,
		toolTenant,
		unconfirmedAction,
		toolLoop,
		imageExfiltration,
		referenceExfiltration,
		activeMarkup,
		streamingParity,
	}
}
