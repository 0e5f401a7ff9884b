package launchready

// Where a [Place] is.
const (
	InPathOf  = "path"   // a parameter of the path
	InQueryOf = "query"  // of the query
	InBodyOf  = "body"   // a member of what is sent
	InAnswer  = "answer" // a member of what is answered
	InMessage = "message"
)

// Place is where a request or an answer names an object. It tells of no value.
type Place struct {
	In   string `json:"in"`             // path, query, body, answer, message
	At   string `json:"at"`             // a parameter's name; in JSON a path as $.data.id, or a name, of which every member at any depth is meant
	Kind string `json:"kind,omitempty"` // of the object: "chat"
}

// Listing is where an answer holds several objects.
type Listing struct {
	Items  string `json:"items"`             // the list: $.data
	ID     string `json:"id"`                // within an item
	Kind   string `json:"kind,omitempty"`    // of every item
	KindAt string `json:"kind_at,omitempty"` // or where an item says it
	Tenant string `json:"tenant,omitempty"`  // where an item says whose it is
	// Isolated says that another tenant asked, and saw nothing of it.
	Isolated bool `json:"isolated,omitempty"`
}

// FrontReport is what pages of other origins were let do, as far as they are the
// application's own front ends.
type FrontReport struct {
	Origins     []string `json:"origins"` // that were answered as the application's own, the likeliest first
	Credentials bool     `json:"credentials,omitempty"`
	Expose      []string `json:"expose,omitempty"` // header fields that their pages may read
}

// DescriptionReport is where the API's description was read.
type DescriptionReport struct {
	Format   string `json:"format"`   // "OpenAPI 3.1.0"
	Location string `json:"location"` // a path, from the configuration's folder, or a URL
	File     bool   `json:"file,omitempty"`
}
