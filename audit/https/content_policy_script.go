package https

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

var contentPolicyScript = &lr.Check{
	ID:       "https/content-policy-script",
	Title:    "The content policy keeps scripts out that are not the page's own",
	Why:      "With `unsafe-inline`, `*` or `data:` the policy lets through what an injected tag brings along, and stops nothing.",
	Fix:      "Move inline scripts to files, or give them a nonce for each answer; name hosts instead of `*`; with nonces add `'strict-dynamic'`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "79"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("its policy lets only its own scripts run", judgeContentPolicyScript),
}

func judgeContentPolicyScript(_ *lr.Trial, p page) (lr.Severity, string) {
	d := policies(p.x)
	sources, has := d["script-src"]
	if !has {
		sources = d["default-src"]
	}
	if slices.ContainsFunc(sources, func(s string) bool { return strings.HasPrefix(s, "'nonce-") || strings.HasPrefix(s, "'sha") }) {
		return 0, "" // browsers ignore unsafe-inline beside these: CSP level 3, section 6.7.3.2
	}
	for _, s := range sources {
		switch s {
		case "'unsafe-inline'", "*", "https:", "http:", "data:":
			return 0, "its Content-Security-Policy lets scripts run from " + s
		}
	}
	return 0, ""
}
