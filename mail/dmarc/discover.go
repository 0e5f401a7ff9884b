package dmarc

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/launchready/launchready/mail"
)

// Source is where the record that applies stands in relation to the author.
type Source string

// The sources, in the order of preference (RFC 9989 section 4.10.1).
const (
	Nowhere        Source = ""
	Author         Source = "author domain"
	Organizational Source = "organizational domain"
	PublicSuffix   Source = "public suffix domain"
)

// Query is one look at a _dmarc name.
type Query struct {
	Domain string  // without the label _dmarc
	Found  int     // how many DMARC records stand there
	Record *Record // where it is exactly one
	Other  int     // TXT records that are no DMARC record
	Err    error   // the question had no answer
}

// Discovery is how a reader finds the policy for mail from one domain.
type Discovery struct {
	Standard     Standard
	Domain       string
	Queries      []Query
	Organization string // the organizational domain
	Source       Source
	At           string // the domain that the record was found at
	Record       *Record
	Policy       Policy // requested for Domain; NoPolicy where DMARC does not apply
	Tag          string // "p", "sp" or "np": where Policy comes from
	Why          string // one sentence
	Err          error  // a question had no answer: nothing above is certain
}

// Applies reports that DMARC applies to mail from the domain.
func (d *Discovery) Applies() bool { return d.Err == nil && d.Policy != NoPolicy }

// Conflicts are the domains with more than one DMARC record, which count as none.
func (d *Discovery) Conflicts() []string {
	var out []string
	for _, q := range d.Queries {
		if q.Found > 1 {
			out = append(out, q.Domain)
		}
	}
	return out
}

// Discover finds the policy that applies to mail whose author is at the domain,
// and the organisation that the domain belongs to.
func Discover(ctx context.Context, r mail.Resolver, domain string, by Standard) *Discovery {
	d := &Discovery{Standard: by, Domain: domain}
	name, err := mail.Domain(domain)
	if err != nil {
		d.Why, d.Organization = err.Error(), domain
		return d
	}
	d.Domain = name
	if by == RFC7489 {
		d.bySuffix(ctx, r)
	} else {
		d.byWalk(ctx, r)
	}
	if d.Err != nil {
		d.Record, d.Source, d.At = nil, Nowhere, ""
		d.Why = "A question had no answer: " + d.Err.Error()
		return d
	}
	d.choose(ctx, r)
	return d
}

// Targets are the domains that the tree walk looks at, at most eight (RFC 9989
// section 4.10).
func Targets(domain string) []string {
	labels := strings.Split(domain, ".")
	out := []string{domain}
	for n := min(len(labels)-1, 7); n > 0; n-- {
		out = append(out, strings.Join(labels[len(labels)-n:], "."))
	}
	return out
}

// look asks for the record of one domain.
func (d *Discovery) look(ctx context.Context, r mail.Resolver, domain string) Query {
	q := Query{Domain: domain}
	name := "_dmarc." + domain
	if !mail.Fits(name) {
		d.Queries = append(d.Queries, q)
		return q
	}
	a, err := mail.Ask(ctx, r, name, mail.TXT)
	if err != nil {
		q.Err, d.Err = err, err
	}
	for _, txt := range a.Texts() {
		record, ok := Parse(txt)
		if !ok {
			q.Other++
			continue
		}
		q.Found++
		q.Record = record
	}
	if q.Found > 1 {
		q.Record = nil // all are discarded (step 2)
	}
	d.Queries = append(d.Queries, q)
	return q
}

// byWalk is the DNS Tree Walk (RFC 9989 section 4.10).
func (d *Discovery) byWalk(ctx context.Context, r mail.Resolver) {
	for _, domain := range Targets(d.Domain) {
		q := d.look(ctx, r, domain)
		if q.Err != nil {
			return
		}
		if q.Record != nil && q.Record.PSD != PSDUnknown {
			break
		}
	}
	d.Organization = d.organization()
	for _, want := range []Source{Author, Organizational, PublicSuffix} {
		for _, q := range d.Queries {
			if q.Record != nil && (want == Author && q.Domain == d.Domain ||
				want == Organizational && q.Domain == d.Organization && q.Domain != d.Domain ||
				want == PublicSuffix && q.Record.PSD == PSDYes && q.Domain != d.Domain) {
				d.Source, d.At, d.Record = want, q.Domain, q.Record
				return
			}
		}
	}
}

