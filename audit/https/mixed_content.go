package https

import (
	lr "github.com/launchready/launchready"
)

var mixedContent = &lr.Check{
	ID:    "https/mixed-content",
	Title: "Pages with TLS load nothing without",
	Why: "A script or a frame that comes in clear can be changed on the way and runs in the page; a form sends what the user typed in clear. Browsers block the " +
		"first, so the page is broken as well.",
	Fix:      "Write addresses relative or with https; `Content-Security-Policy: upgrade-insecure-requests` helps while old texts are mended.",
	Severity: lr.High,
	Refs:     []lr.Ref{refPlain, {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run:      eachPage("loads nothing without TLS", judgeMixedContent),
}

func judgeMixedContent(_ *lr.Trial, p page) (lr.Severity, string) {
	_, upgrades := policies(p.x)["upgrade-insecure-requests"]
	for _, e := range elements(p.x) {
		if e.to.Scheme != "http" || upgrades || len(p.x.URL) < 8 || p.x.URL[:8] != "https://" {
			continue
		}
		switch e.name {
		case "img", "audio", "video", "source":
			return lr.Low, "shows " + e.to.String() + ", which comes without TLS"
		case "form":
			return 0, "has a form that sends to " + e.to.String() + ", without TLS"
		}
		return 0, "loads " + e.to.String() + ", which comes without TLS"
	}
	return 0, ""
}
