package input

import lr "github.com/launchready/launchready"

func schemaRequired() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-required",
		Title:    "Nothing is made without what is required",
		Why:      "An object without its name or its text cannot be found, shown or deleted by those who did not make it, and the code that reads it trusts that it is whole.",
		Fix:      "Judge `required` before the handler runs, tell absent from empty, and let the database refuse null.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "20"}, {Source: "CWE", ID: "166"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("required")),
	}
}
