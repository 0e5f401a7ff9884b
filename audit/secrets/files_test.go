package secrets

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestRepository(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"clean", map[string]string{"a.ts": "export const a = process.env.STRIPE_SECRET_KEY\n", ".env.example": "STRIPE_SECRET_KEY=sk_test_xxxxxxxxxxxxxxxxxxxxxxxx\n"}, []string{"passed repository: 2 files"}},
		{"a key", map[string]string{"src/a.ts": "const k = \"" + stripeKey() + "\"\n"}, []string{"failed src/a.ts"}},
		{"one key in two files is one finding", map[string]string{"a.ts": stripeKey(), "b.ts": stripeKey()}, []string{"failed a.ts"}},
		{"public by design", map[string]string{"a.ts": "const k = \"" + publicKey() + "\"\n"}, []string{"passed repository"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			put(t, repository, nil, lr.Target{Material: lr.Material{Repository: tree(t, tc.files)}}).holds(t, tc.want)
		})
	}
}

func TestHistory(t *testing.T) {
	dir := tree(t, map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n"})
	git(t, dir, "init -q", "add -A", "commit -qm one", "rm -q a.ts", "commit -qm two")
	put(t, history, nil, lr.Target{Material: lr.Material{Repository: dir}}).holds(t, []string{"failed a.ts (k)"})
	put(t, repository, nil, lr.Target{Material: lr.Material{Repository: dir}}).holds(t, []string{"passed repository"})

	now := tree(t, map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n"})
	git(t, now, "init -q", "add -A", "commit -qm one")
	put(t, history, nil, lr.Target{Material: lr.Material{Repository: now}}).holds(t, []string{"passed history"}) // the work tree's check tells it

	none := tree(t, map[string]string{"a.ts": "x"})
	put(t, history, nil, lr.Target{Material: lr.Material{Repository: none}}).holds(t, []string{"unknown history: not all of it was read: no git"})
}

func TestTrackedFile(t *testing.T) {
	dir := tree(t, map[string]string{".env": "A=1\n", ".env.example": "A=\n", "test/fixtures/server.key": "x", "certs/site.key": "x", "web/.env.local": "B=1\n", ".gitignore": "web/.env.local\n"})
	git(t, dir, "init -q", "add -A", "commit -qm one")
	put(t, trackedFile, nil, lr.Target{Material: lr.Material{Repository: dir}}).holds(t, []string{"failed .env: .env is under version control", "failed certs/site.key"})

	clean := tree(t, map[string]string{".env": "A=1\n", ".gitignore": ".env\n"})
	git(t, clean, "init -q", "add -A", "commit -qm one")
	put(t, trackedFile, nil, lr.Target{Material: lr.Material{Repository: clean}}).holds(t, []string{"passed application: 1 files are tracked"})
	put(t, trackedFile, nil, lr.Target{Material: lr.Material{Repository: t.TempDir()}}).holds(t, []string{"unknown application: the repository is not under git"})
}

func TestShipped(t *testing.T) {
	dir := tree(t, map[string]string{"dist/app.js": `const k="` + stripeKey() + `"`, "clean/app.js": `const k="` + publicKey() + `"`, "ci.log": "docker login\n+ curl -u " + stripeKey() + ": https://api.stripe.com\n"})
	at := func(name string) []string { return []string{filepath.Join(dir, name)} }
	put(t, bundle, nil, lr.Target{Material: lr.Material{Bundles: at("dist")}}).holds(t, []string{"failed app.js"})
	put(t, bundle, nil, lr.Target{Material: lr.Material{Bundles: at("clean")}}).holds(t, []string{"passed clean"})
	put(t, bundle, nil, lr.Target{Material: lr.Material{Bundles: at("none")}}).holds(t, []string{"unknown none: none does not exist"})
	put(t, bundle, nil, lr.Target{}).holds(t, []string{"skipped"})
	put(t, image, nil, lr.Target{}).holds(t, []string{"skipped"})
	put(t, log, nil, lr.Target{Material: lr.Material{Logs: at("ci.log")}}).holds(t, []string{"failed ci.log"})
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, log, nil, lr.Target{Material: lr.Material{Logs: at("logs")}}).holds(t, []string{"passed logs"})
}

// TestHistoryAgain asks a second time: what was found stays found, whatever was read.
func TestHistoryAgain(t *testing.T) {
	dir := tree(t, map[string]string{"a.ts": "const k = \"" + stripeKey() + "\"\n"})
	git(t, dir, "init -q", "add -A", "commit -qm one", "rm -q a.ts", "commit -qm two")
	target := lr.Target{Material: lr.Material{Repository: dir, Cache: t.TempDir()}}
	for range 3 {
		put(t, history, nil, target).holds(t, []string{"failed a.ts (k)"})
	}
	files, err := os.ReadDir(target.Material.Cache)
	if err != nil || len(files) != 2 {
		t.Fatalf("the cache holds %v: %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(target.Material.Cache, f.Name()))
		if err != nil || strings.Contains(string(b), stripeKey()[8:]) {
			t.Errorf("%s holds the key, or cannot be read: %v", f.Name(), err)
		}
	}
	// What is not there any more is found no more.
	git(t, dir, "checkout -q --orphan clean", "commit -q --allow-empty -m clean", "branch -qD "+branch(t, dir), "reflog expire --expire=now --all", "gc -q --prune=now")
	put(t, history, nil, target).holds(t, []string{"passed history"})
	// A cache that cannot be written costs no verdict.
	target.Material.Cache = filepath.Join(t.TempDir(), "no", "folder")
	put(t, history, nil, target).holds(t, []string{"passed history"})
}

// branch is the name of the first branch.
func branch(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("git", "-C", dir, "branch", "--format=%(refname:short)").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))[0]
}
