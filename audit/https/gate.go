package https

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// gate is a name of the domain behind which the target's API answers, with what
// stands between: an edge, a cache.
type gate struct {
	host     string // "" is the target's own address
	subject  string
	victim   *lr.Account
	attacker *lr.Account // of another tenant; nil where there is one tenant
	views    []*view
}

// view is a route as its owner sees it at a front.
type view struct {
	rt      *lr.Route
	path    string // without what a cache has not seen before
	x       *lr.Exchange
	witness []string // values that the owner's reply holds, and no other's may
	sources oracle.Sources
	strict  bool // it refuses a query that it does not know
}

// unmet is the view at an address that no cache has met; at its own where it refuses a
// query that it does not know.
func (v *view) unmet(t *lr.Trial) string {
	if v.strict {
		return v.path
	}
	return bust(t, v.path)
}

// shown are such values of another reply to the owner: what a list or a dashboard shows
// changes while others make things.
func (v *view) shown(t *lr.Trial, f *gate, x *lr.Exchange) []string {
	return oracle.Witness(t, f.victim, x, v.sources)
}

func (v *view) subject(f *gate) string { return v.rt.Method + " " + f.subject + v.rt.Path }

// maxViews and maxFronts bound what is asked at how many names.
const (
	maxViews  = 60
	maxFronts = 3
)

// ask sends a GET to the front.
func (f *gate) ask(ctx context.Context, t *lr.Trial, as *lr.Account, path, note string) (*lr.Exchange, error) {
	if f.host == "" {
		return t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: path, Note: note})
	}
	w, err := webOf(ctx, t)
	if err != nil {
		return nil, err
	}
	return w.do(ctx, ask{url: "https://" + f.host + path, as: as, note: note})
}

// anew asks at an address that no cache has met. A router that refuses a query that it
// does not know, as the strict do, is asked at the plain one.
func (f *gate) anew(ctx context.Context, t *lr.Trial, as *lr.Account, path, note string) (x *lr.Exchange, strict bool, err error) {
	x, err = f.ask(ctx, t, as, bust(t, path), note)
	if err != nil || x.Status != http.StatusBadRequest && x.Status != http.StatusUnprocessableEntity {
		return x, false, err
	}
	plain, err := f.ask(ctx, t, as, path, note+", without a query of the audit's own")
	if err != nil || plain.Status == x.Status {
		return x, false, err
	}
	return plain, true, nil
}

