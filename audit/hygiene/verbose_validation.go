package hygiene

import (
	"context"

	lr "github.com/launchready/launchready"
)

func verboseValidation(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/verbose-validation",
		Title: "Validation errors name fields of the API, not types of the code",
		Why: "A validation error that names a struct, a class or a package is the library's own text, passed on. It tells the language, the library and how the code is built, " +
			"and it is of no use to a caller, who knows the field by its name in the API.",
		Fix:      "Translate what the validator says into the name of the field and what is wrong with it: `{\"field\": \"title\", \"detail\": \"must be text\"}`. Keep the library's text for the log.",
		Guard:    "validate",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, errorText, asvsErrors},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return c.judge(ctx, t, nil, "a refusal is")
		},
	}
}

var validationSigns = []sign{
	newSign("the text of Go's JSON decoder, with the type", `json: `, `json: cannot unmarshal \w+ into Go (?:struct field|value) ?[\w.]* ?of type|json: (?:Unmarshal|unsupported type|invalid use of)`),
	newSign("the text of a Go conversion", `strconv.|parsing time`, `strconv\.\w{4,}: parsing |parsing time "[^"\n]*"(?: as "|: )`),
	newSign("the text of Go's validator, with the struct", `field validation for`, `Key: '[\w.\[\]]+' Error:Field validation for '`),
	newSign("the text of Pydantic, with the model", `validation error|pydantic`, `\d{1,4} validation errors? for [A-Z]\w+|errors\.pydantic\.dev/|\bpydantic(?:_core)?\.\w`),
	newSign("the text of Jackson, with the class", `json parse error|cannot deserialize|fasterxml|not one of the values accepted for enum`, "Cannot deserialize (?:value of type|instance of) [`'\"]?[\\w.$<>]{2,}|com\\.fasterxml\\.jackson|JSON parse error: |not one of the values accepted for Enum class"),
	newSign("the text of Spring's binding, with the object", `propertyaccessor|bindingresult|failed to convert|.validator.|validation failed for`, `BeanPropertyBindingResult|Failed to convert (?:property )?value of type '?[\w.$]{3,}|Validation failed for (?:object=|argument \[)|\b(?:javax|jakarta)\.validation\.|org\.springframework\.\w`),
	newSign("the text of System.Text.Json, with the type", `could not be converted to|newtonsoft|bytepositioninline`, `could not be converted to (?:System|[A-Z]\w+)\.[\w.`+"`"+`\[\], ]{2,}|BytePositionInLine: \d|Newtonsoft\.Json\.\w`),
	newSign("the text of serde, with the struct", `expected struct|expected internally tagged|expected tuple struct`, `expected (?:struct|tuple struct|internally tagged enum|adjacently tagged enum) [A-Z]\w+`),
	newSign("the text of class-validator, with the class", `an instance of|class-validator|target`, `An instance of [A-Z]\w+ has failed the validation|"target":\s?\{[^}]*\},\s?"(?:value|property)"`),
	newSign("the text of Mongoose, with the model", `validation failed`, `\b[A-Z]\w+ validation failed: \w+: (?:Path|Cast)`),
	newSign("the text of ActiveModel, with the class", `validation failed|param is missing|unknown attribute`, `param is missing or the value is empty: \w|unknown attribute '\w+' for [A-Z]|Validation failed: [A-Z][\w ]+ (?:can't|must|is|has) .*#<`),
	newSign("the text of Django's serializer, with the class", `serializer|.models.`, `\b[A-Z]\w+Serializer\b|\b\w+\.models\.[A-Z]\w+`),
}
