package hygiene

import (
	"context"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// What a provocation is called where code asks for it.
const (
	noCredential  = "a request without a credential"
	missingObject = "an object that does not exist"
	ownRequest    = "a well-formed request"
	brokenJSON    = "broken JSON"
	otherMedia    = "a body of another media type"
)

// provocation is one request that is meant to fail.
type provocation struct {
	route     *lr.Route
	subject   string
	as        *lr.Account
	request   *lr.Request // nil: the stage's own request for the object
	object    *lr.Object
	input     string
	malformed bool
	mark      string
	secret    string
	works     func(*lr.Exchange) bool // the answer proves that the route works
}

func (p *provocation) send(ctx context.Context, t *lr.Trial) (*lr.Exchange, error) {
	if p.request == nil {
		return t.Stage.Control(ctx, p.route, p.object, p.as)
	}
	p.request.Note = p.input
	return t.HTTP.Do(ctx, p.as, p.request)
}

// total is about how many provocations of routes a run sends, and each route
// gets at least two.
const total = 800

// provocations lists what to send: the same few kinds of mistake for every
// route, and made-up addresses.
func provocations(ctx context.Context, t *lr.Trial) []*provocation {
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Declared && provokable(rt) {
			routes = append(routes, rt)
		}
	}
	each := min(max(total/max(len(routes), 1), 2), 8)
	var out []*provocation
	fresh := 20
	for _, rt := range routes {
		b := bench{ctx: ctx, t: t, route: rt, as: callerOf(t, rt), fresh: &fresh}
		ps := b.plan()
		out = append(out, ps[:min(len(ps), each)]...)
	}
	out = append(out, madeUp(t)...)
	out = append(out, refusedCredentials(t, routes)...)
	return append(out, unknownModel(ctx, t, routes)...)
}

// provokable reports whether a route may be sent mistakes: nothing that ends a
// session, spends, destroys or reaches people, and nothing with a check of its own.
func provokable(rt *lr.Route) bool {
	switch rt.Kind {
	case lr.SignOut, lr.WebSocket, lr.GraphQL, lr.Delete:
		return false
	}
	if rt.Safe() {
		return rt.Method == "GET" && !risky(rt)
	}
	return rt.Method != "DELETE" && rt.Body != nil && !risky(rt)
}

// risky reports whether a route's name says that it costs money, reaches people
// or destroys. Some do the last by GET. The list is shorter than those of audit/input
// and stage: what is sent here is a mistake, by which nobody is invited and no password
// is reset, and the routes for both are among those that break on one.
func risky(rt *lr.Route) bool {
	for _, seg := range strings.FieldsFunc(strings.ToLower(rt.Path), func(r rune) bool { return r == '/' || r == '-' || r == '_' }) {
		switch seg {
		case "logout", "signout", "purge", "wipe", "shutdown", "restart", "restore", "migrate", "createdb", "delete", "destroy":
			return true
		case "pay", "payment", "payments", "charge", "charges", "refund", "refunds", "purchase", "checkout", "transfer", "withdraw", "send", "sms", "broadcast":
			return !rt.Safe()
		}
	}
	return false
}

// callerOf is who provokes: an account that the route lets in.
func callerOf(t *lr.Trial, rt *lr.Route) *lr.Account {
	switch rt.Kind {
	case lr.SignIn, lr.SignUp, lr.Refresh, lr.Password, lr.Webhook:
		return nil
	}
	return oracle.Caller(t, rt)
}

