package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/surface"
)

// Watched returns a client that ledgers what checks create through it: each
// request to a route that makes something is recorded before it is sent, so that
// not even a kill between the creation and its answer leaves an unknown object.
func (s *Stage) Watched(c lr.Client) lr.Client {
	s.watching.Store(true)
	return &watched{c, s}
}

type watched struct {
	lr.Client
	s *Stage
}

func (w *watched) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	rt := w.s.making(r)
	if rt == nil {
		return w.Client.Do(ctx, as, r)
	}
	e := w.s.entry(rt, as, r)
	w.s.keep(as)
	id, err := w.s.intend(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("write the ledger before %s: %w", rt, err)
	}
	x, err := w.Client.Do(ctx, as, r)
	if err != nil {
		return nil, err
	}
	// The answer stands whatever became of the run meanwhile.
	return x, w.s.answered(context.WithoutCancel(ctx), id, rt, as, r, x)
}

// keep remembers a user of this run's own, who alone may remove what it makes:
// no account of the configuration belongs to a tenant that the run signed up.
func (s *Stage) keep(as *lr.Account) {
	if as == nil || !as.Spare {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spares[as.Name] = as
}

// SigningUp ledgers a user with a tenant of its own that is about to be signed
// up; what it returns records whether that came to be.
func (s *Stage) SigningUp(ctx context.Context, login, request string) (func(context.Context, bool) error, error) {
	id, err := s.intend(ctx, Entry{Run: s.opt.Run, Create: request, Canary: login})
	if err != nil {
		return nil, fmt.Errorf("write the ledger before %s: %w", request, err)
	}
	return func(ctx context.Context, made bool) error {
		if made {
			return s.settle(ctx, id, Created, "")
		}
		return s.settle(ctx, id, Removed, "refused")
	}, nil
}

// byItself stands in the ledger for what no request of the run made.
const byItself = "the target itself"

// Expect ledgers what the target may make by itself: a tool call of its model.
func (s *Stage) Expect(ctx context.Context, list *lr.Route, as *lr.Account, mark string) error {
	path, err := s.path(list, nil, as)
	if err != nil {
		return fmt.Errorf("expect something in %s: %w", list, err)
	}
	e := Entry{Run: s.opt.Run, Resource: list.Resource, Create: byItself, Path: path, List: path, Canary: mark}
	if as != nil {
		e.Tenant, e.Account = as.Tenant, as.Name
	}
	if _, err := s.intend(ctx, e); err != nil {
		return fmt.Errorf("write the ledger before something shows in %s: %w", list, err)
	}
	return nil
}

// making is the route that a request goes to where it makes something.
func (s *Stage) making(r *lr.Request) *lr.Route {
	if r.Method != "POST" && r.Method != "PUT" {
		return nil
	}
	if rt := r.Route; rt != nil {
		if makes(rt) {
			return rt
		}
		return nil
	}
	p, _, _ := strings.Cut(r.Path, "?")
	for _, rt := range s.opt.Target.Routes {
		if rt.Method != r.Method || !makes(rt) {
			continue
		}
		if _, ok := matchTemplate(rt, p); ok {
			return rt
		}
	}
	return nil
}

// makes reports whether something is there after the route was used that was
// not before. Exports and invitations are taken back like other objects, and an
// accepted invitation is a user.
func makes(rt *lr.Route) bool {
	return rt.Kind == lr.SignUp || rt.Kind == lr.Invite && rt.Method == "POST" || surface.Creates(rt)
}

// entry describes a creation that is about to be asked for.
func (s *Stage) entry(rt *lr.Route, as *lr.Account, r *lr.Request) Entry {
	path, _, _ := strings.Cut(r.Path, "?")
	e := Entry{Run: s.opt.Run, Resource: rt.Resource, Create: rt.String(), Path: path, Canary: canaryOf(rt, r)}
	if as != nil {
		e.Tenant, e.Account = as.Tenant, as.Name
	}
	e.List = s.listPath(rt.Resource, s.along(rt, as, path), as)
	return e
}

// canaryOf is the value that finds a creation again: the login that a sign-up
// names, or a canary that the request plants.
func canaryOf(rt *lr.Route, r *lr.Request) string {
	if rt.Kind == lr.SignUp || rt.Kind == lr.Invite {
		var body map[string]any
		if json.Unmarshal(r.Body, &body) == nil {
			for _, want := range []string{"email", "username", "login"} {
				for n, v := range body {
					if v, ok := v.(string); ok && norm(n) == want && len(v) > 5 {
						return v
					}
				}
			}
		}
	}
	if own := canaries(r.Body); own != "" {
		return own
	}
	return canaries(r.Path)
}

// along is the object whose keys stand in a concrete path of the route.
func (s *Stage) along(rt *lr.Route, as *lr.Account, path string) *lr.Object {
	keys, ok := matchTemplate(rt, path)
	if !ok || len(keys) == 0 {
		return nil
	}
	o := &lr.Object{Owner: as, Keys: map[string]string{}}
	for p, v := range keys {
		if k := rt.Keys[p]; k.Resource != "" && k.Resource != rt.Resource {
			o.Keys[k.Resource] = v
			o.Resource, o.ID = k.Resource, v
		}
	}
	if len(o.Keys) == 0 {
		return nil
	}
	return o
}

// answered records what a watched creation came to.
func (s *Stage) answered(ctx context.Context, id int64, rt *lr.Route, as *lr.Account, r *lr.Request, x *lr.Exchange) error {
	if !x.OK() && x.Status != 302 && x.Status != 303 {
		if x.Status >= 500 {
			return nil // it may have been made all the same
		}
		return s.settle(ctx, id, Removed, "refused")
	}
	if s.byRes[rt.Resource] == nil {
		return s.settle(ctx, id, Created, "")
	}
	path, _, _ := strings.Cut(r.Path, "?")
	o := &lr.Object{Resource: rt.Resource, Owner: as, Keys: map[string]string{}, Made: true, Created: x, Canaries: oracle.Canaries(r.Body)}
	if parent := s.along(rt, as, path); parent != nil {
		o.Keys, o.Parent = parent.Keys, parent
	}
	s.told(&recipe{route: rt, account: as}, o, x)
	if err := s.ledger.Created(ctx, id, s.deletePath(o)); err != nil {
		return fmt.Errorf("write the ledger after %s: %w", rt, err)
	}
	return nil
}

func (s *Stage) settle(ctx context.Context, id int64, state State, reason string) error {
	if err := s.ledger.Settle(ctx, id, state, reason); err != nil {
		return fmt.Errorf("settle the ledger: %w", err)
	}
	return nil
}

// pathOf is the path of an absolute URL, below the target's base.
func (s *Stage) pathOf(absolute string) string {
	u, err := url.Parse(absolute)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(s.opt.Target.Base.EscapedPath(), "/"))
}
