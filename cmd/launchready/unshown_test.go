package main

import (
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/redact"
	"github.com/launchready/launchready/secretscan/corpus"
)

// TestNothingShowsASecret plants what must not be shown: the demo's own secrets where
// its flaws put them, a corpus of every kind of secret in every carrier, in the
// repository and in the logs, one in the name of a file. Then every verb that reads
// them writes every format it has, and all of that is searched for every value in
// each form that it may travel in.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var flaws []string
	for _, f := range demo.Flaws() {
		switch row, _, _ := strings.Cut(f.ID, "/"); row {
		case "secrets", "operations", "hygiene":
			flaws = append(flaws, f.ID)
		}
	}
	s, err := demo.New(demo.Options{Flaws: flaws, Seed: 3, Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	put(t, dir, "launchready.yaml", string(s.Config()))
	put(t, dir, demo.SecretsFile, string(s.Secrets()))
	u := &unshown{t: t, dir: dir, forms: map[string]string{}}
	for l := range strings.Lines(string(s.Secrets())) {
		name, v, _ := strings.Cut(strings.TrimSpace(l), "=")
		u.plant("the demo's "+name, v)
	}
	log, err := os.OpenFile(filepath.Join(dir, "logs", "server.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, it := range corpus.Generate(corpus.Unseen) {
		if !it.Secret {
			continue
		}
		for _, v := range it.Values {
			u.plant(it.Kind+" in "+it.Carrier, v)
		}
		at := filepath.Join("harbor", "planted", filepath.FromSlash(it.Path))
		if i == 0 {
			at = filepath.Join("harbor", "planted", it.Values[0]+".txt")
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(at)), 0o750); err != nil {
			t.Fatal(err)
		}
		put(t, dir, at, string(it.Data))
		if _, err := log.Write(append(it.Data, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if len(u.forms) < 1000 {
		t.Fatalf("only %d forms were planted", len(u.forms))
	}

	const only = "secrets,operations,hygiene/echoed-secret,hygiene/provider-error,auth/source-guard"
	everywhere := []string{"-o", "term", "-o", "json=out/r.json", "-o", "html=out/r.html", "-o", "md=out/r.md", "-o", "sarif=out/r.sarif", "-o", "junit=out/r.xml"}
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o750); err != nil {
		t.Fatal(err)
	}
	out, _ := u.run(exitNotReady, "", append([]string{"audit", "--only", only, "-v"}, everywhere...)...)
	for _, want := range []string{"secrets/repository", "secrets/history", "secrets/log", "secrets/known-value", "planted/"} {
		if !strings.Contains(out, want) {
			t.Errorf("the audit says nothing of %s, so that nothing is tested", want)
		}
	}
	u.run(exitNotReady, "", "audit", "--only", "secrets/repository,secrets/log", "--log-format", "json", "-o", "json")
	u.run(exitNotReady, "", "audit", "replay", "-v", "secrets/repository", "deploy/production.yaml (CRM_WEBHOOK_SECRET)")
	u.run(0, "", "audit", "plan", "-v")
	u.run(0, "", "audit", "doctor", "-v")
	for _, format := range formats {
		u.run(0, "", "convert", "out/r.json", "-v", "-o", format)
	}
	u.run(0, "", "config", "print")
	u.run(0, "", "estimate", "out/r.json", "--rate", "100")
	u.run(0, "", "export", "--regression", "--report", "out/r.json", "-o", "out/regression")
	u.run(0, "", "export", "--abuse", "-o", "out/abuse.sh")
	u.run(0, "", "edge", "plan", "-v", "-o", "text", "-o", "json=out/edge.json", "-o", "zone=out/edge.zone", "-o", "terraform=out/edge.tf")
	u.run(exitSetup, "", "drill", "rollback", "-v", "--patience", "1ms")
	put(t, dir, "broken.yaml", strings.Replace(string(s.Config()), "version: 1", "version: 1\nsecret: "+u.one, 1))
	u.run(exitSetup, "", "audit", "-c", "broken.yaml")
	u.run(exitSetup, "", "audit", "--target", "http://x:"+u.one+"@127.0.0.1:1/")

	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, file)
		switch strings.Split(filepath.ToSlash(rel), "/")[0] {
		case "harbor", "logs", "images", "mail", "broken.yaml", demo.SecretsFile: // what was planted, and where
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(file)
		u.holdsNone(rel, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unshown runs the program and searches what it writes.
type unshown struct {
	t     *testing.T
	dir   string
	forms map[string]string // a form of a value to what it is of
	all   *strings.Replacer
	one   string // a value
}

// mark stands in no output.
const mark = "\x00\x01planted\x01\x00"

// plant is told a value that must not be shown. What is shorter than a password is a
// word that an output may hold for itself.
func (u *unshown) plant(what, value string) {
	if len(value) < 8 {
		return
	}
	for _, f := range redact.Forms(value) {
		u.forms[f.Text] = what + " as " + f.Name
	}
	u.forms[hex.EncodeToString([]byte(value))] = what + " as hex"
	u.all, u.one = nil, value
}

func (u *unshown) run(code int, in string, args ...string) (out, errw string) {
	u.t.Helper()
	var o, e strings.Builder
	if got := runIn(u.dir, args, strings.NewReader(in), &o, &e, nil); got != code {
		u.t.Errorf("launchready %s: exit code %d, want %d: %.1500s", strings.Join(args, " "), got, code, redacted(e.String()))
	}
	u.holdsNone("stdout of "+strings.Join(args, " "), o.String())
	u.holdsNone("stderr of "+strings.Join(args, " "), e.String())
	return o.String(), e.String()
}

func (u *unshown) holdsNone(where, text string) {
	u.t.Helper()
	if u.all == nil {
		var pairs []string
		for f := range u.forms {
			pairs = append(pairs, f, mark)
		}
		u.all = strings.NewReplacer(pairs...)
	}
	if !strings.Contains(u.all.Replace(text), mark) {
		return
	}
	n := 0
	for f, what := range u.forms {
		if strings.Contains(text, f) {
			if n++; n <= 5 {
				u.t.Errorf("%s shows %s", where, what) // and not the value
			}
		}
	}
	if n > 5 {
		u.t.Errorf("%s shows %d more", where, n-5)
	}
}

// redacted keeps a failure of this test from showing what it looks for.
func redacted(s string) string { return redact.New().String(s) }
