package https

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// typeNS is asked for in several places.
const typeNS = wire.TypeNS

var danglingCNAME = &lr.Check{
	ID:    "https/dangling-cname",
	Title: "No alias leads to a name that a stranger can take",
	Why: "An alias outlives the trial, the campaign or the status page that it was made for. Where the name at its end is free, a stranger takes it and serves pages under yours: " +
		"with a valid certificate, with the cookies of the domain, and with the trust of your customers.",
	Fix:      "Delete the CNAME record. If the service is still used, claim the name there again first, and then prove it: open the host and see your own content.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{cweTakeover, asvsTakeover, {Source: "OWASP", ID: "WSTG-CONF-10"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			end := h.Alias()
			switch {
			case end == "":
				t.Pass(lr.Evidence{}, h.Name, "it is no alias")
			case h.Missing():
				return judgeGone(ctx, t, c, h, end)
			case len(h.Addrs()) == 0:
				t.Suspect(said(lines(h.V4, h.V6)...), h.Name, "it is an alias of %s, which has no address: delete the record, or set the service up again", end)
			default:
				return judgeAlive(ctx, t, h, end)
			}
			return nil
		})
	},
}

// judgeGone tells who could take the name at the end of an alias.
func judgeGone(ctx context.Context, t *lr.Trial, c *dns.Client, h *host, end string) error {
	records := lines(h.V4)
	domain, is, line, err := free(ctx, c, t, end)
	if err != nil {
		return err
	}
	s := serviceOf(end)
	switch {
	case is:
		t.Fail(said(append(records, line)...), h.Name, "it is an alias of %s, and nobody has registered %s: whoever does has %s", end, domain, h.Name)
	case s != nil && s.Vacant:
		t.Fail(said(records...), h.Name, "it is an alias of %s, which is free at %s: whoever asks for that name there has %s", end, s.Name, h.Name)
	default:
		severity := lr.High
		if owned(t.Target.Domain, end) {
			severity = lr.Medium // nobody but the owner can make that name
		}
		t.Report(lr.Outcome{
			Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: severity, Subject: h.Name, Evidence: said(records...),
			Message: fmt.Sprintf("it is an alias of %s, which does not exist: delete the record", end),
		})
	}
	return nil
}

// judgeAlive looks for what a service shows at names that nobody holds.
func judgeAlive(ctx context.Context, t *lr.Trial, h *host, end string) error {
	var s *service
	for _, rr := range h.V4.Chain {
		if s = serviceOf(dns.Plain(rr.Target)); s != nil {
			break
		}
	}
	if s == nil || s.Says == "" {
		t.Pass(said(lines(h.V4)...), h.Name, "it leads to %s, which has an address", end)
		return nil
	}
	page, err := front(ctx, t, h.Name)
	switch {
	case err != nil && stops(ctx, err) != nil:
		return err
	case err != nil:
		t.Unknown(h.Name, "it leads to %s, and what is shown there could not be read: %v", s.Name, err)
	case strings.Contains(page, s.Says):
		t.Fail(said(append(lines(h.V4), fmt.Sprintf("GET / says: %s", s.Says))...), h.Name, "it leads to %s, where nobody holds it: whoever adds it there has %s", s.Name, h.Name)
	default:
		t.Pass(said(lines(h.V4)...), h.Name, "it leads to %s, which serves something for it", s.Name)
	}
	return nil
}

// mostPage bounds what is read of a page.
const mostPage = 256 << 10

// front reads the first page of a host of the owner's, by HTTPS or else by HTTP. The
// certificate does not matter: other checks judge it.
func front(ctx context.Context, t *lr.Trial, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return t.Target.Domain.Network.Dial(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true, ServerName: name}, //nolint:gosec // what is served is the question, not by whom
		TLSHandshakeTimeout:    4 * time.Second,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	defer tr.CloseIdleConnections()
	var failed error
	for _, scheme := range []string{"https", "http"} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+name+"/", http.NoBody)
		if err != nil {
			return "", err
		}
		res, err := tr.RoundTrip(r)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		b, err := io.ReadAll(io.LimitReader(res.Body, mostPage))
		_ = res.Body.Close()
		if err != nil && len(b) == 0 {
			failed = errors.Join(failed, err)
			continue
		}
		return string(b), nil
	}
	return "", failed
}
