package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/report/markdown"
)

// action is action.yml in the parts that the test runs.
type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

type step struct {
	ID, Name, If, Shell, Uses, Run string
	Dir                            string `yaml:"working-directory"`
	Env, With                      map[string]string
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := yaml.NewDecoder(f).Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// TestActionIsSafe: no value of a workflow is written into a script, whatever is
// used is pinned by its commit, and every flag is one that there is.
func TestActionIsSafe(t *testing.T) {
	var a action
	readYAML(t, "action.yml", &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) < 5 {
		t.Fatalf("got %+v", a.Runs)
	}
	for name, in := range a.Inputs {
		if in.Description == "" {
			t.Errorf("input %s is not described", name)
		}
	}
	for _, s := range a.Runs.Steps {
		if m := expression.FindString(s.Run); m != "" {
			t.Errorf("step %s has %s in its script, which could be a command", s.Name, m)
		}
		if s.Run != "" && s.Shell != "bash" {
			t.Errorf("step %s names no shell", s.Name)
		}
		if s.Uses != "" && !regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40}$`).MatchString(s.Uses) {
			t.Errorf("step %s uses %s, which is not pinned", s.Name, s.Uses)
		}
		if strings.Contains(s.Run, "set -x") {
			t.Errorf("step %s tells what it does, secrets too", s.Name)
		}
	}
	knownFlags(t, a.Runs.Steps[1].Run)
}

func knownFlags(t *testing.T, script string) {
	t.Helper()
	audit, _, err := (&program{now: nil}).root().Find([]string{"audit"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:"|\+=\(|-- "\$@" |"\$@" )--([a-z-]+)`).FindAllStringSubmatch(script, -1) {
		if audit.Flags().Lookup(m[1]) == nil {
			t.Errorf("audit has no flag --%s", m[1])
		}
	}
}

