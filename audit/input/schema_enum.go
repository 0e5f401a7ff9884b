package input

import lr "github.com/launchready/launchready"

func schemaEnum() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-enum",
		Title:    "A value that is none of the allowed ones is not kept",
		Why:      "Code that switches over a known set does something else for what is not in it: often nothing, sometimes the branch for administrators. The value then stands in every list and filter.",
		Fix:      "Judge against the allowed values before the handler runs, and let the database refuse others too (an enumeration or a check).",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "20"}, {Source: "CWE", ID: "1287"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("enum", "const")),
	}
}
