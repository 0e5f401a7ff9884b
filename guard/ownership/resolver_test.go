package ownership_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/ownership"
)

func TestResolver(t *testing.T) {
	var asked atomic.Int32
	hold := make(chan struct{})
	var seen atomic.Value
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		seen.Store(r.URL.EscapedPath() + "?" + r.URL.RawQuery + " " + r.Header.Get("Authorization"))
		switch id := r.URL.Query().Get("id"); id {
		case "own":
			_, _ = w.Write([]byte(`{"org":{"id":"acme"}}`))
		case "7":
			_, _ = w.Write([]byte(`{"org":{"id":12}}`))
		case "gone":
			w.WriteHeader(http.StatusGone)
		case "two":
			_, _ = w.Write([]byte(`{"org":{"id":"acme","ID":"globex"}}`))
		case "null":
			_, _ = w.Write([]byte(`{"org":{"id":null}}`))
		case "html":
			_, _ = w.Write([]byte(`<html>`))
		case "elsewhere":
			http.Redirect(w, r, "/owner/chat?id=own", http.StatusFound)
		case "denied":
			w.WriteHeader(http.StatusForbidden)
		case "slow":
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer app.Close()
	defer close(hold)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret-of-the-resolver\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1, 0)
	r := &ownership.Resolver{URL: app.URL + "/owner/{kind}?id={id}", Names: path(t, "$.org.id"), Timeout: 5 * time.Second, Keep: time.Minute, TokenFile: token, Now: func() time.Time { return now }}
	ask := func(id string) (string, error) {
		return r.Tenant(t.Context(), ownership.Object{Kind: "a/b?", ID: id})
	}
	for id, want := range map[string]string{"own": "acme", "7": "12", "gone": "", "none": "", "a&b=c#d": ""} {
		if got, err := ask(id); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", id, got, err, want)
		}
	}
	if _, err := ask("x&id=own"); err != nil || seen.Load() != "/owner/a%2Fb%3F?id=x%26id%3Down Bearer s3cret-of-the-resolver" {
		t.Errorf("asked for %v, %v", seen.Load(), err)
	}
	for _, id := range []string{"two", "null", "html", "elsewhere", "denied"} {
		if got, err := ask(id); err == nil || got != "" || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "id="+id) {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	before := asked.Load()
	for _, id := range []string{"own", "none"} {
		if _, err := ask(id); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("asked again %d times at once", n)
	}
	now = now.Add(3 * time.Second) // what is nobody's may be somebody's by now
	for _, id := range []string{"own", "none"} {
		if _, err := ask(id); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("asked %d times three seconds later", n)
	}
	r.Timeout = time.Millisecond
	if got, err := ask("slow"); err == nil || got != "" {
		t.Errorf("no answer in time: %q", got)
	}
	r.Timeout = 5 * time.Second
	before = asked.Load()
	var wg sync.WaitGroup
	now = now.Add(time.Hour)
	for range 20 {
		wg.Go(func() {
			if got, err := ask("own"); got != "acme" || err != nil {
				t.Errorf("at once: %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := asked.Load() - before; n < 1 || n > 20 {
		t.Errorf("asked %d times", n)
	}
	if err := os.Remove(token); err != nil {
		t.Fatal(err)
	}
	if _, err := ask("other"); err == nil || !strings.Contains(err.Error(), "read the resolver's token") {
		t.Errorf("without its token: %v", err)
	}
}

// TestResolve: the application says whose an object is; while it does not, nobody
// is let in.
func TestResolve(t *testing.T) {
	var down atomic.Bool
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch id := strings.TrimPrefix(r.URL.Path, "/owner/"); {
		case down.Load():
			w.WriteHeader(http.StatusInternalServerError)
		case strings.HasPrefix(id, "of_"):
			_, _ = w.Write([]byte(`{"tenant":"` + strings.Split(id, "_")[1] + `"}`))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer owner.Close()
	s := newStand(t, setting{leaks: true, edit: func(o *ownership.Options) {
		o.Resolver = &ownership.Resolver{URL: owner.URL + "/owner/{id}", Names: path(t, "$.tenant"), Timeout: 5 * time.Second, Keep: time.Minute}
		for _, rs := range o.Rules {
			for _, r := range rs {
				r.Unknown = ownership.Resolve
			}
		}
	}})
	for _, tenant := range []string{"acme", "globex"} {
		id := "of_" + tenant + "_12345678901"
		s.app.chats[id] = &thing{ID: id, Title: "of " + tenant, tenant: tenant}
	}
	for _, c := range []struct {
		method, target, body string
		want                 int
	}{
		{"GET", "/chats/of_acme_12345678901", "of acme", 200}, {"GET", "/chats/of_globex_12345678901", "there is no", 404}, {"GET", "/chats/none_12345678901", "there is no", 404},
		{"PATCH", "/chats/of_globex_12345678901", "", 404}, {"PATCH", "/chats/of_acme_12345678901", "", 200},
		{"GET", "/chats", `{"data":[{"id":"of_acme_12345678901","title":"changed by acme"}],"facets":null,"total":1}`, 200},
	} {
		if r := s.do("acme", c.method, c.target, ""); r.status != c.want || !strings.Contains(r.body, c.body) {
			t.Errorf("%s %s: %d %s", c.method, c.target, r.status, r.body)
		}
	}
	down.Store(true)
	if r := s.do("acme", "GET", "/chats/of_acme_other", ""); r.status != 503 {
		t.Errorf("while it fails: %d %s", r.status, r.body)
	}
	s.app.chats["of_acme_new"] = &thing{ID: "of_acme_new", tenant: "acme"}
	if r := s.do("acme", "GET", "/chats", ""); r.status != 503 {
		t.Errorf("a list while it fails: %d %s", r.status, r.body)
	}
}
