package input

import lr "github.com/launchready/launchready"

func schemaFormat() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-format",
		Title:    "A text that is not of its format is not kept",
		Why:      "An address of mail that is none, a link that leads nowhere, a date that cannot be read: what sends, opens or sorts them fails later, at night, in a place that cannot say whose mistake it was.",
		Fix:      "Judge `format` and `pattern` before the handler runs. Most validators take `format` for a remark unless told to assert it.",
		Guard:    "validate",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "CWE", ID: "1286"}, {Source: "CWE", ID: "20"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("format", "pattern")),
	}
}
