package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var hstsPreload = &lr.Check{
	ID:    "https/hsts-preload",
	Title: "A domain that asks for the browsers' list of TLS meets its terms",
	Why: "With `preload` in the header the domain asks to be built into browsers. Where it does not meet their terms it is not taken, and the team believes " +
		"that it is.",
	Fix: "Send `max-age=63072000; includeSubDomains; preload` at the domain itself, answer on port 80 with a redirect to https of the same name first and only " +
		"then elsewhere; or take `preload` out. Being on the list takes months to undo.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      runHSTSPreload,
}

func runHSTSPreload(ctx context.Context, t *lr.Trial) error {
	all, err := stricts(ctx, t)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.host != t.Target.Domain.Name {
			continue
		}
		e := lr.Seen(s.x)
		var wrong string
		switch first := s.place.plain.first(); {
		case !s.preload:
			t.Pass(e, s.host, "does not ask to be on the list")
			return nil
		case s.lines > 1:
			wrong = "says Strict-Transport-Security twice"
		case s.age < year:
			wrong = "asks to be preloaded, and its policy is kept for less than a year"
		case !s.below:
			wrong = "asks to be preloaded without includeSubDomains"
		case first == nil:
			// Nothing listens on port 80: hstspreload.org takes that.
		case !redirects(first):
			wrong = "asks to be preloaded, and http:// is not redirected"
		default:
			if to := location(first); to == nil || to.Scheme != "https" || to.Hostname() != s.host {
				e.Exchanges = append(e.Exchanges, first)
				wrong = "asks to be preloaded, and http:// leads elsewhere before it leads to https:// of the same name"
			}
		}
		if wrong != "" {
			t.Fail(e, s.host, "%s", wrong)
		} else {
			t.Pass(e, s.host, "meets the terms of the list")
		}
		return nil
	}
	t.NotApplicable("the domain itself does not answer by TLS")
	return nil
}
