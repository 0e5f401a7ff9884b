package ownership

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// Options are what a keeper is made of.
type Options struct {
	Store    Store
	Resolver *Resolver          // nil: none
	Rules    map[string][]*Rule // by the pattern of the policy's route
	Fold     map[string]bool    // kinds whose ids ignore case
	Exempt   []string           // roles that may reach every tenant's objects
	Log      *slog.Logger       // nil: silent
	Now      func() time.Time   // nil: time.Now
}

// Keeper judges requests by the ids that they name, and answers by what they hold.
type Keeper struct {
	o       Options
	learned notFounds
	docs    sync.Pool

	messages flow

	known, unknown atomic.Int64
	full           atomic.Pointer[time.Time] // when a claim could not be recorded
}

// New makes a keeper.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, rules := range o.Rules {
		for _, r := range rules {
			r.loosen()
		}
	}
	return &Keeper{o: o}
}

var (
	_ guard.Check   = (*Keeper)(nil)
	_ guard.Tap     = (*Keeper)(nil)
	_ guard.Watcher = (*Keeper)(nil)
)

// Name is the protection's.
func (*Keeper) Name() string { return "ownership" }

// Needs who asks.
func (*Keeper) Needs() guard.Need { return guard.NeedRoute | guard.NeedClaims | guard.NeedBody }

// Gives nothing.
func (*Keeper) Gives() guard.Need { return 0 }

type note uint8

const (
	noteDenied note = iota // the answer is to be that of something missing
	noteUnsure             // an object of the request is nobody's: the answer must tell
	noteNamed              // the request names objects
	noteRule               // the rule of a request whose method was changed
)

// rule of an exchange; nil where there is none, or where the caller may reach all.
func (k *Keeper) rule(x *guard.Exchange) *Rule {
	if r, ok := x.Noted(noteRule).(*Rule); ok {
		return r
	}
	if x.Route.Public { // a browser's question before a request: whose an object is can be asked of known callers only
		return nil
	}
	r := covering(k.o.Rules[x.Route.Pattern], x.Request.Method)
	if x.Who != nil && slices.ContainsFunc(x.Who.Roles, func(role string) bool { return slices.Contains(k.o.Exempt, role) }) {
		return nil
	}
	return r
}

func (k *Keeper) document() *span.Document {
	if d, ok := k.docs.Get().(*span.Document); ok {
		return d
	}
	return newDocument()
}

func (k *Keeper) free(d *span.Document) {
	d.Forget()
	k.docs.Put(d)
}

// Check refuses a request that names another tenant's object, or one that nobody
// is known to own; of a batch, one is enough.
func (k *Keeper) Check(x *guard.Exchange) *guard.Denial {
	r := k.rule(x)
	if r == nil {
		return nil
	}
	if x.Who == nil || x.Who.Tenant == "" || x.Who.Tenant == Shared {
		return deny(http.StatusNotFound, "the caller has no tenant")
	}
	if r.Messages != nil && r.Messages.Socket && upgrades(x.Request) && abroad(x, r.Messages.Origins) {
		return deny(http.StatusForbidden, "a page of another origin opens the connection")
	}
	k.prepare(x, r)
	all, d := k.refs(x, r)
	if d != nil {
		return d
	}
	if len(all) > 0 {
		x.Note(noteNamed, true)
	}
	var refused []ref
	reason, unsure := "", false
	for _, f := range all {
		v, err := k.judge(x.Request.Context(), r, f.o, x.Who.Tenant, !safe(x.Request.Method))
		if err != nil {
			return k.down(x, err)
		}
		switch v {
		case foreign:
			reason = "the request names another tenant's " + f.o.Kind
			refused = append(refused, f)
		case nobodys:
			if r.Unknown == Verify && safe(x.Request.Method) {
				unsure = true
				continue
			}
			if reason == "" {
				reason = "the request names a " + f.o.Kind + " that nobody is known to own"
			}
			refused = append(refused, f)
		}
	}
	if unsure {
		x.Note(noteUnsure, true)
		for _, h := range []string{"If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"} { // that it changed or did not tells that it is there
			x.Request.Header.Del(h)
		}
	}
	if len(refused) == 0 {
		return k.keeps(x, r)
	}
	d = deny(http.StatusNotFound, reason)
	d.Answer = func(out *http.Request) (*http.Response, error) {
		x.Note(noteDenied, true)
		return k.missing(x, r, out, refused)
	}
	return d
}

