package launchready

import (
	"context"
	"time"
)

// Listener hears what a target sends where it should not: a request that its
// model was talked into, a mail to an address of the audit. It is safe for
// concurrent use.
type Listener interface {
	// Bait hands out addresses that only this question knows. A request that
	// reaches them is answered with the page.
	Bait(p Page) Bait
	// Hits lists what has come in with the nonce.
	Hits(nonce string) []Hit
	// Wait returns the hits of the nonce as soon as there is one, or none when
	// ctx ends.
	Wait(ctx context.Context, nonce string) []Hit
}

// Bait is a nonce with the addresses that carry it.
type Bait struct {
	Nonce string
	URL   string // "http://127.0.0.1:4242/cb/NONCE"
	Mail  string // "NONCE@[127.0.0.1]"; "" where no mail can come
}

// Hit is one thing that came in with a nonce.
type Hit struct {
	Nonce  string
	Kind   string // "http", "smtp"
	From   string // address of the sender
	At     time.Time
	Agent  string // User-Agent, or the mail's sender
	Line   string // request line, or the recipient
	Text   string // the rest of path and query decoded, body or mail: bounded
	Answer int    // status that an HTTP hit got
}

// Page is what a request to a bait is answered with: a document that carries a
// hidden instruction, a redirect. The zero value is an empty page.
type Page struct {
	Status int // 0 is 200
	Type   string
	Header map[string]string
	Body   []byte
}
