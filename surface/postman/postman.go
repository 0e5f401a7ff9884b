// Package postman reads Postman collections, 2.0 and 2.1, and environments. Its
// reader is tolerant: what other tools and old versions of Postman write in
// another shape is understood or left out with a warning. It knows nothing of
// routes.
package postman

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	lr "github.com/launchready/launchready"
)

const (
	maxRequests = 20_000
	maxFolders  = 64 // deep
	maxWarnings = 100
)

// ErrEmpty says that a collection is well formed and holds no request.
var ErrEmpty = errors.New("the Postman collection holds no request")

// Collection is a collection with its folders unfolded.
type Collection struct {
	Name      string
	Version   string // "2.0" or "2.1"
	Variables []Variable
	Requests  []*Request
	Warnings  []string
}

// Request is one request of a collection.
type Request struct {
	Name    string
	Folder  []string // names, from the outermost
	Method  string   // upper case
	URL     URL
	Header  []Field
	Body    *Body // nil where it sends none
	Auth    *Auth // its own, or the folder's or collection's; nil where none is named
	Scope   []Variable
	Replies []Reply
	Sets    []Set
}

// Variable is a name with a value, which may be a credential.
type Variable struct {
	Name     string
	Value    lr.Secret
	Secret   bool // the file says that it is one
	Disabled bool
}

// Field is a header field, or a field of a query or form.
type Field struct {
	Name     string
	Value    lr.Secret
	Disabled bool
	File     bool // takes the bytes of a file
	Type     string
}

// URL is an address with {{variables}} in it.
type URL struct {
	Raw    string // without query and fragment
	Query  []Field
	Params []Variable // of :name segments
}

// Body is what a request sends.
type Body struct {
	Mode      string // raw, urlencoded, formdata, file, graphql
	Type      string // media type that the body's language tells; "" when nothing does
	Text      string // raw, or the query of GraphQL
	Variables string // of GraphQL, JSON
	Fields    []Field
}

// Auth is how a request proves who it is.
type Auth struct {
	Type   string // bearer, basic, apikey, oauth2, …; "noauth" where it says that it needs none
	Values map[string]lr.Secret
}

// Reply is a saved example of a reply.
type Reply struct {
	Name   string
	Status int
	Type   string // Content-Type
	Body   string
}

// Set is a variable that a script takes from the reply.
type Set struct{ Variable, Pointer string }

// Environment is a set of variables.
type Environment struct {
	Name   string
	Values []Variable
}

// Kind tells what a decoded document is: "collection", "collection 1.0",
// "environment", or "" for anything else.
func Kind(root any) string {
	m, _ := root.(map[string]any)
	if in, ok := m["collection"].(map[string]any); ok && m["item"] == nil { // as Postman's API answers
		m = in
	}
	if in, ok := m["environment"].(map[string]any); ok && m["values"] == nil {
		m = in
	}
	_, values := m["values"].([]any)
	info, _ := m["info"].(map[string]any)
	_, item := m["item"].([]any)
	schema, _ := info["schema"].(string)
	switch {
	case m["openapi"] != nil, m["swagger"] != nil, m["log"] != nil, m["paths"] != nil:
		return ""
	case item && info != nil, strings.Contains(schema, "getpostman.com"), strings.Contains(schema, "postman.com/json/collection"):
		return "collection"
	case m["requests"] != nil && (m["order"] != nil || m["folders"] != nil):
		return "collection 1.0"
	case values && (m["_postman_variable_scope"] != nil || m["name"] != nil):
		return "environment"
	}
	return ""
}

// SyntaxError says where a file stops being JSON.
type SyntaxError struct {
	Line, Column int
	Message      string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// Decode reads JSON, and says where it ends to be JSON.
func Decode(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(data))
	var root any
	err := d.Decode(&root)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return root, nil
		}
		err = errors.New("there is more after its end")
	}
	at, what := d.InputOffset(), "this is no JSON: "+strings.TrimPrefix(err.Error(), "json: ")
	var syn *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), strings.Contains(err.Error(), "unexpected end"):
		at, what = int64(len(data)), "the file ends in the middle: it was cut off while it was saved; export it again"
	case errors.As(err, &syn):
		at = max(syn.Offset-1, 0)
	}
	before := data[:min(at, int64(len(data)))]
	return nil, &SyntaxError{1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n'), what}
}

// Parse reads a collection.
func Parse(data []byte) (*Collection, error) {
	root, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return Read(root)
}

// Read reads a decoded collection.
func Read(root any) (*Collection, error) {
	switch Kind(root) {
	case "collection":
	case "collection 1.0":
		return nil, errors.New("this is a Postman collection of version 1.0: export it as Collection v2.1 (recommended)")
	case "environment":
		return nil, errors.New("this is a Postman environment, which names no request: give the collection, and the environment beside it")
	default:
		return nil, errors.New("this is no Postman collection: it has no info with items")
	}
	m := object(root)
	if in := object(m["collection"]); in != nil && m["item"] == nil {
		m = in
	}
	r := &reader{c: &Collection{Name: text(object(m["info"])["name"])}}
	r.c.Version = r.version(object(m["info"]))
	r.c.Variables = variables(m["variable"])
	r.items(m["item"], place{auth: authOf(m["auth"]), scope: r.c.Variables})
	if len(r.c.Requests) == 0 {
		return r.c, ErrEmpty
	}
	return r.c, nil
}

// readEnvironment reads a decoded environment.
func readEnvironment(root any) (*Environment, error) {
	if Kind(root) != "environment" {
		return nil, errors.New("this is no Postman environment: it has no values")
	}
	m := object(root)
	if in := object(m["environment"]); in != nil && m["values"] == nil {
		m = in
	}
	return &Environment{Name: text(m["name"]), Values: variables(m["values"])}, nil
}

func (r *reader) version(info map[string]any) string {
	schema := text(info["schema"])
	switch {
	case strings.Contains(schema, "v2.0"):
		return "2.0"
	case schema != "" && !strings.Contains(schema, "v2.1"):
		r.warn("the collection's schema %.80q is unknown; read as 2.1", schema)
	}
	return "2.1"
}

// ParseEnvironment reads an environment.
func ParseEnvironment(data []byte) (*Environment, error) {
	root, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return readEnvironment(root)
}
