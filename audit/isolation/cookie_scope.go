package isolation

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
)

var cookieScope = &lr.Check{
	ID:    "isolation/cookie-scope",
	Title: "Session cookies stay with the host that set them",
	Why: "A session cookie with a Domain attribute is sent to every subdomain. Where tenants live on subdomains, or one of them is taken over, " +
		"one tenant's page receives another's session.",
	Fix:      "Leave the Domain attribute out and name the cookie `__Host-…`, which browsers then bind to the one host.",
	Guard:    "",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "6265 section 4.1.2.3"}, {Source: "CWE", ID: "1275"}, {Source: "ASVS", ID: "v5.0.0-3.3.1"}},
	Needs:    lr.Credentials,
	Run:      runCookieScope,
}

func runCookieScope(ctx context.Context, t *lr.Trial) error {
	if len(t.Target.Accounts) == 0 {
		return nil
	}
	a := t.Target.Accounts[0]
	var seen []*lr.Exchange
	for _, option := range []string{"", "cookie", "remember", "remember_me", "session"} {
		r, err := t.Cast.SignInRequest(ctx, a, a.User, t.Cast.Password(a))
		if err != nil {
			break
		}
		if option != "" {
			if !takes(t.Target.SignIn, option) {
				continue
			}
			var m map[string]any
			if json.Unmarshal(r.Body, &m) != nil {
				continue
			}
			m[option] = true
			if r.Body, err = json.Marshal(m); err != nil {
				continue
			}
		}
		r.Note = "sign in to see the cookie"
		x, err := t.HTTP.Do(ctx, nil, r)
		if err != nil {
			return open(ctx, t, "sign-in", err)
		}
		seen = append(seen, x)
	}
	found := false
	for _, x := range seen {
		for _, c := range (&http.Response{Header: x.Header}).Cookies() {
			if c.Value == "" || c.MaxAge < 0 || !sessionCookie(c.Name) {
				continue
			}
			found = true
			e := lr.Evidence{Exchanges: []*lr.Exchange{x}, Records: []string{"cookie " + c.Name + "; Domain=" + c.Domain}}
			switch host := t.Target.Base.Hostname(); {
			case strings.EqualFold(strings.TrimPrefix(c.Domain, "."), host) && host != "":
				// Hosts below this one receive it; whether there are any is not seen.
				t.Suspect(e, "cookie "+c.Name, "is sent to every host below %s: without the Domain attribute it would stay with this one", host)
			case c.Domain != "":
				t.Fail(e, "cookie "+c.Name, "is sent to every host below %s", strings.TrimPrefix(c.Domain, "."))
			default:
				t.Pass(e, "cookie "+c.Name, "is bound to its host")
			}
		}
	}
	if !found {
		t.NotApplicable("signing in sets no session cookie")
	}
	return nil
}

func takes(rt *lr.Route, field string) bool {
	return rt != nil && rt.Body != nil && rt.Body.Schema != nil && rt.Body.Schema.Properties[field] != nil
}

func sessionCookie(name string) bool {
	n := strings.ToLower(name)
	if strings.Contains(n, "csrf") || strings.Contains(n, "xsrf") {
		return false // proves nothing by itself
	}
	for _, w := range []string{"sess", "sid", "token", "auth", "jwt", "login", "remember"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}
