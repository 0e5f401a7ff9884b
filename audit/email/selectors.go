package email

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dmarc"
)

// selector is a place where a key may stand, and how it came to be asked for.
type selector struct {
	*dkim.Selector
	label  string // "s1"
	domain string // that signs
	source string
	sure   bool // mail is signed by it: the configuration or the sample says so
}

// subject is a stable name for findings.
func (s *selector) subject() string { return dkim.Name(s.label, s.domain) }

// evidence is what stands there.
func (s *selector) evidence() lr.Evidence {
	var out []string
	at := s.Name
	for _, to := range s.Chain {
		out = append(out, fmt.Sprintf("%s. CNAME %s.", at, to))
		at = to
	}
	switch {
	case s.Key != nil:
		out = append(out, line(at, s.Key.Text))
	case s.State == dkim.Absent && s.Gone:
		out = append(out, at+". TXT: NXDOMAIN")
	default:
		out = append(out, fmt.Sprintf("%s. TXT: %s", at, s.State))
	}
	return facts(append(out, "asked because of "+s.source)...)
}

// keyring is what is known of the domain's DKIM keys.
type keyring struct {
	asked   []*selector               // all of them
	none    bool                      // the domain has no name _domainkey: there is no key at all
	noneErr error                     // that it could not be asked
	control map[string]*dkim.Selector // a selector that nobody made, of each name
	broken  []string                  // files that could not be read
}

// found are the selectors that have one key record of their own, and not what a
// wildcard gives to every name.
func (k *keyring) found() []*selector {
	return slices.DeleteFunc(slices.Clone(k.asked), func(s *selector) bool { return s.State != dkim.Found || !s.sure && k.wild(s) })
}

// wild reports that any name is answered so.
func (k *keyring) wild(s *selector) bool {
	c := k.control[s.domain]
	return c != nil && c.State == s.State && (c.Key == nil || s.Key != nil && c.Key.Text == s.Key.Text) && c.State != dkim.Absent && c.State != dkim.Unknown
}

// keys looks for the domain's selectors, once.
func keys(ctx context.Context, t *lr.Trial) (*keyring, error) {
	return lr.Recall(ctx, t.Memo, "email/dkim", func(ctx context.Context) (*keyring, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		d := t.Target.Domain
		k := &keyring{control: map[string]*dkim.Selector{}}
		k.none, k.noneErr = dkim.NoneAtAll(ctx, r, d.Name)
		if err := spent(k.noneErr); err != nil {
			return nil, err
		}
		k.asked = k.candidates(ctx, t)
		control := fmt.Sprintf("lr%08x", t.Random().Uint32()) // nobody's selector
		for _, name := range names(t) {
			k.control[name] = dkim.Ask(ctx, r, name, control)
		}
		each(len(k.asked), func(i int) {
			s := k.asked[i]
			s.Selector = dkim.Ask(ctx, r, s.domain, s.label)
		})
		for _, s := range k.asked {
			if err := spent(s.Err); err != nil {
				return nil, err
			}
			if s.State == dkim.Found { // a server that says NXDOMAIN above a name that exists proves nothing
				k.none = k.none && s.domain != d.Name
			}
		}
		return k, ctx.Err()
	})
}

// candidates are the selectors to ask for, the best known first: those that the
// owner names, those that a message or a receiver's report shows, those of the
// services, and those that people choose.
func (k *keyring) candidates(ctx context.Context, t *lr.Trial) []*selector {
	d := t.Target.Domain
	var out []*selector
	seen := map[string]bool{}
	add := func(label, domain, source string, sure bool) {
		label, domain = strings.ToLower(label), strings.ToLower(domain)
		key := dkim.Name(label, domain)
		if label == "" || seen[key] || len(out) >= mostSelectors {
			return
		}
		seen[key] = true
		out = append(out, &selector{label: label, domain: domain, source: source, sure: sure})
	}
	for _, s := range d.Selectors {
		add(s, d.Name, "domain.mail.selectors", true)
	}
	if all, err := messages(ctx, t); err == nil {
		for _, m := range all {
			for _, v := range m.dkim.Signatures {
				if owned(t, v.Domain) {
					add(v.Selector, v.Domain, "the signature of "+m.subject, true)
				}
			}
		}
	}
	for _, file := range d.Reports {
		rep, err := aggregate(file)
		if err != nil {
			k.broken = append(k.broken, err.Error())
			continue
		}
		seen := rep.Selectors(d.Name)
		for _, domain := range sorted(seen) {
			for _, s := range seen[domain] {
				if owned(t, domain) {
					add(s, domain, "the DMARC report of "+clip(rep.Organization), false)
				}
			}
		}
	}
	if k.none {
		return out
	}
	for _, p := range services(ctx, t) {
		for _, s := range p.selectors {
			add(s, d.Name, p.name+" and its usual selectors", false)
		}
	}
	for _, name := range names(t) {
		for _, s := range common() {
			add(s, name, "the list of common selectors", false)
		}
	}
	return out
}

