package policy

import (
	"fmt"
	"strings"

	"github.com/launchready/launchready/guard/input"
)

// described has the API's description judge what is sent: one that does not hold
// is not named, since guard would not start by it.
func described(d *drafter, f *found) string {
	if d.spec == "" {
		return d.noSpec
	}
	d.described = append(d.described, f.word())
	switch f.check {
	case "input/schema-extra", "auth/mass-assignment", "model/client-parameters", "model/client-role":
		d.strict = true // names that it does not know are what was found
	}
	return ""
}

// learnSpec decides which description the draft may name.
func (d *drafter) learnSpec(s Sketch) {
	about := d.description
	switch {
	case about == nil:
		d.noSpec = "the audit had no description: write one, and name it in input.openapi"
	case !strings.HasPrefix(about.Format, "OpenAPI 3"):
		d.noSpec = "input.openapi wants OpenAPI 3.0 or 3.1, and the audit had " + oneLine(about.Format)
	case len(s.Description) > 0:
		if _, err := input.Compile(s.Description, true); err != nil {
			d.noSpec = "input.openapi cannot follow the description: " + oneLine(err.Error())
			return
		}
		d.spec = s.DescriptionFile
		if c, err := input.Compile(s.Description, false); err == nil {
			d.compiled = c
		}
	default:
		d.spec = fill + ": the description beside this file, from " + oneLine(about.Location)
	}
}

func (d *drafter) openapi(filled bool) string {
	name, note := d.spec, ""
	if strings.HasPrefix(name, fill) {
		if name, note = "", d.spec; filled {
			name = "x"
		}
	}
	unknown := ""
	if d.strict {
		unknown = ", unknown: refuse"
	}
	return fmt.Sprintf("  openapi: {file: %q, unlisted: pass%s}%s", name, unknown, note)
}
