// Package callback listens for what a target sends where it should not: an HTTP
// request that the assistant was talked into, a mail to an address of the audit.
// Each question has a nonce of its own; a hit counts only when it carries one
// that was handed out, so that a scanner that passes by proves nothing.
//
// It listens on loopback unless told otherwise, keeps a bounded part of each
// hit, and proves before its first use that it can be reached.
package callback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	lr "github.com/launchready/launchready"
)

// ErrUnreachable says that the listener did not reach itself by the address
// that the target would be given: silence from there would prove nothing.
var ErrUnreachable = errors.New("the callback listener cannot be reached")

// Options say where to listen. The zero value is loopback and free ports.
type Options struct {
	HTTP string // address of the web listener; "127.0.0.1:0" when empty
	SMTP string // of the mail listener, likewise
	// URL is the address by which the target reaches the web listener, where
	// that is another: through a tunnel or a public host. Hits come in by HTTP.
	URL string
	// MailDomain is the domain of the addresses handed out; its MX must lead
	// here. Empty: the listener's own IP address as a literal (RFC 5321, 4.1.3).
	MailDomain string
	Log        *slog.Logger
	Now        func() time.Time
	Nonce      func() string // 60 bits or more; required
}

// bounds of what is kept.
const (
	maxText = 64 << 10
	maxHits = 10_000
)

// Listener takes callbacks until it is closed.
type Listener struct {
	o    Options
	base *url.URL
	mail string // domain of addresses

	mu    sync.Mutex
	known map[string]lr.Page // nonces that were handed out
	hits  []lr.Hit
	came  chan struct{} // closed and made anew with each hit

	web    *http.Server
	post   *smtp.Server
	posted string // address of the mail listener
	doors  []net.Listener
	wait   sync.WaitGroup
}

// Listen starts listening; ctx ends the looking up of the addresses, not the
// listening, which Close ends.
func Listen(ctx context.Context, o Options) (*Listener, error) {
	if o.Nonce == nil {
		return nil, errors.New("callback: no source of nonces")
	}
	if o.HTTP == "" {
		o.HTTP = "127.0.0.1:0"
	}
	if o.SMTP == "" {
		o.SMTP = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Listener{o: o, known: map[string]lr.Page{}, came: make(chan struct{})}
	var lc net.ListenConfig
	web, err := lc.Listen(ctx, "tcp", o.HTTP)
	if err != nil {
		return nil, fmt.Errorf("listen for callbacks on %s: %w", o.HTTP, err)
	}
	post, err := lc.Listen(ctx, "tcp", o.SMTP)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for mail on %s: %w", o.SMTP, err), web.Close())
	}
	if l.base, err = l.address(web.Addr()); err != nil {
		return nil, errors.Join(err, web.Close(), post.Close())
	}
	l.posted = post.Addr().String()
	if l.mail = o.MailDomain; l.mail == "" {
		host, _, _ := net.SplitHostPort(l.posted)
		l.mail = "[" + host + "]"
	}
	l.serve(web, post)
	return l, nil
}

func (l *Listener) address(a net.Addr) (*url.URL, error) {
	at := l.o.URL
	if at == "" {
		at = "http://" + a.String()
	}
	u, err := url.Parse(strings.TrimRight(at, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("callback address %q: write http://HOST[:PORT]", at)
	}
	return u, nil
}

func (l *Listener) serve(web, post net.Listener) {
	l.doors = []net.Listener{web, post}
	l.web = &http.Server{Handler: http.HandlerFunc(l.take), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(l.o.Log.Handler(), slog.LevelDebug)}
	l.post = smtp.NewServer(inbox{l})
	l.post.Domain, l.post.MaxMessageBytes, l.post.MaxRecipients = "launchready", 1<<20, 20
	l.post.ReadTimeout, l.post.WriteTimeout = 20*time.Second, 20*time.Second
	l.post.ErrorLog = slog.NewLogLogger(l.o.Log.Handler(), slog.LevelDebug)
	l.wait.Go(func() {
		if err := l.web.Serve(web); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			l.o.Log.Warn("callback listener", "err", err)
		}
	})
	l.wait.Go(func() {
		if err := l.post.Serve(post); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			l.o.Log.Warn("mail listener", "err", err)
		}
	})
}

// Close stops listening; hits that came stay readable.
func (l *Listener) Close() error {
	errs := []error{l.web.Close(), l.post.Close()}
	// A server that has not begun to serve yet does not know its listener.
	for _, d := range l.doors {
		errs = append(errs, d.Close())
	}
	l.wait.Wait()
	var out []error
	for _, err := range errs {
		if err != nil && !errors.Is(err, net.ErrClosed) {
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}

// Bait hands out a nonce; a web hit on it is answered with the page.
func (l *Listener) Bait(p lr.Page) lr.Bait {
	n := l.o.Nonce()
	l.mu.Lock()
	l.known[n] = p
	l.mu.Unlock()
	return lr.Bait{Nonce: n, URL: l.base.String() + prefix + n, Mail: n + "@" + l.mail}
}

// MailAddress is where the mail listener takes connections: "127.0.0.1:2525".
func (l *Listener) MailAddress() string { return l.posted }

const prefix = "/cb/"

// Hits lists what came in with the nonce.
func (l *Listener) Hits(nonce string) []lr.Hit {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []lr.Hit
	for _, h := range l.hits {
		if h.Nonce == nonce {
			out = append(out, h)
		}
	}
	return out
}

// Wait returns the hits of the nonce as soon as there is one, or none when the
// context ends.
func (l *Listener) Wait(ctx context.Context, nonce string) []lr.Hit {
	for {
		l.mu.Lock()
		came := l.came
		l.mu.Unlock()
		if hits := l.Hits(nonce); len(hits) > 0 {
			return hits
		}
		select {
		case <-ctx.Done():
			return l.Hits(nonce)
		case <-came:
		}
	}
}

// Prove reaches the listener by the address that the target is given.
func (l *Listener) Prove(ctx context.Context) error {
	b := l.Bait(lr.Page{})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	t := &http.Transport{Proxy: nil, DisableKeepAlives: true}
	res, err := t.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, l.base, err)
	}
	if err := res.Body.Close(); err != nil {
		return fmt.Errorf("%w at %s: %w", ErrUnreachable, l.base, err)
	}
	if len(l.Hits(b.Nonce)) == 0 {
		return fmt.Errorf("%w: %s answered %d and is not it", ErrUnreachable, l.base, res.StatusCode)
	}
	return nil
}

// record keeps a hit whose nonce was handed out.
func (l *Listener) record(h lr.Hit) (lr.Page, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.known[h.Nonce]
	if !ok {
		return lr.Page{}, false
	}
	if len(l.hits) < maxHits {
		h.At = l.o.Now()
		l.hits = append(l.hits, h)
		close(l.came)
		l.came = make(chan struct{})
	}
	return p, true
}
