package model

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used, so
// that verbs which never do start at once.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
