// Package model is guard's second listener: it stands between the application and
// its model provider and speaks the protocols of both, OpenAI's chat completions, responses
// and embeddings and Anthropic's messages.
//
// The provider's key never leaves guard; the application holds a virtual one. What the
// model may be asked, which tools exist for whom, and what a completion may hold is
// decided here, outside of the model, by what is said and not by how it sounds. Where
// nothing is to be changed, requests and answers pass byte for byte.
package model

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/guard/model/span"
)

// Provider is where requests of a protocol go.
type Provider struct {
	URL         *url.URL // its base address, before /v1
	Key         lr.Secret
	TokensField string // of chat completions, where a request has no bound; default max_completion_tokens
}

// Canary is a value that is planted to show where it must not be. One of a tenant must
// be in no other's prompts and completions; one without a tenant stands in the
// application's own prompt and must be in no completion.
type Canary struct {
	Name, Tenant string
	Value        lr.Secret
}

// Options are what a proxy is made of.
type Options struct {
	Providers   map[string]Provider // openai, anthropic
	Keys        []Key
	Context     Context
	Models      []string // that may be asked; a "*" at the end is any rest
	MaxTokens   int64    // of a completion; 0: unbounded
	MaxBody     int64    // bytes of a request; 0: 4 MiB
	Tools       []Tool
	Provenance  Provenance // of tools that say nothing
	Vouched     []string   // hosts that count as the application's own
	Prompts     screen.Rules
	Completions screen.Rules
	Canaries    []Canary
	Meter       Meter
	Tell        bool        // streams of chat completions are asked for their usage, which the application gets only when it asked too
	Kill        *kill.Board // what is switched off; nil: nothing
	Lockdown    *guard.Lockdown
	Log         *slog.Logger
	Now         func() time.Time
	Transport   http.RoundTripper
	Breaker     Breaker       // of each provider
	Idle        time.Duration // without a byte of the provider's; 0: two minutes

	circuits  map[string]*circuit // by provider
	keys      map[[sha256.Size]byte]*Key
	tools     map[string]*Tool
	needles   *screen.Needles
	own       *screen.Needles // the providers' keys
	arguments *screen.Rules
}

// Proxy serves by one policy. It is not changed once it is made.
type Proxy struct{ o Options }

const (
	bodyLimit   = 4 << 20
	answerLimit = 32 << 20
	errorLimit  = 64 << 10
)

// New verifies the options and makes the proxy.
func New(o Options) (*Proxy, error) {
	if len(o.Providers) == 0 || len(o.Keys) == 0 || len(o.Models) == 0 {
		return nil, errors.New("a provider, a virtual key and a model are needed")
	}
	o.keys, o.tools = map[[sha256.Size]byte]*Key{}, map[string]*Tool{}
	for i := range o.Keys {
		k := &o.Keys[i]
		if o.keys[k.Hash] != nil || k.Signed == (k.Tenant != "") || k.Signed && o.Context.Key.IsZero() {
			return nil, fmt.Errorf("virtual key %s is there twice, or belongs to no one tenant and carries no signed header", k.Name)
		}
		o.keys[k.Hash] = k
	}
	for i := range o.Tools {
		o.tools[o.Tools[i].Name] = &o.Tools[i]
	}
	var values []string
	for _, c := range o.Canaries {
		values = append(values, c.Value.Reveal())
	}
	if len(values) > 0 {
		n, err := screen.NewNeedles(values)
		if err != nil {
			return nil, fmt.Errorf("read the canaries: %w", err)
		}
		o.needles, o.Completions.Stop = n, n
	}
	values = values[:0]
	for _, p := range o.Providers {
		if v := p.Key.Reveal(); len(v) >= 8 && !strings.ContainsAny(v, " \t\r\n") { // what a shorter one is, an answer says by chance
			values = append(values, v)
		}
	}
	own, err := screen.NewNeedles(values)
	if err != nil {
		return nil, fmt.Errorf("read the providers' keys: %w", err)
	}
	o.own = own
	if f := o.Completions.Secrets; f != nil {
		only := *f
		only.KeepAddresses = true // a tool may send mail
		o.arguments = &screen.Rules{Secrets: &only}
	}
	if o.Context.Header == "" {
		o.Context.Header = DefaultContextHeader
	}
	if o.MaxBody == 0 {
		o.MaxBody = bodyLimit
	}
	if o.Idle == 0 {
		o.Idle = 2 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: 512, MaxIdleConnsPerHost: 512, IdleConnTimeout: 90 * time.Second, DisableCompression: true, ForceAttemptHTTP2: true, ResponseHeaderTimeout: 5 * time.Minute}
	}
	if o.Breaker.Failures > 0 {
		o.circuits = map[string]*circuit{}
		for name := range o.Providers {
			o.circuits[name] = &circuit{Breaker: o.Breaker, now: o.Now}
		}
	}
	return &Proxy{o}, nil
}

