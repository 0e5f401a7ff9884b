package dmarc

import (
	"context"
	"fmt"

	"github.com/launchready/launchready/mail"
)

// Consent is whether a destination of reports agreed to take them.
type Consent int

// The answers. Unknown is a question without answer.
const (
	Unknown  Consent = iota
	Inside           // the same organisation: nobody has to agree
	Given            // the destination publishes that it takes them
	Withheld         // it does not, so senders must not send there
)

func (c Consent) String() string {
	return [...]string{"unknown", "inside", "given", "withheld"}[c]
}

// Destination is an address of rua or ruf and whether reports may go there.
type Destination struct {
	URI     URI
	Tag     string // "rua" or "ruf"
	Consent Consent
	Asked   string // the name that was asked, "" for Inside
	Instead []URI  // where the destination wants them instead
	Why     string
}

// mostDestinations bounds the questions of one record.
const mostDestinations = 20

// Destinations asks, for each address of a record outside the organisation,
// whether its domain agreed (RFC 9990 section 4, RFC 7489 section 7.1). Domain is
// where the record was found. Addresses other than mailto: are not asked about.
func Destinations(ctx context.Context, r mail.Resolver, domain string, rec *Record, by Standard) []Destination {
	domain, err := mail.Domain(domain)
	if err != nil {
		return nil
	}
	memo := mail.NewMemo(r)
	home := Discover(ctx, memo, domain, by)
	var out []Destination
	for _, list := range []struct {
		tag  string
		uris []URI
	}{{"rua", rec.Aggregate}, {"ruf", rec.Forensic}} {
		for _, u := range list.uris {
			if u.Host == "" {
				continue
			}
			if len(out) == mostDestinations {
				return out
			}
			d := Destination{URI: u, Tag: list.tag}
			d.ask(ctx, memo, home)
			out = append(out, d)
		}
	}
	return out
}

func (d *Destination) ask(ctx context.Context, r mail.Resolver, home *Discovery) {
	if d.URI.Host == home.Domain {
		d.Consent, d.Why = Inside, "It is the domain itself."
		return
	}
	there := Discover(ctx, r, d.URI.Host, home.Standard)
	if home.Err == nil && there.Err == nil && there.Organization == home.Organization {
		d.Consent, d.Why = Inside, "It is in the same organisation, "+home.Organization+"."
		return
	}
	d.Asked = home.Domain + "._report._dmarc." + d.URI.Host
	if !mail.Fits(d.Asked) {
		d.Consent, d.Why = Withheld, "The name to ask is too long for the DNS."
		return
	}
	a, err := mail.Ask(ctx, r, d.Asked, mail.TXT)
	if err != nil {
		d.Why = "A question had no answer: " + err.Error()
		return
	}
	for _, txt := range a.Texts() {
		rec, ok := Parse(txt)
		if !ok {
			continue
		}
		d.Consent, d.Why = Given, d.Asked+" says so."
		instead := rec.Aggregate
		if d.Tag == "ruf" {
			instead = rec.Forensic
		}
		for _, u := range instead {
			if u.Host == d.URI.Host { // another host would be a way to bomb it
				d.Instead = append(d.Instead, u)
			}
		}
		return
	}
	if home.Err != nil || there.Err != nil {
		d.Why = "Whether it is the same organisation could not be asked."
		return
	}
	d.Consent = Withheld
	d.Why = fmt.Sprintf("%s has no record v=DMARC1, so nobody may send reports there.", d.Asked)
}
