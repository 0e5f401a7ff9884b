package edge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dmarc"
	"github.com/launchready/launchready/mail/mtasts"
	"github.com/launchready/launchready/mail/tlsrpt"
)

// dkim publishes the keys that the owner gave.
func (m *maker) dkim() {
	checks, ok := m.wanted("dkim")
	if !ok {
		return
	}
	selectors := make([]string, 0, len(m.Keys))
	for s := range m.Keys {
		selectors = append(selectors, s)
	}
	slices.Sort(selectors)
	for _, s := range selectors {
		value, name := m.Keys[s], s+"._domainkey."+m.Zone
		if !strings.Contains(value, "=") {
			if len(m.state.Sets[RR(name, "TXT")]) > 0 {
				m.note("DKIM: %s has a TXT record, beside which no CNAME can stand. Take another selector, or delete it when no mail is signed by it any more.", name)
				continue
			}
			m.want(Want{Key: RR(name, "CNAME"), Values: []Value{{Data: dns.Fqdn(strings.ToLower(value))}}, Why: "The sender keeps the key of its DKIM signatures there.", Checks: checks})
			continue
		}
		if key := dkim.ParseKey(value); !key.Usable() || key.Has(dkim.Weak) {
			why := "its key is shorter than 2048 bits"
			if !key.Usable() && len(key.Problems) > 0 {
				why = key.Problems[0].Text
			}
			m.note("DKIM: the key for selector %s is not proposed: %s.", s, why)
			continue
		}
		if len(m.state.Sets[RR(name, "CNAME")]) > 0 {
			m.note("DKIM: %s is a CNAME, beside which no TXT record can stand.", name)
			continue
		}
		w := Want{Key: RR(name, "TXT"), Own: ownText(dkim.IsKey), Values: txt(value), Why: "The key that receivers check the signatures with.", Checks: checks}
		if old := m.texts(name, dkim.IsKey); len(old) > 0 && old[0] != value {
			w.Risks = []Risk{{Text: "mail that was signed with the old key and is still under way fails: rotate to a new selector instead (RFC 6376 section 3.1)"}}
		}
		m.want(w)
	}
	if len(m.Keys) == 0 && m.Failed != nil {
		m.note("DKIM: no key is known. Turn signing on where the mail is sent from, and put what it says into domain.edge.dkim: {SELECTOR: \"v=DKIM1; …\"} or the name that it wants a CNAME to.")
	}
}

// stages of a policy: a domain goes up by one, and looks at reports in between.
var stages = [...]string{"none", "quarantine", "reject"}

// dmarc proposes the next stage, not the last.
func (m *maker) dmarc(ctx context.Context) {
	checks, ok := m.wanted("dmarc")
	if !ok {
		return
	}
	name := "_dmarc." + m.Zone
	goal := slices.Index(stages[:], m.Policy)
	if goal < 0 {
		goal = len(stages) - 1
	}
	have := m.texts(name, dmarc.IsRecord)
	now, tags := -1, []string{}
	rua := ""
	if m.Reports != "" {
		rua = "mailto:" + m.Reports
	}
	var risks []Risk
	if len(have) > 0 {
		r, _ := dmarc.Parse(have[0])
		now = max(slices.Index(stages[:], string(r.Policy)), 0)
		for _, t := range r.Tags {
			switch t.Name {
			case "v", "p", "pct", "rf", "ri": // the last three were removed by RFC 9989
			case "t":
				if !r.Testing {
					tags = append(tags, "t="+t.Value)
				} else {
					risks = append(risks, Risk{Text: "t=y goes: receivers do from now on what the policy says"})
				}
			case "rua":
				if strings.TrimSpace(t.Value) != "" {
					rua = t.Value
				}
			default:
				tags = append(tags, t.Name+"="+t.Value)
			}
		}
	}
	next := min(now+1, goal)
	switch {
	case now > goal:
		next = now // never weaker than it is
	case next > 0 && next > now && !m.Heard && m.Policy == "" && m.Failed == nil:
		next = max(now, 0)
		m.note("DMARC: it stays at p=%s until aggregate reports were read (domain.mail.reports), or domain.edge.dmarc names the policy to arrive at.", stages[next])
	}
	if rua == "" {
		m.note("DMARC: no address takes the reports, without which nobody knows who else sends. Give domain.edge.reports.")
	}
	if next > 0 && next > now && !m.Heard {
		risks = append(risks, Risk{Text: fmt.Sprintf("p=%s makes receivers hold back mail that does not pass, and no aggregate report was read (domain.mail.reports): senders that nobody declared are not known", stages[next])})
	}
	if next > now && now >= 0 {
		risks = append(risks, Risk{Irreversible: true, Text: "mail that receivers refuse meanwhile does not come back by a roll-back"})
	}
	record := "v=DMARC1; p=" + stages[next]
	if rua != "" {
		record += "; rua=" + rua
	}
	if len(tags) > 0 {
		record += "; " + strings.Join(tags, "; ")
	}
	if len(have) == 1 && have[0] == record || len(have) == 1 && sameTags(have[0], record) {
		return
	}
	why := fmt.Sprintf("DMARC with the policy %s; the stages are none, quarantine, reject.", stages[next])
	if next < goal {
		why += fmt.Sprintf(" The next is %s, when reports show that all declared senders pass.", stages[next+1])
	}
	m.want(Want{Key: RR(name, "TXT"), Own: ownText(dmarc.IsRecord), Values: txt(record), Why: why, Checks: checks, Risks: risks})
	m.destinations(ctx, record)
}

