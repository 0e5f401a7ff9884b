package https

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"

	lr "github.com/launchready/launchready"
)

var edgeOriginOpen = &lr.Check{
	ID:    "https/edge-origin-open",
	Title: "The servers behind the edge answer the edge alone",
	Why: "Addresses of origins become known sooner or later. An origin that serves the product to whoever comes makes the edge optional: its firewall, its limits, its protection against floods are for those " +
		"who walk through the front door.",
	Fix:      "Let the origin's firewall take web traffic from the edge's published ranges only, and prove the edge to it: a tunnel, Authenticated Origin Pulls (a client certificate), or a secret header that the edge adds and the origin demands.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{cweExpose, mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		d := t.Target.Domain
		if len(d.Origins) == 0 {
			t.NotApplicable("no server behind an edge is named: domain.origins")
			return nil
		}
		front, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/", Note: "the product's page, through the edge"})
		if err != nil {
			for _, o := range d.Origins {
				t.Unknown(o, "the product itself could not be asked, to compare with: %v", err)
			}
			return nil
		}
		for _, o := range d.Origins {
			if err := askOrigin(ctx, t, o, front); err != nil {
				return err
			}
		}
		return nil
	},
}

// leastPage is how long a page is at the least that tells one product from another.
const leastPage = 64

// askOrigin asks an origin as a stranger. The same page as through the edge decides.
func askOrigin(ctx context.Context, t *lr.Trial, origin string, front *lr.Exchange) error {
	address := origin
	if _, _, err := net.SplitHostPort(origin); err != nil {
		address = net.JoinHostPort(strings.Trim(origin, "[]"), "443")
	}
	host := t.Target.Domain.Canonical
	if host == "" {
		host = t.Target.Base.Hostname()
	}
	r, err := get(ctx, t, address, host, "/")
	if err != nil {
		if err := stops(ctx, err); err != nil {
			return err
		}
		t.Pass(said(fmt.Sprintf("GET https://%s/ at %s: %v", host, address, err)), origin, "it answers no stranger")
		return nil
	}
	line := said(fmt.Sprintf("GET https://%s/ at %s: %d, %d bytes", host, address, r.Status, len(r.Body)))
	switch {
	case r.Status == 429 || r.Status >= 500:
		t.Unknown(origin, "it answers %d: busy or broken is no refusal", r.Status)
	case len(front.Body) < leastPage || !front.OK():
		t.Unknown(origin, "the product's own page is too short to be known again")
	case bytes.Equal(r.Body, front.Body):
		t.Fail(line, origin, "it serves the product to a stranger, past the edge")
	default:
		t.Pass(line, origin, "a stranger does not get the product's page from it")
	}
	return nil
}
