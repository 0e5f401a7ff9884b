// Package intake reads what other tools already know of a target: recorded
// sessions, collections, files of identities, curl commands. What comes out is
// one [Intake], from which init drafts a configuration and an audit can run.
package intake

import (
	"errors"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface/postman"
)

// ErrUnknown says that no reader knows the file.
var ErrUnknown = errors.New("no format that is known here")

// Intake is what one or several files tell of a target. Every field may be empty.
//
// Texts of a sign-in, of a body and of a user name may hold ${env:NAME}, which
// stays a reference, and ${secret:NAME}, which stands for one of Secrets.
type Intake struct {
	Format     string // "HAR 1.2", "Postman 2.1 collection", "WFC auth", …
	File       string // as it was named to Read
	Product    string
	Target     string   // base URL
	Hosts      []string // further hosts that the audit has to reach: of a sign-in elsewhere
	Spec       string   // the file itself, where it describes routes, or where the description is
	Routes     []string // "METHOD /path {json}" lines, where it names some and describes none
	SignIn     *SignIn
	WhoAmI     string // "GET /me"
	Identities []Identity
	Public     []string // access patterns: "GET /health"
	Admin      []string
	Shared     []string
	Objects    []Object
	// Secrets are those of no identity: a client secret in the body of a sign-in.
	Secrets  map[string]lr.Secret
	Warnings []string // what was left out, and why

	count int // routes that Spec describes, as far as this package has read it

	// Of Postman, whose collections and environments tell more together.
	collection *postman.Collection
	env        *postman.Environment
}

// SignIn is a request that turns a user and a password into a credential.
type SignIn struct {
	Request string         // "POST /auth/login"
	JSON    map[string]any // with $user and $password where they stand
	Form    map[string]string
	Headers map[string]string
	Token   string  // JSON pointer, "header:NAME" or "cookie:NAME"; "" is found by itself
	Send    string  // "Authorization: Bearer {token}"; "" is the default
	Basic   bool    // user and password go with every request (RFC 7617); the rest is empty
	OAuth2  *OAuth2 // Request is the token endpoint then
}

// OAuth2 is a grant of RFC 6749.
type OAuth2 struct {
	Grant        string // "password" or "client_credentials"; there the users are the clients
	ClientID     string
	ClientSecret string // a reference
	Client       string // where the client's id and secret are sent: "header" or "body"
	Scope        string
	Audience     string
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
	// ("password" => "${env:ACME_PW}", "headers.X-Api-Key"): they stay references.
	References map[string]string
	// TenantFrom says what the tenant was inferred from, "" where the file names it.
	TenantFrom string
}

// Object is a kind of object: how one is made, or ids of existing ones.
type Object struct {
	Name   string
	Create string // "POST /v1/chats"
	Body   map[string]any
	ID     string            // JSON pointer to the id in the reply
	Read   string            // "GET /v1/chats/{id}"
	IDs    map[string]string // by tenant
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
	return []format{
		{"curl commands", startsWithCurl, readCurl},
		{"HAR recording", isHAR, readHAR},
		{"Postman collection", isCollection, readCollection},
		{"Postman environment", isEnvironment, readEnvironment},
		{"overstep matrix", isOverstep, readOverstep},
		{"WFC auth", isWFC, readWFC},
		{"Hadrian auth", isHadrianAuth, readHadrianAuth},
		{"Hadrian roles", isHadrianRoles, readHadrianRoles},
		{"API description", isDescription, readDescription},
		{"curl commands", isCurl, readCurl},
	}
}

// Read reads a file of any known kind.
func Read(file string, text []byte) (*Intake, error) {
	for _, f := range formats() {
		if !f.is(text) {
			continue
		}
		in, err := f.read(file, text)
		if err != nil {
			return nil, fmt.Errorf("read %s as %s:\n%w", file, f.name, err)
		}
		in.File = file
		if in.Format == "" {
			in.Format = f.name
		}
		in.finish()
		return in, nil
	}
	return nil, fmt.Errorf("%s: %w: want one of %s", file, ErrUnknown, names())
}

func names() string {
	var out []string
	for _, f := range formats() {
		out = append(out, f.name)
	}
	return strings.Join(unique(out), ", ")
}

// Summary is what was understood, in a line that holds no secret.
func (in *Intake) Summary() string {
	var parts []string
	if in.Target != "" {
		parts = append(parts, in.Target)
	}
	if n := in.count + len(in.Routes); n > 0 {
		parts = append(parts, fmt.Sprintf("%d routes", n))
	}
	if in.SignIn != nil && in.SignIn.Request != "" {
		parts = append(parts, "sign-in by "+in.SignIn.Request)
	}
	if in.WhoAmI != "" {
		parts = append(parts, "whoami by "+in.WhoAmI)
	}
	tenants := map[string]bool{}
	var who []string
	for _, id := range in.Identities {
		who = append(who, id.Name)
		tenants[id.Tenant] = true
	}
	if len(who) == 0 {
		parts = append(parts, "no user")
	} else {
		parts = append(parts, fmt.Sprintf("%s in %s: %s", plural(len(who), "user"), plural(len(tenants), "tenant"), strings.Join(who, ", ")))
	}
	return strings.Join(parts, "; ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
