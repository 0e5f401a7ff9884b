package input

import lr "github.com/launchready/launchready"

func schemaType() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-type",
		Title:    "A value of another type is not kept",
		Why:      "What is kept in a type that nobody expects comes back to every reader: a list where a text should be breaks the page of a colleague, the export, the app that parses strictly, and the code that joins it into a query.",
		Fix:      "Judge the body against the schema before the handler runs, or decode into typed structures; answer 422 and name the member.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "20"}, {Source: "CWE", ID: "1287"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("type")),
	}
}