// gates are the names where the API answers. Nobody's credential goes to a name
// before it has refused a caller without one as the API does.
func gates(ctx context.Context, t *lr.Trial) ([]*gate, error) {
	return lr.Recall(ctx, t.Memo, "https fronts", func(ctx context.Context) ([]*gate, error) {
		victim, attacker := twoTenants(t.Target)
		if victim == nil || victim.WhoAmI == nil || victim.WhoAmI.Method != "GET" {
			return nil, nil
		}
		d := t.Target.Domain
		var out []*gate
		own := strings.ToLower(t.Target.Base.Hostname())
		if slices.Contains(d.Hosts, own) {
			out = append(out, &gate{subject: own, victim: victim, attacker: attacker})
		}
		at, err := url.Parse(victim.WhoAmI.Path)
		if err != nil {
			return nil, nil //nolint:nilerr // a template is no address
		}
		ref, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: at.RequestURI(), Note: "nobody, at the API itself"})
		if err != nil {
			return nil, err
		}
		all, err := places(ctx, t)
		if err != nil {
			return nil, err
		}
		found := make([]*gate, len(all))
		err = everyOf(ctx, all, func(ctx context.Context, i int, p *place) error {
			if p.host == own || len(p.page.hops) == 0 || p.lost == nil || alike(ref, p.lost) {
				return nil
			}
			f := &gate{host: p.host, subject: p.host, victim: victim, attacker: attacker}
			x, _, err := f.anew(ctx, t, nil, at.RequestURI(), "nobody")
			if err == nil && alike(ref, x) {
				found[i] = f
			}
			return halted(ctx, err)
		})
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f != nil && len(out) < maxFronts {
				out = append(out, f)
			}
		}
		for _, f := range out {
			if err := f.look(ctx, t); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// alike reports two refusals of one application.
func alike(a, b *lr.Exchange) bool {
	return a.Status == b.Status && a.Denied() && a.Status < 500 && !redirects(a) && a.Header.Get("Content-Type") == b.Header.Get("Content-Type") && a.Header.Get("WWW-Authenticate") == b.Header.Get("WWW-Authenticate")
}

// twoTenants are an ordinary account, and one of another tenant.
func twoTenants(t *lr.Target) (victim, attacker *lr.Account) {
	for _, a := range t.Accounts {
		if a.Spare {
			continue
		}
		if victim == nil || victim.Privileged() && !a.Privileged() && a.Tenant == victim.Tenant {
			victim = a
		}
	}
	if victim == nil {
		return nil, nil
	}
	for _, a := range t.Foreign(victim) {
		if attacker == nil || a.Privileged() {
			attacker = a
		}
	}
	return victim, attacker
}

// look reads the routes that show private data, each at an address that nobody has
// asked before.
func (f *gate) look(ctx context.Context, t *lr.Trial) error {
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Method == "GET" && rt.Declared && oracle.Shows(rt) && rt.Kind != lr.Stream && !oracle.Public(t, rt, nil) && !lr.Match(t.Target.Access.Shared, rt) && len(routes) < maxViews {
			routes = append(routes, rt)
		}
	}
	found := make([]*view, len(routes))
	err := everyOf(ctx, routes, func(ctx context.Context, i int, rt *lr.Route) error {
		o := t.Stage.Object(rt.Resource, f.victim)
		r, err := t.Stage.Request(ctx, rt, o, f.victim)
		if err != nil || strings.Contains(r.Path, "sig=") {
			return nil //nolint:nilerr // a route without a value for its key is asked elsewhere
		}
		x, strict, err := f.anew(ctx, t, f.victim, r.Path, "owner")
		if err != nil {
			return halted(ctx, err)
		}
		if !x.OK() || busy(x) {
			return nil
		}
		v := &view{rt: rt, path: r.Path, x: x, strict: strict, sources: oracle.Sources{Object: o, Known: oracle.Known(t, f.victim.Tenant), Request: oracle.RequestText(r)}}
		v.witness = v.shown(t, f, x)
		found[i] = v
		return nil
	})
	for _, v := range found {
		if v != nil {
			f.views = append(f.views, v)
		}
	}
	return err
}

// bust is the path at an address that no cache has met.
func bust(t *lr.Trial, path string) string {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return path + sep + "lr_cache=" + t.Stage.Canary("")
}

// Why what needs the API behind an edge could not be asked.
const (
	noFront = "no name of the domain answers as the API does: name the one that does under domain.hosts, and whoami"
	noView  = "names of the domain refuse nobody as the API does, and showed its owner none of the routes"
)

// eachView runs f over the views of every front, and tells where there is none.
func eachView(ctx context.Context, t *lr.Trial, f func(context.Context, *gate, *view) error) error {
	all, err := gates(ctx, t)
	if err != nil {
		return err
	}
	n, private := 0, 0
	for _, fr := range all {
		n += len(fr.views)
		for _, v := range fr.views {
			if len(v.witness) > 0 {
				private++
			}
		}
		if err := everyOf(ctx, fr.views, func(ctx context.Context, _ int, v *view) error { return f(ctx, fr, v) }); err != nil {
			return err
		}
	}
	switch {
	case len(all) == 0:
		t.Unknown("application", noFront)
	case n == 0:
		t.Unknown("application", noView)
	case private == 0:
		t.Unknown("application", "no route showed anything that is its owner's alone")
	}
	return nil
}

// directives are those of Cache-Control, lower case: RFC 9111 section 5.2.2.
func directives(x *lr.Exchange) map[string]string {
	out := map[string]string{}
	for _, line := range x.Header.Values("Cache-Control") {
		for part := range strings.SplitSeq(strings.ToLower(line), ",") {
			name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if name != "" {
				out[name] = strings.Trim(v, `"`)
			}
		}
	}
	return out
}

// shareable reports whether a cache that many use may keep the answer, and for how
// many seconds; of one to a credential where that says so alone (section 3.5).
func shareable(x *lr.Exchange, credential bool) (seconds int, ok bool) {
	d := directives(x)
	for _, never := range []string{"private", "no-store", "no-cache"} {
		if _, has := d[never]; has {
			return 0, false
		}
	}
	_, public := d["public"]
	age, shared := d["s-maxage"]
	if !shared {
		age = d["max-age"]
	}
	n, err := strconv.Atoi(age)
	if err != nil {
		return 0, false
	}
	return n, n > 0 && (!credential || public || shared)
}
