package model

import (
	"net/http"

	"github.com/launchready/launchready/guard/model/span"
)

// elsewhere refuses what stands for a text that is not in the request as one: numbers of
// turns that the provider keeps, and tokens, in which nothing can be looked for.
func (x *exchange) elsewhere(d *span.Document) *Denial {
	bad := func(message string) *Denial {
		return deny(http.StatusBadRequest, "invalid_request", message)
	}
	switch x.p {
	case responses:
		for c := d.First(d.Get(0, "input")); c != span.None; c = d.Next(c) {
			kind, role := d.Kind(d.Get(c, "type")), d.Kind(d.Get(c, "role"))
			if d.Is(d.Get(c, "type"), "item_reference") || kind != span.String && role != span.String && d.Get(c, "id") != span.None {
				return bad("An item of input is a reference, which is not passed on by guard: send the turns themselves.")
			}
		}
	case chat:
		for c := d.First(d.Get(0, "messages")); c != span.None; c = d.Next(c) {
			if d.Get(c, "audio", "id") != span.None {
				return bad("A message is a reference, which is not passed on by guard: send the turns themselves.")
			}
		}
	case embeddings:
		if (x.o.Prompts.Active() || x.o.needles != nil) && tokens(d, d.Get(0, "input")) {
			return bad("input is tokens, which cannot be looked through: send the text (of LangChain: check_embedding_ctx_length=False).")
		}
	case messages:
	}
	return nil
}

// tokens reports numbers in a list, however deep.
func tokens(d *span.Document, n span.Node) bool {
	for c := d.First(n); c != span.None; c = d.Next(c) {
		if d.Kind(c) == span.Number || tokens(d, c) {
			return true
		}
	}
	return false
}
