package https

import (
	"context"
	gotls "crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/authority"
)

// street is a network where every name of a domain stands at two servers, one for
// each port of the web.
type street struct {
	plain, secure string // addresses; "" refuses
	pool          *x509.CertPool
	delay         time.Duration
}

func (s *street) Resolver() string      { return "" }
func (s *street) Roots() *x509.CertPool { return s.pool }
func (s *street) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host != "a.test" && !strings.HasSuffix(host, ".a.test") {
		return nil, lr.ErrScope
	}
	to := s.plain
	if port == "443" {
		to = s.secure
	}
	if to == "" {
		to = "127.0.0.1:1" // where nobody listens
	}
	time.Sleep(s.delay)
	c, err := new(net.Dialer).DialContext(ctx, network, to)
	if err != nil || s.delay == 0 {
		return c, err
	}
	return &far{Conn: c, delay: s.delay}, nil
}

// far is a connection whose answers take a while.
type far struct {
	net.Conn
	delay time.Duration
	sent  bool
}

func (f *far) Write(b []byte) (int, error) { f.sent = true; return f.Conn.Write(b) }

func (f *far) Read(b []byte) (int, error) {
	if f.sent {
		f.sent = false
		time.Sleep(f.delay)
	}
	return f.Conn.Read(b)
}

// servers serve a handler on both ports.
func servers(t testing.TB, plain, secure http.HandlerFunc) *street {
	t.Helper()
	s := &street{}
	if plain != nil {
		h := httptest.NewServer(plain)
		t.Cleanup(h.Close)
		s.plain = h.Listener.Addr().String()
	}
	if secure != nil {
		ca, err := authority.New(time.Now)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := ca.Issue(authority.Kind{Names: []string{"a.test", "*.a.test"}})
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewUnstartedServer(secure)
		h.TLS = &gotls.Config{Certificates: []gotls.Certificate{cert}, MinVersion: gotls.VersionTLS12}
		h.Config.ErrorLog = log.New(io.Discard, "", 0)
		h.StartTLS()
		t.Cleanup(h.Close)
		s.secure, s.pool = h.Listener.Addr().String(), ca.Pool()
	}
	return s
}

// judged runs a check over names at the street.
func judged(t testing.TB, c *lr.Check, n lr.Network, hosts ...string) []lr.Outcome {
	t.Helper()
	var mu sync.Mutex
	var out []lr.Outcome
	base, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	tr := &lr.Trial{Check: c, Target: &lr.Target{Base: base, Domain: &lr.DomainAccess{Name: "a.test", Hosts: hosts, Network: n}}, Memo: &lr.Memo{}, Now: time.Now, Stage: mint{},
		Report: func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, o)
		}}
	if err := c.Run(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	return out
}

// mint is a stage that makes canaries alone.
type mint struct{ lr.Stage }

func (mint) Canary(string) string { return "lr1-canary-000000000000" }

func verdicts(out []lr.Outcome) string {
	var all []string
	for _, o := range out {
		all = append(all, strings.TrimSpace(fmt.Sprint(o.Verdict, " ", o.Subject)))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func to(status int, where string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.ReplaceAll(where, "*", r.Host))
		w.WriteHeader(status)
	}
}

func whole(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "https://"+r.Host+r.URL.RequestURI())
	w.WriteHeader(308)
}

func text(s string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for _, h := range header {
			name, v, _ := strings.Cut(h, ": ")
			if name == "Content-Type" {
				w.Header().Del(name)
			}
			w.Header().Add(name, v)
		}
		fmt.Fprint(w, s) //nolint:errcheck // the client has gone
	}
}

// onTo is a sign-in page that goes on to where its query says, as far as kept lets it.
func onTo(name string, kept func(string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Location", kept(r.URL.Query().Get(name)))
		w.WriteHeader(302)
	}
}

// refusing is a sign-in page that goes on to whatever does not begin so.
func refusing(begin string) http.HandlerFunc {
	on := onTo("next", func(s string) string { return s })
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Query().Get("next"), begin) {
			http.Error(w, "next must be a path", http.StatusBadRequest)
			return
		}
		on(w, r)
	}
}

