package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/surface"
)

// recipe is how an object of a resource was made for a tenant.
type recipe struct {
	route   *lr.Route
	account *lr.Account
	full    fullness
	set     map[string]any
	alias   string // another resource whose list shows the same objects
	key     string // where the key stood: a field of the reply, "Location", "request:field", "list:field"
}

// Seed makes one object of each resource for each tenant, parents first. Tenants
// are seeded side by side. An error means that the run cannot go on; a resource
// that could not be seeded is no error, Why tells the reason.
func (s *Stage) Seed(ctx context.Context) error {
	var wg sync.WaitGroup
	victims := oracle.Victims(s.opt.Target)
	errs := make([]error, len(victims))
	for i, v := range victims {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = s.seedTenant(ctx, v)
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Stage) seedTenant(ctx context.Context, v *lr.Account) error {
	for _, d := range s.opt.Declared {
		s.adoptDeclared(d, v)
	}
	why := map[string]error{}
	for _, name := range s.order {
		o, err := s.make(ctx, name, v)
		if err != nil {
			if stop(ctx, err) {
				return fmt.Errorf("seed %s for %s: %w", name, v.Tenant, err)
			}
			why[name] = err
			continue
		}
		if o != nil {
			s.put(o)
		}
	}
	// Only then what cannot be created: it may show under another name what was.
	for _, name := range s.order {
		err := why[name]
		if err == nil {
			continue
		}
		o, err := s.harvest(ctx, name, v, err)
		if err != nil {
			if stop(ctx, err) {
				return fmt.Errorf("seed %s for %s: %w", name, v.Tenant, err)
			}
			s.fail(name, v.Tenant, err.Error())
			s.opt.Log.Debug("not seeded", "resource", name, "tenant", v.Tenant, "reason", err.Error())
			continue
		}
		if o != nil {
			s.put(o)
		}
	}
	if err := s.mintTokens(ctx, v); err != nil {
		return err
	}
	return nil
}

func stop(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrScope)
}

// Fresh creates another object of the resource for the account's tenant, the way
// the seeded one was made.
func (s *Stage) Fresh(ctx context.Context, name string, owner *lr.Account) (*lr.Object, error) {
	s.mu.Lock()
	known := s.recipes[at(name, owner.Tenant)]
	s.mu.Unlock()
	if known == nil {
		return nil, fmt.Errorf("%s for %s: %w", name, owner.Tenant, lr.ErrNotCreatable)
	}
	made := *known // several may be made at once, and each learns its own key
	r := &made
	o, x, err := s.create(ctx, r, s.parents(r.route, r.account), nil)
	if err == nil && o == nil && x.Status >= 500 {
		o, x, err = s.createAlone(ctx, r, 3)
	}
	if err != nil {
		return nil, err
	}
	if o != nil && r.alias != "" {
		return s.underAlias(ctx, o, r)
	}
	if o == nil {
		return nil, fmt.Errorf("create %s again: %s answered %d", name, r.route, x.Status)
	}
	return o, nil
}

// createAlone tries again what met a fault of the target, one creation at a
// time: an embedded database refuses several writers at once.
func (s *Stage) createAlone(ctx context.Context, r *recipe, tries int) (o *lr.Object, x *lr.Exchange, err error) {
	s.alone.Lock()
	defer s.alone.Unlock()
	wait := 100 * time.Millisecond
	for range tries {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(wait):
		}
		wait *= 3
		o, x, err = s.create(ctx, r, s.parents(r.route, r.account), nil)
		if err != nil || o != nil || x.Status < 500 {
			break
		}
	}
	return o, x, err
}

// parents finds the object whose keys fill a creation's path.
func (s *Stage) parents(rt *lr.Route, a *lr.Account) *lr.Object {
	names := rt.PathParams()
	for i := len(names) - 1; i >= 0; i-- {
		if o := s.Object(rt.Keys[names[i]].Resource, a); o != nil {
			return o
		}
	}
	return nil
}

// make tries the resource's creations as the accounts of the tenant, the least
// powerful first, with bodies of different fullness, and keeps the first that
// gives an object whose key is known.
func (s *Stage) make(ctx context.Context, name string, v *lr.Account) (*lr.Object, error) {
	res := s.byRes[name]
	why := lr.ErrNotCreatable
	for _, rt := range res.creates {
		for _, a := range mates(s.opt.Target, v) {
			next := false
			for _, full := range []fullness{texts, required, example, every} {
				r := &recipe{route: rt, account: a, full: full}
				o, x, err := s.create(ctx, r, s.parents(rt, a), v)
				if err == nil && o == nil && x.Status >= 500 && full == texts {
					o, x, err = s.createAlone(ctx, r, 2)
				}
				if err != nil {
					if stop(ctx, err) {
						return nil, err
					}
					why = err
					next = true
					break
				}
				if o != nil {
					s.mu.Lock()
					s.recipes[at(name, v.Tenant)] = r
					s.mu.Unlock()
					return o, nil
				}
				why = fmt.Errorf("%s as %s answered %d%s: %w", rt, a.Name, x.Status, hint(x), lr.ErrNotCreatable)
				if x.Status == 401 || x.Status == 403 {
					break
				}
				if x.OK() || x.Status == 404 || x.Status == 405 || x.Status >= 500 || rt.Body == nil && full == required {
					next = true
					break
				}
			}
			if next {
				break
			}
		}
	}
	return nil, why
}

func hint(x *lr.Exchange) string {
	if x.OK() {
		return " but told no key"
	}
	return ""
}

