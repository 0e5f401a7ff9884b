package html

import (
	"regexp"

	lr "github.com/launchready/launchready"
)

var number = regexp.MustCompile(`^[0-9]{1,6}`)

// href is where a reference can be read, "" when it has no stable address. A
// link is followed by a person: the file itself asks for nothing.
func href(r lr.Ref) string {
	n := number.FindString(r.ID)
	switch {
	case r.Source == "CWE" && n != "":
		return "https://cwe.mitre.org/data/definitions/" + n + ".html"
	case r.Source == "RFC" && n != "":
		return "https://www.rfc-editor.org/rfc/rfc" + n
	}
	return ""
}
