package cors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestOneGroupIsFound has a policy that is wrong in one group of routes alone.
func TestOneGroupIsFound(t *testing.T) {
	right, wrong := express(in(frontEnd), true), express(func(o string) string { return o }, true)
	for _, path := range []string{"/billing/", "/api/notes", "/api/me"} {
		t.Run(path, func(t *testing.T) {
			tr := newTrial(t, &app{cookie: travelling, policy: func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasPrefix(r.URL.Path, path) {
					return wrong(w, r)
				}
				return right(w, r)
			}})
			os := tr.ask(t, reflectedOrigin)
			found := 0
			for _, o := range os {
				if o.Verdict == lr.Failed {
					found++
					if !strings.Contains(o.Subject, strings.TrimSuffix(path, "/")) {
						t.Errorf("found at %s", o.Subject)
					}
				}
			}
			if found != 1 {
				t.Errorf("%d findings, want 1%s", found, lines(os))
			}
		})
	}
}

// TestAskedOnce counts what the target is asked by the whole row.
func TestAskedOnce(t *testing.T) {
	a := &app{policy: express(in(frontEnd), true), cookie: travelling}
	tr := newTrial(t, a)
	a.asked = nil
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		tr.ask(t, c)
	}
	seen := map[string]int{}
	for _, q := range a.asked {
		if strings.HasSuffix(q, " ") || strings.HasPrefix(q, "OPTIONS") || strings.Contains(q, "/ws") {
			continue // controls; two preflights differ in the method they ask for
		}
		seen[q]++
	}
	for q, n := range seen {
		if n > 1 {
			t.Errorf("asked %d times: %s", n, q)
		}
	}
	if len(a.asked) > 90 {
		t.Errorf("%d requests for six routes", len(a.asked))
	}
	if slices.ContainsFunc(a.asked, func(q string) bool { return strings.HasPrefix(q, "DELETE") || strings.HasPrefix(q, "POST /api") }) {
		t.Errorf("something was changed: %v", a.asked)
	}
}

// TestClassesOfManyRoutes keeps the questions bounded on a large description.
func TestClassesOfManyRoutes(t *testing.T) {
	tr := newTrial(t, &app{cookie: travelling})
	for i := range 200 {
		tr.Target.Routes = append(tr.Target.Routes, &lr.Route{Method: "GET", Path: fmt.Sprintf("/v1/part%d/list", i), Kind: lr.List, Declared: true, Secured: true},
			&lr.Route{Method: "GET", Path: fmt.Sprintf("/page%d", i), Kind: lr.Health, Declared: true})
	}
	all, err := classes(t.Context(), tr.Trial)
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, c := range all {
		if c.public {
			public++
		}
	}
	if len(all) > mostClasses || public > publicly {
		t.Errorf("%d classes, %d of them public", len(all), public)
	}
}

func TestGroup(t *testing.T) {
	for path, want := range map[string]string{"/v1/chats/{id}": "chats", "/api/v2/billing/invoices": "billing", "/": "/", "/{slug}": "/", "/v1": "/", "/vip": "vip", "/graphql": "graphql"} {
		if got := group(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// TestBusyIsNoAnswer has a target that is overloaded for other origins.
func TestBusyIsNoAnswer(t *testing.T) {
	tr := newTrial(t, &app{cookie: travelling, busy: true, policy: nil})
	for _, c := range []*lr.Check{reflectedOrigin, nullOrigin, wildcardCredentials, privateNetwork} {
		os := tr.ask(t, c)
		for _, o := range os {
			if o.Verdict == lr.Failed {
				t.Errorf("%s: a busy target is a finding: %s", c.ID, o.Message)
			}
		}
		if !strings.Contains(lines(os), "busy") {
			t.Errorf("%s: nothing is left open%s", c.ID, lines(os))
		}
	}
}

// lost is a client whose target has stopped answering.
type lost struct{ lr.Client }

func (lost) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}

func (lost) Dial(context.Context, *lr.Account, *lr.Request, ...string) (*lr.Exchange, error) {
	return nil, lr.ErrLost
}

// TestRunEnds passes on that the target is lost, and remembers no such answer.
func TestRunEnds(t *testing.T) {
	tr := newTrial(t, &app{cookie: travelling})
	live := tr.HTTP
	tr.HTTP = lost{}
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		tr.Check = c
		if err := c.Run(t.Context(), tr.Trial); !errors.Is(err, lr.ErrLost) {
			t.Errorf("%s: got %v, want %v", c.ID, err, lr.ErrLost)
		}
	}
	tr.HTTP = live
	tr.holds(t, nil)
}

// TestNobodyToAsk is a target without an account that could read.
func TestNobodyToAsk(t *testing.T) {
	tr := newTrial(t, &app{})
	tr.Target.Accounts, tr.Target.Routes = nil, nil
	tr.Memo = &lr.Memo{}
	for _, c := range Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if os := tr.ask(t, c); worst(os) != "unknown" && worst(os) != "skipped" {
			t.Errorf("%s: got %s%s", c.ID, worst(os), lines(os))
		}
	}
}

// TestLearn finds the front end where the target tells it, and nowhere else.
func TestLearn(t *testing.T) {
	constant := func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Access-Control-Allow-Origin", "https://portal.acme-desk.com")
		return isPreflight(r)
	}
	for _, c := range []struct {
		name string
		app  *app
		want []string
	}{
		{"the page names it", &app{policy: express(in(frontEnd), true)}, []string{frontEnd}},
		{"the answer is one constant origin", &app{policy: constant, page: "nothing"}, []string{"https://portal.acme-desk.com"}},
		{"a developer's machine", &app{policy: express(in("http://localhost:3000"), true), page: "nothing"}, []string{"http://localhost:3000"}},
		{"the front end comes before the machine", &app{policy: express(in("http://localhost:3000", frontEnd), true)}, []string{frontEnd, "http://localhost:3000"}},
		{"none is allowed", &app{}, nil},
		{"a wildcard is none", &app{policy: gin}, nil},
		{"a reflection is none that is named", &app{policy: express(func(o string) string { return o }, true), page: "nothing"}, nil},
		{"other people's hosts are not tried", &app{policy: express(in("https://fonts.googleapis.com"), true), page: `<link href="https://fonts.googleapis.com/css">`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTrial(t, c.app)
			k, err := learn(t.Context(), tr.Trial)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range k.allows {
				if a.x == nil {
					t.Errorf("%s: nothing shows it", a.origin)
				}
				if o := a.origin.String(); c.want != nil || !strings.Contains(o, "127.0.0.1") && !strings.Contains(o, "localhost") {
					got = append(got, o)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestConstantOriginIsRight passes a policy that names one origin to everybody.
func TestConstantOriginIsRight(t *testing.T) {
	newTrial(t, &app{cookie: travelling, caching: "public, max-age=60", policy: func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Access-Control-Allow-Origin", frontEnd)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		if isPreflight(r) {
			w.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}}).holds(t, nil)
}
