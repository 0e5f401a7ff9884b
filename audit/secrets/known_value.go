package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/secretscan"
)

var knownValue = &lr.Check{
	ID:    "secrets/known-value",
	Title: "No secret of the secrets map stands in what is shipped, logged or answered",
	Why: "Scanners know the keys of providers by their form. The secret that signs your sessions has none: only its owner can look for it. " +
		"Found in a bundle, a log or an answer, in plain or encoded, it is proof and no suspicion.",
	Fix:      "Change the secret, then take it out of where it stands. It was handed on by a variable that has a public prefix, by a dump of the environment, or by an object that was serialised as a whole.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{exposed, {Source: "CWE", ID: "522"}, asvsVault},
	Needs:    lr.Owner,
	Last:     true,
	Run:      runKnownValue,
}

// hunt is a search for the owner's own values.
type hunt struct {
	t        *lr.Trial
	proof    *secretscan.Proof
	found    map[string]bool
	searched int
}

func runKnownValue(ctx context.Context, t *lr.Trial) error {
	s, err := engine(ctx, t)
	if err != nil {
		return err
	}
	proof, err := ownValues(ctx, t, s)
	if err != nil {
		return err
	}
	if proof == nil {
		t.NotApplicable("the secrets map gives no value to look for: secrets.NAME.value, by reference")
		return nil
	}
	for _, name := range proof.Unfit() {
		t.Unknown(name, "the value is short, or a word that stands everywhere by chance: it cannot be looked for")
	}
	h := &hunt{t: t, proof: proof, found: map[string]bool{}}
	if err := h.live(ctx); err != nil {
		return err
	}
	m := t.Target.Material
	for _, root := range slices.Concat(m.Bundles, m.Logs, m.Images) {
		if err := h.files(ctx, root); err != nil {
			return err
		}
	}
	if len(h.found) == 0 {
		t.Pass(lr.Evidence{}, application, "the values of %d secrets are in none of %d files and answers, in plain or encoded", given(t.Target.Secrets)-len(proof.Unfit()), h.searched)
	}
	return nil
}

// live searches what the target answered in this run.
func (h *hunt) live(ctx context.Context) error {
	front, err := frontEnd(ctx, h.t)
	if err != nil {
		return err
	}
	answers, whole := h.t.Seen()
	for _, x := range append(slices.Collect(answers), front...) {
		place := subjectOfAnswer(x)
		leaks, _, err := h.proof.Search(ctx, place, bytes.NewReader(x.Body))
		if err != nil {
			return err
		}
		h.searched++
		for _, l := range leaks {
			h.report(l, place)
		}
	}
	if !whole {
		h.t.Unknown(application, "not every answer could be kept: there were too many")
	}
	return nil
}

// files searches a file, or all files of a folder.
func (h *hunt) files(ctx context.Context, root string) error {
	name := filepath.Base(root)
	leaks, coverage, err := h.read(ctx, root)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		h.t.Unknown(name, "%s does not exist", name)
	case err != nil:
		h.t.Unknown(name, "%v", err)
	}
	for _, why := range coverage.Partial() {
		h.t.Unknown(name, "not all of it was read: %s", why)
	}
	h.searched += coverage.Files
	for _, l := range leaks {
		h.report(l, l.Place.Path)
	}
	return nil
}

func (h *hunt) read(ctx context.Context, root string) ([]secretscan.Leak, secretscan.Coverage, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, secretscan.Coverage{}, err
	}
	if info.IsDir() {
		return h.proof.Tree(ctx, root)
	}
	f, err := os.Open(root) //nolint:gosec // the owner names it
	if err != nil {
		return nil, secretscan.Coverage{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	return h.proof.Search(ctx, filepath.Base(root), f)
}

// report tells a value and a place once.
func (h *hunt) report(l secretscan.Leak, place string) {
	key := l.Name + "\x00" + place
	if h.found[key] {
		return
	}
	h.found[key] = true
	h.t.Fail(lr.Evidence{Records: []string{fmt.Sprintf("%s: the value of %s, in %s form, %d times", l.Place, l.Name, l.Form, l.Times)}},
		fmt.Sprintf("%s (%s)", place, l.Name), "the value of %s stands there, in %s form", l.Name, l.Form)
}

// ownValues looks for the values of the secrets map, made once in a run; nil where it gives none.
func ownValues(ctx context.Context, t *lr.Trial, s *secretscan.Scanner) (*secretscan.Proof, error) {
	return lr.Recall(ctx, t.Memo, "secrets/own-values", func(context.Context) (*secretscan.Proof, error) {
		var known []secretscan.Known
		for _, k := range t.Target.Secrets {
			if !k.Value.IsZero() {
				known = append(known, secretscan.Known{Name: k.Name, Value: k.Value})
			}
		}
		if len(known) == 0 {
			return nil, nil //nolint:nilnil // there is nothing to look for
		}
		return s.Proof(known)
	})
}

// given counts the secrets whose value may be looked for.
func given(all []lr.KeptSecret) int {
	n := 0
	for _, s := range all {
		if !s.Value.IsZero() {
			n++
		}
	}
	return n
}
