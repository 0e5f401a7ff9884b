package record

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"log/slog"
	"strings"
	"sync"

	"github.com/launchready/launchready/guard"
)

// Access writes a line for each exchange, and a line of kind audit for each that
// was refused. No line holds an address as it came, a header, a body or a
// credential: the route is the policy's pattern, and who asked is a fingerprint,
// by which the lines of one caller are found and nobody is named.
type Access struct {
	Log   *slog.Logger
	Quiet bool // the refusals only

	key    [32]byte
	marker sync.Pool // of *marker, keyed
}

// marker makes fingerprints, one at a time.
type marker struct {
	mac  hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

// NewAccess makes the fingerprints of this process; those of another differ.
func NewAccess(log *slog.Logger, quiet bool) *Access {
	a := &Access{Log: log, Quiet: quiet}
	_, _ = rand.Read(a.key[:]) // it never fails (crypto/rand)
	return a
}

// Begin does nothing: what is under way is not in a log.
func (*Access) Begin() {}

// End writes the lines.
func (a *Access) End(x *guard.Exchange, o guard.Outcome) {
	if a.Quiet && o.Denied == "" {
		return
	}
	kind, level := "access", slog.LevelInfo
	if o.Denied != "" {
		kind, level = "audit", slog.LevelWarn
	}
	route := ""
	if x.Route != nil {
		route = x.Route.Pattern
	}
	attrs := [...]slog.Attr{
		slog.String("kind", kind), slog.String("id", x.ID), slog.String("method", method(x.Request.Method)), slog.String("route", route), slog.Int("status", o.Status),
		slog.String("client", x.Client.String()), slog.Float64("seconds", o.Took.Seconds()), slog.Int64("bytes", o.Bytes), slog.Bool("aborted", o.Aborted),
		slog.String("denied", o.Denied), slog.String("reason", o.Reason), slog.String("tenant", ""), slog.String("user", ""),
		slog.String("credential", a.fingerprint("credential", x.Request.Header.Get("Authorization"))), slog.String("trace", traceID(x.Request.Header.Get("Traceparent"))),
		slog.Float64("upstream_seconds", o.Upstream.Seconds()),
	}
	if x.Who != nil {
		attrs[11].Value = slog.StringValue(x.Who.Tenant)
		attrs[12].Value = slog.StringValue(a.fingerprint("user", x.Who.Tenant+"\x00"+x.Who.Subject))
	}
	a.Log.LogAttrs(context.Background(), level, "request", attrs[:]...)
}

// fingerprint is short and keyed: no list of likely values leads back from it.
func (a *Access) fingerprint(what, s string) string {
	if s == "" {
		return ""
	}
	m, ok := a.marker.Get().(*marker)
	if !ok {
		m = &marker{mac: hmac.New(sha256.New, a.key[:])}
	}
	m.text = append(append(append(m.text[:0], what...), 0), s...)
	m.mac.Reset()
	m.mac.Write(m.text)
	out := hex.EncodeToString(m.mac.Sum(m.sum[:0])[:6])
	if clear(m.text); cap(m.text) <= 4<<10 { // what was marked is not kept
		a.marker.Put(m)
	}
	return out
}

// traceID is the id of a trace (W3C Trace Context, 3.2), or nothing of what is none.
func traceID(s string) string {
	_, rest, _ := strings.Cut(s, "-")
	id, rest, _ := strings.Cut(rest, "-")
	if !strings.Contains(rest, "-") || len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

var usual = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// method is one that is known; a caller may send any word.
func method(m string) string {
	for _, u := range usual {
		if m == u {
			return u
		}
	}
	return "other"
}

// All tells several recorders.
type All []guard.Recorder

// Begin tells each.
func (l All) Begin() {
	for _, r := range l {
		r.Begin()
	}
}

// End tells each.
func (l All) End(x *guard.Exchange, o guard.Outcome) {
	for _, r := range l {
		r.End(x, o)
	}
}
