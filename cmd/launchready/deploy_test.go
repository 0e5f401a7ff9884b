package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/launchready/launchready/guard/policy"
)

// TestDeploy holds the files of deploy/guard to the program: they can be read, say
// the policy's ports, ask what the admin listener answers, and start the program
// by flags that it has.
func TestDeploy(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join("..", "..", "deploy", "guard", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	pol, err := policy.Parse("guard.yaml", []byte(read("guard.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	port := func(at string) string {
		_, p, err := net.SplitHostPort(at)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	http, admin := port(pol.Listen), port(pol.Admin)
	const at = "/etc/launchready/guard.yaml"
	for name, want := range map[string][]string{
		"Dockerfile":                {"EXPOSE " + http + " " + admin, `"-c", "` + at + `"`, `"guard"]`, "golang:" + goVersion(t)},
		"compose.yaml":              {`"` + http + ":" + http + `"`, at + ":ro", `"-c", "` + at + `"`},
		"kubernetes.yaml":           {"containerPort: " + http, "containerPort: " + admin, `prometheus.io/port: "` + admin + `"`, "mountPath: " + filepath.Dir(at)},
		"launchready-guard.service": {"launchready guard -c " + at, "launchready guard check -c " + at, "kill -HUP"},
	} {
		text := read(name)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %s", name, w)
			}
		}
		if strings.HasSuffix(name, ".yaml") {
			documents(t, name, text)
		}
	}
	for name, pattern := range map[string]string{"kubernetes.yaml": `terminationGracePeriodSeconds: (\d+)`, "compose.yaml": `stop_grace_period: (\d+)s`, "launchready-guard.service": `TimeoutStopSec=(\d+)s`} {
		m := regexp.MustCompile(pattern).FindStringSubmatch(read(name))
		if m == nil {
			t.Errorf("%s says no time to end in", name)
			continue
		}
		if d, err := time.ParseDuration(m[1] + "s"); err != nil || d <= pol.Bounds().Linger+pol.Bounds().Drain {
			t.Errorf("%s gives %s s to end in, and guard lingers for %s and drains for %s", name, m[1], pol.Bounds().Linger, pol.Bounds().Drain)
		}
	}
	for _, path := range regexp.MustCompile(`path: (/\w+)[,}]`).FindAllStringSubmatch(read("kubernetes.yaml"), -1) {
		if !slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, path[1]) {
			t.Errorf("the admin listener has no %s", path[1])
		}
	}
	for _, args := range regexp.MustCompile(`/launchready (guard[^\n]*)`).FindAllStringSubmatch(read("launchready-guard.service"), -1) {
		p := &program{dir: t.TempDir(), out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: time.Now}
		c, rest, err := p.root().Find(strings.Fields(args[1]))
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("launchready %s: %v", args[1], err)
		}
	}
}