func mates(t *lr.Target, v *lr.Account) []*lr.Account {
	return oracle.Tenantmates(&lr.Trial{Target: t}, v)
}

// create sends one creation. The object is nil when the target refused or no key
// could be learned; the exchange then tells.
func (s *Stage) create(ctx context.Context, r *recipe, parent *lr.Object, _ *lr.Account) (*lr.Object, *lr.Exchange, error) {
	f := s.filler(r.account, parent)
	f.set = r.set
	req, err := s.build(r.route, parent, r.account, f, r.full)
	if err != nil {
		return nil, nil, err
	}
	req.Note = "seed"
	id, err := s.intend(ctx, s.entry(r.route, r.account, req))
	if err != nil {
		return nil, nil, fmt.Errorf("write the ledger before %s: %w", r.route, err)
	}
	x, err := s.opt.HTTP.Do(ctx, r.account, req)
	if err != nil {
		return nil, nil, err
	}
	if !x.OK() && x.Status != 303 && x.Status != 302 {
		if x.Status < 500 {
			if err := s.ledger.Settle(ctx, id, Removed, "refused"); err != nil {
				return nil, nil, fmt.Errorf("settle the ledger: %w", err)
			}
		}
		return nil, x, nil
	}
	o := &lr.Object{Resource: r.route.Resource, Owner: r.account, Keys: map[string]string{}, Parent: parent, Created: x, Made: true}
	if parent != nil {
		for k, v := range parent.Keys {
			o.Keys[k] = v
		}
	}
	// The path of a creation names its parents, whose canaries are not its own.
	if o.Canaries = oracle.Canaries(req.Body); len(o.Canaries) == 0 && req.Method == "PUT" {
		o.Canaries = oracle.Canaries(req.Path)
	}
	s.learn(ctx, r, o, req, x)
	s.remember(r.account.Tenant, x)
	if err := s.ledger.Created(ctx, id, s.deletePath(o)); err != nil {
		return nil, nil, fmt.Errorf("write the ledger after %s: %w", r.route, err)
	}
	if o.ID == "" {
		return nil, x, nil
	}
	return o, x, nil
}

func (s *Stage) remember(tenant string, x *lr.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies[tenant]) < 500 {
		s.replies[tenant] = append(s.replies[tenant], x)
	}
}

// learn finds the new object's key and secrets.
func (s *Stage) learn(ctx context.Context, r *recipe, o *lr.Object, req *lr.Request, x *lr.Exchange) {
	names := s.told(r, o, x)
	if o.ID == "" {
		var sent map[string]any
		if json.Unmarshal(req.Body, &sent) == nil {
			for _, n := range names {
				if v := scalar(unwrap(sent)[n]); v != "" {
					s.setKey(o, v)
					r.key = "request:" + n
					break
				}
			}
		}
	}
	if o.ID == "" || strings.HasPrefix(r.key, "request:") {
		if v, field := s.fromList(ctx, o, r.account, names); v != "" {
			s.setKey(o, v)
			r.key = "list:" + field
		}
	}
	o.Secrets = append([]string(nil), o.Canaries...)
	if oracle.Telling(o.ID) {
		o.Secrets = append(o.Secrets, o.ID)
	}
}

// told finds the key in the answer to the creation, and returns the fields that
// may hold it.
func (s *Stage) told(r *recipe, o *lr.Object, x *lr.Exchange) []string {
	var body any
	_ = json.Unmarshal(x.Body, &body) // a reply that is no JSON teaches nothing here
	if m, ok := body.(map[string]any); ok {
		o.Body = m
	}
	names := s.keyFields(o.Resource)
	view := unwrap(o.Body)
	if d := s.declaredFor(r.route); d != nil && d.ID != "" {
		if v := pointed(body, d.ID); v != "" {
			s.setKey(o, v)
			r.key = d.ID
			return names
		}
	}
	for _, n := range names {
		if v := scalar(view[n]); v != "" {
			s.setKey(o, v)
			r.key = n
			break
		}
	}
	if o.ID == "" {
		if v := lastSegment(x.Header.Get("Location")); v != "" {
			s.setKey(o, v)
			r.key = "Location"
		}
	}
	return names
}

// setKey keeps an object's key. A key that is a resource path, as
// {"name": "memos/1"} of /memos, is kept without the collection before it.
func (s *Stage) setKey(o *lr.Object, v string) {
	if i := strings.LastIndexByte(v, '/'); i > 0 && i < len(v)-1 {
		above := v[:i]
		if norm(above[strings.LastIndexByte(above, '/')+1:]) == lastNoun(o.Resource) {
			v = v[i+1:]
		}
	}
	o.ID = v
	o.Keys[o.Resource] = v
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) <= 512 {
			return v
		}
	case float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%f", v), "0"), ".")
	}
	return ""
}

func lastSegment(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	segs := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segs) < 2 {
		return ""
	}
	return segs[len(segs)-1]
}

// keyFields lists the fields that may hold the resource's key, the most telling
// first: what the surface says, the parameter's own name, id, and names.
func (s *Stage) keyFields(res string) []string {
	var out []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" {
				out = append(out, n)
			}
		}
	}
	noun := surface.Singular(lastNoun(res))
	if r := s.byRes[res]; r != nil {
		add(r.fields...)
	}
	add("id", noun+"_id", noun+"Id", noun+"ID", "uuid", "_id", "uid", "key", "slug", "number", "token", "code", noun+"_number", "name", "username", noun+"name", noun+"_name", noun+"_title", "title", "email")
	return dedupe(out)
}

func camel(snake string) string {
	parts := strings.Split(snake, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

func dedupe(in []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range in {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
