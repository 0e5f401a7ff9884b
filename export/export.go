// Package export writes tests that run without Launch Ready: a shell script or
// Hurl file that abuses an API in bounded ways, and a Hurl file for each finding
// of a report. Both are made from the API's description alone; nothing is sent.
//
// Like the audit, they decide by canaries: tenant A writes a text of its own into
// an object, and nobody else may be shown it, whatever the status says. Tokens
// and passwords come in by variables and are never in a file.
package export

import (
	"errors"
	"net/url"

	lr "github.com/launchready/launchready"
)

// Options say what the tests are made of. Base and Routes are required.
type Options struct {
	Product string
	Base    *url.URL
	Routes  []*lr.Route
	Access  lr.Access
	SignIn  *SignIn  // nil: tokens come from the environment
	Headers []string // names of header fields that every request has; the values are variables
	A, B    Party    // of two tenants
	// WhoAmI has the route that tells an identity who it is, by its name; where
	// there is none, the description's is taken.
	WhoAmI map[string]*lr.Route
	Tool   string // version that writes
	// People are all who the configuration plays, and Mailbox is where the mail of
	// the target is read: the test of a finding may need them.
	People  []Party
	Mailbox *Mailbox
	// Replay says what audit replay is called with beside the finding: --mutate
	// where the check changes things.
	Replay func(check string) string
}

// Mailbox is the request that reads a user's mail: {user} in its path stands for
// the address. The values of its header fields are variables.
type Mailbox struct {
	Method, Path string
	Headers      []string
}

// SignIn is the request that gives a token.
type SignIn struct {
	Method, Path string
	JSON         any               // body; $user and $password are filled in
	Form         map[string]string // or a form
	Header       map[string]string
	Token        string // JSON pointer, header:NAME or cookie:NAME; "" is looked for
	Send         string // "Authorization: Bearer {token}"
}

// Party is who plays a tenant.
type Party struct {
	Name   string // of the identity
	Tenant string
	User   string
	Role   string
}

// ErrNothing says that the description offers nothing to test.
var ErrNothing = errors.New("the API's description has no route to test: give target.spec")
