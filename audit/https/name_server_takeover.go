package https

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var nameServerTakeover = &lr.Check{
	ID:    "https/name-server-takeover",
	Title: "No zone is delegated to name servers that a stranger can take",
	Why: "Who runs a name server of a zone writes every record of it: sites with valid certificates, mail, sign-ins. A delegation that was left behind points at a name that anyone can register, " +
		"or at a provider where anyone can add the zone that is gone.",
	Fix:      "Remove the NS records of what is not used any more. Where the zone is needed, point them at servers that have it, today; register the name server's domain first if it is free.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{cweTakeover, asvsTakeover},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		all, err := zones(ctx, t)
		if err != nil {
			return err
		}
		left, err := forgotten(ctx, t, c, all)
		if err != nil {
			return err
		}
		for _, z := range slices.Concat(all, left) {
			if err := judgeServers(ctx, t, c, z); err != nil {
				return err
			}
		}
		return nil
	},
}

// forgotten are delegations below the domain whose servers answer nobody, so that
// the resolver fails: what is known of them is what the zone above says.
func forgotten(ctx context.Context, t *lr.Trial, c *dns.Client, all []*zone) ([]*zone, error) {
	hosts, err := inventory(ctx, t)
	if err != nil {
		return nil, err
	}
	var out []*zone
	for _, h := range hosts {
		z := zoneOf(all, h.Name)
		if h.Err == nil || z == nil || z.Err != nil || z.Delegation == nil || z.Name == h.Name {
			continue
		}
		at, err := z.Server()
		if err != nil {
			continue
		}
		a, err := c.At(ctx, at, h.Name, typeNS)
		if err != nil || len(a.Refers) == 0 || dns.Plain(a.Refers[0].Hdr.Name) != h.Name {
			if err := stops(ctx, err); err != nil {
				return nil, err
			}
			continue
		}
		left := &zone{Name: h.Name}
		if left.Delegation, left.Err = c.Walk(ctx, h.Name); left.Err == nil {
			out = append(out, left)
		} else if err := stops(ctx, left.Err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func judgeServers(ctx context.Context, t *lr.Trial, c *dns.Client, z *zone) error {
	if z.Err != nil {
		t.Unknown(z.Name, "%v", z.Err)
		return nil
	}
	if z.Missing {
		t.Unknown(z.Name, "it has no servers: the domain is not delegated")
		return nil
	}
	if found, err := goneServer(ctx, t, c, z); found || err != nil {
		return err
	}
	lame, provider := len(z.Seats()) > 0, ""
	for _, seat := range z.Seats() {
		lame = lame && seat.Lame()
		if p := zoneHostOf(seat.Host); p != "" {
			provider = p
		}
	}
	switch {
	case lame && provider != "":
		t.Fail(said(slices.Concat(z.Records, whats(z.Delegation))...), z.Name, "it is delegated to %s, where the zone does not exist: whoever adds it there has %s. Remove the NS records, or add the zone again", provider, z.Name)
	case len(z.Seats()) == 0:
		t.Unknown(z.Name, "none of its servers could be found: %s", strings.Join(whats(z.Delegation), "; "))
	default:
		t.Pass(said(z.Records...), z.Name, "the names of its %d servers exist", len(z.Servers))
	}
	return nil
}

// goneServer reports the first server of a zone whose name does not exist.
func goneServer(ctx context.Context, t *lr.Trial, c *dns.Client, z *zone) (found bool, err error) {
	for _, s := range z.Servers {
		if !s.Gone || len(z.Glue[s.Host]) > 0 {
			continue
		}
		domain, is, line, err := free(ctx, c, t, s.Host)
		if err != nil {
			return false, err
		}
		records := append(slices.Clone(z.Records), fmt.Sprintf("%s. A: NXDOMAIN, the name does not exist", s.Host))
		if is {
			t.Fail(said(append(records, line)...), z.Name, "its name server %s is in the domain %s, which nobody has registered: whoever does has %s", s.Host, domain, z.Name)
			return true, nil
		}
		t.Report(lr.Outcome{
			Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.High, Subject: z.Name, Evidence: said(records...),
			Message: fmt.Sprintf("its name server %s does not exist: remove the NS record, and ask who could make that name again", s.Host),
		})
		return true, nil
	}
	return false, nil
}
