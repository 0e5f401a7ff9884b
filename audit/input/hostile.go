package input

import lr "github.com/launchready/launchready"

// hostile lists the checks of what hostile text does, in fields, files and
// webhooks.
func hostile() []*lr.Check {
	return []*lr.Check{
		sqlInjection(),
		nosqlInjection(),
		commandInjection(),
		templateInjection(),
		pathTraversal(),
		headerInjection(),
		xmlEntity(),
		regexDenial(),
		activeMarkup(),
		serverRequest(),
		exportFormula(),

		uploadType(),
		uploadScript(),
		uploadBomb(),
		uploadPath(),
		uploadSize(),
		uploadEmpty(),
		uploadExtension(),
		uploadInline(),

		webhookSignature(),
		webhookBody(),
		webhookReplay(),
		webhookTimestamp(),
	}
}
