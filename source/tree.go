// Package source reads routes and what guards them from the source code of an
// application, and facts about its handlers that a live API does not show.
//
// One reader for each framework says what a call, a decorator or a file name
// means: a route, a mount, a middleware. One linker resolves imports, constants,
// prefixes, mounts and the order of middleware over all files. A route is guarded
// only when a guard was found that certainly stands before it; where anything
// that could matter was not understood it is unknown, never guarded by guess.
package source

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/source/folder"
)

// State says whether something asks for a credential before a route's handler.
type State uint8

// The states. Unknown is the zero value.
const (
	Unknown   State = iota // something that could matter was not understood; Why says what
	Unguarded              // everything on the way was understood, and nothing of it refuses
	Guarded                // a guard certainly stands before the handler, or in it
)

// String is the state as reports name it.
func (s State) String() string {
	switch s {
	case Unguarded:
		return "unguarded"
	case Guarded:
		return "guarded"
	}
	return "unknown"
}

// Guard is what asks for a credential: a middleware, a dependency, a decorator, a
// permission class, or a check in the handler itself.
type Guard struct {
	Name   string // as the code calls it: "requireUser", "passport.authenticate"
	File   string // where it is defined; "" for one of a library
	Line   int
	Inline bool // the handler decides itself
	// Assumed says that the guard is one by its name in the configuration or by the
	// library it comes from: its body was not read.
	Assumed bool
}

// Route is one method and path that the source declares.
type Route struct {
	Method    string // upper case; "ANY" for every method
	Path      string // with {name} segments; "{?}" stands for what was not resolved
	File      string // where it is declared
	Line      int
	Handler   string // the name of the handler, "" for an anonymous one
	Framework string // "express", "fastapi", …
	Guards    []Guard
	State     State
	Why       string // why the state is unknown
	// Unresolved lists what the linker did not understand on the way: a computed
	// path, a router that is mounted nowhere, a handler of unknown origin.
	Unresolved []string
}

// String is the route as reports name it: "GET /v1/chats/{id}".
func (r *Route) String() string { return r.Method + " " + r.Path }

// Fact is something about a handler or a file that a check judges.
type Fact struct {
	Kind    Kind
	File    string
	Line    int
	Excerpt string // one line of source, at most 160 bytes; redact it before it is shown
	Detail  string // what was seen, in words
	Route   string // "GET /x" of the handler it stands in, where known
	// Sure says that the form alone shows the fault; else it is a place to look at.
	Sure bool
}

// Kind of a Fact.
type Kind string

// The facts that Read looks for.
const (
	InlineAuth    Kind = "inline-auth"    // a handler decides on the credential itself
	RawSQL        Kind = "raw-sql"        // a statement is put together from strings and values
	NoTenant      Kind = "no-tenant"      // a query of a table with a tenant column that does not name it
	ScopeBypass   Kind = "scope-bypass"   // the ORM's default scope or row security is switched off
	PromptData    Kind = "prompt-data"    // a record or request is put into a prompt as a whole
	AnalyticsData Kind = "analytics-data" // customer content is sent to analytics
	OpenTools     Kind = "open-tools"     // a tool is chosen by a name that nothing checks
	CORSOpen      Kind = "cors-open"      // any origin, or a reflected one, with credentials
	ErrorLeak     Kind = "error-leak"     // an error handler answers with the error or its stack
	WebhookOpen   Kind = "webhook-open"   // a webhook handler that verifies no signature
)

// Skipped is a file or folder that was not read, or not understood.
type Skipped = folder.Skipped

// Tree is what was read.
type Tree struct {
	Routes  []Route // by path, then method
	Facts   []Fact
	Skipped []Skipped
	Files   int
	Bytes   int64
}

// Complete reports whether nothing of the user's own source was left out.
func (t *Tree) Complete() bool {
	return !slices.ContainsFunc(t.Skipped, func(s Skipped) bool { return !s.Foreign })
}

// Mechanisms lists the distinct guards that decide on routes, by name: auth that
// is decided in more than one place has more than one.
func (t *Tree) Mechanisms() []Guard {
	var out []Guard
	seen := map[string]bool{}
	for _, r := range t.Routes {
		for _, g := range r.Guards {
			key := g.Name + "\x00" + g.File
			if g.Inline {
				key = g.File // each file with checks of its own is one place
			}
			if !seen[key] {
				seen[key] = true
				out = append(out, g)
			}
		}
	}
	slices.SortFunc(out, func(a, b Guard) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.File, b.File)
	})
	return out
}