// sameTags reports two records that say the same in another order or spacing.
func sameTags(a, b string) bool {
	tags := func(s string) []string {
		var out []string
		for t := range strings.SplitSeq(s, ";") {
			if t = strings.Join(strings.Fields(t), ""); t != "" {
				out = append(out, t)
			}
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(tags(a), tags(b))
}

// destinations tells whose agreement the reports need (RFC 9990 section 4).
func (m *maker) destinations(ctx context.Context, record string) {
	r, ok := dmarc.Parse(record)
	if !ok {
		return
	}
	for _, d := range dmarc.Destinations(ctx, Resolver{m.network}, m.Zone, r, dmarc.RFC9989) {
		if d.Consent == dmarc.Withheld {
			m.note("DMARC: %s takes no reports about %s until its owner publishes  %s. %d IN TXT \"v=DMARC1\"", d.URI.Text, m.Zone, d.Asked, Fresh)
		}
	}
}

// tlsrpt asks senders to report failed TLS (RFC 8460).
func (m *maker) tlsrpt() {
	checks, ok := m.wanted("tls-report", "tls-rpt", "tlsrpt")
	name := "_smtp._tls." + m.Zone
	if !ok || m.Reports == "" || len(m.state.Sets[RR(m.Zone, "MX")]) == 0 {
		return
	}
	have := m.texts(name, tlsrpt.IsRecord)
	if len(have) == 1 && tlsrpt.ParseRecord(have[0]).Valid() {
		return
	}
	m.want(Want{Key: RR(name, "TXT"), Own: ownText(tlsrpt.IsRecord), Values: txt("v=TLSRPTv1; rua=mailto:" + m.Reports),
		Why: "Senders report when they could not deliver under TLS.", Checks: checks})
}

// sts makes the policy of MTA-STS and the record that announces it (RFC 8461).
func (m *maker) sts() {
	checks, ok := m.wanted("mta-sts", "mtasts")
	mx := m.state.Sets[RR(m.Zone, "MX")]
	if !ok || m.STS == "" || len(mx) == 0 {
		return
	}
	host := "mta-sts." + m.Zone
	age := 86400 // a day while it is tried, a week when it counts (section 3.2)
	if m.STS == string(mtasts.Enforce) {
		age = 604800
	}
	text := "version: STSv1\r\nmode: " + m.STS + "\r\n"
	for _, v := range Sort(mx) {
		if f := strings.Fields(v.Data); len(f) == 2 && f[1] != "." {
			text += "mx: " + strings.TrimSuffix(f[1], ".") + "\r\n"
		}
	}
	text += fmt.Sprintf("max_age: %d\r\n", age)
	m.draft.Files = append(m.draft.Files, File{Where: mtasts.URL(m.Zone), Text: text, Why: "The policy of MTA-STS: which hosts take mail for the domain, under TLS. It must be there before the record is."})
	if m.STSHost != "" && !m.here(host) {
		m.want(Want{Key: RR(host, "CNAME"), Values: []Value{{Data: dns.Fqdn(m.STSHost)}}, Why: "The host that serves the policy of MTA-STS.", Checks: checks})
	} else if !m.here(host) {
		m.note("MTA-STS: %s does not exist. Serve the policy there, or name the host that does in domain.edge.mta_sts_host; the record follows then.", host)
		return
	}
	sum := sha256.Sum256([]byte(text))
	record := "v=STSv1; id=" + hex.EncodeToString(sum[:10])
	var risks []Risk
	if m.STS == string(mtasts.Enforce) {
		risks = []Risk{{Irreversible: true, Text: fmt.Sprintf("senders keep the policy for %d days: a mail server without a valid certificate gets no mail from them until then", age/86400)}}
	}
	m.want(Want{Key: RR("_mta-sts."+m.Zone, "TXT"), Own: ownText(mtasts.IsRecord), Values: txt(record),
		Why: "Announces the policy of MTA-STS; the id follows from its text.", Checks: checks, Risks: risks})
}

// parked closes a domain that sends nothing: whoever forges it is refused.
func (m *maker) parked() {
	checks, ok := m.wanted("parked", "spf", "dmarc", "mx")
	if !ok {
		return
	}
	z := m.Zone
	m.want(Want{Key: RR(z, "TXT"), Own: ownText(isSPF), Values: txt("v=spf1 -all"), Why: "Nobody sends for a parked domain.", Checks: checks})
	m.want(Want{Key: RR("_dmarc."+z, "TXT"), Own: ownText(dmarc.IsRecord), Values: txt("v=DMARC1; p=reject"), Why: "What claims to come from it is refused.", Checks: checks})
	m.want(Want{Key: RR("*._domainkey."+z, "TXT"), Own: ownText(dkim.IsKey), Values: txt("v=DKIM1; p="), Why: "No signature of it verifies.", Checks: checks})
	w := Want{Key: RR(z, "MX"), Values: []Value{{Data: "0 ."}}, Why: "It takes no mail (RFC 7505).", Checks: checks}
	for _, v := range m.state.Sets[RR(z, "MX")] {
		if !nullMX(v.Data) {
			w.Risks = append(w.Risks, Risk{Irreversible: true, Text: "mail to " + z + " is no longer taken by " + v.Data + ", and what bounces meanwhile is lost"})
		}
	}
	m.want(w)
}
