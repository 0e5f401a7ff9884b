package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcAlignment = &lr.Check{
	ID:    "email/dmarc-alignment",
	Title: "Mail of every declared sender is aligned, by DKIM or by SPF",
	Why: "DMARC passes a message only where DKIM or SPF vouches for the very domain that the reader sees. A service that signs with its own domain passes DKIM and fails DMARC: " +
		"its mail is thrown away as soon as the policy is strict.",
	Fix: "Let the service sign with your domain (it shows a record or CNAME to publish), or send with a return path at your domain that its SPF names. " +
		"Where `adkim=s` or `aspf=s` stands and the service uses a subdomain, take it out.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9989", "4.4"), googleBulk},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		_, rec, err := record(ctx, t, t.Target.Domain.Name)
		if err != nil || rec == nil {
			return err
		}
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		if err := declaredAligned(ctx, t, rec, k); err != nil {
			return err
		}
		reported(t)
		if len(t.Target.Domain.Senders)+len(t.Target.Domain.Reports) == 0 {
			t.NotApplicable("neither a sender nor a DMARC report is known: name them under domain.mail")
		}
		return nil
	},
}

// declaredAligned judges each declared sender by what it could be aligned with.
func declaredAligned(ctx context.Context, t *lr.Trial, rec *dmarc.Record, k *keyring) error {
	r, err := resolver(ctx, t)
	if err != nil {
		return err
	}
	rep, err := inspection(ctx, t, t.Target.Domain.Name)
	if err != nil {
		return err
	}
	for _, text := range t.Target.Domain.Senders {
		s := sender(text)
		if key := k.of(s.service); key != nil && (rec.DKIM == dmarc.Relaxed || key.domain == t.Target.Domain.Name) {
			t.Pass(key.evidence(), text, "it signs as %s", key.domain)
			continue
		}
		c := coverage{why: "the domain has no SPF record"}
		if rep.Root != nil {
			c = covers(ctx, r, rep, s)
		}
		switch {
		case c.verdict == lr.Passed && !c.apart:
			t.Pass(facts(c.facts...), text, "it sends as the domain itself, and SPF passes: %s", c.why)
		case s.service != nil && !s.service.own && k.absent(s.service):
			t.Fail(facts(absences(k, s.service)...), text,
				"%s sends with a return path of its own, and the domain has none of its DKIM keys: its mail fails DMARC", s.service.name)
		case c.verdict == lr.Failed:
			t.Unknown(text, "SPF does not pass for it, and whether it signs as the domain is not known: give a message of it with --mail-sample")
		default:
			t.Unknown(text, "whether its mail is aligned is not known (%s): give a message of it with --mail-sample, or its selector", c.why)
		}
	}
	return nil
}

// of is a key that a service signs with.
func (k *keyring) of(p *provider) *selector {
	if p == nil {
		return nil
	}
	for _, s := range k.found() {
		if s.Key.Usable() && slices.Contains(p.selectors, s.label) {
			return s
		}
	}
	return nil
}

// absent reports a proof that a service has no key here.
func (k *keyring) absent(p *provider) bool {
	if k.none {
		return true
	}
	if !p.fixed {
		return false
	}
	n := 0
	for _, s := range k.asked {
		if slices.Contains(p.selectors, s.label) {
			if s.State != dkim.Absent && (s.State == dkim.Unknown || !k.wild(s)) {
				return false
			}
			n++
		}
	}
	return n > 0
}

func absences(k *keyring, p *provider) []string {
	var out []string
	for _, s := range k.asked {
		if slices.Contains(p.selectors, s.label) {
			out = append(out, s.Name+". TXT: "+s.State.String())
		}
	}
	if len(out) == 0 {
		out = append(out, "_domainkey: NXDOMAIN, so nothing exists below it (RFC 8020)")
	}
	return out
}

// leastFailing is from how much mail on a source counts: forwarders break a few.
const leastFailing = 10

// reported finds sources in the receivers' reports whose mail passes DKIM or SPF
// and is not aligned: a service of yours that is not set up. What passes neither
// may be a stranger, against whom DMARC is there.
func reported(t *lr.Trial) {
	own := t.Target.Domain.Name
	for _, file := range t.Target.Domain.Reports {
		rep, err := aggregate(file)
		if err != nil {
			t.Unknown("DMARC reports", "%v", err)
			continue
		}
		subject := "DMARC report of " + clip(rep.Organization)
		bad, good := map[string]int64{}, int64(0)
		for _, row := range rep.Rows {
			if !within(strings.ToLower(row.From), own) {
				continue
			}
			if row.DKIM == "pass" || row.SPF == "pass" {
				good += row.Count
				continue
			}
			if service := vouched(row); service != "" {
				bad[service] += row.Count
			}
		}
		failed := false
		for _, service := range sortedCounts(bad) {
			if bad[service] < leastFailing {
				continue
			}
			failed = true
			t.Suspect(facts(fmt.Sprintf("%d messages from %s pass for %s and fail DMARC", bad[service], own, service)), service,
				"%s authenticates mail from %s as its own, and none of it is aligned: a service of yours that is not set up, or a stranger's", service, own)
		}
		if !failed {
			t.Pass(facts(fmt.Sprintf("%d messages pass DMARC", good)), subject, "no sender that vouches for its mail is out of alignment")
		}
	}
}

// vouched is the organisation that authenticated a row's mail, though not as the
// author.
func vouched(row dmarc.ReportRow) string {
	for _, a := range row.Signatures {
		if a.Result == "pass" {
			return registrable(strings.ToLower(a.Domain))
		}
	}
	for _, a := range row.Senders {
		if a.Result == "pass" {
			return registrable(strings.ToLower(a.Domain))
		}
	}
	return ""
}

func sortedCounts(m map[string]int64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
