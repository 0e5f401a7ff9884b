package dmarc

import (
	"context"
	"fmt"
	"strings"

	"github.com/launchready/launchready/mail"
)

// Result is the result of DMARC for one message (RFC 9989 section 5.3.5).
type Result string

// The results. TempError is a question without answer: the message neither
// passes nor fails (section 5.3.6).
const (
	ResultNone Result = "none" // DMARC does not apply
	Pass       Result = "pass"
	Fail       Result = "fail"
	TempError  Result = "temperror"
)

// Identifier is a domain that a mechanism authenticated, or failed to.
type Identifier struct {
	By     string // "spf" or "dkim"
	Domain string // of MAIL FROM (HELO where that is empty), or d= of a signature
	Pass   bool
}

// Alignment is what an identifier is to the author.
type Alignment struct {
	Identifier
	Mode         Mode
	Organization string // of the identifier, where it had to be found
	Aligned      bool
	Why          string
}

// Message is what DMARC needs to know of a message.
type Message struct {
	From        []string // the domains of the From field
	Identifiers []Identifier
}

// Evaluation is the decision on a message.
type Evaluation struct {
	Result      Result
	Policy      *Discovery
	Alignments  []Alignment
	Disposition Policy // what is asked to be done with the message; None for a pass
	Percent     int    // of failing messages that Disposition is for (pct of RFC 7489)
	Otherwise   Policy // for the others
	Why         string
}

// mostIdentifiers bounds how many signatures of one message cause questions.
const mostIdentifiers = 20

// Evaluate decides on a message (RFC 9989 section 5.3, RFC 7489 section 6.6.2).
func Evaluate(ctx context.Context, r mail.Resolver, m Message, by Standard) *Evaluation {
	e := &Evaluation{Result: ResultNone, Disposition: None, Otherwise: None, Percent: 100}
	author, why := single(m.From)
	if author == "" {
		e.Why = why
		return e
	}
	memo := mail.NewMemo(r)
	d := Discover(ctx, memo, author, by)
	e.Policy = d
	switch {
	case d.Err != nil:
		e.Result, e.Why = TempError, d.Why
		return e
	case !d.Applies():
		e.Why = d.Why
		return e
	}
	var failed error
	passed := false
	for _, id := range m.Identifiers[:min(len(m.Identifiers), mostIdentifiers)] {
		a, err := align(ctx, memo, d, id)
		if err != nil {
			failed = err
		}
		e.Alignments = append(e.Alignments, a)
		passed = passed || a.Aligned
	}
	switch {
	case passed:
		e.Result, e.Why = Pass, "An authenticated domain is aligned with "+d.Domain+"."
		return e
	case failed != nil:
		e.Result, e.Why = TempError, "A question had no answer: "+failed.Error()
		return e
	}
	e.Result = Fail
	e.Disposition, e.Otherwise = d.Policy, d.Policy
	e.Why = fmt.Sprintf("No authenticated domain is aligned with %s, whose policy is %s.", d.Domain, d.Policy)
	switch {
	case by == RFC9989 && d.Record.Testing && d.Policy != None:
		// t=y asks for one level less (section 4.7).
		e.Disposition, e.Otherwise = d.Policy.Lower(), d.Policy.Lower()
		e.Why += " It is being tested (t=y), so one level less is asked for."
	case by == RFC7489 && d.Policy != None:
		e.Percent, e.Otherwise = d.Record.Percent, d.Policy.Lower() // section 6.6.4
	}
	return e
}

// single is the one domain of the From field; with none or several DMARC does
// not apply (section 5.3.1).
func single(from []string) (domain, why string) {
	for _, f := range from {
		name, err := mail.Domain(f)
		switch {
		case err != nil:
			return "", "The From field holds no domain that DMARC can look up: " + err.Error()
		case domain != "" && name != domain:
			return "", "The From field holds more than one domain."
		}
		domain = name
	}
	if domain == "" {
		return "", "The From field holds no domain."
	}
	return domain, ""
}

// align compares an identifier with the author (sections 4.4 and 4.10.2).
func align(ctx context.Context, r mail.Resolver, d *Discovery, id Identifier) (Alignment, error) {
	a := Alignment{Identifier: id, Mode: d.Record.DKIM}
	if id.By == "spf" {
		a.Mode = d.Record.SPF
	}
	name, err := mail.Domain(id.Domain)
	switch {
	case !id.Pass:
		a.Why = "It did not pass."
		return a, nil
	case err != nil:
		a.Why = "It is no domain."
		return a, nil
	case name == d.Domain:
		a.Aligned, a.Why = true, "It is the author's domain."
		return a, nil
	case a.Mode == Strict:
		a.Why = "It is another domain, and alignment is strict."
		return a, nil
	}
	if d.Standard == RFC7489 {
		a.Organization = BySuffix(name)
	} else {
		other := Discover(ctx, r, name, d.Standard)
		if other.Err != nil {
			a.Why = other.Why
			return a, other.Err
		}
		a.Organization = other.Organization
	}
	a.Aligned = strings.EqualFold(a.Organization, d.Organization)
	a.Why = fmt.Sprintf("Its organisation is %s, that of the author %s.", a.Organization, d.Organization)
	return a, nil
}
