package https

import (
	lr "github.com/launchready/launchready"
)

var hstsSubdomains = &lr.Check{
	ID:    "https/hsts-subdomains",
	Title: "The policy of TLS of the domain covers the names below it",
	Why: "A name that does not exist yet is enough: an attacker in the same network answers for `http://x.your-domain`, and the browser sends it the cookies of " +
		"the whole domain.",
	Fix:      "Once every name below answers by TLS, send `includeSubDomains` at the domain itself. A host below it, such as the API, does not need it.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHSTS, {Source: "RFC", ID: "6797 section 6.1.2"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachStrict("covers the names below the domain", judgeHSTSSubdomains),
}

func judgeHSTSSubdomains(t *lr.Trial, s strict) (lr.Severity, string) {
	if s.host == t.Target.Domain.Name && s.valid && s.age > 0 && !s.below {
		return 0, "says Strict-Transport-Security without includeSubDomains"
	}
	return 0, ""
}
