package stage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Adopt ledgers what an exchange of a check created, where no watched client
// did so before it was sent, or did so for another account than it belongs to.
func (s *Stage) Adopt(ctx context.Context, rt *lr.Route, as *lr.Account, x *lr.Exchange) {
	if rt == nil || !x.OK() || !makes(rt) || s.watching.Load() && (as == nil || as.Name == x.As) {
		return
	}
	r := &lr.Request{Method: x.Method, Path: s.pathOf(x.URL), Body: x.Sent}
	id, err := s.intend(ctx, s.entry(rt, as, r))
	if err == nil {
		err = s.answered(ctx, id, rt, as, r, x)
	}
	if err != nil {
		s.opt.Log.Warn("ledger not written", "route", rt.String(), "error", err.Error())
	}
}

func (s *Stage) deletePath(o *lr.Object) string {
	if o.ID == "" || s.account(map[string]any{"id": o.ID}) {
		return ""
	}
	for _, rt := range s.deletes(o.Resource) {
		if p, err := s.path(rt, o, o.Owner); err == nil {
			return rt.Method + " " + p
		}
	}
	return ""
}

func (s *Stage) deletes(resource string) []*lr.Route {
	if r := s.byRes[resource]; r != nil {
		return r.deletes
	}
	return nil
}

func (s *Stage) listPath(res string, parent *lr.Object, a *lr.Account) string {
	if s.byRes[res] == nil {
		return ""
	}
	for _, rt := range s.byRes[res].lists {
		if p, err := s.path(rt, parent, a); err == nil {
			return p
		}
	}
	return ""
}

