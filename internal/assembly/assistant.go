package assembly

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/probe/callback"
)

// purse holds the run to its money: every request that reaches the model passes
// it, whoever sends it.
func purse(c *config.Config, routes []*lr.Route) (*chat.Purse, error) {
	p, _ := price(c)
	out := chat.NewPurse(chat.PurseOptions{USD: c.Budget.USD, Tokens: c.Budget.Tokens, Price: p, Base: c.Target.URL.Path})
	shapes, err := candidates(c, routes)
	if err != nil {
		return nil, err
	}
	out.Guard(shapes, patterns(c.Chat.Spends)...)
	return out, nil
}

// talk tells the audit how to find the target's assistant: by the shape that the
// configuration describes, else by those that its routes suggest.
func (a *Assembly) talk(c *config.Config, o Options, p *chat.Purse) {
	a.Audit.Spent = p.Spent
	a.Audit.Meet = func(ctx context.Context, client lr.Client, as *lr.Account, routes []*lr.Route) (lr.Assistant, error) {
		m, err := a.meet(ctx, c, o, client, as, routes)
		if err != nil {
			return nil, err
		}
		return m.Assistant, nil
	}
	a.Meet = func(ctx context.Context, as *lr.Account) (*Meeting, error) {
		t := &tidy{Client: a.Client}
		m, err := a.meet(ctx, c, o, t, as, a.Audit.Target.Routes)
		if m != nil {
			m.Left = t.up(context.WithoutCancel(ctx), as, a.Audit.Target.Routes)
		}
		return m, err
	}
	a.Outlook = outlook(c, a.Audit.Target.Routes, p)
	a.Audit.Ways = len(a.Outlook.Endpoints)
}

// Meeting is an assistant that was met.
type Meeting struct {
	Assistant *chat.Assistant
	Notes     []string    // what was tried, and why it was left
	Config    config.Chat // gives it back without looking
	Left      int         // conversations that were opened and could not be removed again
}

// tidy keeps the conversations that were opened through it, outside of a run that
// would keep a ledger of them.
type tidy struct {
	lr.Client
	opened []opened
}

// opened is a conversation: the path it was opened by, and its id.
type opened struct{ path, id string }

func (t *tidy) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	x, err := t.Client.Do(ctx, as, r)
	if err == nil && x.OK() && r.Note == chat.Opening {
		t.opened = append(t.opened, opened{r.Path, chat.Opened(x)})
	}
	return x, err
}

// up removes them, where a route does, and counts those that stay.
func (t *tidy) up(ctx context.Context, as *lr.Account, routes []*lr.Route) (left int) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, o := range t.opened {
		gone := false
		path := strings.TrimRight(o.path, "/") + "/" + url.PathEscape(o.id)
		for _, rt := range routes {
			if o.id == "" || rt.Method != http.MethodDelete || !lr.Match([]string{rt.Path}, &lr.Route{Path: path}) {
				continue
			}
			y, err := t.Client.Do(ctx, as, &lr.Request{Method: http.MethodDelete, Path: path, Note: "remove the conversation"})
			gone = err == nil && y.OK()
			break
		}
		if !gone {
			left++
		}
	}
	return left
}

