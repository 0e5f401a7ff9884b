// Package redact takes credentials out of text before anyone sees it. It knows
// two ways: every secret that was registered, in the encodings it travels in,
// and the shapes that credentials have. What is left is still evidence: header
// and field names, schemes, cookie attributes, the algorithm of a token,
// e-mail addresses and the run's own canaries stay.
package redact

import (
	"regexp"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	lr "github.com/launchready/launchready"
)

// Mark stands where a secret was.
const Mark = "[secret]"

// withheld stands where a check has left a value out of the evidence itself. It is
// the one mark with a blank in it.
const withheld = "[value withheld]"

// shortest is the least length of a registered secret that is looked for: a
// shorter one is no secret, and taking it out would take the text apart.
const shortest = 4

// What no rule touches: a mark, so that redaction is idempotent, and a canary
// (in the form that package oracle mints), because canaries decide.
var (
	marks    = regexp.MustCompile(`\[(?:secret|key|value withheld|jwt(?::[A-Za-z0-9-]{1,16})?)\]`)
	canaries = regexp.MustCompile(`lr1(?:-[0-9a-z]{1,16}-[0-9a-z]{1,16}-[0-9]{1,9}-)?[0-9a-f]{24}`)
)

// Masked reports a text that has a mark in a secret's place.
func Masked(s string) bool { return marks.MatchString(s) }

// Redactor removes credentials from text. The zero value and nil know shapes
// only. It is safe for concurrent use.
type Redactor struct {
	mu    sync.Mutex
	forms map[string]struct{}
	known atomic.Pointer[strings.Replacer]
}

// New returns a redactor that knows the secrets.
func New(secrets ...lr.Secret) *Redactor {
	r := &Redactor{}
	r.Add(secrets...)
	return r
}

// Add registers more secrets: a token that was renewed, a password that a spare
// user got. Text redacted from now on is free of them.
func (r *Redactor) Add(secrets ...lr.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forms == nil {
		r.forms = map[string]struct{}{}
	}
	before := len(r.forms)
	for _, s := range secrets {
		v := s.Reveal()
		if len(v) < shortest || isKept(v) {
			continue
		}
		for _, f := range Forms(v) {
			r.forms[f.Text] = struct{}{}
		}
	}
	if len(r.forms) == before {
		return
	}
	// The Replacer prefers earlier pairs: longest first makes it leftmost-longest.
	list := make([]string, 0, len(r.forms))
	for f := range r.forms {
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool {
		if len(list[i]) != len(list[j]) {
			return len(list[i]) > len(list[j])
		}
		return list[i] < list[j]
	})
	pairs := make([]string, 0, 2*len(list))
	for _, f := range list {
		pairs = append(pairs, f, Mark)
	}
	r.known.Store(strings.NewReplacer(pairs...))
}

// String returns s without credentials.
func (r *Redactor) String(s string) string {
	if s == "" {
		return s
	}
	return shapes(r.registered(s))
}

// Bytes returns a copy of b without credentials.
func (r *Redactor) Bytes(b []byte) []byte { return []byte(r.String(string(b))) }

// Strings returns a copy of the list with each string redacted.
func (r *Redactor) Strings(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = r.String(s)
	}
	return out
}

// registered replaces the registered secrets, between what is kept.
func (r *Redactor) registered(s string) string {
	if r == nil {
		return s
	}
	known := r.known.Load()
	if known == nil {
		return s
	}
	return between(s, known.Replace)
}

// between applies f to the parts of s that are not kept.
func between(s string, f func(string) string) string {
	spans := keptSpans(s)
	if len(spans) == 0 {
		return f(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	at := 0
	for _, sp := range spans {
		b.WriteString(f(s[at:sp[0]]))
		b.WriteString(s[sp[0]:sp[1]])
		at = sp[1]
	}
	b.WriteString(f(s[at:]))
	return b.String()
}

// keptSpans lists what is kept, in order. A mark and a canary cannot overlap.
func keptSpans(s string) [][]int {
	spans := append(marks.FindAllStringIndex(s, -1), canaries.FindAllStringIndex(s, -1)...)
	sort.Slice(spans, func(i, j int) bool { return spans[i][0] < spans[j][0] })
	return spans
}

func isKept(s string) bool {
	spans := keptSpans(s)
	return len(spans) == 1 && spans[0][0] == 0 && spans[0][1] == len(s)
}
