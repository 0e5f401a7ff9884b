package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	lr "github.com/launchready/launchready"
)

// leastValue is how long a value must be to be looked for: a shorter one stands
// everywhere by chance.
const leastValue = 8

var knownValue = &lr.Check{
	ID:    "secrets/known-value",
	Title: "No secret of the secrets map stands in what is shipped, logged or answered",
	Why: "Scanners know the keys of providers by their form. The secret that signs your sessions has none: only its owner can look for it. " +
		"Found in a bundle, a log or an answer, in plain or encoded, it is proof and no suspicion.",
	Fix: "Change the secret, then take it out of where it stands. It was handed on by a variable that has a public prefix, by a dump of the environment, or by an object that was serialised as a whole.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{exposed, {Source: "CWE", ID: "522"}, asvsVault},
	Needs:    lr.Owner,
	Last:     true,
	Run:      runKnownValue,
}

// needle is a form of a known value.
type needle struct {
	name, form string
	text       []byte
}

func runKnownValue(ctx context.Context, t *lr.Trial) error {
	var needles []needle
	asked := 0
	for _, s := range t.Target.Secrets {
		v := s.Value.Reveal()
		if v == "" {
			continue
		}
		if len(v) < leastValue {
			t.Unknown(s.Name, "the value has fewer than %d characters, and stands everywhere by chance", leastValue)
			continue
		}
		asked++
		needles = append(needles, encodings(s.Name, v)...)
	}
	if asked == 0 {
		t.NotApplicable("the secrets map gives no value to look for: secrets.NAME.value, by reference")
		return nil
	}
	found := map[string]bool{}
	report := func(n needle, place string) {
		key := n.name + "\x00" + place
		if found[key] {
			return
		}
		found[key] = true
		t.Fail(lr.Evidence{Records: []string{fmt.Sprintf("%s: the value of %s, %s", place, n.name, n.form)}}, fmt.Sprintf("%s (%s)", place, n.name),
			"the value of %s stands there, %s", n.name, n.form)
	}
	searched := 0
	front, err := frontEnd(ctx, t)
	if err != nil {
		return err
	}
	for _, x := range front {
		searched++
		search(x.Body, needles, func(n needle) { report(n, "GET "+pathOf(x)) })
	}
	answers, whole := t.Seen()
	for x := range answers {
		searched++
		search(x.Body, needles, func(n needle) { report(n, subjectOfAnswer(x)) })
	}
	m := t.Target.Material
	for _, root := range append(append(append([]string{}, m.Bundles...), m.Logs...), m.Images...) {
		n, err := searchFiles(ctx, root, needles, report)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			t.Unknown(filepath.Base(root), "%v", err)
		}
		searched += n
	}
	if !whole {
		t.Unknown(application, "not every answer could be kept: there were too many")
	}
	if len(found) == 0 {
		t.Pass(lr.Evidence{}, application, "the values of %d secrets are in none of %d files and answers, in plain or encoded", asked, searched)
	}
	return nil
}

// encodings are the forms in which a value is handed on. Of base64, the middle
// that does not depend on what stands before it.
func encodings(name, v string) []needle {
	out := []needle{{name, "in plain", []byte(v)}}
	add := func(form, text string) {
		if text != v && len(text) >= leastValue {
			out = append(out, needle{name, form, []byte(text)})
		}
	}
	add("percent-encoded", url.QueryEscape(v))
	if b, err := json.Marshal(v); err == nil {
		add("as JSON", strings.Trim(string(b), `"`))
	}
	for shift := range 3 {
		b := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), v...))
		from, to := (shift*8+5)/6, len(b)
		if (shift+len(v))%3 != 0 {
			to-- // its last character holds bits of what follows
		}
		if to-from >= 2*leastValue {
			add("in base64", b[from:to])
			add("in base64", strings.NewReplacer("+", "-", "/", "_").Replace(b[from:to]))
		}
	}
	return out
}

func search(text []byte, needles []needle, found func(needle)) {
	for _, n := range needles {
		if bytes.Contains(text, n.text) {
			found(n)
		}
	}
}

// mostSearched bounds one file; a larger one is read in pieces.
const piece = 4 << 20

// searchFiles reads a file, or all files of a folder.
func searchFiles(ctx context.Context, root string, needles []needle, report func(needle, string)) (int, error) {
	n := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case !d.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(filepath.Dir(root), file)
		if err != nil {
			name = filepath.Base(file)
		}
		n++
		return searchFile(file, needles, func(n needle) { report(n, filepath.ToSlash(name)) })
	})
	if errors.Is(err, fs.ErrNotExist) {
		return n, fmt.Errorf("%s does not exist", filepath.Base(root))
	}
	return n, err
}

// searchFile reads in pieces that overlap by the longest needle.
func searchFile(file string, needles []needle, found func(needle)) error {
	f, err := os.Open(file) //nolint:gosec // the owner names the folder
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	defer f.Close() //nolint:errcheck // read only
	longest := 0
	for _, n := range needles {
		longest = max(longest, len(n.text))
	}
	buf := make([]byte, 0, piece+longest)
	for {
		keep := min(len(buf), longest)
		copy(buf[:keep], buf[len(buf)-keep:])
		n, err := io.ReadFull(f, buf[keep:cap(buf)])
		buf = buf[:keep+n]
		search(buf, needles, found)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(file), err)
		}
	}
}
