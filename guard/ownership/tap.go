package ownership

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// Tap replaces an answer that holds another tenant's object, takes such objects
// out of lists, and learns from creates and from answers that name the tenant.
func (k *Keeper) Tap(x *guard.Exchange, res *http.Response) error { return k.look(x, res, true) }

// Watch learns, and tells what Tap would have done.
func (k *Keeper) Watch(x *guard.Exchange, res *http.Response) error {
	if err := k.look(x, res, false); err != nil {
		k.alert(x, "observed: "+err.Error(), 0)
	}
	return nil
}

func unread(why string) *guard.Denial {
	return deny(http.StatusBadGateway, "whose objects the answer holds cannot be told: "+why)
}

func (k *Keeper) look(x *guard.Exchange, res *http.Response, enforce bool) error {
	r := k.rule(x)
	if r == nil || x.Who == nil || x.Who.Tenant == "" || x.Who.Tenant == Shared {
		return nil
	}
	write := !safe(x.Request.Method)
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		if r.Messages != nil && r.Messages.Socket && enforce {
			return k.bridge(x, r, res)
		}
		if enforce && r.looks() && (len(r.Creates) == 0 || r.judges()) {
			return unread("it is a connection")
		}
		return nil
	case res.StatusCode < 200 || res.StatusCode > 299:
		if done, err := k.failure(x, r, res, enforce); done {
			return err
		}
	}
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		if write && x.Noted(noteDenied) == nil {
			return k.learned.learn(x, k.inPath(x, r), res)
		}
		return nil
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil
	}
	ctx := context.WithoutCancel(x.Request.Context()) // what happened is recorded, whoever has left
	if x.Request.Method == http.MethodDelete && r.Deletes != "" && x.Noted(noteDenied) == nil {
		for _, f := range k.inPath(x, r) {
			if f.name != r.Deletes {
				continue
			}
			if err := k.o.Store.Bury(ctx, f.o, x.Who.Tenant); err != nil {
				return k.down(x, err)
			}
		}
	}
	unsure := x.Noted(noteUnsure) != nil
	if !r.looks() {
		return nil
	}
	if len(res.Header.Values("Content-Type")) > 1 {
		return unread("it has two types")
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	empty := res.StatusCode == http.StatusNoContent || res.ContentLength == 0
	stream := kind == "text/event-stream" || kind == "application/x-ndjson" || kind == "application/ndjson" || kind == "application/jsonl" || kind == "application/x-jsonlines"
	switch {
	case compressed(res):
		return unread("it is compressed")
	case empty || err != nil || !isJSON(kind) && !stream:
		return k.opaque(ctx, x, r, res, empty, unsure, enforce)
	case stream:
		if unsure && len(r.Tenant) == 0 && (r.List == nil || len(r.List.Tenant) == 0) && (r.Messages == nil || len(r.Messages.Tenant) == 0) {
			return k.foreign(x, r, res, "the stream of an object that nobody is known to own names no tenant", enforce)
		}
		if creates(x, r) {
			if err := k.record(ctx, x, r, k.claims(x, r, res, nil, nil)); err != nil {
				return k.afterCreate(x, err, enforce)
			}
		}
		if enforce && (r.judges() || creates(x, r) || unsure) {
			k.stream(ctx, x, r, res, kind == "text/event-stream", unsure)
		}
		return nil
	}
	b, whole, err := buffer(res, r.max())
	if err != nil {
		return err
	}
	if !whole {
		return unread("it is too long")
	}
	d := k.document()
	defer k.free(d)
	if read(d, b) != nil {
		return unread("it is not JSON that can be read")
	}
	said, ofMessage, reason := k.says(d, r, x.Who.Tenant, false)
	if reason == "" && unsure && said == 0 {
		reason = "the answer of an object that nobody is known to own names no tenant"
	}
	if reason != "" {
		return k.foreign(x, r, res, reason, enforce)
	}
	if err := k.made(ctx, x, r, res, d); err != nil {
		return k.afterCreate(x, err, enforce)
	}
	if r.Messages != nil { // told at once, and not one after the other
		ok, err := k.names(ctx, r, d, x.Who.Tenant, ofMessage > 0, nil)
		if err != nil {
			return k.down(x, err)
		}
		if !ok {
			return k.foreign(x, r, res, "the answer holds what is not the caller's", enforce)
		}
	}
	if unsure && said > 0 || r.Proven && !write {
		if err := k.teach(ctx, x, r); err != nil {
			return k.down(x, err)
		}
	}
	return k.lists(ctx, x, r, res, d, enforce)
}

