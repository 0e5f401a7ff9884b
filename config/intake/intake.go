// Package intake reads what other tools already know of a target: recorded
// sessions, collections, files of identities, curl commands. What comes out is
// one [Intake], from which init drafts a configuration and an audit can run.
package intake

import (
	"errors"
	"fmt"
	"sort"

	lr "github.com/launchready/launchready"
)

// ErrUnknown says that no reader knows the file.
var ErrUnknown = errors.New("no format that is known here")

// Intake is what one or several files tell of a target. Every field may be empty.
type Intake struct {
	Format     string // "HAR 1.2", "Postman 2.1 collection", "WFC auth", …
	Product    string
	Target     string   // base URL
	Spec       string   // the file itself, where it describes routes
	Routes     []string // "METHOD /path {json}" lines, where it names some and describes none
	SignIn     *SignIn
	WhoAmI     string // "GET /me"
	Identities []Identity
	Public     []string // access patterns: "GET /health"
	Admin      []string
	Shared     []string
	Objects    []Object
	Warnings   []string // what was left out, and why
}

// SignIn is a request that turns a user and a password into a credential.
type SignIn struct {
	Request string         // "POST /auth/login"
	JSON    map[string]any // with $user and $password where they stand
	Form    map[string]string
	Headers map[string]string
	Token   string // JSON pointer, "header:NAME" or "cookie:NAME"; "" is found by itself
	Send    string // "Authorization: Bearer {token}"; "" is the default
}

// Identity is a user that a file knows.
type Identity struct {
	Name     string // as the file names it; made fit for a key when it is drafted
	Tenant   string // "" when the file does not tell
	Role     string
	User     string
	Password lr.Secret
	Token    lr.Secret
	Cookie   lr.Secret            // whole Cookie header
	Headers  map[string]lr.Secret // sent with every request
	Send     string               // how the token is sent, where it differs
	// References are secrets that the file itself takes from elsewhere, by field
	// ("password" => "${env:ACME_PW}"): they stay references.
	References map[string]string
}

// Object is a fixture: ids of existing objects, by tenant.
type Object struct {
	Name string
	Read string            // "GET /v1/chats/{id}"
	IDs  map[string]string // by tenant
}

// format is one kind of file.
type format struct {
	name string
	// is reports whether the text is of this kind, by content: names lie.
	is   func(text []byte) bool
	read func(file string, text []byte) (*Intake, error)
}

// formats are tried in order.
func formats() []format {
	return []format{}
}

// Read reads a file of any known kind.
func Read(file string, text []byte) (*Intake, error) {
	for _, f := range formats() {
		if !f.is(text) {
			continue
		}
		in, err := f.read(file, text)
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", file, f.name, err)
		}
		return in, nil
	}
	return nil, fmt.Errorf("%s: %w: want one of %s", file, ErrUnknown, names())
}

func names() string {
	var out []string
	for _, f := range formats() {
		out = append(out, f.name)
	}
	sort.Strings(out)
	return fmt.Sprint(out)
}
