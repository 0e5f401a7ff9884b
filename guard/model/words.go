package model

import (
	"slices"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// words goes through all texts in n, with the names that lead to each: also what compatible
// providers write beside what the protocol names. Members that skip names are left out.
func words(d *span.Document, n span.Node, path string, say func(path string, n span.Node) error, skip ...string) error {
	if d.Kind(n) == span.String {
		return say(path, n)
	}
	object := d.Kind(n) == span.Object
	for c := d.First(n); c != span.None; c = d.Next(c) {
		to := path
		if object {
			key := d.Key(c)
			if slices.Contains(skip, key) || d.Kind(c) == span.String && wordless(key) {
				continue
			}
			if to = key; path != "" {
				to = path + "/" + key
			}
		}
		if err := words(d, c, to, say, skip...); err != nil {
			return err
		}
	}
	return nil
}

// wordless are members of an answer that hold no words: bytes that must stay, and pictures.
func wordless(key string) bool {
	return structure[key] || strings.HasSuffix(key, "signature") || key == "result" || key == "b64_json" || key == "partial_image_b64"
}

// pieces takes the texts of a delta. What no words come in is taken by itself, as a
// provider's verdicts: it has no blank and would be waited for to the end.
func (r *reply) pieces(e *event, n span.Node, kind string, i int, skip ...string) error {
	return words(&e.doc, n, kind, func(path string, n span.Node) error {
		switch path {
		case "content", "refusal", "reasoning_content", "reasoning", "text", "thinking":
			return r.text(place{path, i, 0}, e, n)
		}
		switch path[strings.LastIndexByte(path, '/')+1:] {
		case "content", "refusal", "reasoning_content", "reasoning", "text", "thinking", "summary", "transcript", "token":
			return r.piece(place{path, i, 0}, e, n)
		}
		return r.once(e, n)
	}, skip...)
}

// wholes takes texts that are there whole.
func (r *reply) wholes(e *event, n span.Node, skip ...string) error {
	return words(&e.doc, n, "", func(_ string, n span.Node) error { return r.once(e, n) }, skip...)
}

// failures takes out of what a provider says of its errors guard's own key, and what must
// be in no answer.
func (x *exchange) failures(d *span.Document) {
	x.scrub(d, d.Get(0, "error"))
	x.scrub(d, d.Get(0, "response", "error"))
	if d.Is(d.Get(0, "type"), "error") {
		x.scrub(d, d.Get(0, "message"))
	}
}

func (x *exchange) scrub(d *span.Document, n span.Node) {
	if d.Kind(n) != span.String {
		for c := d.First(n); c != span.None; c = d.Next(c) {
			x.scrub(d, c)
		}
		return
	}
	b := d.Bytes(n)
	if x.o.holdsKey(b) {
		d.SetText(n, []byte("[removed]"))
		return
	}
	if !x.rules.Active() {
		return
	}
	switch out, changed, err := x.rules.Whole(b); {
	case err != nil:
		d.SetText(n, nil)
	case changed:
		d.SetText(n, out)
	}
}

// holdsKey reports a key of a provider in a text.
func (o *Options) holdsKey(text []byte) bool {
	found := false
	o.own.Find(text, func(int) bool {
		found = true
		return false
	})
	return found
}
