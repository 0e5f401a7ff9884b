package launchready

import (
	"context"
	"net/http"
	"time"
)

// Request is one request to the target, before a credential is added.
type Request struct {
	Method string
	// Path is sent byte for byte: an escaped path with its query, "/v1/chats/1?x=y".
	// Nothing normalises it, so a check may send "//" or "%2e".
	Path   string
	Header http.Header
	Body   []byte
	Host   string // overrides the Host header when set
	// Credential, when set, is sent instead of the account's own, and never
	// renewed: a check that tampers with a token sets it.
	Credential *Credential
	Route      *Route // the route it addresses, for records and budgets
	Note       string // what this request is for: "owner control", "other tenant"
	// Once sends it a single time and at once: no retry, no wait for the run's
	// pace, no lesson from a 429. It is for bursts and for measurements; the
	// budget and the scope hold all the same.
	Once bool
	// Streamed sends the body in pieces, without saying how long it is.
	Streamed bool
	// StreamFor bounds the reading of an endless reply; 0 means the client's own bound.
	StreamFor time.Duration
	// Enough, when set, is shown what has come of a reply so far, again and again,
	// and ends the reading when it reports true: the reply is whole then.
	Enough func(body []byte) bool
	// Quiet ends the reading of a WebSocket when nothing more has come for so long
	// after the first message; 0 waits until StreamFor.
	Quiet time.Duration
	// Likely, when set, is shown what has come over a WebSocket so far, and reports
	// that it is probably all: a fifth of Quiet then ends the reading.
	Likely func(body []byte) bool
	// Slowly spreads the sending of the body over so long: a client on a bad line,
	// or one that holds a connection on purpose. 0 sends it at once.
	Slowly time.Duration
}

// Clone returns a copy that shares no map or slice with r.
func (r *Request) Clone() *Request {
	c := *r
	c.Header = r.Header.Clone()
	c.Body = append([]byte(nil), r.Body...)
	if r.Body == nil {
		c.Body = nil
	}
	return &c
}

// SetHeader sets a header field, making the map when there is none.
func (r *Request) SetHeader(name, value string) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(name, value)
}

// Exchange is a request and the answer to it, as they were on the wire, except
// that the credential is masked in the request.
type Exchange struct {
	Check     string // id of the check that asked it; "" for one of the run itself
	As        string // name of the account that sent it; "anonymous" when none
	Note      string
	Method    string
	URL       string // absolute; credential parameters masked
	Request   http.Header
	Sent      []byte
	Status    int
	Proto     string
	Header    http.Header
	Body      []byte
	Truncated bool // the body was longer than the client keeps
	Started   time.Time
	FirstByte time.Duration // from the start to the first byte of the reply's body
	Connect   time.Duration // of it, for name and connection; 0 on a connection that was open
	Handshake time.Duration // of it, for TLS, likewise
	Took      time.Duration
	Attempts  int // 1 + retries
	Route     *Route
}

// OK reports a 2xx status.
func (x *Exchange) OK() bool { return x != nil && x.Status >= 200 && x.Status < 300 }

// Denied reports a status that refuses a caller: 401, 403, 404, 405 or 407,
// and 3xx, which is how applications with pages send callers to the sign-in.
func (x *Exchange) Denied() bool {
	switch x.Status {
	case 401, 403, 404, 405, 407, 410:
		return true
	}
	return x.Status >= 300 && x.Status < 400
}

// Client sends requests to the target, inside scope and budget, and records
// them. It is safe for concurrent use.
type Client interface {
	// Do sends r as the account, nil for anonymous. It follows no redirect. It
	// retries 429 and 5xx with back-off, and renews a live account's expired
	// credential once. An error means that no answer came: scope or budget
	// refused, the target did not answer, or ctx ended.
	Do(ctx context.Context, as *Account, r *Request) (*Exchange, error)
	// Dial opens a WebSocket, sends the messages, and reads until a bound. The
	// exchange has status 101 and the received messages, one a line, in Body.
	Dial(ctx context.Context, as *Account, r *Request, send ...string) (*Exchange, error)
}

// Cast signs accounts in, renews them and makes spare ones.
type Cast interface {
	// Session signs the account in again and returns a copy with a session of
	// its own, which a check may end without hurting other checks.
	Session(ctx context.Context, a *Account) (*Account, error)
	// Spare makes a new user of this run's own, or takes a declared one, with
	// the role in the tenant; ErrNoSpare when the target offers no way.
	Spare(ctx context.Context, tenant, role string) (*Account, error)
	// Refresh exchanges the account's refresh token; ErrNoRefresh when it has none.
	Refresh(ctx context.Context, a *Account) (*Account, *Exchange, error)
	// Password is the account's password, zero when it signs in without one.
	Password(a *Account) Secret
	// SignInRequest builds the account's sign-in request with another user name
	// or password; ErrNoSignIn when the account signs in by no request.
	SignInRequest(ctx context.Context, a *Account, user string, password Secret) (*Request, error)
	// Accept reads the reply to a sign-in request, or to one that answers like
	// it, and returns a copy of the account that holds the credential in it.
	Accept(a *Account, x *Exchange) (*Account, error)
}

type asking struct{}

// Asking returns a context whose requests are those of a check, by its id.
func Asking(ctx context.Context, check string) context.Context {
	return context.WithValue(ctx, asking{}, check)
}

// AskedBy is the id of the check whose requests a context carries, or "".
func AskedBy(ctx context.Context) string {
	id, _ := ctx.Value(asking{}).(string)
	return id
}
