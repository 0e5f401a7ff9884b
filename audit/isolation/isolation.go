// Package isolation is the scorecard's row "Tenant isolation": no tenant reads
// or changes another's data, by the API, from a stream, a file, a cache or a link,
// by asking the assistant, or in the database itself.
package isolation

import lr "github.com/launchready/launchready"

// Row returns the row and its checks.
func Row() lr.Row {
	return lr.Row{
		ID:    "isolation",
		Title: "Tenant isolation",
		Pass:  "no tenant reads or changes another's data: by API, through the model, in the database, from a cache",
		Checks: []*lr.Check{
			foreignRead,
			listLeak,
			searchLeak,
			exportLeak,
			countLeak,
			nestedParent,
			tenantSwap,
			fileDownload,
			streamLeak,
			websocketLeak,
			sharedCache,
			cookieScope,
			existenceOracle,
			predictableID,
			graphqlObject,
			// It writes the victim's own words as the attacker, so that whatever
			// reads as the attacker comes before.
			errorText,
			foreignUpdate,
			foreignCreate,
			shareLink,
			foreignDelete,
			modelRetrieval,
			modelRetrievalParaphrase,
			modelConversation,
			modelFile,
			modelTenantParameter,
			exactCache,
			semanticCache,
			modelCitations,
			modelInjectedQuery,
			afterDelete,
			streamCrossTalk,
			sourceQuery,
			sourceScope,
			dbRLSOff,
			dbRLSNotForced,
			dbPolicyMissing,
			dbPolicyAlwaysTrue,
			dbPolicyClaim,
			dbTenantColumn,
			dbTenantIndex,
			dbForeignKey,
			dbView,
			dbDefinerFunction,
			dbRole,
			dbPublicGrant,
			dbForeignRead,
			dbForeignWrite,
			dbUnsetTenant,
			dbPooledSetting,
		},
	}
}
