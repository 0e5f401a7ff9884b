package launchready

import "context"

// Browser shows what a page of another origin can read of the target, and what
// the target's own page keeps, in a real browser: its rules decide, not ours.
type Browser interface {
	// Read opens a page of the visit's origin in a browser that is signed in to
	// the target, and lets its script ask. An error means that the browser could
	// not be asked, and says nothing about the target. Safe for concurrent use.
	Read(ctx context.Context, v Visit) (*Sighting, error)
	// Stay opens the target's own page, signs in there as a person does, and reads
	// what the page has put into the browser. An error as that of Read.
	Stay(ctx context.Context, v Sojourn) (*Kept, error)
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

// Sojourn is a person on the target's own page.
type Sojourn struct {
	URL string // of the page
	// User and Password go into the form by which the page signs in; none: it is not looked for.
	User     string
	Password Secret
	// Cookies are Set-Cookie lines of a session that exists; the browser has them from the start.
	Cookies []Secret
}

// Kept is what a page has put into the browser.
type Kept struct {
	Browser  string // name and version
	Page     string // address of the page at the end
	Form     bool   // a form to sign in was found
	SignedIn bool   // it was sent, and is gone
	Items    []Stored
	Gaps     []string // what could not be read, in words
}

// Stored is one value of a browser's storage.
type Stored struct {
	Store    string // localStorage, sessionStorage, IndexedDB or cookie
	Name     string // of the entry; of IndexedDB "database/store"
	Value    Secret // as text; objects as JSON
	HTTPOnly bool   // of a cookie: scripts cannot read it
}
