package guard

import (
	"bytes"
	"context"
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

	fields  [][2]string
	max     int64
	body    []byte
	read    bool
	tooLong bool
	last    []func(status int)
	ask     http.RoundTripper
	instead func(*http.Request) (*http.Response, error)
	reason  string // why it was refused, for the log; "" when it was not
	notes   []note
	waited  time.Duration           // for the upstream's answer to begin
	late    atomic.Bool             // the caller was too slow
	cut     context.CancelCauseFunc // ends it before its time
	stay    func() bool             // no longer ends it when the caller leaves
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

// Ask sends the upstream a request of guard's own. The caller closes the body.
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

// Finally registers what is done once when the exchange is over, however it
// ended; the last registered is done first. The status is 0 when nothing was
// answered.
func (x *Exchange) Finally(f func(status int)) {
	if x.last == nil {
		x.last = make([]func(int), 0, 8)
	}
	x.last = append(x.last, f)
}

// Field sets a field of the answer, whoever gives it; the name is canonical.
func (x *Exchange) Field(name, value string) {
	for i := range x.fields {
		if x.fields[i][0] == name {
			x.fields[i][1] = value
			return
		}
	}
	if x.fields == nil {
		x.fields = make([][2]string, 0, 4)
	}
	x.fields = append(x.fields, [2]string{name, value})
}

// setFields writes them, over what an answer says itself.
func (x *Exchange) setFields(h http.Header) {
	for _, f := range x.fields {
		h[f[0]] = []string{f[1]}
	}
}

// SetBody replaces the request's body, for the checks after and for the upstream.
func (x *Exchange) SetBody(b []byte) {
	x.read, x.tooLong, x.body = true, false, b
	x.Request.Body = io.NopCloser(bytes.NewReader(b))
	x.Request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	x.Request.ContentLength = int64(len(b))
	x.Request.TransferEncoding = nil
	if x.Request.Header.Get("Content-Length") != "" {
		x.Request.Header.Set("Content-Length", strconv.Itoa(len(b)))
	}
}

// Body reads the request's body, once and bounded, and leaves it for the upstream.
func (x *Exchange) Body() ([]byte, *Denial) { return x.BodyTo(x.max) }

// BodyTo is Body with a bound of its own, as uploads have. What was read before
// stays as it was read.
func (x *Exchange) BodyTo(limit int64) ([]byte, *Denial) {
	if !x.read {
		x.read = true
		if x.Request.ContentLength > limit { // nothing of it needs to be read
			x.tooLong = true
			return nil, &Denial{Status: http.StatusRequestEntityTooLarge, Reason: "the body is too long"}
		}
		room := min(max(x.Request.ContentLength, 0), 1<<20)
		buf := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
		_, err := buf.ReadFrom(io.LimitReader(x.Request.Body, limit+1))
		b := buf.Bytes()
		if x.late.Load() {
			return nil, &Denial{Status: http.StatusRequestTimeout, Reason: "the body came too slowly"}
		}
		if err != nil {
			return nil, &Denial{Status: http.StatusBadRequest, Reason: "the body cannot be read"}
		}
		long := int64(len(b)) > limit
		x.SetBody(b)
		x.tooLong = long
	}
	if x.tooLong {
		return nil, &Denial{Status: http.StatusRequestEntityTooLarge, Reason: "the body is too long"}
	}
	return x.body, nil
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
