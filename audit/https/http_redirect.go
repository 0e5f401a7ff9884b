package https

import (
	"context"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var httpRedirect = &lr.Check{
	ID:       "https/http-redirect",
	Title:    "Nothing is served without TLS",
	Why:      "What is read in clear can be read and changed by everybody on the way: a network in a hotel, a provider, a neighbour.",
	Fix:      "Answer on port 80 with `301` or `308` to the same address with https and nothing else (`return 308 https://$host$request_uri;`), or close the port.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run:      runHTTPRedirect,
}

func runHTTPRedirect(ctx context.Context, t *lr.Trial) error {
	return plainly(ctx, t, func(p *place) {
		for _, x := range p.plain.hops {
			u, err := url.Parse(x.URL)
			if err != nil || u.Scheme != "http" || redirects(x) {
				continue
			}
			switch {
			case x.Status >= 400:
				t.Pass(lr.Seen(x), p.host, "serves nothing without TLS: it answers %d", x.Status)
			case len(x.Body) == 0:
				t.Pass(lr.Seen(x), p.host, "serves nothing without TLS")
			default:
				t.Fail(lr.Seen(p.plain.hops...), p.host, "serves what it has without TLS: %d with %d bytes", x.Status, len(x.Body))
			}
			return
		}
		switch {
		case strings.HasPrefix(p.plain.away, "http://"):
			t.Fail(lr.Seen(p.plain.hops...), p.host, "sends readers to %s, without TLS", p.plain.away)
		case p.plain.loop && p.plain.secure() == nil:
			t.Unknown(p.host, "its redirects go in circles")
		default:
			t.Pass(lr.Seen(p.plain.hops...), p.host, "sends readers to https")
		}
	})
}
