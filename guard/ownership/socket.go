package ownership

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 section 1.3 wants it
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// longestMessage is how long a message of a WebSocket may be.
const longestMessage = 1 << 20

// bridge puts itself between the two ends of a WebSocket that the application has
// just opened, and judges each message. The handshake stays as the application
// answered it.
func (k *Keeper) bridge(x *guard.Exchange, r *Rule, res *http.Response) error {
	backend, ok := res.Body.(io.ReadWriteCloser)
	if !ok || !strings.EqualFold(res.Header.Get("Upgrade"), "websocket") || res.Header.Get("Sec-Websocket-Extensions") != "" {
		_ = res.Body.Close() // the denial says why
		return unread("it is a connection whose messages cannot be read")
	}
	near, far := net.Pipe()
	res.Body = far
	go k.carry(x, r, near, backend)
	return nil
}

// carry moves messages until either end is done.
func (k *Keeper) carry(x *guard.Exchange, r *Rule, near net.Conn, backend io.ReadWriteCloser) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(x.Request.Context()))
	defer cancel()
	defer backend.Close()
	defer near.Close()
	app, err := over(ctx, backend)
	if err != nil {
		return
	}
	defer app.CloseNow() //nolint:errcheck // it may be closed already
	caller, err := from(near)
	if err != nil {
		return
	}
	defer caller.CloseNow() //nolint:errcheck // as above
	caller.SetReadLimit(longestMessage)
	app.SetReadLimit(longestMessage)
	e := &exchanges{}
	done := make(chan struct{}, 2)
	many := 0
	pump := func(src, dst *websocket.Conn, judge func(context.Context, *guard.Exchange, *Rule, websocket.MessageType, []byte, *exchanges) ([]byte, bool)) {
		defer func() { done <- struct{}{} }()
		for {
			kind, b, err := src.Read(ctx)
			if err != nil {
				if code := websocket.CloseStatus(err); code > 0 && code != websocket.StatusNoStatusRcvd {
					_ = dst.Close(code, "") // the other end may be gone
				}
				return
			}
			if src == caller && r.Messages.Rate > 0 {
				if !k.messages.take(x.Who.Tenant+"\x00"+x.Who.Subject, r.Messages.Rate, r.Messages.Window, k.o.Now()) {
					if many++; many > patience {
						k.alert(x, "a connection goes on after its messages were too many", many)
						_ = src.Close(websocket.StatusPolicyViolation, "") // as above
						return
					}
					if src.Write(ctx, websocket.MessageText, []byte(refusal)) != nil {
						return
					}
					continue
				}
				many = 0
			}
			b, ok := judge(ctx, x, r, kind, b, e)
			if !ok {
				_ = src.Close(websocket.StatusPolicyViolation, "") // as above
				_ = dst.Close(websocket.StatusGoingAway, "")
				return
			}
			if b != nil && dst.Write(ctx, kind, b) != nil {
				return
			}
		}
	}
	go pump(caller, app, k.said)
	go pump(app, caller, k.told)
	<-done
	cancel()
	<-done
}

// said judges what the caller says. An id that is not the caller's is exchanged
// for one that names nothing, so that the application answers as for any such.
func (k *Keeper) said(ctx context.Context, x *guard.Exchange, r *Rule, kind websocket.MessageType, b []byte, e *exchanges) ([]byte, bool) {
	d := k.document()
	defer k.free(d)
	if kind != websocket.MessageText || read(d, b) != nil {
		return b, r.Messages.Opaque
	}
	if _, reason := k.tenant(d, r.Messages.Tenant, x.Who.Tenant); reason != "" {
		k.alert(x, "a message names another tenant", 1)
		return nil, false
	}
	ok := true
	if bad := named(d, r.Messages.IDs, func(kind, raw string, at span.Node) {
		if !ok {
			return
		}
		v, err := k.judge(ctx, r, Object{kind, Canonical(raw, k.o.Fold[kind])}, x.Who.Tenant, true)
		switch {
		case err != nil:
			k.failing(x, err)
			ok = false
		case v != own:
			k.alert(x, "a message names a "+kind+" that is not the caller's", 1)
			var s string
			if s, ok = stranger(raw); !ok {
				return
			}
			e.add(pair{raw, s})
			if d.Kind(at) == span.String {
				d.SetText(at, []byte(s))
			} else {
				d.Set(at, []byte(s))
			}
		}
	}); bad != nil {
		return nil, false
	}
	return d.Output(), ok
}

