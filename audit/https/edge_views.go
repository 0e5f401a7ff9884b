package https

import (
	"context"
	"slices"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

var edgeViews = &lr.Check{
	ID:    "https/edge-views",
	Title: "What the edge is set to is what the outside sees",
	Why: "Settings that nobody is led to protect nothing: the domain was moved and the old zone is still looked after, a host was made at another provider, or the edge is paused. " +
		"Reviews that read the provider's console alone do not see it.",
	Fix:      "Compare the name servers at the registrar with those of the zone at the edge, resume a zone that is paused, and delete the copy that is not in use.",
	Severity: lr.High,
	Refs:     []lr.Ref{mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, "records")
		if v == nil {
			return err
		}
		d := t.Target.Domain
		if v.Zone.Paused {
			t.Fail(said("zone "+v.Zone.Name+": paused"), d.Name, "the edge is paused: traffic goes to the origin")
		}
		all, err := inventory(ctx, t)
		if err != nil {
			return err
		}
		for _, h := range all {
			records := v.at(h.Name)
			if !h.Expected || len(records) == 0 || slices.ContainsFunc(records, func(r cloudflare.Record) bool { return r.Type == "CNAME" }) {
				continue
			}
			if h.Err != nil {
				t.Unknown(h.Name, "%v", h.Err)
				continue
			}
			var inside, outside, lines []string
			hidden := false
			for _, r := range records {
				inside, lines = append(inside, r.Content), append(lines, "inside: "+recorded(r))
				hidden = hidden || r.Proxied
			}
			for _, a := range []uint16{wire.TypeA, wire.TypeAAAA} {
				answer := h.V4
				if a == wire.TypeAAAA {
					answer = h.V6
				}
				if answer != nil {
					lines = append(lines, answer.Lines()...)
				}
			}
			for _, a := range h.Addrs() {
				outside = append(outside, a.String())
			}
			slices.Sort(inside)
			slices.Sort(outside)
			switch same := slices.ContainsFunc(outside, func(a string) bool { return slices.Contains(inside, a) }); {
			case hidden && same:
				t.Fail(said(lines...), h.Name, "the edge says that it is proxied, and the outside resolves it to the origin %s", strings.Join(inside, ", "))
			case !hidden && !slices.Equal(inside, outside):
				t.Fail(said(lines...), h.Name, "the edge says %s, and the outside resolves it to %s: another zone is in use", strings.Join(inside, ", "), strings.Join(orNobody(outside), ", "))
			default:
				t.Pass(said(lines...), h.Name, "the outside sees what the edge is set to")
			}
		}
		return nil
	},
}
