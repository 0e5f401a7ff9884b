package cors

import (
	"context"
	"fmt"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// application is the subject of what holds for the whole application.
const application = "application"

// hostile is an origin that has no business with the target, and how it came by
// its name.
type hostile struct {
	page string
	base string // the allowed origin that it imitates; "" of one that imitates none
}

// attack is what a check of origins asks.
type attack struct {
	like func(origin) []string // neighbours of an allowed origin; nil asks fixed ones
	page string                // the fixed one
	// before lists the attacks that explain a hit: a policy that takes any origin
	// takes this one as well, and is reported once.
	before []attack
	extra  bool // sample each kind of change too
	said   string
}

// pages lists the hostile origins, each once.
func (a attack) pages(k *knowledge) []hostile {
	if a.like == nil {
		return []hostile{{page: a.page}}
	}
	var out []hostile
	seen := map[string]bool{}
	for _, known := range k.allows {
		seen[known.origin.String()] = true
	}
	for i, known := range k.allows {
		if i == 2 { // one or two front ends; the others are their developers' machines
			break
		}
		for _, p := range a.like(known.origin) {
			if !seen[p] {
				seen[p] = true
				out = append(out, hostile{p, known.origin.String()})
			}
		}
	}
	return out
}

// run puts the attack to each class and reports.
func (a attack) run(ctx context.Context, t *lr.Trial) error {
	all, err := classes(ctx, t)
	if err != nil {
		return err
	}
	if !a.extra {
		all = sampled(all)
	}
	if len(all) == 0 {
		t.Unknown(application, "no route can be asked by a script: the description names none that reads, and no object was made")
		return nil
	}
	k := &knowledge{}
	if a.like != nil {
		if k, err = learn(ctx, t); err != nil {
			return err
		}
		if len(k.allows) == 0 {
			t.Pass(lr.Seen(k.tried...), application, "none of %s is allowed, the target's own among them, so there is none to imitate", count(len(k.tried), "origin"))
			return nil
		}
	}
	pages := a.pages(k)
	if len(pages) == 0 {
		t.Pass(lr.Seen(k.allows[0].x), application, "%s is allowed, which has no such neighbour", k.allows[0].origin)
		return nil
	}
	var mu sync.Mutex
	var hits []*hit
	err = oracle.Each(ctx, all, func(ctx context.Context, c *class) error {
		h, err := a.put(ctx, t, c, pages)
		if h != nil {
			mu.Lock()
			defer mu.Unlock()
			hits = append(hits, h)
		}
		return err
	})
	if err != nil {
		return err
	}
	return report(ctx, t, hits)
}

// put asks a class as a page of each origin until one is allowed.
func (a attack) put(ctx context.Context, t *lr.Trial, c *class, pages []hostile) (*hit, error) {
	var last *lr.Exchange
	for _, p := range pages {
		x, err := c.ask(ctx, t, p.page)
		if err != nil || busy(x) {
			return nil, unasked(ctx, t, c, x, err)
		}
		last = x
		if !permits(x.Header, p.page, false) || wildcard(x) {
			continue
		}
		for _, b := range a.before {
			why, err := b.explains(ctx, t, c, p)
			if err != nil {
				return nil, err
			}
			if why != "" {
				t.Pass(lr.Seen(x), c.String(), "%s: that decides, and this is no fault of its own", why)
				return nil, nil
			}
		}
		return a.weigh(ctx, t, c, p, x)
	}
	t.Pass(lr.Seen(last), c.String(), "%s may not read it.%s", those(pages), c.stood())
	return nil, nil
}

func those(ps []hostile) string {
	if len(ps) == 1 {
		return script(ps[0].page)
	}
	return fmt.Sprintf("pages of %s and %s", ps[0].page, count(len(ps)-1, "neighbour"))
}

func wildcard(x *lr.Exchange) bool {
	v, _ := get(x.Header, allowOrigin)
	return v == "*"
}

// explains reports why a hit of another attack is this one's.
func (a attack) explains(ctx context.Context, t *lr.Trial, c *class, p hostile) (string, error) {
	origins := []string{a.page}
	if a.like != nil {
		base, ok := parse(p.base)
		if !ok {
			return "", nil
		}
		origins = a.like(base)
	}
	for _, o := range origins {
		x, err := c.ask(ctx, t, o)
		if err := ended(ctx, err); err != nil {
			return "", err
		}
		if err == nil && o != p.page && permits(x.Header, o, false) && !wildcard(x) {
			return fmt.Sprintf("%s is allowed there too", o), nil
		}
	}
	return "", nil
}

// weigh finds out what the hit is worth.
func (a attack) weigh(ctx context.Context, t *lr.Trial, c *class, p hostile, x *lr.Exchange) (*hit, error) {
	h := &hit{class: c, page: p, x: x, said: a.said, credentials: permits(x.Header, p.page, true)}
	if c.writes {
		h.credentials = clears(x, p.page, true, c.probe.Route.Method)
	}
	s, err := signedIn(ctx, t)
	if err != nil {
		return nil, unasked(ctx, t, c, x, err)
	}
	h.session = s
	if h.credentials && s != nil {
		if err := h.look(ctx, t); err != nil {
			return nil, err
		}
	}
	if c.public && len(h.witness) == 0 {
		t.Pass(lr.Seen(x), c.String(), "%s may read it, as anybody may", script(p.page))
		return nil, nil
	}
	return h, nil
}
