package model

import (
	"context"

	"github.com/launchready/launchready/guard/model/span"
)

// Meter bounds and books what requests cost. It is asked before a request goes to a
// provider; nil books nothing.
type Meter interface {
	// Reserve holds the worst case. A *Denial, such as of status 429 with Retry set, is told
	// to the application; any other error means that it could not be decided: 503.
	Reserve(ctx context.Context, a Ask) (Hold, error)
}

// Ask is what a request may cost.
type Ask struct {
	ID, Provider, Model string
	Caller              Caller
	Prompt              int   // bytes of the request
	References          int   // images and files that the provider fetches: their size is not in Prompt
	MaxTokens           int64 // of the completion; 0: unbounded
	Mute                bool  // there is no completion: an embedding
	Stream              bool
}

// Hold is what was reserved for one request.
type Hold interface {
	// Count tells, while a stream is under way, how many bytes of text and arguments have
	// come so far. An error ends the stream.
	Count(bytes int) error
	// Settle is called once at the end, however it came.
	Settle(u Usage)
}

// Usage is what was used. Where the provider did not tell, as when the application left
// in the middle, Known is false and only Bytes counts.
type Usage struct {
	Input, Output int64 // tokens
	Known         bool
	Bytes         int  // of text and arguments that came
	Free          bool // the provider was not reached, or refused the request
}

// read takes the numbers that a usage object has, in either provider's words.
func (u *Usage) read(d *span.Document, n span.Node) {
	if d.Kind(n) != span.Object {
		return
	}
	for _, name := range []string{"prompt_tokens", "input_tokens"} {
		if i, ok := d.Int(d.Get(n, name)); ok {
			u.Input = i
			for _, beside := range []string{"cache_creation_input_tokens", "cache_read_input_tokens"} { // Anthropic counts them apart
				if i, ok := d.Int(d.Get(n, beside)); ok && i > 0 {
					u.Input += i
				}
			}
		}
	}
	for _, name := range []string{"completion_tokens", "output_tokens"} {
		if i, ok := d.Int(d.Get(n, name)); ok {
			u.Output, u.Known = i, true
		}
	}
	if i, ok := d.Int(d.Get(n, "total_tokens")); ok && u.Output == 0 && i == u.Input { // embeddings
		u.Known = true
	}
}
