package https

import (
	lr "github.com/launchready/launchready"
)

var hsts = &lr.Check{
	ID:    "https/hsts",
	Title: "Browsers are told to come back by TLS alone",
	Why:   "Without `Strict-Transport-Security` the first request of each visit goes out in clear, and who sits in the same network answers it instead of you.",
	Fix: "Send `Strict-Transport-Security: max-age=63072000` with every answer over TLS, from the edge (`add_header … always` in nginx, the HSTS setting of the " +
		"provider).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797"}, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run:      eachStrict("tells browsers to come back by TLS", judgeHSTS),
}

func judgeHSTS(_ *lr.Trial, s strict) (lr.Severity, string) {
	switch {
	case s.lines == 0:
		return 0, "does not say Strict-Transport-Security"
	case !s.valid:
		return 0, "says a Strict-Transport-Security that has no max-age, which browsers ignore"
	case s.age == 0:
		return 0, "says max-age=0, which makes browsers forget the policy"
	}
	return 0, ""
}
