package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/launchready/launchready/mail"
)

// evaluation is the state of one check_host with all that it includes.
type evaluation struct {
	Request
	r            mail.Resolver
	ip           netip.Addr
	local        string
	senderDomain string
	lookups      int
	voids        int
	questions    *[]Question       // of the step that is being evaluated
	reversed     bool              // the PTR records were asked for
	reverse      []string          // and are these
	clients      map[string]string // %{p} by domain
}

// frame is the record that is being evaluated.
type frame struct{ domain string }

// stop ends the whole check with an error result (sections 2.6.6 and 2.6.7).
type stop struct {
	result Result
	why    string
}

func (s *stop) Error() string { return s.why }

func permanent(format string, args ...any) error {
	return &stop{PermError, fmt.Sprintf(format, args...)}
}

// check evaluates the record of a domain. The text is its explanation, fetched
// only where the result is fail.
func (e *evaluation) check(ctx context.Context, domain string) (*Trace, string) {
	domain = ascii(strings.TrimSuffix(domain, "."))
	t := &Trace{Domain: domain}
	lookups, voids := e.lookups, e.voids
	text := e.evaluate(ctx, t)
	t.Lookups, t.Voids = e.lookups-lookups, e.voids-voids
	return t, text
}

func (e *evaluation) evaluate(ctx context.Context, t *Trace) (explanation string) {
	if !mail.Fits(t.Domain) || !strings.Contains(t.Domain, ".") {
		t.Result, t.Why = None, fmt.Sprintf("%q is no domain with a record (section 4.3)", clip(t.Domain))
		return ""
	}
	e.questions = &t.Questions
	txt, err := e.record(ctx, t.Domain)
	if err != nil {
		t.end(err)
		return ""
	}
	if txt == nil {
		t.Result, t.Why = None, t.Domain+" has no SPF record (section 4.5)"
		return ""
	}
	t.Record = *txt
	record, errs := Parse(*txt)
	if len(errs) > 0 {
		t.Result, t.Why = PermError, fmt.Sprintf("the record of %s: %s", t.Domain, errs[0])
		return ""
	}
	at := frame{t.Domain}
	for _, term := range record.Terms {
		if term.Modifier {
			continue
		}
		matched, err := e.step(ctx, t, term, at)
		if err != nil {
			t.end(err)
			return ""
		}
		if matched {
			t.Result = term.Qualifier.Result()
			t.Why = fmt.Sprintf("%s matches in the record of %s", term.Text, t.Domain)
			if t.Result == Fail {
				return e.explain(ctx, t, record, at)
			}
			return ""
		}
	}
	if redirect := record.Find(Redirect); redirect != nil && record.Find(All) == nil { // section 6.1
		return e.redirect(ctx, t, *redirect, at)
	}
	t.Result, t.Why = Neutral, "nothing in the record of "+t.Domain+" matches (section 4.7)"
	return ""
}

func (t *Trace) end(err error) {
	if s, ok := err.(*stop); ok { //nolint:errorlint // made here, never wrapped
		t.Result, t.Why = s.result, s.why
		return
	}
	t.Result, t.Why = TempError, err.Error()
}

// record finds the one SPF record of a domain (section 4.5), nil where it has none.
func (e *evaluation) record(ctx context.Context, domain string) (*string, error) {
	a, err := e.ask(ctx, domain, mail.TXT, false)
	if err != nil {
		return nil, err
	}
	var found *string
	for _, txt := range a.Texts() {
		if !IsRecord(txt) {
			continue
		}
		if found != nil {
			return nil, permanent("%s has more than one SPF record (section 4.5)", domain)
		}
		found = &txt
	}
	return found, nil
}

// ask puts a question and records it; counted ones are measured against the
// limit of void lookups.
func (e *evaluation) ask(ctx context.Context, name string, t mail.Type, counted bool) (mail.Answer, error) {
	a, err := mail.Ask(ctx, e.r, name, t)
	q := Question{Name: name, Type: t}
	switch {
	case err != nil:
		q.Answer = err.Error()
	case a.Missing():
		q.Answer = a.Code.String()
	case a.Void():
		q.Answer = "no data"
	case len(a.Records) == 1:
		q.Answer = "1 record"
	default:
		q.Answer = fmt.Sprintf("%d records", len(a.Records))
	}
	q.Void = err == nil && counted && a.Void()
	*e.questions = append(*e.questions, q)
	if err != nil {
		return a, &stop{TempError, err.Error()}
	}
	if q.Void {
		if e.voids++; e.voids > MostVoids {
			return a, permanent("more than %d lookups had no result, the last for %s (section 4.6.4)", MostVoids, name)
		}
	}
	return a, nil
}

