package https

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/tls"
)

// atOnce is how many names are asked at one time.
const atOnce = 128

// secure is one name and what its server speaks.
type secure struct {
	host   string
	survey *tls.Survey
}

// secures asks every name of the domain for TLS. Servers that show the same
// certificate at the same address are one, and are asked for the rest once.
func secures(ctx context.Context, t *lr.Trial) ([]secure, error) {
	return lr.Recall(ctx, t.Memo, "https tls", func(ctx context.Context) ([]secure, error) {
		d := t.Target.Domain
		if len(d.Hosts) == 0 {
			return nil, errors.New("no name of the domain is known: give domain.hosts")
		}
		p := &tls.Prober{Network: d.Network, Roots: d.Network.Roots()}
		all := make([]secure, len(d.Hosts))
		if err := everyOf(ctx, d.Hosts, func(ctx context.Context, i int, host string) error {
			s, err := met(ctx, t, host, host)
			if err != nil {
				return err
			}
			mine := *s // what is asked beyond the handshake is put there
			mine.Versions = maps.Clone(s.Versions)
			all[i] = secure{host, &mine}
			return halted(ctx, s.Err)
		}); err != nil {
			return nil, err
		}
		first := map[string]*tls.Survey{}
		var firsts []*tls.Survey
		for _, s := range all {
			if key := sameServer(s.survey); first[key] == nil {
				first[key] = s.survey
				firsts = append(firsts, s.survey)
			}
		}
		if err := everyOf(ctx, firsts, func(ctx context.Context, _ int, s *tls.Survey) error {
			p.Deepen(ctx, s)
			return halted(ctx, nil)
		}); err != nil {
			return nil, err
		}
		for _, s := range all {
			if f := first[sameServer(s.survey)]; f != nil && f != s.survey {
				s.survey.Like(f)
			}
		}
		return all, nil
	})
}

// met is the handshake of an ordinary client that asks a host's server for a name,
// once for all checks.
func met(ctx context.Context, t *lr.Trial, host, name string) (*tls.Survey, error) {
	return lr.Recall(ctx, t.Memo, "https met "+host+" "+name, func(ctx context.Context) (*tls.Survey, error) {
		n := t.Target.Domain.Network
		s := (&tls.Prober{Network: n, Roots: n.Roots()}).Meet(ctx, net.JoinHostPort(host, "443"), name)
		return s, halted(ctx, s.Err)
	})
}

// sameServer is what two names have in common that one server answers.
func sameServer(s *tls.Survey) string {
	if len(s.Chain) == 0 {
		return s.Name
	}
	return s.Remote + "\x00" + string(s.Chain[0].Raw)
}

// everyOf runs f over the items, bounded.
func everyOf[T any](ctx context.Context, items []T, f func(context.Context, int, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, item := range items {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(ctx, i, item)
		})
	}
	return g.Wait() //nolint:wrapcheck // what f returned
}

// halted is the error that ends a run, of all that can come.
func halted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) {
		return err
	}
	return nil
}

// nobody reports that no such name or no such service is there, which is sure; a
// timeout is not.
func nobody(err error) bool {
	var no *net.DNSError
	return errors.As(err, &no) && no.IsNotFound || errors.Is(err, syscall.ECONNREFUSED)
}

// maxHops ends a trail of redirects, which browsers do at 20.
const maxHops = 10

// trail is a chain of redirects from one address.
type trail struct {
	start string
	hops  []*lr.Exchange // answers in order, the last one is no redirect unless loop or away
	loop  bool           // an address came twice
	away  string         // an address outside the domain, which is not followed
	err   error          // why the last address was not answered
}

// last is the answer at the end, nil where there is none.
func (r *trail) last() *lr.Exchange {
	if len(r.hops) == 0 || r.err != nil || r.loop || r.away != "" {
		return nil
	}
	return r.hops[len(r.hops)-1]
}

