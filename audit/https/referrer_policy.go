package https

import (
	"strings"

	lr "github.com/launchready/launchready"
)

var referrerPolicy = &lr.Check{
	ID:       "https/referrer-policy",
	Title:    "Addresses of pages are not told to other sites",
	Why:      "With `unsafe-url` every site that a page links to or loads from learns the whole address, with ids and tokens in it.",
	Fix:      "Send `Referrer-Policy: strict-origin-when-cross-origin`, which is what browsers do by default, or `no-referrer`.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "200"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachPage("keeps its address to itself", judgeReferrerPolicy),
}

func judgeReferrerPolicy(_ *lr.Trial, p page) (lr.Severity, string) {
	words := strings.Split(strings.ToLower(p.x.Header.Get("Referrer-Policy")), ",")
	switch last := strings.TrimSpace(words[len(words)-1]); last { // the last that a browser knows counts
	case "unsafe-url", "no-referrer-when-downgrade", "origin-when-cross-origin":
		if last == "origin-when-cross-origin" {
			return 0, ""
		}
		return 0, "tells its whole address to other sites: " + last
	}
	return 0, ""
}
