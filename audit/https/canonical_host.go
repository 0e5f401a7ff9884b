package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var canonicalHost = &lr.Check{
	ID:       "https/canonical-host",
	Title:    "The domain and www are one address",
	Why:      "Where both serve the pages, cookies and settings of one are missing at the other, search engines see everything twice, and fixes go to one of them.",
	Fix:      "Choose one and redirect the other to it with 301 or 308, path and query kept.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      runCanonicalHost,
}

func runCanonicalHost(ctx context.Context, t *lr.Trial) error {
	all, err := places(ctx, t)
	if err != nil {
		return err
	}
	var shows []*lr.Exchange
	known := 0
	for _, p := range all {
		if p.host != t.Target.Domain.Name && p.host != "www."+t.Target.Domain.Name || len(p.page.hops) == 0 {
			continue
		}
		known++
		if x := p.page.hops[0]; x.Status == 200 && markup(x) {
			shows = append(shows, x)
		}
		if p.page.busy() {
			t.Unknown(p.host, "it was busy")
			return nil
		}
	}
	switch {
	case known < 2:
		t.NotApplicable("one of the domain and www answers, or none")
	case len(shows) == 2:
		t.Fail(lr.Seen(shows...), t.Target.Domain.Name, "shows pages at the domain and at www, and redirects neither to the other")
	default:
		t.Pass(lr.Seen(all[0].page.hops...), t.Target.Domain.Name, "one of the domain and www shows pages")
	}
	return nil
}
