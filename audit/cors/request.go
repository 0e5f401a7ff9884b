package cors

import (
	"context"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// request builds the plain request of a read. A search is asked for what all of
// the run's own texts begin with, so that it finds some of them.
func request(ctx context.Context, t *lr.Trial, p oracle.Probe) (*lr.Request, error) {
	r, err := t.Stage.Request(ctx, p.Route, p.Object, p.Victim)
	if err != nil || p.Route.Kind != lr.Search || r.Method != "GET" {
		return r, err
	}
	path, query, _ := strings.Cut(r.Path, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return r, nil //nolint:nilerr // what cannot be read is sent as it is
	}
	if stem := stemOf(t, p.Victim); stem != "" {
		for _, in := range p.Route.Params {
			switch strings.ToLower(in.Name) {
			case "q", "query", "search", "term", "text", "keyword", "keywords":
				if in.In == lr.InQuery {
					q.Set(in.Name, stem)
					r.Path = path + "?" + q.Encode()
				}
			}
		}
	}
	return r, nil
}

// stemOf is the beginning of the canaries that the run wrote for the tenant.
func stemOf(t *lr.Trial, victim *lr.Account) string {
	for _, rt := range t.Target.Routes {
		o := t.Stage.Object(rt.Resource, victim)
		if o == nil {
			continue
		}
		for _, c := range o.Canaries {
			// Run and tenant; the number and the random rest differ.
			if parts := strings.SplitN(c, "-", 4); len(parts) == 4 {
				return strings.Join(parts[:3], "-")
			}
		}
	}
	return ""
}

// script is how a report names a page: null is no place that anybody could visit.
func script(page string) string {
	if page == opaque {
		return "a sandboxed page of any website (origin null)"
	}
	return "a page of " + page
}