// Handler serves by the proxy that was stored last.
type Handler struct{ now atomic.Pointer[Proxy] }

// Store swaps the proxy. A request that has begun ends by the one it began with.
func (h *Handler) Store(p *Proxy) { h.now.Store(p) }

// ServeHTTP answers 503 until there is a proxy.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := h.now.Load(); p != nil {
		p.ServeHTTP(w, r)
		return
	}
	p, _ := protocolOf(r.URL.Path)
	deny(http.StatusServiceUnavailable, "not_ready", "guard is not ready.").write(w, p, rand.Text())
}

// ServeHTTP takes one request to the provider and its answer back.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := p.o.Now()
	x := &exchange{o: &p.o, id: rand.Text()}
	status, denied := p.serve(w, r, x)
	code := ""
	if denied != nil {
		code = denied.Code
		if status == 0 {
			status = denied.Status
			denied.write(w, x.p, x.id)
		}
		p.o.Log.Warn("model denied", "id", x.id, "key", x.who.Key, "tenant", x.who.Tenant, "user", x.who.Subject, "code", denied.Code, "reason", denied.Reason)
	}
	p.o.Log.Info("model request", "id", x.id, "key", x.who.Key, "tenant", x.who.Tenant, "user", x.who.Subject, "provider", x.p.provider(), "model", x.model, "stream", x.stream, "status", status, "denied", code, "seconds", p.o.Now().Sub(began).Seconds())
}

// serve returns the status that was sent; 0 when nothing was.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, x *exchange) (int, *Denial) {
	spoken, ok := protocolOf(r.URL.Path)
	x.p = spoken
	who, denied := p.o.caller(r.Header, p.o.Now())
	if denied != nil {
		if r.Header.Get("X-Api-Key") != "" || r.Header.Get("Anthropic-Version") != "" {
			x.p = messages // the words that the caller's library reads
		}
		return 0, denied
	}
	x.who = *who
	if p.o.Kill.Off(kill.Provider, spoken.provider()) || p.o.Kill.Off(kill.Tenant, who.Tenant) {
		return 0, switchedOff() // before anything is read of it
	}
	if !who.essential && p.o.Lockdown.Locked() {
		return 0, lockedDown() // likewise
	}
	provider, known := p.o.Providers[spoken.provider()]
	if !ok || !known || spoken.path() != "/v1"+strings.TrimPrefix(r.URL.Path, "/v1") {
		return 0, deny(http.StatusNotFound, "not_found", "guard passes on chat completions, responses, embeddings and messages of the providers in its policy.")
	}
	if r.Method != http.MethodPost {
		return 0, deny(http.StatusMethodNotAllowed, "method_not_allowed", "Only POST is passed on.")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" || r.Header.Get("Content-Encoding") != "" {
		return 0, deny(http.StatusUnsupportedMediaType, "invalid_request", "The body must be JSON, and not compressed.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, p.o.MaxBody))
	if err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return 0, deny(http.StatusRequestEntityTooLarge, "request_too_large", "The request is longer than the policy allows.")
		}
		return 0, deny(http.StatusBadRequest, "invalid_request", "The request ended early.")
	}
	rules := p.o.Completions // of this caller: its own canaries may stand in its replies
	rules.Spare = func(v int) bool { return p.o.Canaries[v].Tenant != "" && p.o.Canaries[v].Tenant == x.who.Tenant }
	x.rules = &rules
	out, denied := x.request(body)
	if denied != nil {
		return 0, denied
	}
	ctx, cut := context.WithCancelCause(r.Context())
	defer cut(nil)
	x.cut, r = cut, r.WithContext(ctx)
	stay, ok := p.o.Kill.Enter(x, x.scopes()...)
	if !ok {
		return 0, switchedOff()
	}
	defer p.o.Kill.Leave(stay)
	if !x.who.essential {
		leave, ok := p.o.Lockdown.Enter(cut)
		if !ok {
			return 0, lockedDown()
		}
		defer leave()
	}
	hold, denied := x.reserve(ctx)
	if denied != nil {
		return 0, denied
	}
	rep := newReply(x)
	if hold != nil {
		defer func() {
			rep.usage.Bytes = rep.count
			rep.usage.Known = rep.usage.Known && rep.ended
			hold.Settle(rep.usage)
		}()
	}
	return p.ask(w, r, x, provider, out, rep, hold)
}

