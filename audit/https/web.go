package https

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of what is read of one answer, and for how long.
const (
	maxPage     = 512 << 10
	maxHeaders  = 64 << 10
	webPatience = 10 * time.Second
)

// web fetches what is at the domain's names, by its network alone.
type web struct {
	// loose takes any certificate: it never carries a credential, and what is wrong
	// with certificates is told by their own checks.
	loose, strict *http.Transport
	now           func() time.Time
}

// webOf is the run's one client of the domain.
func webOf(ctx context.Context, t *lr.Trial) (*web, error) {
	return lr.Recall(ctx, t.Memo, "https web", func(context.Context) (*web, error) {
		n := t.Target.Domain.Network
		transport := func(conf *tls.Config) *http.Transport {
			return &http.Transport{
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					return n.Dial(ctx, network, address)
				},
				TLSClientConfig: conf, TLSHandshakeTimeout: webPatience, ResponseHeaderTimeout: webPatience,
				MaxResponseHeaderBytes: maxHeaders, DisableCompression: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 3 * time.Second,
			}
		}
		return &web{
			loose:  transport(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}), //nolint:gosec // says why above
			strict: transport(&tls.Config{RootCAs: n.Roots(), MinVersion: tls.VersionTLS12}),
			now:    t.Now,
		}, nil
	})
}

// ask is one request to a name of the domain.
type ask struct {
	method string // "" is GET
	url    string
	header http.Header
	body   string
	as     *lr.Account // its credential goes along, by TLS that verifies alone
	note   string
}

// errPlainCredential is a request that would send a credential in clear.
var errPlainCredential = errors.New("a credential is sent by https alone")

// do sends the request and follows nothing. The credential is masked in the record.
func (w *web) do(ctx context.Context, a ask) (*lr.Exchange, error) {
	if a.method == "" {
		a.method = http.MethodGet
	}
	ctx, cancel := context.WithTimeout(ctx, webPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.method, a.url, strings.NewReader(a.body))
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", a.url, err)
	}
	r.Header.Set("User-Agent", "launchready")
	for k, v := range a.header {
		r.Header[k] = v
	}
	x := &lr.Exchange{As: "anonymous", Note: a.note, Method: a.method, URL: a.url, Request: r.Header.Clone(), Sent: []byte(a.body), Attempts: 1, Started: w.now()}
	tr := w.loose
	if a.as != nil {
		if r.URL.Scheme != "https" {
			return nil, errPlainCredential
		}
		tr, x.As = w.strict, a.as.Name
		lend(r, x, a.as.Credential)
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", a.url, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	x.Status, x.Proto, x.Header = res.StatusCode, res.Proto, res.Header
	if streams(x) { // how it begins is enough
		b := make([]byte, 4096)
		n, _ := res.Body.Read(b) //nolint:errcheck // a stream without a byte is one too
		x.Body, x.Truncated, x.Took = b[:n], true, w.now().Sub(x.Started)
		return x, nil
	}
	x.Body, err = io.ReadAll(io.LimitReader(res.Body, maxPage+1))
	if len(x.Body) > maxPage {
		x.Body, x.Truncated = x.Body[:maxPage], true
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.url, err)
	}
	x.Took = w.now().Sub(x.Started)
	return x, nil
}

func streams(x *lr.Exchange) bool {
	return strings.HasPrefix(x.Header.Get("Content-Type"), "text/event-stream")
}

// lend puts the credential on the request, and a mask into the record.
func lend(r *http.Request, x *lr.Exchange, c lr.Credential) {
	const hidden = "[secret]"
	for k, v := range c.Header {
		r.Header.Set(k, v.Reveal())
		x.Request.Set(k, hidden)
	}
	var cookies []string
	for k, v := range c.Cookie {
		r.AddCookie(&http.Cookie{Name: k, Value: v.Reveal()}) //nolint:gosec // a cookie of a request has no attributes
		cookies = append(cookies, k+"="+hidden)
	}
	if len(cookies) > 0 {
		slices.Sort(cookies)
		x.Request.Set("Cookie", strings.Join(cookies, "; "))
	}
	if len(c.Query) > 0 {
		q := r.URL.Query()
		for k, v := range c.Query {
			q.Set(k, v.Reveal())
		}
		r.URL.RawQuery = q.Encode()
	}
}

var errBusy = errors.New("it was busy")

// answered is an answer that tells something: that its server was busy is none.
func answered(x *lr.Exchange, err error) (*lr.Exchange, error) {
	if err == nil && busy(x) {
		err = errBusy
	}
	return x, err
}

// strangersHost is a host that nobody has and nothing else is called by.
func strangersHost(t *lr.Trial) string { return strings.ToLower(t.Stage.Canary("")) + ".example" }

// busy is an answer that says nothing of the application.
func busy(x *lr.Exchange) bool {
	switch x.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func redirects(x *lr.Exchange) bool {
	switch x.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return x.Header.Get("Location") != ""
	}
	return false
}

// location is where a redirect leads, nil where that cannot be read.
func location(x *lr.Exchange) *url.URL {
	base, err := url.Parse(x.URL)
	if err != nil {
		return nil
	}
	to, err := base.Parse(x.Header.Get("Location"))
	if err != nil {
		return nil
	}
	to.Host = strings.ToLower(to.Host)
	return to
}

// markup reports a page that a browser shows.
func markup(x *lr.Exchange) bool {
	kind, _, _ := strings.Cut(strings.ToLower(x.Header.Get("Content-Type")), ";")
	kind = strings.TrimSpace(kind)
	return kind == "text/html" || kind == "application/xhtml+xml"
}
