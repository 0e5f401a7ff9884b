// Package stage puts the run's own objects into the target: it seeds one object
// of each resource for each tenant, with a fresh canary in every free-text field,
// builds requests that address them, reads them back as their owners, and takes
// them away again. A ledger is written before each creation, so that what a crash
// leaves behind can be found.
package stage

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/surface"
)

// Options are what a stage is made of. Target, HTTP and Mint are required.
type Options struct {
	Target   *lr.Target
	HTTP     lr.Client
	Mint     *oracle.Mint
	Ledger   Ledger // nil: one in memory, which no crash survives
	Run      string
	Declared []Declared // objects that the configuration describes
	// OnMade is told, before each creation, how many the run has asked for.
	OnMade func(int)
	Log    *slog.Logger
}

// Declared is an object that the configuration describes, where inference does
// not find it.
type Declared struct {
	Name   string            // "chat"
	Create string            // "POST /v1/chats"
	ID     string            // JSON pointer into the reply
	Marker string            // the body field that takes a canary
	Body   map[string]any    // further body fields
	IDs    map[string]string // tenant name => id of an existing object
	Read   string            // "GET /v1/invoices/{id}": which resource the ids are of
}

// Stage is the target with the run's own objects on it.
type Stage struct {
	opt    Options
	byRes  map[string]*resource
	order  []string // resources, parents first
	ledger Ledger
	// watching is set once a client ledgers what passes through it.
	made     atomic.Int64 // creations asked for
	watching atomic.Bool

	mu       sync.Mutex
	shown    map[*lr.Route]bool    // routes that showed an object to its owner
	alone    sync.Mutex            // held while a creation that met a fault is tried again
	objects  map[string]*lr.Object // resource NUL tenant
	recipes  map[string]*recipe    // likewise: how the object was made
	controls map[string]*control
	failures map[string]string         // resource NUL tenant => why none was made
	replies  map[string][]*lr.Exchange // tenant => answers to creations
	queries  map[string]string         // path of an observed link => its query
	spares   map[string]*lr.Account    // users of this run's own that made something, by name
}

var _ lr.Stage = (*Stage)(nil)

// resource gathers the routes of one collection.
type resource struct {
	name    string
	fields  []string // that hold its key: what the surface says, and the names of the parameters
	creates []*lr.Route
	lists   []*lr.Route
	reads   []*lr.Route
	deletes []*lr.Route
}

// New makes a stage without objects on it; Seed brings them.
func New(opt Options) *Stage {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Stage{
		opt: opt, ledger: opt.Ledger,
		byRes: map[string]*resource{}, objects: map[string]*lr.Object{}, recipes: map[string]*recipe{},
		controls: map[string]*control{}, shown: map[*lr.Route]bool{}, failures: map[string]string{}, replies: map[string][]*lr.Exchange{}, queries: map[string]string{},
		spares: map[string]*lr.Account{},
	}
	if s.ledger == nil {
		s.ledger = &memory{}
	}
	for _, rt := range opt.Target.Routes {
		s.index(rt)
	}
	for _, r := range s.byRes {
		s.order = append(s.order, r.name)
	}
	sort.Slice(s.order, func(i, j int) bool {
		a, b := strings.Count(s.order[i], "{}"), strings.Count(s.order[j], "{}")
		if a != b {
			return a < b
		}
		return s.order[i] < s.order[j]
	})
	return s
}

func (s *Stage) index(rt *lr.Route) {
	get := func(name string) *resource {
		r := s.byRes[name]
		if r == nil {
			r = &resource{name: name}
			s.byRes[name] = r
		}
		return r
	}
	for _, p := range slices.Sorted(maps.Keys(rt.Keys)) {
		if k := rt.Keys[p]; k.Resource != "" {
			r := get(k.Resource)
			r.fields = dedupe(append(r.fields, k.Field, p, camel(p)))
		}
	}
	if rt.Resource == "" {
		return
	}
	r := get(rt.Resource)
	if surface.Creates(rt) && rt.Kind != lr.SignUp && !risky(rt) {
		r.creates = append(r.creates, rt)
		return
	}
	switch rt.Kind {
	case lr.List:
		if oracle.Shows(rt) && !risky(rt) {
			r.lists = append(r.lists, rt)
		}
	case lr.Read, lr.Download:
		if rt.Method == "GET" {
			r.reads = append(r.reads, rt)
		}
	case lr.Delete:
		// Without the key of what is deleted in the path, it may be everything.
		if namesOne(rt) {
			r.deletes = append(r.deletes, rt)
		}
	case lr.Invite:
		switch {
		case rt.Method == "GET" && len(rt.PathParams()) > strings.Count(rt.Resource, "{}"):
			r.reads = append(r.reads, rt)
		case rt.Method == "GET":
			r.lists = append(r.lists, rt)
		case rt.Method == "DELETE" && namesOne(rt):
			r.deletes = append(r.deletes, rt)
		}
	}
}