func (x *exchange) reserve(ctx context.Context) (Hold, *Denial) {
	if x.o.Meter == nil {
		return nil, nil
	}
	h, err := x.o.Meter.Reserve(ctx, Ask{ID: x.id, Provider: x.p.provider(), Model: x.model, Caller: x.who, Prompt: x.bytes, References: x.references, MaxTokens: x.limit, Mute: x.p == embeddings, Stream: x.stream})
	if err == nil {
		return h, nil
	}
	return nil, undecided(err)
}

// undecided is a meter's own refusal, or that it could not decide.
func undecided(err error) *Denial {
	var d *Denial
	if errors.As(err, &d) {
		return d
	}
	d = deny(http.StatusServiceUnavailable, "budget_unavailable", "Whether this may be spent cannot be decided now.").because(err.Error())
	d.Retry = 5 * time.Second
	return d
}

// passed are header fields that go to the provider, and back. Nothing else does.
var (
	passed   = []string{"Content-Type", "Accept", "User-Agent", "Anthropic-Version", "Anthropic-Beta", "Openai-Beta", "Idempotency-Key"}
	returned = []string{"Content-Type", "Retry-After", "Retry-After-Ms", "Request-Id", "X-Request-Id", "Openai-Processing-Ms", "Openai-Version"}
)

// ask sends the request and the answer back.
func (p *Proxy) ask(w http.ResponseWriter, r *http.Request, x *exchange, to Provider, body []byte, rep *reply, hold Hold) (int, *Denial) {
	failed := func(why string) *Denial {
		if d := ended(r.Context()); d != nil {
			return d
		}
		return deny(http.StatusBadGateway, "provider_failed", "The provider did not answer as it should.").because(why)
	}
	ctx, cancel := context.WithCancel(r.Context()) // ends when the application goes: nobody pays for what nobody reads
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL.JoinPath(x.p.path()).String(), bytes.NewReader(body))
	if err != nil {
		rep.usage.Free = true
		return 0, failed("the address is wrong")
	}
	for _, k := range passed {
		if v := r.Header.Values(k); len(v) > 0 {
			req.Header[k] = v
		}
	}
	req.Header.Set("Accept-Encoding", "identity")
	if x.p.anthropic() {
		req.Header.Set("X-Api-Key", to.Key.Reveal())
	} else {
		req.Header.Set("Authorization", "Bearer "+to.Key.Reveal())
	}
	if r.Context().Err() != nil { // who left, or was switched off, while it was judged is not asked for
		rep.usage.Free = true
		return 0, failed("nobody waits for an answer")
	}
	leave, wait := p.o.circuits[x.p.provider()].enter()
	if leave == nil {
		rep.usage.Free = true
		return 0, paused(wait)
	}
	res, err := p.o.Transport.RoundTrip(req)
	switch {
	case err == nil:
		leave(outcomeOf(res))
	case r.Context().Err() != nil:
		leave(unknown, 0)
	default:
		leave(failing, 0)
	}
	if err != nil {
		at := (*net.OpError)(nil)
		rep.usage.Free = errors.As(err, &at) && at.Op == "dial"
		return 0, failed("no answer: " + kindOf(err))
	}
	defer res.Body.Close()
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if e := res.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return 0, failed("the answer is compressed")
	}
	switch {
	case res.StatusCode >= 400:
		rep.usage.Free = res.StatusCode < 500 // it did nothing
		return p.failure(w, res, x)
	case res.StatusCode != http.StatusOK:
		return 0, failed("status " + res.Status)
	case kind == "text/event-stream" && x.p != embeddings:
		x.header(w, res)
		w.WriteHeader(http.StatusOK)
		return http.StatusOK, p.stream(w, r, res, x, rep, hold, cancel)
	case kind != "application/json":
		return 0, failed("an answer of another type")
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, answerLimit+1))
	if err != nil || len(b) > answerLimit {
		return 0, failed("the answer ended early, or is too long")
	}
	rep.ended = true
	out, err := rep.whole(b)
	if err != nil {
		return 0, denialOf(err)
	}
	if d := ended(r.Context()); d != nil {
		return 0, d
	}
	x.header(w, res)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(out) // the caller may be gone
	return http.StatusOK, nil
}

