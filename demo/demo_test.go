package demo

import (
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"an unknown flaw":           {Flaws: []string{"auth/no-such"}},
		"an address off loopback":   {Addr: "0.0.0.0:0"},
		"an address without a port": {Addr: "127.0.0.1"},
		"a database it cannot open": {File: "/no/such/folder/harbor.db"},
	} {
		t.Run(name, func(t *testing.T) {
			o.Key = signingKey(t)
			s, err := New(o)
			if err == nil {
				s.Close()
				t.Fatal("got a server, want an error")
			}
		})
	}
}

func TestSeedDecides(t *testing.T) {
	ids := func(seed int64) string {
		s, err := New(Options{Seed: seed, Key: signingKey(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.derived("tenant acme") + s.Password("admin@acme.test")
	}
	if again := ids(1); again != ids(1) {
		t.Error("the same seed gives different ids")
	}
	if ids(1) == ids(2) {
		t.Error("two seeds give the same ids")
	}
}

func TestDatabaseInFile(t *testing.T) {
	s, err := New(Options{Key: signingKey(t), File: t.TempDir() + "/harbor.db"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSignInAndMe(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	me := w.do(c, "GET", "/v1/me", nil).want(200).has("member@acme.test").has("Acme Corp").lacks("globex")
	if got := me.Header.Get("Cache-Control"); !strings.Contains(got, "private") {
		t.Errorf("Cache-Control is %q, want private", got)
	}
	w.do(anon, "GET", "/v1/me", nil).want(401).lacks("acme")
}
