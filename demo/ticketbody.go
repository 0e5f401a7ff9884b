package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// newTicket is what opens a ticket. Old clients send the priority as text, and
// null for what they do not know.
type newTicket struct {
	Title    string   `json:"title" api:"required,max=200,example=Printer on fire"`
	Text     string   `json:"text,omitempty" api:"max=4000,example=It began this morning."`
	Category string   `json:"category,omitempty" api:"enum=question|incident|request,example=question"`
	Priority level    `json:"priority,omitempty" api:"min=1,max=5,example=3"`
	Contact  string   `json:"contact,omitempty" api:"format=email,max=254,example=nora@acme.test,doc=whom to ask beside who opened it"`
	Tags     []string `json:"tags,omitempty" api:"max=10"`

	Odd  any            `json:"-"` // tags of another type
	More map[string]any `json:"-"` // members that no ticket has
}

// level is a small number, which may come as text.
type level int

// UnmarshalJSON reads 3 and "3" alike.
func (l *level) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[int](), Field: "priority"}
	}
	*l = level(n)
	return nil
}

// readTicket reads and judges the body of a new ticket.
func (s *Server) readTicket(r *http.Request) (newTicket, error) {
	var raw json.RawMessage
	if err := decodeInto(r, &raw); err != nil {
		return newTicket{}, err
	}
	in, err := s.ticketFrom(raw)
	if err != nil {
		return in, err
	}
	judged := in
	if s.flaws.Has("input/duplicate-keys") { // each member is judged as it comes, and once
		if judged, err = s.ticketFrom(firsts(raw)); err != nil {
			return in, err
		}
	}
	if faults := s.ticketFaults(judged); len(faults) > 0 {
		return in, invalid(faults...)
	}
	return in, nil
}

func (s *Server) ticketFrom(raw json.RawMessage) (in newTicket, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return in, badRequest("the body must be a JSON object")
	}
	if tags, ok := members["tags"]; ok && s.flaws.Has("input/schema-type") && json.Unmarshal(tags, new([]string)) != nil {
		delete(members, "tags") // they are for search, which reads anything
		if err := json.Unmarshal(tags, &in.Odd); err != nil {
			return in, badRequest("the body is not JSON")
		}
	}
	if n, ok := new(big.Int).SetString(string(members["priority"]), 10); ok && s.flaws.Has("input/huge-number") {
		delete(members, "priority")
		in.Priority = level(int8(n.Int64())) //nolint:gosec // the flaw: the column has one byte
	}
	whole, err := json.Marshal(members)
	if err != nil {
		return in, badRequest("the body is not JSON")
	}
	if err := json.Unmarshal(whole, &in); err != nil {
		return in, undecodable(err)
	}
	if s.flaws.Has("input/schema-extra") {
		for name, v := range members {
			if !slices.ContainsFunc(fieldsOf(ticketType), func(f field) bool { return f.name == name }) {
				if in.More == nil {
					in.More = map[string]any{}
				}
				in.More[name] = v
			}
		}
	}
	return in, nil
}

// ticketFaults judges a new ticket by its tags.
func (s *Server) ticketFaults(in newTicket) []fieldError {
	return slices.DeleteFunc(faultsOf(in), func(f fieldError) bool {
		switch {
		case f.Field == "title" && f.Detail == "is required":
			return s.flaws.Has("input/schema-required")
		case f.Field == "priority":
			return s.flaws.Has("input/schema-bounds")
		case f.Field == "category":
			return s.flaws.Has("input/schema-enum")
		case f.Field == "contact" && strings.HasPrefix(f.Detail, "is no "):
			return s.flaws.Has("input/schema-format")
		}
		return false
	})
}

// firsts is a JSON object without the members whose name came before.
func firsts(raw json.RawMessage) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(raw))
	seen := map[string]json.RawMessage{}
	if _, err := dec.Token(); err != nil {
		return raw
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return raw
		}
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return raw
		}
		if key, _ := name.(string); seen[key] == nil {
			seen[key] = v
		}
	}
	out, err := json.Marshal(seen)
	if err != nil {
		return raw
	}
	return out
}

// undecodable is the refusal of a value of the wrong type.
func undecodable(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		p := invalid(fieldError{wrong.Field, "must not be a JSON " + wrong.Value})
		p.cause = err
		return p
	}
	p := badRequest("the body is not JSON")
	p.cause = err
	return p
}
