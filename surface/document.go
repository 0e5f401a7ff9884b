package surface

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var bom = []byte{0xEF, 0xBB, 0xBF}

// document is one decoded file: maps, slices, strings, float64, bool, nil, as
// encoding/json makes them. Values may be shared, and in YAML even be reached
// from themselves, so nobody walks them without a bound.
type document struct {
	loc  string
	root any
}

// SyntaxError says where a document stops being JSON or YAML.
type SyntaxError struct {
	Location     string
	Line, Column int
	Message      string
}

func (e *SyntaxError) Error() string {
	loc := e.Location
	if loc == "" {
		loc = "description"
	}
	return fmt.Sprintf("%s:%d:%d: %s", loc, e.Line, e.Column, e.Message)
}

// decode reads JSON or YAML. JSON goes through encoding/json: on 20 MB it takes
// a third of a second where YAML readers take three to seventeen.
func decode(loc string, data []byte, warn func(string, ...any)) (*document, error) {
	data = bytes.TrimPrefix(data, bom)
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, &SyntaxError{loc, 1, 1, "the document is empty"}
	}
	if trimmed[0] != '{' && trimmed[0] != '[' {
		root, err := decodeYAML(loc, data, warn)
		if err != nil {
			return nil, err
		}
		return &document{loc, root}, nil
	}
	var root any
	err := json.Unmarshal(data, &root)
	if err == nil {
		return &document{loc, root}, nil
	}
	bad := jsonError(loc, data, err)
	// Hand-written JSON with comments or trailing commas is mostly good YAML.
	if len(data) < 4<<20 {
		if root, yerr := decodeYAML(loc, data, warn); yerr == nil {
			warn("%s: no valid JSON (%s); read as YAML", bad.position(), bad.Message)
			return &document{loc, root}, nil
		}
	}
	return nil, bad
}

// Syntax is the [SyntaxError] of a description that ends in the middle, or is
// corrupt; nil where it can be read.
func Syntax(loc string, text []byte) error {
	_, err := decode(loc, text, func(string, ...any) {})
	return err
}

func (e *SyntaxError) position() string {
	return strings.TrimSuffix((&SyntaxError{e.Location, e.Line, e.Column, ""}).Error(), ": ")
}

func jsonError(loc string, data []byte, err error) *SyntaxError {
	out := &SyntaxError{Location: loc, Line: 1, Column: 1, Message: err.Error()}
	offset := int64(len(data))
	var syn *json.SyntaxError
	if errors.As(err, &syn) {
		// Offset counts the bytes read, the offending one included, if there is one.
		if syn.Offset < offset || !strings.Contains(err.Error(), "unexpected end") {
			offset = min(max(syn.Offset-1, 0), offset)
		}
	}
	before := data[:offset]
	out.Line = 1 + bytes.Count(before, []byte("\n"))
	out.Column = 1 + len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return out
}

// pointer resolves an RFC 6901 pointer inside the document.
func (d *document) pointer(p string) (any, bool) {
	cur := d.root
	if p == "" || p == "/" {
		return cur, true
	}
	for tok := range strings.SplitSeq(strings.TrimPrefix(p, "/"), "/") {
		// RFC 6901, 4: ~1 first, then ~0.
		tok = strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~")
		switch v := cur.(type) {
		case map[string]any:
			next, ok := v[tok]
			if !ok {
				return nil, false
			}
			cur = next
		case []any:
			i, err := strconv.Atoi(tok)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			cur = v[i]
		default:
			return nil, false
		}
	}
	return cur, true
}
