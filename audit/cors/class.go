package cors

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// class stands for the routes that one policy is likely to serve: those below
// one first segment, apart by whether anybody may read them. A policy is set for
// a router or for the application; asking one route of each finds it wherever it
// was set, for a tenth of the requests.
type class struct {
	probe  oracle.Probe // the route that is asked, and the object in it
	stands []*lr.Route  // the routes it stands for
	public bool         // anybody may read it, on purpose
	writes bool         // it has no safe route: only its preflight is asked
	extra  bool         // it samples a kind of change, beside the groups
	others []oracle.Probe
}

func (c *class) String() string { return c.probe.Route.String() }

const (
	tries       = 3 // routes that are tried for one that answers well
	publicly    = 4 // classes of what anybody may read
	mostClasses = 60
	keptBytes   = 64 << 10 // of a body, for what is remembered to the end of the run

)

// classes lists the classes of the target, each with a route that answers its
// own user well if there is one among the first. It is asked once in a run.
func classes(ctx context.Context, t *lr.Trial) ([]*class, error) {
	return lr.Recall(ctx, t.Memo, "cors classes", func(ctx context.Context) ([]*class, error) {
		victims := oracle.Victims(t.Target)
		var victim *lr.Account
		if len(victims) > 0 {
			victim = victims[0]
		}
		all := grouped(t, victim)
		err := oracle.Each(ctx, all, func(ctx context.Context, c *class) error { return c.settle(ctx, t) })
		return all, err
	})
}

// grouped sorts the routes into classes, and asks nothing.
func grouped(t *lr.Trial, victim *lr.Account) []*class {
	reads := readable(t, victim)
	at := map[string]*class{}
	var out []*class
	open := 0
	kinds := map[lr.Kind]bool{}
	for _, p := range reads {
		public := anybody(t, p)
		key := group(p.Route.Path)
		if public {
			key = "public " + key
		}
		c := at[key]
		if c == nil {
			if public {
				if open++; open > publicly {
					continue
				}
			}
			c = &class{public: public}
			at[key] = c
			out = append(out, c)
		}
		c.stands = append(c.stands, p.Route)
		c.others = append(c.others, p)
	}
	for _, c := range out {
		// A kind that no other class asks first; then what needs no key.
		slices.SortStableFunc(c.others, func(a, b oracle.Probe) int {
			return rank(a, kinds) - rank(b, kinds)
		})
		c.probe = c.others[0]
		kinds[c.probe.Route.Kind] = true
	}
	out = append(out, changing(t, victim, at)...)
	if len(out) > mostClasses {
		out = out[:mostClasses]
	}
	return out
}

func rank(p oracle.Probe, kinds map[lr.Kind]bool) int {
	n := 0
	if kinds[p.Route.Kind] {
		n += 2
	}
	if len(p.Route.PathParams()) > 0 {
		n++
	}
	return n
}

// readable lists what a script could read by GET as the victim.
func readable(t *lr.Trial, victim *lr.Account) []oracle.Probe {
	if victim == nil {
		return nil
	}
	all, _ := oracle.Reads(t, victim)
	var out []oracle.Probe
	for _, p := range all {
		if p.Route.Method == "GET" && p.Route.Kind != lr.WebSocket && p.Route.Kind != lr.Stream {
			out = append(out, p)
		}
	}
	return out
}

// changing lists classes of routes that change something: one for each group
// that has no read, and as samples one for each kind of change.
func changing(t *lr.Trial, victim *lr.Account, at map[string]*class) []*class {
	var out []*class
	kinds := map[lr.Kind]bool{}
	for _, rt := range t.Target.Routes {
		if rt.Safe() || !rt.Declared {
			continue
		}
		key := group(rt.Path)
		if c := at[key]; c != nil {
			c.stands = append(c.stands, rt)
		}
		lone := at[key] == nil && at["public "+key] == nil
		if !lone && kinds[rt.Kind] {
			continue
		}
		p := oracle.Probe{Route: rt, Victim: victim}
		if len(rt.PathParams()) > 0 {
			if p.Object = t.Stage.Object(rt.Resource, victim); p.Object == nil && !oracle.SelfKeyed(rt, victim) {
				continue
			}
		}
		c := &class{probe: p, stands: []*lr.Route{rt}, writes: true, extra: !lone}
		if lone {
			at[key] = c
		}
		kinds[rt.Kind] = true
		out = append(out, c)
	}
	return out
}

// anybody reports whether the owner of the target says that anybody may read by
// the route.
func anybody(t *lr.Trial, p oracle.Probe) bool {
	if oracle.Public(t, p.Route, p.Object) {
		return true
	}
	return p.Route.Kind == lr.Health && !p.Route.Secured
}

// group is the first segment that says what a path is about: "billing" of
// /api/v1/billing/invoices.
func group(path string) string {
	for _, seg := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' }) {
		switch {
		case seg == "api", seg == "rest", seg == "app", strings.HasPrefix(seg, "{"):
		case len(seg) <= 3 && len(seg) > 1 && seg[0] == 'v' && seg[1] >= '0' && seg[1] <= '9':
		default:
			return seg
		}
	}
	return "/"
}

// settle takes the first of the class's routes that answers well: many servers
// leave the fields of the protocol out of their errors.
func (c *class) settle(ctx context.Context, t *lr.Trial) error {
	if c.writes {
		return nil
	}
	for i, p := range c.others {
		if i == tries {
			break
		}
		d := *c
		d.probe = p
		x, err := d.ask(ctx, t, foreign)
		if err := ended(ctx, err); err != nil {
			return err
		}
		if err == nil && x.OK() {
			c.probe = p
			break
		}
	}
	return nil
}

// sampled leaves out the samples of changes: one question in each group is
// enough where a check asks for a neighbour of an origin that is allowed.
func sampled(all []*class) []*class {
	var out []*class
	for _, c := range all {
		if !c.extra {
			out = append(out, c)
		}
	}
	return out
}

// stood says what the class stands for besides the route that was asked.
func (c *class) stood() string {
	if n := len(c.stands); n > 1 {
		return " It stands for " + count(n, "route") + " below the same path."
	}
	return ""
}
