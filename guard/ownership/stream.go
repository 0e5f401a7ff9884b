package ownership

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// longestEvent is how long one line or event of a stream may be.
const longestEvent = 1 << 20

// stream puts a reader in front of the body that passes on line by line, or event
// by event, what is the caller's. What cannot be told breaks the stream off.
func (k *Keeper) stream(ctx context.Context, x *guard.Exchange, r *Rule, res *http.Response, sse, unsure bool) {
	whole := true
	body := newStream(res.Body, sse, func(data []byte) (bool, error) {
		ok, err := k.passes(ctx, x, r, data, sse, unsure)
		switch {
		case err != nil:
			k.alert(x, "a stream is broken off: "+err.Error(), 0)
		case !ok:
			k.alert(x, "a stream holds what is not the caller's", 1)
		}
		whole = whole && ok
		return ok, err
	})
	body.over = func() {
		if !whole {
			res.Trailer = nil // it was told of the whole
		}
	}
	res.Body = body
	res.ContentLength = -1
	res.Header.Del("Content-Length")
}

// passes judges one line or event.
func (k *Keeper) passes(ctx context.Context, x *guard.Exchange, r *Rule, data []byte, sse, unsure bool) (bool, error) {
	d := k.document()
	defer k.free(d)
	if read(d, data) != nil {
		if !r.judges() && !unsure { // only what it makes is looked for
			return true, nil
		}
		if !sse || unsure || cut(data) {
			return false, errUnread
		}
		return true, nil // a word of text, or [DONE] of some: it names no object
	}
	item := r.List != nil && (r.Messages == nil || !sse)
	said, ofMessage, reason := k.says(d, r, x.Who.Tenant, item)
	if reason != "" {
		return false, nil
	}
	if creates(x, r) { // before its ids are judged: they are the caller's by what it says
		if err := k.record(ctx, x, r, k.claims(x, r, nil, d, nil)); err != nil {
			return false, err
		}
	}
	if r.Messages != nil {
		if ok, err := k.names(ctx, r, d, x.Who.Tenant, ofMessage > 0, nil); err != nil || !ok {
			return false, err
		}
	}
	if item {
		if ok, _, err := k.item(ctx, x, r, r.List, d, 0, !sse); err != nil || !ok {
			return false, err
		}
	}
	return !unsure || said > 0, nil
}

// says counts the places that name the caller's tenant: all, and those of a message; a
// reason, where one names another. An item is one of r.List by itself. Nothing is
// learned of what names another.
func (k *Keeper) says(d *span.Document, r *Rule, tenant string, item bool) (said, ofMessage int, reason string) {
	said, reason = k.tenant(d, r.Tenant, tenant)
	if r.Messages != nil && reason == "" {
		ofMessage, reason = k.tenant(d, r.Messages.Tenant, tenant)
	}
	if item && reason == "" {
		var n int
		n, reason = k.tenant(d, r.List.Tenant, tenant)
		said += n
	}
	return said + ofMessage, ofMessage, reason
}

// cut reports that a text begins as JSON does, and so may hold a part of some.
func cut(data []byte) bool {
	if data[0] != '[' {
		return data[0] == '{'
	}
	rest := bytes.TrimLeft(data[1:], " \t\r\n")
	return len(rest) == 0 || strings.IndexByte(`{["-0123456789tfn]`, rest[0]) >= 0
}

// names judges the ids of a message, of which nobody's pass where it says whose they
// are. Ids that strangers knows are no objects.
func (k *Keeper) names(ctx context.Context, r *Rule, d *span.Document, tenant string, said bool, strangers *exchanges) (ok bool, err error) {
	ok = true
	if bad := named(d, r.Messages.IDs, func(kind, raw string, _ span.Node) {
		if err != nil || !ok || strangers.knows(raw) {
			return
		}
		v, jerr := k.judge(ctx, r, Object{kind, Canonical(raw, k.o.Fold[kind])}, tenant, false)
		if jerr != nil {
			err = jerr
		}
		ok = v == own || v == nobodys && said
	}); bad != nil {
		return false, nil
	}
	return ok, err
}

type stream struct {
	src  *bufio.Reader
	body io.Closer
	sse  bool
	pass func(data []byte) (bool, error)
	out  []byte
	err  error
	over func() // when it was read; nil: nothing
}

func newStream(body io.ReadCloser, sse bool, pass func([]byte) (bool, error)) *stream {
	return &stream{src: bufio.NewReader(body), body: body, sse: sse, pass: pass}
}

// Close closes the body.
func (s *stream) Close() error {
	err := s.body.Close()
	if s.over != nil {
		s.over()
	}
	return err
}

// Read gives what passes.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		if s.sse {
			s.out, s.err = s.event()
		} else {
			s.out, s.err = s.one()
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

var errLong = errors.New("a line or an event is too long")

// line reads one with its end.
func (s *stream) line(have int) ([]byte, error) {
	var all []byte
	for {
		b, err := s.src.ReadSlice('\n')
		all = append(all, b...)
		switch {
		case have+len(all) > longestEvent:
			return nil, errLong
		case !errors.Is(err, bufio.ErrBufferFull):
			return all, err
		}
	}
}

// one line of JSON, or nothing where it does not pass.
func (s *stream) one() ([]byte, error) {
	b, err := s.line(0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	data := bytes.TrimSpace(b)
	if len(data) == 0 {
		return b, err
	}
	ok, jerr := s.pass(data)
	if jerr != nil {
		return nil, jerr
	}
	if !ok {
		return nil, err
	}
	return b, err
}

// event of a stream of events, or nothing where it does not pass. A comment that
// stands before one is passed on at once: it keeps a connection alive.
func (s *stream) event() ([]byte, error) {
	var raw, data []byte
	has := false
	for {
		b, err := s.line(len(raw))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		raw = append(raw, b...)
		l := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		if bytes.IndexByte(l, '\r') >= 0 {
			return nil, errUnread // which some read as the end of a line
		}
		name, value, _ := strings.Cut(string(l), ":")
		if strings.TrimPrefix(name, "\ufeff") == "data" {
			if has {
				data = append(data, '\n')
			}
			data, has = append(data, strings.TrimPrefix(value, " ")...), true
		}
		if err == nil && len(l) > 0 && (has || l[0] != ':' || len(raw) > len(b)) {
			continue // the event goes on
		}
		trimmed := bytes.TrimSpace(data)
		if len(trimmed) == 0 {
			return raw, err
		}
		ok, jerr := s.pass(trimmed)
		if jerr != nil {
			return nil, jerr
		}
		if !ok {
			return nil, err
		}
		return raw, err
	}
}