func denialOf(err error) *Denial {
	var d *Denial
	if errors.As(err, &d) {
		return d
	}
	return deny(http.StatusBadGateway, "provider_failed", "The provider did not answer as it should.").because(kindOf(err))
}

// kindOf says what went wrong without the address, which may hold a name that is
// nobody's business.
func kindOf(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// header takes over what of the provider's header is for the application.
func (x *exchange) header(w http.ResponseWriter, res *http.Response) {
	h := w.Header()
	for k, v := range res.Header {
		if (slices.Contains(returned, k) || strings.HasPrefix(k, "X-Ratelimit-") || strings.HasPrefix(k, "Anthropic-Ratelimit-")) && !slices.ContainsFunc(v, func(s string) bool { return x.o.holdsKey([]byte(s)) }) {
			h[k] = v
		}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("X-Request-Id") == "" {
		h.Set("X-Request-Id", x.id)
	}
}

// failure passes on an error of the provider. What it says of the key is between it
// and guard.
func (p *Proxy) failure(w http.ResponseWriter, res *http.Response, x *exchange) (int, *Denial) {
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return 0, deny(http.StatusBadGateway, "provider_refused", "The provider refused guard's own key.").because("status " + res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, errorLimit))
	d := &span.Document{}
	if err != nil || d.Read(b) != nil || d.Kind(d.Get(0, "error")) != span.Object {
		e := deny(res.StatusCode, "provider_failed", "The provider answered with an error.").because("status " + res.Status)
		return 0, e
	}
	x.scrub(d, 0)
	x.header(w, res)
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(d.Output()) // the caller may be gone
	return res.StatusCode, nil
}

// stream passes the events on as they are decided.
func (p *Proxy) stream(w http.ResponseWriter, r *http.Request, res *http.Response, x *exchange, rep *reply, hold Hold, cancel func()) *Denial {
	idle := time.AfterFunc(p.o.Idle, cancel)
	defer idle.Stop()
	rc := http.NewResponseController(w)
	in := bufio.NewReaderSize(res.Body, 16<<10)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // it is there; readers pass over it (WHATWG HTML, 9.2.6)
	}
	var out []byte
	stop := func(d *Denial) *Denial {
		_, _ = w.Write(append(rep.flush(out), d.event(x.p, x.id)...)) // the caller may be gone
		_ = rc.Flush()                                                // likewise
		return d
	}
	for {
		e := rep.take()
		err := e.next(in)
		if d := ended(r.Context()); d != nil { // also where more is there to be read
			return stop(d)
		}
		if errors.Is(err, io.EOF) {
			rep.ended = true
			break
		}
		if err != nil {
			return stop(deny(http.StatusBadGateway, "provider_failed", "The provider's answer ended early.").because(kindOf(err)))
		}
		idle.Reset(p.o.Idle)
		if err := rep.chunk(e); err != nil {
			return stop(denialOf(err))
		}
		if hold != nil {
			if err := hold.Count(rep.count); err != nil {
				return stop(undecided(err))
			}
		}
		out = rep.flush(out)
		if more, _ := in.Peek(in.Buffered()); len(out) < 16<<10 && (bytes.Contains(more, []byte("\n\n")) || bytes.Contains(more, []byte("\n\r\n"))) {
			continue // another event is there: one write for both
		}
		if err := send(w, rc, out); err != nil {
			return deny(499, "caller_gone", "").because("the application left")
		}
		out = out[:0]
	}
	if err := rep.over(); err != nil {
		return stop(denialOf(err))
	}
	if err := send(w, rc, rep.flush(out)); err != nil {
		return deny(499, "caller_gone", "").because("the application left")
	}
	return nil
}

func send(w http.ResponseWriter, rc *http.ResponseController, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	// A caller that reads nothing must not hold the provider's answer for ever.
	_ = rc.SetWriteDeadline(time.Now().Add(time.Minute)) // not every writer has one
	if _, err := w.Write(b); err != nil {
		return err
	}
	return rc.Flush()
}