// busy reports that an answer on the way tells nothing.
func (r *trail) busy() bool { return slices.ContainsFunc(r.hops, busy) }

// soon is a trail that is being walked.
type soon struct {
	start string
	done  chan struct{}
	trail *trail
}

// follow walks the redirects from an address. Where it comes to the start of another
// trail it goes on as that one did.
func (w *web) follow(ctx context.Context, d *lr.DomainAccess, start, note string, other *soon) *trail {
	r := &trail{start: start}
	seen := map[string]bool{}
	for at := start; ; {
		if seen[at] {
			r.loop = true
			return r
		}
		seen[at] = true
		if other != nil && at == other.start {
			<-other.done
			r.hops = append(r.hops, other.trail.hops...)
			r.loop, r.away, r.err = other.trail.loop || len(r.hops) > maxHops+1, other.trail.away, other.trail.err
			return r
		}
		x, err := w.do(ctx, ask{url: at, note: note})
		if errors.Is(err, lr.ErrScope) {
			r.away = at
			return r
		}
		if err != nil {
			r.err = err
			return r
		}
		r.hops = append(r.hops, x)
		to := location(x)
		if !redirects(x) || to == nil {
			return r
		}
		if !within(d, to) {
			r.away = to.String()
			return r
		}
		if len(r.hops) > maxHops {
			r.loop = true // for a browser it is one
			return r
		}
		to.Fragment = ""
		at = to.String()
	}
}

// within reports an address at a name of the domain, at the web's own ports.
func within(d *lr.DomainAccess, u *url.URL) bool {
	host := u.Hostname()
	if u.Scheme != "http" && u.Scheme != "https" || u.Port() != "" && u.Port() != "80" && u.Port() != "443" {
		return false
	}
	return host == d.Name || len(host) > len(d.Name) && host[len(host)-len(d.Name)-1:] == "."+d.Name
}

// place is one name and what is there on the web.
type place struct {
	host        string
	plain, deep *trail // from http://, at the root and at a path with a query
	page        *trail // from https://, at the root
	lost        *lr.Exchange
}

// deepPath is asked at every name; a server that keeps what follows a name keeps
// it at an address that does not exist as well.
const deepPath = "/launchready-check/a%20b?first=1&second=a%2Bb"

// places asks every name of the domain, with and without TLS.
func places(ctx context.Context, t *lr.Trial) ([]*place, error) {
	return lr.Recall(ctx, t.Memo, "https web places", func(ctx context.Context) ([]*place, error) {
		w, err := webOf(ctx, t)
		if err != nil {
			return nil, err
		}
		d := t.Target.Domain
		all := make([]*place, len(d.Hosts))
		err = everyOf(ctx, d.Hosts, func(ctx context.Context, i int, host string) error {
			p := &place{host: host}
			all[i] = p
			var wait sync.WaitGroup
			page := &soon{start: "https://" + host + "/", done: make(chan struct{})}
			wait.Go(func() { p.plain = w.follow(ctx, d, "http://"+host+"/", "without TLS", page) })
			wait.Go(func() {
				defer close(page.done)
				p.page = w.follow(ctx, d, page.start, "with TLS", nil)
				page.trail = p.page
			})
			wait.Wait()
			p.deep = &trail{start: "http://" + host + deepPath, err: p.plain.err}
			if len(p.plain.hops) > 0 {
				wait.Go(func() { p.deep = w.follow(ctx, d, p.deep.start, "without TLS, a path and a query", nil) })
			}
			if len(p.page.hops) > 0 {
				wait.Go(func() {
					p.lost, _ = w.do(ctx, ask{url: "https://" + host + "/launchready-check", note: "an address that does not exist"}) //nolint:errcheck // without it the error page is not judged
				})
			}
			wait.Wait()
			for _, r := range []*trail{p.plain, p.page} {
				if err := halted(ctx, r.err); err != nil {
					return err
				}
			}
			return nil
		})
		return all, err
	})
}
