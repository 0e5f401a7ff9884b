// Package idempotency does a request with an Idempotency-Key once
// (draft-ietf-httpapi-idempotency-key-header): a repetition gets the first
// answer again, one that comes too early 409, another request under the same key 422.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/state"
)

// Options say how long and how much is kept.
type Options struct {
	Answers state.Answers
	Keep    time.Duration // 0: a day
	Lease   time.Duration // the longest that a request may be under way; 0: five minutes
	Max     int           // bytes of an answer that is kept; 0: 1 MiB
	Log     *slog.Logger
}

// Check claims the key before the request goes on.
type Check struct{ o Options }

// New makes the check and its tap. The tap is to be the last, so that what is
// kept is what the caller got.
func New(o Options) (*Check, Tap) {
	if o.Keep == 0 {
		o.Keep = 24 * time.Hour
	}
	if o.Lease == 0 {
		o.Lease = 5 * time.Minute
	}
	if o.Max == 0 {
		o.Max = 1 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Check{o}, Tap{}
}

// Name is the protection's.
func (*Check) Name() string { return "idempotency" }

// Needs who asks, whose the key is, and the body, which tells one request from another.
func (*Check) Needs() guard.Need { return guard.NeedRoute | guard.NeedClaims | guard.NeedBody }

// Gives nothing.
func (*Check) Gives() guard.Need { return 0 }

const longest = 255 // of a key

type entryKey struct{}

// entry is one claimed key.
type entry struct {
	c      *Check
	x      *guard.Exchange
	key    string
	status int
	header http.Header
	undone bool // the upstream says that it did nothing, or failed
	ended  bool
}

// Check looks at writes that carry a key. Callers who did not sign in share no
// key: who guesses one would read another's answer. Theirs are for the
// application to judge.
func (c *Check) Check(x *guard.Exchange) *guard.Denial {
	values := x.Request.Header["Idempotency-Key"]
	if len(values) == 0 || x.Who == nil {
		return nil
	}
	switch x.Request.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil
	}
	if len(values) > 1 || !valid(values[0]) {
		return &guard.Denial{Status: http.StatusBadRequest, Reason: "the idempotency key is not one of 1 to 255 printable characters"}
	}
	body, d := x.Body()
	if d != nil {
		return d
	}
	e := &entry{c: c, x: x, key: digest(state.Key{Limit: x.Request.Method + " " + x.Route.Pattern, Tenant: x.Who.Tenant, User: x.Who.Subject}.String(), values[0])}
	print := sha256.Sum256([]byte(digest(x.Path, x.Request.URL.RawQuery, x.Request.Header.Get("Content-Type"), string(body))))
	// A caller that leaves meanwhile must not leave a key that is taken for nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.Request.Context()), 5*time.Second)
	defer cancel()
	found, a, err := c.o.Answers.Begin(ctx, e.key, x.ID, print, c.o.Lease)
	switch {
	case err != nil: // what may have been done is not done again
		return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: "the idempotency keys cannot be asked: " + err.Error(), Retry: 2 * time.Second}
	case found == state.Other:
		return &guard.Denial{Status: http.StatusUnprocessableEntity, Reason: "the idempotency key was used for another request"}
	case found == state.Busy:
		return &guard.Denial{Status: http.StatusConflict, Reason: "the request with this idempotency key is under way", Retry: time.Second}
	case found == state.Done && !a.Whole:
		return &guard.Denial{Status: http.StatusConflict, Reason: "the request with this idempotency key was done, and its answer was too long to keep"}
	case found == state.Done:
		h := a.Header.Clone()
		if h == nil {
			h = http.Header{}
		}
		h.Set("Idempotency-Replayed", "true")
		return &guard.Denial{Status: a.Status, Header: h, Body: a.Body, Given: true, Reason: "the answer was given before"}
	}
	x.Request.Header.Del("Accept-Encoding") // the answer may go to another client
	x.Detach(c.o.Lease)                     // a caller who leaves does not end what was begun: it is the one who will ask again
	x.Note(entryKey{}, e)
	x.Finally(e.end)
	return nil
}

func valid(key string) bool {
	if key == "" || len(key) > longest {
		return false
	}
	return strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// digest is one short text for several, which no others have.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// end gives the key up where nothing was done. Where that is not known, because
// the answer broke off, the key stays claimed until its lease ends.
func (e *entry) end(int) {
	if e.ended || e.x.Sent && !e.undone {
		return
	}
	e.ended = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.x.Request.Context()), 5*time.Second)
	defer cancel()
	if err := e.c.o.Answers.Forget(ctx, e.key, e.x.ID); err != nil {
		e.c.o.Log.Error("idempotency key not given up", "id", e.x.ID, "error", err.Error())
	}
}

// finish keeps the answer, before the caller has seen its end.
func (e *entry) finish(body []byte, whole bool) {
	if e.ended {
		return
	}
	e.ended = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.x.Request.Context()), 5*time.Second)
	defer cancel()
	a := state.Answer{Status: e.status, Whole: whole}
	if whole {
		a.Header, a.Body = e.header, body
	}
	if err := e.c.o.Answers.Finish(ctx, e.key, e.x.ID, a, e.c.o.Keep); err != nil { // it stays claimed until the lease ends
		e.c.o.Log.Error("answer not kept", "id", e.x.ID, "error", err.Error())
	}
}
