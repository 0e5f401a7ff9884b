package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/config"
)

// TestGitLabTemplate: it writes what it says are its reports.
func TestGitLabTemplate(t *testing.T) {
	job := gitlab(t)
	if job.Artifacts.When != "always" || job.Artifacts.Reports.JUnit != "launchready/report.xml" || !slices.Equal(job.Artifacts.Paths, []string{"launchready/"}) {
		t.Errorf("artifacts: %+v", job.Artifacts)
	}
	if len(job.Before) != 1 || !strings.HasPrefix(job.Before[0], `go install "github.com/launchready/launchready/cmd/launchready@$LR_VERSION"`) {
		t.Errorf("it installs by %q", job.Before)
	}
	for name := range job.Variables {
		if strings.HasPrefix(name, config.EnvPrefix) {
			t.Errorf("variable %s would override a key of the configuration", name)
		}
	}
	knownFlags(t, job.Script[0])
}

type gitlabJob struct {
	Image, Stage string
	Variables    map[string]string
	Before       []string `yaml:"before_script"`
	Script       []string
	Artifacts    struct {
		When    string
		Paths   []string
		Reports struct {
			JUnit string `yaml:"junit"`
		}
	}
}

func gitlab(t *testing.T) gitlabJob {
	t.Helper()
	var jobs map[string]gitlabJob
	readYAML(t, "ci/gitlab/launchready.gitlab-ci.yml", &jobs)
	job, ok := jobs["launchready"]
	if !ok || len(jobs) != 1 || len(job.Script) != 1 {
		t.Fatalf("got %v", jobs)
	}
	return job
}

// TestGitLabJob runs the script of the template on the chatbot: its exit code is
// the audit's, and every report is where the template says, whatever it is.
func TestGitLabJob(t *testing.T) {
	tools(t, "bash")
	job := gitlab(t)
	flawed := harbor(t, "isolation/foreign-read")
	for name, c := range map[string]struct {
		dir  string
		env  []string
		code int
		says string
	}{
		"flawed":            {flawed, []string{"LR_MUTATE=true"}, exitNotReady, "NOT READY"},
		"one tenant alone":  {flawed, []string{"LR_ONLY=isolation/foreign-read", "LR_CONFIG=" + alone(t, flawed)}, exitNotEnough, "NOT ENOUGH TESTED"},
		"clean":             {harbor(t), nil, exitReady, "1 OF 13 ROWS PASSED"},
		"nothing to ask":    {flawed, []string{"LR_ONLY=isolation/nope"}, exitSetup, "no such row or check"},
		"what is no target": {flawed, []string{"LR_TARGET=$(touch pwned)"}, exitSetup, "not a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			run := command(t, c.dir)
			run.Path, run.Args = "/bin/sh", []string{"sh", "-e", "-c", job.Script[0]}
			for k, v := range job.Variables {
				run.Env = append(run.Env, k+"="+v)
			}
			run.Env = append(append(run.Env, "LR_ONLY=isolation/foreign-read"), c.env...)
			out, err := run.CombinedOutput()
			if run.ProcessState == nil || run.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.says) {
				t.Fatalf("%v, want exit code %d and %q\n%s", err, c.code, c.says, out)
			}
			if _, err := os.Stat(filepath.Join(c.dir, "pwned")); err == nil {
				t.Error("a variable became a command")
			}
			if c.code == exitSetup {
				return
			}
			for _, name := range []string{"report.json", "report.html", "report.md", "report.sarif", filepath.Base(job.Artifacts.Reports.JUnit)} {
				if fi, err := os.Stat(filepath.Join(c.dir, "launchready", name)); err != nil || fi.Size() == 0 {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// TestForgeSchemas holds what the forges read to the schemas that they publish.
func TestForgeSchemas(t *testing.T) {
	validator := os.Getenv("LAUNCHREADY_FORGE")
	if validator == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("LAUNCHREADY_FORGE is missing: see testdata/forge.sh")
		}
		t.Skip("LAUNCHREADY_FORGE is missing: see testdata/forge.sh")
	}
	for schema, c := range map[string]struct{ file, right, wrong string }{
		"vendor.github-actions": {"action.yml", "using: composite", "using: everything"},
		"vendor.gitlab-ci":      {"ci/gitlab/launchready.gitlab-ci.yml", "when: always", "when: now"},
	} {
		t.Run(c.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(c.file)))
			if err != nil {
				t.Fatal(err)
			}
			valid := func(text string) (bool, string) {
				file := filepath.Join(t.TempDir(), "file.yml")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.CommandContext(t.Context(), validator, "--builtin-schema", schema, file).CombinedOutput()
				return err == nil, string(out)
			}
			if ok, out := valid(string(text)); !ok {
				t.Error(out)
			}
			if ok, out := valid(strings.ReplaceAll(string(text), c.right, c.wrong)); ok || !strings.Contains(out, "Schema validation errors") {
				t.Errorf("%q is taken as well: %s", c.wrong, out)
			}
		})
	}
}
