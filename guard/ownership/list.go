package ownership

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/launchready/launchready/guard"
)

// edit replaces bytes of a document.
type edit struct {
	start, end int32
	text       []byte
}

// lists takes out of an answer what is not the caller's, and lowers its counts.
// Where there is nothing of that, not a byte changes.
func (k *Keeper) lists(ctx context.Context, x *guard.Exchange, r *Rule, res *http.Response, d *document, enforce bool) error {
	var edits []edit
	removed := 0
	if r.List != nil {
		for _, l := range append([]*List{r.List}, r.More...) {
			es, n, err := k.items(ctx, x, r, l, d)
			if err != nil {
				return err
			}
			edits, removed = append(edits, es...), removed+n
		}
	}
	more, err := k.counts(ctx, x, r, d, removed)
	if err != nil {
		return err
	}
	edits = append(edits, more...)
	if removed > 0 {
		k.alert(x, "a list holds what is not the caller's", removed)
		for _, h := range totals {
			if enforce {
				res.Header.Del(h)
			}
		}
		for _, l := range append([]*List{r.List}, r.More...) {
			for _, p := range l.Drop {
				p.find(d, 0, func(i int32) { edits = append(edits, edit{d.nodes[i].start, d.nodes[i].end, []byte("null")}) })
			}
		}
	}
	if len(edits) == 0 || !enforce {
		return nil
	}
	setBody(res, apply(d.b, edits))
	res.Trailer = nil // it was told of the whole
	for _, h := range []string{"Etag", "Last-Modified", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5"} {
		res.Header.Del(h)
	}
	return nil
}

// totals are fields that count what a list holds on all of its pages.
var totals = [...]string{"X-Total-Count", "X-Total", "Total-Count", "X-Count", "X-Pagination", "X-Pagination-Total-Count", "Content-Range"}

// apply makes the edits; one within another is void.
func apply(b []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.start != b.start {
			return int(a.start - b.start)
		}
		return int(b.end - a.end)
	})
	out := make([]byte, 0, len(b)+16)
	at := int32(0)
	for _, e := range edits {
		if e.start < at {
			continue
		}
		out = append(append(out, b[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, b[at:]...)
}

// items judges each item of each list.
func (k *Keeper) items(ctx context.Context, x *guard.Exchange, r *Rule, l *List, d *document) (edits []edit, removed int, err error) {
	if r.Unknown == Resolve {
		if err := k.prefetch(ctx, l, d); err != nil {
			return nil, 0, k.down(x, err)
		}
	}
	lists := 0
	var teach []Claim
	l.Items.find(d, 0, func(at int32) {
		n := d.nodes[at]
		if err != nil {
			return
		}
		lists++
		if n.kind != '[' {
			if n.kind != 'n' {
				err = unread("what should be a list is none")
			}
			return
		}
		cut := 0
		var kept [][]byte
		for c := at + 1; c < n.next; c = d.nodes[c].next {
			ok, claims, ierr := k.item(ctx, x, r, l, d, c, true)
			if ierr != nil {
				err = k.down(x, ierr)
				return
			}
			if !ok {
				cut++
				continue
			}
			teach = append(teach, claims...)
			kept = append(kept, d.b[d.nodes[c].start:d.nodes[c].end])
		}
		if cut == 0 {
			return
		}
		text := []byte{'['}
		for i, b := range kept {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(text, b...)
		}
		edits = append(edits, edit{n.start, n.end, append(text, ']')})
		removed += cut
	})
	if err != nil {
		return nil, 0, err
	}
	if lists == 0 && !l.Optional {
		return nil, 0, unread("it has no list where the policy says that there is one")
	}
	if len(teach) > 0 && x.Noted(noteDenied) == nil {
		if _, err := k.o.Store.Claim(ctx, teach); err != nil {
			return nil, 0, k.down(x, err)
		}
	}
	return edits, removed, nil
}

// item tells whether an item may be seen, and what it teaches. What names neither
// an id nor a tenant is seen only where that is not a must.
func (k *Keeper) item(ctx context.Context, x *guard.Exchange, r *Rule, l *List, d *document, at int32, must bool) (ok bool, teach []Claim, err error) {
	said, bad := 0, false
	for _, p := range l.Tenant {
		p.find(d, at, func(i int32) {
			text, is := d.scalar(i)
			bad = bad || !is || string(text) != x.Who.Tenant
			said++
		})
	}
	if bad {
		return false, nil, nil
	}
	ids := 0
	l.id(d, at, func(i int32) {
		text, is := d.scalar(i)
		if err != nil || bad || !is || d.nodes[i].kind == 'n' {
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
func (k *Keeper) listed(l *List, d *document, at int32, id []byte) Object {
	kind := l.Kind
	if l.KindAt != nil {
		l.KindAt.find(d, at, func(i int32) {
			if text, ok := d.scalar(i); ok {
				kind = string(text)
			}
		})
	}
	return Object{kind, Canonical(string(id), k.o.Fold[kind])}
}

func (l *List) id(d *document, at int32, visit func(int32)) {
	if l.ID != nil {
		l.ID.find(d, at, visit)
	}
}

// prefetch asks the resolver for what nobody is known to own, several at once.
func (k *Keeper) prefetch(ctx context.Context, l *List, d *document) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	seen := 0
	l.Items.find(d, 0, func(at int32) {
		for c := at + 1; c < d.nodes[at].next; c = d.nodes[c].next {
			l.id(d, c, func(i int32) {
				text, ok := d.scalar(i)
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
func (k *Keeper) counts(ctx context.Context, x *guard.Exchange, r *Rule, d *document, removed int) (edits []edit, err error) {
	for _, c := range r.Counts {
		c.Path.find(d, 0, func(i int32) {
			n := d.nodes[i]
			if err != nil || n.kind == 'n' {
				return
			}
			said, perr := strconv.Atoi(string(d.b[n.start:n.end]))
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
				edits = append(edits, edit{n.start, n.end, strconv.AppendInt(nil, int64(is), 10)})
			}
		})
	}
	return edits, err
}
