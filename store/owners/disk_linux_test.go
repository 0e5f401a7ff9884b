package owners_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/store/faults"
)

// TestDiskFull: where the file cannot grow, what is known is told still, no claim is
// said to be kept, and half of none is; with room it goes on.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "owners.db")
	f := open(t, path)
	chat := func(id string) ownership.Claim {
		return ownership.Claim{Object: ownership.Object{Kind: "chat", ID: id}, Tenant: "acme"}
	}
	if _, err := f.Claim(t.Context(), []ownership.Claim{chat("known")}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	room := faults.FullDisk(t, uint64(info.Size())) //nolint:gosec // a size is above 0
	var many []ownership.Claim
	for i := range 1000 {
		many = append(many, chat(fmt.Sprint("new", i)))
	}
	for _, claims := range [][]ownership.Claim{{chat("new0")}, many} {
		if is, err := f.Claim(t.Context(), claims); err == nil || is != nil {
			t.Errorf("%d claims are said to be kept", len(claims))
		}
	}
	if f.Bury(t.Context(), chat("known").Object, "acme") == nil || f.Move(t.Context(), chat("moved")) == nil {
		t.Error("a write is said to be kept")
	}
	for id, want := range map[string]string{"known": "acme", "new0": "", "new999": "", "moved": ""} {
		if is, err := f.Owner(t.Context(), chat(id).Object); is.Tenant != want || is.Gone || err != nil {
			t.Errorf("%s: %+v %v", id, is, err)
		}
	}
	room()
	if is, err := f.Claim(t.Context(), many); err != nil || len(is) != len(many) || is[999].Tenant != "acme" {
		t.Errorf("with room: %d, %v", len(is), err)
	}
	if is, err := f.Owner(t.Context(), chat("known").Object); is.Tenant != "acme" || err != nil {
		t.Errorf("%+v %v", is, err)
	}
}