// step evaluates one directive and notes it.
func (e *evaluation) step(ctx context.Context, t *Trace, term Term, at frame) (bool, error) {
	s := Step{Term: term}
	lookups, voids := e.lookups, e.voids
	e.questions = &s.Questions
	matched, err := e.match(ctx, &s, at)
	s.Matched = matched && err == nil
	if err != nil {
		s.Why = err.Error()
	}
	s.Lookups, s.Voids = e.lookups-lookups, e.voids-voids
	t.Steps = append(t.Steps, s)
	return s.Matched, err
}

func (e *evaluation) charge(s *Step) error {
	s.Cost = 1
	if e.lookups++; e.lookups > MostLookups {
		return permanent("%s is the term number %d that asks the DNS; %d are allowed (section 4.6.4)", s.Term.Text, e.lookups, MostLookups)
	}
	return nil
}

// redirect replaces the result by that of another domain (section 6.1).
func (e *evaluation) redirect(ctx context.Context, t *Trace, term Term, at frame) string {
	s := Step{Term: term}
	lookups, voids := e.lookups, e.voids
	e.questions = &s.Questions
	var text string
	err := e.charge(&s)
	if err == nil {
		s.Target = e.target(ctx, term, at)
		s.Below, text = e.check(ctx, s.Target)
		t.Result, t.Why = s.Below.Result, s.Below.Why
		if t.Result == None {
			err = permanent("redirect= of %s leads to %s, which has no SPF record (section 6.1)", t.Domain, clip(s.Target))
		}
	}
	if err != nil {
		s.Why = err.Error()
		t.end(err)
	}
	s.Lookups, s.Voids = e.lookups-lookups, e.voids-voids
	t.Steps = append(t.Steps, s)
	return text
}

// explain fetches the explanation. Whatever goes wrong, there is none then
// (section 6.2); it costs nothing.
func (e *evaluation) explain(ctx context.Context, t *Trace, record *Record, at frame) string {
	exp := record.Find(Exp)
	if exp == nil {
		return ""
	}
	s := Step{Term: *exp}
	e.questions = &s.Questions
	s.Target = e.target(ctx, *exp, at)
	text, why := e.explanation(ctx, s.Target, at)
	s.Why = why
	t.Steps = append(t.Steps, s)
	return text
}

func (e *evaluation) explanation(ctx context.Context, name string, at frame) (text, why string) {
	if !mail.Fits(name) {
		return "", "no name to ask for"
	}
	a, err := e.ask(ctx, name, mail.TXT, false)
	if err != nil {
		return "", err.Error()
	}
	texts := a.Texts()
	if len(texts) != 1 {
		return "", fmt.Sprintf("%d TXT records, not one", len(texts))
	}
	for i := range len(texts[0]) {
		if c := texts[0][i]; c < ' ' || c > '~' {
			return "", "it holds other than ASCII text"
		}
	}
	m, bad := parseMacros(texts[0], true)
	if bad != nil {
		return "", bad.Error()
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' { // what the sender wrote must not break a line of SMTP
			return '?'
		}
		return r
	}, e.expand(ctx, m, at)), "fetched"
}

// target is the domain of a term: its domain-spec expanded, or the domain that
// is checked. Too long a name loses labels from the left (section 7.3).
func (e *evaluation) target(ctx context.Context, term Term, at frame) string {
	if term.spec == nil {
		return at.domain
	}
	name := strings.TrimSuffix(e.expand(ctx, term.spec, at), ".")
	for len(name) > 253 {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		name = rest
	}
	return name
}

// ascii writes an internationalised domain with A-labels (section 4.3); what
// cannot be written so is left, and found malformed.
func ascii(domain string) string {
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			if out, err := idna.Lookup.ToASCII(domain); err == nil {
				return out
			}
			return ""
		}
	}
	return domain
}
