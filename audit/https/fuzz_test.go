package https

import (
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// FuzzAnswer reads header fields and pages that a hostile server may send: nothing
// panics, and what is said of a page is one line.
func FuzzAnswer(f *testing.F) {
	f.Add("max-age=63072000; includeSubDomains", "default-src 'none'; frame-ancestors *", "camera=*, microphone=(self *)", "public, max-age=1", "a=b; Secure", "/next", `<form action=http://b.test><script src="//c.test/x.js">`)
	f.Add("max-age=\"", ";;,;", "=,=(", "max-age=99999999999999999999", "=;", "http://[::1", "<!--")
	f.Fuzz(func(t *testing.T, hsts, csp, features, cache, cookie, to, body string) {
		x := &lr.Exchange{URL: "https://a.test/", Method: "GET", Status: 302, Body: []byte(body), Header: http.Header{
			"Content-Type": {"text/html"}, "Strict-Transport-Security": {hsts}, "Content-Security-Policy": {csp}, "Permissions-Policy": {features}, "Referrer-Policy": {features},
			"Cache-Control": {cache}, "Set-Cookie": {cookie}, "Location": {to},
		}}
		p := page{"a.test/", x}
		tr := &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Name: "a.test"}}}
		for _, judge := range []func(*lr.Trial, page) (lr.Severity, string){judgePermissionsPolicy, judgeReferrerPolicy, judgeCacheAssets} {
			if _, wrong := judge(tr, p); strings.ContainsAny(wrong, "\r\n") {
				t.Errorf("%q", wrong)
			}
		}
		new(strict).read(hsts)
		policies(x)
		for _, e := range elements(x) {
			if e.to == nil {
				t.Error("an element that leads nowhere")
			}
		}
		if n, ok := shareable(x, true); ok && n <= 0 {
			t.Errorf("kept for %d seconds", n)
		}
		if u := location(x); u != nil && leadsTo(x, "stranger.example") && !strings.Contains(strings.ToLower(to), "stranger.example") {
			t.Errorf("%q leads to a stranger", to)
		}
		judgeSecurityTxt(body, time.Unix(1790000000, 0))
	})
}
