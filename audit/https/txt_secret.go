package https

import (
	"context"
	"fmt"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
	"github.com/launchready/launchready/secretscan"
)

var txtSecret = &lr.Check{
	ID:       "https/txt-secret",
	Title:    "No TXT record holds a secret",
	Why:      "Everybody may read the zone, and services keep copies of every record that they ever saw. A key that stood in one is known, also after it was deleted.",
	Fix:      "Change the secret first, then delete the record. Configuration belongs in the platform's settings, not into the DNS.",
	Severity: lr.High,
	Refs:     []lr.Ref{cweExposed, {Source: "CWE", ID: "798"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := lr.Recall(ctx, t.Memo, "secretscan", func(context.Context) (*secretscan.Scanner, error) {
			return secretscan.New(secretscan.Options{Now: t.Now()})
		})
		if err != nil {
			return err
		}
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			if h.Alias() != "" && !owned(t.Target.Domain, h.Alias()) {
				t.Pass(lr.Evidence{}, h.Name, "its texts are a stranger's")
				return nil
			}
			a, err := c.Ask(ctx, h.Name, wire.TypeTXT)
			if why := settled(a, err); why != "" {
				t.Unknown(h.Name, "%s", why)
				return stops(ctx, err)
			}
			return judgeTexts(ctx, t, s, h.Name, texts(a))
		})
	},
}

// texts are the whole texts of TXT records, without anything between their parts.
func texts(a *dns.Answer) []string {
	var out []string
	for _, rr := range a.Records {
		if rr, ok := rr.(*wire.TXT); ok {
			out = append(out, strings.Join(rr.Txt, ""))
		}
	}
	return out
}

// judgeTexts searches texts, of which a domain has many that are random on purpose:
// what proves who owns it is no secret.
func judgeTexts(ctx context.Context, t *lr.Trial, s *secretscan.Scanner, name string, all []string) error {
	n := 0
	for _, text := range all {
		if verificationOf(text) != nil || strings.HasPrefix(text, "v=") {
			continue
		}
		res, err := s.Scan(ctx, "TXT", strings.NewReader(text))
		if err != nil {
			return err
		}
		for _, f := range res.Secrets() {
			n++
			t.Fail(said(fmt.Sprintf("%s. TXT: %s %s", name, f.Rule, f.Masked)), name, "a TXT record holds a secret: %s", f.Reason)
		}
		for _, why := range res.Coverage.Partial() {
			t.Unknown(name, "a TXT record was not read whole: %s", why)
		}
	}
	if n == 0 {
		t.Pass(lr.Evidence{}, name, "its %d texts hold no secret", len(all))
	}
	return nil
}
