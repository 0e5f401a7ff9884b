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
		if d, err := time.ParseDuration(m[1] + "s"); err != nil || d <= pol.Bounds().Drain {
			t.Errorf("%s gives %s s to end in, and guard drains for %s", name, m[1], pol.Bounds().Drain)
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