func compressed(res *http.Response) bool {
	return strings.Join(res.Header["Content-Encoding"], "") != ""
}

// failure judges an answer that is none of success: it may show what stands in the
// way, which may be another's. done says that it was replaced or refused.
func (k *Keeper) failure(x *guard.Exchange, r *Rule, res *http.Response, enforce bool) (done bool, err error) {
	if x.Noted(noteUnsure) != nil && res.StatusCode < 400 { // it leads to what cannot be judged, as the bytes of a file
		return true, k.foreign(x, r, res, "the answer of an object that nobody is known to own leads elsewhere", enforce)
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if len(r.Tenant) == 0 || err != nil || !isJSON(kind) || res.ContentLength == 0 {
		return false, nil
	}
	if compressed(res) {
		return enforce, unread("it is compressed")
	}
	b, whole, err := buffer(res, r.max())
	if err != nil {
		return true, err
	}
	if !whole {
		return enforce, unread("it is too long")
	}
	d := k.document()
	defer k.free(d)
	if read(d, b) != nil { // a text that only says that it is JSON
		return false, nil
	}
	if _, reason := k.tenant(d, r.Tenant, x.Who.Tenant); reason != "" {
		return true, k.foreign(x, r, res, reason, enforce)
	}
	return false, nil
}

// opaque judges an answer without JSON: nothing can be read of it but where a
// create says what it made.
func (k *Keeper) opaque(ctx context.Context, x *guard.Exchange, r *Rule, res *http.Response, empty, unsure, enforce bool) error {
	switch {
	case unsure:
		return k.foreign(x, r, res, "the answer of an object that nobody is known to own names no tenant", enforce)
	case !empty && (r.List != nil || len(r.Counts) > 0 || r.Messages != nil || len(r.Tenant) > 0 && (len(r.Path)+len(r.Query) == 0 || x.Noted(noteNamed) == nil)):
		return unread("it is neither JSON nor a stream of it")
	}
	if err := k.made(ctx, x, r, res, nil); err != nil {
		return k.afterCreate(x, err, enforce)
	}
	return nil
}

func (k *Keeper) afterCreate(x *guard.Exchange, err error, enforce bool) error {
	if d, ok := err.(*guard.Denial); ok { //nolint:errorlint // made gives it as it is
		k.alert(x, d.Reason, 1)
		if !enforce {
			return nil
		}
		return d
	}
	return k.down(x, err)
}

// tenant counts the places that name the tenant; a reason, where one names another.
func (k *Keeper) tenant(d *span.Document, paths []Path, tenant string) (said int, reason string) {
	for _, p := range paths {
		p.find(d, d.Root(), func(i span.Node) {
			if text, ok := d.Scalar(i); !ok || string(text) != tenant {
				reason = "the answer names another tenant"
			}
			said++
		})
	}
	return said, reason
}

// foreign replaces an answer by the application's own for what is missing.
func (k *Keeper) foreign(x *guard.Exchange, r *Rule, res *http.Response, reason string, enforce bool) error {
	k.alert(x, reason, 1)
	if !enforce {
		return nil
	}
	if x.Noted(noteDenied) != nil { // and so is what it says of what is missing
		return deny(http.StatusNotFound, reason)
	}
	x.Note(noteDenied, true)
	all, d := k.refs(x, r)
	if d != nil {
		return d
	}
	var asked []ref
	for _, f := range all {
		if f.where != 'b' {
			asked = append(asked, f)
		}
	}
	other, err := k.missing(x, r, res.Request, asked) //nolint:bodyclose // it becomes the answer's body
	if err != nil {
		return err
	}
	_ = res.Body.Close() // it is not passed on
	*res = *other
	return k.look(x, res, true)
}

// made learns what a create made, before its answer is passed on.
func (k *Keeper) made(ctx context.Context, x *guard.Exchange, r *Rule, res *http.Response, d *span.Document) error {
	if !creates(x, r) {
		return nil
	}
	claims := k.claims(x, r, res, d, nil)
	for _, c := range r.Creates {
		if !slices.ContainsFunc(claims, func(m Claim) bool { return m.Kind == c.Kind }) {
			k.alert(x, "the answer of a create names no "+c.Kind, 0)
		}
	}
	return k.record(ctx, x, r, claims)
}

// creates reports a request whose answer tells what it made. One that reads, changes
// or deletes makes nothing, whatever its answer holds.
func creates(x *guard.Exchange, r *Rule) bool {
	m := x.Request.Method
	return len(r.Creates) > 0 && (m == http.MethodPost || m == http.MethodPut) && x.Noted(noteDenied) == nil
}

// claims are what an answer to a create says that it made; res is nil for an event of
// a stream, which has no header of its own. Ids that strangers knows are no objects.
func (k *Keeper) claims(x *guard.Exchange, r *Rule, res *http.Response, d *span.Document, strangers *exchanges) (claims []Claim) {
	for _, c := range r.Creates {
		add := func(raw string) {
			if raw != "" && len(raw) <= Longest && !strangers.knows(raw) {
				claims = append(claims, Claim{Object{c.Kind, Canonical(raw, k.o.Fold[c.Kind])}, x.Who.Tenant})
			}
		}
		switch {
		case c.Location && res != nil:
			add(lastSegment(res.Header.Get("Location")))
		case !c.Location && d != nil:
			c.ID.find(d, d.Root(), func(i span.Node) {
				if text, ok := name(d, i); ok {
					add(string(text))
				}
			})
		}
	}
	return claims
}

// record makes what was made the caller's, or says that it is another's.
func (k *Keeper) record(ctx context.Context, x *guard.Exchange, r *Rule, claims []Claim) error {
	if len(claims) == 0 {
		return nil
	}
	if len(claims) > most {
		return fmt.Errorf("a create made %d objects, and guard records at most %d", len(claims), most)
	}
	if err := k.resolved(ctx, x, r, claims); err != nil {
		return err
	}
	is, err := k.o.Store.Claim(ctx, claims)
	if err != nil {
		now := k.o.Now()
		k.full.Store(&now)
		return err
	}
	for i, o := range is {
		if o.Tenant != x.Who.Tenant {
			return deny(http.StatusNotFound, "the answer of a create names another tenant's "+claims[i].Kind)
		}
	}
	return nil
}

// resolved asks the application about what was made, where it is asked about what
// nobody is known to own: a create may find an old object instead of making a new one.
func (k *Keeper) resolved(ctx context.Context, x *guard.Exchange, r *Rule, claims []Claim) error {
	if r.Unknown != Resolve || k.o.Resolver == nil {
		return nil
	}
	for _, c := range claims {
		is, err := k.o.Store.Owner(ctx, c.Object)
		if err == nil && is.Tenant == "" {
			is.Tenant, err = k.o.Resolver.Tenant(ctx, c.Object)
		}
		if err != nil {
			return err
		}
		if is.Tenant != "" && is.Tenant != x.Who.Tenant {
			return deny(http.StatusNotFound, "the answer of a create names another tenant's "+c.Kind)
		}
	}
	return nil
}

func lastSegment(location string) string {
	location, _, _ = strings.Cut(location, "?")
	location, _, _ = strings.Cut(location, "#")
	location = strings.TrimRight(location, "/")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// teach records that the object of the path is the caller's: its answer named the
// caller's tenant, or the route was proven to show nothing else.
func (k *Keeper) teach(ctx context.Context, x *guard.Exchange, r *Rule) error {
	all := k.inPath(x, r)
	if len(all) == 0 || x.Noted(noteDenied) != nil {
		return nil
	}
	last := all[len(all)-1]
	if len(last.o.ID) > Longest {
		return nil
	}
	is, err := k.o.Store.Owner(ctx, last.o)
	if err != nil || is.Tenant != "" {
		return err
	}
	_, err = k.o.Store.Claim(ctx, []Claim{{last.o, x.Who.Tenant}})
	return err
}
