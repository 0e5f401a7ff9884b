package launchready

import (
	"context"
	"time"
)

// Assistant is the target's model, as a user of the product reaches it: through
// the product, never past it. It is safe for concurrent use.
type Assistant interface {
	// Ask says one thing as the account and reads the answer. What was exchanged
	// is in the answer also when an error comes with it. ErrMoney means that the
	// question was not asked because the worst it could cost is not left.
	Ask(ctx context.Context, as *Account, m Message) (*Answer, error)
	// Put uploads a file as the account, waits until the assistant can read it,
	// and returns its id. The exchanges come also with an error.
	Put(ctx context.Context, as *Account, f File) (id string, xs []*Exchange, err error)
	// Skills tells what the assistant was found to do.
	Skills() Skills
	// Twins are the other ways to the same model that were found.
	Twins() []Assistant
}

// Skills are what the run found the assistant to do before it asked anything in
// earnest. What rests on a missing one stays open, and is never a pass.
type Skills struct {
	Subject   string   // how findings name the endpoint: "POST /v1/ask"
	Shape     string   // the name of its shape: "openai", "dify", "auto" where it is none that is known
	Route     *Route   // nil where the description does not name it
	Computes  []string // kinds of question that it answers rightly, by the names of chat.Op
	Remembers bool     // a second message knows what the first one said
	Uploads   bool     // it takes files
	Streams   bool     // its reply comes in pieces
}

// Message is what is said, and to what it belongs.
type Message struct {
	Text         string
	Conversation string   // "" begins a new one
	History      []Turn   // for endpoints that keep none
	Files        []string // ids that Put gave
	Note         string   // for the record: "control", "injection"
	// Vary changes the request before it is sent: further members, other headers.
	Vary func(*Request)
}

// Turn is one thing said before.
type Turn struct {
	Role string // "user", "assistant"
	Text string
}

// Answer is what came back.
type Answer struct {
	Text         string
	Conversation string
	Tools        []string // names of the tools that were called, where the reply tells
	Sources      []string // titles and texts of citations
	Failure      string   // what the endpoint said went wrong, "" when nothing did
	InTokens     int      // 0: not told
	OutTokens    int
	Ended        bool // the reply was read to its end
	Took         time.Duration
	FirstByte    time.Duration
	// Exchanges are everything that was sent and came back, the last one with
	// the answer in it. Their bodies are the raw stream: what a later event
	// replaces has been shown all the same.
	Exchanges []*Exchange
}

// Last is the exchange that held the answer, nil when there is none.
func (a *Answer) Last() *Exchange {
	if a == nil || len(a.Exchanges) == 0 {
		return nil
	}
	return a.Exchanges[len(a.Exchanges)-1]
}

// File is what is uploaded.
type File struct {
	Name string
	Type string // media type
	Data []byte
}