func (a *Assembly) meet(ctx context.Context, c *config.Config, o Options, client lr.Client, as *lr.Account, routes []*lr.Route) (*Meeting, error) {
	shapes, err := candidates(c, routes)
	if err != nil {
		return nil, err
	}
	a.purse.Guard(shapes) // routes that observation added are guarded from here on
	d := &chat.Detector{
		Endpoint: chat.Endpoint{Client: client, ID: uuid},
		Random:   mathrand.New(mathrand.NewPCG(uint64(o.Seed), 0)), //nolint:gosec // reproducible questions are the point
		Fixed:    described(c),
	}
	found, tried, err := chat.Meet(ctx, d, as, shapes, routes)
	m := &Meeting{Assistant: found}
	for _, t := range tried {
		for _, n := range t.Notes {
			o.Log.Debug("looking for the assistant", "note", n)
			m.Notes = append(m.Notes, n)
		}
	}
	if errors.Is(err, chat.ErrNoShape) && len(m.Notes) > 0 {
		return m, fmt.Errorf("%w; what was tried: %s", err, strings.Join(m.Notes[:min(len(m.Notes), 3)], "; "))
	}
	if err != nil {
		return m, err
	}
	m.Config = Described(found.Shape)
	m.Config.Spends, m.Config.Price = c.Chat.Spends, c.Chat.Price
	if c.Chat.Header != nil {
		m.Config.Header = c.Chat.Header // as it is written: a reference stays one
	}
	if c.Chat.Body != nil {
		m.Config.Body = c.Chat.Body
	}
	return m, nil
}

// described reports that the configuration names the endpoint.
func described(c *config.Config) bool { return c.Chat.Preset != "" && c.Chat.Preset != "auto" }

// candidates are the ways to try: the configuration's first, then those of the
// routes, which may be other ways to the same model.
func candidates(c *config.Config, routes []*lr.Route) ([]chat.Shape, error) {
	own := chat.Shape{Name: "custom"}
	switch p := c.Chat.Preset; p {
	case "", "auto":
		var out []chat.Shape
		for _, s := range chat.FromRoutes(routes) {
			s, err := overlay(s, &c.Chat)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	case "custom":
	default:
		var ok bool
		if own, ok = chat.Preset(p, c.Chat.Request.Path); !ok {
			return nil, fmt.Errorf("chat.preset %q: no such preset", p)
		}
	}
	own, err := overlay(own, &c.Chat)
	if err != nil {
		return nil, err
	}
	return append([]chat.Shape{own}, chat.Others(own, chat.FromRoutes(routes))...), nil
}

// Outlook is what a run would do with the assistant, told before it asks.
type Outlook struct {
	Endpoints []string // in the order in which they would be tried
	Named     bool     // by the configuration
	Price     chat.Price
	Guessed   bool    // nobody said what the model costs
	Each      float64 // dollars that one request is counted at
}

func outlook(c *config.Config, routes []*lr.Route, p *chat.Purse) Outlook {
	out := Outlook{Named: described(c), Each: p.Worst()}
	out.Price, out.Guessed = price(c)
	shapes, err := candidates(c, routes)
	if err != nil {
		return out // New has said so
	}
	for _, s := range chat.Tried(shapes) {
		out.Endpoints = append(out.Endpoints, s.Subject()+" ("+s.Name+")")
	}
	return out
}

// uuid is a random UUID of version 4 (RFC 9562, 5.4).
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// hear starts the listener, where the target can reach one: a target on this
// machine always, another one by an address that the configuration names. What
// keeps it from being heard is why checks that need it stay open, and no more.
func (a *Assembly) hear(ctx context.Context, c *config.Config, o Options) {
	near := loopback(c.Target.URL.Hostname())
	at := c.Listen
	if !near && at.URL.URL == nil {
		a.Audit.Deaf = "the target is on another machine: give listen.url, or --listen-url, an address of this one that it can reach"
		return
	}
	l, err := callback.Listen(ctx, callback.Options{HTTP: at.HTTP, SMTP: at.SMTP, URL: at.URL.String(), MailDomain: at.MailDomain, NoMail: !near && at.MailDomain == "",
		Log: o.Log, Now: o.Now, Nonce: func() string {
			var b [10]byte
			_, _ = rand.Read(b[:]) // never fails (crypto/rand)
			return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
		}})
	if err != nil {
		a.Audit.Deaf = err.Error() + ": see listen in the configuration"
		return
	}
	a.ear = l
	if err := l.Prove(ctx); err != nil {
		a.Audit.Deaf = err.Error() + ": listen.url must lead to listen.http"
		return
	}
	a.Audit.Listener = l
}

// loopback reports whether a host name is this machine's.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
