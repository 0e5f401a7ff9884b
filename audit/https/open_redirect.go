package https

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var openRedirect = &lr.Check{
	ID:    "https/open-redirect",
	Title: "No address of the domain sends readers where its query says",
	Why: "A link to your own sign-in page that ends at a copy of it is the best phishing there is: the name before the slash is yours. Where a token is added on the way, it goes along. " +
		"Filters of mail and chat trust the domain too.",
	Fix:      "Take a path of your own after sign-in and nothing else: refuse what has a scheme or a host, and what begins with `//` or `/\\`, or look a name up in a list.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "ASVS", ID: "v5.0.0-3.7.2"}, {Source: "CWE", ID: "601"}},
	Needs:    lr.Domain,
	Run:      runOpenRedirect,
}

// Where sign-in pages and trackers of links stand, and the names by which they take
// where to go next.
var (
	onwardPaths = [...]string{"/", "/login", "/auth/login", "/logout", "/redirect", "/out"}
	onwardNames = [...]string{"next", "url", "to", "redirect", "redirect_to", "redirect_uri", "redirect_url", "return", "return_to", "returnTo", "returnUrl", "continue", "dest", "destination", "target", "goto", "callback"}
)

// onwardForms write a stranger's host in each way that a browser follows. What
// checks for `http` alone misses the second, what checks for `//` the third.
var onwardForms = [...]func(host string) string{
	func(h string) string { return "https://" + h + "/" },
	func(h string) string { return "//" + h + "/" },
	func(h string) string { return `/\` + h + "/" },
}

func runOpenRedirect(ctx context.Context, t *lr.Trial) error {
	all, err := places(ctx, t)
	if err != nil {
		return err
	}
	w, err := webOf(ctx, t)
	if err != nil {
		return err
	}
	stranger := strangersHost(t)
	var asked []*place
	for _, p := range all {
		if len(p.page.hops) > 0 {
			asked = append(asked, p)
		}
	}
	if len(asked) == 0 {
		t.NotApplicable("no name of the domain answers by TLS")
		return nil
	}
	return everyOf(ctx, asked, func(ctx context.Context, _ int, p *place) error {
		told, open := false, 0
		for _, path := range onwardPaths {
			at := "https://" + p.host + path
			x, to, err := sendsOn(ctx, w, at, stranger)
			switch {
			case halted(ctx, err) != nil:
				return halted(ctx, err)
			case err != nil:
				open++
			case x != nil:
				told = true
				t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{x}, Witness: []string{stranger}}, p.host+path, "redirects to whatever host its query names in %s", culprit(ctx, w, at, to, stranger))
			}
		}
		switch {
		case told:
		case open > 0:
			t.Unknown(p.host, "%d of the addresses that take where to go next did not answer", open)
		default:
			t.Pass(lr.Evidence{}, p.host, "it sends nobody where a query says")
		}
		return nil
	})
}

// sendsOn asks one address with each form of the stranger's host until one is followed:
// the answer and the form, or nil. The error is that of a form that was not answered.
func sendsOn(ctx context.Context, w *web, at, stranger string) (x *lr.Exchange, to string, open error) {
	for _, form := range onwardForms {
		to := form(stranger)
		x, err := answered(w.do(ctx, ask{url: at + "?" + onward(to, onwardNames[:]...), note: "asked to go on to a stranger's host"}))
		switch {
		case halted(ctx, err) != nil:
			return nil, "", err
		case err != nil:
			open = err
		case leadsTo(x, stranger):
			return x, to, nil
		case !redirects(x) && !refuses(x):
			return nil, "", open // it does not redirect, whatever is written there
		}
	}
	return nil, "", open
}

// refuses reports that what the query says was looked at, and not taken: another form
// of the same may be.
func refuses(x *lr.Exchange) bool {
	switch x.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func onward(to string, names ...string) string {
	q := url.Values{}
	for _, n := range names {
		q.Set(n, to)
	}
	return q.Encode()
}

// leadsTo reports a redirect that a browser would follow to the host. A browser
// takes a backslash for a slash (WHATWG URL, "special authority ignore slashes").
func leadsTo(x *lr.Exchange, host string) bool {
	if !redirects(x) {
		return false
	}
	base, err := url.Parse(x.URL)
	if err != nil {
		return false
	}
	to, err := base.Parse(strings.ReplaceAll(strings.TrimSpace(x.Header.Get("Location")), `\`, "/"))
	return err == nil && strings.EqualFold(to.Hostname(), host)
}

// culprit finds the one name that does it.
func culprit(ctx context.Context, w *web, at, to, host string) string {
	for _, n := range onwardNames {
		if x, err := w.do(ctx, ask{url: at + "?" + onward(to, n), method: http.MethodGet, note: "which name it is"}); err == nil && leadsTo(x, host) {
			return n
		}
	}
	return "one of its names"
}