// told judges what the application says: nil where it is not for the caller.
func (k *Keeper) told(ctx context.Context, x *guard.Exchange, r *Rule, kind websocket.MessageType, b []byte, e *exchanges) ([]byte, bool) {
	d := k.document()
	defer k.free(d)
	if kind != websocket.MessageText || read(d, b) != nil {
		return b, r.Messages.Opaque
	}
	reason, err := k.hears(ctx, x, r, d, e)
	switch {
	case err != nil:
		k.failing(x, err)
		return nil, false
	case reason != "":
		k.alert(x, reason, 1)
		return nil, true
	}
	return e.back(b), true
}

const notTheirs = "a message holds what is not the caller's"

// hears judges a message of the application's, and learns what it says was made before
// its ids are judged: they are the caller's by that. The handshake is a GET and makes
// nothing (creates); the policy says at which place of a message something is told.
func (k *Keeper) hears(ctx context.Context, x *guard.Exchange, r *Rule, d *span.Document, e *exchanges) (reason string, err error) {
	_, said, reason := k.says(d, r, x.Who.Tenant, false)
	if reason != "" {
		return notTheirs, nil
	}
	if x.Noted(noteDenied) == nil {
		// What was made is recorded, whoever has left.
		err := k.record(context.WithoutCancel(ctx), x, r, k.claims(x, r, nil, d, e))
		if denied := (*guard.Denial)(nil); errors.As(err, &denied) {
			return denied.Reason, nil
		}
		if err != nil {
			return "", err
		}
	}
	if ok, err := k.names(ctx, r, d, x.Who.Tenant, said > 0, e); err != nil || !ok {
		return notTheirs, err
	}
	return "", nil
}

// exchanges are the ids that a connection asked for and what was asked instead.
type exchanges struct {
	mu  sync.Mutex
	all []pair
}

const exchangesMost = 64 // the last ones

func (e *exchanges) add(p pair) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) >= exchangesMost {
		e.all = append(e.all[:0], e.all[1:]...)
	}
	e.all = append(e.all, p)
}

func (e *exchanges) knows(id string) bool {
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.all {
		if p.stranger == id {
			return true
		}
	}
	return false
}

func (e *exchanges) back(b []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.all {
		b = bytes.ReplaceAll(b, []byte(p.stranger), []byte(p.asked))
	}
	return b
}

// over is the guard's end of the connection to the application, whose handshake
// is over: the library is answered by one of our own.
func over(ctx context.Context, rwc io.ReadWriteCloser) (*websocket.Conn, error) {
	c, res, err := websocket.Dial(ctx, "ws://app.invalid/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: opened{rwc}}, CompressionMode: websocket.CompressionDisabled})
	if err != nil && res != nil && res.Body != nil {
		_ = res.Body.Close() // the error says it
	}
	return c, err
}

type opened struct{ io.ReadWriteCloser }

func (o opened) RoundTrip(r *http.Request) (*http.Response, error) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 section 1.3
	return &http.Response{StatusCode: http.StatusSwitchingProtocols, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: o.ReadWriteCloser, Request: r,
		Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Accept": {base64.StdEncoding.EncodeToString(sum[:])}}}, nil
}

// from is the guard's end of the connection to the caller.
func from(conn net.Conn) (*websocket.Conn, error) {
	r := &http.Request{Method: http.MethodGet, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: "guard.invalid",
		Header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}}
	return websocket.Accept(&hijacked{conn: conn, header: http.Header{}}, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
}

// hijacked is what the library takes for the answer to a handshake: that one has
// been answered, and what it writes is dropped.
type hijacked struct {
	conn   net.Conn
	header http.Header
}

func (h *hijacked) Header() http.Header         { return h.header }
func (h *hijacked) Write(b []byte) (int, error) { return len(b), nil }
func (h *hijacked) WriteHeader(int)             {}
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
