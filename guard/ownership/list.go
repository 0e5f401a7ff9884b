package ownership

import (
	"context"
	"net/http"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model/span"
)

// lists takes out of an answer what is not the caller's, and lowers its counts.
// Where there is nothing of that, not a byte changes.
func (k *Keeper) lists(ctx context.Context, x *guard.Exchange, r *Rule, res *http.Response, d *span.Document, enforce bool) error {
	removed := 0
	if r.List != nil {
		for _, l := range append([]*List{r.List}, r.More...) {
			n, err := k.items(ctx, x, r, l, d)
			if err != nil {
				return err
			}
			removed += n
		}
	}
	if err := k.counts(ctx, x, r, d, removed); err != nil {
		return err
	}
	if removed > 0 {
		k.alert(x, "a list holds what is not the caller's", removed)
		for _, h := range totals {
			if enforce {
				res.Header.Del(h)
			}
		}
		for _, l := range append([]*List{r.List}, r.More...) {
			for _, p := range l.Drop {
				p.find(d, d.Root(), func(i span.Node) { d.Set(i, []byte("null")) })
			}
		}
	}
	if !d.Edited() || !enforce {
		return nil
	}
	setBody(res, d.Output())
	res.Trailer = nil // it was told of the whole
	for _, h := range []string{"Etag", "Last-Modified", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5"} {
		res.Header.Del(h)
	}
	return nil
}

// totals are fields that count what a list holds on all of its pages.
var totals = [...]string{"X-Total-Count", "X-Total", "Total-Count", "X-Count", "X-Pagination", "X-Pagination-Total-Count", "Content-Range"}

// items judges each item of each list.
func (k *Keeper) items(ctx context.Context, x *guard.Exchange, r *Rule, l *List, d *span.Document) (removed int, err error) {
	if r.Unknown == Resolve {
		if err := k.prefetch(ctx, l, d); err != nil {
			return 0, k.down(x, err)
		}
	}
	lists := 0
	var teach []Claim
	l.Items.find(d, d.Root(), func(at span.Node) {
		if err != nil {
			return
		}
		lists++
		if d.Kind(at) != span.Array {
			if d.Kind(at) != span.Null {
				err = unread("what should be a list is none")
			}
			return
		}
		removed += d.Drop(at, func(c span.Node) bool {
			if err != nil {
				return false
			}
			ok, claims, ierr := k.item(ctx, x, r, l, d, c, true)
			switch {
			case ierr != nil:
				err = k.down(x, ierr)
			case ok:
				teach = append(teach, claims...)
			}
			return !ok
		})
	})
	if err != nil {
		return 0, err
	}
	if lists == 0 && !l.Optional {
		return 0, unread("it has no list where the policy says that there is one")
	}
	if len(teach) > 0 && x.Noted(noteDenied) == nil {
		if _, err := k.o.Store.Claim(ctx, teach); err != nil {
			return 0, k.down(x, err)
		}
	}
	return removed, nil
}

// item tells whether an item may be seen, and what it teaches. What names neither
// an id nor a tenant is seen only where that is not a must.
func (k *Keeper) item(ctx context.Context, x *guard.Exchange, r *Rule, l *List, d *span.Document, at span.Node, must bool) (ok bool, teach []Claim, err error) {
	said, bad := 0, false
	for _, p := range l.Tenant {
		p.find(d, at, func(i span.Node) {
			text, is := d.Scalar(i)
			bad = bad || !is || string(text) != x.Who.Tenant
			said++
		})
	}
	if bad {
		return false, nil, nil
	}
	ids := 0
	l.id(d, at, func(i span.Node) {
		text, is := d.Scalar(i)
		if err != nil || bad || !is || d.Kind(i) == span.Null {
			bad = bad || !is
			return
		}
		ids++
		o := k.listed(l, d, at, text)
		var v verdict
		if v, err = k.judge(ctx, r, o, x.Who.Tenant, false); err != nil {
			return
		}
		switch {
		case v == foreign:
			bad = true
		case v == nobodys && (said > 0 || r.Proven) && o.ID != "" && len(o.ID) <= Longest:
			teach = append(teach, Claim{o, x.Who.Tenant})
		case v == nobodys:
			bad = true
		}
	})
	return err == nil && !bad && (ids > 0 || said > 0 || !must), teach, err
}

// listed is the object that an item of a list is.
func (k *Keeper) listed(l *List, d *span.Document, at span.Node, id []byte) Object {
	kind := l.Kind
	if l.KindAt != nil {
		l.KindAt.find(d, at, func(i span.Node) {
			if text, ok := d.Scalar(i); ok {
				kind = string(text)
			}
		})
	}
	return Object{kind, Canonical(string(id), k.o.Fold[kind])}
}

func (l *List) id(d *span.Document, at span.Node, visit func(span.Node)) {
	if l.ID != nil {
		l.ID.find(d, at, visit)
	}
}

// prefetch asks the resolver for what nobody is known to own, several at once.
func (k *Keeper) prefetch(ctx context.Context, l *List, d *span.Document) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	seen := 0
	l.Items.find(d, d.Root(), func(at span.Node) {
		for c := d.First(at); c != span.None; c = d.Next(c) {
			l.id(d, c, func(i span.Node) {
				text, ok := d.Scalar(i)
				if seen++; !ok || seen > most || len(text) > Longest {
					return
				}
				o := k.listed(l, d, c, text)
				g.Go(func() error {
					is, err := k.o.Store.Owner(ctx, o)
					if err == nil && is.Tenant == "" {
						_, err = k.o.Resolver.Tenant(ctx, o)
					}
					return err
				})
			})
		}
	})
	return g.Wait()
}

// counts lowers numbers by what was removed, and to what the tenant is known to have.
func (k *Keeper) counts(ctx context.Context, x *guard.Exchange, r *Rule, d *span.Document, removed int) (err error) {
	for _, c := range r.Counts {
		c.Path.find(d, d.Root(), func(i span.Node) {
			if err != nil || d.Kind(i) == span.Null {
				return
			}
			said, perr := strconv.Atoi(string(d.Raw(i)))
			if perr != nil {
				err = unread("a count is no number")
				return
			}
			is := max(said-removed, 0)
			if c.Kind != "" {
				has, serr := k.o.Store.Count(ctx, c.Kind, x.Who.Tenant)
				if serr != nil {
					err = k.down(x, serr)
					return
				}
				is = min(is, has)
			}
			if is != said {
				k.alert(x, "a count is above what the caller has", said-is)
				d.Set(i, strconv.AppendInt(nil, int64(is), 10))
			}
		})
	}
	return err
}
