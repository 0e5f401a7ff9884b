package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	lr "github.com/launchready/launchready"
)

var _ lr.Browser = (*Browser)(nil)

const (
	most   = 1 << 20         // bytes that a script hands over at most
	listen = 2 * time.Second // to a WebSocket
	// signedIn is the address on the target at which the browser is given the
	// cookies. It is answered here, so the target never sees it.
	signedIn = "/.launchready-signed-in"
	// nowhere is the origin of the page that holds a sandboxed frame.
	nowhere = "https://launchready-page.test"
)

// Read implements [lr.Browser]. It refuses any host but the target's.
func (b *Browser) Read(ctx context.Context, v lr.Visit) (*lr.Sighting, error) {
	to, err := b.target(v.URL)
	if err != nil {
		return nil, err
	}
	from, err := pageOf(v.Origin)
	if err != nil {
		return nil, err
	}
	var s *lr.Sighting
	err = b.inTab(ctx, b.o.Visit, "open a page of "+v.Origin, func(tab context.Context) (err error) {
		s, err = b.read(tab, from, to, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Browser = b.name
	return s, nil
}

// inTab does something in a tab that has cookies and storage of its own.
func (b *Browser) inTab(ctx context.Context, limit time.Duration, what string, do func(tab context.Context) error) error {
	select {
	case b.turns <- struct{}{}:
		defer func() { <-b.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return errClosed
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	// Cookies are those of a browser context, which nobody else uses.
	tab, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	defer closeTab()
	tab, cancel := context.WithTimeout(tab, limit)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := do(tab)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%s in %s: %w", what, b.name, err)
	}
	return nil
}

// target is the address, if it is the target's own.
func (b *Browser) target(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("visit of an address: %w", err)
	}
	secure := u.Scheme == "https" || u.Scheme == "wss"
	if !secure && u.Scheme != "http" && u.Scheme != "ws" || !strings.EqualFold(u.Host, b.o.Base.Host) || secure != (b.o.Base.Scheme == "https") {
		return nil, fmt.Errorf("%w: the browser asks %s only, not %s", lr.ErrScope, b.o.Base.Host, u.Host)
	}
	return u, nil
}

// pageOf is the address of a page of the origin.
func pageOf(origin string) (string, error) {
	if origin == "null" {
		return nowhere + "/", nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("a page cannot have the origin %q", origin)
	}
	return origin + "/", nil
}

func (b *Browser) read(tab context.Context, page string, to *url.URL, v lr.Visit) (*lr.Sighting, error) {
	home, err := b.intercept(tab, page, v.Cookies)
	if err != nil {
		return nil, err
	}
	if err := chromedp.Do(tab, chromedp.Navigate(home), chromedp.Navigate(page)); err != nil {
		return nil, err
	}
	raw, err := chromedp.Run(tab, chromedp.Evaluate[string](question(to, v), chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	return sighting(raw)
}

// intercept answers, inside the browser, for the address at which it is given the cookies,
// and for the page of another origin, where there is one. It returns that address.
func (b *Browser) intercept(tab context.Context, page string, cookies []lr.Secret) (string, error) {
	home := *b.o.Base
	home.Path, home.RawQuery = signedIn, ""
	paused := make(chan *fetch.EventRequestPaused, 16)
	if err := chromedp.Listen(tab, func(ev any) {
		if e, ok := ev.(*fetch.EventRequestPaused); ok {
			select {
			case paused <- e:
			default: // it stays paused, and the visit's deadline ends it
			}
		}
	}); err != nil {
		return "", err
	}
	go func() {
		for {
			select {
			case <-tab.Done():
				return
			case e := <-paused:
				// A page that is gone needs no answer.
				_, _ = chromedp.Call(tab, fetch.FulfillRequest, answer(e, home.String(), page, cookies))
			}
		}
	}()
	patterns := []*fetch.RequestPattern{{URLPattern: home.String()}}
	if page != "" {
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: page + "*"})
	}
	if _, err := chromedp.Call(tab, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		return "", err
	}
	return home.String(), nil
}

// answer is what this package says in place of the network.
func answer(e *fetch.EventRequestPaused, home, page string, cookies []lr.Secret) fetch.FulfillRequestParams {
	p := fetch.FulfillRequestParams{RequestID: e.RequestID, ResponseCode: 404, ResponseHeaders: []*fetch.HeaderEntry{{Name: "Content-Type", Value: "text/html; charset=utf-8"}}}
	switch e.Request.URL {
	case home:
		p.ResponseCode = 200
		for _, c := range cookies {
			p.ResponseHeaders = append(p.ResponseHeaders, &fetch.HeaderEntry{Name: "Set-Cookie", Value: c.Reveal()})
		}
		p.Body = []byte("<!doctype html><title>signed in</title>")
	case page:
		p.ResponseCode = 200
		p.Body = []byte("<!doctype html><title>another origin</title>")
	}
	return p
}

// said is what the page's script hands over.
type said struct {
	Readable bool   `json:"readable"`
	Status   int    `json:"status"`
	Body     string `json:"body"`
	Why      string `json:"why"`
}

func sighting(raw string) (*lr.Sighting, error) {
	var s said
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return nil, errors.New("the page's script handed over something else than it should")
	}
	return &lr.Sighting{Readable: s.Readable, Status: s.Status, Body: []byte(s.Body), Why: s.Why}, nil
}

// question is the script that asks: in the page itself, or in a sandboxed frame
// of it, whose origin is opaque and travels as null (HTML, 7.1.1).
func question(to *url.URL, v lr.Visit) string {
	call := fmt.Sprintf("(%s)(%s, %d)", asks, quote(to.String()), most)
	if to.Scheme == "ws" || to.Scheme == "wss" {
		call = fmt.Sprintf("(%s)(%s, %s, %s, %d, %d)", converses, quote(to.String()), quote(v.Send), quote(v.Until), listen.Milliseconds(), most)
	}
	if v.Origin == "null" {
		return fmt.Sprintf("(%s)(%s)", frames, quote("<script>"+call+`.then(r => parent.postMessage(r, "*"))</script>`))
	}
	return call
}

// quote writes a value as a script's literal. Its JSON has no < in it, so that
// it is safe inside a page too.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil || string(b) == "null" {
		return "[]"
	}
	return string(b)
}

const asks = `async (url, most) => {
  try {
    const r = await fetch(url, {credentials: "include", cache: "no-store"});
    const text = await r.text();
    return JSON.stringify({readable: true, status: r.status, body: text.slice(0, most)});
  } catch (e) {
    return JSON.stringify({readable: false, why: String(e).slice(0, 500)});
  }
}`

const converses = `(url, send, until, listen, most) => new Promise(done => {
  const lines = [];
  let open = false, size = 0;
  const end = why => { done(JSON.stringify({readable: lines.length > 0, status: open ? 101 : 0, body: lines.join("\n"), why})); ws.close(); };
  const ws = new WebSocket(url);
  ws.onopen = () => { open = true; send.forEach(m => ws.send(m)); setTimeout(() => end("it stayed silent"), listen); };
  ws.onmessage = e => { const m = String(e.data); if (size + m.length <= most) { size += m.length; lines.push(m); } if (until.some(u => m.includes(u))) end(""); };
  ws.onclose = () => end(open ? "it was closed" : "the handshake was refused");
})`

const frames = `html => new Promise(done => {
  addEventListener("message", e => done(e.data), {once: true});
  const f = document.createElement("iframe");
  f.sandbox = "allow-scripts";
  f.srcdoc = html;
  document.body.append(f);
})`
