// Package verify asks a provider whether a key that was found still opens something. It is
// off unless a user asks for it. A key goes to its own provider and nowhere else: hosts
// are compiled in, nothing that was scanned can name one; the one request of a key reads who
// it belongs to and changes nothing; redirects are not followed.
package verify

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Outcome is what a provider said.
type Outcome int

// The outcomes. Unknown is the zero value.
const (
	Unknown Outcome = iota
	Live            // the provider takes it
	Dead            // the provider does not know it, or has revoked it
)

func (o Outcome) String() string {
	switch o {
	case Live:
		return "live"
	case Dead:
		return "dead"
	case Unknown:
	}
	return "unknown"
}

// Answer is the outcome for one key, and the cause in words.
type Answer struct {
	Outcome  Outcome
	Provider string
	Cause    string
	Asked    bool // a request was sent
}

// timeout bounds one question.
const timeout = 5 * time.Second

// pace is the least time between two questions to a provider.
const pace = time.Second

// mostAnswer bounds what is read of a reply.
const mostAnswer = 64 << 10

// Verifier asks. The zero value is ready; it is safe for concurrent use. It asks for each
// key once, whoever asks again.
type Verifier struct {
	// Log is told of each question, by provider and fingerprint; nil: nobody.
	Log func(provider, fingerprint string, outcome Outcome)

	mu      sync.Mutex
	answers map[string]*once
	last    map[string]time.Time
	client  *http.Client
	hosts   map[string]string // a test's own: provider's host to an address of loopback
	wait    func(context.Context, time.Duration) error
}

type once struct {
	done   chan struct{}
	answer Answer
}

// Providers lists whose keys can be asked for.
func Providers() []string {
	var out []string
	for _, q := range questions() {
		out = append(out, q.provider)
	}
	return out
}

// Can reports whether keys of a rule of package secretscan can be asked for.
func Can(rule string) bool {
	_, ok := questionOf(rule)
	return ok
}

// Ask asks the provider of a rule whether the key lives. The fingerprint is that of the
// finding: it tells what was asked before. What goes wrong is an Unknown with its cause.
func (v *Verifier) Ask(ctx context.Context, rule, fingerprint string, key lr.Secret) Answer {
	q, ok := questionOf(rule)
	if !ok {
		return Answer{Cause: "nobody can be asked about a key of this kind"}
	}
	v.mu.Lock()
	if v.answers == nil {
		v.answers, v.last = map[string]*once{}, map[string]time.Time{}
	}
	id := q.provider + " " + fingerprint
	o, known := v.answers[id]
	if known {
		v.mu.Unlock()
		select {
		case <-o.done:
			return o.answer
		case <-ctx.Done():
			return Answer{Provider: q.provider, Cause: "the run ended first"}
		}
	}
	o = &once{done: make(chan struct{})}
	v.answers[id] = o
	at := v.last[q.provider].Add(pace)
	if now := time.Now(); at.Before(now) {
		at = now
	}
	v.last[q.provider] = at
	if v.client == nil {
		v.client = newClient(nil)
	}
	client, wait := v.client, v.wait
	v.mu.Unlock()
	defer close(o.done)
	if wait == nil {
		wait = sleep
	}
	o.answer = Answer{Provider: q.provider, Cause: "the run ended first"}
	if err := wait(ctx, time.Until(at)); err != nil {
		return o.answer
	}
	o.answer = v.ask(ctx, client, q, key)
	if v.Log != nil {
		v.Log(q.provider, fingerprint, o.answer.Outcome)
	}
	return o.answer
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newClient speaks TLS only, follows no redirect, and knows no proxy: a key would pass it.
func newClient(trust *tls.Config) *http.Client {
	if trust == nil {
		trust = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: trust, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, Proxy: nil,
			DialContext: (&net.Dialer{Timeout: timeout}).DialContext,
		},
	}
}

func (v *Verifier) ask(ctx context.Context, client *http.Client, q question, key lr.Secret) Answer {
	a := Answer{Provider: q.provider}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	host := q.host
	if to, ok := v.hosts[host]; ok {
		host = to
	} else if v.hosts != nil {
		a.Cause = "a test may ask loopback only"
		return a
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+q.path, nil)
	if err != nil {
		a.Cause = "the question could not be made"
		return a
	}
	req.Header.Set("User-Agent", "launchready-verify")
	req.Header.Set("Accept", "application/json")
	q.sign(req, key.Reveal())
	a.Asked = true
	resp, err := client.Do(req)
	if err != nil {
		a.Cause = causeOf(err)
		return a
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		a.Cause = causeOf(err)
		return a
	}
	a.Outcome, a.Cause = q.judge(resp.StatusCode, body)
	return a
}

// causeOf tells what failed without the request, whose header has the key.
func causeOf(err error) string {
	var netErr net.Error
	var dns *net.DNSError
	var unknownAuthority *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		return "the run ended first"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "the provider did not answer within 5 s"
	case errors.As(err, &dns):
		return "the provider's name could not be resolved"
	case errors.As(err, &unknownAuthority):
		return "the provider's certificate is not trusted"
	}
	return "the provider could not be reached"
}

// byStatus is the judgement of most providers.
func byStatus(status int, _ []byte) (Outcome, string) {
	switch {
	case status >= 200 && status < 300:
		return Live, "the provider took it"
	case status == http.StatusUnauthorized:
		return Dead, "the provider does not take it"
	case status == http.StatusForbidden:
		return Unknown, "the provider answered 403: the key may be one of few rights, or be blocked"
	case status == http.StatusTooManyRequests:
		return Unknown, "the provider answered 429: it was asked too often"
	case status >= 300 && status < 400:
		return Unknown, fmt.Sprintf("the provider answered %d: redirects are not followed", status)
	}
	return Unknown, fmt.Sprintf("the provider answered %d", status)
}

// byOK is the judgement where the status is always 200.
func byOK(status int, body []byte) (Outcome, string) {
	var reply struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	if status != http.StatusOK {
		o, cause := byStatus(status, body)
		if o == Live {
			o, cause = Unknown, fmt.Sprintf("the provider answered %d", status)
		}
		return o, cause
	}
	if err := json.Unmarshal(body, &reply); err != nil || reply.OK == nil {
		return Unknown, "the provider's answer could not be read"
	}
	if *reply.OK {
		return Live, "the provider took it"
	}
	switch reply.Error {
	case "invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed":
		return Dead, "the provider does not take it"
	}
	return Unknown, "the provider took offence at something else"
}
