package cors

import (
	"context"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// allowed is an origin that the target lets read it, with the answer that says so.
type allowed struct {
	origin origin
	x      *lr.Exchange
}

// knowledge is which origins the target allows, and what was asked to learn it.
type knowledge struct {
	allows []allowed // the likeliest front end first
	tried  []*lr.Exchange
}

const (
	named     = 8 // origins that the target's own texts name, at most
	learnedOn = 2 // classes that each of them is tried on
)

// learn finds origins that the target allows: those that its own texts name,
// those that it names in its answers, and those that products usually have. A
// neighbour of an origin can be tried only where one is known. It is asked once
// in a run.
func learn(ctx context.Context, t *lr.Trial) (*knowledge, error) {
	return lr.Recall(ctx, t.Memo, "cors allowed", func(ctx context.Context) (*knowledge, error) {
		all, err := classes(ctx, t)
		if err != nil {
			return nil, err
		}
		k := &knowledge{}
		seen := map[string]bool{}
		for _, c := range sampled(all) {
			x, err := c.ask(ctx, t, foreign)
			if err := ended(ctx, err); err != nil {
				return nil, err
			}
			if err == nil {
				k.take(x, foreign, seen)
			}
		}
		where := typical(all)
		if len(where) == 0 {
			return k, nil
		}
		texts, err := mentioned(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, q := range []struct {
			origins []string
			on      []*class
		}{{texts, where}, {usual(t), where[:1]}} {
			for _, o := range q.origins {
				for _, c := range q.on {
					if seen[o] {
						break
					}
					x, err := c.ask(ctx, t, o)
					if err := ended(ctx, err); err != nil {
						return nil, err
					}
					if err == nil {
						k.tried = append(k.tried, x)
						k.take(x, o, seen)
					}
				}
			}
		}
		slices.SortStableFunc(k.allows, func(a, b allowed) int { return likely(a) - likely(b) })
		return k, nil
	})
}

// take notes the origin that an answer allows. One that allows everybody says
// nothing of an origin; one that names another than was asked has told.
func (k *knowledge) take(x *lr.Exchange, asked string, seen map[string]bool) {
	v, _ := get(x.Header, allowOrigin)
	o, ok := parse(v)
	if !ok || v == foreign || o.String() != v || seen[v] {
		return
	}
	if v == asked || asked == foreign {
		seen[v] = true
		k.allows = append(k.allows, allowed{o, x})
	}
}

// likely orders what was learned: a front end in service before a developer's
// machine.
func likely(a allowed) int {
	n := 0
	if a.origin.local() {
		n += 4
	}
	if !a.origin.named() {
		n += 2
	}
	if a.origin.scheme != "https" {
		n++
	}
	return n
}

// typical picks the classes that origins are tried on: that of whoami, which
// every front end asks, and another one.
func typical(all []*class) []*class {
	var out []*class
	for _, whoami := range []bool{true, false} {
		for _, c := range all {
			if len(out) < learnedOn && !c.public && !c.writes && (c.probe.Route.Kind == lr.WhoAmI) == whoami && !slices.Contains(out, c) {
				out = append(out, c)
				if whoami {
					break
				}
			}
		}
	}
	if len(out) == 0 && len(all) > 0 {
		out = all[:1]
	}
	return out
}

var absolute = regexp.MustCompile(`https?://[A-Za-z0-9.\-]+(?::\d{1,5})?`)

// mentioned lists the origins that the target's first page and its policies
// name, the target's own first, those of its own domain before others.
func mentioned(ctx context.Context, t *lr.Trial) ([]string, error) {
	own, _ := parse(t.Target.Base.Scheme + "://" + t.Target.Base.Host)
	out := []string{own.String()}
	x, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/", Note: "which origins its page names"})
	if err := ended(ctx, err); err != nil {
		return nil, err
	}
	if err != nil || x == nil {
		return out, nil
	}
	texts := append(append(append([]string{}, x.Header.Values("Content-Security-Policy")...), x.Header.Values("Link")...), x.Header.Get("Location"), string(short(x).Body))
	var near, far []string
	for _, text := range texts {
		for _, m := range absolute.FindAllString(text, 400) {
			o, ok := parse(m)
			switch {
			case !ok || elsewhere(o.host) || slices.Contains(near, o.String()) || slices.Contains(far, o.String()) || o == own:
			case own.domain() != "" && o.domain() == own.domain():
				near = append(near, o.String())
			default:
				far = append(far, o.String())
			}
		}
	}
	list := append(near, far...)
	return append(out, list[:min(len(list), named)]...), nil
}

// elsewhere reports hosts that every page names and that are no front end.
func elsewhere(host string) bool {
	for _, d := range []string{"w3.org", "schema.org", "googleapis.com", "gstatic.com", "google.com", "googletagmanager.com", "google-analytics.com", "jsdelivr.net", "unpkg.com",
		"cloudflare.com", "github.com", "ogp.me", "example.com", "sentry.io", "jquery.com", "bootstrapcdn.com", "fontawesome.com", "reactjs.org", "swagger.io"} {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// usual lists origins that products of this kind allow.
func usual(t *lr.Trial) []string {
	own, _ := parse(t.Target.Base.Scheme + "://" + t.Target.Base.Host)
	var out []string
	if d := own.domain(); d != "" {
		for _, host := range []string{d, "app." + d, "www." + d} {
			out = append(out, origin{scheme: "https", host: host}.String())
		}
	}
	return append(out, "http://localhost:3000", "http://localhost:5173", "http://localhost:8080", "http://127.0.0.1:3000")
}