// madeUp asks for addresses that no route has, and for methods that a route
// does not have. PROPFIND reads, should anybody understand it.
func madeUp(t *lr.Trial) []*provocation {
	name := "lr-" + compact(t)
	var out []*provocation
	add := func(subject, method, path, input, mark string) {
		out = append(out, &provocation{subject: subject, request: &lr.Request{Method: method, Path: path, Header: acceptsJSON()}, input: input, mark: mark, malformed: mark != ""})
	}
	for _, prefix := range prefixes(t.Target.Routes) {
		add("GET "+prefix+"/{unknown}", "GET", prefix+"/"+name, "an address that does not exist", "")
		mark := markup(t)
		add("GET "+prefix+"/{unknown}", "GET", prefix+"/"+url.PathEscape(name+mark), "quotes and markup in the address", mark)
	}
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		if g := first(rt.Path); rt.Declared && rt.Method == "GET" && provokable(rt) && len(rt.PathParams()) == 0 && !seen[g] && len(seen) < 6 {
			seen[g] = true
			add("PROPFIND "+rt.Path, "PROPFIND", rt.Path, "a method that the route does not have", "")
		}
	}
	return out
}

// prefixes are where made-up addresses are asked: the root, and what most
// routes begin with.
func prefixes(routes []*lr.Route) []string {
	out := []string{""}
	n := map[string]int{}
	for _, rt := range routes {
		segs := strings.Split(strings.Trim(rt.Path, "/"), "/")
		if len(segs) < 2 || strings.Contains(segs[0], "{") {
			continue
		}
		p := "/" + segs[0]
		if (segs[0] == "api" || segs[0] == "rest") && version(segs[1]) && len(segs) > 2 {
			p += "/" + segs[1]
		}
		if n[p]++; rt.Declared && n[p] == 3 && len(out) < 5 {
			out = append(out, p)
		}
	}
	return out
}

func version(seg string) bool {
	return len(seg) >= 2 && len(seg) <= 4 && seg[0] == 'v' && seg[1] >= '0' && seg[1] <= '9'
}

func first(path string) string {
	segs := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for _, s := range segs {
		if s != "api" && s != "rest" && !version(s) {
			return s
		}
	}
	return "/"
}

// refusedCredentials sends made-up credentials: one of each kind that the
// target's accounts use, to one route of each group.
func refusedCredentials(t *lr.Trial, routes []*lr.Route) []*provocation {
	var out []*provocation
	seen := map[string]bool{}
	for _, rt := range routes {
		g := first(rt.Path)
		if rt.Method != "GET" || len(rt.PathParams()) > 0 || rt.Kind == lr.Stream || rt.Kind == lr.Health || seen[g] || lr.Match(t.Target.Access.Public, rt) {
			continue
		}
		if seen[g] = true; len(seen) > 8 {
			break
		}
		for i, way := range []string{"Authorization", "X-API-Key", "Cookie", "Basic"} {
			if i > 0 && len(seen) > 2 {
				break
			}
			secret := madeUpSecret(t)
			value := secret
			field := way
			switch way {
			case "Authorization":
				value = "Bearer " + secret
			case "Basic":
				field, value = "Authorization", "Token "+secret
			case "Cookie":
				value = cookieName(t.Target) + "=" + secret
			}
			cred := lr.Credential{Header: map[string]lr.Secret{field: lr.NewSecret(value)}}
			out = append(out, &provocation{route: rt, subject: rt.String(), input: "a made-up credential in " + field, secret: secret,
				request: &lr.Request{Method: "GET", Path: rt.Path, Route: rt, Header: acceptsJSON(), Credential: &cred}})
		}
	}
	return out
}

func cookieName(t *lr.Target) string {
	for _, a := range t.Accounts {
		for name := range a.Credential.Cookie {
			return name
		}
	}
	return "session"
}

func acceptsJSON() map[string][]string { return map[string][]string{"Accept": {"application/json"}} }

// compact is a fresh value of letters and digits that nothing else holds.
func compact(t *lr.Trial) string {
	return strings.ReplaceAll(t.Stage.Canary("hygiene"), "-", "")
}

// markup is active HTML that is told from all other by its id; the quotes around
// it are what breaks a query that is put together as text.
func markup(t *lr.Trial) string { return `'"><b id=` + compact(t) + `>` }

func madeUpSecret(t *lr.Trial) string { return "lrfake" + compact(t) }