// namesOne reports a route whose path holds the key of an object of its own
// collection.
func namesOne(rt *lr.Route) bool {
	for _, name := range rt.PathParams() {
		if rt.Keys[name].Resource == rt.Resource {
			return true
		}
	}
	return false
}

// risky reports whether a creation could cost money, reach people or destroy:
// its name says so. The list is the longest of three (audit/hygiene, audit/input): what
// is sent here has no purpose but to leave an object, so that a doubt is enough.
func risky(rt *lr.Route) bool {
	for _, seg := range strings.FieldsFunc(strings.ToLower(rt.Path), func(r rune) bool { return r == '/' || r == '-' || r == '_' }) {
		switch seg {
		case "pay", "payment", "payments", "charge", "charges", "refund", "refunds", "purchase", "checkout", "transfer",
			"withdraw", "send", "sms", "purge", "reset", "rotate", "shutdown", "restart", "restore", "migrate", "createdb",
			"logout", "signout", "wipe", "broadcast",
			// What changes an account or an installation in place is no creation of ours,
			// and nothing takes it back.
			"update", "edit", "modify", "change", "set", "settings", "config", "configs", "configuration", "preferences",
			"permissions", "default", "defaults", "all", "cleanup", "toggle":
			return true
		}
	}
	return false
}

// Canary mints a fresh canary for the tenant.
func (s *Stage) Canary(tenant string) string { return s.opt.Mint.Canary(tenant) }

// TenantOf tells whose canary it is.
func (s *Stage) TenantOf(canary string) string { return s.opt.Mint.TenantOf(canary) }

func at(resource, tenant string) string { return resource + "\x00" + tenant }

// Object returns the object seeded for the account's tenant, or nil.
func (s *Stage) Object(resource string, owner *lr.Account) *lr.Object {
	if owner == nil || resource == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[at(resource, owner.Tenant)]
}

// Why tells why a resource has no object for a tenant.
func (s *Stage) Why(resource, tenant string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures[at(resource, tenant)]
}

// Objects lists what is on the stage, by resource and tenant.
func (s *Stage) Objects() []*lr.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]string, 0, len(s.objects))
	for k := range s.objects {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	out := make([]*lr.Object, 0, len(keys))
	for _, k := range keys {
		out = append(out, s.objects[k])
	}
	return out
}

func (s *Stage) put(o *lr.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := at(o.Resource, o.Owner.Tenant)
	if s.objects[k] == nil {
		s.objects[k] = o
	}
}

func (s *Stage) fail(resource, tenant, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[at(resource, tenant)] = why
}

type control struct {
	once sync.Once
	x    *lr.Exchange
	err  error
}

// Control sends the route's plain request once and remembers the answer.
func (s *Stage) Control(ctx context.Context, rt *lr.Route, o *lr.Object, as *lr.Account) (*lr.Exchange, error) {
	var b strings.Builder
	b.WriteString(rt.Method + " " + rt.Path + "\x00")
	if as != nil {
		b.WriteString(as.Name)
	}
	if o != nil {
		keys := make([]string, 0, len(o.Keys))
		for k, v := range o.Keys {
			keys = append(keys, k+"="+v)
		}
		sort.Strings(keys)
		b.WriteString("\x00" + strings.Join(keys, "\x00"))
	}
	s.mu.Lock()
	c := s.controls[b.String()]
	if c == nil {
		c = &control{}
		s.controls[b.String()] = c
	}
	s.mu.Unlock()
	c.once.Do(func() {
		r, err := s.Request(ctx, rt, o, as)
		if err != nil {
			c.err = err
			return
		}
		r.Note = controlNote(o, as)
		c.x, c.err = s.opt.HTTP.Do(ctx, as, r)
	})
	return c.x, c.err
}

func controlNote(o *lr.Object, as *lr.Account) string {
	switch {
	case as == nil:
		return "anonymous control"
	case o == nil:
		return "own request"
	case o.Owner != nil && o.Owner.Tenant == as.Tenant && o.Created == nil && !o.Made && len(o.Secrets) == 0:
		return "missing-object control"
	case o.Owner != nil && o.Owner.Tenant == as.Tenant:
		return "owner control"
	}
	return "missing-object control"
}
