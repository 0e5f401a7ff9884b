package mtasts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	neturl "net/url"
	"strings"
	"time"

	"github.com/launchready/launchready/mail"
)

// Reason is why a policy could not be had.
type Reason string

// The reasons. NoHost is a host that does not exist; Unreached is one that did
// not answer, of which nothing is proved.
const (
	NoHost      Reason = "no-host"
	Unreached   Reason = "unreached"
	Certificate Reason = "certificate"
	Status      Reason = "status"
	Redirected  Reason = "redirected"
	MediaType   Reason = "media-type"
	TooLong     Reason = "too-long"
	Broken      Reason = "broken" // the answer ended early or is no HTTP
)

// FetchError is a policy that could not be had.
type FetchError struct {
	Reason Reason
	Code   int // the status of the answer, where Reason is Status or Redirected
	URL    string
	Text   string
	Err    error
}

func (e *FetchError) Error() string { return fmt.Sprintf("fetch %s: %s", e.URL, e.Text) }
func (e *FetchError) Unwrap() error { return e.Err }

// Fetcher gets policies. The zero value uses the machine's resolver and roots.
type Fetcher struct {
	// Dial opens a connection to "mta-sts.example.com:443". It is where a caller
	// keeps the fetch within its scope, and asks its own resolver.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities that are trusted; nil are those of the machine.
	Roots *x509.CertPool
	// Timeout is for the whole fetch; 0 is 20 seconds. Section 3.3 advises at most
	// a minute.
	Timeout time.Duration
	// Now is the time that certificates are judged at; nil is the clock.
	Now func() time.Time
}

// URL is where the policy of a domain stands (section 3.2).
func URL(domain string) string { return "https://mta-sts." + domain + "/.well-known/mta-sts.txt" }

// Fetch gets the policy of a domain over HTTPS, by the rules of section 3.3: the
// certificate must be good for the host, no redirect is followed, only 200 and
// text/plain count, no more than 64 KB are read. The error is a *FetchError.
func (f *Fetcher) Fetch(ctx context.Context, domain string) (*Policy, error) {
	name, err := mail.Domain(domain)
	if err != nil || !mail.Fits("mta-sts."+name) || strings.ContainsAny(name, "/:@?#%[]\\ ") {
		return nil, &FetchError{Reason: NoHost, URL: URL(clip(domain)), Text: "the domain cannot have such a host", Err: err}
	}
	timeout := f.Timeout
	if timeout <= 0 {
		timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	url := URL(name)
	fail := func(r Reason, err error, format string, args ...any) *FetchError {
		return &FetchError{Reason: r, URL: url, Text: fmt.Sprintf(format, args...), Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fail(NoHost, err, "%v", err)
	}
	transport := &http.Transport{
		DialContext: f.Dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: mostPolicy,
		TLSClientConfig: &tls.Config{RootCAs: f.Roots, Time: f.Now, MinVersion: tls.VersionTLS12},
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, fail(reason(err), err, "%v", cause(err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return nil, status(fail(Redirected, nil, "the answer is a redirect (%d), which senders do not follow", response.StatusCode), response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return nil, status(fail(Status, nil, "the answer has the status %d, not 200", response.StatusCode), response.StatusCode)
	}
	kind := response.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "text/plain" {
		return nil, fail(MediaType, nil, "the answer is of type %q, not text/plain", clip(kind))
	}
	b, err := io.ReadAll(io.LimitReader(response.Body, mostPolicy+1))
	switch {
	case ctx.Err() != nil: // even where the server ended the answer on seeing us go
		return nil, fail(Unreached, ctx.Err(), "the answer did not end in time")
	case err != nil:
		return nil, fail(Broken, err, "the answer ended early: %v", err)
	case len(b) > mostPolicy:
		return nil, fail(TooLong, nil, "the answer is longer than %d bytes", mostPolicy)
	}
	return ParsePolicy(string(b)), nil
}

func status(e *FetchError, code int) *FetchError {
	e.Code = code
	return e
}

// cause drops the method and address that the client puts before an error.
func cause(err error) error {
	var outer *neturl.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

func reason(err error) Reason {
	var (
		dns     *net.DNSError
		op      *net.OpError
		verify  *tls.CertificateVerificationError
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		timeout net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return NoHost
	case errors.As(err, &verify), errors.As(err, &host), errors.As(err, &unknown), errors.As(err, &invalid):
		return Certificate
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.Canceled), errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return Unreached
	}
	return Broken
}
