package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep a JSON body may nest where the policy says nothing.
const MaxDepth = 32

// Strict reads JSON that every reader understands alike: one value, no name
// twice in an object (not even in another case, which some bind alike), bounded
// depth, valid UTF-8. It tells each member that holds no object or list.
func Strict(b []byte, depth int, member func(name string, value any)) error {
	if !utf8.Valid(b) {
		return errors.New("the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := value(d, depth, "", member); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

var errJSON = errors.New("the body is not valid JSON")

func value(d *json.Decoder, depth int, name string, member func(string, any)) error {
	t, err := d.Token()
	if err != nil {
		return errJSON
	}
	open, ok := t.(json.Delim)
	if !ok {
		if member != nil {
			member(name, t)
		}
		return nil
	}
	if depth <= 0 {
		return errors.New("the body nests too deep")
	}
	names := map[string]bool{}
	for d.More() {
		inner := name
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return errJSON
			}
			inner, _ = t.(string)
			fold := strings.ToLower(inner)
			if names[fold] {
				return errors.New("an object has a name twice")
			}
			names[fold] = true
		}
		if err := value(d, depth-1, inner, member); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errJSON
	}
	return nil
}
