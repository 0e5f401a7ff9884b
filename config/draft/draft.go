// Package draft writes a first launchready.yaml from what a repository and a
// running application tell about themselves. What it finds it states as a
// value, what it guesses as a comment, so that the file is nearly right and
// never wrong in silence.
package draft

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config/intake"
)

// Facts are what is known when a file is drafted. Every field may be empty.
type Facts struct {
	Repository Repository
	Target     string         // base URL that answers, or that the user named
	Spec       string         // where the API's description is: a path or a URL
	Routes     []*lr.Route    // of the description
	Accounts   []Account      // users that were signed up for the audit
	Schema     string         // address of the file's JSON Schema
	Intake     *intake.Intake // what other tools' files tell; [FromIntake] sets it
	// Refer writes the reference to a secret; nil refers to CredentialsFile.
	Refer func(name string) string
}

// Account is a user that was made for the audit.
type Account struct {
	Tenant   string // name in the file: "acme"
	Company  string // name in the application
	User     string
	Password lr.Secret
}

// Call is a request that the description holds, as the file writes it.
type Call struct {
	Request string
	Fields  []Field // of the JSON or form body
	Form    bool
}

// Field is one field of a body and the variable that fills it.
type Field struct{ Name, Value string }

// pick returns the best route of a kind: the one that takes what a sign-in or a
// sign-up needs, in the fewest steps of path.
func pick(routes []*lr.Route, kind lr.Kind) *lr.Route {
	var best *lr.Route
	score := 0
	for _, rt := range routes {
		if rt.Kind != kind || len(rt.PathParams()) > 0 || kind != lr.WhoAmI && rt.Method != "POST" {
			continue
		}
		s := 100 - len(rt.Path)
		if c := callOf(rt); c.has("$password") {
			s += 200
		}
		if rt.Declared {
			s += 50
		}
		if best == nil || s > score {
			best, score = rt, s
		}
	}
	return best
}

func (c Call) has(variable string) bool {
	for _, f := range c.Fields {
		if f.Value == variable {
			return true
		}
	}
	return false
}

// callOf reads which field of a body takes what. Fields that nothing fills and
// that are not required stay out.
func callOf(rt *lr.Route) Call {
	c := Call{Request: rt.Method + " " + rt.Path}
	if rt.Body == nil || rt.Body.Schema == nil {
		return c
	}
	c.Form = rt.Body.Type == "application/x-www-form-urlencoded"
	s := rt.Body.Schema
	taken := map[string]bool{}
	for _, name := range sorted(s.Properties) {
		v := variableFor(name, rt.Kind)
		if v == "" || taken[v] && !s.Requires(name) {
			if s.Requires(name) {
				c.Fields = append(c.Fields, Field{name, literal(s.Properties[name])})
			}
			continue
		}
		taken[v] = true
		c.Fields = append(c.Fields, Field{name, v})
	}
	return c
}
