package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/report/sample"
)

// TestWritable: what cannot be written is known before the run, and the trial
// leaves nothing.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := writable(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writable(file); err == nil || !strings.Contains(err.Error(), "write into "+file) {
		t.Errorf("got %v, want the folder named", err)
	}
}

func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	p := &program{dir: dir}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.txt"), nil, 0o600), os.Symlink("a.txt", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		flags []string
		want  []output
		err   string
	}{
		{"none", nil, nil, ""},
		{"a file", []string{"json=r.json"}, []output{{"json", filepath.Join(dir, "r.json")}}, ""},
		{"stdout", []string{"json"}, []output{{"json", "-"}}, ""},
		{"stdout by a dash", []string{"html=-"}, []output{{"html", "-"}}, ""},
		{"several", []string{"html=a.html", "json=b.json"}, []output{{"html", filepath.Join(dir, "a.html")}, {"json", filepath.Join(dir, "b.json")}}, ""},
		{"unknown format", []string{"jsno=x"}, nil, `there is no format "jsno": one of term, json, html, md, sarif, junit, did you mean "json"?`},
		{"no file", []string{"json="}, nil, "write FORMAT=FILE"},
		{"two on stdout", []string{"json", "term"}, nil, "only one format can go to stdout"},
		{"no such folder", []string{"json=no/x.json"}, nil, "does not exist"},
		{"a folder", []string{"json=" + dir}, nil, "is a folder: name a file in it"},
		{"one file twice", []string{"json=a", "html=./a"}, nil, "-o json=a writes the same file"},
		{"one file by a link", []string{"json=a.txt", "html=link"}, nil, "-o json=a.txt writes the same file"},
		{"below a file", []string{"json=a.txt/b"}, nil, "look at"},
		{"a device", []string{"json=/dev/null"}, []output{{"json", "/dev/null"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := p.outputs(tc.flags)
			if tc.err != "" {
				var f *failure
				if !errors.As(err, &f) || f.code != exitSetup || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, want %q with exit code 2", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("got %v, want %v", got[i], tc.want[i])
				}
			}
		})
	}
}

// TestTable: the table is on stderr below the progress, once where both streams
// are one place, and on stdout where it is the result.
func TestTable(t *testing.T) {
	var one bytes.Buffer
	tool := output{"json", "-"}
	file := output{"json", filepath.Join(t.TempDir(), "r.json")}
	for _, tc := range []struct {
		name        string
		quiet, json bool
		outs        []output
		stdout      string // what it begins with
		stderr      string // what it holds; "" is nothing at all
	}{
		{"no output", false, false, nil, "Launch Ready", "SCORECARD"},
		{"a format on stdout", false, false, []output{tool}, "{", "SCORECARD"},
		{"a format in a file", false, false, []output{file}, "", "SCORECARD"},
		{"quiet", true, false, nil, "Launch Ready", ""},
		{"quiet, a format on stdout", true, false, []output{tool}, "{", ""},
		{"quiet, a format in a file", true, false, []output{file}, "Launch Ready", ""},
		{"logs for machines", false, true, []output{file}, "", `"msg":"result","readiness":"not-ready","exit_code":1`},
		{"logs for machines, no output", false, true, nil, "Launch Ready", `"msg":"result"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			p := &program{out: &stdout, err: &stderr, color: "never", quiet: tc.quiet, code: 1, now: time.Now}
			if tc.json {
				p.logFormat = "json"
			}
			outs := p.results(tc.outs)
			if err := errors.Join(p.write(sample.Flawed(), outs), p.conclude(sample.Flawed(), outs)); err != nil {
				t.Fatal(err)
			}
			if got := stdout.String(); !strings.HasPrefix(got, tc.stdout) || tc.stdout == "" && got != "" {
				t.Errorf("stdout begins with %.40q, want %q", got, tc.stdout)
			}
			if got := stderr.String(); !strings.Contains(got, tc.stderr) || tc.stderr == "" && got != "" {
				t.Errorf("stderr: got %.200q, want %q", got, tc.stderr)
			}
			if tc.json && strings.Contains(stderr.String(), "SCORECARD") {
				t.Error("the table is among the objects of a log")
			}
		})
	}
	log, again := opened(t, file.file), opened(t, file.file)
	for name, tc := range map[string]struct {
		a, b io.Writer
		want bool
	}{
		"one buffer":       {&one, &one, true},
		"two buffers":      {&one, new(bytes.Buffer), false},
		"a file twice":     {log, again, true},
		"a file and a log": {log, opened(t, filepath.Join(t.TempDir(), "other")), false},
		"on GitHub":        {&guarded{to: log}, &guarded{to: again}, true},
		"a file and none":  {log, &one, false},
	} {
		if got := samePlace(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}

func opened(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestWriteGoesOn: a place that cannot be written does not cost the others.
func TestWriteGoesOn(t *testing.T) {
	dir := t.TempDir()
	var screen bytes.Buffer
	p := &program{dir: dir, out: &screen, err: &bytes.Buffer{}, color: "never"}
	gone := filepath.Join(dir, "gone", "r.json")
	good := filepath.Join(dir, "r.html")
	err := p.write(sample.Flawed(), []output{{"json", gone}, {"html", good}, {"term", "-"}})
	var f *failure
	if !errors.As(err, &f) || f.code != exitSetup || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if b, err := os.ReadFile(good); err != nil || !bytes.Contains(b, []byte("<html")) {
		t.Errorf("the HTML report was not written: %v", err)
	}
	if !strings.Contains(screen.String(), "NOT READY") {
		t.Error("the report is not on the screen")
	}
	if strings.Contains(screen.String(), "\x1b") {
		t.Error("colour without being asked for")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".launchready-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
