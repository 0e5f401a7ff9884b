package model

import lr "github.com/launchready/launchready"

// injection lists the checks of what the model can be told, and be made to tell:
// by what a user pastes and a client sends, by what files, pages and stored
// records say, and what of its hidden context comes out.
func injection() []*lr.Check {
	return []*lr.Check{
		directInjection,
		roleTag,
		encodedInstruction,
		smuggledUnicode,
		turnByTurn,
		clientRole,
		clientParameters,
		fileText,
		hiddenHTML,
		pdfLayer,
		officeComment,
		fileName,
		fetchedPage,
		storedDocument,
		storedMemory,
		toolOutput,
		promptLeak,
		promptLeakEncoded,
		toolSchema,
		personalData,
		secretInReply, // last: it looks through what the others brought
	}
}
