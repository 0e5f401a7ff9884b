// Package chat talks to a chat endpoint of any shape: JSON, server-sent events,
// lines of JSON, plain text, a WebSocket, a reply in two steps or one that is
// polled for. A [Shape] says where a message goes in and where the answer comes
// out; [Presets] holds those of known products, and [Detect] finds the shape of
// an unknown one by a question whose answer only a reader of it can compute.
//
// The raw exchange is kept beside the answer that was read: what a later event
// replaces has been shown all the same.
package chat

// Shape is how one endpoint is spoken to. It is plain data: what detection
// infers can be printed, kept in a file and given back.
type Shape struct {
	Name string // "openai", "dify", …; "custom" or "auto" when it is none of these

	// Begin opens a conversation where Send cannot do without one; Begun selects
	// its id from the reply. Nil where the first message opens it.
	Begin *Template
	Begun []Selector
	// Send takes the message. Its body, path and header hold the variables
	// $message, $conversation, $user, $id (a fresh UUID), $files and $history.
	Send Template
	Mode Mode
	// Text are the places of the answer in each frame of the reply; what they
	// select is joined in the order of the frames.
	Text []Selector
	// Error are the places where a reply of status 200 tells a failure.
	Error []Selector
	// Conversation is where the reply names the conversation that goes on.
	Conversation []Selector
	// History says that the endpoint keeps none: earlier turns are sent again.
	History bool
	// Follow asks for the reply where Send only starts it: an event stream, or a
	// resource that is polled until Done holds. $run is what Run selected.
	Follow *Template
	Run    []Selector
	Done   []Selector // non-empty selection: the polled reply is complete
	// InTokens and OutTokens are where the reply counts its tokens.
	InTokens, OutTokens []Selector
	Tools               []Selector // names of the tools that were called
	Sources             []Selector // titles and texts of citations
	Upload              *Upload

	guess bool // one of several guesses at an endpoint that is described nowhere
}

// Upload is how a file is given to the assistant.
type Upload struct {
	Path  string // "/v1/files/upload"
	Field string // of the multipart form
	Form  map[string]string
	ID    []Selector
	// Attach is one element of $files; $file is the id of the uploaded file.
	Attach any
	// Wait is read until Ready selects something; nil where a file is usable at once.
	Wait  *Template
	Ready []Selector
}

// Template is a request with variables in it. A member or an element that is a
// variable without a value is left out.
type Template struct {
	Method string
	Path   string // below the target's base, with its query
	Header map[string]string
	Body   any // as JSON decodes it; nil sends none
	Form   bool
}

// Mode is how a reply is framed.
type Mode uint8

// The zero value looks at the reply itself.
const (
	ByType    Mode = iota // as the reply's media type and first bytes tell
	JSON                  // one document
	Events                // server-sent events
	Lines                 // one JSON value a line, with or without a prefix ("0:…")
	PlainText             // the body is the answer
	Socket                // messages of a WebSocket
	Polled                // Follow, until Done
)

var modeNames = [...]string{"auto", "json", "sse", "ndjson", "text", "websocket", "poll"}

func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return "mode?"
}
