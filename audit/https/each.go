package https

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// strict is what a name says of coming back by TLS: RFC 6797.
type strict struct {
	host    string
	place   *place
	x       *lr.Exchange // the first answer at the name
	lines   int
	valid   bool // there is a max-age
	age     int  // seconds
	below   bool // includeSubDomains
	preload bool
}

// stricts reads the policy of each name that answers by TLS.
func stricts(ctx context.Context, t *lr.Trial) ([]strict, error) {
	all, err := places(ctx, t)
	if err != nil {
		return nil, err
	}
	var out []strict
	for _, p := range all {
		if p.page.first() == nil || busy(p.page.first()) {
			continue
		}
		s := strict{host: p.host, place: p, x: p.page.first()}
		lines := s.x.Header.Values("Strict-Transport-Security")
		if s.lines = len(lines); s.lines > 0 {
			s.read(lines[0]) // the first counts: section 8.1
		}
		out = append(out, s)
	}
	return out, nil
}

func (s *strict) read(line string) {
	for part := range strings.SplitSeq(strings.ToLower(line), ";") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.TrimSpace(name) {
		case "max-age":
			n, err := strconv.Atoi(strings.Trim(strings.TrimSpace(v), `"`))
			s.valid, s.age = err == nil && n >= 0, n
		case "includesubdomains":
			s.below = true
		case "preload":
			s.preload = true
		}
	}
}

// eachStrict judges the policy of each name: "" is right.
func eachStrict(right string, judge func(*lr.Trial, strict) (lr.Severity, string)) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		all, err := stricts(ctx, t)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			t.NotApplicable("no name of the domain answers by TLS")
		}
		for _, s := range all {
			e := lr.Seen(s.x)
			if severity, wrong := judge(t, s); wrong != "" {
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: s.host, Message: wrong, Evidence: e, Severity: severity})
			} else {
				t.Pass(e, s.host, "%s", right)
			}
		}
		return nil
	}
}

// plainly runs judge over the names that answer without TLS, and passes those
// where nobody listens.
func plainly(ctx context.Context, t *lr.Trial, judge func(*place)) error {
	all, err := places(ctx, t)
	if err != nil {
		return err
	}
	asked := false
	for _, p := range all {
		switch {
		case len(p.plain.hops) == 0 && nobody(p.plain.err):
			if len(p.page.hops) > 0 {
				asked = true
				t.Pass(lr.Evidence{Records: []string{p.host + ":80: " + p.plain.err.Error()}}, p.host, "nothing listens without TLS")
			}
		case len(p.plain.hops) == 0:
			asked = true
			t.Unknown(p.host, "port 80 did not answer: %v", p.plain.err)
		case p.plain.busy():
			asked = true
			t.Unknown(p.host, "it was busy")
		default:
			asked = true
			judge(p)
		}
	}
	if !asked {
		t.NotApplicable("no name of the domain answers on the web")
	}
	return nil
}

// eachPlain judges each name that answers without TLS: "" is right.
func eachPlain(right string, judge func(*lr.Trial, *place) (lr.Severity, string)) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		return plainly(ctx, t, func(p *place) {
			e := lr.Seen(p.plain.first())
			if severity, wrong := judge(t, p); wrong != "" {
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: p.host, Message: wrong, Evidence: e, Severity: severity})
			} else {
				t.Pass(e, p.host, "%s", right)
			}
		})
	}
}

// eachTrail judges the redirects of each name, from both ports. A name is told
// once.
func eachTrail(right string, judge func(*lr.Trial, *trail) string) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		all, err := places(ctx, t)
		if err != nil {
			return err
		}
		asked := false
		for _, p := range all {
			var wrong string
			var e lr.Evidence
			open := false
			for _, r := range []*trail{p.page, p.plain} {
				if len(r.hops) == 0 {
					continue
				}
				asked = true
				open = open || r.busy() || r.err != nil && !nobody(r.err)
				if w := judge(t, r); w != "" && wrong == "" {
					wrong, e = w, lr.Seen(r.hops...)
				}
				if wrong == "" {
					e = lr.Seen(r.hops...)
				}
			}
			switch {
			case wrong != "":
				t.Fail(e, p.host, "%s", wrong)
			case open:
				t.Unknown(p.host, "a redirect leads to what did not answer")
			case len(e.Exchanges) > 0:
				t.Pass(e, p.host, "%s", right)
			}
		}
		if !asked {
			t.NotApplicable("no name of the domain answers on the web")
		}
		return nil
	}
}

// eachDeep judges where a name sends who asks it for a path and a query without
// TLS: the first address with TLS.
func eachDeep(right string, judge func(asked, got *url.URL) string) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		return plainly(ctx, t, func(p *place) {
			asked, err := url.Parse(p.deep.start)
			got := p.deep.secure()
			if err != nil || got == nil {
				t.Pass(lr.Seen(p.deep.hops...), p.host, "does not redirect to TLS, which another check judges")
				return
			}
			if wrong := judge(asked, got); wrong != "" {
				t.Fail(lr.Seen(p.deep.hops...), p.host, "%s", wrong)
			} else {
				t.Pass(lr.Seen(p.deep.hops...), p.host, "%s", right)
			}
		})
	}
}

// first is the answer at the start, nil where there is none.
func (r *trail) first() *lr.Exchange {
	if len(r.hops) == 0 {
		return nil
	}
	return r.hops[0]
}

// turns reports that the address itself redirects.
func (r *trail) turns() bool { return r.first() != nil && redirects(r.first()) }

// secure is the first address with TLS that a redirect leads to, nil for none.
func (r *trail) secure() *url.URL {
	for _, x := range r.hops {
		if to := location(x); redirects(x) && to != nil && to.Scheme == "https" {
			return to
		}
	}
	return nil
}

// eachCookie judges every cookie that an answer by TLS sets: "" is right.
func eachCookie(right string, judge func(*http.Cookie) string) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		all, err := places(ctx, t)
		if err != nil {
			return err
		}
		var answers []*lr.Exchange
		for _, p := range all {
			answers = append(answers, p.page.hops...)
		}
		more, err := gates(ctx, t)
		if err != nil {
			return err
		}
		for _, f := range more {
			for _, v := range f.views {
				answers = append(answers, v.x)
			}
		}
		told := map[string]bool{}
		for _, x := range answers {
			u, err := url.Parse(x.URL)
			if err != nil || u.Scheme != "https" {
				continue
			}
			for _, c := range (&http.Response{Header: x.Header}).Cookies() {
				subject := u.Hostname() + " " + c.Name
				if c.Value == "" || c.MaxAge < 0 || told[subject] {
					continue // it is taken back
				}
				told[subject] = true
				e := lr.Evidence{Exchanges: []*lr.Exchange{x}, Records: []string{"cookie " + c.Name + " of " + u.Hostname()}}
				if wrong := judge(c); wrong != "" {
					t.Fail(e, subject, "%s", wrong)
				} else {
					t.Pass(e, subject, "%s", right)
				}
			}
		}
		if len(told) == 0 {
			t.NotApplicable("no answer by TLS sets a cookie")
		}
		return nil
	}
}

// signsIn reports whether a cookie of the name is one that signs somebody in.
func signsIn(name string) bool {
	n := strings.ToLower(name)
	if strings.Contains(n, "csrf") || strings.Contains(n, "xsrf") {
		return false // scripts must read those
	}
	for _, w := range []string{"sess", "sid", "token", "auth", "jwt", "login", "remember"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}
