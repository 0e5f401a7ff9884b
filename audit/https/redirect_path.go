package https

import (
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var redirectPath = &lr.Check{
	ID:       "https/redirect-path",
	Title:    "The redirect to TLS keeps the path",
	Why:      "Links in mails, documents and search results lead to the start page instead of where they should.",
	Fix:      "`return 308 https://$host$request_uri;` in nginx keeps both path and query; `Redirect permanent / https://HOST/` in Apache as well.",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachDeep("keeps the path", judgeRedirectPath),
}

func judgeRedirectPath(asked, got *url.URL) string {
	if strings.Contains(got.EscapedPath(), asked.EscapedPath()) || strings.Contains(got.RawQuery, url.QueryEscape(asked.EscapedPath())) || strings.Contains(got.Path, asked.Path) {
		return ""
	}
	return "leads from " + asked.String() + " to " + got.String() + ", without the path"
}