// organization selects the Organizational Domain from what the walk found, from
// the longest name to the shortest (RFC 9989 section 4.10.2).
func (d *Discovery) organization() string {
	shortest := d.Domain
	for _, q := range d.Queries {
		switch {
		case q.Record == nil:
			continue
		case q.Record.PSD == PSDNo:
			return q.Domain
		case q.Record.PSD == PSDYes && q.Domain != d.Domain:
			return d.below(q.Domain)
		}
		shortest = q.Domain
	}
	return shortest
}

// below is the domain one label longer than a suffix of the domain.
func (d *Discovery) below(suffix string) string {
	rest := strings.TrimSuffix(d.Domain, "."+suffix)
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + suffix
}

// bySuffix is the discovery of RFC 7489 section 6.6.3.
func (d *Discovery) bySuffix(ctx context.Context, r mail.Resolver) {
	d.Organization = BySuffix(d.Domain)
	q := d.look(ctx, r, d.Domain)
	d.Source = Author
	if q.Err == nil && q.Found == 0 && d.Organization != d.Domain {
		q = d.look(ctx, r, d.Organization)
		d.Source = Organizational
	}
	if q.Record == nil {
		d.Source = Nowhere
		return
	}
	d.At, d.Record = q.Domain, q.Record
}

// BySuffix is the organizational domain as RFC 7489 section 3.2 finds it: one
// label below the public suffix.
func BySuffix(domain string) string {
	if out, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return out
	}
	return domain
}

// choose takes the policy for the domain out of the record.
func (d *Discovery) choose(ctx context.Context, r mail.Resolver) {
	switch {
	case d.Record == nil && len(d.Conflicts()) > 0:
		d.Why = fmt.Sprintf("%s has more than one DMARC record; all are discarded.", d.Conflicts()[0])
		return
	case d.Record == nil:
		d.Why = "No DMARC record applies to " + d.Domain + "."
		return
	}
	rec := d.Record
	old := d.Standard == RFC7489
	spoiled := rec.spoiled || rec.Policy == NoPolicy // RFC 9989 section 4.10.1
	if old {
		// Its readers know no np, and need a p in the second place (section 6.4).
		spoiled = rec.bad7489()
	}
	if spoiled {
		if len(rec.Aggregate) == 0 {
			d.Why = "The record has no valid policy and no address for reports, so no DMARC is applied."
			return
		}
		d.Policy, d.Tag = None, "p"
		d.Why = "The record has no valid policy, so it is read as p=none."
		return
	}
	d.Policy, d.Tag = rec.Policy, "p"
	if d.At != d.Domain {
		if rec.Subdomains != NoPolicy {
			d.Policy, d.Tag = rec.Subdomains, "sp"
		}
		if rec.NonExistent != NoPolicy && !old {
			exists, err := Exists(ctx, r, d.Domain)
			if err != nil {
				d.Err, d.Policy, d.Tag = err, NoPolicy, ""
				d.Why = "Whether the domain exists could not be asked: " + err.Error()
				return
			}
			if !exists {
				d.Policy, d.Tag = rec.NonExistent, "np"
			}
		}
	}
	d.Why = fmt.Sprintf("The record of %s (%s) asks for %s by %s.", d.At, d.Source, d.Policy, d.Tag)
}

// bad7489 is section 6.6.3 number 6 of RFC 7489 with its grammar of section 6.4.
func (r *Record) bad7489() bool {
	if r.Policy == NoPolicy || !r.second {
		return true
	}
	for _, t := range r.Tags {
		if strings.EqualFold(t.Name, "sp") && r.Subdomains == NoPolicy {
			return true
		}
	}
	return false
}

// Exists reports whether a domain exists: anything but NXDOMAIN says so (RFC 9989
// section 3.2.13, RFC 8020).
func Exists(ctx context.Context, r mail.Resolver, domain string) (bool, error) {
	a, err := mail.Ask(ctx, r, domain, mail.A)
	return err == nil && (!a.Missing() || len(a.Chain) > 0), err
}
