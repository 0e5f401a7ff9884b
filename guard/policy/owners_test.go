package policy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/store/faults"
)

// TestOwnersOfReplicas: two replicas, each with its own state, on one Postgres that
// state.ledger names: what one saw being made is the tenant's at the other at once,
// and another's at neither; of two tenants whose creates are answered by the same
// id at the same time exactly one has it; without the database what is in memory
// goes on and the rest is 503, and it is used again when it is back.
func TestOwnersOfReplicas(t *testing.T) {
	d := pgtest.New(t)
	var made atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == "POST" && r.URL.Query().Has("same"):
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"id":%q}`, r.URL.Query().Get("same"))
		case r.Method == "POST":
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"id":"chat_%d"}`, made.Add(1))
		case strings.HasPrefix(r.URL.Path, "/chats/chat_"), strings.HasPrefix(r.URL.Path, "/chats/same"):
			_, _ = fmt.Fprint(w, `{"title":"of its tenant"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(app.Close)
	s := newStand(t) // for its provider and tokens
	text := strings.Replace(fmt.Sprintf(owning, app.URL, s.provider, app.URL), "  store: owners.db\n  unknown: resolve\n", "", 1)
	text = strings.Replace(text, "ownership:\n", "state: {ledger: \"${env:LEDGER}\", patience: 20s}\nownership:\n", 1)
	p, err := policy.Parse("guard.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var pipes []*guard.Pipeline
	var wires []*faults.Wire
	for range 2 {
		url, wire := faults.Before(t, d.URL)
		state := &policy.State{Folder: t.TempDir(), Env: func(string) (string, bool) { return url, true }}
		t.Cleanup(func() { _ = state.Close() }) // it may be cut
		pipe, err := p.Build(state)
		if err != nil {
			t.Fatal(err)
		}
		pipes, wires = append(pipes, pipe), append(wires, wire)
		if all, err := os.ReadDir(state.Folder); err != nil || len(all) > 0 {
			t.Errorf("it leaves %v, %v", all, err)
		}
	}
	acme, globex := s.token(nil), s.token(func(k jwt.Token) { _ = k.Set("tid", "globex") })
	ask := func(replica int, method, target, token string) (int, string) {
		r := httptest.NewRequest(method, target, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		pipes[replica].ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	want := func(replica int, method, target, token string, status int) {
		t.Helper()
		if got, body := ask(replica, method, target, token); got != status || strings.Contains(body, "postgres") || strings.Contains(body, "127.0.0.1") {
			t.Errorf("replica %d, %s %s: %d %s, want %d", replica, method, target, got, body, status)
		}
	}
	want(0, "POST", "/chats", acme, 201)
	want(1, "GET", "/chats/chat_1", acme, 200)
	for replica := range pipes {
		want(replica, "GET", "/chats/chat_1", globex, 404)
	}
	for i := range 5 {
		var in [2]int
		var wg sync.WaitGroup
		target := fmt.Sprint("same", i)
		for n, token := range []string{acme, globex} {
			wg.Go(func() { in[n], _ = ask(n, "POST", "/chats?same="+target, token) })
		}
		wg.Wait()
		if in != [2]int{201, 404} && in != [2]int{404, 201} {
			t.Errorf("one id for two tenants: %v", in)
		}
		for replica := range pipes { // each tells the same
			want(replica, "GET", "/chats/"+target, acme, map[int]int{201: 200, 404: 404}[in[0]])
			want(replica, "GET", "/chats/"+target, globex, map[int]int{201: 200, 404: 404}[in[1]])
		}
	}
	want(1, "DELETE", "/chats/chat_1", acme, 200)
	want(0, "POST", "/chats?same=chat_1", globex, 404) // a tombstone of the other replica

	before := made.Load()
	for _, w := range wires {
		w.Cut()
	}
	for replica := range pipes {
		want(replica, "GET", "/chats/same0x", acme, 503)
		want(replica, "POST", "/chats", acme, 503)
		want(replica, "GET", "/chats/chat_1", globex, map[int]int{0: 404, 1: 503}[replica]) // which forgot it when it was deleted
	}
	if made.Load() != before {
		t.Error("something was made that nobody could be told to own")
	}
	for _, w := range wires {
		w.Mend()
	}
	for replica := range pipes {
		for code := 503; code == 503 && t.Context().Err() == nil; {
			code, _ = ask(replica, "GET", "/chats/same0", acme)
			time.Sleep(10 * time.Millisecond)
		}
		want(replica, "POST", "/chats", globex, 201)
	}
	want(0, "GET", fmt.Sprint("/chats/chat_", made.Load()), globex, 200)
	want(0, "GET", fmt.Sprint("/chats/chat_", made.Load()), acme, 404)

	t.Run("import", func(t *testing.T) {
		state := &policy.State{Env: func(string) (string, bool) { return d.URL, true }}
		store, err := p.OpenOwners(t.Context(), state)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if got, err := (ownership.Import{Store: store}).CSV(t.Context(), strings.NewReader("kind,id,tenant\nchat,chat_old,acme\nchat,chat_1,globex\n")); err != nil || got.Objects != 2 || got.Conflict != 1 {
			t.Errorf("%+v %v", got, err)
		}
		for replica := range pipes {
			want(replica, "GET", "/chats/chat_old", acme, 200)
			want(replica, "GET", "/chats/chat_old", globex, 404)
		}
	})
}

// TestOwnersAddress: what the store refers to must be there and be a Postgres; one
// that is down keeps guard from nothing, and the import from beginning.
func TestOwnersAddress(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "address"), []byte("postgres://u:hunter2@127.0.0.1:1/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return "redis://u:hunter2@h/1", name == "REDIS" }
	base := fmt.Sprintf(owning, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
	for name, c := range map[string]struct{ store, build, open string }{
		"down":        {"file:address", "", "prepare the owners in Postgres"},
		"no variable": {"${env:NONE}", "the variable NONE is not set", "the variable NONE is not set"},
		"no file":     {"file:none", "ownership.store", "ownership.store"},
		"a Redis":     {"${env:REDIS}", "no address as postgres://", "no address as postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.Parse("guard.yaml", []byte(strings.Replace(base, "store: owners.db", fmt.Sprintf("store: %q", c.store), 1)))
			if err != nil {
				t.Fatal(err)
			}
			s := &policy.State{Folder: dir, Env: env}
			defer func() { _ = s.Close() }()
			said := func(err error, want string) {
				t.Helper()
				if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			_, err = p.Build(s)
			said(err, c.build)
			store, err := p.OpenOwners(t.Context(), s)
			said(err, c.open)
			if store != nil {
				t.Errorf("%T", store)
			}
			if err := p.TryOwners(t.Context(), s); err != nil {
				t.Errorf("guard does not start: %v", err)
			}
		})
	}
}
