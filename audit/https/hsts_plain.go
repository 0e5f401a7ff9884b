package https

import (
	lr "github.com/launchready/launchready"
)

var hstsPlain = &lr.Check{
	ID:    "https/hsts-plain",
	Title: "The policy of TLS is not sent in clear",
	Why: "Browsers ignore it there, as anybody on the way could have written it. It shows that the header was put in the wrong place, and often that the right " +
		"one lacks it.",
	Fix:      "Send it in the server block of port 443 alone.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797 section 7.2"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPlain("does not send it in clear", judgeHSTSPlain),
}

func judgeHSTSPlain(_ *lr.Trial, p *place) (lr.Severity, string) {
	if p.plain.hops[0].Header.Get("Strict-Transport-Security") != "" {
		return 0, "sends Strict-Transport-Security without TLS"
	}
	return 0, ""
}
