package input

import lr "github.com/launchready/launchready"

func schemaBounds() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-bounds",
		Title:    "A value out of its bounds is not kept",
		Why:      "Bounds that only the description knows protect nothing: a priority of minus seven, a name of a megabyte and a list of ten thousand reach the database, the page and the model, and the code behind trusts that they cannot.",
		Fix:      "Judge lengths, numbers and lists by `minLength`, `maxLength`, `minimum`, `maximum`, `minItems` and `maxItems` of the schema before the handler runs, and once more as a constraint of the database.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "1284"}, {Source: "CWE", ID: "20"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("minLength", "maxLength", "minimum", "maximum", "multipleOf", "minItems", "maxItems", "uniqueItems")),
	}
}
