// Package expr holds regular expressions that are compiled when they are first
// used. Every verb pays for what a package makes before main, and most verbs use
// none of them.
package expr

import (
	"regexp"
	"sync"
)

// Lazy is the expression, compiled at the first call. It panics then where the
// expression is none, as regexp.MustCompile does.
func Lazy(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