// owned reports a name that is below one that mail is sent from.
func owned(t *lr.Trial, domain string) bool {
	return slices.ContainsFunc(names(t), func(n string) bool { return within(strings.ToLower(domain), n) })
}

// mostSelectors bounds the questions of one run.
const mostSelectors = 1000

func sorted(m map[string][]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// services are the known ones that the owner declares, or that SPF and MX name.
func services(ctx context.Context, t *lr.Trial) []*provider {
	var out []*provider
	add := func(p *provider) {
		if p != nil && !slices.ContainsFunc(out, func(o *provider) bool { return o.id == p.id }) {
			out = append(out, p)
		}
	}
	for _, s := range t.Target.Domain.Senders {
		add(sender(s).service)
	}
	if rep, err := inspection(ctx, t, t.Target.Domain.Name); err == nil && rep.Root != nil {
		for _, c := range rep.Root.Costs {
			add(known(c.Target))
		}
	}
	if x, err := exchangers(ctx, t, t.Target.Domain.Name); err == nil {
		for _, h := range x.hosts {
			add(known(h.name))
		}
	}
	return out
}

// aggregate reads a DMARC aggregate report from a file.
func aggregate(file string) (*dmarc.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open a DMARC report: %w", err)
	}
	defer f.Close()
	rep, err := dmarc.ParseReport(io.LimitReader(f, mostReport))
	if err != nil {
		return nil, fmt.Errorf("read the DMARC report %s: %w", file, err)
	}
	return rep, nil
}

// mostReport is as much of a file as is read: packed, the largest are smaller.
const mostReport = 32 << 20

// keyLint is a check that reads each key for problems of some kinds.
type keyLint struct {
	codes    []dkim.Code
	right    string
	severity func(dkim.Problem) lr.Severity
}

func (l keyLint) run(ctx context.Context, t *lr.Trial) error {
	k, err := keys(ctx, t)
	if err != nil {
		return err
	}
	found := k.found()
	for _, s := range found {
		var says []string
		worst := lr.Severity(0)
		for _, p := range s.Key.Problems {
			if slices.Contains(l.codes, p.Code) {
				says = append(says, p.Text)
				if l.severity != nil {
					worst = max(worst, l.severity(p))
				}
			}
		}
		if len(says) > 0 {
			fail(t, worst, s.evidence(), s.subject(), "%s", strings.Join(says, " "))
			continue
		}
		t.Pass(s.evidence(), s.subject(), "%s", l.right)
	}
	if len(found) == 0 {
		k.nothing(t)
	}
	return nil
}

// nothing reports why no key could be looked at.
func (k *keyring) nothing(t *lr.Trial) {
	if k.none {
		t.NotApplicable("the domain has no DKIM key")
		return
	}
	t.Unknown("DKIM of "+t.Target.Domain.Name, "%s", k.unknown())
}

// unknown says what would help.
func (k *keyring) unknown() string {
	open := 0
	var first error
	for _, s := range k.asked {
		if s.State == dkim.Unknown {
			if open == 0 {
				first = s.Err
			}
			open++
		}
	}
	if k.noneErr != nil {
		return "a question had no answer: " + k.noneErr.Error()
	}
	text := fmt.Sprintf("none of %d selectors has a key, and keys may stand at others: name yours under domain.mail.selectors, or give a message with --mail-sample", len(k.asked))
	if open > 0 {
		text = fmt.Sprintf("%d of %d selectors could not be asked: %v", open, len(k.asked), first)
	}
	if len(k.broken) > 0 {
		text += "; " + k.broken[0]
	}
	return text
}
