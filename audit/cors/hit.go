package cors

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// hit is an origin that the policy lets in where it should not.
type hit struct {
	class       *class
	page        hostile
	x           *lr.Exchange // the answer that lets it in
	said        string
	credentials bool // with the user's cookies
	session     *session
	travels     bool         // a browser sends a cookie from there
	witness     []string     // what of the customer's the script reads
	read        *lr.Exchange // the reply that holds it
	route       oracle.Probe // that gave it
	seen        *lr.Exchange // what a browser's script got
	record      string       // what is to be said of the browser
	refuted     bool         // a browser let nothing be read
}

// look searches the reply, and then other reads of the class, for what only the
// customer's own view holds. What anybody gets is no witness.
func (h *hit) look(ctx context.Context, t *lr.Trial) error {
	for i, p := range append([]oracle.Probe{h.class.probe}, h.class.others...) {
		if i > tries || h.class.writes {
			break
		}
		r, err := request(ctx, t, p)
		if err != nil {
			continue
		}
		if len(h.session.from(h.page.page, r.Path, t.Target.Base)) == 0 {
			continue
		}
		h.travels = true
		d := *h.class
		d.probe = p
		x, err := d.ask(ctx, t, h.page.page)
		if err := ended(ctx, err); err != nil {
			return err
		}
		if err != nil || !permits(x.Header, h.page.page, true) {
			continue
		}
		anon, err := t.Stage.Control(ctx, p.Route, p.Object, nil)
		if err != nil {
			if err := ended(ctx, err); err != nil {
				return err
			}
			continue
		}
		s := oracle.Sources{Object: p.Object, Known: oracle.Known(t, p.Victim.Tenant), Harvest: true, Not: []*lr.Exchange{anon}, Request: oracle.RequestText(r)}
		w := oracle.Without(oracle.Witness(t, p.Victim, x, s), oracle.Find(oracle.Harvest(anon), x)...)
		w = oracle.Without(w, oracle.Find(w, anon)...)
		if len(w) > 0 {
			h.witness, h.read, h.route = w, x, p
			return nil
		}
	}
	return nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// proofs is how many hits of a check a browser is asked to prove.
const proofs = 2

// report has the strongest hits proved, and tells the trial of all.
func report(ctx context.Context, t *lr.Trial, hits []*hit) error {
	slices.SortFunc(hits, func(a, b *hit) int {
		return cmp.Or(compareBool(len(a.witness) == 0, len(b.witness) == 0), compareBool(a.class.extra, b.class.extra), cmp.Compare(a.class.String(), b.class.String()))
	})
	sure := hits
	if i := slices.IndexFunc(hits, func(h *hit) bool { return len(h.witness) == 0 }); i >= 0 {
		sure = hits[:i]
	}
	first := sure[:min(len(sure), proofs)]
	if err := oracle.Each(ctx, first, func(ctx context.Context, h *hit) error { return h.prove(ctx, t) }); err != nil {
		return err
	}
	for _, h := range sure[len(first):] {
		// The same browser, the same cookies, the same kind of origin.
		last := first[len(first)-1]
		h.refuted, h.record = last.refuted, last.record
	}
	told := map[string]string{}
	for _, h := range hits {
		key := group(h.class.probe.Route.Path)
		if by := told[key]; by != "" && h.class.extra {
			t.Pass(lr.Seen(h.x), h.class.String(), "%s is let in as on %s, which is reported", script(h.page.page), by)
			continue
		}
		if told[key] == "" {
			told[key] = h.class.String()
		}
		h.tell(t)
	}
	return nil
}

// prove has a browser's script read the reply.
func (h *hit) prove(ctx context.Context, t *lr.Trial) error {
	if why := unprovable(t, h.session); why != "" {
		h.record = why
		return nil
	}
	r, err := request(ctx, t, h.route)
	if err != nil {
		h.record = "not proved in a browser: " + err.Error()
		return ended(ctx, err)
	}
	s, err := t.Browser.Read(ctx, lr.Visit{Origin: h.page.page, URL: address(t.Target.Base, r.Path), Cookies: h.session.lines})
	if err != nil {
		h.record = "not proved in a browser, so the fields of the reply decide: " + err.Error()
		return ended(ctx, err)
	}
	h.seen = sightingOf(s, h.page.page, h.read)
	if found := oracle.Find(h.witness, h.seen); s.Readable && len(found) > 0 {
		h.witness = found
		h.record = fmt.Sprintf("%s: %s read the reply (%d) by a script, with cookies of other sites allowed", s.Browser, script(h.page.page), s.Status)
		return nil
	}
	h.refuted = true
	h.record = fmt.Sprintf("%s: %s read nothing of it: %s", s.Browser, script(h.page.page), got(s))
	return nil
}

// unprovable tells why a browser cannot be asked; "" where it can.
func unprovable(t *lr.Trial, s *session) string {
	switch {
	case t.Browser == nil:
		return "no Chromium was found, so the fields of the reply decide (Fetch, 4.10)"
	case s == nil || len(s.lines) == 0:
		return "not proved in a browser: " + s.says()
	}
	return ""
}

func got(s *lr.Sighting) string {
	if s.Readable {
		return fmt.Sprintf("it got an answer %d without the customer's data, so the cookie did not go with it", s.Status)
	}
	return s.Why
}

// sightingOf is what a script got, as an exchange.
func sightingOf(s *lr.Sighting, page string, like *lr.Exchange) *lr.Exchange {
	x := &lr.Exchange{As: script(page), Note: "read by a script in " + s.Browser, Method: "GET", URL: like.URL, Route: like.Route,
		Request: map[string][]string{"Origin": {page}}, Status: s.Status, Header: map[string][]string{}, Body: s.Body, Started: like.Started}
	if ct := like.Header.Get("Content-Type"); ct != "" {
		x.Header.Set("Content-Type", ct)
	}
	return short(x)
}

// tell reports the hit. Its severity follows what a stranger's page gets.
func (h *hit) tell(t *lr.Trial) {
	e := lr.Seen(h.x)
	if h.read != nil && h.read != h.x {
		e.Exchanges = append(e.Exchanges, h.read)
	}
	if h.seen != nil && !h.refuted {
		e.Exchanges = append(e.Exchanges, h.seen)
	}
	if h.record != "" {
		e.Records = append(e.Records, h.record)
	}
	e.Witness = h.witness
	o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: h.class.String(), Evidence: e, Severity: t.Check.Severity}
	like := ""
	if h.page.base != "" {
		like = fmt.Sprintf(" (%s is allowed)", h.page.base)
	}
	intro := fmt.Sprintf("%s: %s", h.said, script(h.page.page))
	switch {
	case len(h.witness) > 0 && h.refuted:
		o.Confidence, o.Severity = lr.Suspected, lr.Medium
		o.Message = fmt.Sprintf("%s is let in with the user's cookies%s, but a browser let it read nothing (%s). %s.", intro, like, h.session.says(), h.record)
	case len(h.witness) > 0:
		o.Message = fmt.Sprintf("%s reads the customer's data with the user's cookies%s.", intro, like)
	case h.credentials && h.session != nil && !h.travels && !h.class.writes:
		o.Severity = lr.Medium
		o.Message = fmt.Sprintf("%s is let in with the user's cookies%s. Today a browser sends none from there (%s); a page below the target's own domain gets all.", intro, like, h.session.says())
	case h.credentials && h.session != nil:
		o.Severity = lr.Medium
		o.Message = fmt.Sprintf("%s is let in with the user's cookies%s. No customer's data was seen in what was asked.", intro, like)
	case h.credentials:
		o.Severity = lr.Low
		o.Message = fmt.Sprintf("%s is let in with credentials%s. Nothing that a browser sends by itself opens the API today, so it reads nothing; with the first cookie it reads all.", intro, like)
	default:
		o.Severity = lr.Low
		o.Message = fmt.Sprintf("%s may read the replies%s, without the user's cookies: only what it has a credential of its own for.", intro, like)
	}
	o.Fault = o.Message // a policy is one, however many routes it is read from
	o.Message += h.class.stood()
	t.Report(o)
}
