package spf

import (
	"context"
	"fmt"
	"strings"

	"github.com/launchready/launchready/mail"
)

// match evaluates one mechanism (section 5).
func (e *evaluation) match(ctx context.Context, s *Step, at frame) (bool, error) {
	term := s.Term
	if term.Costs() {
		if err := e.charge(s); err != nil {
			return false, err
		}
		s.Target = e.target(ctx, term, at)
	}
	switch term.Kind {
	case All:
		return true, nil
	case IP4, IP6:
		return term.Prefix.Addr().Is4() == e.ip.Is4() && term.Prefix.Contains(e.ip), nil
	case Include:
		return e.include(ctx, s)
	case A:
		return e.addresses(ctx, s.Target, term)
	case MX:
		return e.exchangers(ctx, s)
	case Exists:
		if !mail.Fits(s.Target) {
			return false, nil
		}
		a, err := e.ask(ctx, s.Target, mail.A, true) // A for IPv6 clients too (section 5.7)
		return err == nil && len(a.Records) > 0, err
	case PTR:
		return e.pointers(ctx, s)
	}
	return false, permanent("no mechanism is called %q", term.Kind)
}

// include matches where the other domain's record passes (section 5.2).
func (e *evaluation) include(ctx context.Context, s *Step) (bool, error) {
	s.Below, _ = e.check(ctx, s.Target)
	e.questions = &s.Questions
	switch s.Below.Result {
	case Pass:
		s.Why = s.Below.Why
		return true, nil
	case Fail, SoftFail, Neutral:
		s.Why = fmt.Sprintf("the record there gives %s, which is no match", s.Below.Result)
		return false, nil
	case None:
		return false, permanent("include:%s has no SPF record (section 5.2)", clip(s.Target))
	}
	return false, &stop{s.Below.Result, s.Below.Why}
}

func (e *evaluation) family() mail.Type {
	if e.ip.Is4() {
		return mail.A
	}
	return mail.AAAA
}

// addresses compares the client with the addresses of a name (section 5.3).
func (e *evaluation) addresses(ctx context.Context, name string, term Term) (bool, error) {
	if !mail.Fits(name) {
		return false, nil
	}
	a, err := e.ask(ctx, name, e.family(), true)
	if err != nil {
		return false, err
	}
	n := term.Bits4
	if !e.ip.Is4() {
		n = term.Bits6
	}
	for _, r := range a.Records {
		if p, err := r.Addr.Prefix(n); err == nil && p.Contains(e.ip) {
			return true, nil
		}
	}
	return false, nil
}

// exchangers compares with the hosts that take mail for a name (section 5.4).
func (e *evaluation) exchangers(ctx context.Context, s *Step) (bool, error) {
	if !mail.Fits(s.Target) {
		return false, nil
	}
	a, err := e.ask(ctx, s.Target, mail.MX, true)
	if err != nil {
		return false, err
	}
	if len(a.Records) > MostAddresses {
		return false, permanent("%s has %d MX records; %d may be looked at (section 4.6.4)", s.Target, len(a.Records), MostAddresses)
	}
	for _, r := range a.Records {
		if matched, err := e.addresses(ctx, r.Host, s.Term); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

// pointers matches where a validated name of the client is in the target domain
// (section 5.5). An error there is no match, never an error of the check.
func (e *evaluation) pointers(ctx context.Context, s *Step) (bool, error) {
	names, err := e.names(ctx, true)
	if err != nil {
		if end, ok := err.(*stop); ok && end.result == PermError { //nolint:errorlint // made here, never wrapped
			return false, err
		}
		s.Why = "the address could not be looked up: " + err.Error()
		return false, nil
	}
	for _, name := range names {
		if within(name, s.Target) && e.validated(ctx, name) {
			s.Why = "the client is " + name
			return true, nil
		}
	}
	return false, nil
}

// clientName is %{p}: the validated name of the client, best the domain itself,
// then one below it (section 7.3).
func (e *evaluation) clientName(ctx context.Context, domain string) string {
	if name, ok := e.clients[domain]; ok {
		return name
	}
	if e.clients == nil {
		e.clients = map[string]string{}
	}
	name := "unknown"
	defer func() { e.clients[domain] = name }()
	names, err := e.names(ctx, false)
	if err != nil {
		return name
	}
	best := 0
	for _, n := range names {
		rank := 1
		switch {
		case strings.EqualFold(n, domain):
			rank = 3
		case within(n, domain):
			rank = 2
		}
		if rank > best && e.validated(ctx, n) {
			name, best = n, rank
		}
	}
	return name
}

// validated reports that a name leads back to the client.
func (e *evaluation) validated(ctx context.Context, name string) bool {
	if !mail.Fits(name) {
		return false
	}
	a, err := e.ask(ctx, name, e.family(), false)
	if err != nil {
		return false
	}
	for _, r := range a.Records {
		if r.Addr == e.ip {
			return true
		}
	}
	return false
}

// names are those that the client's address leads to, asked for once a check.
// Those past the limit are ignored (section 4.6.4).
func (e *evaluation) names(ctx context.Context, counted bool) ([]string, error) {
	if e.reversed {
		return e.reverse, nil
	}
	a, err := e.ask(ctx, mail.Reverse(e.ip), mail.PTR, counted)
	if err != nil {
		return nil, err
	}
	e.reversed = true
	for _, r := range a.Records[:min(len(a.Records), MostAddresses)] {
		e.reverse = append(e.reverse, r.Host)
	}
	return e.reverse, nil
}

// within reports that a name is the domain or below it.
func within(name, domain string) bool {
	name, domain = strings.ToLower(name), strings.ToLower(domain)
	return name == domain || strings.HasSuffix(name, "."+domain)
}
