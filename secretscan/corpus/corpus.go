// Package corpus makes files with secrets and with what looks like them, to measure a
// scanner with. Everything is made at run time from a seed, so that no source file holds
// a key, and the same seed makes the same files. The values are random: none opens
// anything.
package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Item is one file.
type Item struct {
	Path     string
	Data     []byte
	Secret   bool     // it holds one; otherwise it holds what looks like one
	Prefixed bool     // of a provider whose keys say whose they are
	Kind     string   // what it holds: "github-pat", "uuid"
	Carrier  string   // what it stands in: "env", "har"
	Values   []string // the secrets themselves, for tests that nothing shows them
}

// Unseen is the first seed that is for measuring only: nobody has looked at what a scanner
// makes of those from it on while its rules were written. Those below are for tuning.
const Unseen = 1000

// Rounds is how many files are made of each kind of secret and each look-alike.
const (
	secretRounds    = 5
	lookalikeRounds = 9
)

// Generate makes the corpus of a seed: at least 200 files with a secret and 400 without.
func Generate(seed uint64) []Item {
	g := &maker{rand.New(rand.NewPCG(seed, 0x5ec12e7))} //nolint:gosec // not for secrecy: it must repeat
	var out []Item
	for round := range secretRounds {
		for n, k := range kinds() {
			out = append(out, g.secret(k, round*97+n))
		}
	}
	for round := range lookalikeRounds {
		for n, k := range lookalikes() {
			out = append(out, g.lookalike(k, round*97+n))
		}
	}
	return out
}

// maker draws random values.
type maker struct{ *rand.Rand }

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
	hex    = "0123456789abcdef"
	b62    = digits + upper + lower
	b64    = upper + lower + digits + "+/"
	b64url = upper + lower + digits + "-_"
	b32    = upper + "234567"
)

func (g *maker) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(b)
}

func (g *maker) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *maker) uuid() string {
	return g.of(hex, 8) + "-" + g.of(hex, 4) + "-4" + g.of(hex, 3) + "-" + g.pick("8", "9", "a", "b") + g.of(hex, 3) + "-" + g.of(hex, 12)
}

// kind is a kind of secret: the names that it has, and how its value is made.
type kind struct {
	id       string
	prefixed bool
	names    string // by blank
	value    func(*maker) string
	carriers string // by blank; empty: any
}

func (g *maker) secret(k kind, n int) Item {
	value := k.value(g)
	name := g.pick(strings.Fields(k.names)...)
	list := strings.Fields(k.carriers)
	if len(list) == 0 {
		list = strings.Fields(everywhere)
	}
	c := list[(n*7+g.IntN(len(list)))%len(list)]
	path, text := g.carry(c, name, value)
	return Item{Path: fmt.Sprintf("s%04d/%s", n, path), Data: []byte(text), Secret: true, Prefixed: k.prefixed, Kind: k.id, Carrier: c, Values: []string{value}}
}

// lookalike is what a scanner must not call a secret.
type lookalike struct {
	id       string
	names    string
	value    func(*maker) string
	carriers string
	whole    func(*maker) (path, text string) // a file of its own form
}

func (g *maker) lookalike(k lookalike, n int) Item {
	it := Item{Kind: k.id}
	if k.whole != nil {
		path, text := k.whole(g)
		it.Path, it.Data, it.Carrier = fmt.Sprintf("l%04d/%s", n, path), []byte(text), "own"
		return it
	}
	list := strings.Fields(k.carriers)
	if len(list) == 0 {
		list = strings.Fields("env js ts bundle python json yaml map compose go terraform log")
	}
	it.Carrier = g.pick(list...)
	path, text := g.carry(it.Carrier, g.pick(strings.Fields(k.names)...), k.value(g))
	it.Path, it.Data = fmt.Sprintf("l%04d/%s", n, path), []byte(text)
	return it
}
