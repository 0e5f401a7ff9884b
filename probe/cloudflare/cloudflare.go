// Package cloudflare is a thin client of Cloudflare's API, of what a domain needs:
// records with their proxying, settings, single rules. It reads with any token
// that may, and sends nothing but what it is asked to.
package cloudflare

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// Base is where the API is.
const Base = "https://api.cloudflare.com/client/v4"

// Client talks to the API about one account's zones.
type Client struct {
	base  string
	token lr.Secret
	http  *http.Client
	// Pause waits before a request is tried again; nil waits.
	Pause func(context.Context, time.Duration) error
}

// Bounds: an answer, the tries of a request, and how long a limit is waited for.
const (
	mostBody  = 16 << 20
	mostTries = 4
	mostWait  = 60 * time.Second
	timeout   = 30 * time.Second
)

// New makes a client that dials by the network of a domain.
func New(base string, token lr.Secret, n lr.Network) *Client {
	if base == "" {
		base = Base
	}
	t := &http.Transport{DialContext: n.Dial, TLSClientConfig: &tls.Config{RootCAs: n.Roots(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxIdleConns: 2, IdleConnTimeout: 20 * time.Second}
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{
		Transport: t, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token goes nowhere else
	}}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is what the API refuses with.
type Error struct {
	Status int
	Method string
	Path   string
	Errors []Message
}

// Message is one of the API's reasons.
type Message struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	var why []string
	for _, m := range e.Errors {
		why = append(why, fmt.Sprintf("%s (%d)", oneLine(m.Message), m.Code))
	}
	if len(why) == 0 {
		why = []string{http.StatusText(e.Status)}
	}
	return fmt.Sprintf("%s %s: %d: %s", e.Method, e.Path, e.Status, strings.Join(why, "; "))
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}

// Missing reports that the API has no such thing.
func Missing(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// Forbidden reports a token that may not.
func Forbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized)
}

type envelope struct {
	Success bool            `json:"success"`
	Errors  []Message       `json:"errors"`
	Result  json.RawMessage `json:"result"`
	Info    struct {
		Page       int `json:"page"`
		TotalPages int `json:"total_pages"`
	} `json:"result_info"`
}

// do sends a request and reads the result into out. A limit is waited for, as
// Retry-After says; a broken answer is tried again only where that changes nothing.
func (c *Client) do(ctx context.Context, method, path string, in, out any) (*envelope, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	for try := 1; ; try++ {
		env, wait, err := c.once(ctx, method, path, body, out)
		if err == nil || wait <= 0 || try == mostTries {
			return env, err
		}
		if wait > mostWait {
			return nil, fmt.Errorf("%w; it wants %s to pass first", err, wait)
		}
		if perr := c.pause(ctx, wait); perr != nil {
			return nil, errors.Join(err, perr)
		}
	}
}

// once is one try; wait says after what time another makes sense, 0 for never.
func (c *Client) once(ctx context.Context, method, path string, body []byte, out any) (_ *envelope, wait time.Duration, err error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	r.Header.Set("User-Agent", "launchready")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	again := time.Duration(0)
	if method == http.MethodGet {
		again = time.Second
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if errors.Is(err, lr.ErrScope) || errors.Is(err, lr.ErrBudget) {
			again = 0
		}
		return nil, again, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostBody+1))
	if err != nil {
		return nil, again, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if len(text) > mostBody {
		return nil, 0, fmt.Errorf("%s %s: the answer is longer than %d MB", method, path, mostBody>>20)
	}
	var env envelope
	failed := json.Unmarshal(text, &env)
	if resp.StatusCode == http.StatusTooManyRequests {
		return nil, retryAfter(resp.Header.Get("Retry-After")), &Error{resp.StatusCode, method, path, env.Errors}
	}
	if resp.StatusCode >= 500 {
		return nil, again, &Error{resp.StatusCode, method, path, env.Errors}
	}
	if resp.StatusCode == http.StatusNoContent {
		return &env, 0, nil
	}
	if resp.StatusCode >= 300 || failed == nil && !env.Success {
		return nil, 0, &Error{resp.StatusCode, method, path, env.Errors}
	}
	if failed != nil {
		return nil, again, fmt.Errorf("%s %s: the answer is no JSON", method, path)
	}
	if out != nil {
		if err := json.Unmarshal(env.Result, out); err != nil {
			return nil, 0, fmt.Errorf("%s %s: read the result: %w", method, path, err)
		}
	}
	return &env, 0, nil
}

// retryAfter reads seconds (RFC 9110 section 10.2.3); the API sends no dates.
func retryAfter(s string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 {
		n = 5
	}
	return time.Duration(min(n, 86400)) * time.Second
}

func (c *Client) pause(ctx context.Context, d time.Duration) error {
	if c.Pause != nil {
		return c.Pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Zone is a domain at the provider.
type Zone struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Status      string   `json:"status"`
	Paused      bool     `json:"paused"`
	NameServers []string `json:"name_servers"`
	Permissions []string `json:"permissions"`
}

// ErrNoZone is a domain that the token does not see.
var ErrNoZone = errors.New("the token sees no such zone")

// Zone finds a zone by its id, or by its name where the id is "".
func (c *Client) Zone(ctx context.Context, id, name string) (*Zone, error) {
	if id != "" {
		var z Zone
		if _, err := c.do(ctx, http.MethodGet, "/zones/"+url.PathEscape(id), nil, &z); err != nil {
			return nil, err
		}
		return &z, nil
	}
	var zones []Zone
	if _, err := c.do(ctx, http.MethodGet, "/zones?name="+url.QueryEscape(name), nil, &zones); err != nil {
		return nil, err
	}
	for _, z := range zones {
		if strings.EqualFold(z.Name, name) {
			return &z, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, ErrNoZone)
}

// Get reads the result at a path of the API, as it comes.
func (c *Client) Get(ctx context.Context, path string) (json.RawMessage, error) {
	var out json.RawMessage
	_, err := c.do(ctx, http.MethodGet, path, nil, &out)
	return out, err
}

// Token says whether the token is in force and until when; "" is without end. A
// global key is none.
func (c *Client) Token(ctx context.Context) (status, expires string, err error) {
	var t struct {
		Status  string `json:"status"`
		Expires string `json:"expires_on"`
	}
	_, err = c.do(ctx, http.MethodGet, "/user/tokens/verify", nil, &t)
	return t.Status, t.Expires, err
}

// Format never writes the token: fmt does not ask the fields of a struct that it
// may not call.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "client of "+c.base) // fmt keeps the error of its writer itself
}
