package https

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

var staleVerification = &lr.Check{
	ID:    "https/stale-verification",
	Title: "Each service proves its hold on the domain once",
	Why: "A verification text lets whoever holds the account behind it act for the domain: read its search data, claim its mail, manage its users. " +
		"A second one of the same service is usually that of an agency or of somebody who has left.",
	Fix:      "Look up in each service which account the text belongs to, and delete the records of the others. Those of authorities and of `_acme-challenge` are for one moment: delete them after it.",
	Severity: lr.Info,
	Refs:     []lr.Ref{{Source: "CWE", ID: "672"}, cweTakeover},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		d := t.Target.Domain
		for _, name := range append([]string{d.Name, "_acme-challenge." + d.Name}, d.Parked...) {
			a, err := c.Ask(ctx, name, wire.TypeTXT)
			if why := settled(a, err); why != "" {
				t.Unknown(name, "%s", why)
				if err := stops(ctx, err); err != nil {
					return err
				}
				continue
			}
			if len(a.Chain) == 0 { // an alias is how a service answers challenges on the owner's behalf
				judgeVerifications(t, name, texts(a))
			}
		}
		return nil
	},
}

// challenge is the text by which an authority is answered (RFC 8555 section 8.4).
var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func judgeVerifications(t *lr.Trial, name string, all []string) {
	held := map[string][]string{}
	for _, text := range all {
		if v := verificationOf(text); v != nil {
			held[*v] = append(held[*v], text)
		}
	}
	if strings.HasPrefix(name, "_acme-challenge.") {
		left := 0
		for _, text := range all {
			if challenge.MatchString(text) {
				left++
			}
		}
		if left > 2 { // a name and its wildcard are proved together
			t.Suspect(said(fmt.Sprintf("%s. TXT: %d answers to challenges", name, left)), name, "%d answers to an authority's challenges were left behind: delete them", left)
			return
		}
	}
	var services, twice []string
	for s, texts := range held {
		services = append(services, s)
		if len(texts) > 1 {
			twice = append(twice, fmt.Sprintf("%s (%d)", s, len(texts)))
		}
	}
	sort.Strings(services)
	sort.Strings(twice)
	if len(twice) > 0 {
		t.Suspect(said(texted(name, held)...), name, "a service has more than one text: %s. Keep that of the account in use", strings.Join(twice, ", "))
		return
	}
	if len(services) == 0 {
		t.Pass(lr.Evidence{}, name, "no service holds a text there")
		return
	}
	t.Pass(said(texted(name, held)...), name, "each of %d services has one text: %s", len(services), strings.Join(services, ", "))
}

func texted(name string, held map[string][]string) []string {
	var out []string
	for s, texts := range held {
		for range texts {
			out = append(out, fmt.Sprintf("%s. TXT \"%s…\"", name, s))
		}
	}
	sort.Strings(out)
	return out
}

// named is the form that nearly every service gives its texts: its own name, and a
// word that says what it is for.
var named = regexp.MustCompile(`(?i)^([a-z0-9][a-z0-9._-]{0,60}?(?:verif[a-z]*|validation|ownership|domain-?key|site-?auth|challenge)[a-z0-9._-]{0,40})\s*[=:]`)

// odd are the texts of services in other forms, by how they begin.
var odd = [...]string{"MS=", "ca3-", "_globalsign-domain-verification=", "adobe-idp-site-verification=", "h1-domain-verification=", "ZOOM_verify_", "zoho-verification=", "pardot", "SFMC-", "docusign=", "atlassian-sending-domain-verification=", "have-i-been-pwned-verification=", "yandex-verification:", "mgverify=", "knowbe4-site-verification=", "liveramp-site-verification="}

// verificationOf names the service whose text it is; nil for a text of another kind.
func verificationOf(text string) *string {
	for _, o := range odd {
		if len(text) >= len(o) && strings.EqualFold(text[:len(o)], o) {
			s := strings.TrimRight(o, "=:-_")
			return &s
		}
	}
	if m := named.FindStringSubmatch(text); m != nil {
		s := strings.ToLower(m[1])
		return &s
	}
	return nil
}
