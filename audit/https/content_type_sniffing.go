package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var contentTypeSniffing = &lr.Check{
	ID:       "https/content-type-sniffing",
	Title:    "Browsers do not guess what an answer is",
	Why:      "A file or an error that a user wrote can be taken for a script or a page although its type says otherwise.",
	Fix:      "Send `X-Content-Type-Options: nosniff` with every answer, from one middleware or the edge.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "430"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("says nosniff", judgeContentTypeSniffing),
}

func judgeContentTypeSniffing(_ *lr.Trial, p page) (lr.Severity, string) {
	if strings.EqualFold(strings.TrimSpace(p.x.Header.Get("X-Content-Type-Options")), "nosniff") {
		return 0, ""
	}
	return 0, "does not say X-Content-Type-Options: nosniff"
}
