package probe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	lr "github.com/launchready/launchready"
)

// Dial implements [lr.Client]. The credential travels in the handshake, in its
// header, cookie or query. A target that refuses the handshake has answered: its
// HTTP reply is the exchange. Reading ends when the target closes, after
// r.StreamFor, or at the byte bound.
func (c *Client) Dial(ctx context.Context, as *lr.Account, r *lr.Request, send ...string) (*lr.Exchange, error) {
	q := r.Clone()
	q.Method = http.MethodGet
	q.Body = nil
	q.Path = webScheme(q.Path)
	x, err := c.live(ctx, as, q, sender{func(t *attempt, ctx context.Context) (*lr.Exchange, *fault) { return t.converse(ctx, send) }, len(send)})
	if err != nil {
		return nil, err
	}
	x.Check = lr.AskedBy(ctx)
	c.tell(x)
	return x, nil
}

func webScheme(path string) string {
	if rest, ok := strings.CutPrefix(path, "ws://"); ok {
		return "http://" + rest
	}
	if rest, ok := strings.CutPrefix(path, "wss://"); ok {
		return "https://" + rest
	}
	return path
}

// handshake lets the library build the upgrade and keeps target and reply ours.
type handshake struct {
	t    *attempt
	resp *http.Response
	body drained
}

func (h *handshake) RoundTrip(req *http.Request) (*http.Response, error) {
	ours := h.t.request(req.Context())
	ours.Header = h.t.header.Clone()
	for k, v := range req.Header {
		if strings.HasPrefix(k, "Sec-Websocket-") || k == "Connection" || k == "Upgrade" {
			ours.Header[k] = v
		}
	}
	h.t.header = ours.Header
	resp, err := h.t.c.upgrade.RoundTrip(ours)
	if err != nil {
		return nil, err
	}
	h.resp = resp
	if resp.StatusCode != http.StatusSwitchingProtocols {
		h.body = drain(resp.Body, resp.Header.Get("Content-Encoding"), h.t.c.o.Keep, h.t.c.o.Count, nil)
		_ = resp.Body.Close() // it has been read to its bound
		resp.Body = io.NopCloser(bytes.NewReader(h.body.body))
	}
	return resp, nil
}

func (t *attempt) converse(ctx context.Context, send []string) (*lr.Exchange, *fault) {
	c := t.c
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.bound(c.o.Timeout), func() { cancel(errSlow) })
	defer timer.Stop()
	drop(t.header, "Accept-Encoding")

	t.started = c.o.Now()
	h := &handshake{t: t}
	//nolint:bodyclose // the library closes it; the handshake keeps a copy
	conn, _, err := websocket.Dial(ctx, t.to.scheme+"://"+t.to.host+"/", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: h, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	})
	if err != nil {
		if h.resp != nil && h.resp.StatusCode != http.StatusSwitchingProtocols {
			return t.record(h.resp, h.body), nil
		}
		return nil, t.fault(ctx, err)
	}
	defer conn.CloseNow()
	timer.Stop()
	conn.SetReadLimit(c.o.Keep + 1)
	d := c.o.StreamFor
	if t.r.StreamFor > 0 {
		d = t.r.StreamFor
	}
	end := time.AfterFunc(c.bound(d), func() { cancel(errBound) })
	defer end.Stop()
	var got drained
	for _, m := range send {
		if err := conn.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			break // the target closed; what it said before is still to be read
		}
	}
	silence := time.AfterFunc(d, func() { cancel(errQuiet) })
	defer silence.Stop()
	got.body, got.whole = c.listen(ctx, conn, func(lines []byte) bool {
		if rest := t.r.Quiet; rest > 0 {
			if t.r.Likely != nil && t.r.Likely(lines) {
				rest /= 5
			}
			silence.Reset(rest)
		}
		return t.r.Enough != nil && t.r.Enough(lines)
	})
	got.whole = got.whole || t.r.Quiet > 0 && errors.Is(context.Cause(ctx), errQuiet) && len(got.body) > 0
	x := t.record(h.resp, got)
	x.Sent = c.shownBody([]byte(strings.Join(send, "\n")))
	return x, nil
}

// listen reads messages until the target closes, a bound is reached or heard has
// enough of what came.
func (c *Client) listen(ctx context.Context, conn *websocket.Conn, heard func([]byte) bool) (lines []byte, closed bool) {
	for {
		_, m, err := conn.Read(ctx)
		if err != nil {
			return lines, websocket.CloseStatus(err) != -1 && websocket.CloseStatus(err) != websocket.StatusMessageTooBig
		}
		c.received(len(m))
		if len(lines) > 0 {
			lines = append(lines, '\n')
		}
		if room := c.o.Keep - int64(len(lines)); int64(len(m)) > room {
			return append(lines, m[:max(room, 0)]...), false
		}
		lines = append(lines, m...)
		if heard(lines) {
			return lines, true
		}
	}
}
