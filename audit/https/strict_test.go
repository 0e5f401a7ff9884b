package https

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// desk is a stage without objects, whose canaries of acme are told.
type desk struct {
	lr.Stage
	n *atomic.Int64
}

const acmes = "lr1-unit-acme-1-0123456789abcdef01234567"

func (d desk) Canary(string) string                { return fmt.Sprintf("lr1-unit-x-2-%024x", d.n.Add(1)) }
func (desk) Object(string, *lr.Account) *lr.Object { return nil }
func (desk) TenantOf(c string) string {
	if c == acmes {
		return "acme"
	}
	return ""
}

func (desk) Request(_ context.Context, rt *lr.Route, _ *lr.Object, _ *lr.Account) (*lr.Request, error) {
	return &lr.Request{Method: rt.Method, Path: rt.Path, Route: rt}, nil
}

// strictly is an application that refuses a query which it does not know, says what says,
// and keeps the owner's answer itself where it keeps; open, it shows it to everybody.
type strictly struct {
	says        string
	keeps, open bool

	mu   sync.Mutex
	kept map[string]bool
}

func (s *strictly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	who := r.Header.Get("Authorization")
	known := r.URL.Path == "/me" || r.URL.Path == "/notes"
	switch {
	case !known:
		w.WriteHeader(http.StatusNotFound)
		return
	case s.open:
	case s.kept[r.URL.RequestURI()] && r.Header.Get("Cache-Control") != "no-cache":
	case who == "":
		delete(s.kept, r.URL.RequestURI())
		w.WriteHeader(http.StatusUnauthorized)
		return
	case r.URL.RawQuery != "":
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	case who != "Bearer acme":
		delete(s.kept, r.URL.RequestURI())
		fmt.Fprint(w, `{"data":[]}`)
		return
	}
	if s.keeps {
		s.kept[r.URL.RequestURI()] = true
	}
	w.Header().Set("Cache-Control", s.says)
	fmt.Fprintf(w, `{"data":["%s"]}`, acmes)
}

// keeping is an edge that gives the first good answer at an address to all who come.
func keeping(h http.Handler) http.HandlerFunc {
	var mu sync.Mutex
	kept := map[string][]byte{}
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if b, ok := kept[r.URL.RequestURI()]; ok {
			_, _ = w.Write(b)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code == http.StatusOK {
			kept[r.URL.RequestURI()] = rec.Body.Bytes()
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = io.Copy(w, rec.Body)
	}
}

// TestStrict: an application that refuses a query which it does not know is asked at its
// plain addresses, and what a cache adds is still told from what it shows itself.
func TestStrict(t *testing.T) {
	for name, c := range map[string]struct {
		check *lr.Check
		app   *strictly
		edge  func(http.Handler) http.HandlerFunc
		want  string
	}{
		"private":                          {cachePrivate, &strictly{says: "private, no-store"}, nil, "passed GET a.test/me; passed GET a.test/notes"},
		"nothing is said":                  {cachePrivate, &strictly{}, nil, "failed GET a.test/me; failed GET a.test/notes"},
		"nothing is kept":                  {cacheTenant, &strictly{}, nil, "passed GET a.test/me; passed GET a.test/notes"},
		"the edge keeps":                   {cacheTenant, &strictly{}, keeping, "failed GET a.test/me; failed GET a.test/notes"},
		"the application's own cache":      {cacheTenant, &strictly{keeps: true, kept: map[string]bool{}}, nil, "passed GET a.test/me; passed GET a.test/notes"},
		"the application itself":           {cacheTenant, &strictly{open: true}, nil, "unknown application"},
		"what looks like a file":           {cacheDeception, &strictly{}, keeping, "passed GET a.test/me; passed GET a.test/notes"},
		"a browser may keep it for others": {cacheVary, &strictly{says: "private, max-age=60"}, nil, "failed GET a.test/me; failed GET a.test/notes"},
		"and the edge has kept it":         {cacheVary, &strictly{says: "private, max-age=60"}, keeping, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			secure := c.app.ServeHTTP
			if c.edge != nil {
				secure = c.edge(c.app)
			}
			n := servers(t, c.app.ServeHTTP, secure)
			base, err := url.Parse("http://" + n.plain)
			if err != nil {
				t.Fatal(err)
			}
			client, err := probe.New(probe.Options{Base: base, Retries: -1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			me := &lr.Route{Method: "GET", Path: "/me", Kind: lr.WhoAmI, Declared: true, Secured: true}
			notes := &lr.Route{Method: "GET", Path: "/notes", Kind: lr.List, Declared: true, Secured: true}
			account := func(tenant string) *lr.Account {
				return &lr.Account{Identity: lr.Identity{Name: tenant, Tenant: tenant, Role: "member"}, WhoAmI: me,
					Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer " + tenant)}}}
			}
			var mu sync.Mutex
			var out []lr.Outcome
			tr := &lr.Trial{Check: c.check, HTTP: client, Memo: &lr.Memo{}, Now: time.Now, Stage: desk{n: &atomic.Int64{}},
				Target: &lr.Target{Base: base, Routes: []*lr.Route{me, notes}, Accounts: []*lr.Account{account("acme"), account("globex")}, Domain: &lr.DomainAccess{Name: "a.test", Hosts: []string{"a.test"}, Network: n}},
				Report: func(o lr.Outcome) {
					mu.Lock()
					defer mu.Unlock()
					out = append(out, o)
				}}
			if err := c.check.Run(t.Context(), tr); err != nil {
				t.Fatal(err)
			}
			if got := verdicts(out); got != c.want {
				t.Errorf("got %q, want %q: %v", got, c.want, out)
			}
		})
	}
}
