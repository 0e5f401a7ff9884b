package https

import (
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

var redirectQuery = &lr.Check{
	ID:       "https/redirect-query",
	Title:    "The redirect to TLS keeps the query",
	Why:      "Sign-in links, invitations and campaigns carry what they mean in the query. Without it they fail, or sign in nobody.",
	Fix:      "`$request_uri` in nginx has the query, `$uri` has not; in Cloudflare tick \"Preserve query string\".",
	Severity: lr.Low,
	Refs:     []lr.Ref{refPlain},
	Needs:    lr.Domain,
	Extra:    true,
	Run:      eachDeep("keeps the query", judgeRedirectQuery),
}

func judgeRedirectQuery(asked, got *url.URL) string {
	if judgeRedirectPath(asked, got) != "" {
		return "" // it keeps nothing, which is told once
	}
	for k, v := range asked.Query() {
		if got.Query().Get(k) != v[0] && !strings.Contains(got.RawQuery, url.QueryEscape(asked.RawQuery)) && !strings.Contains(got.RawQuery, url.QueryEscape(v[0])) {
			return "leads from " + asked.String() + " to " + got.String() + ", without " + k
		}
	}
	return ""
}
