package https

import (
	"context"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var caa = &lr.Check{
	ID:    "https/caa",
	Title: "The domain says which authorities may issue certificates for it",
	Why: "Without a CAA record any of a hundred authorities may issue for the domain, and whoever fools one of them has a valid certificate. " +
		"With one, all others have to refuse. It costs a line.",
	Fix: "Add a CAA record for each authority that you use, and one that forbids wildcards where you have none: `0 issue \"letsencrypt.org\"`, `0 issuewild \";\"`, and `0 iodef \"mailto:security@…\"`. " +
		"First look at who issued the certificates of every host, those of CDNs and hosting included: https/caa-issuer does.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfcCAA, {Source: "RFC", ID: "8657"}, mvspTransport},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		name := t.Target.Domain.Name
		set, err := permits(ctx, c, name)
		if err != nil {
			t.Unknown(name, "%v", err)
			return stops(ctx, err)
		}
		switch {
		case len(set.Records) == 0:
			t.Fail(said(name+". CAA: no such record, at none of the names above either"), name, "any authority may issue certificates for %s", name)
		case !set.Issue && !set.Wild:
			t.Fail(said(set.Lines...), name, "its CAA records name no authority, so that any may issue: add one with the tag issue")
		default:
			t.Pass(said(set.Lines...), name, "it may be issued for by %s", strings.Join(orNobody(set.Allowed), ", "))
		}
		return nil
	},
}

// permission is the set of CAA records that counts for a name (RFC 8659 section 3).
type permission struct {
	At      string
	Records []*wire.CAA
	Lines   []string
	Issue   bool     // a record has the tag issue
	Wild    bool     // a record has the tag issuewild
	Allowed []string // domains of authorities, of issue
	Wildly  []string // likewise, of issuewild
	Odd     bool     // a critical tag that is not known forbids everything (RFC 8659 section 4.5)
}

// permits climbs from a name to the first with CAA records.
func permits(ctx context.Context, c *dns.Client, name string) (*permission, error) {
	for at := name; at != ""; at = dns.Parent(at) {
		a, err := c.Ask(ctx, at, wire.TypeCAA)
		if err == nil {
			err = a.Err()
		}
		if err != nil {
			return nil, err
		}
		if len(a.Records) == 0 {
			continue
		}
		p := &permission{At: at, Lines: lines(a)}
		for _, rr := range a.Records {
			if rr, ok := rr.(*wire.CAA); ok {
				p.add(rr)
			}
		}
		return p, nil
	}
	return &permission{}, nil
}

func (p *permission) add(rr *wire.CAA) {
	p.Records = append(p.Records, rr)
	domain, _, _ := strings.Cut(rr.Value, ";")
	domain = strings.ToLower(strings.TrimSpace(domain))
	switch tag := strings.ToLower(rr.Tag); {
	case tag == "issue":
		p.Issue = true
		if domain != "" {
			p.Allowed = append(p.Allowed, domain)
		}
	case tag == "issuewild":
		p.Wild = true
		if domain != "" {
			p.Wildly = append(p.Wildly, domain)
		}
	case tag == "iodef" || tag == "contactemail" || tag == "contactphone" || tag == "issuemail" || tag == "issuevmc":
	case rr.Flag&128 != 0:
		p.Odd = true
	}
}

// of are the authorities that may issue, for a wildcard or for a name; any says that
// nothing bounds them.
func (p *permission) of(wildcard bool) (list []string, any bool) {
	switch {
	case p.Odd:
		return nil, false
	case wildcard && p.Wild:
		return p.Wildly, false
	case p.Issue:
		return p.Allowed, false
	}
	return nil, true
}

func orNobody(list []string) []string {
	if len(list) == 0 {
		return []string{"nobody"}
	}
	return list
}