// Teardown removes what the run created, children first, and returns what it
// could not remove, one line each.
func (s *Stage) Teardown(ctx context.Context, run string) ([]string, error) {
	entries, err := s.ledger.Open(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	byDepth := map[int][]Entry{}
	deepest := 0
	for _, e := range entries {
		d := strings.Count(e.Resource, "{}")
		byDepth[d] = append(byDepth[d], e)
		deepest = max(deepest, d)
	}
	t := &teardown{s: s, lists: map[string]*lr.Exchange{}}
	for d := deepest; d >= 0 && err == nil; d-- {
		err = oracle.Each(ctx, byDepth[d], func(ctx context.Context, e Entry) error {
			state, why, err := t.remove(ctx, e)
			if err != nil {
				return err
			}
			if state == Orphaned {
				t.keep(e, why)
				return nil
			}
			return s.settle(ctx, e.ID, state, why)
		})
	}
	orphans, serr := t.settle(context.WithoutCancel(ctx))
	if err != nil {
		return orphans, fmt.Errorf("remove what the run created: %w", err)
	}
	return orphans, serr
}

// teardown is one teardown under way.
type teardown struct {
	s *Stage

	mu    sync.Mutex
	lists map[string]*lr.Exchange // account NUL path => the list, read once
	gone  []string                // paths of what was deleted
	left  []leftover
}

type leftover struct {
	entry Entry
	why   string
}

func (t *teardown) keep(e Entry, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = append(t.left, leftover{e, why})
}

// settle writes what is left to the ledger and tells it. What stood below an
// object that was deleted went with it.
func (t *teardown) settle(ctx context.Context) ([]string, error) {
	var orphans []string
	for _, l := range t.left {
		e := l.entry
		state, why := Orphaned, l.why
		if parent := t.parentGone(e); parent != "" {
			state, why = Removed, "went with "+parent
		} else {
			if e.Resource == "" {
				orphans = append(orphans, fmt.Sprintf("the account %s, signed up by %s: %s", e.Canary, e.Create, why))
			} else {
				orphans = append(orphans, fmt.Sprintf("%s of %s, created by %s (%s): %s", what(e), orWord(e.Tenant, "nobody"), e.Create, e.Canary, why))
			}
		}
		if err := t.s.settle(ctx, e.ID, state, why); err != nil {
			return orphans, err
		}
	}
	sort.Strings(orphans)
	return orphans, nil
}

func (t *teardown) parentGone(e Entry) string {
	for _, p := range t.gone {
		if strings.HasPrefix(e.Path, p+"/") {
			return p
		}
	}
	return ""
}

func what(e Entry) string {
	if _, p, ok := strings.Cut(e.DeletePath, " "); ok {
		return p
	}
	return orWord(e.Path, e.Resource)
}

func orWord(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// mostByItself bounds how many objects one mark is looked for in: a model that
// repeats itself makes many.
const mostByItself = 100

// remove takes one entry's object away, or all that the target made by itself.
// The error is only for what stops the whole teardown.
func (t *teardown) remove(ctx context.Context, e Entry) (State, string, error) {
	state, why, err := t.removeOne(ctx, e)
	for n := 0; e.Create == byItself && err == nil && state == Removed && why == "" && n < mostByItself; n++ {
		t.forget(e.List)
		state, why, err = t.removeOne(ctx, e)
	}
	return state, why, err
}

// forget lets a list be read again.
func (t *teardown) forget(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.lists {
		if strings.HasSuffix(k, "\x00"+path) {
			delete(t.lists, k)
		}
	}
}

func (t *teardown) removeOne(ctx context.Context, e Entry) (State, string, error) {
	by := t.s.removers(e)
	path := e.DeletePath
	if path == "" || e.Tenant == "" {
		// Without a key, or without an account that made it, only its canary finds it.
		// A check may have sent somebody else's credential, so strangers look too.
		found, err := t.look(ctx, e, slices.Concat(by, t.s.strangers(e)))
		switch {
		case err != nil:
			return Orphaned, err.Error(), fatal(ctx, err)
		case found.path != "":
			path, by = found.path, []*lr.Account{found.as}
		case found.as != nil:
			return Orphaned, "no route deletes it", nil
		case e.State == Intended && found.asked:
			return Removed, "never came to be", nil
		case e.State == Intended:
			return Orphaned, "its creation was never answered, and no list tells whether it exists", nil
		case len(t.s.deletes(e.Resource)) == 0:
			return Orphaned, "no route deletes it", nil
		default:
			return Orphaned, "its key was not told, and no list shows it", nil
		}
	}
	if len(by) == 0 {
		return Orphaned, "no account of the tenant is left to remove it", nil
	}
	status, err := t.delete(ctx, path, by)
	if err != nil {
		return Orphaned, err.Error(), fatal(ctx, err)
	}
	if status == 404 && e.Canary != "" {
		// A creation across tenants stands where its maker cannot see it.
		found, err := t.look(ctx, e, t.s.strangers(e))
		if err != nil {
			return Orphaned, err.Error(), fatal(ctx, err)
		}
		if found.path != "" {
			path = found.path
			if status, err = t.delete(ctx, path, []*lr.Account{found.as}); err != nil {
				return Orphaned, err.Error(), fatal(ctx, err)
			}
		}
	}
	if status == 404 || status == 410 || status < 300 {
		return Removed, "", nil
	}
	return Orphaned, fmt.Sprintf("%s answered %d", path, status), nil
}

// delete sends the deletion as the accounts, until one may.
func (t *teardown) delete(ctx context.Context, path string, by []*lr.Account) (status int, err error) {
	method, p, _ := strings.Cut(path, " ")
	for _, a := range by {
		x, err := t.s.opt.HTTP.Do(ctx, a, &lr.Request{Method: method, Path: p, Note: "teardown"})
		if err != nil {
			return 0, err
		}
		if status = x.Status; x.OK() || status == 404 || status == 410 {
			t.mu.Lock()
			t.gone = append(t.gone, p)
			t.mu.Unlock()
			break
		}
	}
	return status, nil
}

func fatal(ctx context.Context, err error) error {
	if stop(ctx, err) {
		return err
	}
	return nil
}

// removers are the accounts that may take an entry's object away: who made it,
// and the others of the tenant, those that administer first.
func (s *Stage) removers(e Entry) []*lr.Account {
	var maker, high, low []*lr.Account
	for _, a := range s.opt.Target.Accounts {
		switch {
		case a.Name == e.Account:
			maker = append(maker, a)
		case a.Spare || e.Tenant != "" && a.Tenant != e.Tenant:
		case a.Privileged():
			high = append(high, a)
		default:
			low = append(low, a)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.spares[e.Account]; a != nil && e.Tenant == a.Tenant && len(maker) == 0 {
		maker = append(maker, a)
	}
	return append(append(maker, high...), low...)
}

// strangers are accounts of other tenants, the first that administers of each.
func (s *Stage) strangers(e Entry) []*lr.Account {
	best := map[string]*lr.Account{}
	for _, a := range s.opt.Target.Accounts {
		if a.Tenant == e.Tenant || a.Spare {
			continue
		}
		if b := best[a.Tenant]; b == nil || !b.Privileged() && a.Privileged() {
			best[a.Tenant] = a
		}
	}
	var out []*lr.Account
	for _, tenant := range s.opt.Target.Tenants() {
		if a := best[tenant]; a != nil {
			out = append(out, a)
		}
	}
	return out
}
