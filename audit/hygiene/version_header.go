package hygiene

import (
	"context"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
)

func versionHeader(c *collection) *lr.Check {
	return &lr.Check{
		ID:       "hygiene/version-header",
		Title:    "Headers tell no version of the software behind",
		Why:      "A version in `Server` or `X-Powered-By` puts the product on the list of whoever searches the internet for that version the day its flaw is known.",
		Fix:      "Take the version out (`server_tokens off` in nginx, `ServerTokens Prod` in Apache, `expose_php = Off`, `app.disable('x-powered-by')` in Express, `enableVersionHeader=\"false\"` in ASP.NET), or strip the header at the edge.",
		Guard:    "hide_headers",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "497"}, {Source: "ASVS", ID: "v5.0.0-13.4.6"}},
		Needs:    lr.Routes,
		Extra:    true,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			if len(got.replies) == 0 {
				t.Unknown(application, "nothing was answered")
				return nil
			}
			if len(got.headers) == 0 {
				t.Pass(lr.Seen(got.replies[0].x), application, "no version in the headers of %d replies", len(got.replies))
				return nil
			}
			told := map[string]bool{}
			e := lr.Evidence{Exchanges: got.headers[:1]}
			for _, x := range got.headers {
				for _, line := range strings.Split(versions(x), "\n") {
					if !told[line] && len(told) < 12 {
						told[line] = true
						e.Witness = append(e.Witness, line)
					}
				}
			}
			sort.Strings(e.Witness)
			t.Fail(e, application, "headers tell what runs in which version: %s", strings.Join(e.Witness, "; "))
			return nil
		},
	}
}

var versioned = expr.Lazy(`[A-Za-z][\w.+-]+[/ ]v?\d{1,5}(?:\.\d{1,6}){1,4}|[A-Za-z][\w.+-]+/\d{1,5}\b`)

// versions lists the lines of the header that tell a version. "Via: 1.1 name"
// tells that of the protocol (RFC 9110, section 7.6.3) and is none.
func versions(x *lr.Exchange) string {
	var out []string
	for _, name := range []string{"Server", "X-Powered-By", "X-Aspnet-Version", "X-Aspnetmvc-Version", "X-Generator", "Via", "X-Runtime", "X-Served-By", "X-Backend-Server", "X-Drupal-Cache-Tags", "X-Version", "X-Php-Version", "Liferay-Portal", "X-Jenkins", "X-Owa-Version", "Microsoftsharepointteamservices"} {
		for _, v := range x.Header[name] {
			tells := versioned().MatchString(v)
			switch name {
			case "X-Aspnet-Version", "X-Aspnetmvc-Version", "X-Php-Version", "X-Jenkins", "X-Owa-Version", "Microsoftsharepointteamservices":
				tells = v != ""
			case "Via":
				v = strings.ReplaceAll(strings.ReplaceAll(v, "HTTP/1.1", "1.1"), "HTTP/2", "2")
				tells = versioned().MatchString(v)
			}
			if tells {
				out = append(out, name+": "+v[:min(len(v), 120)])
			}
		}
	}
	return strings.Join(out, "\n")
}
