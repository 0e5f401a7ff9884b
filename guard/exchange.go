package guard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// Need is what a check reads of an exchange, or what one adds to it.
type Need uint8

// What may be needed.
const (
	NeedRoute Need = 1 << iota
	NeedClaims
	NeedBody
)

// Principal is who asks, as the credential says.
type Principal struct {
	Subject, Tenant string
	Roles           []string
}

// Exchange is one request on its way through the pipeline.
type Exchange struct {
	ID      string
	Request *http.Request
	Path    string // canonical
	Route   *Route
	Params  map[string]string
	Client  netip.Addr
	Secure  bool       // it came over TLS, here or at a trusted proxy
	Who     *Principal // nil: nobody signed in

	// Observed says that the check which looks now is in observe: it must not hold
	// the request up.
	Observed bool
	// Sent says that the upstream may have been asked: it is false after a denial
	// and where no connection to the upstream was to be had.
	Sent bool
	// Refused is the check whose denial ended the exchange, or "".
	Refused string

	fields  []field
	max     int64
	body    []byte
	reader  bytes.Reader // of body, for the upstream
	read    bool
	flaw    *Denial // why the body is not to be had whole
	events  bool    // the answer is a stream of events
	last    []func(status int)
	ask     http.RoundTripper
	table   *Table
	instead func(*http.Request) (*http.Response, error)
	reason  string // why it was refused, for the log; "" when it was not
	notes   []note
	waited  time.Duration           // for the upstream's answer to begin
	late    atomic.Bool             // the caller was too slow
	cut     context.CancelCauseFunc // ends it before its time
	stay    func() bool             // no longer ends it when the caller leaves
	here    entry                   // in the list of what a lock-down cuts

	forwarded [4]string // values of the fields that guard sets
	room      struct {  // so that few need memory of their own
		fields [4]field
		last   [8]func(status int)
	}
}

type field struct {
	name  string
	value [1]string
}

type note struct{ key, value any }

// Note keeps what a check found for the tap of the same protection.
func (x *Exchange) Note(key, value any) { x.notes = append(x.notes, note{key, value}) }

// Noted is what was noted last, or nil.
func (x *Exchange) Noted(key any) any {
	for i := len(x.notes) - 1; i >= 0; i-- {
		if x.notes[i].key == key {
			return x.notes[i].value
		}
	}
	return nil
}

// Ask sends the upstream a request of guard's own, whose context bounds it. The caller
// closes the body. An error is the transport's: nothing was answered.
func (x *Exchange) Ask(r *http.Request) (*http.Response, error) { return x.ask.RoundTrip(r) }

// Detach lets the exchange go on when its caller leaves, for so long at most. Guard
// itself still cuts it: in a lock-down, and when the upstream falls silent.
func (x *Exchange) Detach(most time.Duration) {
	if x.stay != nil {
		x.stay()
	}
	ctx, cancel := context.WithTimeout(x.Request.Context(), most)
	x.Request = x.Request.WithContext(ctx)
	x.Finally(func(int) { cancel() })
}

// Cut ends the exchange before its time, also where it is a stream or a WebSocket
// that has begun.
func (x *Exchange) Cut(why error) {
	if x.cut != nil {
		x.cut(why)
	}
}

// Finally registers what is done once when the exchange is over, however it
// ended; the last registered is done first. The status is 0 when nothing was
// answered.
func (x *Exchange) Finally(f func(status int)) {
	if x.last == nil {
		x.last = x.room.last[:0]
	}
	x.last = append(x.last, f)
}

// Field sets a field of the answer, whoever gives it; the name is canonical.
func (x *Exchange) Field(name, value string) {
	for i := range x.fields {
		if x.fields[i].name == name {
			x.fields[i].value[0] = value
			return
		}
	}
	if x.fields == nil {
		x.fields = x.room.fields[:0]
	}
	x.fields = append(x.fields, field{name, [1]string{value}})
}

// setFields writes them, over what an answer says itself.
func (x *Exchange) setFields(h http.Header) {
	for i := range x.fields {
		h[x.fields[i].name] = x.fields[i].value[:]
	}
}

// SetBody replaces the request's body, for the checks after and for the upstream.
func (x *Exchange) SetBody(b []byte) {
	x.read, x.flaw, x.body = true, nil, b
	x.Request.Body = io.NopCloser(bytes.NewReader(b))
	x.Request.ContentLength = int64(len(b))
	x.Request.TransferEncoding = nil
	if x.Request.Header.Get("Content-Length") != "" {
		x.Request.Header.Set("Content-Length", strconv.Itoa(len(b)))
	}
}

// spent is a body that holds nothing when it was read: an answer may last for long.
type spent struct{ rest []byte }

