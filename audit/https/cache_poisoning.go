package https

import (
	"context"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var cachePoisoning = &lr.Check{
	ID:    "https/cache-poisoning",
	Title: "What a header says does not get into pages that a cache keeps",
	Why: "The cache does not look at that header, so one request with the attacker's host in it changes the page for everybody: a script of theirs, a form that " +
		"sends to them.",
	Fix:      "Make links of a host that the settings name, drop `X-Forwarded-Host` and its kin at the edge, or put the header into the key of the cache.",
	Severity: lr.High,
	Refs:     []lr.Ref{refCache, {Source: "CWE", ID: "349"}, {Source: "CWE", ID: "444"}},
	Needs:    lr.Domain,
	Run:      runCachePoisoning,
}

func runCachePoisoning(ctx context.Context, t *lr.Trial) error {
	all, err := pages(ctx, t)
	if err != nil {
		return err
	}
	w, err := webOf(ctx, t)
	if err != nil {
		return err
	}
	asked := false
	err = everyOf(ctx, all, func(ctx context.Context, _ int, p page) error {
		if p.x.As != "anonymous" || !strings.HasPrefix(p.x.URL, "https://") {
			return nil
		}
		asked = true
		for _, name := range []string{"X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "Forwarded", "X-Original-Url", "X-Forwarded-Prefix"} {
			mark := strings.ToLower(t.Stage.Canary(""))
			value := mark + ".example"
			switch name {
			case "Forwarded":
				value = "host=" + value
			case "X-Original-Url", "X-Forwarded-Prefix":
				value = "/" + mark
			}
			at := bust(t, p.x.URL)
			x, err := w.do(ctx, ask{url: at, header: http.Header{name: {value}}, note: "with a made-up " + name})
			if err != nil {
				t.Unknown(p.subject, "%v", err)
				return halted(ctx, err)
			}
			if len(oracle.Find([]string{mark}, x)) == 0 {
				continue
			}
			again, err := w.do(ctx, ask{url: at, note: "the same address, without it"})
			if err != nil {
				t.Unknown(p.subject, "%v", err)
				return halted(ctx, err)
			}
			if len(oracle.Find([]string{mark}, again)) > 0 {
				t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{x, again}, Witness: []string{mark}}, p.subject, "a cache keeps what %s says, and shows it to the next reader", name)
				return nil
			}
		}
		t.Pass(lr.Seen(p.x), p.subject, "headers that no cache looks at change nothing for the next reader")
		return nil
	})
	if !asked {
		t.NotApplicable("no name of the domain shows a page")
	}
	return err
}
