package https

import (
	"context"
	"net/http"

	lr "github.com/launchready/launchready"
)

var redirectHost = &lr.Check{
	ID:       "https/redirect-host",
	Title:    "No redirect goes where a header of the request says",
	Why:      "A cache that keeps one such answer sends every reader to the attacker's host; a mail with a link made that way sends one of them.",
	Fix:      "Make redirects and links of a host that the settings name. Drop `X-Forwarded-Host` at the edge, unless the edge itself sets it.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "601"}, {Source: "CWE", ID: "644"}},
	Needs:    lr.Domain,
	Run:      runRedirectHost,
}

func runRedirectHost(ctx context.Context, t *lr.Trial) error {
	all, err := places(ctx, t)
	if err != nil {
		return err
	}
	w, err := webOf(ctx, t)
	if err != nil {
		return err
	}
	stranger := strangersHost(t)
	header := http.Header{"X-Forwarded-Host": {stranger}, "X-Host": {stranger}, "Forwarded": {"host=" + stranger}}
	var asked []*place
	for _, p := range all {
		if p.plain.turns() || p.page.turns() {
			asked = append(asked, p)
		}
	}
	if len(asked) == 0 {
		t.NotApplicable("no name of the domain redirects")
		return nil
	}
	return everyOf(ctx, asked, func(ctx context.Context, _ int, p *place) error {
		var open error
		for _, r := range []*trail{p.plain, p.page} {
			if !r.turns() {
				continue
			}
			x, err := answered(w.do(ctx, ask{url: bust(t, r.start), header: header, note: "with a host of a stranger in the header"}))
			switch {
			case halted(ctx, err) != nil:
				return halted(ctx, err)
			case err != nil:
				open = err
			case leadsTo(x, stranger):
				t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{x}, Witness: []string{stranger}}, p.host, "redirects to the host that X-Forwarded-Host, X-Host or Forwarded names")
				return nil
			}
		}
		if open != nil {
			t.Unknown(p.host, "asked with a stranger's host in the header: %v", open)
			return nil
		}
		t.Pass(lr.Evidence{}, p.host, "its redirects do not follow headers")
		return nil
	})
}
