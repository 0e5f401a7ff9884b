package input

import lr "github.com/launchready/launchready"

// malformed lists the checks of what a description forbids, and of what no
// parser should take.
func malformed() []*lr.Check {
	return []*lr.Check{
		schemaType(),
		schemaBounds(),
		schemaEnum(),
		schemaRequired(),
		schemaExtra(),
		schemaFormat(),
		duplicateKeys(),

		malformedJSON(),
		contentType(),
		bodySize(),
		streamedSize(),
		headerSize(),
		promptSize(),
		deepJSON(),
		hugeNumber(),
		controlText(),
		fuzz(),
	}
}