// refrain is how long nothing is made after what was could not be recorded.
const refrain = 5 * time.Second

var errFull = errors.New("an owner could not be recorded a moment ago")

// keeps refuses a create while the store does not answer: what it made would be
// nobody's, and each new try would make one more.
func (k *Keeper) keeps(x *guard.Exchange, r *Rule) *guard.Denial {
	if !creates(x, r) || x.Observed {
		return nil
	}
	if at := k.full.Load(); at != nil && since(k.o.Now(), *at, refrain) { // it may be read, as on a full disk
		return k.down(x, errFull)
	}
	if _, err := k.o.Store.Owner(x.Request.Context(), Object{Kind: r.Creates[0].Kind}); err != nil { // no id is empty
		return k.down(x, err)
	}
	return nil
}

// prepare asks the upstream for an answer that can be read: whole, and not
// compressed. A caller that leaves after a create was sent must not leave an
// object that nobody owns.
func (k *Keeper) prepare(x *guard.Exchange, r *Rule) {
	h := x.Request.Header
	if r.Messages != nil && r.Messages.Socket {
		h.Del("Sec-Websocket-Extensions") // compressed messages cannot be read
	}
	if !r.looks() {
		return
	}
	h.Set("Accept-Encoding", "identity")
	h.Del("Range")
	h.Del("If-Range")
	if x.Request.Method == http.MethodHead {
		x.Note(noteRule, r)
		x.Request.Method = http.MethodGet // its length tells what the list holds; the server sends no body to HEAD
	}
	if creates(x, r) {
		x.Detach(5 * time.Minute)
	}
}

func (k *Keeper) failing(x *guard.Exchange, err error) {
	k.o.Log.Error("the store of owners or the resolver fails", "id", x.ID, "route", x.Route.Pattern, "error", err.Error())
}

func (k *Keeper) down(x *guard.Exchange, err error) *guard.Denial {
	k.failing(x, err)
	d := deny(http.StatusServiceUnavailable, "whose an object is cannot be told")
	d.Retry = time.Second
	return d
}

func (k *Keeper) alert(x *guard.Exchange, reason string, n int) {
	k.o.Log.Warn("isolation", "id", x.ID, "route", x.Route.Pattern, "method", x.Request.Method, "reason", reason, "objects", n)
}

type verdict uint8

const (
	own verdict = iota
	foreign
	nobodys
)

// judge tells whose an object is to a tenant.
func (k *Keeper) judge(ctx context.Context, r *Rule, o Object, tenant string, write bool) (verdict, error) {
	if o.ID == "" || len(o.ID) > Longest || strings.ContainsRune(o.ID, 0) {
		return nobodys, nil
	}
	is, err := k.o.Store.Owner(ctx, o)
	if err != nil {
		return foreign, err
	}
	if is.Tenant == "" && r.Unknown == Resolve && k.o.Resolver != nil {
		if is.Tenant, err = k.o.Resolver.Tenant(ctx, o); err != nil {
			return foreign, err
		}
	}
	k.count(o.Kind, is.Tenant != "")
	switch {
	case is.Tenant == "" && r.Unknown == Allow:
		return own, nil
	case is.Tenant == "":
		return nobodys, nil
	case is.Tenant == tenant, is.Tenant == Shared && !write:
		return own, nil
	}
	return foreign, nil
}

// count tells now and then how much of what is asked for is known, so that whoever
// observes knows when to enforce.
func (k *Keeper) count(kind string, known bool) {
	c := &k.known
	if !known {
		c = &k.unknown
	}
	c.Add(1)
	if a, b := k.Coverage(); (a+b)%1000 == 0 {
		k.o.Log.Info("ownership coverage", "kind", kind, "known", a, "unknown", b)
	}
}

// Coverage is how many of the ids that were asked for somebody is known to own,
// and how many nobody is.
func (k *Keeper) Coverage() (known, unknown int64) { return k.known.Load(), k.unknown.Load() }
