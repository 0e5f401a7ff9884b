package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		{"none is the terminal", nil, []output{{"term", "-"}}, ""},
		{"a file keeps the terminal", []string{"json=r.json"}, []output{{"json", filepath.Join(dir, "r.json")}, {"term", "-"}}, ""},
		{"stdout replaces the terminal", []string{"json"}, []output{{"json", "-"}}, ""},
		{"stdout by a dash", []string{"html=-"}, []output{{"html", "-"}}, ""},
		{"several", []string{"html=a.html", "json=b.json"}, []output{{"html", filepath.Join(dir, "a.html")}, {"json", filepath.Join(dir, "b.json")}, {"term", "-"}}, ""},
		{"unknown format", []string{"jsno=x"}, nil, `there is no format "jsno": one of term, json, html, md, sarif, junit, did you mean "json"?`},
		{"no file", []string{"json="}, nil, "write FORMAT=FILE"},
		{"two on stdout", []string{"json", "term"}, nil, "only one format can go to stdout"},
		{"no such folder", []string{"json=no/x.json"}, nil, "does not exist"},
		{"a folder", []string{"json=" + dir}, nil, "is a folder: name a file in it"},
		{"one file twice", []string{"json=a", "html=./a"}, nil, "-o json=a writes the same file"},
		{"one file by a link", []string{"json=a.txt", "html=link"}, nil, "-o json=a.txt writes the same file"},
		{"below a file", []string{"json=a.txt/b"}, nil, "look at"},
		{"a device", []string{"json=/dev/null"}, []output{{"json", "/dev/null"}, {"term", "-"}}, ""},
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
