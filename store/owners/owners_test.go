package owners_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/ownership/storetest"
	"github.com/launchready/launchready/store/owners"
)

func open(t *testing.T, path string) *owners.File {
	t.Helper()
	f := &owners.File{Path: path}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ownership.Store { return open(t, filepath.Join(t.TempDir(), "deep", "owners.db")) })
}

// TestTwoProcesses: what one wrote, another that has the file open sees at once.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "owners.db")
	a, b := open(t, path), open(t, path)
	o := ownership.Object{Kind: "chat", ID: "1"}
	if is, err := b.Owner(t.Context(), o); err != nil || is.Tenant != "" {
		t.Fatalf("%+v %v", is, err)
	}
	if _, err := a.Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "acme"}}); err != nil {
		t.Fatal(err)
	}
	if is, err := b.Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "globex"}}); err != nil || is[0].Tenant != "acme" {
		t.Errorf("%+v %v", is, err)
	}
}

// TestNoFile: what cannot be opened is an error, and never nobody's object; once
// the file can be opened, it is.
func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "owners.db")
	if err := os.WriteFile(path, []byte("this is no database, and long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	o := ownership.Object{Kind: "chat", ID: "1"}
	if _, err := f.Owner(t.Context(), o); err == nil {
		t.Error("Owner says that it knows")
	}
	if _, err := f.Claim(t.Context(), []ownership.Claim{{Object: o, Tenant: "acme"}}); err == nil {
		t.Error("Claim says that it is kept")
	}
	if _, err := f.Count(t.Context(), "chat", "acme"); err == nil {
		t.Error("Count says that it knows")
	}
	if f.Bury(t.Context(), o, "acme") == nil || f.Move(t.Context(), ownership.Claim{Object: o, Tenant: "acme"}) == nil || f.Open(t.Context()) == nil {
		t.Error("a write is said to be kept")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if is, err := f.Owner(t.Context(), o); err != nil || is.Tenant != "" {
		t.Errorf("with the file gone: %+v %v", is, err)
	}
}