func (s *spent) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	if s.rest = s.rest[n:]; len(s.rest) == 0 {
		s.rest = nil
	}
	return n, nil
}

func (*spent) Close() error { return nil }

// forget lets go of the body. Who asks for it after that is refused.
func (x *Exchange) forget() {
	x.body, x.Request.Body = nil, http.NoBody
	x.read, x.flaw = true, &Denial{Status: http.StatusInternalServerError, Reason: "the body is not held any more"}
}

// again gives the body once more, to a transport that sends it again.
func (x *Exchange) again() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.body)), nil }

// Body reads the request's body, once and bounded (Options.MaxBody), and leaves it for
// the upstream. It is refused with 413 where it is longer, 408 where it comes too slowly
// and 400 where it breaks off.
func (x *Exchange) Body() ([]byte, *Denial) { return x.BodyTo(x.max) }

// BodyTo is Body with a bound of its own in bytes, as uploads have. What was read before
// stays as it was read, and what could not be read is refused again.
func (x *Exchange) BodyTo(limit int64) ([]byte, *Denial) {
	if !x.read {
		rest := x.Request.Body
		switch b := x.readBody(limit); {
		case int64(len(b)) > limit: // where a check only observes, it goes on whole
			x.flaw = tooLong()
			x.Request.Body = &unreadBody{io.MultiReader(bytes.NewReader(b), rest), rest}
		case x.flaw == nil:
			x.SetBody(b)
		}
	}
	if x.flaw != nil {
		d := *x.flaw // each check gives its own reason
		return nil, &d
	}
	return x.body, nil
}

func tooLong() *Denial {
	return &Denial{Status: http.StatusRequestEntityTooLarge, Reason: "the body is too long"}
}

// unreadBody is a body of which the beginning was read.
type unreadBody struct {
	io.Reader
	io.Closer
}

// readBody reads it, and a byte above the limit at most.
func (x *Exchange) readBody(limit int64) []byte {
	x.read = true
	if x.Request.ContentLength > limit { // nothing of it needs to be read
		x.flaw = tooLong()
		return nil
	}
	b, err := whole(x.Request.Body, x.Request.ContentLength, limit)
	switch {
	case x.late.Load():
		x.flaw = &Denial{Status: http.StatusRequestTimeout, Reason: "the body came too slowly"}
	case err != nil:
		x.flaw = &Denial{Status: http.StatusBadRequest, Reason: "the body cannot be read"}
	default:
		return b
	}
	return nil
}

// whole reads a body of so many bytes, -1: unknown, and one byte above the limit at most.
func whole(body io.Reader, length, limit int64) ([]byte, error) {
	if length < 0 || length > 1<<20 { // who only says so gets no room for it
		buf := bytes.NewBuffer(make([]byte, 0, min(max(length, 0), 1<<20)+bytes.MinRead))
		_, err := buf.ReadFrom(io.LimitReader(body, limit+1))
		return buf.Bytes(), err
	}
	b := make([]byte, length, length+1) // room for what must not be there
	_, err := io.ReadFull(body, b)
	if err != nil && length > 0 {
		return b, err
	}
	n, err := body.Read(b[length : length+1])
	if n > 0 {
		return b, errors.New("the body is longer than its length")
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b, err
}

// small is how long a body may be that is held until it is whole.
const small = 16 << 10

// settle holds a small body until it is whole. The upstream gets it in one write with
// the header, and may answer before its own reader has seen the end: the server would
// take what is left of a body away from a transport that still reads it.
func (x *Exchange) settle() *Denial {
	r := x.Request
	if x.flaw != nil && x.flaw.Status != http.StatusRequestEntityTooLarge {
		return x.flaw // a part of it is gone: nothing whole can go on, also where a check only observes
	}
	if x.read || r.ContentLength <= 0 || r.ContentLength > small || r.Body == nil || len(r.Header["Upgrade"]) > 0 {
		return nil
	}
	x.body = x.readBody(small)
	return x.flaw
}

// Check is one protection's look at a request. It writes no answer.
type Check interface {
	Name() string // of the protection: auth, isolation, limits, input
	Needs() Need
	Gives() Need
	Check(x *Exchange) *Denial
}

// Tap is one protection's look at a response, before its body is passed on.
type Tap interface {
	Name() string
	Tap(x *Exchange, r *http.Response) error
}

// Gate is one protection's look at a request before its route is known: at host,
// origin and transport. It may answer for every path.
type Gate interface {
	Name() string
	Gate(x *Exchange) *Denial
}

// Dresser is a Tap that sets fields on answers of guard's own, too.
type Dresser interface {
	Dress(x *Exchange, h http.Header)
}

// Watcher is a tap that also looks where its protection only observes, and then
// changes nothing of the answer.
type Watcher interface {
	Watch(x *Exchange, r *http.Response) error
}