// TestDeployHardened holds the files to what a cluster and a host would find out later:
// a user that can be told from root by its number, one folder to write to and no other,
// room to end in, and replicas that may be taken one at a time.
func TestDeployHardened(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join("..", "..", "deploy", "guard", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if p, err := policy.Parse("guard.yaml", []byte(read("guard.yaml"))); err != nil || p.Bounds().Linger < 2*time.Second {
		t.Errorf("guard ends before its balancer has asked it: %v", err)
	}
	const state = "/var/lib/launchready"
	user := regexp.MustCompile(`(?m)^USER (\d+):(\d+)$`).FindStringSubmatch(read("Dockerfile"))
	if user == nil || user[1] == "0" || !strings.Contains(read("Dockerfile"), "--chown="+user[1]+":"+user[2]+" /state "+state+"\n") {
		t.Errorf("the image has no user by number that owns %s: %v", state, user)
	}
	var kube struct {
		Kind string
		Spec struct {
			Replicas int
			Template struct {
				Spec struct {
					Token    *bool `yaml:"automountServiceAccountToken"`
					Security struct {
						NonRoot bool                  `yaml:"runAsNonRoot"`
						User    int                   `yaml:"runAsUser"`
						Seccomp struct{ Type string } `yaml:"seccompProfile"`
					} `yaml:"securityContext"`
					Containers []struct {
						Env       []struct{ Name, Value string }
						Ports     []struct{ Name string }
						Startup   asks `yaml:"startupProbe"`
						Liveness  asks `yaml:"livenessProbe"`
						Readiness asks `yaml:"readinessProbe"`
						Resources struct{ Limits struct{ Memory string } }
						Security  struct {
							Escalation   *bool `yaml:"allowPrivilegeEscalation"`
							ReadOnly     bool  `yaml:"readOnlyRootFilesystem"`
							Capabilities struct{ Drop []string }
						} `yaml:"securityContext"`
						Mounts []struct {
							Name     string
							Path     string `yaml:"mountPath"`
							ReadOnly bool   `yaml:"readOnly"`
						} `yaml:"volumeMounts"`
					}
					Volumes []struct{ Name string }
				}
			}
		}
	}
	first, rest, _ := strings.Cut(read("kubernetes.yaml"), "\n---\n")
	if err := yaml.Unmarshal([]byte(first), &kube); err != nil || kube.Kind != "Deployment" {
		t.Fatalf("the first manifest is no deployment: %v", err)
	}
	pod := kube.Spec.Template.Spec
	if c := pod.Security; user != nil && (!c.NonRoot || strconv.Itoa(c.User) != user[1] || c.Seccomp.Type != "RuntimeDefault") || pod.Token == nil || *pod.Token {
		t.Errorf("the pod's user is not the image's, or it has more than it needs: %+v", pod)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("%d containers", len(pod.Containers))
	}
	c := pod.Containers[0]
	if s := c.Security; s.Escalation == nil || *s.Escalation || !s.ReadOnly || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("the container may do more than it needs: %+v", s)
	}
	for name, p := range map[string]asks{"startup": c.Startup, "liveness": c.Liveness, "readiness": c.Readiness} {
		if want := map[bool]string{true: "/readyz", false: "/healthz"}[name == "readiness"]; p.Get.Path != want || p.Get.Port != "admin" {
			t.Errorf("the %s probe asks %s of %s", name, p.Get.Path, p.Get.Port)
		}
	}
	writable := 0
	for _, m := range c.Mounts {
		if !slices.ContainsFunc(pod.Volumes, func(v struct{ Name string }) bool { return v.Name == m.Name }) {
			t.Errorf("there is no volume %s", m.Name)
		}
		if !m.ReadOnly {
			writable++
			if m.Path != state {
				t.Errorf("%s may be written to", m.Path)
			}
		}
	}
	var limit, soft int
	if _, err := fmt.Sscanf(c.Resources.Limits.Memory, "%dMi", &limit); err != nil {
		t.Error(err)
	}
	for _, e := range c.Env {
		if e.Name == "GOMEMLIMIT" {
			_, _ = fmt.Sscanf(e.Value, "%dMiB", &soft)
		}
	}
	if writable != 1 || soft == 0 || soft >= limit || kube.Spec.Replicas < 2 {
		t.Errorf("%d folders to write to, %d of %d MiB, %d replicas", writable, soft, limit, kube.Spec.Replicas)
	}
	for _, want := range []string{"kind: PodDisruptionBudget\nmetadata: {name: guard}\nspec: {minAvailable: 1,", "kind: NetworkPolicy\nmetadata: {name: guard}", "targetPort: http}"} {
		if !strings.Contains(rest, want) {
			t.Errorf("kubernetes.yaml lacks %s", want)
		}
	}
	for name, want := range map[string][]string{
		"compose.yaml": {"read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "state:" + state, "internal: true"},
		"launchready-guard.service": {"DynamicUser=yes", "StateDirectory=" + filepath.Base(state), "ProtectSystem=strict", "NoNewPrivileges=yes", "UMask=0077", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n",
			"EnvironmentFile=-/etc/launchready/guard.env", "StartLimitIntervalSec=0", "LimitNOFILE="},
	} {
		for _, w := range want {
			if !strings.Contains(read(name), w) {
				t.Errorf("%s lacks %s", name, w)
			}
		}
	}
}

type asks struct {
	Get struct{ Path, Port string } `yaml:"httpGet"`
}

// documents reads every document of a file, none of which is empty.
func documents(t *testing.T, name, text string) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text), yaml.Strict())
	for i := 0; ; i++ {
		var m map[string]any
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			if i == 0 {
				t.Errorf("%s is empty", name)
			}
			return
		}
		if err != nil {
			t.Errorf("%s, document %d: %v", name, i+1, err)
			return
		}
		if name == "kubernetes.yaml" && (m["apiVersion"] == nil || m["kind"] == nil || m["metadata"] == nil || m["spec"] == nil) {
			t.Errorf("%s, document %d is no manifest: %v", name, i+1, fmt.Sprint(m["kind"]))
		}
	}
}

// goVersion is the Go that go.mod wants, to its minor number.
func goVersion(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(b))[1]
}