// harbor serves the chatbot on loopback and writes what auditing it takes.
func harbor(t *testing.T, flaws ...string) (dir string) {
	t.Helper()
	s, err := demo.New(demo.Options{Seed: 1, Flaws: flaws})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	dir = t.TempDir()
	for name, b := range map[string][]byte{config.FileName: s.Config(), demo.SecretsFile: s.Secrets()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runner does what a runner of GitHub does with a composite action: it fills in
// expressions, judges conditions, and runs the scripts in bash.
type runner struct {
	t       *testing.T
	temp    string
	dir     string
	inputs  map[string]string
	github  map[string]string
	outputs map[string]string
	log     strings.Builder
	used    []string
}

func (r *runner) fill(s string) string {
	return expression.ReplaceAllStringFunc(s, func(m string) string {
		name := expression.FindStringSubmatch(m)[1]
		for prefix, values := range map[string]map[string]string{"inputs.": r.inputs, "github.": r.github, "steps.audit.outputs.": r.outputs} {
			if key, ok := strings.CutPrefix(name, prefix); ok {
				return values[key]
			}
		}
		r.t.Errorf("the action has the expression %s, which the test does not know", m)
		return ""
	})
}

// holds judges a condition: comparisons of names with texts, joined by &&.
func (r *runner) holds(condition string) bool {
	for _, part := range strings.Split(condition, "&&") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		m := regexp.MustCompile(`^(\S+) (==|!=) '([^']*)'$`).FindStringSubmatch(part)
		if m == nil {
			r.t.Fatalf("the condition %q is not one that the test knows", part)
		}
		if (r.fill("${{ "+m[1]+" }}") == m[3]) != (m[2] == "==") {
			return false
		}
	}
	return true
}

func (r *runner) run(a *action) (code int) {
	r.t.Helper()
	for name, in := range a.Inputs {
		if _, given := r.inputs[name]; !given {
			r.inputs[name] = r.fill(in.Default)
		}
	}
	r.outputs = map[string]string{}
	for _, s := range a.Runs.Steps {
		if !r.holds(s.If) {
			continue
		}
		if s.Uses != "" {
			r.used = append(r.used, s.Uses)
			for _, v := range s.With {
				r.log.WriteString("with " + r.fill(v) + "\n")
			}
			continue
		}
		if code := r.bash(s); code != 0 {
			return code
		}
	}
	return 0
}

func (r *runner) bash(s step) int {
	r.t.Helper()
	output := filepath.Join(r.temp, "output")
	script := filepath.Join(r.temp, "script.sh")
	for file, text := range map[string]string{output: "", script: s.Run} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	c := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	c.Dir = filepath.Join(r.dir, r.fill(s.Dir))
	c.Env = append(os.Environ(), "HOME="+r.temp, "GOPATH="+goEnv(r.t, "GOPATH"), "GOCACHE="+goEnv(r.t, "GOCACHE"), "GOMODCACHE="+goEnv(r.t, "GOMODCACHE"),
		"RUNNER_TEMP="+r.temp, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+filepath.Join(r.temp, "summary.md"))
	for k, v := range s.Env {
		c.Env = append(c.Env, k+"="+r.fill(v))
	}
	out, err := c.CombinedOutput()
	r.log.Write(out)
	code := 0
	if err != nil {
		if c.ProcessState == nil {
			r.t.Fatalf("%s: %v", s.Name, err)
		}
		code = c.ProcessState.ExitCode()
	}
	told, err := os.ReadFile(output)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, l := range strings.Split(string(told), "\n") {
		if k, v, ok := strings.Cut(l, "="); ok {
			r.outputs[k] = v
		}
	}
	return code
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// comments is the part of GitHub's API that the action asks.
type comments struct {
	list  []map[string]any
	asked []string
	auth  []string
}

func (c *comments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked = append(c.asked, r.Method+" "+r.URL.RequestURI())
	c.auth = append(c.auth, r.Header.Get("Authorization"))
	var in struct{ Body string }
	if raw, err := io.ReadAll(r.Body); err != nil || len(raw) > 0 && json.Unmarshal(raw, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/repos/acme/chat/issues/7/comments":
		page, from := r.URL.Query().Get("page"), 0
		if page != "1" {
			from = 100
		}
		_ = json.NewEncoder(w).Encode(c.list[min(from, len(c.list)):min(from+100, len(c.list))])
	case r.Method == http.MethodPost && r.URL.Path == "/repos/acme/chat/issues/7/comments":
		c.list = append(c.list, comment(len(c.list)+1, "Bot", in.Body))
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPatch && strings.HasPrefix(r.URL.Path, "/repos/acme/chat/issues/comments/"):
		for _, there := range c.list {
			if fmt.Sprint(there["id"]) == filepath.Base(r.URL.Path) {
				there["body"] = in.Body
			}
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func comment(id int, kind, body string) map[string]any {
	return map[string]any{"id": id, "body": body, "user": map[string]any{"type": kind}}
}

func tools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// TestAction runs the action on the chatbot: flawed in a pull request, twice, and
// clean on a branch.
func TestAction(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	tools(t, "bash", "curl", "jq", "go")
	var a action
	readYAML(t, "action.yml", &a)
	source, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	const token = "ghs_0123456789abcdef0123456789abcdef0123"
	api := &comments{}
	for i := range 100 { // somebody wrote the mark, and there is a second page
		api.list = append(api.list, comment(i+1, "User", markdown.Mark+" I am launchready: all is well"))
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	fresh := func(dir string, inputs map[string]string) *runner {
		return &runner{t: t, temp: t.TempDir(), dir: dir, inputs: inputs, github: map[string]string{
			"token": token, "action_path": source, "action_ref": `v1'; touch "$HOME/pwned"; '`, "api_url": server.URL, "repository": "acme/chat", "event.pull_request.number": "7", "event_name": "pull_request",
		}}
	}
	flawed := harbor(t, "isolation/foreign-read")
	r := fresh(flawed, map[string]string{"only": "isolation/foreign-read", "comment": "true", "fail-on": "high"})
	if code := r.run(&a); code != exitNotReady {
		t.Fatalf("exit code %d, want %d\n%s", code, exitNotReady, r.log.String())
	}
	log := r.log.String()
	for _, want := range []string{"\n::error file=launchready.yaml,line=1,title=isolation/foreign-read", "NOT READY", "with " + r.temp + "/launchready/report.sarif\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, token) || strings.Contains(log, "eyJ") {
		t.Error("a secret is in the log")
	}
	if r.outputs["exit-code"] != "1" || len(r.used) != 1 {
		t.Errorf("outputs %v, used %v", r.outputs, r.used)
	}
	for _, name := range []string{"report.json", "report.html", "report.md", "report.sarif", "report.xml"} {
		if fi, err := os.Stat(filepath.Join(r.outputs["folder"], name)); err != nil || fi.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(r.temp, "summary.md")); err != nil || !strings.Contains(string(text), "## ❌ Not ready") {
		t.Errorf("the summary of the step: %.80s, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(r.temp, "pwned")); err == nil {
		t.Error("a name of a branch became a command")
	}
	if len(api.list) != 101 || !strings.HasPrefix(api.list[100]["body"].(string), markdown.Mark+"\n## ❌ Not ready") {
		t.Fatalf("%d comments, asked %v", len(api.list), api.asked)
	}
	for _, got := range api.auth {
		if got != "Bearer "+token {
			t.Errorf("asked with %q", got)
		}
	}
	binary := filepath.Join(r.temp, "launchready", "launchready")

	// Again, with values that would be commands if they were written into a script.
	const nasty = `isolation/foreign-read,$(touch pwned),";touch pwned;"`
	r = fresh(flawed, map[string]string{"only": nasty, "comment": "true", "binary": binary})
	if code := r.run(&a); code != exitSetup || !strings.Contains(r.log.String(), "no such row or check") {
		t.Errorf("exit code %d\n%s", code, r.log.String())
	}
	if _, err := os.Stat(filepath.Join(flawed, "pwned")); err == nil {
		t.Error("an input became a command")
	}
	if len(r.used) != 0 || r.outputs["folder"] != "" {
		t.Errorf("without a report: used %v, outputs %v", r.used, r.outputs)
	}

	// With identities of one tenant alone, nothing of the kind can be asked.
	r = fresh(flawed, map[string]string{"only": "isolation/foreign-read", "config": alone(t, flawed), "binary": binary})
	if code := r.run(&a); code != exitNotEnough || r.outputs["exit-code"] != "3" || !strings.Contains(r.log.String(), "NOT ENOUGH TESTED") {
		t.Errorf("exit code %d, outputs %v\n%s", code, r.outputs, r.log.String())
	}
	if text, err := os.ReadFile(filepath.Join(r.temp, "summary.md")); err != nil || !strings.Contains(string(text), "Not enough tested") || strings.Contains(string(text), "Not ready") {
		t.Errorf("the summary of the step: %.80s, %v", text, err)
	}

	// The next run replaces the comment, its own and nobody else's.
	r = fresh(harbor(t), map[string]string{"only": "isolation/foreign-read", "comment": "true", "binary": binary, "upload-sarif": "false"})
	if code := r.run(&a); code != exitReady {
		t.Errorf("exit code %d\n%s", code, r.log.String())
	}
	if len(api.list) != 101 || !strings.Contains(api.list[100]["body"].(string), "## ✅ 1 of 13 rows passed") || !strings.Contains(api.list[0]["body"].(string), "all is well") {
		t.Errorf("%d comments, the last %.90s", len(api.list), api.list[len(api.list)-1]["body"])
	}
	if len(r.used) != 0 {
		t.Errorf("it uploads though it was told not to: %v", r.used)
	}
}

// alone writes the configuration again, without the identities of one tenant.
func alone(t *testing.T, dir string) (file string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, config.FileName))
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	for l := range strings.Lines(string(b)) {
		if !strings.HasPrefix(l, "  globex_") {
			kept.WriteString(l)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "alone.yaml"), []byte(kept.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return "alone.yaml"
}
