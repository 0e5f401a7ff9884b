package https

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

var edgeRedirectRules = &lr.Check{
	ID:       "https/edge-redirect-rules",
	Title:    "Redirect rules of the edge lead to HTTPS, and not back to where they begin",
	Why:      "A rule that redirects to http:// takes a browser out of TLS on the way, and one that leads to the host it is for makes the site a loop for everyone.",
	Fix:      "Write https:// into every target, bind each rule to the hosts that are to be left, and keep path and query.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{cweClear},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, phaseRedirect)
		if v == nil {
			return err
		}
		asked := 0
		for _, r := range v.enabled(phaseRedirect) {
			target := targetOf(r)
			if r.Action != "redirect" || target == "" {
				continue
			}
			asked++
			subject := subjectOf(r.Description, r.ID)
			switch u, err := url.Parse(target); {
			case strings.HasPrefix(target, "http://"):
				t.Fail(said(ruled(phaseRedirect, r), "target "+target), subject, "it leads out of TLS, to %s", target)
			case err == nil && u.Host != "" && loops(r.Expression, u.Host):
				t.Fail(said(ruled(phaseRedirect, r), "target "+target), subject, "it is for the host that it leads to, and so never ends")
			default:
				t.Pass(said(ruled(phaseRedirect, r), "target "+target), subject, "it leads to HTTPS at another host or path")
			}
		}
		if asked == 0 {
			t.Pass(said("no redirect rule is on"), t.Target.Domain.Name, "the edge redirects nothing by rules of its own")
		}
		return nil
	},
}

// targetOf is where a rule leads, as far as it is written out: a fixed address, or
// the begin of a joined one.
func targetOf(r cloudflare.Rule) string {
	var p struct {
		From struct {
			Target struct {
				Value      string `json:"value"`
				Expression string `json:"expression"`
			} `json:"target_url"`
		} `json:"from_value"`
	}
	if json.Unmarshal(r.Parameters, &p) != nil {
		return ""
	}
	if p.From.Target.Value != "" {
		return p.From.Target.Value
	}
	_, rest, ok := strings.Cut(p.From.Target.Expression, `concat("`)
	begin, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		return ""
	}
	return begin
}

// loops reports an expression that is true for a whole host.
func loops(expression, host string) bool {
	e := strings.ToLower(strings.NewReplacer("(", "", ")", "", " ", "").Replace(expression))
	return e == `http.hosteq"`+strings.ToLower(host)+`"` || e == "true"
}
