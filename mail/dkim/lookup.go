package dkim

import (
	"context"
	"fmt"

	"github.com/launchready/launchready/mail"
)

// State is what stands at a selector.
type State int

// The states. Unknown is a question without answer: nothing is proved.
const (
	Unknown  State = iota
	Found          // one key record, sound or not
	Absent         // nothing there, by the word of the server
	Multiple       // more than one record, which verifiers may take as none
	NoKey          // records, but none that means to be a key
)

func (s State) String() string {
	return [...]string{"unknown", "found", "absent", "multiple", "no key"}[s]
}

// Selector is what was found at one selector of a domain.
type Selector struct {
	Name  string // that was asked
	State State
	Key   *Key     // where State is Found
	Chain []string // the names that CNAME records led to
	Gone  bool     // Absent because the last name of the chain does not exist
	Err   error    // where State is Unknown
}

// Name is where the key of a selector stands (RFC 6376 section 3.6.2.1).
func Name(selector, domain string) string { return selector + "._domainkey." + domain }

// Ask looks up the key of a selector.
func Ask(ctx context.Context, r mail.Resolver, domain, selector string) *Selector {
	s := &Selector{Name: Name(selector, domain)}
	name, err := mail.Domain(s.Name)
	if err != nil {
		s.State = Absent // no such name can exist
		return s
	}
	s.Name = name
	a, err := mail.Ask(ctx, r, name, mail.TXT)
	s.Chain = a.Chain
	if err != nil {
		s.Err = err
		return s
	}
	var keys []string
	for _, txt := range a.Texts() {
		if IsKey(txt) {
			keys = append(keys, txt)
		}
	}
	switch {
	case a.Void():
		s.State, s.Gone = Absent, a.Missing() && len(a.Chain) > 0
	case len(a.Records) > 1 && len(keys) > 0:
		s.State = Multiple // section 3.6.2.2: the result is undefined
	case len(keys) == 0:
		s.State = NoKey
	default:
		s.State, s.Key = Found, ParseKey(keys[0])
	}
	return s
}

// NoneAtAll asks whether a domain can have any selector. True is a proof: the
// name _domainkey does not exist, so nothing exists below it (RFC 8020). False
// proves nothing. A server that answers NXDOMAIN for a name with names below it
// breaks the proof; ask for a known selector before relying on it.
func NoneAtAll(ctx context.Context, r mail.Resolver, domain string) (bool, error) {
	name, err := mail.Domain("_domainkey." + domain)
	if err != nil {
		return false, fmt.Errorf("ask for selectors of %s: %w", clip(domain), err)
	}
	a, err := mail.Ask(ctx, r, name, mail.TXT)
	if err != nil {
		return false, fmt.Errorf("ask for selectors of %s: %w", domain, err)
	}
	return a.Missing() && len(a.Chain) == 0, nil
}
