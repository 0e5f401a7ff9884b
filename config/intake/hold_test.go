package intake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/config/draft"
	"github.com/launchready/launchready/config/intake"
)

// drafted writes what init would, and reads it as an audit would. A variable that
// the file names has a value of its own.
func drafted(t *testing.T, in *intake.Intake) (text, credentials string, c *config.Config, err error) {
	t.Helper()
	f := draft.Facts{Target: "http://127.0.0.1:8080"}
	in.Spec = "" // a file that is not here
	draft.FromIntake(in, &f)
	text, credentials = string(f.YAML()), string(f.Credentials())
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(draft.CredentialsFile)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, draft.CredentialsFile), []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, v := range f.Variables() {
		named[v] = true
	}
	env := func(n string) (string, bool) {
		if strings.HasPrefix(n, "LAUNCHREADY_") || !named[n] && !strings.HasSuffix(n, "_PASSWORD") {
			return "", false
		}
		return "sid=value-of-" + n, true
	}
	c, err = config.Parse("launchready.yaml", []byte(text), dir, config.Options{Env: env, Now: time.Unix(0, 0)})
	return text, credentials, c, err
}

// hold is what every text must keep: it is refused, or what is drafted from it is
// a configuration.
func hold(t *testing.T, file, text string) {
	t.Helper()
	in, err := intake.Read(file, []byte(text))
	if err != nil {
		return
	}
	all, _ := intake.Combine(in, in)
	yaml, _, _, err := drafted(t, all)
	if err != nil {
		t.Errorf("the draft is refused: %v\n%s", err, yaml)
	}
}

// TestDocumentedExamples reads the examples of docs/identities.md, and holds the
// page to what it says becomes of them.
func TestDocumentedExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/identities.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "\n```")
	formats := map[string]bool{}
	last := ""
	for i := 1; i < len(blocks); i += 2 {
		_, text, _ := strings.Cut(blocks[i], "\n")
		if strings.HasPrefix(text, "tenants:") { // what the one before becomes
			for _, line := range strings.Split(text, "\n") {
				if !strings.Contains(last, "\n"+line) {
					t.Errorf("the page says that this becomes of it: %s\n%s", line, last)
				}
			}
			continue
		}
		in := intakeOf(t, "example", text+"\n")
		formats[in.Format] = true
		var c *config.Config
		if last, _, c, err = drafted(t, in); err != nil || len(c.Identities) == 0 {
			t.Errorf("%s: %v\n%s", in.Format, err, last)
		}
	}
	for _, f := range []string{"WFC auth", "overstep matrix", "Hadrian auth", "curl commands"} {
		if !formats[f] {
			t.Errorf("the page has no example of %s", f)
		}
	}
}
