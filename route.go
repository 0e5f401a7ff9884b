package launchready

import "strings"

// Route is one operation of the surface.
type Route struct {
	Method  string // upper case
	Path    string // template with {name} segments, below Target.Base
	ID      string // operationId
	Summary string
	Tags    []string
	Params  []Param
	Body    *Body
	Accepts []string // media types of successful replies
	Kind    Kind
	// Resource is the collection the route works on: the path of the collection
	// with parameters emptied, "/v1/chats/{}/messages". "" when there is none.
	Resource string
	// Keys tells, for each path parameter, the resource whose key fills it.
	Keys     map[string]Key
	Links    []Link
	Declared bool // the specification names it
	Secured  bool // the specification says it needs a credential; specifications lie
	// Takes are the ways of a credential that the specification names: "bearer",
	// "basic", "header X-API-Key", "query key", "cookie session", or its word for another.
	Takes []string
	Shown bool // learned from requests that somebody made: Secured then says that they carried a credential, not that one is needed
	// Beside holds the templates of the description that its address fits as well,
	// though the description names it apart: /users/{name} of /users/me.
	Beside []string
	Source string // where it was learned: "openapi.yaml", "routes.txt", "Allow of /v1/chats"
}

// String is the route as reports name it: "GET /v1/chats/{id}".
func (r *Route) String() string { return r.Method + " " + r.Path }

// Safe reports whether the method promises to change nothing (RFC 9110, 9.2.1).
func (r *Route) Safe() bool {
	switch r.Method {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	return false
}

// PathParams lists the names of the template's parameters in order.
func (r *Route) PathParams() []string {
	var out []string
	for rest := r.Path; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return out
		}
		j := strings.IndexByte(rest[i:], '}')
		if j < 0 {
			return out
		}
		out = append(out, rest[i+1:i+j])
		rest = rest[i+j+1:]
	}
}

// Kind is what a route does with its resource, as far as its shape tells.
type Kind uint8

const (
	OtherKind Kind = iota
	Create         // makes an object of Resource
	List           // shows many objects of Resource
	Read           // shows one object
	Update         // changes one object
	Delete         // removes one object
	Action         // does something to one object or to none: POST /chats/{id}/archive
	Search         // shows objects that match a query
	Export         // gives data in bulk
	Download       // gives the bytes of a file
	Upload         // takes the bytes of a file
	ChatKind       // answers a message
	Stream         // server-sent events, or a stream of lines
	WebSocket      // upgrades
	SignIn         // gives a credential
	SignUp         // makes a user, usually with a tenant
	SignOut        // ends a session
	Refresh        // exchanges a refresh token
	WhoAmI         // tells who the caller is
	Password       // changes or resets a password
	Invite         // makes or accepts an invitation
	GraphQL        // takes a query language
	Webhook        // takes a signed message from outside
	Health         // liveness, metrics, documentation
)

var kindNames = [...]string{"other", "create", "list", "read", "update", "delete", "action", "search", "export",
	"download", "upload", "chat", "stream", "websocket", "sign-in", "sign-up", "sign-out", "refresh", "whoami",
	"password", "invite", "graphql", "webhook", "health"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind?"
}

// Key says which resource, and which field of its objects, fills a parameter.
type Key struct {
	Resource string
	Field    string // "id", "slug", "name"; "" when only observation can tell
}

// Link is an OpenAPI link: a value of this route's reply that feeds a parameter
// of another route.
type Link struct {
	Operation string // operationId of the consumer
	Parameter string
	Pointer   string // JSON pointer into the reply body
}

// In is where a parameter travels.
type In uint8

const (
	InPath In = iota
	InQuery
	InHeader
	InCookie
)

var inNames = [...]string{"path", "query", "header", "cookie"}

func (i In) String() string {
	if int(i) < len(inNames) {
		return inNames[i]
	}
	return "in?"
}

// Param is one parameter of a route.
type Param struct {
	Name     string
	In       In
	Required bool
	Schema   *Schema
	Example  any
}

// Body is what a route takes as its request body.
type Body struct {
	Type     string // media type: "application/json", "multipart/form-data", …
	Required bool
	Schema   *Schema
	Example  any
}

// Schema is the part of JSON Schema that building and judging values needs.
// Recursive schemas are cut where they meet themselves.
type Schema struct {
	Type        string // "object", "array", "string", "integer", "number", "boolean", "" when open
	Format      string
	Description string
	Properties  map[string]*Schema
	Required    []string
	Items       *Schema
	Enum        []any
	Const       any
	Example     any
	Default     any
	Pattern     string
	MinLength   int
	MaxLength   int // 0: no limit
	Minimum     *float64
	Maximum     *float64
	MinItems    int
	MaxItems    int
	Nullable    bool
	ReadOnly    bool
	WriteOnly   bool
	Closed      bool // additionalProperties: false
	Open        bool // additionalProperties: true, or a schema: the description says that any member may stand there
	Unique      bool // uniqueItems
	MultipleOf  float64
	// Mixed says that more than one type is allowed, of which Type is the first.
	Mixed bool
	OneOf []*Schema
}

// Requires reports whether a property is required.
func (s *Schema) Requires(name string) bool {
	for _, r := range s.Required {
		if r == name {
			return true
		}
	}
	return false
}
