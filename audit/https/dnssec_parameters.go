package https

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// leastLeft is how long signatures should hold from now on: a signer that stopped
// on a Friday is seen on Monday.
const leastLeft = 3 * 24 * time.Hour

var dnssecParameters = &lr.Check{
	ID:    "https/dnssec-parameters",
	Title: "Signatures use what resolvers accept, and are renewed in time",
	Why: "Resolvers refuse more than a few hash iterations and no longer count SHA-1: the zone is then treated as unsigned, or as broken. " +
		"Signatures that are about to end say that the signer has stopped; when they do, the domain is gone for whoever validates.",
	Fix: "Sign with ECDSA P-256 (13) or Ed25519 (15), prove absence by NSEC, or by NSEC3 with 0 iterations and no salt, use SHA-256 (2) in DS records, and renew signatures a week before they end. " +
		"At a provider a re-signing is usually one button.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "9276"}, {Source: "RFC", ID: "8624"}, {Source: "RFC", ID: "6781"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachChain(ctx, t, func(z *zone, c *dns.Chain) {
			faults := judgeParameters(c, t.Now())
			switch {
			case !c.Signed:
				t.Pass(lr.Evidence{}, z.Name, "the zone is not signed")
			case len(faults) > 0:
				t.Fail(said(append(faults, c.Records...)...), z.Name, "%s", strings.Join(faults, "; "))
			default:
				t.Pass(said(c.Records...), z.Name, "algorithms, iterations and times are as they should be")
			}
		})
	},
}

func judgeParameters(c *dns.Chain, now time.Time) []string {
	var faults []string
	for _, a := range c.Algorithms {
		if !slices.Contains([]uint8{wire.RSASHA256, wire.ECDSAP256SHA256, wire.ECDSAP384SHA384, wire.ED25519, wire.ED448}, a) {
			faults = append(faults, fmt.Sprintf("a key is of algorithm %d (%s), which is to be used no more", a, wire.AlgorithmToString[a]))
		}
	}
	if len(c.Digests) > 0 && !slices.ContainsFunc(c.Digests, func(d uint8) bool { return d == wire.SHA256 || d == wire.SHA384 }) {
		faults = append(faults, "the DS record has a SHA-1 digest alone")
	}
	if c.Iterations > 0 {
		faults = append(faults, fmt.Sprintf("NSEC3 hashes %d times more than once: resolvers may take the zone for unsigned", c.Iterations))
	}
	// What has ended already breaks the chain, and is told there.
	if left := c.Until.Sub(now); !c.Until.IsZero() && left < leastLeft && left > 0 {
		faults = append(faults, fmt.Sprintf("a signature ends on %s, in %d hours", c.Until.UTC().Format(time.DateTime), int(left.Hours())))
	}
	return faults
}
