// Package edge keeps a domain as code: what should stand in its zone and at its
// provider (Wants), what stands there (State), the difference that a person
// reviews (Plan), and the way there and back (Apply, Rollback).
//
// It owns only what it names: within a set of TXT records the records that it can
// tell by their form, of an edge's rules the ones with its own reference. What it
// does not own is carried through every change as it stands, and a set that
// somebody else changed meanwhile is refused, not overwritten.
//
// Drivers are the packages below and a zone by DNS questions, which only reads.
package edge

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Kind is what a key names.
type Kind string

// The kinds of things.
const (
	Records Kind = "dns"     // a set of records: name and type
	Setting Kind = "setting" // a setting of the provider: its id; one JSON value
	Rule    Kind = "rule"    // a rule with our reference: reference and phase; at most one JSON value
)

// Key names one thing that is changed as a whole.
type Key struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`           // a domain name is in lower case and has no final dot
	Type string `json:"type,omitempty"` // "TXT"; of a rule its phase
}

func (k Key) String() string {
	if k.Type == "" {
		return k.Name
	}
	return k.Name + " " + k.Type
}

// RR is the key of a record set.
func RR(name, rrtype string) Key {
	return Key{Kind: Records, Name: strings.ToLower(strings.TrimSuffix(name, ".")), Type: rrtype}
}

// Value is one member of a set: a record's data, or the JSON of a setting or rule.
type Value struct {
	Data    string `json:"data"` // in the form of a zone file (RFC 1035 section 5), names absolute
	TTL     uint32 `json:"ttl,omitempty"`
	Proxied bool   `json:"proxied,omitempty"` // traffic goes through the provider's edge
	Comment string `json:"comment,omitempty"`
	Extra   string `json:"extra,omitempty"` // what else a provider keeps with it, as JSON
}

// State is what was read.
type State struct {
	Sets map[Key][]Value
	// Complete says that all record sets of the zone are in Sets; otherwise only
	// those that were asked for.
	Complete bool
}

// Change takes one set from a state to another. What is in both is not touched.
type Change struct {
	Key    Key     `json:"key"`
	Before []Value `json:"before"`
	After  []Value `json:"after"`
}

// Driver reads and changes one zone where it is kept.
type Driver interface {
	// Name says which one, for people: "zone file harbor.test.zone".
	Name() string
	// Read tells what stands at the keys, and more where that comes with it.
	Read(ctx context.Context, keys []Key) (*State, error)
	// Apply makes changes, each set at once: nobody sees it empty or half. It
	// returns ErrConcurrent where a set is not as its change says, and then has
	// changed no part of that set.
	Apply(ctx context.Context, changes []Change) error
}

// Reasons for which nothing was changed.
var (
	ErrConcurrent = errors.New("it was changed by somebody else since the plan was made: plan again")
	ErrReadOnly   = errors.New("there is no way to write: paste the records, or configure domain.edge")
	ErrUnfinished = errors.New("an earlier apply was interrupted: finish it by 'edge apply', or take it back by 'edge rollback'")
)

// concurrent is ErrConcurrent about a set.
func concurrent(k Key) error { return fmt.Errorf("%s: %w", k, ErrConcurrent) }

// Concurrent is ErrConcurrent about a set, for drivers.
func Concurrent(k Key) error { return concurrent(k) }
