package hygiene

import (
	"regexp"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// sign is a form by which a text gives itself away.
type sign struct {
	name string // what it is, as findings say it: "a Go stack trace"
	// hints are lower-case words of which the text must hold one before the form
	// is tried: most replies have none, and searching for words is fast.
	hints []string
	form  func() *regexp.Regexp
}

func newSign(name, hints, form string) sign {
	return sign{name: name, hints: strings.Split(hints, "|"), form: expr.Lazy(form)}
}

// text is what a sign is looked for in.
type text struct{ body, low string }

func newText(body string) text { return text{body, strings.ToLower(body)} }

// find returns the first line of the sign in the text, "" when it has none.
func (s *sign) find(t text) string {
	for _, h := range s.hints {
		if strings.Contains(t.low, h) {
			hit := strings.TrimSpace(s.form().FindString(t.body))
			hit, _, _ = strings.Cut(hit, "\n")
			return hit[:min(len(hit), 200)]
		}
	}
	return ""
}

// match finds the first of the signs in the text.
func match(signs []sign, t text) (name, hit string) {
	for i := range signs {
		if hit := signs[i].find(t); hit != "" {
			return signs[i].name, hit
		}
	}
	return "", ""
}

// family is what one check looks for. Each reply belongs to the first family
// that knows it, so that one fault is one finding: a stack trace is full of
// paths, and the fix of the trace is the fix of the paths.
type family struct {
	check string
	signs []sign
	page  bool // a page is one whatever its status, by its markup as it stands: a text about it has it escaped
	said  bool // look in what the reply says, not in the addresses that it gives
}

// families lists them, what shows most first.
func families() []family {
	return []family{
		{check: "hygiene/debug-page", signs: debugSigns, page: true},
		{check: "hygiene/stack-trace", signs: traceSigns},
		{check: "hygiene/provider-error", signs: providerSigns},
		{check: "hygiene/database-text", signs: databaseSigns},
		{check: "hygiene/verbose-validation", signs: validationSigns},
		{check: "hygiene/stack-trace", signs: exceptionSigns},
		{check: "hygiene/file-path", signs: pathSigns, said: true},
	}
}
