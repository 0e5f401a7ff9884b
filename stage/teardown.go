package stage

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Adopt ledgers an object that a check's own exchange created.
func (s *Stage) Adopt(ctx context.Context, rt *lr.Route, as *lr.Account, x *lr.Exchange) {
	if as == nil || rt == nil || s.byRes[rt.Resource] == nil || !x.OK() {
		return
	}
	r := &recipe{route: rt, account: as}
	o := &lr.Object{Resource: rt.Resource, Owner: as, Keys: map[string]string{}, Made: true, Created: x}
	if parent := s.parents(rt, as); parent != nil {
		for k, v := range parent.Keys {
			o.Keys[k] = v
		}
	}
	req := &lr.Request{Method: x.Method, Body: x.Sent}
	o.Canaries = oracle.Canaries(string(x.Sent))
	canary := ""
	if len(o.Canaries) > 0 {
		canary = o.Canaries[0]
	}
	id, err := s.ledger.Intend(ctx, Entry{Run: s.opt.Run, Tenant: as.Tenant, Account: as.Name, Resource: rt.Resource, Create: rt.String(), Canary: canary, List: s.listPath(rt.Resource, nil, as)})
	if err != nil {
		s.opt.Log.Warn("ledger not written", "route", rt.String(), "error", err.Error())
		return
	}
	s.learn(ctx, r, o, req, x)
	if err := s.ledger.Created(ctx, id, s.deletePath(o)); err != nil {
		s.opt.Log.Warn("ledger not written", "route", rt.String(), "error", err.Error())
	}
}

func (s *Stage) deletePath(o *lr.Object) string {
	if o.ID == "" {
		return ""
	}
	for _, rt := range s.byRes[o.Resource].deletes {
		if p, err := s.path(rt, o, o.Owner); err == nil {
			return rt.Method + " " + p
		}
	}
	return ""
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
	orphans := make(chan string, len(entries)+1)
	for d := deepest; d >= 0; d-- {
		err := oracle.Each(ctx, byDepth[d], func(ctx context.Context, e Entry) error {
			state, why, err := s.remove(ctx, e)
			if err != nil {
				return err
			}
			if state == Orphaned {
				orphans <- fmt.Sprintf("%s of %s, created by %s (%s): %s", orWord(e.DeletePath, e.Resource), e.Tenant, e.Create, e.Canary, why)
			}
			return s.ledger.Settle(ctx, e.ID, state, why)
		})
		if err != nil {
			return drain(orphans), fmt.Errorf("remove what the run created: %w", err)
		}
	}
	return drain(orphans), nil
}

func orWord(a, b string) string {
	if a == "" {
		return b
	}
	_, p, _ := strings.Cut(a, " ")
	return p
}

func drain(c chan string) []string {
	close(c)
	var out []string
	for s := range c {
		out = append(out, s)
	}
	return out
}

// remove takes one entry's object away. The error is only for what stops the
// whole teardown.
func (s *Stage) remove(ctx context.Context, e Entry) (State, string, error) {
	var a *lr.Account
	for _, b := range s.opt.Target.Accounts {
		if b.Name == e.Account {
			a = b
		}
	}
	if a == nil {
		for _, b := range s.opt.Target.Accounts {
			if b.Tenant == e.Tenant {
				a = b
				break
			}
		}
	}
	if a == nil {
		return Orphaned, "no account of the tenant is left to remove it", nil
	}
	path := e.DeletePath
	if path == "" && e.State == Intended {
		found, p, err := s.look(ctx, e, a)
		if err != nil {
			return Orphaned, err.Error(), keep(ctx, err)
		}
		if !found {
			return Removed, "never came to be", nil
		}
		path = p
	}
	if path == "" {
		return Orphaned, "no route deletes it", nil
	}
	method, p, _ := strings.Cut(path, " ")
	status := 0
	for _, by := range mates(s.opt.Target, a) {
		x, err := s.opt.HTTP.Do(ctx, by, &lr.Request{Method: method, Path: p, Note: "teardown"})
		if err != nil {
			return Orphaned, err.Error(), keep(ctx, err)
		}
		if x.OK() || x.Status == 404 || x.Status == 410 {
			return Removed, "", nil
		}
		status = x.Status
	}
	return Orphaned, fmt.Sprintf("%s answered %d", path, status), nil
}

func keep(ctx context.Context, err error) error {
	if stop(ctx, err) {
		return err
	}
	return nil
}

// look searches the collection for an object whose creation was never answered.
func (s *Stage) look(ctx context.Context, e Entry, a *lr.Account) (bool, string, error) {
	if e.List == "" {
		return false, "", nil
	}
	x, err := s.opt.HTTP.Do(ctx, a, &lr.Request{Method: "GET", Path: e.List, Note: "look for what a crash left"})
	if err != nil {
		return false, "", err
	}
	el := elementWith(x, []string{e.Canary})
	if el == nil {
		return false, "", nil
	}
	o := s.fromElement(e.Resource, a, el, nil)
	if o == nil {
		return true, "", nil
	}
	for _, rt := range s.byRes[e.Resource].deletes {
		if keys, ok := matchTemplate(&lr.Route{Path: strings.ReplaceAll(e.Resource, "{}", "{p}")}, e.List); ok && len(keys) <= 1 {
			for _, p := range rt.PathParams() {
				if v := keys["p"]; v != "" && rt.Keys[p].Resource != e.Resource {
					o.Keys[rt.Keys[p].Resource] = v
				}
			}
		}
		if p, err := s.path(rt, o, a); err == nil {
			return true, rt.Method + " " + p, nil
		}
	}
	return true, "", nil
}
