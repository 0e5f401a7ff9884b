package edge

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/spf"
)

// mechanism is what lets a declared sender pass, by its own documentation.
func mechanism(sender string) (string, bool) {
	kind, _, _ := strings.Cut(sender, ":")
	switch strings.ToLower(kind) {
	case "google", "google-workspace", "gmail":
		return "include:_spf.google.com", true
	case "microsoft", "microsoft365", "office365", "outlook":
		return "include:spf.protection.outlook.com", true
	case "ses", "amazon-ses":
		return "include:amazonses.com", true
	case "sendgrid":
		return "include:sendgrid.net", true
	case "mailgun":
		return "include:mailgun.org", true
	case "mandrill", "mailchimp-transactional":
		return "include:spf.mandrillapp.com", true
	case "postmark":
		return "include:spf.mtasv.net", true
	case "zoho":
		return "include:zohomail.com", true
	case "fastmail":
		return "include:spf.messagingengine.com", true
	case "proton", "protonmail":
		return "include:_spf.protonmail.ch", true
	case "brevo", "sendinblue":
		return "include:spf.brevo.com", true
	case "zendesk":
		return "include:mail.zendesk.com", true
	case "salesforce":
		return "include:_spf.salesforce.com", true
	case "freshdesk":
		return "include:email.freshdesk.com", true
	case "ip4", "ip6", "include", "a", "mx", "exists":
		if r, errs := spf.Parse("v=spf1 " + sender); len(errs) == 0 && len(r.Terms) == 1 {
			return sender, true
		}
		return "", false
	}
	return literal(sender)
}

// ownPath reports a service that sends with a return path of its own, so that SPF
// of the domain has nothing to say of it: it aligns by DKIM.
func ownPath(sender string) bool {
	switch strings.ToLower(sender) {
	case "intercom", "hubspot", "klaviyo", "mailchimp", "resend", "customerio":
		return true
	}
	return false
}

// literal is the mechanism for an address, a network, or the name of a domain whose
// record names the senders.
func literal(sender string) (string, bool) {
	if p, err := netip.ParsePrefix(sender); err == nil {
		if p.Addr().Is4() {
			return "ip4:" + sender, true
		}
		return "ip6:" + sender, true
	}
	if a, err := netip.ParseAddr(sender); err == nil {
		if a.Is4() {
			return "ip4:" + sender, true
		}
		return "ip6:" + sender, true
	}
	if _, err := mail.Domain(sender); err == nil && strings.Contains(sender, ".") {
		return "include:" + strings.ToLower(sender), true
	}
	return "", false
}

// spf merges what is there with what is declared into one record, and proposes it
// only after it was evaluated.
func (m *maker) spf(ctx context.Context) {
	checks, ok := m.wanted("spf")
	if !ok {
		return
	}
	have := m.texts(m.Zone, spf.IsRecord)
	merged, said := m.merge(have)
	if merged == "" {
		return
	}
	w := Want{Key: RR(m.Zone, "TXT"), Own: ownText(spf.IsRecord), Values: txt(merged), Checks: checks}
	rep := spf.Inspect(ctx, Resolver{m.with(w)}, m.Zone)
	// What every sender trips over that does not exist is taken out, once.
	dead := map[string]bool{}
	for _, code := range []spf.Code{spf.IncludeMissing, spf.IncludeNone} {
		for _, p := range rep.Has(code) {
			if p.Domain == m.Zone {
				dead[p.Term] = true
			}
		}
	}
	if len(dead) > 0 {
		var kept []string
		for f := range strings.FieldsSeq(merged) {
			if !dead[f] {
				kept = append(kept, f)
				continue
			}
			said = append(said, f+" leads to nothing, which is an error for every receiver, and is left out")
		}
		merged = strings.Join(kept, " ")
		w.Values = txt(merged)
		rep = spf.Inspect(ctx, Resolver{m.with(w)}, m.Zone)
	}
	for _, p := range rep.Problems {
		if p.Fatal {
			m.note("SPF: no record is proposed. %q is refused by receivers (%s): %s. It costs %d of %d lookups%s.",
				merged, p.Clause, strings.TrimSuffix(p.Text, "."), rep.Lookups, spf.MostLookups, costs(rep))
			return
		}
	}
	if !rep.Complete {
		w.Risks = append(w.Risks, Risk{Text: "not every name that the record leads to could be asked, so that its cost is not known for certain"})
	}
	if len(have) == 1 && have[0] == merged {
		return
	}
	w.Why = fmt.Sprintf("One SPF record for all declared senders; evaluated, it costs %d of %d lookups.", rep.Lookups, spf.MostLookups)
	for _, s := range said {
		w.Risks = append(w.Risks, Risk{Text: s})
	}
	m.want(w)
}

func costs(rep *spf.Report) string {
	if rep.Root == nil {
		return ""
	}
	var out []string
	for _, c := range rep.Root.Costs {
		if c.Lookups > 0 {
			out = append(out, fmt.Sprintf("%s %d", c.Term.Text, c.Lookups))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// merge makes one record of those that are there and the declared senders. said
// tells what a reader would otherwise miss.
func (m *maker) merge(have []string) (record string, said []string) {
	var terms []string
	seen := map[string]bool{}
	add := func(term string) {
		if key := strings.ToLower(strings.TrimPrefix(term, "+")); !seen[key] {
			seen[key] = true
			terms = append(terms, term)
		}
	}
	end := ""
	for _, text := range have {
		r, errs := spf.Parse(text)
		for _, e := range errs {
			said = append(said, fmt.Sprintf("%q is left out: %s", e.Term, e.Text))
		}
		for _, t := range r.Terms {
			switch {
			case t.Kind == spf.All && !t.Modifier:
				// Of two records the laxer end stays: nothing that is sent today is refused by the merge.
				if end == "" || t.Qualifier != spf.QFail {
					end = t.Text
				}
			case t.Modifier && t.Kind == spf.Redirect:
				if len(have) == 1 && !m.lacking(r) {
					return "", nil // the other domain's record is the record
				}
				add("include:" + t.Domain) // RFC 7208 section 6.1: beside other records it would never be reached
				said = append(said, fmt.Sprintf("redirect=%s becomes include:%s, so that the declared senders can stand beside it", t.Domain, t.Domain))
			default:
				add(t.Text)
			}
			if t.Kind == spf.All && !t.Modifier {
				break // what follows is never read (section 5.1)
			}
		}
	}
	known := 0
	for _, s := range m.Senders {
		mech, ok := mechanism(s)
		if ownPath(s) {
			continue
		}
		if !ok {
			m.note("SPF: the sender %q is not known here. Write what its documentation says: include:…, ip4:….", s)
			continue
		}
		known++
		add(mech)
	}
	if len(have) == 0 && known == 0 {
		m.note("SPF: there is no record, and no sender is declared. Name the services that send for %s in domain.mail.senders.", m.Zone)
		return "", nil
	}
	switch strings.ToLower(end) {
	case "-all", "~all":
	case "":
		end = "~all"
	default:
		said = append(said, fmt.Sprintf("%s lets everybody send for the domain and becomes ~all; senders that are not declared fail from now on", end))
		end = "~all"
	}
	return strings.Join(append(append([]string{"v=spf1"}, terms...), end), " "), said
}

// lacking reports a declared sender that a record does not name.
func (m *maker) lacking(r *spf.Record) bool {
	return slices.ContainsFunc(m.Senders, func(s string) bool {
		mech, ok := mechanism(s)
		return ok && !slices.ContainsFunc(r.Terms, func(t spf.Term) bool { return strings.EqualFold(strings.TrimPrefix(t.Text, "+"), mech) })
	})
}