// forwarded redirects to the host that a proxy is said to have been asked for, in a form
// that browsers follow.
func forwarded(w http.ResponseWriter, r *http.Request) {
	if host := r.Header.Get("X-Forwarded-Host"); host != "" {
		to(302, `/\`+host+"/")(w, r)
		return
	}
	whole(w, r)
}

// busyWith redirects, and is busy where the request has the header.
func busyWith(header string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(header) != "" {
			w.WriteHeader(503)
			return
		}
		whole(w, r)
	}
}

// cutOff is nothing but a path of one's own where the text begins so.
func cutOff(s, begin string) string {
	if strings.HasPrefix(s, begin) {
		return "/home"
	}
	return s
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// TestChecks: what each check says of a server, right ones that look wrong among them.
func TestChecks(t *testing.T) {
	page := text("<h1>hello</h1>")
	for name, tt := range map[string]struct {
		check         *lr.Check
		plain, secure http.HandlerFunc
		want          string
	}{
		"redirects":                           {httpRedirect, whole, page, "passed a.test"},
		"serves in clear":                     {httpRedirect, page, page, "failed a.test"},
		"refuses in clear":                    {httpRedirect, status(403), page, "passed a.test"},
		"nothing listens in clear":            {httpRedirect, nil, page, "passed a.test"},
		"busy":                                {httpRedirect, status(503), page, "unknown a.test"},
		"leads to a stranger without TLS":     {httpRedirect, to(301, "http://b.test/"), page, "failed a.test"},
		"leads to a stranger with TLS":        {httpRedirect, to(301, "https://b.test/"), page, "passed a.test"},
		"nothing on the web":                  {httpRedirect, nil, nil, "skipped"},
		"temporary":                           {redirectPermanent, to(302, "https://*/"), page, "failed a.test"},
		"for good":                            {redirectPermanent, whole, page, "passed a.test"},
		"loses the path":                      {redirectPath, to(301, "https://*/?first=1&second=a%2Bb"), page, "failed a.test"},
		"keeps the path below a language":     {redirectPath, to(301, "https://*/en/launchready-check/a%20b?first=1"), page, "passed a.test"},
		"keeps the path for the sign-in":      {redirectPath, to(302, "https://*/login?next=%2Flaunchready-check%2Fa%2520b"), page, "passed a.test"},
		"loses the query":                     {redirectQuery, to(301, "https://*/launchready-check/a%20b"), page, "failed a.test"},
		"adds to the query":                   {redirectQuery, to(301, "https://*/launchready-check/a%20b?x=1&second=a%2Bb&first=1"), page, "passed a.test"},
		"circles":                             {redirectLoop, whole, to(301, "https://*/"), "failed a.test"},
		"circles without end":                 {redirectLoop, nil, func(w http.ResponseWriter, r *http.Request) { to(301, r.URL.Path+"x")(w, r) }, "failed a.test"},
		"does not circle":                     {redirectLoop, whole, page, "passed a.test"},
		"downgrades":                          {redirectDowngrade, whole, to(301, "http://b.test/"), "failed a.test"},
		"an address that cannot be read":      {redirectDowngrade, whole, to(301, "http://[::1"), "passed a.test"},
		"says HSTS":                           {hsts, whole, text("x", "Strict-Transport-Security: max-age=31536000"), "passed a.test"},
		"says it in capitals and quotes":      {hstsAge, whole, text("x", `Strict-Transport-Security: MAX-AGE="63072000" ; IncludeSubDomains`), "passed a.test"},
		"says nothing":                        {hsts, whole, page, "failed a.test"},
		"says zero":                           {hsts, whole, text("x", "Strict-Transport-Security: max-age=0"), "failed a.test"},
		"says rubbish":                        {hsts, whole, text("x", "Strict-Transport-Security: yes"), "failed a.test"},
		"a busy server's header":              {hsts, whole, status(503), "skipped"},
		"not below":                           {hstsSubdomains, whole, text("x", "Strict-Transport-Security: max-age=31536000"), "failed a.test"},
		"not asking for the list":             {hstsPreload, to(301, "https://www.a.test/"), text("x", "Strict-Transport-Security: max-age=31536000; includeSubDomains"), "passed a.test"},
		"asking, and www first":               {hstsPreload, to(301, "https://www.a.test/"), text("x", "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload"), "failed a.test"},
		"asking by right":                     {hstsPreload, whole, text("x", "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload"), "passed a.test"},
		"a policy":                            {contentPolicy, whole, text("x", "Content-Security-Policy: default-src 'self'"), "passed a.test/"},
		"a sandbox is one":                    {contentPolicy, whole, text("x", "Content-Security-Policy: sandbox"), "passed a.test/"},
		"none":                                {contentPolicy, whole, page, "failed a.test/"},
		"inline beside a nonce":               {contentPolicyScript, whole, text("x", "Content-Security-Policy: script-src 'nonce-abc' 'unsafe-inline'"), "passed a.test/"},
		"inline":                              {contentPolicyScript, whole, text("x", "Content-Security-Policy: script-src 'self' 'unsafe-inline'"), "failed a.test/"},
		"inline styles":                       {contentPolicyScript, whole, text("x", "Content-Security-Policy: default-src 'self'; style-src 'unsafe-inline'"), "passed a.test/"},
		"two policies, one strict":            {contentPolicyScript, whole, text("x", "Content-Security-Policy: script-src *", "Content-Security-Policy: script-src"), "passed a.test/"},
		"framed by the old header":            {framing, whole, text("x", "X-Frame-Options: sameorigin"), "passed a.test/"},
		"framed by all":                       {framing, whole, text("x", "Content-Security-Policy: frame-ancestors *"), "failed a.test/"},
		"allow-from, which browsers dropped":  {framing, whole, text("x", "X-Frame-Options: ALLOW-FROM https://b.test"), "failed a.test/"},
		"lends its camera":                    {permissionsPolicy, whole, text("x", "Permissions-Policy: geolocation=(), camera=*"), "failed a.test/"},
		"lends it in a list":                  {permissionsPolicy, whole, text("x", `Permissions-Policy: camera=(self "https://b.test" *)`), "failed a.test/"},
		"lends it once, and the last counts":  {permissionsPolicy, whole, text("x", "Permissions-Policy: camera=*, camera=()"), "passed a.test/"},
		"lends it to one":                     {permissionsPolicy, whole, text("x", `Permissions-Policy: camera=(self "https://*.b.test")`), "passed a.test/"},
		"lends what harms nobody":             {permissionsPolicy, whole, text("x", "Permissions-Policy: fullscreen=*, camera"), "passed a.test/"},
		"a page without a policy of features": {permissionsPolicy, whole, page, "passed a.test/"},
		"goes on to anybody":                  {openRedirect, whole, onTo("redirect_uri", func(s string) string { return s }), "failed a.test/login"},
		"goes on to who has no scheme":        {openRedirect, whole, onTo("next", func(s string) string { return strings.TrimPrefix(s, "https:") }), "failed a.test/login"},
		"goes on but for a scheme":            {openRedirect, whole, onTo("to", func(s string) string { return cutOff(s, "https:") }), "failed a.test/login"},
		"goes on but for slashes":             {openRedirect, whole, onTo("to", func(s string) string { return cutOff(cutOff(s, "https:"), "//") }), "failed a.test/login"},
		"goes on to what it does not refuse":  {openRedirect, whole, refusing("https:"), "failed a.test/login"},
		"goes on to its own paths":            {openRedirect, whole, onTo("next", func(s string) string { return cutOff(cutOff(cutOff(s, "https:"), "//"), `/\`) }), "passed a.test"},
		"keeps the query on its way":          {openRedirect, whole, func(w http.ResponseWriter, r *http.Request) { to(302, "https://b.test/?"+r.URL.RawQuery)(w, r) }, "passed a.test"},
		"writes the address in the path":      {openRedirect, whole, onTo("next", func(s string) string { return "/go/" + s }), "passed a.test"},
		"a busy sign-in page":                 {openRedirect, whole, status(503), "unknown a.test"},
		"no page to go on from":               {openRedirect, whole, nil, "skipped"},
		"redirects to whom a header names":    {redirectHost, forwarded, page, "failed a.test"},
		"redirects to nobody else":            {redirectHost, whole, page, "passed a.test"},
		"redirects nobody":                    {redirectHost, page, page, "skipped"},
		"busy where a header names a host":    {redirectHost, busyWith("X-Forwarded-Host"), page, "unknown a.test"},
		"a certificate for all who ask":       {unknownName, whole, page, "passed a.test"},
		"nobody to ask for a stranger":        {unknownName, whole, nil, "skipped"},
		"the better suite first":              {tlsOrder, whole, page, "passed a.test"},
		"no referrer policy at all":           {referrerPolicy, whole, page, "passed a.test/"},
		"the last one counts":                 {referrerPolicy, whole, text("x", "Referrer-Policy: unsafe-url, no-referrer"), "passed a.test/"},
		"a script from http":                  {mixedContent, whole, text(`<script src="http://b.test/x.js"></script>`), "failed a.test/"},
		"a form to http":                      {mixedContent, whole, text(`<form action=http://b.test/>`), "failed a.test/"},
		"a link to http":                      {mixedContent, whole, text(`<a href="http://b.test/">x</a><p>&lt;img src="http://b.test/"&gt;</p>`), "passed a.test/"},
		"upgraded":                            {mixedContent, whole, text(`<img src="http://b.test/x">`, "Content-Security-Policy: upgrade-insecure-requests"), "passed a.test/"},
		"a script of others, pinned":          {scriptIntegrity, whole, text(`<script src="//b.test/x.js" integrity="sha384-x"></script><script src="https://cdn.a.test/x.js"></script>`), "passed a.test/"},
		"a script of others":                  {scriptIntegrity, whole, text(`<script src="//b.test/x.js"></script>`), "failed a.test/"},
		"a cookie without Secure":             {cookieSecure, whole, text("x", "Set-Cookie: a=b"), "failed a.test a"},
		"a cookie taken back":                 {cookieSecure, whole, text("x", "Set-Cookie: a=b; Max-Age=0"), "skipped"},
		"a cookie that scripts need":          {cookieHttponly, whole, text("x", "Set-Cookie: csrf_session=b; Secure"), "passed a.test csrf_session"},
		"a page for a year":                   {cacheAssets, whole, text("x", "Cache-Control: public, max-age=31536000"), "failed a.test/"},
		"a page for a year, asked for again":  {cacheAssets, whole, text("x", "Cache-Control: no-cache, max-age=31536000"), "passed a.test/"},
		"a cookie that is kept":               {cacheCookie, whole, text("x", "Cache-Control: max-age=60", "Set-Cookie: a=b"), "failed a.test"},
		"a cookie on a private page":          {cacheCookie, whole, text("x", "Cache-Control: private, max-age=60", "Set-Cookie: a=b"), "passed a.test"},
		"no TLS":                              {encrypted, page, nil, "failed a.test"},
		"TLS":                                 {encrypted, whole, page, "passed a.test"},
		"nothing at all":                      {encrypted, nil, nil, "skipped"},
		"right TLS":                           {tlsVersions, whole, page, "passed a.test"},
		"a right certificate":                 {certificateTrust, whole, page, "passed a.test"},
		"a name that the certificate has":     {certificateName, whole, page, "passed a.test"},
		"no security.txt":                     {securityTxt, whole, page, "failed a.test"},
		"security.txt":                        {securityTxt, whole, text("Contact: mailto:x@a.test\nExpires: 2199-01-01T00:00:00Z\n", "Content-Type: text/plain"), "passed a.test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := verdicts(judged(t, tt.check, servers(t, tt.plain, tt.secure), "a.test")); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestSecurityTxt reads what RFC 9116 section 2 asks for.
func TestSecurityTxt(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"Contact: mailto:a@b.test\nExpires: 2027-01-01T00:00:00Z":                       "",
		"# hello\r\ncontact: https://b.test/\r\nexpires: 2027-01-01T00:00:00+02:00\r\n": "",
		"Contact: mailto:a@b.test":                                "does not say until when it holds",
		"Contact: mailto:a@b.test\nExpires: 2026-01-01T00:00:00Z": "expired on 2026-01-01",
		"Contact: mailto:a@b.test\nExpires: soon":                 "has no date in Expires",
		"Contact:\nExpires: 2027-01-01T00:00:00Z":                 "names no contact",
		"": "names no contact",
	} {
		if got := judgeSecurityTxt(text, now); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestHostileWeb: a server that closes, stalls, has a header of a megabyte or a
// page without end tells nothing, and costs no more than its time and its bound.
func TestHostileWeb(t *testing.T) {
	closes := func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	}
	garbage := func(w http.ResponseWriter, _ *http.Request) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = c.Write([]byte("\x00\x01SSH-2.0-x\r\n"))
			_ = c.Close()
		}
	}
	header := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
	}
	for name, h := range map[string]http.HandlerFunc{"closes": closes, "garbage": garbage, "header": header} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := servers(t, h, h)
			for _, c := range []*lr.Check{httpRedirect, redirectLoop, hsts, contentPolicy, cookieSecure, cacheCookie, mixedContent, redirectPath} {
				for _, o := range judged(t, c, n, "a.test") {
					if o.Verdict == lr.Failed || o.Verdict == lr.Passed {
						t.Errorf("%s: %s %s: %s", c.ID, o.Verdict, o.Subject, o.Message)
					}
				}
			}
		})
	}
	t.Run("a page without end", func(t *testing.T) {
		t.Parallel()
		n := servers(t, nil, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(strings.Repeat("<p>", 10000))); err != nil {
					return
				}
			}
		})
		w, err := webOf(t.Context(), &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Network: n}}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		x, err := w.do(t.Context(), ask{url: "https://a.test/"})
		if err != nil || len(x.Body) != maxPage || !x.Truncated {
			t.Errorf("got %v, %v", x, err)
		}
	})
	t.Run("a credential never goes in clear", func(t *testing.T) {
		t.Parallel()
		var sent []string
		n := servers(t, func(_ http.ResponseWriter, r *http.Request) { sent = append(sent, r.Header.Get("Authorization")) }, nil)
		w, err := webOf(t.Context(), &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Network: n}}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		a := &lr.Account{Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer sesame")}}}
		if _, err := w.do(t.Context(), ask{url: "http://a.test/", as: a}); !errors.Is(err, errPlainCredential) || len(sent) > 0 {
			t.Errorf("got %v, and %q was sent", err, sent)
		}
	})
	t.Run("a credential goes to no certificate that does not verify", func(t *testing.T) {
		t.Parallel()
		asked := false
		n := servers(t, nil, func(http.ResponseWriter, *http.Request) { asked = true })
		n.pool = x509.NewCertPool()
		w, err := webOf(t.Context(), &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Network: n}}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		a := &lr.Account{Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer sesame")}}}
		if _, err := w.do(t.Context(), ask{url: "https://a.test/", as: a}); err == nil || asked {
			t.Errorf("it was sent: %v", err)
		}
	})
	t.Run("the record does not hold the credential", func(t *testing.T) {
		t.Parallel()
		n := servers(t, nil, text("x"))
		w, err := webOf(t.Context(), &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Network: n}}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		a := &lr.Account{Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer sesame")}, Cookie: map[string]lr.Secret{"s": lr.NewSecret("sesame")}, Query: map[string]lr.Secret{"k": lr.NewSecret("sesame")}}}
		x, err := w.do(t.Context(), ask{url: "https://a.test/", as: a})
		if err != nil || x.Status != 200 || strings.Contains(fmt.Sprint(x), "sesame") {
			t.Errorf("got %v, %v", x, err)
		}
	})
}

// BenchmarkNames asks 200 names whose servers answer after 50 ms.
func BenchmarkNames(b *testing.B) {
	n := servers(b, whole, text("<h1>hello</h1>"))
	n.delay = 50 * time.Millisecond
	hosts := []string{"a.test"}
	for i := range 199 {
		hosts = append(hosts, fmt.Sprintf("h%d.a.test", i))
	}
	for b.Loop() {
		memo := &lr.Memo{}
		tr := &lr.Trial{Target: &lr.Target{Domain: &lr.DomainAccess{Name: "a.test", Hosts: hosts, Network: n}}, Memo: memo, Now: time.Now}
		if _, err := secures(b.Context(), tr); err != nil {
			b.Fatal(err)
		}
		if _, err := places(b.Context(), tr); err != nil {
			b.Fatal(err)
		}
	}
}
