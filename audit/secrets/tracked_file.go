package secrets

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

var trackedFile = &lr.Check{
	ID:    "secrets/tracked-file",
	Title: "Files that hold secrets are not under version control",
	Why: "A .env file that is tracked holds nothing secret today and the production key tomorrow: the next person who fills it in commits it. " +
		"Key stores and credentials of cloud tools are secrets by what they are.",
	Fix:      "Take the file out of version control (git rm --cached), add it to .gitignore and .dockerignore, and keep a .env.example with names and no values.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "CWE", ID: "538"}, asvsVault},
	Needs:    lr.Repository,
	Run:      runTrackedFile,
}

// private are names of files that hold secrets by what they are.
var private = regexp.MustCompile(`(?i)^(\.env(\.(local|prod|production|staging|dev|development))?|\.npmrc|\.pypirc|\.netrc|\.pgpass|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|jks|keystore|kdbx)|credentials\.json|service-account.*\.json|terraform\.tfstate)$`)

// harmless are such names that hold none as a rule.
var harmless = regexp.MustCompile(`(?i)(^|[._/-])(example|sample|template|dist|test|tests|testdata|fixtures?|public|pub)([._/-]|$)`)

func runTrackedFile(ctx context.Context, t *lr.Trial) error {
	tracked, why, err := trackedFiles(ctx, t.Target.Material.Repository)
	if err != nil {
		return err
	}
	if why != "" {
		t.Unknown(application, "%s", why)
		return nil
	}
	found := false
	for _, name := range tracked {
		if base := path.Base(name); private.MatchString(base) && !harmless.MatchString(name) {
			found = true
			t.Fail(lr.Evidence{Records: []string{name + " is tracked by git"}}, name, "%s is under version control", base)
		}
	}
	if !found {
		t.Pass(lr.Evidence{}, application, "%d files are tracked, and none is one that holds secrets", len(tracked))
	}
	return nil
}

// trackedFiles lists what git has under control; why says why that is not known.
func trackedFiles(ctx context.Context, dir string) (names []string, why string, err error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, "git is not installed, so that what is tracked is not known", nil
	}
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c := exec.CommandContext(bounded, "git", "-C", dir, "ls-files", "-z") //nolint:gosec // the owner names the folder
	c.Env = append(c.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	out, err := c.Output()
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		var ee *exec.ExitError
		if errors.As(err, &ee) && bytes.Contains(ee.Stderr, []byte("not a git repository")) {
			return nil, "the repository is not under git, so that what is tracked is not known", nil
		}
		return nil, "git could not list what is tracked", nil
	}
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" {
			names = append(names, name)
		}
	}
	return names, "", nil
}
