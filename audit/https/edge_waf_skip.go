package https

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var edgeWAFSkip = &lr.Check{
	ID:       "https/edge-waf-skip",
	Title:    "No rule lets requests past the firewall by what anyone can send",
	Why:      "A rule that skips the firewall for a user agent, a header or for everything is a key that lies on the doormat: attackers send the same header.",
	Fix:      "Bind each skip rule to one path and to something that cannot be sent by others: addresses of the service, or mutual TLS.",
	Severity: lr.High,
	Refs:     []lr.Ref{mvspEdge},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		v, err := inside(ctx, t, phaseCustom)
		if v == nil {
			return err
		}
		asked := 0
		for _, phase := range []string{phaseCustom, phaseManaged} {
			for _, r := range v.enabled(phase) {
				if r.Action != "skip" && r.Action != "allow" {
					continue
				}
				asked++
				if why := wide(r.Expression); why != "" {
					t.Fail(said(ruled(phase, r)), subjectOf(r.Description, r.ID), "it lets requests past the firewall %s", why)
				} else {
					t.Pass(said(ruled(phase, r)), subjectOf(r.Description, r.ID), "it is bound to addresses or to a path")
				}
			}
		}
		if asked == 0 {
			t.Pass(said("no rule that is on skips the firewall"), t.Target.Domain.Name, "nothing is let past the firewall")
		}
		return nil
	},
}

func subjectOf(description, id string) string {
	if description != "" {
		return "rule " + description
	}
	return "rule " + id
}

// wide says by what a rule's expression lets everybody in, "" where it does not.
// An address, a country's network or a certificate of the client bounds it.
func wide(expression string) string {
	e := strings.ToLower(expression)
	for _, bound := range []string{"ip.src", "ip.geoip.asnum", "cf.tls_client_auth.cert_verified", "cf.bot_management.verified_bot", "cf.client.bot"} {
		if strings.Contains(e, bound) && !strings.Contains(e, " or ") {
			return ""
		}
	}
	switch {
	case strings.TrimSpace(strings.Trim(e, "()")) == "true":
		return "whatever they are"
	case strings.Contains(e, "http.user_agent"):
		return "by their user agent, which anyone can send"
	case strings.Contains(e, "http.request.headers") || strings.Contains(e, "http.referer") || strings.Contains(e, "http.cookie"):
		return "by a header, which anyone can send"
	case strings.Contains(e, "http.request.uri.query"):
		return "by their query, which anyone can send"
	}
	return ""
}
