package input

import lr "github.com/launchready/launchready"

func schemaExtra() *lr.Check {
	return &lr.Check{
		ID:       "input/schema-extra",
		Title:    "A member that the description does not know is not kept",
		Why:      "What keeps any member keeps what nobody judged: text of any length that comes back to every reader, and tomorrow a member that the server itself begins to trust.",
		Fix:      "Decode into structures that have only the described members, or set `additionalProperties: false` and refuse others; to ignore them is safe too. Where clients may keep data of their own, describe one member for it, with bounds.",
		Guard:    "validate",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "CWE", ID: "915"}, {Source: "OWASP API", ID: "API3:2023"}, {Source: "ASVS", ID: "v5.0.0-15.3.3"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      schemaCheck(words("additionalProperties")),
	}
}
