package ownership

import (
	"errors"
	"unicode/utf8"

	"github.com/launchready/launchready/guard/model/span"
)

// mostNodes is how many values a document may hold: it is kept small.
const mostNodes = 1 << 20

var errUnread = errors.New("the body is no JSON that can be read")

// newDocument is one for what applications read and write: whichever of two members of
// a name counts for them, both are looked at.
func newDocument() *span.Document { return &span.Document{Loose: true, Most: mostNodes} }

func read(d *span.Document, b []byte) error {
	if !utf8.Valid(b) || d.Read(b) != nil {
		return errUnread
	}
	return nil
}

// name is the text of what may be one: a string, or a number as it is written.
func name(d *span.Document, n span.Node) (text []byte, ok bool) {
	if k := d.Kind(n); k != span.String && k != span.Number {
		return nil, false
	}
	return d.Scalar(n)
}
