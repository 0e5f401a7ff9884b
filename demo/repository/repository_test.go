package repository_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/repository"
)

func written(t *testing.T, seed int64, flaws ...string) string {
	t.Helper()
	dir := t.TempDir()
	err := repository.Write(dir, repository.Options{
		Seed: seed, Flaws: func(id string) bool {
			for _, f := range flaws {
				if f == id {
					return true
				}
			}
			return false
		},
		Routes: []repository.Route{
			{Method: "GET", Path: "/v1/chats/{chat_id}", ID: "getChat", Group: "chats", Status: 200},
			{Method: "DELETE", Path: "/v1/users/{user_id}", ID: "removeUser", Group: "users", Status: 204, Access: repository.Admin},
			{Method: "GET", Path: "/{$}", ID: "home", Group: "pages", Status: 200, Access: repository.Anyone},
			{Method: "POST", Path: "/v1/webhooks/crm", ID: "crm", Group: "webhooks", Status: 202, Access: repository.Signed},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRoutesStandInTheSource(t *testing.T) {
	dir := written(t, 1)
	for file, want := range map[string]string{
		"chats":    `chats.get("/v1/chats/:chat_id", requireUser, handle.getChat);`,
		"users":    `users.delete("/v1/users/:user_id", requireUser, requireAdmin, handle.removeUser);`,
		"pages":    `pages.get("/", handle.home);`,
		"webhooks": `webhooks.post("/v1/webhooks/crm", signed, handle.crm);`,
	} {
		b, err := os.ReadFile(filepath.Join(dir, "harbor/server/src/routes", file+".ts"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), want) {
			t.Errorf("%s.ts lacks %q:\n%s", file, want, b)
		}
	}
}

func TestSameSeedSameFiles(t *testing.T) {
	a, b, other := tree(t, written(t, 1)), tree(t, written(t, 1)), tree(t, written(t, 2))
	if len(a) < 30 {
		t.Errorf("only %d files were written", len(a))
	}
	differ := false
	for name, text := range a {
		if b[name] != text {
			t.Errorf("%s differs between two runs of one seed", name)
		}
		differ = differ || other[name] != text
		if strings.Contains(text, "{{") && !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".tsx") {
			t.Errorf("%s holds a template's mark", name)
		}
	}
	if !differ {
		t.Error("the seed decides nothing")
	}
}

func TestHistoryIsCommitted(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	dir := filepath.Join(written(t, 1), "harbor")
	out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "status", "--porcelain").CombinedOutput()
	if err != nil || len(out) != 0 {
		t.Errorf("the work tree is not what was committed: %v\n%s", err, out)
	}
	out, err = exec.CommandContext(t.Context(), "git", "-C", dir, "log", "--format=%s").CombinedOutput()
	if want := "Release 1.4.0\nStart\n"; err != nil || string(out) != want {
		t.Errorf("log: got %q, %v, want %q", out, err, want)
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return fs.SkipDir
		}
		if !d.IsDir() {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			out[strings.TrimPrefix(file, dir)] = string(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
