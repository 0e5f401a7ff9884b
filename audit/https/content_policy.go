package https

import (
	lr "github.com/launchready/launchready"
)

var contentPolicy = &lr.Check{
	ID:    "https/content-policy",
	Title: "Pages say what they may load and run",
	Why: "A Content-Security-Policy is the second wall when a text of a customer or of the model gets into a page as markup: without one the script runs with " +
		"the user's session.",
	Fix: "Begin with `default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`, as `Content-Security-Policy-Report-Only` for a week, " +
		"then in earnest.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refHeaders, {Source: "CWE", ID: "1021"}},
	Needs:    lr.Domain,
	Run:      eachPage("has a content policy", judgeContentPolicy),
}

func judgeContentPolicy(_ *lr.Trial, p page) (lr.Severity, string) {
	d := policies(p.x)
	switch {
	case len(d) == 0 && p.x.Header.Get("Content-Security-Policy-Report-Only") != "":
		return lr.Low, "has a Content-Security-Policy that only reports"
	case len(d) == 0:
		return 0, "has no Content-Security-Policy"
	case d["default-src"] == nil && d["script-src"] == nil:
		if _, sandboxed := d["sandbox"]; !sandboxed {
			return lr.Low, "has a Content-Security-Policy that does not say where scripts may come from"
		}
	}
	return 0, ""
}
