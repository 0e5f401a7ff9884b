package launchready

import "context"

// Browser shows what a page of another origin can read of the target, in a real
// browser: its rules for cookies, origins and replies decide, not ours.
type Browser interface {
	// Read opens a page of the visit's origin in a browser that is signed in to
	// the target, and lets its script ask. An error means that the browser could
	// not be asked, and says nothing about the target. Safe for concurrent use.
	Read(ctx context.Context, v Visit) (*Sighting, error)
}

// Visit is a page of another origin, and what its script asks the target for.
type Visit struct {
	Origin string // of the page: "https://evil.test"; "null" is a sandboxed frame
	URL    string // what the script asks for: http, https, ws or wss
	// Cookies are the Set-Cookie lines by which the target signed the victim in.
	// The browser keeps and sends them as it sees fit.
	Cookies []Secret
	Send    []string // messages, where the URL is a WebSocket's
	Until   []string // values: a message that holds one ends the conversation
}

// Sighting is what the script came to know.
type Sighting struct {
	Browser  string // name and version
	Readable bool   // the script got a reply, or messages
	Status   int    // of the reply; 101 of a WebSocket that opened
	Body     []byte
	Why      string // what the browser told the script when it got nothing
}
